"""Plot of a shot's motion: scale, rotation and, along the motion, time to contact, over presentation time."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageDraw

from processors.contract import ReleaseWords
from processors.imaging.lettering import draw_text, shortened, wrapped_to_width
from processors.imaging.picture_title import title_parts
from processors.video.motion.motion_curve import MIN_INLIER_SHARE
from processors.video.motion.region import RegionFacts

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DPI = 100
WIDTH_PX, LEFT_PX, RIGHT_PX = 1000, 88, 980
TOP_PX, PANEL_PX, GAP_PX, BOTTOM_PX = 64, 190, 18, 56
"""Heights of the title, of each panel, of the space between two, and of the time's axis, in px."""
TITLE_PX, TEXT_PX, LINE_PX = 17, 13, 20
STRIP_PX = TOP_PX - 6
"""Height of the two lines of the title, from the upper edge."""
REGION_PX = 200
"""Height of the frame that shows the region."""
LINE = "#31688e"
FEW_AGREE = "#e8e8e8"
MARGIN = 0.05
"""Space left and right, above and below a line, relative to its range."""
MIN_SCALE_RANGE, MIN_DEGREES, MIN_SECONDS = 1.02, 1.0, 0.1
"""Minimum ranges of the axes, so that the noise of a camera that does not move looks like noise."""
TIMES_MEDIAN = 4
"""Multiple of its median above which time to contact is not shown: it is unbounded where the picture hardly grows."""
Ticks = list[tuple[float, str]]
"""Values and their labels."""


@dataclass(frozen=True, kw_only=True)
class PlottedSegment:
    """Lines of one segment; each list has one entry for each of its frames."""

    time_seconds: list[float]
    scale: list[float]
    scale_sigma: list[float]
    rotation_degrees: list[float]
    rotation_sigma_degrees: list[float]
    inlier_share: list[float | None]
    """Share of the features that agree on the motion from the frame before; None for the first frame."""
    time_to_contact_seconds: list[float | None]
    time_to_contact_sigma_seconds: list[float | None]
    missing_pictures: list[int]

    @property
    def missing_before(self) -> list[float]:
        """Return the times of the frames before which pictures seem to be missing."""
        return [time for time, count in zip(self.time_seconds, self.missing_pictures, strict=True) if count]

    @property
    def few_agree(self) -> list[tuple[float, float]]:
        """Return start and end of each step in which fewer than half of the features agree."""
        ends = zip(self.time_seconds, self.time_seconds[1:], self.inlier_share[1:], strict=False)
        return [(start, end) for start, end, share in ends if share is not None and share < MIN_INLIER_SHARE]


@dataclass(frozen=True, kw_only=True)
class PlottedRegion:
    """Region to which the lines refer."""

    facts: RegionFacts
    picture: np.ndarray
    """Frame with the region drawn into it: uint8, shape (height, width, 3), RGB."""
    has_others: bool
    """True if other regions are drawn into it."""


class MotionPlotter:
    """Drawing of the shots of one video, one plot per shot."""

    def __init__(self, file_name: str, words: ReleaseWords) -> None:
        """Prepare the title from the file's name and the release's words."""
        self._title, *self._details = title_parts(file_name, words, None, "video")
        self._figure: Figure | None = None

    def draw(
        self, what: str, curves: Sequence[PlottedSegment], region: PlottedRegion | None = None, note: str = ""
    ) -> bytes:
        """Return the plot as PNG; for the parameters see `figure`."""
        buffer = io.BytesIO()
        self.figure(what, curves, region, note).savefig(buffer, format="png", dpi=DPI, metadata={"Software": None})
        return buffer.getvalue()

    def figure(
        self, what: str, curves: Sequence[PlottedSegment], region: PlottedRegion | None = None, note: str = ""
    ) -> Figure:
        """Return the plot, valid until the next: a line per segment, and as many panels as have one.

        Parameters
        ----------
        what : content of the plot: `shot 2 of 3`.
        curves : the shot's segments, at least one of them of two frames or more.
        region : the part of the picture to which they refer, shown above them; None: the whole.
        note : what disturbs the lines, below them.
        """
        curves = [curve for curve in curves if len(curve.scale) > 1]
        seconds = [value for curve in curves for value in curve.time_to_contact_seconds if value is not None]
        panels = 3 if seconds else 2
        first_px = TOP_PX + (REGION_PX + 2 * GAP_PX if region else 0)
        height_px = first_px + panels * PANEL_PX + (panels - 1) * GAP_PX + BOTTOM_PX
        figure = self._blank(height_px)
        if region:
            self._show(figure, region, height_px)
        start, end = curves[0].time_seconds[0], curves[-1].time_seconds[-1]
        times = linear_ticks(start, end, 9)
        missing = [time for curve in curves for time in curve.missing_before]
        few_agree = [step for curve in curves for step in curve.few_agree]
        for panel in range(panels):
            top = first_px + panel * (PANEL_PX + GAP_PX)
            width, height = (RIGHT_PX - LEFT_PX) / WIDTH_PX, PANEL_PX / height_px
            axes = figure.add_axes((LEFT_PX / WIDTH_PX, 1 - top / height_px - height, width, height))
            (_draw_scale, _draw_rotation, _draw_contact)[panel](axes, curves)
            axes.set_xlim(*_padded(start, end, 0.0))
            _label(axes.xaxis, times if panel == panels - 1 else [(value, "") for value, _ in times])
            for moment in missing:
                axes.axvline(moment, color="black", linestyle=":", linewidth=1)
            for first, last in few_agree:
                axes.axvspan(first, last, color=FEW_AGREE, linewidth=0, zorder=0)
            axes.grid(alpha=0.3)
            axes.tick_params(length=3)
        self._write(figure, (LEFT_PX + RIGHT_PX) / 2, 14, "presentation time (s)", ha="center", va="bottom")
        marks = ["dotted: a picture may be missing"] if missing else []
        self._write(figure, LEFT_PX, 14, "; ".join([*marks, "band: standard error"]), va="bottom")
        if few_agree:
            how = {"ha": "right", "va": "bottom", "transform": figure.axes[-panels].transAxes}
            figure.axes[-panels].text(0.99, 0.03, "grey: fewer than half of the features agree", **how)
        several = f"{len(curves)} segments: each starts at scale 1 and 0 degrees" if len(curves) > 1 else ""
        if note or several:
            self._write(figure, RIGHT_PX, 14, note or several, ha="right", va="bottom")
        # the title may be Chinese, which matplotlib's fonts lack: it is laid over the figure pixel by pixel
        figure.figimage(_title_strip(*self.title(what)), LEFT_PX, height_px - STRIP_PX, origin="upper")
        return figure

    def title(self, what: str) -> tuple[str, str]:
        """Return the two lines of the title, cut off with … where they are wider than the panels."""
        details = " · ".join([f"Motion in {what}", *self._details])
        width_px = RIGHT_PX - LEFT_PX
        return shortened(self._title, width_px, TITLE_PX, is_bold=True), shortened(details, width_px, TEXT_PX)

    def _show(self, figure: Figure, region: PlottedRegion, height_px: int) -> None:
        """Show the region in its frame, below the title, with its description next to it."""
        height, width = region.picture.shape[:2]
        width_px = min(REGION_PX * width / height, (RIGHT_PX - LEFT_PX) / 2)
        shown_px = width_px * height / width
        low = 1 - (TOP_PX + GAP_PX + shown_px) / height_px
        axes = figure.add_axes((LEFT_PX / WIDTH_PX, low, width_px / WIDTH_PX, shown_px / height_px))
        axes.imshow(region.picture, aspect="auto")
        axes.set_axis_off()
        facts, left = region.facts, LEFT_PX + width_px + 2 * GAP_PX
        x, y, across, down = facts.region_px
        lines = (
            f"Region of {across} x {down} px, {x} px from the left, {y} from the top",
            f"{facts.frame_count} frames, {facts.start_seconds:.2f} to {facts.end_seconds:.2f} s",
            *wrapped_to_width(f"Chosen because {facts.chosen_because}", RIGHT_PX - left, TEXT_PX),
            *(["In grey: the other parts, at their own times"] if region.has_others else []),
        )
        for number, line in enumerate(lines):
            self._write(figure, left, height_px - TOP_PX - GAP_PX - number * LINE_PX, line, va="top")

    def _blank(self, height_px: int) -> Figure:
        """Return the only figure, emptied: setting up another takes as long as drawing it."""
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        if self._figure is None:
            self._figure = Figure(dpi=DPI)
            FigureCanvasAgg(self._figure)
        self._figure.clear()
        self._figure.set_size_inches(WIDTH_PX / DPI, height_px / DPI)
        return self._figure

    @staticmethod
    def _write(figure: Figure, x_px: float, y_px: float, text: str, **how: Any) -> None:
        """Write text as it is, without formulas, at px from the lower left corner."""
        width, height = figure.get_size_inches() * DPI
        how = {"fontsize": TEXT_PX * 72 / DPI, **how}
        figure.text(x_px / width, y_px / height, text, parse_math=False, **how)


def _title_strip(name: str, details: str) -> np.ndarray:
    """Return the title's lines, black on white: uint8, shape (STRIP_PX, width of the panels, 3)."""
    strip = Image.new("RGB", (RIGHT_PX - LEFT_PX, STRIP_PX), "white")
    draw = ImageDraw.Draw(strip)
    draw_text(draw, (0, 9), name, (0, 0, 0), TITLE_PX, is_bold=True)
    draw_text(draw, (0, 35), details, (0, 0, 0), TEXT_PX)
    return np.asarray(strip)


def _draw_scale(axes: Any, curves: Sequence[PlottedSegment]) -> None:
    ends = list[float]()
    for curve in curves:
        scale = np.array(curve.scale)
        factor = np.exp(np.array(curve.scale_sigma) / scale)
        ends += np.log([*(scale / factor), *(scale * factor)]).tolist()
        _draw_line(axes, curve.time_seconds, scale, (scale / factor, scale * factor))
    ends = _padded(min(ends), max(ends), math.log(MIN_SCALE_RANGE))
    low, high = math.exp(ends[0]), math.exp(ends[1])
    axes.set_yscale("log")
    axes.set_ylim(low, high)
    axes.minorticks_off()
    _label(axes.yaxis, scale_ticks(low, high))
    axes.set_ylabel("scale since the first frame")


def _draw_rotation(axes: Any, curves: Sequence[PlottedSegment]) -> None:
    ends = list[float]()
    for curve in curves:
        turned, sigma = np.array(curve.rotation_degrees), np.array(curve.rotation_sigma_degrees)
        ends += [*(turned - sigma), *(turned + sigma)]
        _draw_line(axes, curve.time_seconds, turned, (turned - sigma, turned + sigma))
    low, high = _padded(min(ends), max(ends), MIN_DEGREES)
    axes.set_ylim(low, high)
    _label(axes.yaxis, linear_ticks(low, high, 5))
    axes.set_ylabel("rotation (degrees)")


def _draw_contact(axes: Any, curves: Sequence[PlottedSegment]) -> None:
    lines = [np.array(curve.time_to_contact_seconds, float) for curve in curves]  # None becomes NaN, a gap in the line
    for curve, seconds in zip(curves, lines, strict=True):
        sigma = np.array(curve.time_to_contact_sigma_seconds, float)
        _draw_line(axes, curve.time_seconds, seconds, (seconds - sigma, seconds + sigma))
    values = np.concatenate(lines)
    values = values[np.isfinite(values)]
    limit = TIMES_MEDIAN * float(np.median(values))
    low, high = _padded(float(values.min()), min(float(values.max()), limit), MIN_SECONDS)
    axes.set_ylim(max(0.0, low), high)
    _label(axes.yaxis, linear_ticks(max(0.0, low), high, 5))
    axes.set_ylabel("time to contact (s)")
    if values.max() > limit:
        above = f"more than {limit:.3g} s is not shown"
        axes.text(0.99, 0.95, above, ha="right", va="top", transform=axes.transAxes)


def _draw_line(axes: Any, times: list[float], values: np.ndarray, band: tuple[np.ndarray, np.ndarray]) -> None:
    """Draw a line, and the band of its standard error."""
    axes.fill_between(times, *band, color=LINE, alpha=0.25, linewidth=0)
    axes.plot(times, values, color=LINE, linewidth=1.6)


def _padded(low: float, high: float, min_range: float) -> tuple[float, float]:
    """Return the ends of an axis: with a margin, and not closer than `min_range`."""
    more = max((high - low) * MARGIN, (min_range - (high - low)) / 2)
    return low - more, high + more


def _label(axis: Any, ticks: Ticks) -> None:
    axis.set_ticks([value for value, _ in ticks], [text for _, text in ticks])


def linear_ticks(low: float, high: float, at_most: int) -> Ticks:
    """Return round values from `low` to `high`, at most one more than `at_most`, with as many decimals as they need."""
    from matplotlib.ticker import MaxNLocator

    values = MaxNLocator(nbins=at_most, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
    values = [float(value) for value in values if low <= value <= high]
    step = values[1] - values[0] if len(values) > 1 else high - low
    decimals = next((n for n in range(9) if abs(round(step, n) - step) < step / 1000), 9)
    return [(value, f"{value + 0.0:.{decimals}f}".replace("-", "−")) for value in values]


def scale_ticks(low: float, high: float) -> Ticks:
    """Return round values from `low` to `high` for a logarithmic axis, at least a twelfth of it apart."""
    decades = math.log10(high / low)
    if decades < math.log10(4):
        return linear_ticks(low, high, 5)
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    steps, every = ((1, 2, 5), 1) if decades <= 3 else ((1,), math.ceil(decades / 10))
    values = [step * 10.0**power for power in range(first, last + 1, every) for step in steps]
    return [(value, f"{value:g}") for value in values if low <= value <= high]
