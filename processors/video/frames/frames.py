"""Selected frames as pictures: at an interval, every n-th, at given times, keyframes or all."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import ClassVar, Literal

from processors.contract import Item, Need, Reads, require
from processors.errors import RefusedMedia
from processors.imaging.image_writer import MEDIA_TYPES, SUFFIXES, PictureFormat, encode
from processors.imaging.tone_mapping import PQ
from processors.tables import Column, Table, csv_item
from processors.video.frames.frame_identity import FrameIdentity, identity_of, xmp_of
from processors.video.frames.frame_selection import CHOICES, PRINTED_TO, Choice, FrameSelection, exact_seconds
from processors.video.reading.frame import VideoFrame
from processors.video.reading.video_info import VideoInfo

TIMES_NAMED = 10
"""Maximum number of wanted times without a frame that a run names; the facts have all."""

FRAMES = Table(
    item="frames.csv",
    title="Kept frames",
    row="a kept frame, in order of presentation",
    columns=(
        Column("file", "text", "name of the picture, next to the table"),
        Column("source_digest", "text", "SHA-256 of the source's bytes"),
        Column("stream_index", "1", "index of the video stream in its container, from 0"),
        Column("pts", "ticks", "presentation time"),
        Column("time_base", "text", "seconds per tick, as a fraction"),
        Column("time_seconds", "s", "presentation time, as printed by ffprobe"),
        Column("end_seconds", "s", "end of the frame: the next one of the video is shown from then on"),
        Column("is_keyframe", "1", "true if the frame decodes without others"),
        Column("is_interlaced", "1", "true if the stream says that the frame is interlaced"),
        Column("is_tone_mapped", "1", "true if high dynamic range was mapped to an ordinary screen's (BT.2390)"),
        Column("transfer", "text", "PQ or HLG, of a high-dynamic-range picture kept as it is; empty for others"),
        Column("width_px", "px", "width of the picture"),
        Column("height_px", "px", "height of the picture"),
        Column("depth_bits", "1", "bits per channel in the picture's file"),
        Column("size_bytes", "bytes", "size of the picture's file"),
        Column("sha256", "text", "SHA-256 of the picture's file"),
    ),
)


@dataclass(frozen=True, kw_only=True)
class FrameFacts(FrameIdentity):
    end_seconds: float
    """End of the frame, half open: the next frame is shown from then on."""
    is_keyframe: bool
    is_interlaced: bool
    """True if the stream is marked as interlaced, even if the picture was deinterlaced."""
    is_tone_mapped: bool
    """True if high dynamic range was mapped to an ordinary screen's (BT.2390)."""
    transfer: Literal["PQ", "HLG"] | None
    """Transfer function of a high-dynamic-range picture kept as it is, as in the cICP chunk of its PNG."""
    width_px: int
    height_px: int
    depth_bits: int
    """Bits per channel in the picture's file."""


@dataclass(frozen=True, kw_only=True)
class TableFacts:
    frame_count: int
    missing_times_seconds: tuple[float, ...]
    """Wanted times at which no frame could be decoded; nothing replaces them."""


@dataclass(frozen=True, kw_only=True)
class Frames:
    """Frames as pictures. Items: one per frame, with its identity inside (XMP), and `frames.csv`.

    `interval`: the frame at each multiple of `every_seconds` after the first frame's time; `times`: at each of
    `times_seconds`. A frame shown at several of them is kept once.
    """

    name: ClassVar[str] = "video.frames"
    version: ClassVar[int] = 7
    reads: ClassVar[Reads] = "video"
    tables: ClassVar[tuple[Table, ...]] = (FRAMES,)

    choice: Choice = "interval"
    """Rule of selection: `interval`, `nth`, `times`, `keyframes` or `all`."""
    every_seconds: float = 1.0
    """For `interval`: presentation time between two kept frames; above 0."""
    every_nth: int = 1
    """For `nth`: the first frame and each n-th after it."""
    times_seconds: tuple[float, ...] = ()
    """For `times`, which they imply: presentation times as printed by ffprobe."""
    from_seconds: float | None = None
    """Start of the range in presentation time, with the frame shown then; None: the first frame."""
    until_seconds: float | None = None
    """End of the range in presentation time, not included; None: the end."""
    deinterlace: bool = False
    """True to draw interlaced frames from their upper field alone."""
    longest_side_px: int | None = None
    """Maximum longer side; larger pictures are shrunk. None keeps their size."""
    picture_format: PictureFormat = "jpeg"
    """Picture format: `png` keeps every bit and the alpha channel; the others have 8 bits and tone-mapped HDR."""
    quality: int = 90
    """Quality, 1 to 95, of JPEG, WebP and AVIF; PNG is lossless and ignores it."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "times_seconds", tuple(self.times_seconds))
        if self.times_seconds and self.choice == "interval":  # the default, which times alone replace
            object.__setattr__(self, "choice", "times")
        require(self.choice in CHOICES, "choice", self.choice, f"must be one of {', '.join(CHOICES)}")
        require(self.every_seconds > 0, "every_seconds", self.every_seconds, "must be above 0")
        require(self.every_nth >= 1, "every_nth", self.every_nth, "must be 1 or more")
        given = bool(self.times_seconds) == (self.choice == "times")
        require(given, "times_seconds", self.times_seconds, "must name times for the choice 'times', and only for it")
        until = self.until_seconds
        in_order = self.from_seconds is None or until is None or self.from_seconds < until
        require(in_order, "until_seconds", until, "must be after from_seconds")
        formats = "must be 'jpeg', 'png', 'webp' or 'avif'"
        require(self.picture_format in SUFFIXES, "picture_format", self.picture_format, formats)
        require(1 <= self.quality <= 95, "quality", self.quality, "must be from 1 to 95")
        side = self.longest_side_px
        require(side is None or side >= 16, "longest_side_px", side, "must be 16 or more")

    def needs(self, info: VideoInfo) -> Need:
        return Need(shown=self.selection(info).predicate(), longest_side_px=self.longest_side_px)

    def selection(self, info: VideoInfo) -> FrameSelection:
        """Return the selection of frames of this video."""
        return FrameSelection(
            choice=self.choice,
            every_seconds=exact_seconds(self.every_seconds),
            every_nth=self.every_nth,
            times=tuple(sorted(exact_seconds(time) + PRINTED_TO for time in self.times_seconds)),
            from_time=None if self.from_seconds is None else exact_seconds(self.from_seconds),
            until_time=None if self.until_seconds is None else exact_seconds(self.until_seconds),
            info=info,
        )

    def start(self, info: VideoInfo, scratch: Path) -> _Session:
        return _Session(self, info)


class _Session:
    def __init__(self, processor: Frames, info: VideoInfo) -> None:
        self._processor = processor
        self._info = info
        self._keeper = processor.selection(info).keeper()
        self._rows: list[dict[str, object]] = []

    def feed(self, frame: VideoFrame) -> Iterator[Item]:
        if not self._keeper.keeps(frame):
            return
        processor, identity = self._processor, identity_of(frame, self._info)
        shown = frame.deinterlaced() if processor.deinterlace else frame
        whole = processor.picture_format == "png"
        picture = shown.lossless(processor.longest_side_px) if whole else shown.rgb(processor.longest_side_px)
        keeps_range, colour = frame.is_hdr and whole and frame.depth_bits > 8, frame.colour.rgb
        facts = FrameFacts(
            **vars(identity),
            end_seconds=float(frame.end),
            is_keyframe=frame.is_keyframe,
            is_interlaced=bool(frame.decoded.interlaced_frame),
            is_tone_mapped=frame.is_hdr and not keeps_range,
            transfer=("PQ" if colour.transfer == PQ else "HLG") if keeps_range else None,
            width_px=picture.shape[1],
            height_px=picture.shape[0],
            depth_bits=picture.itemsize * 8,
        )
        form = processor.picture_format
        cicp = (colour.primaries, colour.transfer) if keeps_range else None
        data = encode(picture, form, quality=processor.quality, xmp=xmp_of(identity), cicp=cicp)
        name = f"frame_{len(self._rows):06d}{SUFFIXES[form]}"
        self._rows.append(
            {"file": name, **asdict(facts), "size_bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        )
        yield Item(name=name, media_type=MEDIA_TYPES[form], data=data, facts=facts)

    def finish(self) -> Iterator[Item]:
        missing, shown = self._keeper.missing(), span_in_words(self._info)
        if not self._rows:
            wanted = f"the {len(missing)} wanted times" if len(missing) > 1 else "the wanted time"
            what = f"no frame decodes at {wanted}" if missing else "no frame is shown at the wanted times"
            raise RefusedMedia(f"{what}{shown}", "choose other times")
        advice = f"no frame is shown at {_listed(missing)}{shown}" if self._processor.choice == "times" else None
        facts = TableFacts(frame_count=len(self._rows), missing_times_seconds=tuple(missing))
        item = csv_item(FRAMES, ([row[name] for name in FRAMES.names] for row in self._rows), facts=facts)
        yield replace(item, advice=advice if missing else None)


def span_in_words(info: VideoInfo) -> str:
    """Return when a video runs, to continue a message; empty if this is not known before it is decoded."""
    if info.start is None or info.end is None:
        return ""
    return f"; the video runs from {float(info.start):.3f} to {float(info.end):.3f} s"


def _listed(missing: list[float]) -> str:
    """Return the first of some times, for a message."""
    more = f" s and {len(missing) - TIMES_NAMED} other times" if len(missing) > TIMES_NAMED else ""
    return f"{', '.join(f'{seconds:g}' for seconds in missing[:TIMES_NAMED])}{more or ' s'}"
