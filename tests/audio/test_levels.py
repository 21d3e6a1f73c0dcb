"""Levels are those of the standards, on signals made from the standards' own definitions."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import soundfile

from processors.audio.levels.calibration import Calibration, read_calibration
from processors.audio.levels.levels import Levels
from processors.audio.levels.true_peak import TruePeak
from processors.audio.renditions.renditions import Renditions
from tests.helpers.audio_sessions import Bench


def levels_of(samples: np.ndarray, folder: Path, rate_hz: int = 48000, blocks: int = 1, **options: object) -> dict:
    bench = Bench(folder, samples, rate_hz, blocks=blocks)
    return bench.run(Levels(**options)).facts("levels.json")  # type: ignore[arg-type]


def stereo_sine(*parts: tuple[float, float], hz: float = 1000.0, rate_hz: int = 48000) -> np.ndarray:
    """Parts of (peak dBFS, seconds), the same on both channels."""
    gains = np.concatenate([np.full(round(seconds * rate_hz), 10 ** (level / 20)) for level, seconds in parts])
    return np.tile(gains * np.sin(2 * np.pi * hz * np.arange(len(gains)) / rate_hz), (2, 1))


# EBU Tech 3341 (2023), table 1, cases 1 to 5: integrated loudness within 0.1 LU. Signals and values of all cases here
# agree with the test set v05 that the EBU publishes and with two independent meters' tests of it. Cases 7 and 8 are
# programmes, and 20 to 23 are oversampled by the EBU: they exist as files only.
EBU_CASES = {
    "1": (((-23, 20),), -23.0),
    "2": (((-33, 20),), -33.0),
    "3": (((-36, 10), (-23, 60), (-36, 10)), -23.0),
    "4": (((-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)), -23.0),
    "5": (((-26, 20), (-20, 20.1), (-26, 20)), -23.0),
}
SILENT = -300.0


@pytest.mark.parametrize("case", EBU_CASES)
def test_integrated_loudness_of_ebu_tech_3341(case: str, tmp_path: Path) -> None:
    parts, expected = EBU_CASES[case]
    loudness = levels_of(stereo_sine(*parts), tmp_path)["loudness"]
    assert loudness["integrated_lufs"] == pytest.approx(expected, abs=0.1)


def test_five_channels_are_weighted_as_in_case_6(tmp_path: Path) -> None:
    # L and R −28, C −24, surround channels −30 dBFS: EBU Tech 3341, case 6
    seconds = np.arange(20 * 48000) / 48000
    gains = 10 ** (np.array([-28, -28, -24, -30, -30]) / 20)
    samples = gains[:, None] * np.sin(2 * np.pi * 1000 * seconds)
    assert levels_of(samples, tmp_path)["loudness"]["integrated_lufs"] == pytest.approx(-23.0, abs=0.1)


@pytest.mark.parametrize(
    ("steps", "expected"), [((-20, -30), 10), ((-20, -15), 5), ((-40, -20), 20), ((-50, -35, -20, -35, -50), 15)]
)
def test_loudness_range_of_ebu_tech_3342(tmp_path: Path, steps: tuple[int, ...], expected: float) -> None:
    samples = stereo_sine(*((step, 20) for step in steps))  # cases 1 to 4
    assert levels_of(samples, tmp_path)["loudness"]["range_lu"] == pytest.approx(expected, abs=1)


def moments_of(samples: np.ndarray, folder: Path) -> np.ndarray:
    """Columns: end (s), momentary and short-term loudness (LUFS), NaN where there is none."""
    result = Bench(folder, samples).run(Levels())
    return np.genfromtxt(result.path("loudness.csv"), delimiter=",", skip_header=1)


@pytest.mark.parametrize(
    ("start", "ends"),
    [
        (Fraction(0), ["0.1", "0.2", "0.3", "0.4"]),
        (Fraction("2.5"), ["2.6", "2.7", "2.8", "2.9"]),
        (Fraction("1.478"), ["1.578", "1.678", "1.778", "1.878"]),
        (Fraction(1, 3), ["0.433333", "0.533333", "0.633333", "0.733333"]),
    ],
)
def test_windows_end_at_their_exact_times_in_a_sound_that_begins_later(
    tmp_path: Path, start: Fraction, ends: list[str]
) -> None:
    bench = Bench(tmp_path, stereo_sine((-20, 0.4)), start=start)
    lines = bench.run(Levels()).path("loudness.csv").read_text().splitlines()[1:]
    assert [line.partition(",")[0] for line in lines] == ends


def test_short_term_loudness_is_steady_in_case_9(tmp_path: Path) -> None:
    table = moments_of(stereo_sine(*(((-20, 1.34), (-30, 1.66)) * 5)), tmp_path)
    assert np.abs(table[table[:, 0] >= 3, 2] + 23).max() < 0.1


@pytest.mark.parametrize("number", [0, 1, 7, 19])
def test_the_highest_short_term_loudness_of_case_10(tmp_path: Path, number: int) -> None:
    samples = stereo_sine((SILENT, 0.15 * number), (-23, 3), (SILENT, 1))
    assert levels_of(samples, tmp_path)["loudness"]["highest_short_term_lufs"] == pytest.approx(-23.0, abs=0.1)


def test_short_term_loudness_follows_the_steps_of_case_11(tmp_path: Path) -> None:
    parts = [((SILENT, 0.15 * i), (-38 + i, 3.0), (SILENT, 3 - 0.15 * i)) for i in range(20)]
    table = moments_of(stereo_sine(*(step for part in parts for step in part)), tmp_path)
    for i in range(20):
        # windows that hold nothing of the next, louder tone
        own = table[(table[:, 0] > 6 * i) & (table[:, 0] <= 6 * (i + 1) + 1e-6)]
        assert np.nanmax(own[:, 2]) == pytest.approx(-38 + i, abs=0.1)


def test_momentary_loudness_is_steady_in_case_12(tmp_path: Path) -> None:
    table = moments_of(stereo_sine(*(((-20, 0.18), (-30, 0.22)) * 25)), tmp_path)
    assert np.abs(table[table[:, 0] >= 1, 1] + 23).max() < 0.1


@pytest.mark.parametrize("number", [0, 5, 10, 15])
def test_the_highest_momentary_loudness_of_case_13(tmp_path: Path, number: int) -> None:
    # 400 ms after delays of 20 ms times the number; only those on the steps of 100 ms that are measured
    samples = stereo_sine((SILENT, 0.02 * number), (-23, 0.4), (SILENT, 1.0))
    assert levels_of(samples, tmp_path)["loudness"]["highest_momentary_lufs"] == pytest.approx(-23.0, abs=0.1)


@pytest.mark.parametrize(
    ("fraction", "degrees", "peak", "expected_dbtp"),
    [(4, 0, 0.5, -6.0), (4, 45, 0.5, -6.0), (6, 60, 0.5, -6.0), (8, 67.5, 0.5, -6.0), (4, 45, 1.41, 3.0)],
)
def test_true_peak_of_ebu_tech_3341(fraction: int, degrees: float, peak: float, expected_dbtp: float) -> None:
    # cases 15 to 19: within +0.2 and −0.4 dB
    count = 48000
    fade = np.minimum(1, np.minimum(np.arange(count), np.arange(count)[::-1]) / 4800)
    wave = peak * fade * np.sin(2 * np.pi * np.arange(count) / fraction + np.radians(degrees))
    meter = TruePeak(48000)
    meter.add(wave.astype(np.float32))
    assert expected_dbtp - 0.4 <= 20 * np.log10(meter.finish()) <= expected_dbtp + 0.2


@pytest.mark.parametrize("rate_hz", [8000, 44100, 48000, 96000, 500000])
def test_levels_of_a_tone_at_any_rate(tmp_path: Path, rate_hz: int) -> None:
    tone = 0.5 * np.sin(2 * np.pi * 997 * np.arange(rate_hz) / rate_hz)
    (channel,) = levels_of(tone, tmp_path, rate_hz)["channels"]
    assert channel["peak_dbfs"] == pytest.approx(-6.0206, abs=0.01)
    assert channel["rms_dbfs"] == pytest.approx(-9.0309, abs=0.001)
    assert channel["crest_factor_db"] == pytest.approx(3.0103, abs=0.01)
    assert channel["reason"] is None


def test_the_offset_is_reported_and_left_out_of_one_rms(tmp_path: Path) -> None:
    tone = 0.1 * np.sin(2 * np.pi * 1000 * np.arange(48000) / 48000) + 0.25
    (channel,) = levels_of(tone, tmp_path)["channels"]
    assert channel["dc_offset"] == pytest.approx(0.25, abs=1e-6)
    assert channel["rms_without_dc_dbfs"] == pytest.approx(-23.0103, abs=0.001)


@pytest.mark.parametrize("blocks", [1, 7, 997])
def test_clipping_runs_are_counted_across_blocks(tmp_path: Path, blocks: int) -> None:
    samples = np.zeros(100_000)
    samples[47_990:48_010] = 1.0  # lies over the end of a run
    samples[60_000:60_003] = -1.0
    samples[70_000:70_002] = 1.0  # two are no run
    (channel,) = levels_of(samples, tmp_path, blocks=blocks)["channels"]
    assert (channel["clipping_run_count"], channel["clipped_sample_count"]) == (2, 23)
    assert channel["longest_clipping_run_samples"] == 20


def test_float_beyond_full_scale_is_clipped_only_where_its_top_is_flat(tmp_path: Path) -> None:
    loud = (2 * np.sin(2 * np.pi * 500 * np.arange(48_000) / 48_000)).astype(np.float32)
    for name, samples, runs in (("loud", loud, 0), ("flat", np.clip(loud, -1.2, 1.2), 1000)):
        path = tmp_path / f"{name}.wav"
        soundfile.write(path, samples, 48_000, subtype="FLOAT")
        (channel,) = Bench.of(tmp_path / name, path, "wav").run(Levels()).facts("levels.json")["channels"]
        assert channel["clipping_run_count"] == runs


def test_what_is_missing_is_neither_silent_nor_part_of_the_level(tmp_path: Path) -> None:
    noise = np.random.default_rng(3).normal(0, 0.1, 5 * 48_000).astype(np.float32)
    gap = noise.copy()
    gap[48_000:96_000] = np.nan
    whole, holed = (levels_of(samples, tmp_path / name) for name, samples in (("whole", noise), ("gap", gap)))
    assert (holed["silences"], holed["silent_seconds"]) == ([], 0)
    assert holed["non_finite_samples_left_out"] == 48_000
    for name in ("rms_dbfs", "noise_floor_dbfs"):
        assert holed["channels"][0][name] == pytest.approx(whole["channels"][0][name], abs=0.05)


def test_silence_is_listed_with_its_times(tmp_path: Path) -> None:
    noise = np.random.default_rng(3).normal(0, 0.1, 5 * 48000)
    noise[48000:96000] = 0
    facts = levels_of(noise, tmp_path)
    assert facts["silences"] == [{"start_seconds": 1.0, "end_seconds": 2.0}]
    assert facts["silent_seconds"] == 1.0


def test_digital_silence_has_no_levels_and_says_why(tmp_path: Path) -> None:
    facts = levels_of(np.zeros(96000), tmp_path)
    (channel,) = facts["channels"]
    assert (
        channel["peak_dbfs"] is channel["rms_dbfs"] is channel["true_peak_dbtp"] is channel["crest_factor_db"] is None
    )
    assert channel["reason"] == "every sample is zero"
    assert facts["loudness"]["integrated_lufs"] is None
    assert facts["loudness"]["reason"] == "nothing rises above −70 LUFS"


def test_a_single_sample_has_levels_and_no_loudness(tmp_path: Path) -> None:
    facts = levels_of(np.array([0.5]), tmp_path)
    assert facts["channels"][0]["peak_dbfs"] == pytest.approx(-6.0206, abs=1e-4)
    assert facts["loudness"]["reason"] == "shorter than 0.4 s"


@pytest.mark.parametrize("blocks", [3, 101])
def test_levels_do_not_depend_on_blocks(tmp_path: Path, blocks: int) -> None:
    noise = np.random.default_rng(4).normal(0, 0.2, (2, 123_457))
    whole = Bench(tmp_path / "whole", noise).run(Levels())
    parts = Bench(tmp_path / "parts", noise, blocks=blocks).run(Levels())
    for name in whole.items:
        assert whole.path(name).read_bytes() == parts.path(name).read_bytes()


def test_pascals_only_with_a_named_calibration(tmp_path: Path) -> None:
    tone = np.sqrt(2) / 10 * np.sin(2 * np.pi * 1000 * np.arange(48000) / 48000)
    assert levels_of(tone, tmp_path / "without")["pressures"] == []
    path = tmp_path / "microphone.toml"
    path.write_text('name = "lab 3"\nsource = "certificate 12"\nfull_scale_pascals = 10.0\n')
    facts = levels_of(tone, tmp_path / "with", calibration=read_calibration(path))
    (pressure,) = facts["pressures"]
    assert pressure["rms_pascals"] == pytest.approx(1.0, abs=1e-5)
    assert pressure["rms_db_re_20_upa"] == pytest.approx(93.979, abs=0.001)
    assert facts["calibration"]["name"] == "lab 3"


def test_pressures_have_the_response_of_each_frequency_and_no_offset(tmp_path: Path) -> None:
    seconds = np.arange(int(48000 * 2.5)) / 48000
    tones = 0.1 * np.sin(2 * np.pi * 100 * seconds) + 0.02 * np.sin(2 * np.pi * 4000 * seconds)
    response = ((100.0, -20.0), (1000.0, 0.0), (4000.0, 6.0))
    lab = Calibration(name="lab", source="x", full_scale_pascals=10.0, response=response)
    (pressure,) = levels_of(tones + 0.25, tmp_path / "response", calibration=lab)["pressures"]
    heard = np.sqrt((1.0 * 10) ** 2 / 2 + (0.2 / 10 ** (6 / 20)) ** 2 / 2)
    assert pressure["rms_pascals"] == pytest.approx(heard, rel=1e-4)
    assert pressure["rms_db_re_20_upa"] == pytest.approx(20 * np.log10(heard / 20e-6), abs=1e-3)
    assert pressure["peak_pascals"] == pytest.approx(np.abs(tones).max() * 10, rel=1e-4), "without the offset of 2.5 Pa"
    assert pressure["peak_note"].startswith("the response is not applied: it has no phase")
    flat = replace(lab, response=())
    (pressure,) = levels_of(tones + 0.25, tmp_path / "flat", calibration=flat)["pressures"]
    assert pressure["rms_pascals"] == pytest.approx(np.sqrt((1.0**2 + 0.2**2) / 2), rel=1e-5)
    assert pressure["peak_note"] is None


def test_a_calibration_without_a_source_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "microphone.toml"
    path.write_text('name = "lab 3"\nfull_scale_pascals = 10.0\n')
    with pytest.raises(ValueError, match=r"^microphone\.toml, line 1: source: missing; add it$"):
        read_calibration(path)
    with pytest.raises(ValueError, match="calibration source is ' '"):
        Calibration(name="x", source=" ", full_scale_pascals=1.0)


def test_every_mistake_of_a_calibration_is_reported_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "microphone.toml"
    path.write_text('nam = "lab 3"\nname = 3\nsource = "x"\nfull_scale_pascals = 0\nresponse = [[100, 0], [50.0, 1]]\n')
    with pytest.raises(ValueError, match=r"^microphone\.toml, line 1: nam: unknown key; did you mean name\?") as caught:
        read_calibration(path)
    assert str(caught.value).split("\n")[1:] == [
        "microphone.toml, line 2: name: not text (3); write it in quotes",
        "microphone.toml, line 4: full_scale_pascals: out of range (0); use a number above 0",
        "microphone.toml, line 5: response: frequencies do not rise from 0 (50 Hz after 100 Hz); sort the pairs",
    ]
    path.write_text('name = "x"\nsource = "y"\nfull_scale_pascals = 1\nresponse = [\n [100, 0], [200]\n]\n')
    with pytest.raises(ValueError, match=r"line 4: response: too few entries \(\[200\]\); give at least 2$"):
        read_calibration(path)


@pytest.mark.parametrize(("field", "value"), [("silence_dbfs", 0.0), ("silence_seconds", 0.0)])
def test_wrong_parameters_are_named(field: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"{field} is {value}"):
        Levels(**{field: value})  # type: ignore[arg-type]


@pytest.mark.parametrize(("rate_hz", "peak"), [(48_000, 1.0), (96_000, 1.0), (191_999, 1.0), (192_000, 2**-0.5)])
def test_the_true_peak_is_that_of_the_samples_from_192_khz_on(rate_hz: int, peak: float) -> None:
    """ITU-R BS.1770-5, Annex 2: nothing need be oversampled there."""
    found = TruePeak(rate_hz)
    found.add(np.tile(np.array([1, 1, -1, -1], np.float32) * np.float32(2**-0.5), 2000))
    assert found.finish() == pytest.approx(peak, abs=0.04)


def test_true_peak_of_a_sound_that_fades_is_the_same_in_runs_of_any_length() -> None:
    seconds = np.arange(44_100) / 44_100
    faded = 0.5 * np.sin(2 * np.pi * 1234.567 * seconds) * np.clip(10 * np.minimum(seconds, 1 - seconds), 0, 1)
    found = []
    for length in (256, 1000, 4410, 44_100):
        meter = TruePeak(44_100)
        for first in range(0, len(faded), length):
            meter.add(faded[first : first + length].astype(np.float32))
        found.append(20 * math.log10(meter.finish()))
    assert found == pytest.approx([-6.017] * 4, abs=0.001)


def test_eight_channels_have_loudness_and_all_renditions(tmp_path: Path) -> None:
    bench = Bench(tmp_path, np.random.default_rng(1).normal(0, 0.1, (8, 48_000)))
    assert bench.run(Levels()).facts("levels.json")["loudness"]["integrated_lufs"] == pytest.approx(-7.5, abs=0.2)
    assert len(bench.run(Renditions()).items) == 9


def test_a_range_needs_a_window_of_three_seconds_and_a_steady_tone_has_none(tmp_path: Path) -> None:
    for seconds, expected in ((2.9, None), (3.0, 0.0), (3.2, 0.0)):
        tone = 0.5 * np.sin(np.arange(round(48_000 * seconds)) / 10)
        loudness = Bench(tmp_path / str(seconds), tone).run(Levels()).facts("levels.json")["loudness"]
        assert loudness["range_lu"] == expected
        assert (loudness["reason"] is None) == (expected is not None)


def test_what_is_missing_among_the_levels_has_its_reason(tmp_path: Path) -> None:
    click = np.zeros(48_000)
    click[24_000] = 0.5
    for name, samples, missing, reason in (
        ("click", click, "noise_floor_dbfs", "the quietest 5 percent hold nothing, so there is no noise floor"),
        ("steady", np.full(48_000, 0.25), "rms_without_dc_dbfs", "every sample is the same"),
        ("nan", np.full(48_000, np.nan), "peak_dbfs", "every sample is zero, or no number and taken as zero"),
    ):
        channel = Bench(tmp_path / name, samples).run(Levels()).facts("levels.json")["channels"][0]
        assert (channel[missing], channel["reason"]) == (None, reason)


def test_a_constant_has_no_true_peak_above_itself(tmp_path: Path) -> None:
    (channel,) = levels_of(np.full((1, 48_000), 0.25), tmp_path)["channels"]
    assert channel["true_peak_dbtp"] == pytest.approx(-12.041, abs=0.05)
