"""`import marsmedia`: a store's results as objects that scientists know, with the right numbers and times."""

from __future__ import annotations

import inspect
import io
import json
import re
import subprocess
import sys
from contextlib import redirect_stdout
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

import marsmedia
from marsmedia import RequestError, SourceView, StoreView
from processors.audio.events.events import Events
from processors.audio.levels.levels import Levels
from processors.metadata.evidence import Evidence
from processors.mission.profile import load_profile
from processors.packs.recipe.audience import AUDIENCES
from tests.helpers.made_media import MediaMaker
from tests.helpers.runs import ingest

PROJECT = Path(__file__).resolve().parents[2]
CHANGING = ("columns", "key", "processor_parameters", "software")
HEAVY = {"numpy", "pandas", "xarray", "prefect", "pyarrow", "duckdb", "av", "PIL", "click", "pydantic"}


@pytest.fixture(scope="module")
def store(folder: Path) -> StoreView:
    return marsmedia.open(folder / "processed")


@pytest.fixture(scope="module")
def video(store: StoreView) -> SourceView:
    return store.source("drive-off.mp4")


@pytest.fixture(scope="module")
def sound(store: StoreView) -> SourceView:
    return store.source("drive-off-sound.wav")


def test_importing_it_loads_nothing_heavy() -> None:
    script = "import sys, marsmedia; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=PROJECT)
    assert {name.split(".")[0] for name in done.stdout.split()} & HEAVY == set()


def test_the_page_for_notebooks_runs_as_it_is_printed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (PROJECT / "docs/measuring.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    monkeypatch.chdir(folder)
    with redirect_stdout(io.StringIO()) as out:
        exec(compile(code, "measuring.md", "exec"), {})
    lines = out.getvalue()
    assert "drive-off-sound.wav of sample-release" in lines
    assert "begins at 2021-05-22 02:40:00+00:00 on sol 8" in lines
    assert "{'units': 's', 'description': 'presentation time, as printed by ffprobe'}" in lines
    assert "(640, 360)" in lines


def test_sources_are_selected_by_words_and_by_keywords(store: StoreView) -> None:
    def names(sources: list[SourceView]) -> list[str]:
        return [source.name for source in sources]

    assert names(store.sources()) == ["a tone.wav", "drive-off-sound.wav", "drive-off.mp4", "rear-camera-tracks.png"]
    assert names(store.sources("medium=audio mission=tianwen-1")) == ["drive-off-sound.wav"]
    assert names(store.sounds(mission="tianwen-1")) == ["drive-off-sound.wav"]
    assert names(store.videos(sol=8)) == names(store.videos(sol="1..10")) == ["drive-off.mp4"]
    assert names(store.photos(camera="rear")) == ["rear-camera-tracks.png"]
    assert names(store.sources("'a tone.wav'")) == ["a tone.wav"]
    assert (
        names(store.sources(["a tone.wav"])) == names(store.sources(("a tone.wav", "medium=audio"))) == ["a tone.wav"]
    )
    assert store.source("a tone.wav").release == "made"


def test_a_source_shows_what_is_known_of_it(video: SourceView) -> None:
    assert (video.medium, video.release, video.duration_seconds) == ("video", "sample-release", 10.0)
    assert (video.facts["event"], video.facts["first_sol"]) == ("drive-off", 8)
    assert repr(video) == f"<video drive-off.mp4 of sample-release, {video.sha256[:8]}>"


def test_frames_have_their_times_on_both_planets(video: SourceView) -> None:
    frames = video.frames
    assert frames.time_seconds.tolist() == [float(n) for n in range(10)]
    assert frames.utc.iloc[3] == pd.Timestamp("2021-05-22T02:40:03Z")
    assert frames.sol.tolist() == [8] * 10
    time = video.mars_time(7.0)
    assert time.utc == "2021-05-22T02:40:07Z"
    assert frames.local_true_solar_time_hours.iloc[7] == pytest.approx(time.local_true_solar_time_hours, abs=1e-7)
    assert frames.local_mean_solar_time_hours.iloc[7] == pytest.approx(time.local_mean_solar_time_hours, abs=1e-7)
    assert all(Path(path).is_file() for path in frames.path)
    assert video.table("video.frames").path.tolist() == frames.path.tolist()


def test_clocks_count_a_midnight_on_mars_within_a_recording() -> None:
    from marsmedia.clocks import Clocks

    tianwen = load_profile("tianwen-1")
    midnight = marsmedia.utc_of_sol(9, mission="tianwen-1")
    clocks = Clocks(start_utc=midnight, profile=tianwen).at(np.array([-36_000.0, -60.0, 0.0, 60.0, 36_000.0]))
    assert clocks.sol.tolist() == [8, 8, 9, 9, 9]
    for seconds, row in zip((-36_000, -60, 0, 60, 36_000), clocks.itertuples(), strict=True):
        exact = marsmedia.mars_time(midnight + timedelta(seconds=seconds), mission="tianwen-1")
        for name in ("local_mean_solar_time_hours", "local_true_solar_time_hours"):
            apart_hours = (getattr(row, name) - getattr(exact, name) + 12) % 24 - 12
            assert abs(apart_hours) < 0.1 / 3600


def test_what_is_not_known_is_missing_and_not_guessed(store: StoreView) -> None:
    tone = store.source("a tone.wav")
    assert tone.start_utc is None
    assert tone.loudness[["utc", "sol", "local_true_solar_time_hours"]].isna().to_numpy().all()
    assert "start_utc" not in tone.loudness.attrs


def test_every_column_has_a_unit_and_a_meaning_and_they_go_along_into_a_file(
    video: SourceView, sound: SourceView, tmp_path: Path
) -> None:
    for table in (video.frames, video.shots, video.measurements, sound.events, sound.spectra, sound.loudness):
        assert list(table.attrs["columns"]) == list(table.columns)
        assert all(column["units"] and column["description"] for column in table.attrs["columns"].values())
        json.dumps(table.attrs)
    video.measurements.to_parquet(tmp_path / "measurements.parquet")
    attrs = pd.read_parquet(tmp_path / "measurements.parquet").attrs
    assert {name: value for name, value in attrs.items() if name not in CHANGING} == {
        "title": "Measurements of every frame of The rover drives off the lander",
        "source": "drive-off.mp4",
        "source_sha256": video.sha256,
        "release": "sample-release",
        "credit": "marsmedia project, computed",
        "license": "Apache-2.0, with the source code of marsmedia",
        "mission": "tianwen-1",
        "start_utc": "2021-05-22T02:40:00Z",
        "start_precision": "minute",
        "processor": "video.measurements",
        "processor_version": video.result("video.measurements").version,
    }
    assert json.loads(attrs["processor_parameters"]) == video.result("video.measurements").parameters
    assert re.fullmatch(rf"marsmedia {re.escape(marsmedia.__version__)}(, commit [0-9a-f]{{40}})?", attrs["software"])
    assert attrs["columns"]["sharpness"]["units"] == "levels2"


def test_the_level_of_a_band_is_the_rms_of_what_is_in_it(store: StoreView, sound: SourceView) -> None:
    tone = store.source("a tone.wav")
    inside = tone.band_level_dbfs(1400, 1600).isel(channel=0)
    middle = inside[len(inside) // 4 : -len(inside) // 4]
    assert middle.to_numpy() == pytest.approx(20 * np.log10(0.25) - 3.0103, abs=0.01)
    outside = tone.band_level_dbfs(5000, 8000).isel(channel=0)[len(inside) // 4 : -len(inside) // 4]
    assert outside.max() < -90
    whole = 10 ** (sound.band_level_dbfs(0, 1e6) / 10)
    (channel,) = sound.levels.channels
    assert 10 * np.log10(float(whole.mean())) == pytest.approx(channel.rms_dbfs, abs=0.1)


def test_a_spectrogram_has_the_clocks_along_its_time(sound: SourceView) -> None:
    with sound.spectrogram() as spectrogram:
        assert spectrogram.power.dims == ("channel", "time", "frequency")
        apart = spectrogram.utc.to_numpy() - np.datetime64("2021-05-22T02:40:00", "us")
        assert apart / np.timedelta64(1, "s") == pytest.approx(spectrogram.time.to_numpy(), abs=2e-6)
        assert set(spectrogram.sol.to_numpy()) == {8.0}
        assert spectrogram.attrs["source_sha256"] == sound.sha256
        assert spectrogram.attrs["credit"] == "marsmedia project, computed"


def test_a_frame_is_the_one_that_was_kept_for_that_time(video: SourceView, store: StoreView) -> None:
    from PIL import Image

    def apart(path: str) -> float:
        with Image.open(path) as kept:
            return float(np.abs(np.asarray(frame, float) - np.asarray(kept, float)).mean())

    frame = video.frame(3.01)
    levels = [apart(path) for path in video.frames.path]
    assert frame.size == (640, 360)
    assert np.argmin(levels) == 3
    assert levels[3] < 2
    assert store.photos()[0].photo().size == (1024, 1024)


def test_results_and_their_files_are_found_by_parameters(video: SourceView) -> None:
    assert {one.processor for one in video.results} >= {"evidence", "video.frames", "video.shots"}
    assert video.result("video.frames", every_seconds=1).parameters["choice"] == "interval"
    assert video.item("video.timeline", "shots.otio").read_text().startswith("{")


def test_sql_and_packs(store: StoreView, tmp_path: Path) -> None:
    rows = store.query("SELECT name, first_sol FROM known WHERE mission = 'tianwen-1' ORDER BY name")
    assert rows.name.tolist() == ["drive-off-sound.wav", "drive-off.mp4", "rear-camera-tracks.png"]
    built = store.pack("medium=photo", tmp_path / "photos", title="Tracks")
    assert built.path == tmp_path / "photos"
    assert list(Path(built.path).rglob("*.jpg"))
    files, size = built.file_count, built.size_bytes / 1e6
    assert repr(built) == f"<pack '{tmp_path / 'photos'}': {files} files, {size:.1f} MB, 1 remark>"


def test_the_help_for_packs_names_every_audience() -> None:
    said = inspect.signature(StoreView.pack).parameters["audience"].annotation
    assert said == f"Literal[{', '.join(map(repr, AUDIENCES))}] | None"


def test_an_unknown_audience_is_refused_by_name(store: StoreView, tmp_path: Path) -> None:
    with pytest.raises(RequestError, match=r"audience is 'researcher': did you mean research\?"):
        store.pack("medium=photo", tmp_path / "photos", audience="researcher")  # pyright: ignore[reportArgumentType]


def test_unavailable_data_are_refused_with_a_message(store: StoreView, video: SourceView, sound: SourceView) -> None:
    reprocess = f"`marsmedia reprocess {video.sha256[:8]} --processor"
    for call, message in (
        (
            lambda: marsmedia.open("/nowhere"),
            "no store found at /nowhere; run `marsmedia ingest`, or open another folder",
        ),
        (lambda: store.sounds(sol=9999), "no source matches the selection"),
        (lambda: store.source("moon.mp4"), "moon.mp4: no such source in the store"),
        (lambda: store.source("*.w*"), "*.w*: matches 2 sources: a tone.wav, drive-off-sound.wav"),
        (lambda: store.sources("'a tone"), "'a tone: No closing quotation; put a name with quotes or spaces in quotes"),
        (lambda: store.query("SELEC"), "SELEC: Parser Error"),
        (lambda: video.motion, f"drive-off.mp4: has no result of video.motion; make it with {reprocess} video.motion`"),
        (
            lambda: video.table("video.frames", every_seconds=0.1),
            f"drive-off.mp4: no result of video.frames has every_seconds=0.1; make it with {reprocess} video.frames "
            "--set every_seconds=0.1`",
        ),
        (
            lambda: video.table("video.frames", times_seconds=(0, 8), deinterlace=True),
            f"{reprocess} video.frames --set times_seconds=0,8 --set deinterlace=true`",
        ),
        (
            lambda: video.table("video.frames", choice="a b"),
            "drive-off.mp4: video.frames: choice is 'a b': must be one of interval, nth, times, keyframes, all",
        ),
        (
            lambda: video.table("video.frames", choice="times"),
            "drive-off.mp4: video.frames: times_seconds is (): must name times for the choice 'times', and only for it",
        ),
        (
            lambda: video.table("video.motion", altitude_metres=100, field_of_view_degrees=40),
            "drive-off.mp4: video.motion: altitude_shot is None: must be the shot that altitude_metres belongs to",
        ),
        (
            lambda: video.table("video.motion", altitude_metres=100, field_of_view_degrees=40, altitude_shot=1),
            f"drive-off.mp4: no result of video.motion has altitude_metres=100 and field_of_view_degrees=40 and "
            f"altitude_shot=1; make it with {reprocess} video.motion --set altitude_metres=100 "
            "--set field_of_view_degrees=40 --set altitude_shot=1`",
        ),
        (lambda: sound.shots, "drive-off-sound.wav: video.shots does not apply to audio"),
        (lambda: sound.result("audio.tunes"), "audio.tunes: no such processor"),
        (
            lambda: video.item("video.shots", "a.txt"),
            "drive-off.mp4: video.shots has no item a.txt; its items are shots",
        ),
        (
            lambda: video.item("video.shots", "shots.otio"),
            "drive-off.mp4: video.shots has no item shots.otio; its items are shots.json, shots.csv; video.timeline "
            "makes some of its former items now",
        ),
        (lambda: video.table("video.shots", "a.csv"), "drive-off.mp4: video.shots has no table a.csv; its tables are"),
        (lambda: video.frame(-1), "drive-off.mp4: no frame is shown at -1 s; the video runs from 0.000 to 10.000 s"),
        (lambda: sound.frame(1), "drive-off-sound.wav: not a video; only videos have frames"),
        (lambda: sound.band_level_dbfs(1e6, 2e6), "drive-off-sound.wav: no sound from 1e+06 to below 2e+06 Hz;"),
        (
            lambda: store.source("a tone.wav").mars_time(),
            "a tone.wav: its recording time is unknown, but Mars time needs the minute; give it a `date` with its",
        ),
        (
            lambda: store.photos(event="track-photo")[0].mars_time(),
            "rear-camera-tracks.png: dated to the day only, but Mars time needs the minute; give it a `date` with its",
        ),
        (lambda: marsmedia.mars_time("2021-06-16"), "moment is '2021-06-16': must be a moment, to the minute or finer"),
        (lambda: marsmedia.utc_of_sol(1, mission="viking"), "mission is 'viking': must be one of"),
    ):
        with pytest.raises(RequestError) as refused:
            call()
        assert message in str(refused.value)


def test_a_mission_without_a_profile_has_its_label_s_sol_and_tables_without_sols(tmp_path: Path) -> None:
    (tmp_path / "raw/mer").mkdir(parents=True)
    MediaMaker(tmp_path / "raw/mer").tone("wind.wav", hz=500, seconds=1.0)
    label = 'PDS_VERSION_ID = PDS3\nMISSION_NAME = "MARS EXPLORATION ROVER"\nSTART_TIME = 2015-07-24T14:28:03\nEND\n'
    (tmp_path / "raw/mer/wind.lbl").write_text(label)
    ingest(tmp_path / "raw", tmp_path / "store", {"audio": (Evidence(), Levels()), "video": (), "photo": ()})
    wind = marsmedia.open(tmp_path / "store").source("wind.wav")
    assert wind.loudness.utc[0] == pd.Timestamp("2015-07-24T14:28:03.1Z")
    assert wind.loudness.sol.isna().all()
    with pytest.raises(RequestError) as refused:
        wind.mars_time()
    assert str(refused.value) == (
        "wind.wav: its mission has no profile, MARS EXPLORATION ROVER; the sol and solar time that its label "
        "states are in `facts`, and `marsmedia.mars_time(source.start_utc, longitude_degrees_east=...)` computes local "
        "times"
    )


def test_a_table_without_rows_has_columns_of_the_same_kinds(sound: SourceView, tmp_path: Path) -> None:
    (tmp_path / "raw/quiet").mkdir(parents=True)
    soundfile.write(tmp_path / "raw/quiet/silence.wav", np.zeros(96_000), 48_000)
    ingest(tmp_path / "raw", tmp_path / "store", {"audio": (Events(),), "video": (), "photo": ()})
    empty, full = marsmedia.open(tmp_path / "store").source("silence.wav").events, sound.events
    assert (len(empty), len(full) > 0) == (0, True)
    measured = [name for name, column in full.attrs["columns"].items() if column["units"] in ("s", "Hz", "dB", "dBFS")]
    assert len(measured) >= 4
    both = pd.concat([empty, full], ignore_index=True)
    assert {name: both[name].dtype for name in measured} == {name: full[name].dtype for name in measured}
