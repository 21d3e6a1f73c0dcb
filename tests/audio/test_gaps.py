"""Missing samples are no part of a measurement, and leave no step behind where an offset is taken out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from processors.audio.envelope import ENVELOPE, Envelope
from processors.audio.levels.calibration import Calibration
from processors.audio.levels.levels import Levels
from processors.audio.levels.true_peak import TruePeak
from processors.audio.renditions.renditions import Renditions
from tests.helpers.audio_sessions import Bench

RATE_HZ = 48_000
LAB = Calibration(name="lab", source="x", full_scale_pascals=100.0, response=((100.0, -6.0), (1000.0, 0.0)))


def tone_with_gap(*, offset: float) -> np.ndarray:
    """Return 10 s of 1 kHz at −20 dBFS rms without seconds 3 to 7, shape (samples,)."""
    tone = np.sqrt(2) / 10 * np.sin(2 * np.pi * 1000 * np.arange(10 * RATE_HZ) / RATE_HZ) + offset
    tone[3 * RATE_HZ : 7 * RATE_HZ] = np.nan
    return tone


@pytest.mark.parametrize("offset", [0.0, 0.25])
@pytest.mark.parametrize("blocks", [1, 37])
def test_pressures_are_those_of_the_samples_that_are_there(tmp_path: Path, offset: float, blocks: int) -> None:
    bench = Bench(tmp_path, tone_with_gap(offset=offset), blocks=blocks)
    facts = bench.run(Levels(calibration=LAB)).facts("levels.json")
    (channel,), (pressure,) = facts["channels"], facts["pressures"]
    assert channel["rms_without_dc_dbfs"] == pytest.approx(-20, abs=1e-4)
    assert pressure["rms_pascals"] == pytest.approx(10, rel=1e-4)
    assert pressure["rms_db_re_20_upa"] == pytest.approx(20 * np.log10(10 / 20e-6), abs=1e-3)
    assert pressure["peak_pascals"] == pytest.approx(100 * np.sqrt(2) / 10, rel=1e-4)


def test_each_channel_has_the_pressure_of_its_own_samples(tmp_path: Path) -> None:
    holed = tone_with_gap(offset=0)
    samples = np.stack([holed, np.nan_to_num(holed), np.full(len(holed), np.nan)])
    facts = Bench(tmp_path, samples).run(Levels(calibration=LAB)).facts("levels.json")
    first, filled, nothing = (pressure["rms_pascals"] for pressure in facts["pressures"])
    assert first == pytest.approx(10, rel=1e-4)
    assert filled == pytest.approx(100 * np.sqrt(0.6 * 0.01), rel=1e-4), "silence is not missing"
    assert nothing is None


def test_a_step_to_a_gap_is_no_true_peak(tmp_path: Path) -> None:
    constant = np.full(RATE_HZ, 0.5)
    constant[10_000:20_000] = constant[30_001] = np.inf
    (channel,) = Bench(tmp_path, constant, blocks=7).run(Levels()).facts("levels.json")["channels"]
    assert channel["true_peak_dbtp"] == pytest.approx(-6.0206, abs=0.01)
    meter = TruePeak(RATE_HZ)
    meter.add(np.zeros(600, np.float32), np.zeros(600, bool))
    assert meter.finish() == 0


def test_an_envelope_has_the_offset_that_the_levels_have(tmp_path: Path) -> None:
    samples = np.stack([tone_with_gap(offset=0.25), np.full(10 * RATE_HZ, -0.5)])
    bench = Bench(tmp_path, samples, blocks=11)
    offsets = bench.run(Envelope()).facts(ENVELOPE)["dc_offsets"]
    assert offsets == pytest.approx([0.25, -0.5], abs=1e-6)
    levels = bench.run(Levels()).facts("levels.json")["channels"]
    assert offsets == pytest.approx([channel["dc_offset"] for channel in levels], abs=1e-9)


def test_a_gap_stays_silent_where_the_offset_is_taken_out(tmp_path: Path) -> None:
    constant = np.full(2 * RATE_HZ, 0.25)
    constant[RATE_HZ // 2 : RATE_HZ] = np.nan
    result = Bench(tmp_path, constant).run(Renditions(web=(), high_pass_hz=0))
    restored, _ = soundfile.read(result.path("restored.flac"))
    assert np.abs(restored).max() < 1e-6
    original, _ = soundfile.read(result.path("original.flac"))
    assert (original[0], original[RATE_HZ // 2], original[RATE_HZ]) == (0.25, 0, 0.25)
