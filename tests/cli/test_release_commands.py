"""`release init` and `release check`: the folder that is meant, the mission asked for, and whose address it is."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image

from flows.cli.main import main
from processors.metadata.release.release_template import with_mission
from tests.helpers.made_media import MediaMaker


def command(*words: object) -> tuple[int, str]:
    answer = CliRunner().invoke(main, [str(word) for word in words])
    return answer.exit_code, answer.output


def refused(*words: object) -> str:
    code, told = command(*words)
    assert code == 2
    return told.splitlines()[-1]


def photo(path: Path, shade: int = 90) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (64, 48), (shade, 40, 20)).save(path)


@pytest.mark.parametrize("is_template", [True, False])
def test_a_mission_that_an_existing_file_does_not_name_is_filled_in(tmp_path: Path, is_template: bool) -> None:
    photo(tmp_path / "a.png")
    target = tmp_path / "release.toml"
    if is_template:
        assert command("release", "init", tmp_path)[0] == 0
    else:
        target.write_bytes(b'title = "June"\r\n[[file]]\r\npath = "a.png"\r\n# mission = "..."\r\n')
    before = target.read_bytes().splitlines()
    asked = ("release", "init", tmp_path, "--mission")
    assert command(*asked, "zhurong") == (0, f'{target}: mission = "tianwen-1" filled in\n')
    after = target.read_bytes().splitlines()
    assert after.count(b'mission = "tianwen-1"') == 1
    after.remove(b'mission = "tianwen-1"')
    assert [line for line in before if not line.startswith(b'# mission = "..."                      # one')] == after
    kept = f"{target}: nothing is missing, and nothing was changed; a new template: --force\n"
    assert command(*asked, "tianwen-1") == (0, kept)
    other = f'{target}: its mission stays "tianwen-1"; correct it there\n'
    assert command(*asked, "perseverance") == (0, other + kept)


def test_a_mission_is_filled_in_behind_a_byte_order_mark() -> None:
    assert with_mission(b'\xef\xbb\xbftitle = "x"\n', "m") == b'\xef\xbb\xbfmission = "m"\ntitle = "x"\n'


def test_a_folder_of_releases_is_not_described_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = tmp_path / "raw"
    photo(raw / "june/cameras/a.png")
    photo(raw / "opp/b.png")
    monkeypatch.chdir(tmp_path)
    assert refused("release", "init", "raw") == "Error: raw: holds releases, such as raw/june; name one of them"
    assert command("release", "init", "raw/june")[0] == 0, "its media lie in folders"
    monkeypatch.chdir(raw)
    assert refused("release", "init", raw) == f"Error: {raw}: holds releases, such as {raw}/june; name one of them"
    assert not (raw / "release.toml").exists()


def test_two_descriptions_that_compete_are_named_by_a_run(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    photo(raw / "june/a.png")
    (raw / "release.toml").write_text('title = "Of all"\n')
    asked = ("ingest", raw, "--store", tmp_path / "store", "--dry-run")
    assert "release.toml above it" not in command(*asked)[1]
    (raw / "june/release.toml").write_text('title = "June"\n')
    what = "nothing of release.toml above it applies to this folder: keep one of the two"
    assert f"unmatched: june/release.toml: {what}\n" in command(*asked)[1]


def test_a_folder_that_does_not_exist_is_named_as_such(tmp_path: Path) -> None:
    photo(tmp_path / "june/a.png")
    assert refused("release", "check", tmp_path / "juni") == f"Error: {tmp_path}/juni: no such folder"
    assert refused("release", "check", tmp_path / "june") == (
        f"Error: {tmp_path}/june: has no release.toml; write one with `marsmedia release init {tmp_path}/june`"
    )


@pytest.mark.parametrize("words", [("ingest", "lab"), ("release", "check", "lab"), ("release", "init", "lab")])
def test_a_release_named_without_the_folder_that_holds_it_is_recognised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    photo(tmp_path / "raw/lab/a.png")
    photo(tmp_path / "elsewhere/lab/a.png")
    monkeypatch.chdir(tmp_path)
    assert refused(*words) == "Error: lab: no such folder; did you mean raw/lab?"
    monkeypatch.setenv("MARSMEDIA_RAW", str(tmp_path / "elsewhere"))
    assert refused(*words) == f"Error: lab: no such folder; did you mean {tmp_path}/elsewhere/lab?"


def test_dates_that_cannot_be_true_are_named_by_check_and_run_and_stop_nothing(tmp_path: Path) -> None:
    dates = {
        "a.png": "2032-01",
        "b.png": "2023-01",
        "c.png": "2021-06-27",
        "d.png": "2021-06-28T20:00+08:00",
        "e.png": "2021-06-28T19:59+08:00",
        "f.png": "2021",
        "g.png": None,
    }
    june = tmp_path / "raw/june"
    for number, name in enumerate(dates):
        photo(june / name, number)
    head = 'title = "June"\nreleased = 2021-06-27\n'
    listed = "".join(
        f'[[file]]\npath = "{name}"\n{f"date = {date!r}" if date else ""}\n' for name, date in dates.items()
    )
    (june / "release.toml").write_text(head + listed)
    after = "after it was published 2021-06-27 (release.toml:released): correct one of the two"
    late = {
        "a.png": "recorded 2032-01 (release.toml:date), which is in the future: correct the date",
        "b.png": f"recorded 2023-01 (release.toml:date), {after}",
        "d.png": f"recorded 2021-06-28T20:00+08:00 (release.toml:date), {after}",
    }
    code, told = command("release", "check", june)
    assert (code, told.splitlines()) == (
        0,
        [
            *(f"{name}: {words}" for name, words in late.items()),
            f"{june}/release.toml: 7 files described, no mistakes; 1 file with nothing but a path",
        ],
    )
    code, told = command("ingest", tmp_path / "raw", "--store", tmp_path / "store", "--recipe", "light", "--quiet")
    assert code == 0
    for name, words in late.items():
        assert f"june/{name}: evidence: {words}" in told
    assert not [name for name in dates.keys() - late.keys() if f"{name}: evidence" in told]
    (june / "release.toml").write_text(head.replace("2021-06-27", "2099-06-27"))
    assert command("release", "check", june)[1].splitlines()[0] == (
        "published 2099-06-27 (release.toml:released), which is in the future: correct the date unless it is planned"
    )


def test_files_of_others_that_have_the_releases_address_are_named(tmp_path: Path) -> None:
    entries = {
        "a.png": "",
        "b.png": 'agency = "NASA"',
        "c.png": 'mission = ""',
        "d.png": 'agency = "NASA"\nsource = "https://nasa.gov/d"',
        "e.png": 'agency = "CNSA"\ncredit = "Wang"',
    }
    for number, name in enumerate(entries):
        photo(tmp_path / name, number)
    head = 'title = "June"\nagency = "CNSA"\nmission = "tianwen-1"\nsource = "https://cnsa.gov.cn/1"\n'
    listed = "".join(f'[[file]]\npath = "{name}"\n{said}\n' for name, said in entries.items())
    (tmp_path / "release.toml").write_text(head + listed)
    code, told = command("release", "check", tmp_path)
    assert (code, told.splitlines()[0]) == (
        0,
        "2 files of another agency or mission, such as b.png: published at https://cnsa.gov.cn/1 by release.toml; "
        "give each a source of its own",
    )
    (tmp_path / "release.toml").write_text(head.replace("source", "# source") + listed)
    assert "another agency" not in command("release", "check", tmp_path)[1]


def test_check_asks_for_the_zone_of_a_time(tmp_path: Path) -> None:
    MediaMaker(tmp_path).tone("a.wav", hz=1000.0, seconds=1.0)
    release = 'title = "June"\nmission = "perseverance"\n[[file]]\npath = "a.wav"\ndate = "2021-02-18T20:44:30{}"\n{}'
    for zone, key, is_asked in (("", "", True), ("Z", "", False), ("", 'date_zone = "UTC"\n', False)):
        (tmp_path / "release.toml").write_text(release.format(zone, key))
        done = CliRunner().invoke(main, ["release", "check", str(tmp_path)])
        asked = (
            "a.wav: the time zone of 2021-02-18T20:44:30 is unknown, so that UTC and time on Mars are; write Z or its "
            'offset behind the time, or give date_zone = "UTC" or "Beijing"\n'
        )
        assert done.output == f"{asked * is_asked}{tmp_path / 'release.toml'}: 1 file described, no mistakes\n"


@pytest.mark.parametrize("name", ["init", "check"])
def test_a_release_in_a_bucket_is_asked_for_as_a_folder(name: str) -> None:
    assert refused("release", name, "s3://bucket/june") == (
        "marsmedia: s3://bucket/june: this command needs the release in a folder; copy it from the bucket first"
    )
