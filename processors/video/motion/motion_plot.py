"""Plots of the measured motion, with the release's texts: for other texts they are redrawn without a measurement."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow.parquet as pq
from PIL import Image

from processors.contract import Inputs, Item, Processor, Reads, ReleaseContext, ReleaseWords, UsedResult
from processors.errors import RefusedMedia
from processors.video.motion.motion import Motion, MotionFacts
from processors.video.motion.motion_table import MOTION
from processors.video.motion.plot_drawing import MotionPlotter, PlottedRegion, PlottedSegment
from processors.video.motion.shot_summary import ShotMotion, refusal_of

COLUMNS = (
    "shot",
    "segment",
    "time_seconds",
    "scale",
    "scale_sigma",
    "rotation_degrees",
    "rotation_sigma_degrees",
    "inlier_share",
    "time_to_contact_seconds",
    "time_to_contact_sigma_seconds",
    "missing_pictures",
)


@dataclass(frozen=True, kw_only=True)
class MotionPlot:
    """Plot of each shot whose motion is given, as `motion_<shot>.png`.

    Refused if `video.motion` gives totals of no shot: a curve of parts that move differently would mislead.
    """

    name: ClassVar[str] = "video.motion_plot"
    version: ClassVar[int] = 10
    reads: ClassVar[Reads] = "results"

    motion: Motion = field(default_factory=Motion)
    words: ReleaseWords | None = None
    """Texts of the release for the titles. None: those that the release states, if any."""
    file_name: str = ""
    """Name of the file, for the titles. Empty: that of the file in raw."""

    def for_release(self, context: ReleaseContext) -> MotionPlot:
        """Return this processor with the release's texts and the file's name for the titles."""
        words = context.words if context.words != ReleaseWords() else None
        return replace(self, words=self.words or words, file_name=self.file_name or context.file_name)

    def inputs(self) -> tuple[Processor, ...]:
        return (self.motion,)

    def items(self, inputs: Inputs[None], scratch: Path) -> Iterator[Item]:
        measured = inputs.results[Motion.name]
        facts = measured.facts(MOTION.item, MotionFacts)
        shown = [shot for shot in facts.shots if shot.refused_because is None]
        if not shown:
            raise RefusedMedia("the motion of no shot can be plotted", refusal_of(facts.shots))
        lines = _segments(measured.path(MOTION.item))
        plotter = MotionPlotter(self.file_name, self.words or ReleaseWords())
        for shot in shown:
            what = f"shot {shot.shot} of {facts.shot_count}"
            picture = plotter.draw(what, lines[shot.shot], _region(shot, measured), _note(shot))
            yield Item(name=f"motion_{shot.shot:04d}.png", media_type="image/png", data=picture, facts=shot)


def _segments(path: Path) -> dict[int, list[PlottedSegment]]:
    with pq.ParquetFile(path) as file:
        table: dict[str, list[Any]] = file.read(list(COLUMNS)).to_pydict()
    shots = np.array(table.pop("shot"), int)
    numbers = np.array(table.pop("segment"), int)
    starts = np.flatnonzero(np.diff(shots, prepend=-1) | np.diff(numbers, prepend=-1)).tolist()
    found = dict[int, list[PlottedSegment]]()
    for start, end in zip(starts, [*starts[1:], len(shots)], strict=True):
        lines = PlottedSegment(**{name: values[start:end] for name, values in table.items()})
        found.setdefault(int(shots[start]), []).append(lines)
    return found


def _note(shot: ShotMotion) -> str:
    """Return what disturbs the measurement, in words; empty if nothing does."""
    frames = shot.steps_repeat_after_frames
    return f"steps repeat every {frames} frames: taken or coded unevenly" if frames else ""


def _region(shot: ShotMotion, measured: UsedResult) -> PlottedRegion | None:
    if shot.region is None:
        return None
    with Image.open(measured.path(f"region_{shot.shot:04d}.jpg")) as opened:
        return PlottedRegion(
            facts=shot.region, picture=np.asarray(opened.convert("RGB")), has_others=bool(shot.other_regions)
        )
