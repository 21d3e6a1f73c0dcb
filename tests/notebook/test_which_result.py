"""Of several results of a processor, the one that today's release and recipes ask for counts, not the newest."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

import marsmedia
from flows.cli.main import main
from flows.run.asked_today import AskedToday
from flows.run.recorded_problems import stored
from processors.audio.levels.levels import Levels
from processors.audio.spectrogram.spectra import Spectra
from processors.audio.spectrogram.spectrogram import Spectrogram
from processors.engine.wanted_results import Recipes
from processors.metadata.evidence import Evidence
from processors.packs.contents.subject import subjects
from processors.photo.deep import DeepPhoto
from processors.store.catalogue import Catalogue
from processors.store.store import Store
from tests.helpers.made_media import MediaMaker
from tests.helpers.runs import ingest

RELEASE = """title = "Sounds of Mars"
calibrations = ["m.toml"]
[[file]]
path = "edl.wav"
recorded_by = "EDL microphone"
"""
MICROPHONE = 'name = "M"\nsource = "certificate 3"\ninstrument = "EDL microphone"\nfull_scale_pascals = '
SOUND: Recipes = {"audio": (Levels(), Spectrogram(), Spectra()), "video": (), "photo": ()}


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    folder = tmp_path / "raw/june"
    folder.mkdir(parents=True)
    MediaMaker(folder).tone("edl.wav", hz=1000.0, seconds=1.0)
    (folder / "release.toml").write_text(RELEASE)
    return tmp_path / "raw"


def calibrate(raw: Path, pascals: float) -> None:
    (raw / "june/m.toml").write_text(f"{MICROPHONE}{pascals}\n")
    ingest(raw, raw.parent / "store", SOUND)


def reprocess(store: Path, *words: str) -> None:
    done = CliRunner().invoke(main, ["reprocess", "edl.wav", "--store", str(store), *words])
    assert done.exit_code == 0, done.output


def pascals(view: marsmedia.ResultView) -> float:
    return view.parameters["calibration"]["full_scale_pascals"]


def test_a_calibration_that_was_changed_and_put_back_counts_again(raw: Path) -> None:
    for value in (60.0, 50.0, 60.0):
        calibrate(raw, value)
        sound = marsmedia.open(raw.parent / "store").source("edl.wav")
        assert sound.levels.calibration is not None
        assert sound.levels.calibration.full_scale_pascals == value
        with sound.spectrogram() as spectrogram:
            assert "comment" not in spectrogram.attrs
        assert "comment" not in sound.spectra.attrs
    assert [(pascals(one), one.is_asked_for) for one in sound.results if one.processor == "audio.levels"] == [
        (60, True),
        (50, False),
    ]
    assert pascals(sound.result("audio.spectrogram")) == 60


def test_a_result_with_a_named_parameter_has_todays_other_parameters(raw: Path) -> None:
    for value in (60.0, 50.0, 60.0):
        calibrate(raw, value)
        reprocess(raw.parent / "store", "--processor", "audio.spectrogram", "--set", "window=hamming")
    sound = marsmedia.open(raw.parent / "store").source("edl.wav")
    assert sound.result("audio.spectrogram").parameters["window"] == "hann"
    hamming = sound.result("audio.spectrogram", window="hamming")
    assert (hamming.parameters["window"], pascals(hamming), hamming.is_asked_for) == ("hamming", 60, False)
    with sound.spectrogram(window="hamming") as spectrogram:
        assert spectrogram.attrs["comment"] == (
            "made with other parameters, or by another version, than today's release and recipes ask for"
        )


def test_without_a_result_that_is_asked_for_the_newest_counts_and_says_so(raw: Path) -> None:
    for value in (60.0, 50.0):
        calibrate(raw, value)
    (raw / "june/m.toml").write_text(f"{MICROPHONE}40.0\n")
    sound = marsmedia.open(raw.parent / "store").source("edl.wav")
    assert (pascals(sound.result("audio.levels")), sound.result("audio.levels").is_asked_for) == (50, False)
    assert sound.loudness.attrs["comment"].startswith("made with other parameters")


def test_a_result_made_on_request_counts_with_its_defaults(raw: Path) -> None:
    calibrate(raw, 60.0)
    store = raw.parent / "store"
    reprocess(store, "--processor", "audio.mel_spectrogram")
    reprocess(store, "--processor", "audio.mel_spectrogram", "--set", "band_count=40")
    sound = marsmedia.open(store).source("edl.wav")
    assert sound.result("audio.mel_spectrogram").is_asked_for
    assert sound.result("audio.mel_spectrogram", band_count=40).parameters["band_count"] == 40


def test_facts_of_a_result_are_given_by_the_names_of_its_files(raw: Path) -> None:
    calibrate(raw, 60.0)
    result = marsmedia.open(raw.parent / "store").source("edl.wav").result("audio.spectra")
    assert tuple(result.facts) == result.items
    channel = next(facts["channels"][0] for facts in result.facts.values() if facts and "channels" in facts)
    assert channel["strongest_tone"]["hz"] == pytest.approx(1000, abs=1)


def test_copied_items_are_named_after_the_result_that_counts(raw: Path, tmp_path: Path) -> None:
    for value in (60.0, 50.0, 60.0):
        calibrate(raw, value)
    words = ("fetch", "edl.wav", "--store", str(tmp_path / "store"), "-o", str(tmp_path / "copies"))
    assert CliRunner().invoke(main, words).exit_code == 0
    record = (tmp_path / "copies/june/edl.wav/audio.levels/levels.json").read_text()
    assert '"full_scale_pascals": 60' in record


def test_a_refusal_of_other_parameters_is_no_problem_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "raw/june").mkdir(parents=True)
    MediaMaker(tmp_path / "raw/june").photo("tracks.jpg")
    ingest(tmp_path / "raw", tmp_path / "store", {"photo": (Evidence(), DeepPhoto()), "video": (), "audio": ()})
    words = ("tracks.jpg", "--store", str(tmp_path / "store"), "--processor", "photo.deep", "--set", "max_pixels=10")
    CliRunner().invoke(main, ["reprocess", *words])
    store = Store(tmp_path / "store")
    made, refused = sorted(one.verdict for one in store.manifests() if one.ref.processor == "photo.deep")
    assert (made, refused) == ("made", "refused")
    assert list(stored((), store)) == []
    catalogue = Catalogue(store)
    (subject,) = subjects(catalogue.sources().values(), store, catalogue, AskedToday(catalogue).of)
    assert subject.failures == ()
