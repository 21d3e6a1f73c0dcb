"""A calibration reaches all results of its own instrument's sounds and no others; one without effect is told."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import xarray

from flows.run.planning.select import ReprocessRequest, prepare_chosen
from processors.audio.levels.calibration import Calibration
from processors.audio.levels.levels import Levels
from processors.audio.spectrogram.spectra import Spectra
from processors.audio.spectrogram.spectrogram import Spectrogram
from processors.audio.spectrogram.spectrogram_picture import SpectrogramPicture
from processors.contract import Processor
from processors.engine.parameters import changed
from processors.errors import RequestError
from processors.store.store import Store
from tests.helpers.made_media import MediaMaker
from tests.helpers.runs import ingest

MICROPHONE = 'name = "EDL microphone"\nsource = "certificate 3"\nfull_scale_pascals = 60.0\n'
RECIPE: tuple[Processor, ...] = (Levels(), Spectrogram(), Spectra(), SpectrogramPicture())
HEAD = 'title = "Sounds of Mars"\nmission = "tianwen-1"\ncredit = "CNSA"\n'


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    folder = tmp_path / "raw/june"
    folder.mkdir(parents=True)
    for name, hz in (("edl.wav", 1000.0), ("station.wav", 500.0), ("unknown.wav", 250.0)):
        MediaMaker(folder).tone(name, hz=hz, seconds=1.0)
    return tmp_path / "raw"


def describe(raw: Path, head: str, of_edl: str = "") -> None:
    text = f"""{head}
[[file]]
path = "edl.wav"
title = "Descent"
recorded_by = "EDL microphone"
date = "2021-02-18T20:44:28Z"
{of_edl}
[[file]]
path = "station.wav"
recorded_by = "climate station"
"""
    (raw / "june/release.toml").write_text(text)


def names_of(raw: Path) -> dict[str, str]:
    """Names of the sounds by SHA-256."""
    return {hashlib.sha256(path.read_bytes()).hexdigest(): path.name for path in raw.glob("*/*.wav")}


def calibrated(raw: Path, store: Path) -> dict[str, list[str]]:
    """Processors whose results name a calibration, by file."""
    names = names_of(raw)
    found: dict[str, list[str]] = {}
    for manifest in store.glob("results/*/*/*/*/manifest.json"):
        record = json.loads(manifest.read_bytes())
        if any((item["facts"] or {}).get("calibration") for item in record["items"]):
            found.setdefault(names[manifest.parents[2].name], []).append(manifest.parent.parent.name)
    return {name: sorted(processors) for name, processors in found.items()}


ALL = ["audio.levels", "audio.spectra", "audio.spectrogram", "audio.spectrogram_picture"]


@pytest.mark.parametrize("of_edl", ["", 'calibration = "mic.toml"'])
def test_a_releases_calibration_reaches_every_result_of_its_instrument_alone(
    raw: Path, tmp_path: Path, of_edl: str
) -> None:
    (raw / "june/mic.toml").write_text(MICROPHONE + 'instrument = "EDL Microphone"\n')
    describe(raw, HEAD + ("" if of_edl else 'calibrations = ["mic.toml"]'), of_edl)
    report = ingest(raw, tmp_path / "store", {"audio": RECIPE})
    assert calibrated(raw, tmp_path / "store") == {"edl.wav": ALL}
    assert not [problem for problem in report.problems if "alibration" in str(problem)]
    names = names_of(raw)
    for path in tmp_path.glob("store/results/*/*/audio.spectrogram/*/spectrogram.nc"):
        with xarray.open_dataset(path, engine="h5netcdf") as opened:
            if names[opened.attrs["source_sha256"]] != "edl.wav":
                assert "square_pascals_per_power" not in opened
                continue
            # a sine of half of full scale is 30 Pa at its peak: its mean square is 450 Pa²
            pascals = opened.power * opened.square_pascals_per_power
            total = float(pascals.isel(time=slice(10, -10)).mean("time").sum()) * opened.attrs["band_distance_hz"]
            assert total / opened.attrs["noise_bandwidth_hz"] == pytest.approx(450, rel=0.001)
            assert opened.mean_square_pressure.attrs["units"] == "Pa2"
            assert opened.square_pascals_per_power.attrs["calibration"] == "EDL microphone"


def test_the_array_carries_its_meaning_and_its_origin(raw: Path, tmp_path: Path) -> None:
    describe(raw, HEAD)
    ingest(raw, tmp_path / "store", {"audio": RECIPE})
    paths, names = {}, names_of(raw)
    for path in tmp_path.glob("store/results/*/*/audio.spectrogram/*/spectrogram.nc"):
        with xarray.open_dataset(path, engine="h5netcdf") as opened:
            paths[names[opened.attrs["source_sha256"]]] = path
    with xarray.open_dataset(paths["edl.wav"], engine="h5netcdf") as opened:
        told = opened.attrs
        assert told["title"] == "Power spectrogram"
        assert told["time_coverage_start"] == "2021-02-18T20:44:28Z"
        assert told["source_sha256"] == paths["edl.wav"].parents[2].name
        assert (told["processor"], told["processor_version"]) == ("audio.spectrogram", Spectrogram.version)
        assert told["history"] == f"audio.spectrogram version {Spectrogram.version} of marsmedia"
        assert told["Conventions"] == "CF-1.11, ACDD-1.3"
        assert opened.frequency.attrs["standard_name"] == "sound_frequency"
        for name, variable in opened.variables.items():
            assert variable.attrs["long_name"], name
            assert "units" in variable.attrs or name == "channel"
    with xarray.open_dataset(paths["unknown.wav"], engine="h5netcdf") as opened:
        assert opened.attrs["title"] == "Power spectrogram"
        assert "time_coverage_start" not in opened.attrs


def test_a_calibration_of_a_release_that_changes_nothing_is_reported(raw: Path, tmp_path: Path) -> None:
    (raw / "june/mic.toml").write_text(MICROPHONE + 'instrument = "other microphone"\n')
    (raw / "june/bare.toml").write_text(MICROPHONE)
    describe(raw, HEAD + 'calibrations = ["mic.toml", "bare.toml", "none.toml"]', 'calibration = "mic.toml"')
    report = ingest(raw, tmp_path / "store", {"audio": (Levels(),)})
    assert calibrated(raw, tmp_path / "store") == {}
    told = "\n".join(map(str, report.problems))
    for words in (
        "mic.toml changed nothing: no file is recorded_by 'other microphone'",
        "bare.toml names no instrument",
        "none.toml: no such file in the release",
        "mic.toml belongs to 'other microphone', the file is recorded_by 'EDL microphone'",
    ):
        assert words in told


def pascals(store: Path) -> set[float]:
    """Full scale in Pa by which the levels of a store were calibrated."""
    records = [json.loads(path.read_bytes()) for path in store.glob("results/*/*/audio.levels/*/manifest.json")]
    facts = [item["facts"].get("calibration") for record in records for item in record["items"] if item["facts"]]
    return {one["full_scale_pascals"] for one in facts if one}


@pytest.mark.parametrize("names", [["mic.toml", "new.toml"], ["new.toml", "mic.toml"]])
def test_of_two_calibrations_of_one_instrument_that_differ_neither_is_used(
    raw: Path, tmp_path: Path, names: list[str]
) -> None:
    (raw / "june/mic.toml").write_text(MICROPHONE + 'instrument = "EDL Microphone"\n')
    (raw / "june/new.toml").write_text(MICROPHONE.replace("60", "30") + 'instrument = "EDL microphone"\n')
    describe(raw, HEAD + f"calibrations = {json.dumps(names)}")
    report = ingest(raw, tmp_path / "store", {"audio": (Levels(),)})
    assert calibrated(raw, tmp_path / "store") == {}
    assert f"calibrations: {names[0]} and {names[1]} are both for" in str(report.problems)
    describe(raw, HEAD + f"calibrations = {json.dumps(names)}", 'calibration = "new.toml"')
    report = ingest(raw, tmp_path / "store", {"audio": (Levels(),)})
    assert (pascals(tmp_path / "store"), report.problems) == ({30.0}, ())
    (raw / "june/new.toml").write_text((raw / "june/mic.toml").read_text())  # the same twice is no contradiction
    describe(raw, HEAD + f"calibrations = {json.dumps(names)}")
    report = ingest(raw, tmp_path / "other", {"audio": (Levels(),)})
    assert (pascals(tmp_path / "other"), report.problems) == ({60.0}, ())


def start_of_array(store: Path) -> str | None:
    (path,) = store.glob("results/*/*/audio.spectrogram/*/spectrogram.nc")
    with xarray.open_dataset(path, engine="h5netcdf") as opened:
        return opened.attrs.get("time_coverage_start")


def test_a_copy_that_a_release_does_not_describe_takes_nothing_from_the_described_file(
    raw: Path, tmp_path: Path
) -> None:
    (raw / "june/mic.toml").write_text(MICROPHONE + 'instrument = "EDL microphone"\n')
    describe(raw, HEAD + 'calibrations = ["mic.toml"]')
    (raw / "june/station.wav").unlink()
    (raw / "june/unknown.wav").unlink()
    (raw / "june/release.toml").write_text((raw / "june/release.toml").read_text().partition('[[file]]\npath = "st')[0])
    for name in ("june/a/copy.wav", "june/z/copy.wav"):  # in the order of paths before and behind
        (raw / name).parent.mkdir()
        (raw / name).write_bytes((raw / "june/edl.wav").read_bytes())
    report = ingest(raw, tmp_path / "store", {"audio": RECIPE})
    assert (pascals(tmp_path / "store"), report.problems) == ({60.0}, ())
    assert start_of_array(tmp_path / "store") == "2021-02-18T20:44:28Z"


def test_a_calibration_that_a_copy_contradicts_is_reported(raw: Path, tmp_path: Path) -> None:
    (raw / "june/mic.toml").write_text(MICROPHONE + 'instrument = "EDL microphone"\n')
    describe(raw, HEAD + 'calibrations = ["mic.toml"]')
    (raw / "june/unknown.wav").write_bytes((raw / "june/edl.wav").read_bytes())
    with (raw / "june/release.toml").open("a") as file:
        file.write('[[file]]\npath = "unknown.wav"\nrecorded_by = "another"\n')
    report = ingest(raw, tmp_path / "store", {"audio": (Levels(),)})
    assert calibrated(raw, tmp_path / "store") == {}
    assert (
        "calibration of 'edl.wav' changed nothing: the same bytes are in june/unknown.wav, which has no calibration; "
        "describe both alike"
    ) in str(report.problems)


def test_a_recipes_calibration_changes_only_its_instrument_and_is_reported_without_one(
    raw: Path, tmp_path: Path
) -> None:
    describe(raw, HEAD)
    own, other = (
        Calibration(name="mic", source="certificate", full_scale_pascals=60.0, instrument=instrument)
        for instrument in ("EDL microphone", "SuperCam microphone")
    )
    ingest(raw, tmp_path / "store", {"audio": (Levels(calibration=own),)})
    assert calibrated(raw, tmp_path / "store") == {"edl.wav": ["audio.levels"]}
    report = ingest(raw, tmp_path / "other", {"audio": (Levels(calibration=other),)})
    assert calibrated(raw, tmp_path / "other") == {}
    assert "calibration 'mic' changed nothing: no sound is recorded by 'SuperCam microphone'" in str(report.problems)


def test_set_reads_a_file_and_refuses_one_of_another_instrument(raw: Path, tmp_path: Path) -> None:
    path = tmp_path / "mic.toml"
    path.write_text(MICROPHONE)
    calibration = Calibration(name="EDL microphone", source="certificate 3", full_scale_pascals=60.0)
    assert changed(Levels(), {"calibration": str(path)}) == Levels(calibration=calibration)
    picture = changed(SpectrogramPicture(), {"spectrogram.calibration": str(path)})
    assert picture == SpectrogramPicture(spectrogram=Spectrogram(calibration=calibration))
    with pytest.raises(RequestError, match=r"audio.levels: calibration: .*nothing.toml: No such file or directory"):
        changed(Levels(), {"calibration": str(tmp_path / "nothing.toml")})
    describe(raw, HEAD)
    ingest(raw, tmp_path / "store", {"audio": (Levels(),)})
    store, ask = Store(tmp_path / "store"), {"calibration": str(path)}
    every = ReprocessRequest(words=("release=june",), processors=("audio.levels",), settings=ask)
    assert prepare_chosen(every, store, retry_failed=False, remember=False).plan.due_count == 3
    path.write_text(MICROPHONE + 'instrument = "climate station"\n')
    assert prepare_chosen(every, store, retry_failed=False, remember=False).plan.due_count == 1
    path.write_text(MICROPHONE + 'instrument = "SuperCam"\n')
    with pytest.raises(RequestError, match="calibration 'EDL microphone' changed nothing: no sound is recorded by"):
        prepare_chosen(every, store, retry_failed=False, remember=False)


def test_a_response_is_removed_row_by_row_of_the_picture(tmp_path: Path) -> None:
    from tests.helpers.audio_sessions import Bench

    noise = np.random.default_rng(1).normal(0, 0.05, 48_000)
    flat = Calibration(name="flat", source="s", full_scale_pascals=20e-6)
    result = Bench(tmp_path, noise).run(SpectrogramPicture(spectrogram=Spectrogram(calibration=flat)))
    facts = result.facts("spectrogram.png")
    assert facts["unit"] == "dB re 20 µPa, noise bandwidth 35.2 Hz"
    assert facts["calibration"]["name"] == "flat"
    plain = Bench(tmp_path / "plain", noise).run(SpectrogramPicture()).facts("spectrogram.png")
    assert (facts["top_db"], plain["unit"]) == (plain["top_db"], "dBFS, noise bandwidth 35.2 Hz")
