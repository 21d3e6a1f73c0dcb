"""What two releases state differently about the same bytes is used for neither, and told; a silent one agrees."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from flows.cli.main import main
from flows.run.reporting.report import Report
from processors.audio.levels.calibration import Calibration
from processors.audio.levels.levels import Levels
from processors.audio.spectrogram.spectrogram_picture import SpectrogramPicture
from processors.contract import Processor
from processors.engine.recipe_book import Recipes
from processors.metadata.evidence import Evidence
from processors.photo.tracks.tracks import Tracks
from processors.video.motion.motion import Motion
from processors.video.shots.stills import Stills
from tests.helpers.made_media import MediaMaker
from tests.helpers.runs import ingest
from tests.helpers.video_scenes import scene, write

ALTITUDE = "altitude_metres = {}\nfield_of_view_degrees = {}\naltitude_shot = 1"
PICTURE = SpectrogramPicture()
CLOCKS = ("start_utc", "longitude_degrees_east")
LABEL = """<?xml version="1.0"?><Product_Observational xmlns="http://pds.nasa.gov/pds4/pds/v1"><Observation_Area>
<Time_Coordinates><start_date_time>{}</start_date_time></Time_Coordinates></Observation_Area><File_Area_Observational>
<File><file_name>s.wav</file_name></File></File_Area_Observational></Product_Observational>"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    maker = MediaMaker(tmp_path_factory.mktemp("made"))
    ground = Image.fromarray(scene(3, 0, (640, 360)))
    sides = [0.98**number for number in range(40)]
    boxes = [(320 - 320 * side, 180 - 180 * side, 320 + 320 * side, 180 + 180 * side) for side in sides]
    write(maker.folder / "d.mp4", [np.asarray(ground.resize((320, 180), box=box)) for box in boxes])
    maker.tone("s.wav", hz=500.0, seconds=0.5)
    maker.photo("p.jpg", size=(64, 48))
    return maker.folder


def run(made: Path, folder: Path, name: str, *, audio: Processor = PICTURE, **releases: str | None) -> Report:
    """Ingest one file, in several releases whose entries about it are given; `-` is a release without one.

    None: without a release.toml.
    """
    for release, entry in releases.items():
        place = folder / "raw" / release
        place.mkdir(parents=True, exist_ok=True)
        shutil.copy(made / name, place / name)
        if entry is None:
            continue
        mission = 'mission = "perseverance"\n' if release == "later" else 'mission = "tianwen-1"\n'
        (place / "release.toml").write_text(mission + (f'[[file]]\npath = "{name}"\n{entry}\n' if entry != "-" else ""))
    recipes: Recipes = {"video": (Evidence(), Motion(), Stills()), "audio": (audio,), "photo": (Tracks(),)}
    return ingest(folder / "raw", folder / "store", recipes)


def parameters(folder: Path, processor: str) -> dict[str, Any]:
    """Parameters of the newest result of a processor."""
    found = (folder / "store").glob(f"results/*/*/{processor}/*/manifest.json")
    return json.loads(max(found, key=lambda path: path.stat().st_mtime_ns).read_bytes())["parameters"]


def told(report: Report) -> list[tuple[str, str | None]]:
    return [(one.file, one.reason) for one in report.problems]


def dispute(name: str, about: str, effect: str, label: str = "") -> list[tuple[str, str | None]]:
    why = f"the same bytes are in b/{name}, which has another {about}; describe both alike"
    return [("a/release.toml", f"{about}{f' in {label}' if label else ''} of '{name}' {effect}: {why}")]


@pytest.mark.parametrize("of_b", [(400, 60), (200, 35)])
def test_an_altitude_that_another_release_contradicts_is_used_for_neither_and_named(
    made: Path, tmp_path: Path, of_b: tuple[int, int]
) -> None:
    report = run(made, tmp_path, "d.mp4", a=ALTITUDE.format(200.0, 60), b=ALTITUDE.format(*of_b))
    assert told(report) == dispute("d.mp4", "altitude", "changed nothing")
    assert parameters(tmp_path, "video.motion")["altitude_metres"] is None
    key, values = ("altitude_metres", "200 {}; 400 {}") if of_b[1] == 60 else ("field_of_view_degrees", "60 {}; 35 {}")
    shown = CliRunner().invoke(main, ["show", "b/d.mp4", "--store", str(tmp_path / "store")]).output
    assert f"  paths disagree about {key}: {values.format('(a/d.mp4)', '(b/d.mp4)')}" in shown.splitlines()
    listed = CliRunner().invoke(main, ["failures", "--store", str(tmp_path / "store")]).output
    assert "  to do: state the same about both in release.toml\n" in listed

    report = run(made, tmp_path, "d.mp4", a=ALTITUDE.format(*of_b), b=ALTITUDE.format(*of_b))
    assert report.problems == ()
    assert parameters(tmp_path, "video.motion")["altitude_metres"] == of_b[0]
    assert parameters(tmp_path, "video.motion")["field_of_view_degrees"] == of_b[1]


@pytest.mark.parametrize(("a", "b"), [("-", "200"), ("200", "-"), ("", "200")])
def test_an_altitude_and_still_stated_in_one_release_count_where_no_other_states_any(
    made: Path, tmp_path: Path, a: str, b: str
) -> None:
    entries = {one: f"{ALTITUDE.format(one, 60)}\nstill_seconds = 0.7" for one in (a, b) if one == "200"}
    report = run(made, tmp_path, "d.mp4", a=entries.get(a, a), b=entries.get(b, b))
    assert report.problems == ()
    assert parameters(tmp_path, "video.motion")["altitude_metres"] == 200
    assert parameters(tmp_path, "video.stills")["pinned_seconds"] == 0.7


def test_of_two_chosen_stills_of_one_video_neither_is_used(made: Path, tmp_path: Path) -> None:
    report = run(made, tmp_path, "d.mp4", a="still_seconds = 0.7", b="still_seconds = 1.2", c="still_seconds = 0.7")
    assert told(report) == dispute("d.mp4", "still_seconds", "changed nothing")
    assert parameters(tmp_path, "video.stills")["pinned_seconds"] is None


@pytest.mark.parametrize("of_b", ["2021-06-01T10:00:00Z", "2021-06-02"])
def test_of_two_dates_of_one_sound_neither_gives_its_clocks(made: Path, tmp_path: Path, of_b: str) -> None:
    report = run(made, tmp_path, "s.wav", a='date = "2021-06-01T09:00:00Z"', b=f'date = "{of_b}"')
    assert told(report) == dispute("s.wav", "date", "is used for no clock")
    made_by = parameters(tmp_path, "audio.spectrogram_picture")
    assert [made_by.get(name) for name in CLOCKS] == [None, None]
    assert made_by["spectrogram"]["origin"] is None


def put_labels(folder: Path, **starts: str) -> None:
    """Write a label of the sound in each release, with its start."""
    for release, start in starts.items():
        (folder / "raw" / release).mkdir(parents=True)
        (folder / "raw" / release / "s.xml").write_text(LABEL.format(start))


def test_two_starts_in_labels_of_folders_without_a_release_are_named_by_the_file(made: Path, tmp_path: Path) -> None:
    put_labels(tmp_path, b="2021-06-01T09:00:00Z", c="2021-06-01T10:00:00Z")
    report = run(made, tmp_path, "s.wav", a='date = "2021-06-01"', b=None, c=None)
    why = "the same bytes are in c/s.wav, which has another date; describe both alike"
    assert told(report) == [("b/s.wav", f"date in s.xml is used for no clock: {why}")]
    assert parameters(tmp_path, "audio.spectrogram_picture")["start_utc"] is None


@pytest.mark.parametrize("entry", ["-", 'date = "2021-06-01"', 'title = "S"'])
def test_of_two_starts_in_labels_of_one_sound_neither_gives_its_clocks(made: Path, tmp_path: Path, entry: str) -> None:
    put_labels(tmp_path, a="2021-06-01T09:00:00Z", b="2021-06-01T10:00:00Z")
    report = run(made, tmp_path, "s.wav", a=entry, b=entry)
    assert told(report) == dispute("s.wav", "date", "is used for no clock", label="s.xml")
    made_by = parameters(tmp_path, "audio.spectrogram_picture")
    assert (made_by["start_utc"], made_by["spectrogram"]["origin"]) == (None, None)


@pytest.mark.parametrize("of_b", ["2021-06-02", "2021-06-01T09:01:00Z"])
def test_a_start_in_a_label_counts_unless_another_release_contradicts_it(made: Path, tmp_path: Path, of_b: str) -> None:
    put_labels(tmp_path, a="2021-06-01T09:00:00Z")
    report = run(made, tmp_path, "s.wav", a='date = "2021-06-01"', b=f'date = "{of_b}"')
    assert told(report) == dispute("s.wav", "date", "is used for no clock", label="s.xml")
    report = run(made, tmp_path, "s.wav", a='date = "2021-06-01"', b='date = "2021-06-01"')
    assert report.problems == ()
    assert parameters(tmp_path, "audio.spectrogram_picture")["start_utc"] == "2021-06-01T09:00:00Z"


@pytest.mark.parametrize("of_b", ["2021-06-01T17:00+08:00", "2021-06-01"])
def test_a_date_that_is_known_less_precisely_elsewhere_is_used(made: Path, tmp_path: Path, of_b: str) -> None:
    entries = [f'date = "{of_b}"', 'date = "2021-06-01T09:00:07Z"']
    report = run(made, tmp_path, "s.wav", a=entries[0], b=entries[1])
    made_by = parameters(tmp_path, "audio.spectrogram_picture")
    assert (report.problems, made_by["start_utc"]) == ((), "2021-06-01T09:00:07Z")
    assert made_by["longitude_degrees_east"] == 109.925


def test_releases_of_two_missions_give_a_sound_no_local_time(made: Path, tmp_path: Path) -> None:
    entry = 'date = "2021-06-01T09:00:00Z"'
    run(made, tmp_path, "s.wav", a=entry, later=entry)
    made_by = parameters(tmp_path, "audio.spectrogram_picture")
    assert [made_by[name] for name in CLOCKS] == ["2021-06-01T09:00:00Z", None]


@pytest.mark.parametrize(
    ("of_a", "of_b", "kept"),
    [
        ("后避障相机", "Rear hazard-avoidance camera", "Rear hazard-avoidance camera; 后避障相机"),
        ("Rear  hazcam", "rear hazcam", "Rear  hazcam"),
        ("", "rear hazcam", "rear hazcam"),
    ],
)
def test_all_names_of_a_camera_count(made: Path, tmp_path: Path, of_a: str, of_b: str, kept: str) -> None:
    report = run(made, tmp_path, "p.jpg", a=f'recorded_by = "{of_a}"' if of_a else "-", b=f'recorded_by = "{of_b}"')
    assert (report.problems, parameters(tmp_path, "photo.tracks")["recorded_by"]) == ((), kept)


@pytest.mark.parametrize(
    ("of_a", "of_b", "is_used"),
    [
        ("MCS microphone", "火星气候站麦克风", True),
        ("火星气候站麦克风", "mcs  Microphone", True),
        ("", "MCS microphone", True),
        ("camera; MCS microphone", "火星气候站麦克风", False),
        ("EDL microphone", "", False),
    ],
)
def test_a_calibration_of_the_recipe_is_used_where_any_path_names_its_instrument(
    made: Path, tmp_path: Path, of_a: str, of_b: str, is_used: bool
) -> None:
    own = Calibration(name="Mic", source="certificate 3", full_scale_pascals=60.0, instrument="MCS microphone")
    entries = [f'recorded_by = "{one}"' if one else "-" for one in (of_a, of_b)]
    report = run(made, tmp_path, "s.wav", audio=Levels(calibration=own), a=entries[0], b=entries[1])
    unused = "calibration 'Mic' changed nothing: no sound is recorded by 'MCS microphone'; "
    assert [why and why.startswith(unused) for _, why in told(report)] == [True] * (not is_used)
    assert (parameters(tmp_path, "audio.levels")["calibration"] is not None) == is_used
