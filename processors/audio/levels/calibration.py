"""Named calibration from full scale to pascals."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from processors.containers.text.toml_file import read_toml
from processors.contract import ReleaseContext, require
from processors.json_records import from_json

REFERENCE_PASCALS = 20e-6
"""Reference of sound pressure levels in gases (ISO 1683:2015)."""


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """Calibration of one instrument in one setting; without one, no pascals are given."""

    name: str
    source: str
    """Source of the numbers: a paper, a label, a certificate."""
    full_scale_pascals: float
    """Sound pressure at which the samples reach 1.0."""
    instrument: str | None = None
    """Instrument that it belongs to, as named by `recorded_by` in release.toml; it is not used for sounds of others.
    None: used for every sound."""
    response: tuple[tuple[float, float], ...] = ()
    """Pairs of frequency in Hz, rising, and response in dB relative to the sensitivity; empty: flat.
    It is subtracted: where it is positive the instrument reads too high. Linear in between over log frequency."""
    beyond_response: Literal["nearest"] = "nearest"
    """Response outside the pairs: that of the nearest one. Before this field, broadband pressures ignored it."""

    def __post_init__(self) -> None:
        require(bool(self.name.strip()), "calibration name", self.name, "must name the calibration")
        require(bool(self.source.strip()), "calibration source", self.source, "must name the source of the numbers")
        usable = math.isfinite(self.full_scale_pascals) and self.full_scale_pascals > 0
        require(usable, "full_scale_pascals", self.full_scale_pascals, "must be above 0")
        rising = all(a[0] < b[0] for a, b in itertools.pairwise(((0.0, 0.0), *self.response)))
        require(rising, "response", self.response, "frequencies must be above 0 and rise")

    @classmethod
    def from_text(cls, path: str) -> Calibration:
        """Read a file, as in `--set calibration=mic.toml`; raises as `read_calibration`."""
        return read_calibration(Path(path))

    def is_of(self, recorded_by: Iterable[str]) -> bool:
        """Return True if it holds for a sound of the instrument with these names; none: an unknown one."""
        return self.instrument is None or is_same_instrument(self.instrument, recorded_by)

    @property
    def attributes(self) -> dict[str, str | float]:
        """Return the attributes that identify it in a netCDF file."""
        told = {
            "calibration": self.name,
            "calibration_source": self.source,
            "calibration_instrument": self.instrument or "",
            "full_scale_pascals": self.full_scale_pascals,
        }
        return {name: value for name, value in told.items() if value != ""}

    def decibels(self, rms_dbfs: float | None, hz: float | None = None) -> float | None:
        """Return the sound pressure level, dB re 20 µPa, of a level re full scale 1.0; `hz` removes the response."""
        if rms_dbfs is None:
            return None
        level = rms_dbfs + 20 * math.log10(self.full_scale_pascals / REFERENCE_PASCALS)
        return level if hz is None else level - float(self.response_db(np.array([hz]))[0])

    def response_db(self, hz: np.ndarray) -> np.ndarray:
        """Return the response at each frequency, in dB, linear over the logarithm of frequency; 0 if none is given."""
        if not self.response:
            return np.zeros(len(hz))
        known_hz, known_db = zip(*self.response, strict=True)
        return np.interp(np.log(np.maximum(hz, known_hz[0])), np.log(known_hz), known_db)

    def square_pascals(self, mean_square: np.ndarray, hz: np.ndarray) -> np.ndarray:
        """Return mean square pressure, Pa² (or Pa²/Hz), of mean squares re full scale 1.0 (or per Hz), by frequency."""
        return mean_square * self.full_scale_pascals**2 / 10 ** (self.response_db(hz) / 10)

    def pascals(self, dbfs: float | None) -> float | None:
        """Return the pressure, in Pa, of a level re full scale 1.0."""
        return None if dbfs is None else self.full_scale_pascals * 10 ** (dbfs / 20)


def is_same_instrument(instrument: str, names: Iterable[str]) -> bool:
    """Return True if an instrument has one of these names, but for case and blanks."""
    return any(instrument.casefold().split() == name.casefold().split() for name in names)


def calibration_for(own: Calibration | None, context: ReleaseContext) -> Calibration | None:
    """Return the calibration of one sound: the recipe's if it is of the sound's instrument, else the release's."""
    if own is not None and own.is_of(context.recorded_by):
        return own
    return None if context.calibration is None else from_json(Calibration, json.loads(context.calibration))


def read_calibration(path: Path) -> Calibration:
    """Read a calibration file (TOML).

    Keys: `name`, `source`, `full_scale_pascals`, and perhaps `instrument` and `response`, [[Hz, dB], ...].

    Raises
    ------
    ValueError : names the file and every mistake in it with its line.
    """
    from processors.audio.levels.calibration_table import CalibrationTable

    table = read_toml(path, CalibrationTable)
    return Calibration(
        name=table.name,
        source=table.source,
        instrument=table.instrument,
        full_scale_pascals=table.full_scale_pascals,
        response=tuple((hz, db) for hz, db in table.response),
    )
