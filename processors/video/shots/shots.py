"""Shots by PySceneDetect's detectors on the measured frames, and the exact times of the cuts."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from processors.contract import Inputs, Item, Processor, Reads, require
from processors.json_records import from_json
from processors.tables import Column, Table, csv_item
from processors.video.audit.integrity import Audit, Integrity
from processors.video.audit.measured_frames import MeasuredFrames
from processors.video.audit.repeated_frames import RepeatedRun, black_frames, repeated_frames, repeated_runs
from processors.video.shots.bare_package import bare_package
from processors.video.shots.fades import Fade, find_fades

SHOTS = Table(
    item="shots.csv",
    title="Shots",
    row="a shot, in order of presentation; all together are the whole video",
    columns=(
        Column("number", "1", "number of the shot, from 1"),
        Column("first_frame", "1", "number of its first frame, counted in order of presentation from 0"),
        Column("end_frame", "1", "number of the first frame after it"),
        Column("start_pts", "ticks", "presentation time of its first frame"),
        Column("end_pts", "ticks", "presentation time of the first frame after it, or the video's end"),
        Column("time_base", "text", "seconds per tick, as a fraction"),
        Column("start_seconds", "s", "presentation time of its first frame"),
        Column("end_seconds", "s", "presentation time of the first frame after it, or the video's end"),
        Column("starts_with", "text", "start (of the video), cut or fade"),
        Column("distinct_pictures", "1", "number of frames that do not repeat the one before"),
    ),
)


if TYPE_CHECKING:
    from scenedetect.common import FrameTimecode

COUNTING = Fraction(25)
"""Rate passed to PySceneDetect, which works on frame numbers; it has no effect."""

SLIDE_SECONDS = 1.0
"""Minimum duration of a held picture that, followed by another, is a slide and not stop-motion."""

BEHIND_DAMAGE = 2
"""Factor on the minimum difference for pictures on both sides of damage, which are further apart."""


@dataclass(frozen=True, kw_only=True)
class Shot:
    """Frames `first_frame` up to, not including, `end_frame`, counted in order of presentation from 0."""

    number: int
    """Number of the shot, from 1."""
    first_frame: int
    end_frame: int
    start_pts: int
    end_pts: int
    time_base: str
    start_seconds: float
    end_seconds: float
    starts_with: Literal["start", "cut", "fade"]
    distinct_pictures: int
    """Number of frames that do not repeat the one before."""


@dataclass(frozen=True, kw_only=True)
class Transition:
    """Fade; half open."""

    kind: Literal["fade in", "fade out"]
    first_frame: int
    end_frame: int
    start_seconds: float
    end_seconds: float


@dataclass(frozen=True, kw_only=True)
class ShotList:
    """All shots, which together are the whole video, and the fades in them."""

    shots: tuple[Shot, ...]
    transitions: tuple[Transition, ...]


@dataclass(frozen=True, kw_only=True)
class ShotFacts:
    shot_count: int
    transition_count: int
    audit: Audit
    """Verdict on the video (`Audit`)."""


@dataclass(frozen=True, kw_only=True)
class Shots:
    """Cuts and fades. Items: `shots.json` (`ShotList`) and `shots.csv`.

    Repeated frames are removed before cut detection, so that stop-motion is not a series of cuts; a cut through black
    is in the middle of the black frames. A dissolve is not a cut: the two scenes that it joins stay one shot, because
    none of its frames differs from its neighbours much more than theirs do; only a dissolve of one or two frames over
    scenes that hardly move is detected as a cut.
    """

    name: ClassVar[str] = "video.shots"
    version: ClassVar[int] = 9
    reads: ClassVar[Reads] = "results"
    tables: ClassVar[tuple[Table, ...]] = (SHOTS,)

    cut_ratio: float = 2.0
    """Minimum ratio of a frame's difference to its neighbours' (PySceneDetect's `adaptive_threshold`); above 1."""
    cut_levels: float = 10.0
    """Minimum difference, in mean levels of 255 (PySceneDetect's `min_content_val`)."""
    black_level: int = 12
    """Mean level below which a frame is black (PySceneDetect's `ThresholdDetector`); 1 to 254."""
    shortest_frames: int = 4
    """Minimum distance of two cuts, in frames; an earlier second one is dropped; 1 or more."""
    integrity: Integrity = field(default_factory=Integrity)

    def __post_init__(self) -> None:
        require(self.cut_ratio > 1, "cut_ratio", self.cut_ratio, "must be above 1")
        require(0 < self.cut_levels <= 255, "cut_levels", self.cut_levels, "must be above 0 and at most 255")
        require(1 <= self.black_level <= 254, "black_level", self.black_level, "must be from 1 to 254")
        require(self.shortest_frames >= 1, "shortest_frames", self.shortest_frames, "must be 1 or more")

    def inputs(self) -> tuple[Processor, ...]:
        return (self.integrity.measurements, self.integrity)

    def items(self, inputs: Inputs[None], scratch: Path) -> Iterator[Item]:
        measured = MeasuredFrames.of(inputs)
        audit = inputs.results[Integrity.name].facts("integrity.json", Audit)
        found = find_shots(self, measured)
        facts = ShotFacts(shot_count=len(found.shots), transition_count=len(found.transitions), audit=audit)
        yield Item.of_json("shots.json", found, facts=facts)
        yield csv_item(SHOTS, ([getattr(shot, name) for name in SHOTS.names] for shot in found.shots), facts=facts)


def find_shots(processor: Shots, measured: MeasuredFrames) -> ShotList:
    """Return the shots and fades that the measurements show."""
    if not measured.frame_count:
        return ShotList(shots=(), transitions=())
    repeated = repeated_frames(measured, processor.integrity.held_levels)
    brightness = measured.column("brightness_levels")
    cuts = _cuts(processor, measured.thumbnails, repeated)
    cuts = sorted({*cuts, *_slides(processor, measured, repeated)})
    starts = {0: "start", **{cut: "cut" for cut in cuts if _is_no_damage(processor, measured, cut)}}
    white = measured.column("bright_share") >= 0.99
    white_fades = find_fades(255 - brightness, white)
    starts = {**_through_black(processor, brightness), **_through_white(white_fades, white), **starts}
    kept: list[int] = []
    for frame in sorted(starts):
        if not kept or frame - kept[-1] >= processor.shortest_frames:
            kept.append(frame)
    shots = tuple(
        _shot(number, first, end, starts[first], repeated, measured)
        for number, (first, end) in enumerate(zip(kept, [*kept[1:], measured.frame_count], strict=True), start=1)
    )
    transitions = tuple(
        Transition(
            kind=fade.kind,
            first_frame=fade.first_frame,
            end_frame=fade.end_frame,
            start_seconds=float(measured.time(fade.first_frame)),
            end_seconds=float(measured.time(fade.end_frame)),
        )
        for fade in sorted(
            [*find_fades(brightness, black_frames(measured)), *white_fades], key=lambda fade: fade.first_frame
        )
    )
    return ShotList(shots=shots, transitions=transitions)


def _cuts(processor: Shots, thumbnails: np.ndarray, repeated: np.ndarray) -> list[int]:
    """Return the first frame of the shot after each hard cut."""
    with bare_package("scenedetect"):
        from scenedetect.common import FrameTimecode
        from scenedetect.detectors import AdaptiveDetector

    distinct = np.flatnonzero(~repeated).tolist()
    detector = AdaptiveDetector(
        adaptive_threshold=processor.cut_ratio, min_content_val=processor.cut_levels, min_scene_len=1, luma_only=True
    )
    cuts: list[FrameTimecode] = []
    # mirrored, so that the last frames have neighbours with the same changes: their cuts are detected, none invented
    edge = distinct[-2 : -2 - detector.window_width : -1]
    for position, frame in enumerate([*distinct, *edge]):
        picture = np.repeat(thumbnails[frame][:, :, None], 3, axis=2)
        cuts += detector.process_frame(FrameTimecode(position, COUNTING), picture)
    found = [cut.frame_num for cut in cuts if 0 < cut.frame_num < len(distinct)]
    lasting = (cut for cut in found if _stays_changed(thumbnails, distinct, cut) >= processor.cut_levels / 2)
    return [distinct[cut] for cut in lasting]


def _slides(processor: Shots, measured: MeasuredFrames, repeated: np.ndarray) -> list[int]:
    """Return the first frame of each picture that is held like the one before and differs from it as scenes do.

    Among slides no change stands out from its neighbours, as a cut does.
    """
    held = [run for run in repeated_runs(repeated) if _seconds(measured, run) >= SLIDE_SECONDS]
    thumbnails = measured.thumbnails
    return [
        second.first_frame
        for first, second in itertools.pairwise(held)
        if first.end_frame == second.first_frame
        and float(np.abs(thumbnails[second.first_frame].astype(np.int16) - thumbnails[first.first_frame]).mean())
        >= processor.cut_levels
    ]


def _seconds(measured: MeasuredFrames, run: RepeatedRun) -> float:
    return float(measured.time(run.end_frame) - measured.time(run.first_frame)) if run.frame_count > 1 else 0.0


def _is_no_damage(processor: Shots, measured: MeasuredFrames, cut: int) -> bool:
    """Return True if the scene changes at a cut, rather than being damaged or restored; always True far from damage."""
    damaged = measured.is_damaged
    if not damaged[cut - 1 : cut + 1].any():
        return True
    before, after = np.flatnonzero(~damaged[:cut]), cut + np.flatnonzero(~damaged[cut:])
    if not (before.size and after.size):
        return False
    first, then = (measured.thumbnails[frame].astype(np.int16) for frame in (before[-1], after[0]))
    return float(np.abs(then - first).mean()) >= BEHIND_DAMAGE * processor.cut_levels


def _stays_changed(thumbnails: np.ndarray, distinct: list[int], cut: int) -> float:
    """Return the difference of the second picture before a cut and the third after it: a glitch is over by then."""
    before, after = distinct[max(0, cut - 2)], distinct[min(len(distinct) - 1, cut + 2)]
    return float(np.abs(thumbnails[after].astype(np.int16) - thumbnails[before]).mean())


def _through_black(processor: Shots, brightness: np.ndarray) -> dict[int, str]:
    """Return the middle frame of each run of black frames between two shots."""
    with bare_package("scenedetect"):
        from scenedetect.common import FrameTimecode
        from scenedetect.detectors import ThresholdDetector

    detector = ThresholdDetector(threshold=processor.black_level, min_scene_len=1)
    cuts: list[FrameTimecode] = []
    for position, level in enumerate(brightness):
        cuts += detector.process_frame(FrameTimecode(position, COUNTING), np.full((1, 1, 3), level))
    begun = int(np.argmax(brightness >= processor.black_level))  # black before the first picture separates no shots
    return {cut.frame_num: "fade" for cut in cuts if cut.frame_num > begun}


def _through_white(fades: list[Fade], white: np.ndarray) -> dict[int, str]:
    """Return the middle frame of each run of white frames between a fade-out and a fade-in; a flash has no fades."""
    return {
        (out.end_frame + back.first_frame) // 2: "fade"
        for out, back in itertools.pairwise(fades)
        if (out.kind, back.kind) == ("fade out", "fade in") and white[out.end_frame : back.first_frame].all()
    }


def _shot(number: int, first: int, end: int, how: str, repeated: np.ndarray, measured: MeasuredFrames) -> Shot:
    end_pts = int(measured.pts[end]) if end < measured.frame_count else int(measured.end_pts[-1])
    return Shot(
        number=number,
        first_frame=first,
        end_frame=end,
        start_pts=int(measured.pts[first]),
        end_pts=end_pts,
        time_base=str(measured.time_base),
        start_seconds=float(measured.time(first)),
        end_seconds=float(measured.time(end)),
        starts_with=how,  # type: ignore[arg-type]
        distinct_pictures=max(1, int((~repeated[first:end]).sum())),
    )


def read_shots(inputs: Inputs[Any]) -> ShotList:
    """Return the list that `video.shots` made from this source."""
    return from_json(ShotList, json.loads(inputs.results[Shots.name].path("shots.json").read_bytes()))
