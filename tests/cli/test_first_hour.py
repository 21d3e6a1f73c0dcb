"""What the shell completes, and how a release is begun, checked and asked for."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner
from PIL import Image

from flows.cli.ingest import advise
from flows.cli.main import main
from processors.metadata import Metadata
from tests.helpers.runs import ingest


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lists")
    (folder / "raw/june").mkdir(parents=True)
    Image.new("RGB", (64, 48)).save(folder / "raw/june/着陆过程.jpg")
    ingest(folder / "raw", folder / "store", {"photo": (Metadata(),), "video": (), "audio": ()})
    return folder / "store"


def command(*words: object) -> tuple[int, str]:
    answer = CliRunner().invoke(main, [str(word) for word in words], catch_exceptions=False)
    return answer.exit_code, answer.output


def test_the_shell_completes_processors_recipes_and_sources(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MARSMEDIA_STORE", str(store))
    complete = ShellComplete(main, {}, "marsmedia", "_MARSMEDIA_COMPLETE")

    def words(before: list[str], incomplete: str) -> list[str]:
        return [one.value for one in complete.get_completions(before, incomplete)]

    assert words(["processors"], "video.st") == ["video.stabilised", "video.stills", "video.stream_frames"]
    assert words(["ingest", "--recipe"], "l") == ["light"]
    assert words(["show"], "着") == ["着陆过程.jpg"]
    assert words(["items"], "m") == ["medium=", "mission="]
    assert words(["items"], "processor=photo.ti") == ["processor=photo.tiles"]


def test_after_an_ingest_it_is_said_of_which_release_nothing_is_known(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    raw = store.parent / "raw"
    advise(raw, store)
    told = f"june: 1 file without mission, date or title: describe them with `marsmedia release init {raw}/june`\n"
    assert capsys.readouterr().out == told


def test_a_release_is_begun_with_what_its_files_say(tmp_path: Path) -> None:
    photo = Image.new("RGB", (64, 48), (90, 40, 20))
    exif = Image.Exif()
    exif[0x010E] = "Tracks of the rover"
    exif.get_ifd(0x8769).update({0x9003: "2021:06:16 10:00:00", 0x9011: "+08:00"})
    photo.save(tmp_path / "a.jpg", exif=exif)
    photo.save(tmp_path / "b.png")
    assert command("release", "init", tmp_path, "--mission", "zhurong")[0] == 0
    text = (tmp_path / "release.toml").read_text()
    assert 'path = "a.jpg"\n' in text
    assert 'date = "2021-06-16T02:00:00' in text
    assert text.count("alt_text_zh") == 1
    assert 'mission = "tianwen-1"' in text
    assert 'event = "track-photo"  # the date is that of Wheel tracks' in text
    code, told = command("release", "check", tmp_path / "release.toml")
    assert (code, told.splitlines()[-1]) == (
        0,
        f"{tmp_path}/release.toml: 2 files described, no mistakes; of 1 file it says nothing but the path",
    )
    photo.save(tmp_path / "c.png")
    assert command("release", "check", tmp_path)[1].splitlines()[0] == "not described: c.png"
