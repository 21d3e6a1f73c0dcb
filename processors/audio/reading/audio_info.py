"""What is known of the sound before it is decoded, and what reading it turned up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from processors.errors import DamagedMedia, RefusedMedia

MAX_CHANNELS = 64
MAX_RATE_HZ = 10_000_000


@dataclass(frozen=True, kw_only=True)
class OtherStream:
    """A sound stream of the same container that is not read."""

    stream_index: int
    codec: str | None
    """None where no decoder reads it."""
    channel_count: int | None
    language: str | None
    title: str | None


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
    stream_index: int | None = None
    """In the container: the stream that a player plays by default; None where there is but one sound."""
    other_streams: tuple[OtherStream, ...] = ()

    def __post_init__(self) -> None:
        if not self.rate_hz:
            raise DamagedMedia("no sampling rate is given", "check the header")
        if not self.channel_count:
            raise DamagedMedia("no number of channels is given, or the decoder knows none like it", "check the header")
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

    stream_index: int | None = None
    """As in `AudioInfo`."""
    other_streams: tuple[OtherStream, ...] = ()
    """Sound streams of the same container that are not read."""
    sample_count_from_header: int | None
    sample_count_decoded: int
    """Per channel."""
    missing_sample_count: int
    """Per channel; in the middle NaN is given in their place, so that what follows keeps its time."""
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
    doubted_because: str | None = None
    """Why samples may be wrong although all decode: a checksum of the whole sound is not the one that its header names,
    or the tables of its container do not agree.
    None where there is none, and where something is missing anyway."""

    time_gaps: tuple[Damaged, ...] = ()
    """Where the times jump although every packet is there, at most the first 1000 places; taken as silence."""

    @property
    def damage(self) -> str | None:
        """What of the sound is damaged, lost, cut off or not read, in a sentence; None where it is whole."""
        parts = [*self._missing(), self.truncated_because, self.unread_because, self.doubted_because]
        told = [part for part in parts if part]
        if not told and (self.damaged or self.decoder_errors):
            count = "a fault:" if self.decoder_errors == 1 else f"{self.decoder_errors} faults, the first:"
            told = [f"reading it met {count} {self.first_error}"]
        return "; ".join(told) or None

    def _missing(self) -> Iterator[str]:
        places = self.damaged
        if self.missing_sample_count:
            whole = self.sample_count_decoded + self.missing_sample_count
            yield f"{self.missing_sample_count} of {whole} samples are missing{_where(places)}"
        elif places and not self.truncated_because:
            yield f"sound does not decode{_where(places)}"


def _where(places: tuple[Damaged, ...]) -> str:
    """The first of them, and how many others there are."""
    if not places:
        return ""
    first = places[0]
    end = "on" if first.end_seconds is None else f"to {first.end_seconds:.3f} s"
    others = {0: "", 1: " and at one other place"}.get(len(places) - 1, f" and at {len(places) - 1} other places")
    return f", from {first.start_seconds:.3f} s {end}{others}"
