"""Information on audio before decoding, and the decoding report."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from processors.errors import DamagedMedia, RefusedMedia

MAX_CHANNELS = 64
MAX_RATE_HZ = 10_000_000


@dataclass(frozen=True, kw_only=True)
class OtherStream:
    """An audio stream of the same container that is not read."""

    stream_index: int
    codec: str | None
    """Codec; None if no decoder reads it."""
    channel_count: int | None
    language: str | None
    title: str | None


@dataclass(frozen=True, kw_only=True)
class AudioInfo:
    """Information on the audio before decoding."""

    codec: str
    rate_hz: int
    channel_count: int
    sample_count_from_header: int | None
    """Samples per channel; None if the header does not state them."""
    start: Fraction
    """Presentation time of the first sample in the file, seconds."""
    decoder: str
    """`libsndfile` or `FFmpeg`."""
    stream_index: int | None = None
    """Index in the container of the stream that players choose; None for a single audio stream."""
    other_streams: tuple[OtherStream, ...] = ()
    loudspeakers: tuple[str, ...] | None = None
    """Loudspeaker of each channel as the file states it, in FFmpeg's names: `FL`, `LFE`; None: it states none."""
    source_sha256: str = ""

    def __post_init__(self) -> None:
        if not self.rate_hz:
            raise DamagedMedia("the sampling rate is missing", "check the header")
        if not self.channel_count:
            raise DamagedMedia("the number of channels is missing or not supported by the decoder", "check the header")
        if not 0 < self.rate_hz <= MAX_RATE_HZ:
            raise RefusedMedia(
                f"sampling rate {self.rate_hz} Hz is not between 1 and {MAX_RATE_HZ}", "check the header"
            )
        if not 0 < self.channel_count <= MAX_CHANNELS:
            raise RefusedMedia(
                f"the number of channels, {self.channel_count}, is not between 1 and {MAX_CHANNELS}", "check the header"
            )


@dataclass(frozen=True, kw_only=True)
class Damaged:
    """A half-open time range in the source that cannot be decoded."""

    start_seconds: float
    end_seconds: float | None
    """End of the range; None if its length is unknown."""


@dataclass(frozen=True, kw_only=True)
class JoinedRecording:
    """A further recording in the same file, which begins where the one before it ends."""

    start_seconds: float
    codec: str


@dataclass(frozen=True, kw_only=True)
class AudioReport:
    """Decoding report of audio, with its losses."""

    stream_index: int | None = None
    """Stream index as in `AudioInfo`."""
    other_streams: tuple[OtherStream, ...] = ()
    """Audio streams of the same container that are not read."""
    sample_count_from_header: int | None
    sample_count_decoded: int
    """Samples per channel."""
    missing_sample_count: int
    """Per channel; in the middle they are replaced by NaN, so that later samples keep their times."""
    end_padding_sample_count: int
    """Samples per channel decoded beyond the length declared by an MP4, and discarded."""
    non_finite_sample_count: int
    """NaN and infinities in the file, over all channels."""
    decoder_errors: int
    first_error: str | None
    sample_count_from_second_reader: int | None
    """For an audio file, samples per channel by the other library, without decoding; None if it cannot open the file or
    does not state them. More than was decoded: one of the two shortens the file."""
    damaged: tuple[Damaged, ...]
    """Places where samples are missing, at most the first 1000."""
    truncated_because: str | None
    """Reason why the file seems truncated, or None."""
    unread_because: str | None
    """Description of trailing data after the declared audio, which are not read, or None."""
    doubted_because: str | None = None
    """Reason why samples may be wrong although all decode: the checksum of all audio does not match its header,
    or the tables of its container disagree.
    None without one, and if something is missing anyway."""

    time_gaps: tuple[Damaged, ...] = ()
    """Places where the times jump although no packet is missing, at most the first 1000; taken as silence."""
    joined: tuple[JoinedRecording, ...] = ()
    """Recordings joined to the first one, at most the first 1000."""

    @property
    def damage(self) -> str | None:
        """Return damage, loss, truncation and unread data in one sentence; None if the audio is intact."""
        parts = [*self._missing(), self.truncated_because, self.unread_because, self.doubted_because]
        told = [part for part in parts if part]
        if not told and self.decoder_errors:
            errors = "an error" if self.decoder_errors == 1 else f"{self.decoder_errors} errors"
            first = "" if self.decoder_errors == 1 else ", the first"
            told = [f"{errors} occurred while reading it{first}: {self.first_error}"]
        return "; ".join(told) or None

    def _missing(self) -> Iterator[str]:
        places = self.damaged
        if self.missing_sample_count:
            whole = self.sample_count_decoded + self.missing_sample_count
            yield f"{self.missing_sample_count} of {whole} samples are missing{_where(places)}"
        elif places and not self.truncated_because:
            yield f"sound does not decode{_where(places)}"


def _where(places: tuple[Damaged, ...]) -> str:
    """Return the first place and the number of others, in words."""
    if not places:
        return ""
    first = places[0]
    end = "on" if first.end_seconds is None else f"to {first.end_seconds:.3f} s"
    others = {0: "", 1: " and at one other place"}.get(len(places) - 1, f" and at {len(places) - 1} other places")
    return f", from {first.start_seconds:.3f} s {end}{others}"
