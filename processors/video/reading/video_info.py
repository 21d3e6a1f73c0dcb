"""What is known of a video stream before decoding it, and what decoding it turned up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from processors.video.reading.frame import ColourFacts
from processors.video.reading.sound_track import SoundTrack


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
    frame_count_gone: int
    """Frames that damage to the container took with it, so that nothing announces them: as many as fit, at the usual
    rate, into the gaps that it leaves in the times."""
    damaged_byte_count: int
    """Bytes of the container that cannot be read, and that demuxers pass over."""
    unsure_seconds: tuple[tuple[Fraction, Fraction], ...]
    """Half-open spans of frames whose bytes do not fit the file's own checksums, the first 100 of them."""
    decoder_errors: int
    first_error: str | None
    unreadable: str | None
    """Why the container could not be read to its end."""
    frame_count_cut_off: int
    """Frames that the header counts and that are not in the file; 0 where it counts none, or one more, as some do."""
    shorter_than_declared: str | None
    """How the header's count or duration is more than the file holds, in words."""
    unread_because: str | None
    """What follows in the file that is not read."""
    tables_disagree: str | None
    """Which of the container's tables of samples do not agree, so that frames may be hidden or at wrong times."""
    chunk_count_empty: int
    """Chunks without a picture, which the header counts: AVI says so that the one before is shown longer."""
    joined_at_seconds: tuple[Fraction, ...]
    """Where other recordings begin, where several were joined end to end; their times are moved to continue."""
    start_time_code: str | None
    """SMPTE time code of the first picture, as the file says it: `01:00:00;00`."""
    edits_not_followed: str | None
    """What the file's edit list asks for that is not followed."""
    stream_index: int
    """Of the stream that was read."""
    colour: ColourFacts | None
    """What the pictures' numbers mean, and what of it was assumed; None where no frame was decoded."""
    shown_size_px: tuple[int, int] | None
    """Width and height, as coded, that the container's crop leaves of the picture; None where it names none."""
    streams: tuple[StreamFacts, ...]
    """All there are: films, sound, subtitles, data."""

    @property
    def damage(self) -> str | None:
        """What of the video is damaged, lost or cut off, in one sentence; None where nothing is, as far as is known."""
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
        """Why the file seems cut off; None where it does not."""
        in_the_middle = f"the container ends in the middle ({self.unreadable})" if self.unreadable else None
        return self.shorter_than_declared or in_the_middle

    def _places(self) -> str:
        """Where frames are missing."""
        if not self.lost_seconds:
            return ""
        starts = [f"{float(start):.3f}" for start, _ in self.lost_seconds[:3]]
        more = " and later" if len(self.lost_seconds) > 3 else ""
        return f" at {', '.join(starts)} s{more}"


def many(count: int, what: str) -> str:
    """`1 frame`, `2 frames`."""
    return f"{count} {what}{'' if count == 1 else 's'}"
