"""Information on a video stream before decoding, and the decoding report."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from processors.video.reading.frame import ColourFacts


@dataclass(frozen=True, kw_only=True)
class Sound:
    """A piece of the audio of one span."""

    samples: np.ndarray
    """float32, shape (samples, channels of `layout`), full scale −1 to 1; silence where the source has no audio.

    Empty for silence behind all audio.
    """
    rate_hz: int
    layout: str
    """Loudspeakers of the channels, as FFmpeg names them together: `stereo`, `3.0`, `5.1`."""
    are_loudspeakers_assumed: bool
    """True if the source does not state its loudspeakers."""
    silent_samples: int
    """Samples per channel that are missing from the source or cannot be decoded."""


@dataclass(frozen=True, kw_only=True)
class VideoInfo:
    """Information on the stream before its frames are decoded."""

    source_digest: str | None
    """SHA-256 of the source's bytes; None for a file outside a store."""
    stream_index: int
    codec: str
    pixel_format: str | None
    width_px: int
    """Width of the upright picture in square pixels."""
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
    """Number of shown frames, counted without decoding; None if the packets have no times."""
    frame_pts: Sequence[int] | None
    """Presentation times of the shown frames, ascending, in ticks; None if only decoding determines them."""
    keyframe_pts: Sequence[int] | None
    """Presentation times of the shown keyframes."""
    start: Fraction | None
    """Presentation time of the first frame, seconds; like `end`, None if only decoding determines it."""
    end: Fraction | None
    """Time at which the last frame is no longer shown, seconds."""
    sound_between: Callable[[Fraction, Fraction], Iterator[Sound]] = lambda start, end: iter(())
    """Reads the audio presented from one time until just before another (s), piece by piece; yields none without a
    stream that can be decoded."""
    sound_from: Callable[[Fraction, Fraction], Iterator[Sound]] = lambda start, end: iter(())
    """Reads as `sound_between`, and on to the end of the audio if that is later."""
    sound_start: Callable[[], Fraction | None] = lambda: None
    """Reads the presentation time of the first sample (s); None without a stream that can be decoded."""
    declared_aspect_ratio: Fraction | None = None
    """Aspect ratio of a stored pixel as stated by the file; None if not stated."""


@dataclass(frozen=True, kw_only=True)
class StreamFacts:
    """One stream of the container, as it declares itself."""

    index: int
    kind: str
    """Kind: `video`, `audio`, `subtitle`, `data`, `attachment`, or `attached picture`, which is not video."""
    codec: str | None
    """Codec; None if no decoder is known."""
    language: str | None
    is_default: bool
    encryption: str | None = None
    """Kind of encryption, of a stream whose `kind` may then be unknown to FFmpeg: `data`."""


@dataclass(frozen=True, kw_only=True)
class VideoReport:
    """Decoding report of a stream, with its losses."""

    frame_count_from_header: int | None
    frame_count_from_packets: int | None
    frame_count_hidden: int | None
    """Frames hidden by an edit list: counted in the header, decoded for others, never shown."""
    duration_seconds_from_header: Fraction | None
    frame_count_decoded: int
    frame_count_skipped: int | None
    """Frames not requested and not decoded, so their state is unknown; None without packet times."""
    frame_count_lost: int | None
    """Requested frames that the decoder did not return; None without packet times."""
    frame_count_corrupt: int
    """Frames decoded but marked by the decoder as damaged."""
    frame_count_without_time: int
    """Frames decoded but not used for lack of a presentation time."""
    lost_seconds: tuple[tuple[Fraction, Fraction], ...]
    """Half-open spans in which frames were lost, the first 100 of them."""
    frame_count_gone: int
    """Frames lost with damaged container bytes, so that no packet announces them: as many as fit, at the usual
    rate, into the resulting gaps in the times, or as the index of an AVI lists."""
    damaged_byte_count: int
    """Unreadable bytes of the container, which demuxers skip."""
    unsure_seconds: tuple[tuple[Fraction, Fraction], ...]
    """Half-open spans of frames whose bytes do not match the file's own checksums, the first 100 of them."""
    decoder_errors: int
    first_error: str | None
    unreadable: str | None
    """Reason why the container could not be read to its end."""
    frame_count_cut_off: int
    """Frames counted in the header but missing from the file; 0 if it counts none, or one more, as some writers do."""
    shorter_than_declared: str | None
    """Description of how the header's count or duration exceeds the file's."""
    unread_because: str | None
    """Description of trailing data that are not read."""
    tables_disagree: str | None
    """Description of sample tables that disagree, or of an index with missing fragments, so that frames may be hidden,
    missing or at wrong times."""
    chunk_count_empty: int
    """Chunks without a picture, counted in the header; in AVI they prolong the previous picture."""
    joined_at_seconds: tuple[Fraction, ...]
    """Starts of further recordings joined end to end; their times are shifted to be continuous."""
    start_time_code: str | None
    """SMPTE time code of the first picture that the file states one for: `01:00:00;00`."""
    edits_not_followed: str | None
    """Description of unsupported edits in the file's edit list."""
    stream_index: int
    """Index of the stream that was read."""
    colour: ColourFacts | None
    """Colour encoding of the pictures, with assumptions; None if no frame was decoded."""
    shown_size_px: tuple[int, int] | None
    """Coded width and height after the container's crop; None without a crop."""
    streams: tuple[StreamFacts, ...]
    """All streams: video, audio, subtitles, data."""
    start_time_code_seconds: Fraction | None = None
    """Presentation time of the picture to which `start_time_code` applies, which may not decode; None if not known."""
    has_alpha: bool = False
    """True if the pictures are partly transparent: only lossless frames keep that, others show the colours alone."""

    @property
    def damage(self) -> str | None:
        """Return known damage, loss or truncation of the video in one sentence, or None."""
        told: list[str] = []
        unannounced = self.frame_count_gone + self.frame_count_cut_off
        lost = (self.frame_count_lost or 0) + unannounced
        if lost:
            whole = (self.frame_count_from_packets or self.frame_count_decoded) + unannounced
            about = "about " if self.frame_count_gone else ""
            verb = "is" if lost == 1 else "are"
            share = f"{self.frame_count_decoded} of {about}{whole} frames decoded; {lost} {verb} missing"
            if self.frame_count_skipped:
                share = f"{lost} of {about}{whole} frames {verb} missing"
            told.append(share + self._places())
        elif self.damaged_byte_count and not (self.tables_disagree or self.unread_because):
            told.append(f"{self.damaged_byte_count} bytes of the container cannot be read")
        if self.frame_count_corrupt:
            told.append(f"{many(self.frame_count_corrupt, 'frame')} damaged")
        if self.unsure_seconds:
            told.append(f"bytes do not fit the file's checksums from {float(self.unsure_seconds[0][0]):.3f} s")
        if self.frame_count_without_time:
            told.append(f"{many(self.frame_count_without_time, 'frame')} without a presentation time left out")
        if self.decoder_errors and not told:
            told.append(f"{many(self.decoder_errors, 'decoder error')}, the first: {self.first_error}")
        if self.unread_because:
            told.append(self.unread_because)
        if self.tables_disagree:
            hidden = f" ({many(self.frame_count_hidden, 'frame')} not shown)" if self.frame_count_hidden else ""
            told.append(f"{self.tables_disagree}{hidden}")
        if reasons := [why for why in (self.shorter_than_declared, self.unreadable) if why]:
            told.append(f"cut off: {', and '.join(reasons)}")
        return "; ".join(told) or None

    @property
    def truncated_because(self) -> str | None:
        """Return why the file seems truncated; None if it does not."""
        in_the_middle = f"the container ends in the middle ({self.unreadable})" if self.unreadable else None
        return self.shorter_than_declared or in_the_middle

    def _places(self) -> str:
        """Return where frames are missing, in words."""
        if not self.lost_seconds:
            return ""
        starts = [f"{float(start):.3f}" for start, _ in self.lost_seconds[:3]]
        more = " and later" if len(self.lost_seconds) > 3 else ""
        return f" at {', '.join(starts)} s{more}"


def many(count: int, what: str) -> str:
    """Return a count with its noun: `1 frame`, `2 frames`."""
    return f"{count} {what}{'' if count == 1 else 's'}"
