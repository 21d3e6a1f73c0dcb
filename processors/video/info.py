"""What is known of a video stream before decoding it, and what decoding it turned up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from processors.video.sound import SoundTrack


@dataclass(frozen=True, kw_only=True)
class VideoInfo:
    """What is known of the stream before its frames are decoded."""

    source_digest: str | None
    """SHA-256 of the source's bytes; None where a file is read on its own."""
    stream_index: int
    codec: str
    pixel_format: str | None
    width_px: int
    """Upright, in square pixels."""
    height_px: int
    stored_width_px: int
    stored_height_px: int
    sample_aspect_ratio: Fraction
    display_matrix: tuple[int, int, int, int]
    time_base: Fraction
    """Seconds per tick."""
    average_rate_hz: Fraction | None
    frame_count_from_header: int | None
    duration_seconds_from_header: Fraction | None
    frame_count_from_packets: int | None
    """Frames to be shown, counted without decoding; None where the packets carry no times."""
    frame_pts: Sequence[int] | None
    """Presentation times of the shown frames, ascending, in ticks; None where only decoding can tell."""
    keyframe_pts: Sequence[int] | None
    """Those of the shown frames that decode on their own."""
    start: Fraction | None
    """Presentation time of the first frame, seconds; None, with `end`, where only decoding can tell."""
    end: Fraction | None
    """Time at which the last frame is no longer shown, seconds."""
    sound: SoundTrack | None
    """The sound that belongs to it: the default stream, else the first; None where no decoder reads one."""


@dataclass(frozen=True, kw_only=True)
class StreamFacts:
    """One stream of the container, as it declares itself."""

    index: int
    kind: str
    """`video`, `audio`, `subtitle`, `data`, `attachment`, or `attached picture`, which is no video."""
    codec: str | None
    """None where no decoder is known."""
    language: str | None
    is_default: bool


@dataclass(frozen=True, kw_only=True)
class VideoReport:
    """What reading the stream turned up: the losses, told."""

    frame_count_from_header: int | None
    frame_count_from_packets: int | None
    frame_count_hidden: int | None
    """Frames that an edit list hides: in the header's count, decoded for others, never shown."""
    duration_seconds_from_header: Fraction | None
    frame_count_decoded: int
    frame_count_skipped: int | None
    """Frames that nobody asked for and that were not decoded, so their state is unknown; None without packet times."""
    frame_count_lost: int | None
    """Frames that were asked for and did not come out of the decoder; None without packet times."""
    frame_count_corrupt: int
    """Decoded, but marked by the decoder as damaged."""
    frame_count_without_time: int
    """Decoded, but with no presentation time, so not used."""
    lost_seconds: tuple[tuple[Fraction, Fraction], ...]
    """Half-open spans in which frames were lost, the first 100 of them."""
    decoder_errors: int
    first_error: str | None
    unreadable: str | None
    """Why the container could not be read to its end."""
    stream_index: int
    """Of the stream that was read."""
    streams: tuple[StreamFacts, ...]
    """All there are: films, sound, subtitles, data."""
