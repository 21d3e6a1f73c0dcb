"""Best frames of each shot, chosen from the measurements and read by sparse, exact seeks."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import ClassVar

import numpy as np

from processors.contract import Inputs, Item, Need, Processor, Reads, ReleaseContext, require
from processors.decoding.ordered_executor import OrderedExecutor
from processors.errors import RefusedMedia
from processors.imaging.image_writer import MEDIA_TYPES, SUFFIXES, PictureFormat, encode
from processors.video.audit.integrity import Audit, Integrity
from processors.video.audit.measured_frames import MeasuredFrames
from processors.video.frames.frame_identity import FrameIdentity, identity_of, xmp_of
from processors.video.frames.frame_selection import has_one
from processors.video.reading.frame import VideoFrame
from processors.video.reading.video_info import VideoInfo
from processors.video.shots.shots import Shots, read_shots
from processors.video.shots.still_selection import Scores, StillCandidate, select_stills


@dataclass(frozen=True, kw_only=True)
class StillFacts:
    identity: FrameIdentity
    shot: int
    """Number of the shot, from 1."""
    rank_in_shot: int
    """Rank in its shot, from 1, the best."""
    rank: int
    """Rank in the whole video."""
    scores: Scores
    is_pinned: bool
    """True if the release or a parameter gives its time, whatever the scores."""
    perceptual_hash: str
    """Hash of 16 hexadecimal digits."""
    width_px: int
    height_px: int
    audit: Audit
    """Verdict on the video."""


@dataclass(frozen=True, kw_only=True)
class StillsFacts:
    still_count: int
    missing_pts: tuple[int, ...]
    """Chosen frames that did not decode; nothing replaces them."""
    audit: Audit


@dataclass(frozen=True, kw_only=True)
class Stills:
    """The best frames of each shot, spread over it: sharp, well exposed, not black, not in a fade, no two alike.

    A pinned one comes first in its shot and in the video, whatever it shows. Refused if the video has no such moment.

    Items: `still_<shot>_<rank>.jpg` and `stills.json`, which lists them with their scores.
    """

    name: ClassVar[str] = "video.stills"
    version: ClassVar[int] = 10
    reads: ClassVar[Reads] = "video"

    per_shot: int = 3
    """Maximum number of stills per shot, 1 to 50."""
    least_distance_bits: int = 8
    """Minimum distance of two stills' perceptual hashes, of 64 bits; 0 allows any two."""
    picture_format: PictureFormat = "jpeg"
    quality: int = 92
    longest_side_px: int | None = None
    """Maximum longer side; larger pictures are shrunk. None keeps their size."""
    pinned_seconds: float | None = None
    """Presentation time at which the shown frame is a still, 0 or more. None: that of the release, if any."""
    shots: Shots = field(default_factory=Shots)

    def __post_init__(self) -> None:
        require(1 <= self.per_shot <= 50, "per_shot", self.per_shot, "must be from 1 to 50")
        require(0 <= self.least_distance_bits <= 32, "least_distance_bits", self.least_distance_bits, "must be 0 to 32")
        require(self.picture_format in SUFFIXES, "picture_format", self.picture_format, f"must be one of {[*SUFFIXES]}")
        require(1 <= self.quality <= 95, "quality", self.quality, "must be from 1 to 95")
        side = self.longest_side_px
        require(side is None or side >= 16, "longest_side_px", side, "must be 16 or more")
        pinned = self.pinned_seconds
        require(pinned is None or pinned >= 0, "pinned_seconds", pinned, "must be 0 or more")

    def for_release(self, context: ReleaseContext) -> Stills:
        """Return this processor with the still that the release names."""
        if self.pinned_seconds is not None or context.still_seconds is None:
            return self
        return replace(self, pinned_seconds=context.still_seconds)

    def inputs(self) -> tuple[Processor, ...]:
        return (self.shots.integrity.measurements, self.shots.integrity, self.shots)

    def needs(self, inputs: Inputs[VideoInfo]) -> Need:
        base = inputs.info.time_base
        times = sorted(one.pts * base for one in self.choices(inputs))
        return Need(shown=lambda start, end: has_one(times, start, end), longest_side_px=self.longest_side_px)

    def choices(self, inputs: Inputs[VideoInfo]) -> list[StillCandidate]:
        """Return the chosen frames, from the measurements alone."""
        measured = MeasuredFrames.of(inputs)
        pinned = None if self.pinned_seconds is None else _frame_at(measured, self.pinned_seconds)
        return select_stills(measured, read_shots(inputs), self.per_shot, self.least_distance_bits, pinned)

    def start(self, inputs: Inputs[VideoInfo], scratch: Path) -> _Session:
        return _Session(self, inputs)


def _frame_at(measured: MeasuredFrames, seconds: float) -> int:
    """Return the number of the frame that is shown at a time.

    Raises
    ------
    RefusedMedia : none is.
    """
    ticks = Fraction(str(seconds)) / measured.time_base  # as written: 0.4 is 2/5
    shown = np.flatnonzero((measured.pts <= ticks) & (ticks < measured.end_pts))
    if shown.size:
        return int(shown[0])
    first, end = float(measured.time(0)), float(measured.time(measured.frame_count))
    raise RefusedMedia(
        f"no frame is shown at {seconds} s, where a still is wanted; the video is from {first:.3f} to {end:.3f} s",
        "correct still_seconds in release.toml, or pinned_seconds",
    )


class _Session:
    def __init__(self, processor: Stills, inputs: Inputs[VideoInfo]) -> None:
        self._processor = processor
        self._info = inputs.info
        self._audit = inputs.results[Integrity.name].facts("integrity.json", Audit)
        self._wanted = {choice.pts: choice for choice in processor.choices(inputs)}
        self._made: list[tuple[str, StillFacts]] = []
        self._beside: OrderedExecutor[Item] = OrderedExecutor()

    def feed(self, frame: VideoFrame) -> Iterator[Item]:
        choice = self._wanted.pop(frame.pts, None)
        if choice is not None:
            yield from self._beside.start(functools.partial(self._still, choice, frame))

    def _still(self, choice: StillCandidate, frame: VideoFrame) -> Item:
        form, identity = self._processor.picture_format, identity_of(frame, self._info)
        picture = frame.rgb(self._processor.longest_side_px)
        facts = StillFacts(
            identity=identity,
            shot=choice.shot,
            rank_in_shot=choice.rank_in_shot,
            rank=choice.rank,
            scores=choice.scores,
            is_pinned=choice.is_pinned,
            perceptual_hash=f"{choice.perceptual_hash:016x}",
            width_px=picture.shape[1],
            height_px=picture.shape[0],
            audit=self._audit,
        )
        name = f"still_{choice.shot:04d}_{choice.rank_in_shot:02d}{SUFFIXES[form]}"
        data = encode(picture, form, quality=self._processor.quality, xmp=xmp_of(identity))
        self._made.append((name, facts))
        return Item(name=name, media_type=MEDIA_TYPES[form], data=data, facts=facts)

    def finish(self) -> Iterator[Item]:
        yield from self._beside.rest()
        if not self._made:
            raise RefusedMedia(
                "no frame is fit for a still: each is black, damaged or in a fade", "choose frames with video.frames"
            )
        listed = [{"file": name, **vars(facts)} for name, facts in sorted(self._made, key=lambda pair: pair[1].rank)]
        for entry in listed:
            entry.pop("audit")
        facts = StillsFacts(still_count=len(listed), missing_pts=tuple(sorted(self._wanted)), audit=self._audit)
        yield Item.of_json("stills.json", listed, facts=facts)
