"""Motion inside each shot: change of scale, rotation and drift from frame to frame, and time to contact."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import tan
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from processors.contract import Inputs, Item, Need, Processor, Reads, ReleaseContext, ReleaseWords, as_json, require
from processors.errors import RefusedMedia
from processors.imaging.image_writer import encode
from processors.tables import MEDIA_TYPE, ParquetTable, Table
from processors.video.audit.integrity import Audit, Integrity, static_regions
from processors.video.motion.mosaic import Mosaic, MosaicFacts
from processors.video.motion.motion_curve import Curve, curve_of
from processors.video.motion.motion_plot import MotionPlotter
from processors.video.motion.motion_table import MOTION
from processors.video.motion.registration import Registration, Similarity, feature_mask
from processors.video.motion.shot_summary import ShotMotion, summary_of
from processors.video.reading.frame import VideoFrame
from processors.video.reading.video_info import VideoInfo
from processors.video.shots.shots import Shot, Shots, read_shots

MIN_FRAMES = 8
"""Minimum number of frames of a shot for measuring motion."""


@dataclass(frozen=True, kw_only=True)
class MotionFacts:
    """Summary of the table of motion."""

    shots: tuple[ShotMotion, ...]
    audit: Audit
    """Verdict on the video."""


@dataclass(frozen=True, kw_only=True)
class Motion:
    """Frame-to-frame registration inside each shot.

    Items: `motion.parquet`, `motion.json`, `motion_<shot>.png`, a plot of each shot whose totals are given, and
    `mosaic_<shot>.jpg` of each shot that looks along its motion.

    Refused if the audit rejects motion measurement; of a shot whose parts move in different ways, as in a
    split screen, no totals are given. Altitude is absolute only from `altitude_metres`
    and `field_of_view_degrees`; without them the curve is relative.
    """

    name: ClassVar[str] = "video.motion"
    version: ClassVar[int] = 7
    reads: ClassVar[Reads] = "video"
    tables: ClassVar[tuple[Table, ...]] = (MOTION,)

    longest_side_px: int = 640
    """Longer side at which frames are registered, 128 to 1920."""
    only_shots: tuple[int, ...] = ()
    """Numbers of the shots to measure; empty: all."""
    altitude_metres: float | None = None
    """Altitude of the camera at the first frame of a shot. None: the release's value, or unknown."""
    field_of_view_degrees: float | None = None
    """Field of view from the left to the right edge of the picture inside its bars."""
    altitude_shot: int | None = None
    """Number of the shot that `altitude_metres` belongs to. None: the only one in `only_shots`."""
    shots: Shots = field(default_factory=Shots)
    words: ReleaseWords | None = None
    """Words of the release for the plots' titles. None: those that it says, if it says any."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "only_shots", tuple(self.only_shots))
        require(128 <= self.longest_side_px <= 1920, "longest_side_px", self.longest_side_px, "must be 128 to 1920")
        altitude, view = self.altitude_metres, self.field_of_view_degrees
        require(altitude is None or altitude > 0, "altitude_metres", altitude, "must be above 0")
        require(view is None or 0 < view < 180, "field_of_view_degrees", view, "must be between 0 and 180")
        both = (altitude is None) == (view is None)
        require(both, "field_of_view_degrees", view, "must be given together with altitude_metres")
        one_shot = altitude is None or self.altitude_shot is not None or len(self.only_shots) == 1
        require(one_shot, "altitude_shot", self.altitude_shot, "must be the shot that altitude_metres belongs to")

    def for_release(self, context: ReleaseContext) -> Motion:
        """Return this processor configured with the release's statements."""
        words = context.words if context.words != ReleaseWords() else None
        motion = replace(self, words=self.words or words)
        if self.altitude_metres is not None or context.altitude is None:
            return motion
        metres, view_degrees, shot = context.altitude
        return replace(motion, altitude_metres=metres, field_of_view_degrees=view_degrees, altitude_shot=shot)

    def inputs(self) -> tuple[Processor, ...]:
        return (self.shots.integrity.measurements, self.shots.integrity, self.shots)

    def needs(self, inputs: Inputs[VideoInfo]) -> Need:
        base = inputs.info.time_base
        spans = [(shot.start_pts * base, shot.end_pts * base) for shot in self.wanted(inputs)]

        def shown(start: Fraction, end: Fraction) -> bool:
            return any(first <= start < last for first, last in spans)

        return Need(shown=shown, longest_side_px=self.longest_side_px)

    def wanted(self, inputs: Inputs[VideoInfo]) -> list[Shot]:
        """Return the requested shots that are long enough."""
        return [
            shot
            for shot in read_shots(inputs).shots
            if shot.end_frame - shot.first_frame >= MIN_FRAMES
            and (not self.only_shots or shot.number in self.only_shots)
        ]

    def start(self, inputs: Inputs[VideoInfo], scratch: Path) -> _Session:
        audit = inputs.results[Integrity.name].facts("integrity.json", Audit)
        refuse_unless_measurable(audit)
        numbers = [shot.number for shot in read_shots(inputs).shots]
        if self.altitude_shot is not None and self.altitude_shot not in numbers:
            raise RefusedMedia(
                f"there is no shot {self.altitude_shot}, to which the altitude belongs",
                f"name one of 1 to {len(numbers)} as altitude_shot",
            )
        if not self.wanted(inputs):
            raise RefusedMedia(
                f"no shot that was asked for has {MIN_FRAMES} frames or more", "choose other shots, or none"
            )
        return _Session(self, inputs, audit, scratch)


def refuse_unless_measurable(audit: Audit) -> None:
    """Raise `RefusedMedia`, with the reasons, if the audit rejects motion measurement."""
    if not audit.motion_may_be_measured:
        raise RefusedMedia(
            f"motion may not be measured: {'; '.join(audit.motion_refused_because)}",
            "use the instrument's own frames, or raise the audit's limits and say so",
        )


@dataclass(kw_only=True)
class _Row:
    shot: int
    segment: int
    pts: int
    time: Fraction
    step: Similarity | None


class _Session:
    def __init__(self, processor: Motion, inputs: Inputs[VideoInfo], audit: Audit, scratch: Path) -> None:
        self._processor = processor
        self._audit = audit
        self._path = scratch / MOTION.item
        self._shots = processor.wanted(inputs)
        self._starts = [shot.start_pts for shot in self._shots]
        self._still = static_regions(inputs)
        self._width_px = inputs.info.width_px
        self._shot_count = len(read_shots(inputs).shots)
        self._plotter = MotionPlotter(inputs.source_name, processor.words or ReleaseWords())
        self._mask: np.ndarray | None = None
        self._registration: Registration | None = None
        self._rows: list[_Row] = []
        self._mosaics: dict[int, list[Mosaic]] = {}

    def feed(self, frame: VideoFrame) -> Iterator[Item]:
        place = bisect_right(self._starts, frame.pts) - 1
        if place < 0 or frame.pts >= self._shots[place].end_pts:
            return
        number = self._shots[place].number
        luma = frame.luma(self._processor.longest_side_px)
        before = self._rows[-1] if self._rows and self._rows[-1].shot == number else None
        if self._mask is None or self._mask.shape != luma.shape:
            self._mask, self._registration = feature_mask(luma.shape, self._width_px, self._still), None
        if self._registration is None or before is None:
            self._registration = Registration(self._mask)
        step = self._registration.step(luma)
        segment = before.segment + (step is None) if before else 0
        self._draw(number, frame, step)
        self._rows.append(_Row(shot=number, segment=segment, pts=frame.pts, time=frame.time, step=step))
        yield from ()

    def finish(self) -> Iterator[Item]:
        px = self._width_px / self._mask.shape[1] if self._mask is not None else 1.0
        summaries, table, plots = [], [], []
        for shot in self._shots:
            rows = [row for row in self._rows if row.shot == shot.number]
            curves = [
                curve_of([float(row.time) for row in part], [row.step for row in part], self._half_size(px), px)
                for part in _segments(rows)
            ]
            summaries.append(summary_of(shot.number, curves))
            table += self._table(rows, curves, px)
            if not summaries[-1].refused_because:  # a curve of what does not move as one would be believed
                what = f"shot {shot.number} of {self._shot_count}"
                plots.append((shot.number, self._plotter.draw(what, curves)))
        facts = MotionFacts(shots=tuple(summaries), audit=self._audit)
        with ParquetTable(self._path, MOTION) as file:
            file.add(table)
        yield Item(name=self._path.name, media_type=MEDIA_TYPE, file=self._path, facts=facts)
        data = json.dumps(as_json(tuple(summaries)), indent=1).encode()
        yield Item(name="motion.json", media_type="application/json", data=data, facts=facts)
        for number, picture in plots:
            yield Item(name=f"motion_{number:04d}.png", media_type="image/png", data=picture, facts=facts)
        for summary in summaries:
            if summary.looks_along_motion:
                mosaic = max(self._mosaics[summary.shot], key=lambda one: one.scale)
                shown = MosaicFacts(shot=summary.shot, total_scale=mosaic.scale, pictures=mosaic.pictures)
                data = encode(mosaic.picture, "jpeg", quality=92)
                yield Item(name=f"mosaic_{summary.shot:04d}.jpg", media_type="image/jpeg", data=data, facts=shown)

    def _draw(self, shot: int, frame: VideoFrame, step: Similarity | None) -> None:
        """Keep one mosaic per shot, that of the segment with the largest growth so far, and the current one."""
        assert self._mask is not None
        mosaics = self._mosaics.setdefault(shot, [])
        if step is not None:
            mosaics[-1].follow(frame, step)
            return
        mosaics[:] = sorted(mosaics, key=lambda one: -one.scale)[:1]
        mosaics.append(Mosaic(frame, self._mask))

    def _half_size(self, px: float) -> tuple[float, float]:
        """Return half the size of the registered picture, in px of the video."""
        height, width = self._mask.shape if self._mask is not None else (0, 0)
        return width * px / 2, height * px / 2

    def _table(self, rows: list[_Row], curves: list[Curve], px: float) -> Iterator[dict[str, Any]]:
        """Yield the rows of the table of one shot."""
        processor = self._processor
        shot = processor.altitude_shot or next(iter(processor.only_shots), None)
        is_known = bool(rows) and rows[0].shot == shot
        altitudes = [self._altitude(curve, is_known and number == 0) for number, curve in enumerate(curves)]
        box = self._audit.picture_box
        width_px = box.right_px - box.left_px if box else self._width_px
        view = processor.field_of_view_degrees
        firsts = np.cumsum([0, *(len(curve.scale) for curve in curves)])
        for number, row in enumerate(rows):
            curve, altitude = curves[row.segment], altitudes[row.segment]
            place = number - int(firsts[row.segment])
            step, metres = row.step, altitude[place]
            yield {
                "shot": row.shot,
                "segment": row.segment,
                "pts": row.pts,
                "time_seconds": float(row.time),
                "scale": curve.scale[place],
                "rotation_degrees": curve.rotation_degrees[place],
                "scale_change_per_second": curve.scale_change_per_second[place],
                "time_to_contact_seconds": curve.time_to_contact_seconds[place],
                "altitude_metres": metres,
                "metres_per_px": 2 * metres * tan(np.radians(view) / 2) / width_px if metres and view else None,
                "step_scale": step and step.scale,
                "step_rotation_degrees": step and step.rotation_degrees,
                "step_shift_x_px": step and step.shift_x_px * px,
                "step_shift_y_px": step and step.shift_y_px * px,
                "inliers": step and step.inliers,
                "inlier_share": step and step.inlier_share,
                "residual_px": step and step.residual_px * px,
                "other_motion_share": step and step.other_motion_share,
            }

    def _altitude(self, curve: Curve, is_known: bool) -> list[float | None]:
        """Return the altitude, inversely proportional to the scale of level ground seen from straight above."""
        start = self._processor.altitude_metres if is_known and curve.looks_along_motion else None
        return [None if start is None else start / scale for scale in curve.scale]


def _segments(rows: list[_Row]) -> list[list[_Row]]:
    parts: list[list[_Row]] = []
    for row in rows:
        if row.segment == len(parts):
            parts.append([])
        parts[row.segment].append(row)
    return parts
