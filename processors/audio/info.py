"""What is known of the sound before it is decoded, and what reading it turned up."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from processors.errors import RefusedMedia

MAX_CHANNELS = 64
MAX_RATE_HZ = 10_000_000


@dataclass(frozen=True, kw_only=True)
class AudioInfo:
    """What is known of the sound before it is decoded."""

    codec: str
    rate_hz: int
    channel_count: int
    sample_count_from_header: int | None
    """Per channel; None where the header does not say."""
    start: Fraction
    """Presentation time of the first sample in the file, seconds."""
    decoder: str
    """`libsndfile` or `FFmpeg`."""

    def __post_init__(self) -> None:
        if not 0 < self.rate_hz <= MAX_RATE_HZ:
            raise RefusedMedia(
                f"sampling rate {self.rate_hz} Hz is not between 1 and {MAX_RATE_HZ}", "check the header"
            )
        if not 0 < self.channel_count <= MAX_CHANNELS:
            raise RefusedMedia(f"{self.channel_count} channels is not between 1 and {MAX_CHANNELS}", "check the header")


@dataclass(frozen=True, kw_only=True)
class Damaged:
    """A time range in the source that does not decode, half open."""

    start_seconds: float
    end_seconds: float | None
    """None where it is not known how much is missing."""


@dataclass(frozen=True, kw_only=True)
class AudioReport:
    """What reading the sound turned up: the losses, told."""

    sample_count_from_header: int | None
    sample_count_decoded: int
    """Per channel."""
    missing_sample_count: int
    """Per channel, not there in the middle; NaN is given in their place, so that what follows keeps its time."""
    end_padding_sample_count: int
    """Per channel, decoded beyond the length that an MP4 gives, and left out."""
    non_finite_sample_count: int
    """NaN and infinities in the file, over all channels."""
    decoder_errors: int
    first_error: str | None
    sample_count_from_second_reader: int | None
    """Of a sound file: what the other library says of its length, without decoding. None: it cannot open the file, or
    does not say. More than was decoded: one of the two shortens the file."""
    damaged: tuple[Damaged, ...]
    """Where samples are missing, at most the first 1000 places."""
    truncated_because: str | None
    """Why the file seems cut off; None where it does not."""
    unread_because: str | None
    """What stands behind the sound that the header declares, and is not read; None where nothing is known to."""
