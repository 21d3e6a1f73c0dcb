"""Stabilised web clip of each shot: every frame is moved onto the smoothed path of the camera."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from math import cos, exp, log, radians, sin
from pathlib import Path
from typing import ClassVar

import numpy as np

from processors.contract import Inputs, Item, Need, Processor, Reads, require
from processors.errors import RefusedMedia
from processors.imaging.clip_writer import WebClip
from processors.video.audit.integrity import Audit, Integrity, static_regions
from processors.video.motion.motion import Motion, refuse_unless_measurable
from processors.video.motion.region import mask_of_view, view_of
from processors.video.motion.registration import Registration, Similarity
from processors.video.reading.frame import VideoFrame
from processors.video.reading.video_info import VideoInfo
from processors.video.shots.shots import Shot


@dataclass(frozen=True, kw_only=True)
class StabilisedFacts:
    shot: int
    start_seconds: float
    """Presentation time in the source of the clip's first picture, which the clip shows at 0."""
    frame_count: int
    frames_left_out: int
    """Number of frames of another size than the first, or not later than the one before."""
    segments: int
    """Number of segments; the picture may jump between them: those frames could not be registered."""
    largest_shift_px: float
    """Maximum shift of a frame's centre, in px of the clip."""
    width_px: int
    height_px: int
    audit: Audit
    """Verdict on the video."""


@dataclass(frozen=True, kw_only=True)
class Stabilised:
    """Each shot without shaking, as `stabilised_<shot>.mp4`, H.264 without audio, at the frames' own times.

    Slow motion stays: a descent still descends. Areas outside a moved frame are black; bars and captions move
    with their frame. Of a `region_px` of motion only that part is shown. Refused if the audit rejects motion
    measurement.
    """

    name: ClassVar[str] = "video.stabilised"
    version: ClassVar[int] = 13
    reads: ClassVar[Reads] = "video"

    window_frames: int = 25
    """Number of frames for smoothing the path, 3 to 101; faster shaking is removed. Each is held in memory."""
    longest_side_px: int = 1280
    """Longer side, 128 to 1920; never enlarged."""
    motion: Motion = field(default_factory=Motion)
    """Registration of frames and selection of shots."""

    def __post_init__(self) -> None:
        require(3 <= self.window_frames <= 101, "window_frames", self.window_frames, "must be from 3 to 101")
        require(128 <= self.longest_side_px <= 1920, "longest_side_px", self.longest_side_px, "must be 128 to 1920")

    def inputs(self) -> tuple[Processor, ...]:
        return self.motion.inputs()

    def needs(self, inputs: Inputs[VideoInfo]) -> Need:
        side_px = None if self.motion.region_px else self.longest_side_px
        return Need(shown=self.motion.needs(inputs).shown, longest_side_px=side_px)

    def start(self, inputs: Inputs[VideoInfo], scratch: Path) -> _Session:
        audit = inputs.results[Integrity.name].facts("integrity.json", Audit)
        refuse_unless_measurable(audit)
        self.motion.require_inside(inputs.info)
        return _Session(self, inputs, audit, scratch)


@dataclass(frozen=True, kw_only=True)
class _Posed:
    """Frame with its place on the camera's path: ln(scale), rotation (degrees), x and y (px of the clip)."""

    picture: np.ndarray
    pts: int
    end_pts: int
    segment: int
    pose: np.ndarray


class _Session:
    def __init__(self, processor: Stabilised, inputs: Inputs[VideoInfo], audit: Audit, scratch: Path) -> None:
        self._processor = processor
        self._audit = audit
        self._scratch = scratch
        self._time_base: Fraction = inputs.info.time_base
        self._width_px = inputs.info.width_px
        self._shots = processor.motion.wanted(inputs)
        self._starts = [shot.start_pts for shot in self._shots]
        self._still = static_regions(inputs)
        self._mask: np.ndarray | None = None
        self._registration: Registration | None = None
        self._shot: Shot | None = None
        self._clip: WebClip | None = None
        self._held: deque[_Posed] = deque()
        self._written = 0
        """Number of the held frames, from the first, that are in the clip already."""
        self._largest_shift_px = 0.0
        self._left_out = 0
        self._gave_clip = False

    def feed(self, frame: VideoFrame) -> Iterator[Item]:
        place = bisect_right(self._starts, frame.pts) - 1
        if place < 0 or frame.pts >= self._shots[place].end_pts:
            return
        if self._shots[place] is not self._shot:
            yield from self._end_of_shot()
            self._shot = self._shots[place]
        motion = self._processor.motion
        view = view_of(frame, motion.region_px)
        picture, luma = view.rgb(self._processor.longest_side_px), view.luma(motion.longest_side_px)
        last = self._held[-1] if self._held else None
        if last and (last.picture.shape != picture.shape or last.pts >= frame.pts):
            self._left_out += 1  # a clip has one size, and its times ascend
            return
        if self._registration is None or self._mask is None or self._mask.shape != luma.shape:
            self._mask, _ = mask_of_view(luma, self._width_px, self._still, motion.region_px)
            self._registration = Registration(self._mask)
        step = self._registration.step(luma)
        self._hold(picture, frame, step)
        half = self._processor.window_frames // 2
        if len(self._held) - self._written > half:
            self._write(self._written)
            self._written += 1
        if self._written > half:
            self._held.popleft()
            self._written -= 1

    def finish(self) -> Iterator[Item]:
        yield from self._end_of_shot()
        if not self._gave_clip:
            raise RefusedMedia("no requested shot is long enough to be stabilised", "choose other shots")

    def _hold(self, picture: np.ndarray, frame: VideoFrame, step: Similarity | None) -> None:
        last = self._held[-1] if self._held else None
        segment, pose = (last.segment + (step is None) if last else 0), np.zeros(4)
        if last and step:
            assert self._mask is not None
            px = picture.shape[1] / self._mask.shape[1]
            change = [log(step.scale), step.rotation_degrees, step.shift_x_px * px, step.shift_y_px * px]
            pose = last.pose + np.array(change)
        self._held.append(_Posed(picture=picture, pts=frame.pts, end_pts=frame.end_pts, segment=segment, pose=pose))

    def _write(self, number: int) -> None:
        """Move one held frame from the camera's path to the smooth path, and encode it."""
        import cv2

        assert self._shot is not None
        one, half = self._held[number], self._processor.window_frames // 2
        near = [
            (k - number, other.pose)
            for k, other in enumerate(self._held)
            if abs(k - number) <= half and other.segment == one.segment
        ]
        grow, turn, x, y = _smooth([at for at, _ in near], [pose for _, pose in near], half) - one.pose
        self._largest_shift_px = max(self._largest_shift_px, float(np.hypot(x, y)))
        height, width = one.picture.shape[:2]
        c, s = exp(grow) * cos(radians(turn)), exp(grow) * sin(radians(turn))
        across, down = (width - 1) / 2, (height - 1) / 2
        matrix = np.array([[c, -s, across - c * across + s * down + x], [s, c, down - s * across - c * down + y]])
        if self._clip is None:
            path = self._scratch / f"stabilised_{self._shot.number:04d}.mp4"
            self._clip = WebClip(path, self._time_base, one.pts, (width // 2 * 2, height // 2 * 2))
        moved = cv2.warpAffine(one.picture, matrix, (width, height), flags=cv2.INTER_CUBIC)
        self._clip.write(moved, one.pts, one.end_pts)

    def _end_of_shot(self) -> Iterator[Item]:
        for number in range(self._written, len(self._held)):
            self._write(number)
        if self._clip and self._shot:
            self._clip.close()
            facts = StabilisedFacts(
                shot=self._shot.number,
                start_seconds=float(self._clip.first_pts * self._time_base),
                frame_count=self._clip.frame_count,
                frames_left_out=self._left_out,
                segments=self._held[-1].segment + 1,
                largest_shift_px=round(self._largest_shift_px, 2),
                width_px=self._clip.size_px[0],
                height_px=self._clip.size_px[1],
                audit=self._audit,
            )
            yield Item(name=self._clip.path.name, media_type="video/mp4", file=self._clip.path, facts=facts)
            self._gave_clip = True
        self._held.clear()
        self._clip, self._registration = None, None
        self._written, self._largest_shift_px, self._left_out = 0, 0.0, 0


def _smooth(places: list[int], poses: list[np.ndarray], half: int) -> np.ndarray:
    """Return the path at place 0: a bell-weighted line through the surrounding poses, which keeps a steady drift."""
    if len(places) < 3:
        return poses[places.index(0)]
    weights = np.exp(-0.5 * np.square(np.array(places) / (half / 2)))
    return np.polynomial.polynomial.polyfit(places, np.array(poses), 1, w=np.sqrt(weights))[0]
