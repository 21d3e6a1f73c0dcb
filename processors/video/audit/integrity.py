"""Audit: declared and decoded contents, repetition, overlays, and whether motion may be measured."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from processors.contract import Inputs, Item, Processor, Reads, require
from processors.json_records import Json, as_json, from_json
from processors.runs_of_true import runs_of_true
from processors.tables import Column, Table, csv_item
from processors.video.audit.bars_and_overlays import Box, StaticRegions, still_parts
from processors.video.audit.findings import Findings, FrameSpan, verdict_words
from processors.video.audit.measured_frames import MeasuredFrames, video_report
from processors.video.audit.measurements import Measurements
from processors.video.audit.pixel_statistics import SPECTRUM_BANDS, PixelStatistics
from processors.video.audit.repeated_frames import RepeatedRun, empty_frames, repeated_frames, repeated_runs
from processors.video.reading.video_info import VideoReport, many

MAX_RATE_HZ = 10_000.0
"""Maximum plausible rate: videos of faster cameras are written for players, which reach 1000 frames/s at most."""

DETAIL_POWER = 2.0
"""Power, in levels squared, below which a band of the spectrum holds coding noise and no detail."""

MIN_POWER = 3000.0
"""Minimum power of the strongest band. The power of natural pictures falls with the frequency squared (Field 1987,
doi:10.1364/JOSAA.4.002379): a weaker one falls below the noise before 0.6 of its resolution, however sharp it is."""


JUMP_SECONDS = 10.0
"""Minimum length of a jump of the clock, in s: FFmpeg's own value (`dts_delta_threshold`)."""
JUMP_FRAMES = 50
"""Minimum length of a jump in usual picture durations: a slide show also pauses."""
MAX_JUMPS = 10
"""Maximum number of jumps; more of them are part of the file's design."""


HELD_RUNS = Table(
    item="held_runs.csv",
    title="Held pictures",
    row="a picture that is shown for more than one frame, in order of presentation",
    columns=(
        Column("first_frame", "1", "number of its first frame, counted in order of presentation from 0"),
        Column("frame_count", "1", "number of frames that show it"),
        Column("start_pts", "ticks", "presentation time of its first frame"),
        Column("start_seconds", "s", "presentation time of its first frame"),
        Column("end_seconds", "s", "presentation time of the first frame after it"),
    ),
)


@dataclass(frozen=True, kw_only=True)
class Audit:
    """Verdict of an audit; included in the facts of results made from the source."""

    words: str
    """Description of the video for people."""
    motion_may_be_measured: bool
    motion_refused_because: tuple[str, ...]
    is_complete: bool
    """True if nothing is missing, damaged or cut off, as far as the container shows."""
    is_stop_motion: bool
    distinct_per_second: float | None
    picture_box: Box | None


@dataclass(frozen=True, kw_only=True)
class Integrity:
    """Audit of a video from its measurements and the reader's report.

    Items: `integrity.json` (`Audit` and `Findings`), `held_runs.csv` (each picture shown for more than one frame).
    """

    name: ClassVar[str] = "video.integrity"
    version: ClassVar[int] = 8
    reads: ClassVar[Reads] = "results"
    tables: ClassVar[tuple[Table, ...]] = (HELD_RUNS,)

    held_levels: float = 4.0
    """Maximum average change of any 8 px block in a frame that repeats the one before; luma levels of 255."""
    held_share_at_most: float = 0.2
    """Maximum share of repeating frames for measuring motion; 0 to 1."""
    damaged_share_at_most: float = 0.05
    soft_below: float = 0.6
    """Share of the resolution, 0 to 1; a picture with detail in less of it shows signs of upscaling."""
    measurements: Measurements = field(default_factory=Measurements)

    def __post_init__(self) -> None:
        require(0 < self.held_levels <= 64, "held_levels", self.held_levels, "must be above 0 and at most 64")
        for name in ("held_share_at_most", "damaged_share_at_most", "soft_below"):
            require(0 <= getattr(self, name) <= 1, name, getattr(self, name), "must be from 0 to 1")

    def inputs(self) -> tuple[Processor, ...]:
        return (self.measurements,)

    def items(self, inputs: Inputs[None], scratch: Path) -> Iterator[Item]:
        """Yield the findings, from results alone."""
        measured = MeasuredFrames.of(inputs)
        repeated = repeated_frames(measured, self.held_levels)
        found = findings(measured, repeated, video_report(inputs))
        audit = self.audit(found, _absurd_times(measured, found.frame_rate_hz), (measured.width_px, measured.height_px))
        text = json.dumps({"audit": as_json(audit)} | _fields(found), indent=1, ensure_ascii=False)
        yield Item(name="integrity.json", media_type="application/json", data=text.encode(), facts=audit)
        held = (run for run in repeated_runs(repeated) if run.frame_count > 1)
        yield csv_item(HELD_RUNS, (_held_row(run, measured) for run in held))

    def audit(self, found: Findings, absurd: str | None, size_px: tuple[int, int]) -> Audit:
        """Return the verdict on the findings; `absurd`: reason why the times cannot be those of pictures."""
        refused = [*self._motion_refusals(found), *([absurd] if absurd else [])]
        lit = found.frame_count_decoded - found.frame_count_black
        return Audit(
            words=" ".join(verdict_words(found, size_px, self.soft_below, absurd, refused)),
            motion_may_be_measured=not refused,
            motion_refused_because=tuple(refused),
            is_complete=not (
                found.truncated_because
                or found.unread_because
                or found.tables_disagree
                or found.damaged_or_missing
                or absurd
                or found.decoder_errors
                or found.damaged_byte_count
                or found.frame_count_gone
                or found.frame_count_without_time
            ),
            is_stop_motion=lit > 0 and found.frame_count_held > self.held_share_at_most * lit,
            distinct_per_second=found.distinct_per_second,
            picture_box=found.still.picture_box,
        )

    def _motion_refusals(self, found: Findings) -> Iterator[str]:
        lit, held = found.frame_count_decoded - found.frame_count_black, found.frame_count_held
        gone = (found.frame_count_lost or 0) + found.frame_count_gone + found.frame_count_without_time
        bad = found.frame_count_corrupt + found.frame_count_after_damage + gone
        whole = found.frame_count_decoded + gone
        if lit < 3:
            yield f"only {many(lit, 'frame')} show{'s' * (lit == 1)} anything" if lit else "no frame shows anything"
        elif held > self.held_share_at_most * lit:
            yield f"{held} of {lit} frames repeat the one before: the times of the pictures are not those of the camera"
        if bad > self.damaged_share_at_most * whole:
            yield f"{bad} of {whole} frames are damaged, depend on damaged ones, or are missing"


def static_regions(inputs: Inputs[Any]) -> StaticRegions:
    """Return the bars and overlays that `video.integrity` detected in this source."""
    record = json.loads(inputs.results[Integrity.name].path("integrity.json").read_bytes())
    return from_json(StaticRegions, record["still"])


def findings(measured: MeasuredFrames, repeated: np.ndarray, report: VideoReport) -> Findings:
    """Combine the measurements and the reader's report."""
    count, held = measured.frame_count, int(repeated.sum())
    shown = float(measured.time(count) - measured.time(0)) if count else None
    why_cut = report.truncated_because
    return Findings(
        frame_count_declared=report.frame_count_from_header,
        frame_count_hidden=report.frame_count_hidden,
        frame_count_decoded=count,
        frame_count_distinct=count - held,
        frame_count_held=held,
        frame_count_black=int(empty_frames(measured).sum()),
        frame_count_lost=report.frame_count_lost,
        frame_count_gone=report.frame_count_gone,
        frame_count_corrupt=report.frame_count_corrupt,
        frame_count_after_damage=int((measured.is_damaged & ~measured.column("is_corrupt").astype(bool)).sum()),
        frame_count_without_time=report.frame_count_without_time,
        frame_count_interlaced=int(measured.column("is_interlaced").sum()),
        duration_declared_seconds=_seconds(report.duration_seconds_from_header),
        duration_decoded_seconds=shown,
        frame_rate_hz=round(count / shown, 3) if shown else None,
        distinct_per_second=round((count - held) / shown, 3) if shown else None,
        damaged_or_missing=_damage(measured),
        damaged_byte_count=report.damaged_byte_count,
        decoder_errors=report.decoder_errors,
        first_error=report.first_error,
        is_truncated=why_cut is not None,
        truncated_because=why_cut,
        unread_because=report.unread_because,
        tables_disagree=report.tables_disagree,
        has_alpha=report.has_alpha,
        joined_at_seconds=tuple(float(seconds) for seconds in report.joined_at_seconds),
        edits_not_followed=report.edits_not_followed,
        jumps=_jumps(measured),
        still=still_parts(measured.statistics, measured.width_px, measured.height_px),
        detail_share=_detail_share(measured.statistics),
    )


def _seconds(time: Fraction | None) -> float | None:
    return None if time is None else float(time)


def _fields(found: Findings) -> dict[str, Json]:
    fields = as_json(found)
    assert isinstance(fields, dict)
    return fields


def _jumps(measured: MeasuredFrames) -> tuple[FrameSpan, ...]:
    """Return pictures shown for so long that the file's clock must have jumped ahead, rather than paused."""
    between = np.diff(measured.pts)
    ahead = between[between > 0]
    if not ahead.size:
        return ()
    least = max(JUMP_SECONDS / float(measured.time_base), JUMP_FRAMES * float(np.median(ahead)))
    found = np.flatnonzero(between > least).tolist()[:MAX_JUMPS]
    return tuple(
        FrameSpan(start_seconds=float(measured.time(number)), end_seconds=float(measured.time(number + 1)))
        for number in found
    )


def _damage(measured: MeasuredFrames) -> tuple[FrameSpan, ...]:
    """Return lost frames from the reader's report, and damaged ones with those that depend on them, in order."""
    spans = [FrameSpan(start_seconds=a, end_seconds=b) for a, b in (*measured.lost_seconds, *measured.unsure_seconds)]
    for first, end in runs_of_true(measured.is_damaged):
        start, end_pts = measured.time(first), int(measured.end_pts[end - 1])
        spans.append(FrameSpan(start_seconds=float(start), end_seconds=float(end_pts * measured.time_base)))
    joined: list[FrameSpan] = []
    for span in sorted(spans, key=lambda span: span.start_seconds):
        if joined and span.start_seconds <= joined[-1].end_seconds:
            end_seconds = max(joined[-1].end_seconds, span.end_seconds)
            joined[-1] = FrameSpan(start_seconds=joined[-1].start_seconds, end_seconds=end_seconds)
        else:
            joined.append(span)
    return tuple(joined[:100])


def _detail_share(statistics: PixelStatistics | None) -> float | None:
    """Return the share, of half a cycle per pixel, up to which the power exceeds coding noise, along the better axis.

    None for a picture that is too small, too dark or too plain for a measurement.
    """
    if statistics is None:
        return None
    known = [spectrum for spectrum in (statistics.spectrum_x, statistics.spectrum_y) if spectrum.max() >= MIN_POWER]
    ends = [np.flatnonzero(spectrum > DETAIL_POWER)[-1:].sum() + 1 for spectrum in known]
    return round(float(max(ends)) / SPECTRUM_BANDS, 3) if ends else None


def _absurd_times(measured: MeasuredFrames, rate_hz: float | None) -> str | None:
    """Return the reason why the times cannot be those of pictures; None if they can."""
    between = np.diff(measured.pts)
    usual_seconds = float(np.median(between) * measured.time_base) if len(between) else 0.0
    rates_hz = (
        rate_hz or 0.0,
        1 / usual_seconds if usual_seconds > 0 else 0.0,
    )  # one long frame hides it from the mean
    if max(rates_hz) > MAX_RATE_HZ:
        return f"{max(rates_hz):,.0f} frames a second: the file's time scale is wrong"
    steps = int((between <= 0).sum())
    return (
        f"at {many(steps, 'place')} the times stand still or go back: the file's table of times is wrong"
        if steps
        else None
    )


def _held_row(run: RepeatedRun, measured: MeasuredFrames) -> tuple[int | float, ...]:
    start, end = measured.time(run.first_frame), measured.time(run.end_frame)
    return run.first_frame, run.frame_count, int(measured.pts[run.first_frame]), float(start), float(end)
