"""Motion inside each shot: change of scale, rotation and drift from frame to frame, and time to contact."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from processors.contract import Inputs, Item, Need, Processor, Reads, ReleaseContext, require
from processors.errors import RefusedMedia
from processors.tables import MEDIA_TYPE, ParquetTable, Table
from processors.video.audit.bars_and_overlays import Box
from processors.video.audit.integrity import Audit, Integrity, static_regions
from processors.video.motion.altitude import MeasuredPart, StatedAltitude
from processors.video.motion.measured_shot import MeasuredShot, pictures_of
from processors.video.motion.mosaic import Mosaic
from processors.video.motion.motion_curve import Curve
from processors.video.motion.motion_table import MOTION
from processors.video.motion.region import Cropped, RegionFacts, holds, mask_of_view, view_of
from processors.video.motion.region_drawing import draw_regions
from processors.video.motion.region_finder import PICTURE_SIDE_PX, Region, RegionFinder
from processors.video.motion.registration import Similarity
from processors.video.motion.shot_summary import ShotMotion, advice_on, parts_move_apart, summary_of
from processors.video.motion.track import Row, Track
from processors.video.reading.frame import VideoFrame
from processors.video.reading.video_info import VideoInfo
from processors.video.shots.shots import Shot, Shots, read_shots

MIN_REGION_PX = 64
CURVE_COLUMNS = {one.name for one in fields(Curve)} & {one.name for one in MOTION.columns} - {"time_seconds"}
"""Columns of the table that are lists of a curve, one number a frame."""
MIN_FRAMES = 8
"""Minimum number of frames of a shot for measuring motion."""


@dataclass(frozen=True, kw_only=True)
class MotionFacts:
    shots: tuple[ShotMotion, ...]
    audit: Audit
    """Verdict on the video."""
    shot_count: int | None = None
    """Number of shots of the video, of which some may not have been measured."""


@dataclass(frozen=True, kw_only=True)
class Motion:
    """Scale, rotation and drift of the picture inside each shot, by registration from frame to frame.

    Items: `motion.parquet`, `motion.json`, `mosaic_<shot>.jpg` of each shot that looks along its motion, and
    `region_<shot>.jpg`, a frame with the region drawn into it, of each shot of which a region was measured.

    Refused if the audit rejects motion measurement. If the parts of a shot move in different ways, as in a split
    screen, the largest part that moves uniformly, by pixels times frames, is measured (`RegionFinder`); without one no
    totals are given. Altitude is absolute only from `altitude_metres` and `field_of_view_degrees`; without them the
    curve is relative. The release's are of the whole picture and the first frame of a shot, and are not used for a part
    or a span that begins later; those set next to `region_px` or `span_seconds` are of that part and span.
    `altitude_refused_because` in motion.json says why a stated altitude was not used.
    """

    name: ClassVar[str] = "video.motion"
    version: ClassVar[int] = 21
    reads: ClassVar[Reads] = "video"
    tables: ClassVar[tuple[Table, ...]] = (MOTION,)

    longest_side_px: int = 640
    """Longer side at which frames are registered, 128 to 1920."""
    only_shots: tuple[int, ...] = ()
    """Numbers of the shots to measure; empty: all."""
    altitude_metres: float | None = None
    """Altitude of the camera at the first frame of a shot, or of the part of it in `span_seconds`. None: the release's
    value, which is of the shot's first frame, or unknown."""
    field_of_view_degrees: float | None = None
    """Field of view from the left to the right edge of the picture inside its bars, or of `region_px`."""
    altitude_shot: int | None = None
    """Number of the shot that `altitude_metres` belongs to. None: the only one in `only_shots`."""
    region_px: tuple[int, ...] | None = None
    """Left and top edge, width and height of the part of the upright picture that is measured, in px. None: the whole
    picture, or of a shot that does not move as one the part that `RegionFinder` chooses."""
    span_seconds: tuple[float, ...] | None = None
    """Half-open span of presentation times to measure, in s. None: all."""
    release_altitude: tuple[float, ...] | None = field(default=None, metadata={"is_added_later": True})
    """Altitude (m), field of view (degrees) and shot that the release states, where `region_px` or `span_seconds` is
    given without an altitude: of the whole picture, at the shot's first frame. Set by `for_release`."""
    shots: Shots = field(default_factory=Shots)

    def __post_init__(self) -> None:
        for name in ("only_shots", "region_px", "span_seconds", "release_altitude"):
            if (value := getattr(self, name)) is not None:
                object.__setattr__(self, name, tuple(value))
        region, span = self.region_px, self.span_seconds
        four = region is None or (len(region) == 4 and min(region) >= 0 and min(region[2:]) >= MIN_REGION_PX)
        rule = f"must be left, top, width and height, the last two {MIN_REGION_PX} or more"
        require(four, "region_px", region, rule)
        require(span is None or (len(span) == 2 and span[0] < span[1]), "span_seconds", span, "must be start and end")
        require(128 <= self.longest_side_px <= 1920, "longest_side_px", self.longest_side_px, "must be 128 to 1920")
        altitude, view = self.altitude_metres, self.field_of_view_degrees
        require(altitude is None or altitude > 0, "altitude_metres", altitude, "must be above 0")
        require(view is None or 0 < view < 180, "field_of_view_degrees", view, "must be between 0 and 180")
        both = (altitude is None) == (view is None)
        require(both, "field_of_view_degrees", view, "must be given together with altitude_metres")
        one_shot = altitude is None or self.altitude_shot is not None or len(self.only_shots) == 1
        require(one_shot, "altitude_shot", self.altitude_shot, "must be the shot that altitude_metres belongs to")
        stated = self.release_altitude
        rule = "must be altitude, field of view and shot, without altitude_metres"
        require(stated is None or (len(stated) == 3 and altitude is None), "release_altitude", stated, rule)

    def for_release(self, context: ReleaseContext) -> Motion:
        """Return this processor configured with the release's statements."""
        if self.altitude_metres is not None or self.release_altitude is not None or context.altitude is None:
            return self
        metres, view_degrees, shot = context.altitude
        if self.region_px is not None or self.span_seconds is not None:
            return replace(self, release_altitude=context.altitude)
        return replace(self, altitude_metres=metres, field_of_view_degrees=view_degrees, altitude_shot=shot)

    def inputs(self) -> tuple[Processor, ...]:
        return (self.shots.integrity.measurements, self.shots.integrity, self.shots)

    def needs(self, inputs: Inputs[VideoInfo]) -> Need:
        base = inputs.info.time_base
        spans = [(shot.start_pts * base, shot.end_pts * base) for shot in self.wanted(inputs)]

        def shown(start: Fraction, end: Fraction) -> bool:
            return self.is_in_span(start) and any(first <= start < last for first, last in spans)

        return Need(shown=shown, longest_side_px=None if self.region_px else self.longest_side_px)

    def is_in_span(self, time: Fraction) -> bool:
        """Return whether the frame shown from `time` (s) on is measured."""
        if self.span_seconds is None:
            return True
        start, end = (Fraction(str(seconds)) for seconds in self.span_seconds)  # as written: 0.4 is 2/5
        return start <= time < end

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
        altitude_shot = int(self.release_altitude[2]) if self.release_altitude else self.altitude_shot
        if altitude_shot is not None and altitude_shot not in numbers:
            raise RefusedMedia(
                f"there is no shot {altitude_shot}, to which the altitude belongs",
                f"name one of 1 to {len(numbers)} as altitude_shot",
            )
        self.require_inside(inputs.info)
        wanted = [shot.number for shot in self.wanted(inputs)]
        left_out = [number for number in numbers if self.only_shots and number not in self.only_shots]
        if wanted and altitude_shot is not None and altitude_shot not in (*wanted, *left_out):
            raise RefusedMedia(
                f"shot {altitude_shot}, to which the altitude belongs, has fewer than {MIN_FRAMES} frames",
                "name another as altitude_shot, or leave the altitude out",
            )
        if not self.wanted(inputs):
            if self.only_shots:
                raise RefusedMedia(
                    f"none of the shots in only_shots has {MIN_FRAMES} frames or more",
                    "choose other shots, or leave only_shots empty",
                )
            raise RefusedMedia(
                f"no shot has {MIN_FRAMES} frames or more", "motion needs a longer shot; the frames are in video.frames"
            )
        return _Session(self, inputs, audit, scratch)

    @property
    def stated_altitude(self) -> StatedAltitude | None:
        """Return the altitude with its shot; None if none is stated."""
        if self.release_altitude is not None:
            metres, view_degrees, shot = self.release_altitude
            return StatedAltitude(shot=int(shot), metres=metres, field_of_view_degrees=view_degrees)
        shot = self.altitude_shot or next(iter(self.only_shots), None)
        if self.altitude_metres is None or self.field_of_view_degrees is None or shot is None:
            return None
        return StatedAltitude(shot=shot, metres=self.altitude_metres, field_of_view_degrees=self.field_of_view_degrees)

    def require_inside(self, info: VideoInfo) -> None:
        """Raise `RefusedMedia` if a chosen region reaches beyond the picture, or a span is outside the video."""
        left, top, width, height = self.region_px or (0, 0, 0, 0)
        if left + width > info.width_px or top + height > info.height_px:
            raise RefusedMedia(
                f"region_px {left},{top},{width},{height} reaches beyond the picture of {info.width_px} x"
                f" {info.height_px} px",
                "name a region inside it",
            )
        start, end = info.start, info.end
        if self.span_seconds is None or start is None or end is None:
            return
        first, last = self.span_seconds
        if first >= end or last <= start:
            raise RefusedMedia(
                f"span_seconds {first:g},{last:g} is outside the video, which runs from {float(start):.3f} to"
                f" {float(end):.3f} s",
                "name a span inside it",
            )


def refuse_unless_measurable(audit: Audit) -> None:
    """Raise `RefusedMedia`, with the reasons, if the audit rejects motion measurement."""
    if not audit.motion_may_be_measured:
        raise RefusedMedia(
            f"motion may not be measured: {'; '.join(audit.motion_refused_because)}",
            "use the instrument's own frames, or raise the audit's limits and say so",
        )


class _ShotUnderWay:
    """Measurement of one shot: the track of its view, its mosaics, and the search for regions."""

    def __init__(self, shot: Shot, track: Track, finder: RegionFinder | None, picture: np.ndarray | None) -> None:
        self.shot, self.track, self.finder = shot, track, finder
        self.picture = picture
        """First frame, if a region of it is measured."""
        self.mosaics: list[Mosaic] = []
        self.last: VideoFrame | None = None

    def draw(self, view: VideoFrame | Cropped, step: Similarity | None) -> None:
        """Keep one mosaic, that of the segment with the largest growth so far, and the current one."""
        if step is not None:
            self.mosaics[-1].follow(view, step)
            return
        self.mosaics[:] = sorted(self.mosaics, key=lambda one: -one.scale)[:1]
        self.mosaics.append(Mosaic(view, self.track.mask))


class _Session:
    def __init__(self, processor: Motion, inputs: Inputs[VideoInfo], audit: Audit, scratch: Path) -> None:
        self._processor = processor
        self._audit = audit
        self._path = scratch / MOTION.item
        self._shots = processor.wanted(inputs)
        self._starts = [shot.start_pts for shot in self._shots]
        self._still = static_regions(inputs)
        self._width_px, self._height_px = inputs.info.width_px, inputs.info.height_px
        self._shot_count = len(read_shots(inputs).shots)
        self._stated = processor.stated_altitude
        self._under_way: _ShotUnderWay | None = None
        self._measured: dict[int, MeasuredShot] = {}

    def feed(self, frame: VideoFrame) -> None:
        place = bisect_right(self._starts, frame.pts) - 1
        if place < 0 or frame.pts >= self._shots[place].end_pts or not self._processor.is_in_span(frame.time):
            return
        view = view_of(frame, self._processor.region_px)
        luma = view.luma(self._processor.longest_side_px)
        shot = self._under_way
        if shot is None or shot.shot is not self._shots[place]:
            self._end_shot()
            shot = self._under_way = self._begun(self._shots[place], luma, view)
        elif shot.track.mask.shape != luma.shape:
            shot.track.start_again(*self._mask_of(luma))
            shot.finder = None  # the windows that it compares have one size
        shot.draw(view, shot.track.add(luma, frame.pts, frame.time, frame.end))
        if shot.finder is not None:
            shot.finder.add(luma, frame)
        shot.last = frame

    def finish(self) -> Iterator[Item]:
        self._end_shot()
        # of a shot no frame may have been decoded, or none may be in the span
        without = {shot.number: MeasuredShot(summary=summary_of(shot.number, [])) for shot in self._shots}
        measured = [self._weighed(one) for one in (without | self._measured).values()]
        summaries = tuple(one.summary for one in measured)
        facts = MotionFacts(shots=summaries, audit=self._audit, shot_count=self._shot_count)
        with ParquetTable(self._path, MOTION) as file:
            file.add([row for one in measured for row in self._table(one)])
        advice = advice_on(summaries)
        yield Item(name=self._path.name, media_type=MEDIA_TYPE, file=self._path, facts=facts, advice=advice)
        yield Item.of_json("motion.json", summaries, facts=facts)
        for one in measured:
            yield from pictures_of(one)

    def _begun(self, shot: Shot, luma: np.ndarray, view: VideoFrame | Cropped) -> _ShotUnderWay:
        mask, px = self._mask_of(luma)
        if isinstance(view, Cropped):
            return _ShotUnderWay(shot, Track(mask, px), None, view.frame.rgb(PICTURE_SIDE_PX))
        box = self._still.picture_box
        area_px = (box.right_px - box.left_px) * (box.bottom_px - box.top_px) if box else 0
        finder = RegionFinder(mask, px, picture_px=max(1, round(area_px / px**2)))
        return _ShotUnderWay(shot, Track(mask, px), finder, None)

    def _mask_of(self, luma: np.ndarray) -> tuple[np.ndarray, float]:
        """Return where features are allowed, and the size of one px of the luma in px of the video."""
        return mask_of_view(luma, self._width_px, self._still, self._processor.region_px)

    def _end_shot(self) -> None:
        """Measure the shot under way: all of its view or, if that does not move as one, the region that was found."""
        shot, self._under_way = self._under_way, None
        if shot is None:
            return
        track, number = shot.track, shot.shot.number
        curves = track.curves()
        summary = summary_of(number, curves)
        if shot.finder is not None and parts_move_apart(summary):
            regions = shot.finder.regions(shot.last)
            if regions:
                self._measured[number] = self._of_regions(summary, regions, self._altitude_pts(shot))
                return
        drawn = None
        if shot.picture is not None:
            region = self._named_region(track.rows)
            summary = replace(summary, region=region)
            drawn = draw_regions(shot.picture, self._width_px, region, ())
        mosaic = max(shot.mosaics, key=lambda one: one.scale)
        self._measured[number] = MeasuredShot(
            summary=summary,
            rows=track.rows,
            curves=curves,
            px=track.px,
            mosaic=mosaic,
            region_picture=drawn,
            begins_later=track.rows[0].pts > self._altitude_pts(shot),
        )

    def _altitude_pts(self, shot: _ShotUnderWay) -> int:
        """Return the presentation time of the frame that a stated altitude is of."""
        return shot.shot.start_pts if self._processor.release_altitude else shot.track.rows[0].pts

    def _of_regions(self, whole: ShotMotion, regions: list[Region], altitude_pts: int) -> MeasuredShot:
        """Return the measurement of the first region, with the facts of the others."""
        first, others = regions[0], tuple(one.facts for one in regions[1:])
        summary = replace(
            summary_of(whole.shot, [first.curve]),
            region=first.facts,
            other_regions=others,
            whole_refused_because=whole.refused_because,
        )
        drawn = draw_regions(first.picture, self._width_px, first.facts, others)
        rows = [replace(row, segment=0) for row in first.rows]
        return MeasuredShot(
            summary=summary,
            rows=rows,
            curves=[first.curve],
            px=first.px,
            region_picture=drawn,
            begins_later=rows[0].pts > altitude_pts,
        )

    def _weighed(self, measured: MeasuredShot) -> MeasuredShot:
        """Return a measurement with the reason, if any, why a stated altitude is not used for it."""
        if self._stated is None:
            return measured
        processor = self._processor
        begins_with = "span" if processor.span_seconds and not processor.release_altitude else "shot"
        refused = self._stated.refused_because(
            measured.summary,
            measured.curves,
            MeasuredPart(
                is_part=processor.release_altitude is not None and not self._is_whole_picture(),
                begins_later_than=begins_with if measured.begins_later else None,
                span_seconds=processor.span_seconds,
            ),
        )
        return replace(measured, summary=replace(measured.summary, altitude_refused_because=refused))

    def _picture(self) -> Box:
        """Return the picture inside its bars."""
        whole = Box(left_px=0, top_px=0, right_px=self._width_px, bottom_px=self._height_px)
        return self._audit.picture_box or whole

    def _is_whole_picture(self) -> bool:
        """Return whether all of the picture inside its bars is measured, even if as a region."""
        region = self._processor.region_px
        return region is None or holds(region, self._picture())

    def _named_region(self, rows: list[Row]) -> RegionFacts:
        assert self._processor.region_px is not None
        return RegionFacts(
            region_px=self._processor.region_px,
            start_seconds=float(rows[0].time),
            end_seconds=float(rows[-1].end),
            frame_count=len(rows),
            chosen_because="the parameter region_px names it",
        )

    def _table(self, measured: MeasuredShot) -> Iterator[dict[str, Any]]:
        processor, rows, curves, px = self._processor, measured.rows, measured.curves, measured.px
        stated, summary = self._stated, measured.summary
        is_known = stated is not None and stated.shot == summary.shot and summary.altitude_refused_because is None
        altitudes = stated.of_curve(curves[0]) if stated and is_known else []
        region, picture = processor.region_px, self._picture()
        is_of_region = region is not None and processor.release_altitude is None
        width_px = region[2] if region and is_of_region else picture.right_px - picture.left_px
        firsts = np.cumsum([0, *(len(curve.scale) for curve in curves)])
        for number, row in enumerate(rows):
            curve = curves[row.segment]
            place = number - int(firsts[row.segment])
            step, metres = row.step, altitudes[place] if altitudes and row.segment == 0 else None
            yield {
                "shot": measured.summary.shot,
                "segment": row.segment,
                "pts": row.pts,
                "time_seconds": float(row.time),
                **{name: getattr(curve, name)[place] for name in CURVE_COLUMNS},
                "altitude_metres": metres,
                "metres_per_px": stated.metres_per_px(metres, width_px) if stated and metres else None,
                "step_scale": step and step.scale,
                "step_rotation_degrees": step and step.rotation_degrees,
                "step_shift_x_px": step and step.shift_x_px * px,
                "step_shift_y_px": step and step.shift_y_px * px,
                "inliers": step and step.inliers,
                "inlier_share": step and step.inlier_share,
                "residual_px": step and step.residual_px * px,
                "other_motion_share": step and step.other_motion_share,
            }
