"""Shots as timelines for editing programs, which link to the video by its name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import floor
from pathlib import Path
from typing import Any, ClassVar

from processors.contract import Inputs, Item, Processor, Reads, ReleaseContext
from processors.errors import RefusedMedia
from processors.video.audit.measured_frames import MeasuredFrames, video_report
from processors.video.reading.time_code import TimeCode, can_drop, parsed, usual_rate
from processors.video.shots.edl import edit_decision_list
from processors.video.shots.otio import otio_timeline
from processors.video.shots.shots import Shots, read_shots

MIN_RATE_HZ, MAX_RATE_HZ = 1, 120
"""Rates for which a time code can count pictures; for others it counts 25 per second."""
UNNAMED = "source"


@dataclass(frozen=True, kw_only=True)
class TimelineFacts:
    shot_count: int


@dataclass(frozen=True, kw_only=True)
class Timeline:
    """Shots as `shots.edl` (CMX 3600) and `shots.otio` (OpenTimelineIO), which name the video by its file.

    Apart from `video.shots`, so that a renamed video has new timelines, and is not measured again. Each path of the
    same bytes has its own, as editing programs find the video by the name that it has there.
    """

    name: ClassVar[str] = "video.timeline"
    version: ClassVar[int] = 1
    reads: ClassVar[Reads] = "results"
    of_sighting: ClassVar[bool] = True

    file_name: str = ""
    """Name of the video, to which editing programs link. Empty: that of the file in raw."""
    shots: Shots = field(default_factory=Shots)

    def for_release(self, context: ReleaseContext) -> Timeline:
        """Return this processor with the name of the video."""
        return replace(self, file_name=self.file_name or context.file_name)

    def inputs(self) -> tuple[Processor, ...]:
        return (self.shots.integrity.measurements, self.shots)

    def items(self, inputs: Inputs[None], scratch: Path) -> Iterator[Item]:
        found, measured, name = read_shots(inputs), MeasuredFrames.of(inputs), self.file_name or UNNAMED
        if not found.shots:
            raise RefusedMedia("it has no shots", "a timeline needs frames")
        (origin, first), facts = first_time_code(inputs, measured), TimelineFacts(shot_count=len(found.shots))
        spans = [(measured.time(shot.first_frame), measured.time(shot.end_frame)) for shot in found.shots]
        data = edit_decision_list(spans, first, origin, name).encode()
        yield Item(name="shots.edl", media_type="text/plain", data=data, facts=facts)
        named = [(f"shot {number}", *span) for number, span in enumerate(spans, start=1)]
        fades = [
            (fade.kind, measured.time(fade.first_frame), measured.time(fade.end_frame)) for fade in found.transitions
        ]
        data = otio_timeline(named, fades, first, origin, name, measured.time_base).encode()
        yield Item(name="shots.otio", media_type="application/json", data=data, facts=facts)


def first_time_code(inputs: Inputs[Any], measured: MeasuredFrames) -> tuple[Fraction, TimeCode]:
    """Return a presentation time in seconds and its time code: the file's own, else that of the first decoded picture.

    The file's own is that of its first picture, which need not decode.

    At 29.97 and 59.94 pictures per second, a code not from the file drops numbers, to stay in step with the clock.
    """
    count, shown = measured.frame_count, measured.time(measured.frame_count) - measured.time(0)
    rate_hz = usual_rate(Fraction(count) / shown, 2 * measured.time_base / shown) if shown else Fraction(25)
    if not MIN_RATE_HZ <= rate_hz <= MAX_RATE_HZ:
        rate_hz = Fraction(25)
    report, first = video_report(inputs), measured.time(0)
    if said := parsed(str(report.start_time_code), rate_hz):
        return first if report.start_time_code_seconds is None else report.start_time_code_seconds, said
    number = floor(max(first, Fraction(0)) * rate_hz + Fraction(1, 2))
    return first, TimeCode(frame_number=number, rate_hz=rate_hz, is_drop=can_drop(rate_hz))
