"""Start and stop of our PDS4 labels: equally precise, in order, and the stop that the source's label states."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from flows.cli.main import main
from processors.audio.waveform import Waveform
from processors.engine.wanted_results import Recipes
from processors.metadata.evidence import Evidence
from processors.photo.photo_preview import PhotoPreview
from tests.helpers.made_media import MediaMaker
from tests.helpers.made_pds3 import detached, picture
from tests.helpers.runs import ingest

START = "2015-07-24T14:28:03.539"
RELEASE = f"""title = "Times"
[[file]]
path = "fine.wav"
date = "2021-02-18T20:44:28.107Z"
[[file]]
path = "second.wav"
date = "2021-02-18T20:44:28Z"
[[file]]
path = "micro.wav"
date = "2021-02-18T20:44:28.000107Z"
[[file]]
path = "stated.img"
date = "{START}000Z"
"""
LABELS = {
    "stated": f"START_TIME = {START}\nSTOP_TIME = 2015-07-24T14:28:03.957",
    "only-start": f"START_TIME = {START}",
    "coarser-stop": f"START_TIME = {START}\nSTOP_TIME = 2015-07-24T14:28:03",
    "finer-stop": "START_TIME = 2015-07-24T14:28:03\nSTOP_TIME = 2015-07-24T14:28:09.5",
}
SPANS = {
    "stated.img": ("2015-07-24T14:28:03.539Z", "2015-07-24T14:28:03.957Z"),
    "only-start.img": ("2015-07-24T14:28:03.539Z", "2015-07-24T14:28:03.540Z"),
    "coarser-stop.img": ("2015-07-24T14:28:03.539Z", "2015-07-24T14:28:03.540Z"),
    "finer-stop.img": ("2015-07-24T14:28:03.000Z", "2015-07-24T14:28:09.500Z"),
    "fine.wav": ("2021-02-18T20:44:28.107Z", "2021-02-18T20:44:29.108Z"),
    "second.wav": ("2021-02-18T20:44:28Z", "2021-02-18T20:44:30Z"),
    "micro.wav": ("2021-02-18T20:44:28.000107Z", "2021-02-18T20:44:29.000108Z"),
}
"""Without a stated stop it is the last moment at which the recording can have begun, and its duration."""


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("times")
    june = folder / "raw/june"
    june.mkdir(parents=True)
    (june / "release.toml").write_text(RELEASE)
    for number, (name, times) in enumerate(LABELS.items()):
        (june / f"{name}.img").write_bytes((picture() + number).astype("u1").tobytes())
        (june / f"{name}.lbl").write_bytes(detached(f'{times}\n^IMAGE = "{name}.img"'))
    for name in ("fine.wav", "second.wav", "micro.wav"):
        MediaMaker(june).tone(name, hz=300.0 + 100 * len(name), seconds=1.0)
    recipes: Recipes = {"photo": (Evidence(), PhotoPreview()), "audio": (Waveform(), Evidence()), "video": ()}
    ingest(folder / "raw", folder / "store", recipes)
    words = ["pack", "*", "-o", str(folder / "pack"), "--audience", "research", "--store", str(folder / "store")]
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 0, done.output
    return folder / "pack"


@pytest.mark.parametrize("name", SPANS)
def test_start_and_stop_are_as_precise_as_each_other_and_in_order(pack: Path, name: str) -> None:
    found = set()
    for label in (pack / "data/media" / name).rglob("pds4-*.xml"):
        text = label.read_text(encoding="utf-8")
        found.add(tuple(re.findall(r"<st(?:art|op)_date_time>([^<]+)<", text)))
    assert found == {SPANS[name]}
