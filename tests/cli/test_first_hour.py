"""What the shell completes, and how a release is begun, checked and asked for."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner
from PIL import Image

from flows.cli.ingest import advise
from flows.cli.main import main
from processors.metadata import Metadata
from processors.metadata.evidence import Evidence
from tests.helpers.made_media import MediaMaker
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


def test_after_an_ingest_releases_without_information_are_named(
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
    code, told = command("release", "init", tmp_path, "--mission", "zhurong")
    assert (code, told.splitlines()[0]) == (0, f"wrote {tmp_path}/release.toml: 2 files; labels and tags describe 1")
    text = (tmp_path / "release.toml").read_text()
    assert 'path = "a.jpg"\n' in text
    assert 'date = "2021-06-16T02:00:00' in text
    assert text.count("alt_text_zh") == 1
    assert 'mission = "tianwen-1"' in text
    assert 'event = "track-photo"  # the date is that of Wheel tracks' in text
    code, told = command("release", "check", tmp_path / "release.toml")
    assert (code, told.splitlines()[-1]) == (
        0,
        f"{tmp_path}/release.toml: 2 files described, no mistakes; 1 file with nothing but a path",
    )
    photo.save(tmp_path / "c.png")
    assert command("release", "check", tmp_path)[1].splitlines()[0] == "not described: c.png"


def test_files_whose_labels_name_another_mission_are_named(tmp_path: Path) -> None:
    for name, shade in (("ours.png", 90), ("theirs.png", 60)):
        Image.new("RGB", (64, 48), (shade, 40, 20)).save(tmp_path / name)
    label = 'PDS_VERSION_ID = PDS3\n^IMAGE = "theirs.png"\nMISSION_NAME = "MARS EXPLORATION ROVER"\nEND\n'
    (tmp_path / "theirs.lbl").write_text(label)
    told = command("release", "init", tmp_path, "--mission", "tianwen-1")[1]
    assert (
        "labels of 1 file name another mission (MARS EXPLORATION ROVER), such as theirs.png: release.toml gives each "
        "its own mission, so that statements about tianwen-1 do not apply to it\n"
    ) in told
    written = (tmp_path / "release.toml").read_text()
    assert written.endswith(
        'path = "theirs.png"\nmission = ""  # label theirs.lbl:MISSION_NAME: MARS EXPLORATION ROVER, which has no '
        "profile\n"
    )
    assert "another mission" not in command("release", "check", tmp_path)[1]
    (tmp_path / "release.toml").write_text(written.replace('mission = ""', ""))
    code, told = command("release", "check", tmp_path)
    assert (code, told.splitlines()[0]) == (
        0,
        "theirs.png: tianwen-1 by release.toml, but its label names MARS EXPLORATION ROVER: give its [[file]] "
        'mission = "tianwen-1" if that is the same, else mission = "" and its own credit, rights and redistribute',
    )


def test_a_file_whose_entry_has_a_mistake_is_not_compared_with_its_label(tmp_path: Path) -> None:
    Image.new("RGB", (64, 48), (60, 40, 20)).save(tmp_path / "theirs.png")
    label = 'PDS_VERSION_ID = PDS3\n^IMAGE = "theirs.png"\nMISSION_NAME = "MARS EXPLORATION ROVER"\nEND\n'
    (tmp_path / "theirs.lbl").write_text(label)
    entry = '[[file]]\npath = "theirs.png"\nmission = ""\nsource = "github:x"\n'
    (tmp_path / "release.toml").write_text(f'mission = "tianwen-1"\n{entry}')
    code, told = command("release", "check", tmp_path)
    assert code == 1
    assert "not an address that can be published ('github:x')" in told
    assert "its label names" not in told


def test_a_release_of_several_missions_is_begun_with_the_mission_of_each_file(tmp_path: Path) -> None:
    for name, words, shade in (("a", "MARS 2020", 90), ("b", "Tianwen-1", 60)):
        Image.new("RGB", (64, 48), (shade, 40, 20)).save(tmp_path / f"{name}.png")
        label = f'PDS_VERSION_ID = PDS3\n^IMAGE = "{name}.png"\nMISSION_NAME = "{words}"\nEND\n'
        (tmp_path / f"{name}.lbl").write_text(label)
    command("release", "init", tmp_path)
    written = (tmp_path / "release.toml").read_text()
    assert '\n# mission = "..."   ' in written
    assert 'path = "a.png"\nmission = "perseverance"  # label a.lbl:MISSION_NAME\n' in written
    assert 'path = "b.png"\nmission = "tianwen-1"  # label b.lbl:MISSION_NAME\n' in written


def test_a_new_template_keeps_the_mission_that_was_stated(tmp_path: Path) -> None:
    Image.new("RGB", (64, 48)).save(tmp_path / "a.png")
    (tmp_path / "release.toml").write_text('mission = "tianwen-1"\n[[file]]\npath = "a.png"\nmission = ""\n')
    assert command("release", "init", tmp_path, "--force")[0] == 0
    written = (tmp_path / "release.toml").read_text()
    assert '\nmission = "tianwen-1"\n' in written
    assert written.endswith('path = "a.png"\nmission = ""  # as in the previous release.toml\n')


def _described(folder: Path) -> bytes:
    """Write a release of one described photo, with line ends and spaces of its own and none at its end."""
    Image.new("RGB", (64, 48), (90, 40, 20)).save(folder / "a.jpg")
    written = (
        'title   = "June"\r\nrights = "unresolved"\r\n\r\n[[file]]\r\npath = "a.jpg"\r\n'
        'title_zh = "车辙"\r\nrecorded_by = "the  Rear camera"\r\nkeywords = ["dust", "tracks"]\r\n'
        'date = "2021-05-22T10:40+08:00" # ours'
    ).encode()
    (folder / "release.toml").write_bytes(written)
    return written


def test_a_release_is_begun_with_the_files_that_a_run_reads_whatever_their_names(tmp_path: Path) -> None:
    folder = tmp_path / "june"
    folder.mkdir()
    for number, name in enumerate([b"caf\xe9.png", b"new\nline.png", b"part.png.part", b".hidden.png"]):
        Image.new("L", (8, 8), number).save(tmp_path / "made.png")
        (folder / os.fsdecode(name)).write_bytes((tmp_path / "made.png").read_bytes())
    (folder / "broken.png").symlink_to("nowhere.png")
    (folder / "outside.png").symlink_to(tmp_path / "made.png")
    os.mkfifo(folder / "pipe.png")
    assert command("release", "init", folder)[0] == 0
    described = tomllib.loads((folder / "release.toml").read_text())
    assert [entry["path"] for entry in described["file"]] == ["caf\\xe9.png", "new\nline.png"]
    code, output = command("release", "check", folder)
    assert (code, output.count("not described")) == (0, 0), output
    report = ingest(folder, tmp_path / "store", {"photo": (Metadata(), Evidence()), "video": (), "audio": ()})
    assert (report.results.made, report.results.failed) == (4, 0)
    assert not any("release.toml" in str(problem) for problem in report.problems)


def test_files_that_came_later_are_added_at_the_end_of_a_release_file(tmp_path: Path) -> None:
    written = _described(tmp_path)
    target = tmp_path / "release.toml"
    told = f"{target}: nothing is missing, and nothing was changed; a new template: --force\n"
    assert command("release", "init", tmp_path) == (0, told)
    assert target.read_bytes() == written
    Image.new("RGB", (64, 48)).save(tmp_path / "b.png")
    assert command("release", "init", tmp_path) == (0, f"{target}: 1 file added at its end; the rest is unchanged\n")
    assert target.read_bytes() == written + b'\r\n\r\n[[file]]\r\npath = "b.png"\r\n'
    assert command("release", "check", tmp_path)[0] == 0


@pytest.mark.parametrize("written", [b"title = June\n", b'file = [{path = "b.png"}]\n'])
def test_nothing_is_added_to_a_release_file_that_would_be_broken_by_it(tmp_path: Path, written: bytes) -> None:
    _described(tmp_path)
    (tmp_path / "release.toml").write_bytes(written)
    code, told = command("release", "init", tmp_path)
    assert code == 2
    assert f"{tmp_path}/release.toml: nothing can be added to it (" in told
    assert (tmp_path / "release.toml").read_bytes() == written


def test_a_new_template_keeps_the_old_release_file_and_its_words(tmp_path: Path) -> None:
    written = _described(tmp_path)
    code, told = command("release", "init", tmp_path, "--force")
    assert (code, told.splitlines()[0]) == (0, f"kept the old one as {tmp_path}/release.toml.bak")
    assert (tmp_path / "release.toml.bak").read_bytes() == written
    second = (tmp_path / "release.toml").read_bytes()
    text = second.decode()
    for said in (
        'title_zh = "车辙"',
        'recorded_by = "the  Rear camera"',
        'keywords = ["dust", "tracks"]',
        'date = "2021-05-22T10:40+08:00"',
    ):
        assert f"\n{said}  # as in the previous release.toml\n" in text
    assert command("release", "init", tmp_path, "--force")[0] == 0
    assert (tmp_path / "release.toml.bak").read_bytes() == written
    assert (tmp_path / "release.toml.bak2").read_bytes() == second
    assert command("release", "check", tmp_path)[0] == 0


def test_the_commands_that_a_run_names_can_be_copied_as_they_are(raw: Path, tmp_path: Path) -> None:
    (raw / "june").rename(raw / "ju ne")
    MediaMaker(raw / "ju ne").photo("a.jpg", size=(64, 48))
    whole = (raw / "ju ne/a.jpg").read_bytes()
    (raw / "ju ne/b.jpg").write_bytes(whole[:-200])
    told = CliRunner().invoke(main, ["ingest", str(raw), "--store", str(tmp_path / "st ore"), "--recipe", "light"])
    lines = told.output.splitlines()
    assert f"for details: marsmedia failures --store '{tmp_path}/st ore'" in lines
    assert lines[-1].endswith(f"describe them with `marsmedia release init '{raw}/ju ne'`")
