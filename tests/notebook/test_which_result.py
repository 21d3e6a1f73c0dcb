"""Of several results of a processor, the one that today's release and recipes ask for counts, not the newest."""

from __future__ import annotations

import re
import tomllib
import warnings
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest
import xarray as xr
from click.testing import CliRunner

import marsmedia
from flows.cli.main import main
from flows.run.planning.current_results import CurrentResults
from flows.run.reporting.recorded_problems import stored
from processors.audio.levels.levels import Levels
from processors.audio.spectrogram.spectra import Spectra
from processors.audio.spectrogram.spectrogram import Spectrogram
from processors.engine.wanted_results import Recipes
from processors.errors import RequestError
from processors.metadata.evidence import Evidence
from processors.packs.contents.subject import subjects
from processors.photo.deep import DeepPhoto
from processors.store.catalogue.catalogue import Catalogue
from processors.store.store import Store
from tests.helpers.made_media import MediaMaker
from tests.helpers.runs import ingest
from tests.helpers.video_scenes import scene, write

RELEASE = """title = "Sounds of Mars"
calibrations = ["m.toml"]
[[file]]
path = "edl.wav"
recorded_by = "EDL microphone"
"""
MICROPHONE = 'name = "M"\nsource = "certificate 3"\ninstrument = "EDL microphone"\nfull_scale_pascals = '
CERTIFIED = {"name": "M", "source": "certificate 3", "instrument": "EDL microphone"}
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


def test_a_source_that_is_held_has_the_corrected_calibration_and_start_after_a_run(raw: Path) -> None:
    recipes: Recipes = {**SOUND, "audio": (Evidence(), *SOUND["audio"])}
    store = raw.parent / "store"

    def stated(date: str, full_scale_pascals: float) -> None:
        (raw / "june/m.toml").write_text(f"{MICROPHONE}{full_scale_pascals}\n")
        (raw / "june/release.toml").write_text(f'{RELEASE}date = "{date}"\ncredit = "credit of {date[:4]}"\n')
        ingest(raw, store, recipes)

    stated("2021-06-16T04:00:00Z", 60.0)
    measured, untouched, dated = (marsmedia.open(store).source("edl.wav") for _ in range(3))
    before = measured.band_level_pascals(100, 2000)
    assert dated.start_utc == datetime(2021, 6, 16, 4, tzinfo=UTC)
    stated("2022-06-16T04:00:00Z", 6.0)
    for source in (measured, untouched, dated):
        level = source.band_level_pascals(100, 2000)
        assert float(level.max()) == pytest.approx(float(before.max()) / 10)
        assert (level.attrs["credit"], str(level.utc.values[0])[:4]) == ("credit of 2022", "2022")
        assert source.start_utc == datetime(2022, 6, 16, 4, tzinfo=UTC)
        assert source.spectra.attrs["credit"] == "credit of 2022"


def test_an_unchanged_store_is_not_read_again(raw: Path) -> None:
    calibrate(raw, 60.0)
    sound = marsmedia.open(raw.parent / "store").source("edl.wav")
    known = sound._live.now()
    assert sound._live.now() is known
    calibrate(raw, 50.0)
    assert sound._live.now() is not known
    moved = raw.rename(raw.with_name("elsewhere"))
    ingest(moved, raw.parent / "store", SOUND)
    with pytest.raises(RequestError) as caught:
        _ = sound.start_utc
    assert str(caught.value) == (
        f'edl.wav: a run has found its file elsewhere since; take it again: `store.source("{sound.sha256[:8]}")`'
    )


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
            "not as today's release and recipes request (made -> requested): window 'hamming' -> 'hann'"
        )


def test_a_parameter_that_is_not_named_is_as_today_or_there_is_an_error_with_the_command(raw: Path) -> None:
    store = raw.parent / "store"
    calibrate(raw, 60.0)
    for change in ("window=blackman", "scaling=density"):
        reprocess(store, "--processor", "audio.spectrogram", "--set", change)
    calibrate(raw, 6.0)
    sound = marsmedia.open(store).source("edl.wav")
    command = f"marsmedia reprocess {sound.sha256[:8]} --processor audio.spectrogram --set window=blackman"
    with pytest.raises(RequestError) as caught:
        sound.spectrogram(window="blackman")
    assert str(caught.value) == (
        "edl.wav: no result of audio.spectrogram with window='blackman' matches today's release and recipes; "
        f"make it with `{command}`. The newest has calibration.full_scale_pascals 60, today 6; "
        "specify what differs to get it"
    )
    with pytest.raises(
        RequestError, match=r"--set scaling=density`\. The newest has calibration.full_scale_pascals 60"
    ):
        sound.band_level_dbfs(100, 1000, scaling="density")
    named = sound.result("audio.spectrogram", window="blackman", **{"calibration.full_scale_pascals": 60})
    assert (pascals(named), named.parameters["window"]) == (60, "blackman")
    reprocess(store, *command.split()[3:])
    assert pascals(marsmedia.open(store).source("edl.wav").result("audio.spectrogram", window="blackman")) == 6


def test_two_parameters_that_were_changed_are_both_named(raw: Path) -> None:
    calibrate(raw, 60.0)
    store = raw.parent / "store"
    settings = ("--set", "window_samples=512", "--set", "channels=each")
    reprocess(store, "--processor", "audio.spectrogram", *settings)
    sound = marsmedia.open(store).source("edl.wav")
    with pytest.raises(RequestError, match=r"The newest has channels 'each', today 'mean'; specify what differs"):
        sound.spectrogram(window_samples=512)
    assert sound.result("audio.spectrogram", window_samples=512, channels="each").parameters["window_samples"] == 512


def test_without_the_result_that_is_asked_for_properties_name_the_command(raw: Path) -> None:
    for value in (60.0, 50.0):
        calibrate(raw, value)
    (raw / "june/m.toml").write_text(f"{MICROPHONE}40.0\n")
    sound = marsmedia.open(raw.parent / "store").source("edl.wav")
    for read in (lambda: sound.levels, lambda: sound.loudness, lambda: sound.result("audio.levels")):
        with pytest.raises(RequestError) as caught:
            read()
        assert str(caught.value) == (
            "edl.wav: no result of audio.levels matches today's release and recipes; make it with `marsmedia "
            f"reprocess {sound.sha256[:8]} --processor audio.levels`. The newest has calibration.full_scale_pascals "
            "50, today 40; specify what differs to get it"
        )
    assert pascals(sound.result("audio.levels", calibration={**CERTIFIED, "full_scale_pascals": 60.0})) == 60


def test_a_calibration_is_given_by_its_file_its_name_or_as_a_dict(raw: Path, tmp_path: Path) -> None:
    calibrate(raw, 60.0)
    store, other = raw.parent / "store", tmp_path / "b.toml"
    other.write_text('name = "B"\nsource = "s"\nfull_scale_pascals = 30.0\nresponse = [[100, -3.0], [1000, 0.0]]\n')
    for processor in ("audio.levels", "audio.spectra"):
        reprocess(store, "--processor", processor, "--set", f"calibration={other}")
    sound = marsmedia.open(store).source("edl.wav")
    as_dict = tomllib.loads(other.read_text())
    for given in (str(other), other, "B", as_dict):
        assert pascals(sound.result("audio.levels", calibration=given)) == 30  # type: ignore[arg-type]
        spectra = sound.table("audio.spectra", "spectra.csv", calibration=given)
        assert spectra.attrs["comment"].startswith("not as today's release")
    assert pascals(sound.result("audio.levels", calibration="M")) == pascals(sound.result("audio.levels")) == 60
    with pytest.raises(
        RequestError, match=r"has calibration='C'; make it with `marsmedia reprocess .* calibration=FILE`"
    ):
        sound.result("audio.levels", calibration="C")
    with pytest.raises(RequestError, match="calibration is 5: must be a file, a name, or a dict"):
        sound.result("audio.levels", calibration=5)


def test_tables_and_bands_name_their_calibration(raw: Path) -> None:
    calibrate(raw, 60.0)
    sound = marsmedia.open(raw.parent / "store").source("edl.wav")
    for table in (sound.octave_bands, sound.spectra, sound.loudness, sound.spectrogram()):
        named = {name: table.attrs[name] for name in ("calibration", "calibration_source", "full_scale_pascals")}
        assert named == {"calibration": "M", "calibration_source": "certificate 3", "full_scale_pascals": 60}
    level = sound.band_level_pascals(900, 1100)
    assert (level.attrs["units"], level.attrs["calibration"]) == ("Pa", "M")
    assert level.attrs["long_name"] == "rms from 900 to below 1100 Hz"
    in_full_scale = 10 ** (sound.band_level_dbfs(900, 1100) / 20)
    assert (level / in_full_scale).dropna("time").to_numpy() == pytest.approx(60)


def test_the_level_of_a_band_says_where_it_is_from_and_where_that_was_published(raw: Path, tmp_path: Path) -> None:
    release = raw / "june/release.toml"
    release.write_text(f'source = "https://example.org/sounds"\ncredit = "A"\n{RELEASE}')
    (raw / "june/m.toml").write_text(f"{MICROPHONE}60.0\n")
    ingest(raw, raw.parent / "store", {"audio": (*SOUND["audio"], Evidence()), "video": (), "photo": ()})
    sound = marsmedia.open(raw.parent / "store").source("edl.wav")
    assert sound.spectra.attrs["references"] == "https://example.org/sounds"
    with sound.spectrogram() as spectrogram:
        expected = {name: value for name, value in spectrogram.attrs.items() if name != "Conventions"}
    for level, unit in ((sound.band_level_dbfs(900, 1100), "dBFS"), (sound.band_level_pascals(900, 1100), "Pa")):
        level.to_netcdf(tmp_path / "level.nc", engine="h5netcdf")
        with xr.open_dataarray(tmp_path / "level.nc", engine="h5netcdf") as kept:
            attrs = dict(kept.attrs)
        assert (attrs["title"], attrs["units"]) == ("Level of a band of edl.wav", unit)
        assert {name: attrs[name] for name in expected if name != "title"} == {
            name: value for name, value in expected.items() if name != "title"
        }
        assert (attrs["source_sha256"], attrs["credit"], attrs["references"]) == (
            sound.sha256,
            "A",
            "https://example.org/sounds",
        )


def test_pascals_of_a_sound_without_a_calibration_are_refused(raw: Path) -> None:
    (raw / "june/release.toml").write_text('title = "Sounds"\n')
    ingest(raw, raw.parent / "store", SOUND)
    sound = marsmedia.open(raw.parent / "store").source("edl.wav")
    with pytest.raises(RequestError) as refused:
        sound.band_level_pascals(900, 1100)
    assert str(refused.value) == (
        "edl.wav: no calibration, so that pascals are unknown; name one in release.toml and run `marsmedia ingest`. Of "
        "one that is named, the run or `marsmedia release check` says why it does not apply"
    )
    assert "calibration" not in sound.spectra.attrs


def test_a_calibration_that_a_copy_of_the_sound_lacks_is_made_by_the_command_that_is_named(raw: Path) -> None:
    (raw / "june/release.toml").write_text(f'{RELEASE}date = "2021-06-16T04:11:00Z"\n')
    calibrate(raw, 60.0)
    (raw / "backup").mkdir()
    (raw / "backup/edl.wav").write_bytes((raw / "june/edl.wav").read_bytes())
    (raw / "backup/release.toml").write_text(
        '[[file]]\npath = "edl.wav"\nrecorded_by = "another"\ndate = "2021-06-17T04:11:00Z"\n'
    )
    ingest(raw, raw.parent / "store", SOUND)
    sound = marsmedia.open(raw.parent / "store").source("edl.wav")
    assert sound.spectra.attrs["processor"] == "audio.spectra"
    assert "calibration" not in sound.spectra.attrs
    with pytest.raises(RequestError) as refused:
        sound.table("audio.spectra", "octave_bands.csv", calibration="M")
    command = f"marsmedia reprocess {sound.sha256[:8]} --processor audio.spectra --set calibration=FILE"
    assert f"; make it with `{command}`. The newest has " in str(refused.value)
    reprocess(raw.parent / "store", *command.replace("FILE", str(raw / "june/m.toml")).split()[3:])
    sound = marsmedia.open(raw.parent / "store").source("edl.wav")
    assert pascals(sound.result("audio.spectra", calibration="M")) == 60


def test_a_calibration_of_an_instrument_that_no_release_names_any_more_is_named_as_such(raw: Path) -> None:
    calibrate(raw, 60.0)
    (raw / "june/release.toml").write_text(
        '[[file]]\npath = "edl.wav"\nrecorded_by = "another"\ndate = "2021-06-17T04:11:00Z"\n'
    )
    ingest(raw, raw.parent / "store", SOUND)
    sound = marsmedia.open(raw.parent / "store").source("edl.wav")
    for measure in (
        lambda: sound.band_level_pascals(900, 1100, calibration="M"),
        lambda: sound.table("audio.spectra", "octave_bands.csv", calibration="M"),
    ):
        with pytest.raises(RequestError) as refused:
            measure()
        assert str(refused.value).partition(": ")[2].partition(": ")[2] == (
            "calibration is 'M': the release does not give it to this file; leave it out, or change release.toml"
        )


def test_a_calibration_of_the_release_cannot_be_taken_away_by_a_parameter(raw: Path) -> None:
    calibrate(raw, 60.0)
    sound = marsmedia.open(raw.parent / "store").source("edl.wav")
    with pytest.raises(RequestError) as refused:
        sound.spectrogram(calibration=None)
    assert str(refused.value) == (
        "edl.wav: audio.spectrogram: calibration is None: the release gives 'M'; leave it out, or change release.toml"
    )


def test_parameters_of_inputs_have_dotted_names_or_a_dict(raw: Path) -> None:
    calibrate(raw, 60.0)
    store = raw.parent / "store"
    reprocess(store, "--processor", "audio.spectra", "--set", "spectrogram.window_samples=8192")
    sound = marsmedia.open(store).source("edl.wav")
    dotted: dict[str, object] = {"spectrogram.window_samples": 8192}
    long = sound.table("audio.spectra", "spectra.csv", **dotted)
    again = sound.table("audio.spectra", "spectra.csv", spectrogram={"window_samples": 8192})
    pd.testing.assert_frame_equal(again, long)
    assert len(sound.spectra) < len(long) == 4097
    with pytest.raises(
        RequestError, match=r"has spectrogram\.window_samples=4096; make it with .* --set spectrogram\."
    ):
        sound.result("audio.spectra", spectrogram={"window_samples": 4096})


def test_a_wrong_name_of_a_parameter_is_answered_with_those_there_are(raw: Path) -> None:
    calibrate(raw, 60.0)
    sound = marsmedia.open(raw.parent / "store").source("edl.wav")
    with pytest.raises(RequestError) as caught:
        sound.spectrogram(nfft=4096)
    assert str(caught.value).startswith(
        "audio.spectrogram: nfft: no such parameter; use one of band_hz, window_samples, "
    )
    with pytest.raises(RequestError, match=r"spectrogram\.nfft: no such parameter"):
        sound.result("audio.spectra", spectrogram={"nfft": 4096})
    for wrong, answer in (
        ("spectrogram.nperseg", "spectrogram.band_hz, spectrogram.window_samples, "),
        ("spectrogram.window.size", "spectrogram.band_hz, spectrogram.window_samples, "),
        ("calibration.pascals", "calibration.name, calibration.source, "),
        ("spectrum.window", "calibration, spectrogram"),
    ):
        named: dict[str, object] = {wrong: 1}
        with pytest.raises(RequestError) as caught:
            sound.result("audio.spectra", **named)
        assert f"audio.spectra: {wrong}: no such parameter; use one of {answer}" in str(caught.value)


def test_a_result_is_one_line_in_a_notebook(raw: Path) -> None:
    calibrate(raw, 60.0)
    store = raw.parent / "store"
    reprocess(store, "--processor", "audio.spectra", "--set", "spectrogram.window_samples=8192")
    sound = marsmedia.open(store).source("edl.wav")
    dotted: dict[str, object] = {"spectrogram.window_samples": 8192}
    assert repr(sound.result("audio.spectra", **dotted)) == (
        f"<audio.spectra version {Spectra.version}, not requested today with calibration='M',"
        " spectrogram.window_samples=8192: spectra.csv, octave_bands.csv, spectra.json>"
    )
    assert all(len(repr(one)) < 200 and "\n" not in repr(one) for one in sound.results)


def test_recipes_that_a_folder_names_count_in_its_notebooks(raw: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calibrate(raw, 60.0)
    store = raw.parent / "store"
    reprocess(store, "--processor", "audio.spectra", "--set", "spectrogram.window_samples=8192")
    (raw.parent / "mine.toml").write_text('["audio.spectra"]\n"spectrogram.window_samples" = 8192\n')
    monkeypatch.chdir(raw.parent)
    assert len(marsmedia.open(store).source("edl.wav").spectra) < 4097
    (raw.parent / "marsmedia.toml").write_text('recipes = "mine.toml"\n')
    assert len(marsmedia.open(store).source("edl.wav").spectra) == 4097


def test_a_photo_without_deep_colours_says_why_and_what_to_take(tmp_path: Path) -> None:
    (tmp_path / "raw/june").mkdir(parents=True)
    MediaMaker(tmp_path / "raw/june").photo("a.png", size=(40, 30))
    ingest(tmp_path / "raw", tmp_path / "store", {"audio": (), "video": (), "photo": (DeepPhoto(),)})
    with pytest.raises(RequestError) as caught:
        marsmedia.open(tmp_path / "store").source("a.png").photo("photo.deep")
    assert str(caught.value) == (
        "a.png: photo.deep has no picture: 8 bits of sRGB or grey hold all of it; photo_values() has the values of its "
        "file; photo.preview is compressed"
    )


def test_a_result_of_an_earlier_version_is_given_with_a_warning(raw: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calibrate(raw, 60.0)
    monkeypatch.setattr(Levels, "version", Levels.version + 1)
    sound = marsmedia.open(raw.parent / "store").source("edl.wav")
    with pytest.warns(
        UserWarning,
        match=rf"audio.levels was made by an earlier version: version {Levels.version - 1} -> {Levels.version}",
    ):
        assert sound.loudness.attrs["comment"].endswith(f": version {Levels.version - 1} -> {Levels.version}")


def test_where_the_description_is_gone_the_newest_is_given_with_a_warning(raw: Path) -> None:
    calibrate(raw, 60.0)
    (raw / "june/release.toml").unlink()
    sound = marsmedia.open(raw.parent / "store").source("edl.wav")
    words = (
        "edl.wav: this result of audio.levels is the newest; what today's release and recipes request is not known, "
        "as its release.toml or its processor is gone"
    )
    with pytest.warns(UserWarning, match=f"^{re.escape(words)}$"):
        assert sound.levels.calibration is not None


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
    (subject,) = subjects(catalogue.sources().values(), store, catalogue, CurrentResults(catalogue).of)
    assert subject.failures == ()


def test_an_altitude_is_named_without_the_shot_that_the_release_states(tmp_path: Path) -> None:
    june = tmp_path / "raw/june"
    june.mkdir(parents=True)
    write(june / "pan.mp4", [scene(8, frame, (320, 240)) for frame in range(20)])
    stated = "altitude_metres = 300.0\nfield_of_view_degrees = 35.0\naltitude_shot = 1\n"
    (june / "release.toml").write_text(f'[[file]]\npath = "pan.mp4"\n{stated}')
    ingest(tmp_path / "raw", tmp_path / "store", {"audio": (), "video": (Evidence(),), "photo": ()})
    named = {"region_px": "0,0,200,200", "altitude_metres": 300, "field_of_view_degrees": 35, "altitude_shot": 1}
    settings = [word for name, value in named.items() for word in ("--set", f"{name}={value}")]
    words = ["--processor", "video.motion", *settings, "--store", str(tmp_path / "store")]
    done = CliRunner().invoke(main, ["reprocess", "pan.mp4", *words])
    assert done.exit_code == 0, done.output
    video = marsmedia.open(tmp_path / "store").source("pan.mp4")
    named = {"region_px": [0, 0, 200, 200], "altitude_metres": 300, "field_of_view_degrees": 35}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = video.result("video.motion", **named)
    assert result.parameters["altitude_shot"] == 1
    assert result.key == video.result("video.motion", **named, altitude_shot=1).key
