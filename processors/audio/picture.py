"""A spectrogram for people: time, frequency, a colour bar with its unit, and the codec's edge marked."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from processors.audio.power_file import frames_of
from processors.audio.spectra import Spectra
from processors.audio.spectrogram import OVERVIEW
from processors.contract import Item, Need, Reads, Using, require

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SECONDS_PER_SOL_SECOND = 1.0274912517
"""A mean solar second on Mars, in SI seconds (Allison & McEwan 2000, doi:10.1016/S0032-0633(99)00092-6)."""
FLOOR = 1e-30
PICTURE = "spectrogram.png"


@dataclass(frozen=True, kw_only=True)
class PictureFacts:
    """What is drawn."""

    width_px: int
    height_px: int
    plot_left_px: float
    """Where the source's `start_seconds` stands; `plot_right_px` is `end_seconds`."""
    plot_right_px: float
    plot_top_px: float
    plot_bottom_px: float
    start_seconds: float
    end_seconds: float
    lowest_hz: float
    highest_hz: float
    bottom_db: float
    top_db: float
    unit: str
    cutoff_hz: float | None


@dataclass(frozen=True, kw_only=True)
class Picture:
    """The whole recording in one picture, made from the measured spectrogram without decoding."""

    name: ClassVar[str] = "audio.spectrogram_picture"
    version: ClassVar[int] = 1
    reads: ClassVar[Reads] = "results"

    spectra: Spectra = field(default_factory=Spectra)
    range_db: float = 90.0
    """From the loudest value down to this far below it."""
    frequency_axis: Literal["linear", "log"] = "linear"
    start_utc: str | None = None
    """When the source's time 0 was, ISO 8601 with an offset; adds an axis in UTC. None: not known."""
    start_mars_seconds: float | None = None
    """Local mean solar time at the source's time 0, seconds of the sol; adds an axis in local Mars time."""

    def __post_init__(self) -> None:
        require(10 <= self.range_db <= 200, "range_db", self.range_db, "must be from 10 to 200")
        require(
            self.frequency_axis in ("linear", "log"), "frequency_axis", self.frequency_axis, "must be linear or log"
        )
        if self.start_utc is not None:
            zoned = datetime.fromisoformat(self.start_utc).tzinfo is not None
            require(zoned, "start_utc", self.start_utc, "must carry an offset from UTC")
        if self.start_mars_seconds is not None:
            within = 0 <= self.start_mars_seconds < 86400
            require(within, "start_mars_seconds", self.start_mars_seconds, "must be from 0 to just below 86400")

    def uses(self) -> tuple[Any, ...]:
        return (self.spectra.spectrogram, self.spectra)

    def needs(self, info: Using) -> Need:
        return Need()

    def start(self, info: Using, scratch: Path) -> _Session:
        return _Session(self, info)


class _Session:
    def __init__(self, processor: Picture, info: Using) -> None:
        self._processor = processor
        measured = info.results[processor.spectra.spectrogram.name]
        self._overview = measured.path(OVERVIEW)
        self._facts: Any = measured.facts(OVERVIEW)
        self._spectra: Any = info.results[processor.spectra.name].facts("spectra.csv")

    def feed(self, unit: object) -> Iterator[Item]:
        yield from ()

    def finish(self) -> Iterator[Item]:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        facts = self._facts
        power = np.concatenate([run.power for run in frames_of(self._overview)], axis=1)
        levels_db = 10 * np.log10(np.maximum(power, FLOOR))
        top_db = float(np.ceil(levels_db.max() / 5) * 5) if power.max() > 0 else 0.0
        bottom_db = top_db - self._processor.range_db
        start = facts["first_frame_seconds"]
        end = start + facts["sample_count"] / facts["rate_hz"]
        figure = Figure(figsize=(16, 4 + 4 * len(levels_db)), dpi=100, layout="constrained")
        FigureCanvasAgg(figure)
        panels = figure.subplots(len(levels_db), 1, squeeze=False, sharex=True)[:, 0]
        cutoffs = [channel["cutoff"] for channel in self._spectra["channels"]]
        unit = UNIT[facts["scaling"]].format(facts["band_width_hz"])
        drawn = None
        for number, axes in enumerate(panels):
            drawn = self._panel(axes, levels_db[number], bottom_db, top_db)
            if len(panels) > 1:
                axes.set_title(f"channel {number}", loc="left", fontsize="medium")
            if cutoffs[number]:
                _mark(axes, cutoffs[number], figure)
        panels[-1].set_xlabel("time in the source (s)")
        self._other_times(panels)
        figure.colorbar(drawn, ax=list(panels), pad=0.01).set_label(unit)  # type: ignore[arg-type]
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", metadata={"Software": None})
        width, height = (round(side * 100) for side in figure.get_size_inches())
        first, last = panels[0].get_window_extent(), panels[-1].get_window_extent()
        start, end = panels[0].get_xlim()
        made = PictureFacts(
            plot_left_px=float(first.x0), plot_right_px=float(first.x1),
            plot_top_px=float(height - first.y1), plot_bottom_px=float(height - last.y0),
            width_px=width, height_px=height, start_seconds=start, end_seconds=end, lowest_hz=self._lowest_hz(),
            highest_hz=facts["rate_hz"] / 2, bottom_db=bottom_db, top_db=top_db, unit=unit,
            cutoff_hz=cutoffs[0]["hz"] if cutoffs[0] else None,
        )  # fmt: skip
        yield Item(name=PICTURE, media_type="image/png", data=buffer.getvalue(), facts=made)

    def _lowest_hz(self) -> float:
        return self._facts["band_width_hz"] if self._processor.frequency_axis == "log" else 0.0

    def _panel(self, axes: Axes, levels_db: np.ndarray, bottom_db: float, top_db: float) -> Any:
        """Draw frames, shape (columns, bands), and name the axes."""
        facts = self._facts
        half = facts["hop_seconds"] / 2
        start = facts["first_frame_seconds"] - half
        step = facts["hop_seconds"] * facts["frames_per_overview_column"]
        highest = facts["rate_hz"] / 2
        picture, low, high = levels_db.T, -facts["band_width_hz"] / 2, highest + facts["band_width_hz"] / 2
        if self._processor.frequency_axis == "log":
            low, high = np.log10([self._lowest_hz(), highest])
            rows = 10 ** np.linspace(low, high, 800) / facts["band_width_hz"]
            picture = picture[np.minimum(np.rint(rows).astype(int), len(picture) - 1)]
        end = start + facts["frame_count"] * facts["hop_seconds"]
        columns = facts["frame_count"] / facts["frames_per_overview_column"]
        drawn = axes.imshow(
            picture, origin="lower", aspect="auto", cmap="viridis", vmin=bottom_db, vmax=top_db,
            extent=(start, start + levels_db.shape[0] * step, low, high),
            interpolation="nearest" if columns < 600 else "antialiased",
        )  # fmt: skip
        shown_end = max(facts["sample_count"] / facts["rate_hz"] + facts["first_frame_seconds"], start + step / 2)
        axes.set_xlim(facts["first_frame_seconds"], min(end, shown_end) if end > start else None)
        axes.set_ylim(low if self._processor.frequency_axis == "log" else 0, high)
        self._frequency_axis(axes, highest)
        return drawn

    def _frequency_axis(self, axes: Axes, highest_hz: float) -> None:
        if self._processor.frequency_axis == "log":
            ticks = [d * 10**e for e in range(7) for d in (1, 2, 5) if self._lowest_hz() <= d * 10**e <= highest_hz]
            axes.set_yticks([float(np.log10(hz)) for hz in ticks], [f"{hz:g}" for hz in ticks])
            axes.set_ylabel("frequency (Hz, log)")
        else:
            axes.yaxis.set_major_formatter(lambda hz, _: f"{hz / 1000:g}")
            axes.set_ylabel("frequency (kHz)")

    def _other_times(self, panels: Any) -> None:
        """Axes above the first panel for the clocks that are known."""
        place = 1.0
        if self._processor.start_utc is not None:
            zero = datetime.fromisoformat(self._processor.start_utc).astimezone(UTC)
            axis = panels[0].secondary_xaxis(place)
            axis.xaxis.set_major_formatter(
                lambda s, _: (zero + timedelta(seconds=float(s))).strftime("%H:%M:%S.%f")[:-4]
            )
            axis.set_xlabel(f"UTC, {zero:%Y-%m-%d}")
            place += 0.12
        if self._processor.start_mars_seconds is not None:
            first = self._processor.start_mars_seconds
            axis = panels[0].secondary_xaxis(place)
            axis.xaxis.set_major_formatter(lambda s, _: _clock(first + float(s) / SECONDS_PER_SOL_SECOND))
            axis.set_xlabel("local mean solar time")


UNIT = {
    "power": "power in a band of {:.4g} Hz (dBFS; 0: full-scale sine)",
    "density": "power spectral density (dBFS/Hz; bands {:.4g} Hz apart)",
}


def _mark(axes: Axes, cutoff: dict[str, float], figure: Figure) -> None:
    """A line at the codec's edge, with its frequency, readable on every colour."""
    from matplotlib import patheffects

    place = np.log10(cutoff["hz"]) if "log" in axes.get_ylabel() else cutoff["hz"]
    axes.axhline(place, color="white", linestyle="--", linewidth=1)
    text = axes.annotate(
        f"cut off at {cutoff['hz'] / 1000:.1f} kHz (codec or filter, not the source)",
        (0.995, place), xycoords=("axes fraction", "data"), ha="right", va="bottom", color="white", fontsize=9,
    )  # fmt: skip
    text.set_path_effects([patheffects.withStroke(linewidth=2, foreground="black")])


def _clock(seconds: float) -> str:
    whole = int(seconds % 86400)
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{seconds % 60:05.2f}"
