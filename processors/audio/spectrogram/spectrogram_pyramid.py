"""Picture pyramid of a long recording, to open and zoom even a whole day: tiles and a page in one archive."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import numpy as np
from PIL import Image

from processors.audio.canvas import colour_numbers, palette
from processors.audio.spectrogram.frequency_axis import SILENT_POWER, lowest_band
from processors.audio.spectrogram.level_range import level_range
from processors.audio.spectrogram.netcdf import power_frames
from processors.audio.spectrogram.panel import FLOOR
from processors.audio.spectrogram.pyramid_viewer import PAGE
from processors.audio.spectrogram.spectrogram import ARRAY, OVERVIEW, Spectrogram, SpectrogramFacts
from processors.audio.spectrogram.spectrogram_picture import UNIT
from processors.audio.spectrogram.stft import window_of
from processors.containers.zip_members import zip_member
from processors.contract import Inputs, Item, Reads, require
from processors.imaging.image_writer import encode
from processors.json_records import as_json

TILE_COLUMNS = 512
"""Width of a tile, in columns."""


@dataclass(frozen=True, kw_only=True)
class Level:
    """Level of the pyramid; tile `n` is `level/n.webp`, and all but the last are `tile_columns` wide."""

    seconds_per_column: float
    columns: int
    tiles: int


@dataclass(frozen=True, kw_only=True)
class PyramidFacts:
    """Contents of `pyramid.json`: a column is the mean power of its time, the mean of all channels."""

    is_tiled: bool
    reason: str | None
    start_seconds: float
    """Start of the first column of every level, in s."""
    end_seconds: float
    highest_hz: float
    """Frequency at the top; 0 Hz is at the bottom."""
    rows: int
    tile_columns: int
    bottom_db: float
    top_db: float
    unit: str
    levels: tuple[Level, ...]
    """Levels, the finest first; each has half as many columns as the one before, the last is one tile."""


@dataclass(frozen=True, kw_only=True)
class SpectrogramPyramid:
    """`pyramid.zip` for a long recording; unpack it and open `index.html`. For a short one only `pyramid.json`."""

    name: ClassVar[str] = "audio.spectrogram_pyramid"
    version: ClassVar[int] = 4
    reads: ClassVar[Reads] = "results"

    least_seconds: float = 1800.0
    """Minimum duration, in s; shorter recordings fit one picture."""
    seconds_per_column: float = 0.05
    """Duration of a column of the finest level, in s, rounded to whole frames of the spectrogram."""
    rows: int = 512
    range_db: float = 80.0
    """Maximum range of the colours, in dB, by the same rule as in the picture."""
    quality: int = 80
    spectrogram: Spectrogram = field(default_factory=Spectrogram)

    def __post_init__(self) -> None:
        require(self.least_seconds >= 0, "least_seconds", self.least_seconds, "must be 0 or more")
        require(self.seconds_per_column > 0, "seconds_per_column", self.seconds_per_column, "must be above 0")
        require(16 <= self.rows <= 4096, "rows", self.rows, "must be from 16 to 4096")
        require(10 <= self.range_db <= 200, "range_db", self.range_db, "must be from 10 to 200")
        require(1 <= self.quality <= 95, "quality", self.quality, "must be from 1 to 95")
        require(self.spectrogram.keep == "array", "spectrogram", self.spectrogram.keep, "must keep the array")

    def inputs(self) -> tuple[Spectrogram, ...]:
        return (self.spectrogram,)

    def items(self, inputs: Inputs[None], scratch: Path) -> Iterator[Item]:
        """Yield the archive, or the reason why there is none."""
        return _PyramidMaker(self, inputs, scratch).items()


class _PyramidMaker:
    def __init__(self, processor: SpectrogramPyramid, inputs: Inputs[None], scratch: Path) -> None:
        result = inputs.results[processor.spectrogram.name]
        self._processor, self._array, self._path = processor, result.path(ARRAY), scratch / "pyramid.zip"
        self._facts = result.facts(ARRAY, SpectrogramFacts)
        overview = np.concatenate([run.power for run in power_frames(result.path(OVERVIEW))], axis=1)
        window = window_of(processor.spectrogram.window, self._facts.window_samples)
        shown = overview.mean(axis=0)[:, lowest_band(window) :]
        levels_db = 10 * np.log10(shown[shown >= SILENT_POWER])
        self._bottom_db, self._top_db = level_range(levels_db, processor.range_db)
        self._frames_per_column = max(1, round(processor.seconds_per_column / self._facts.hop_seconds))
        self._colours = palette()

    def items(self) -> Iterator[Item]:
        facts, processor = self._facts, self._processor
        seconds = facts.sample_count / facts.rate_hz
        if seconds < processor.least_seconds:
            made = self._made((), f"shorter than {processor.least_seconds:g} s")
            yield Item.of_json("pyramid.json", made, facts=made)
            return
        with zipfile.ZipFile(self._path, "w", zipfile.ZIP_STORED) as archive:
            made = self._made(tuple(self._levels(archive)), None)
            text = json.dumps(as_json(made), indent=1)
            archive.writestr(zip_member("pyramid.json"), text.encode())
            archive.writestr(zip_member("index.html"), PAGE.replace("PYRAMID", text).encode())
        yield Item(name="pyramid.zip", media_type="application/zip", file=self._path, facts=made)

    def _levels(self, archive: zipfile.ZipFile) -> Iterator[Level]:
        stacks = [_Stack(self._facts.band_count)]
        for columns in self._columns():
            self._add(archive, stacks, 0, columns)
        number = 0
        while number < len(stacks):
            stack = stacks[number]
            if stack.count:
                if stack.tiles:  # the next level also continues to the end
                    self._add(archive, stacks, number + 1, _halved(stack.columns[: stack.count]))
                self._write(archive, number, stack)
            step = self._facts.hop_seconds * self._frames_per_column * 2**number
            yield Level(seconds_per_column=step, columns=stack.total, tiles=stack.tiles)
            number += 1

    def _columns(self) -> Iterator[np.ndarray]:
        """Yield the columns of the finest level, float32, shape (columns, bands)."""
        count, waiting = self._frames_per_column, np.zeros((0, self._facts.band_count), np.float32)
        for run in power_frames(self._array):
            joined = np.concatenate([waiting, run.power.mean(axis=0)])
            whole = len(joined) // count * count
            waiting = joined[whole:]
            if whole:
                yield joined[:whole].reshape(-1, count, joined.shape[1]).mean(axis=1)
        if len(waiting):
            yield waiting.mean(axis=0, keepdims=True)

    def _add(self, archive: zipfile.ZipFile, stacks: list[_Stack], number: int, columns: np.ndarray) -> None:
        if number == len(stacks):
            stacks.append(_Stack(columns.shape[1]))
        for first in range(0, len(columns), TILE_COLUMNS):
            left = columns[first : first + TILE_COLUMNS]
            while len(left):
                left = stacks[number].take(left)
                if stacks[number].count == TILE_COLUMNS:
                    halves = _halved(stacks[number].columns)
                    self._write(archive, number, stacks[number])
                    self._add(archive, stacks, number + 1, halves)

    def _write(self, archive: zipfile.ZipFile, number: int, stack: _Stack) -> None:
        """Write one tile and empty the stack."""
        levels_db = 10 * np.log10(np.maximum(stack.columns[: stack.count], np.float32(FLOOR)))
        numbers = colour_numbers(levels_db.T[::-1], self._bottom_db, self._top_db)
        size = (stack.count, self._processor.rows)
        scaled = np.asarray(Image.fromarray(np.ascontiguousarray(numbers)).resize(size, Image.Resampling.BOX))
        tile = encode(self._colours[scaled], "webp", quality=self._processor.quality)
        archive.writestr(zip_member(f"{number}/{stack.tiles}.webp"), tile)
        stack.empty()

    def _made(self, levels: tuple[Level, ...], reason: str | None) -> PyramidFacts:
        facts, half = self._facts, self._facts.hop_seconds / 2
        return PyramidFacts(
            is_tiled=bool(levels),
            reason=reason,
            start_seconds=facts.first_frame_seconds - half,
            end_seconds=facts.first_frame_seconds - half + facts.frame_count * facts.hop_seconds,
            highest_hz=facts.rate_hz / 2,
            rows=self._processor.rows,
            tile_columns=TILE_COLUMNS,
            bottom_db=self._bottom_db,
            top_db=self._top_db,
            unit=UNIT[facts.scaling].format(facts.noise_bandwidth_hz),
            levels=levels,
        )


class _Stack:
    """Columns of one level that wait for a tile."""

    def __init__(self, band_count: int) -> None:
        self.columns = np.empty((TILE_COLUMNS, band_count), np.float32)
        self.count = self.tiles = self.total = 0

    def take(self, columns: np.ndarray) -> np.ndarray:
        """Keep as many as fit; return the rest."""
        count = min(len(columns), TILE_COLUMNS - self.count)
        self.columns[self.count : self.count + count] = columns[:count]
        self.count, self.total = self.count + count, self.total + count
        return columns[count:]

    def empty(self) -> None:
        self.count, self.tiles = 0, self.tiles + 1


def _halved(columns: np.ndarray) -> np.ndarray:
    """Return the means of neighbours; a last column without a neighbour is kept unchanged."""
    whole = len(columns) // 2 * 2
    pairs = columns[:whole].reshape(-1, 2, columns.shape[1]).mean(axis=1)
    return np.concatenate([pairs, columns[whole:]])
