"""`release.toml` is read as written, and every mistake is told with its line."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from flows.cli.main import main
from processors.metadata.release.release_file import read_release
from processors.metadata.release.release_template import template
from processors.mission.profile import profile_names
from processors.sample.release_toml import release_toml
from tests.helpers.video_scenes import scene, write


def told(text: str) -> list[str]:
    return [str(problem) for problem in read_release(text.encode()).problems]


def test_the_samples_own_release_is_right() -> None:
    release = read_release(release_toml().encode())
    assert release.problems == ()
    assert release.head["mission"] == "tianwen-1"
    tracks = release.files["rear-camera-tracks.png"]
    assert (tracks["date"], tracks["date_zone"]) == ("2021-06-16", "Beijing")
    assert release.files["drive-off.mp4"]["title_zh"] == "火星车驶离着陆平台（合成样例）"


def test_a_native_date_is_kept_as_text() -> None:
    release = read_release(b'released = 2021-06-27\n[[file]]\npath = "a.mp4"\ndate = 2021-05-22T02:40:00Z\n')
    assert (release.head["released"], release.files["a.mp4"]["date"]) == ("2021-06-27", "2021-05-22T02:40:00Z")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("title = 'x'\ncredit = \n", "release.toml, line 2: Invalid value"),
        (
            "[[file]]\npath = 'a'\nredistribute = false\ncaption = '''\nx'''\nredistribute = true\n",
            "release.toml, line 6: redistribute: stated twice (lines 3 and 6); keep one of them",
        ),
        (
            "title = 'x'\n[[file]]\npath = 'a'\n[[file]]\npath = 'b'\ntitle = 'y'\n\"title\" = 'z'\n",
            "release.toml, line 7: title: stated twice (lines 6 and 7); keep one of them",
        ),
        ("\ntitel = 'x'\n", "release.toml, line 2: titel: unknown key; did you mean title?"),
        ("title = 3\n", "release.toml, line 1: title: not text (3); write it in quotes"),
        (
            "title = ''\n\nmission = 'mars-one'\n",
            f"line 3: mission: unknown mission ('mars-one'); use one of {', '.join(profile_names())}",
        ),
        ("[[file]]\ntitle = 'x'\n", "release.toml, line 1: file: path: missing; add path = "),
        (
            "[[file]]\npath = '../secret.jpg'\n",
            "release.toml, line 2: path: outside the release ('../secret.jpg'); name",
        ),
        ("[[file]]\npath = '/etc/passwd'\n", "release.toml, line 2: path: outside the release ('/etc/passwd'); name"),
        (
            "[[file]]\npath = 'a'\n\n[[file]]\npath = './a'\n",
            "line 5: path: named twice ('a', first on line 2); remove one",
        ),
        ("[[file]]\npath = 'a'\ndate = '2021-02-30'\n", "line 3: date is '2021-02-30': no such date"),
        ("[[file]]\npath = 'a'\ndate = '2021-06-16'\ndate_precision = 'second'\n", "line 4: date_precision is 's"),
        ("[[file]]\npath = 'a'\ndate_zone = 'UTC'\n", "line 3: date_zone: without a date; add date"),
        (
            "mission = 'tianwen-1'\n[[file]]\npath = 'a'\nevent = 'party'\n",
            "line 4: event: unknown event ('party'); use one of",
        ),
        (
            "mission = 'perseverance'\n[[file]]\npath = 'a'\nmission = 'tianwen-1'\nevent = 'drive-in'\n",
            "line 5: event: unknown event ('drive-in'); use one of",
        ),
        (
            "mission = 'perseverance'\n[[file]]\npath = 'a'\nevent = 'touchdown'\n",
            "line 4: event: no source was found for the time of 'touchdown' of perseverance; state it as `date` of",
        ),
        (
            "mission = 'perseverance'\n[[file]]\npath = 'a'\nevent = 'edl-microphone-start'\n",
            "line 4: event: unknown event ('edl-microphone-start'); perseverance has none with a time: state the",
        ),
        (
            "[[file]]\npath = 'a'\nmission = 'mer'\nevent = 'party'\n",
            f"line 3: mission: unknown mission ('mer'); use one of {', '.join(profile_names())}, or \"\" for",
        ),
        (
            "[[file]]\npath = 'a'\naltitude_metres = 5\n",
            "line 3: altitude_metres: not enough alone; add field_of_view_degrees and alt",
        ),
        (
            "[[file]]\npath = 'a'\naltitude_metres = true\n",
            "line 3: altitude_metres: not a number (true); write digits",
        ),
        (
            "[[file]]\npath = 'a'\naltitude_metres = -5.0\n",
            "line 3: altitude_metres: out of range (-5.0); use a number above 0",
        ),
        ("[[file]]\npath = 'a'\naltitude_metres = inf\n", "line 3: altitude_metres: not a finite number (inf)"),
        ("[[file]]\npath = 'a'\nfield_of_view_degrees = nan\n", "line 3: field_of_view_degrees: out of range (nan)"),
        ("[[file]]\npath = 'a'\nstill_seconds = -1\n", "line 3: still_seconds: out of range (-1); use 0 or more"),
        (
            "[[file]]\npath = 'a'\naltitude_shot = 1.5\n",
            "line 3: altitude_shot: not a whole number (1.5); write digits only",
        ),
        *(
            (
                f"title = 'x'\nsource = '{address}'\n",
                f"line 2: source: not an address that can be published ({address!r}",
            )
            for address in ("javascript:alert(1)", " JavaScript :alert(1)", "data:text/html,x", "file:///etc/passwd")
        ),
        ("\n\ntitle = “九月”\n", 'release.toml, line 3: “ is no mark of TOML; write " in its place'),
        ('title = "九月”\n', 'line 1: ” is no mark of TOML; write " in its place'),
        ("title = 「九月」\n", 'line 1: 「 is no mark of TOML; write " in its place'),
        ("title ＝ '九月'\n", "line 1: ＝ is no mark of TOML; write = in its place"),
        ("[[file]]\npath = 'a'\nkeywords = ['a'，'b']\n", "line 3: ， is no mark of TOML; write , in its place"),
        ("【【file】】\npath = 'a'\n", "line 1: 【 is no mark of TOML; write [ in its place"),
        ('title = "说"着陆，今天"\n', "line 1: Expected newline or end of document after a statement"),
        ("file = 3\n", "line 1: file: not a list of sections; write [[file]] above each"),
        ("keywords = []\n[[file]]\npath = 'a'\nkeywords = [1]\n", "line 4: keywords: not text (1); write it in quotes"),
    ],
)
def test_every_mistake_is_reported_with_its_line(text: str, message: str) -> None:
    assert any(message in problem for problem in told(text)), told(text)


def test_a_still_must_be_a_moment_of_its_video(tmp_path: Path) -> None:
    write(tmp_path / "pan.mp4", [scene(3, k) for k in range(50)])
    Image.new("RGB", (64, 48)).save(tmp_path / "a.jpg")
    said = "[[file]]\npath = 'pan.mp4'\nstill_seconds = {}\n[[file]]\npath = 'a.jpg'\nstill_seconds = 0.0\n"
    (tmp_path / "release.toml").write_text(said.format(2.0))
    checked = CliRunner().invoke(main, ["release", "check", str(tmp_path)])
    assert checked.output.splitlines() == [
        "release.toml, line 2: still_seconds of 'pan.mp4': 2.0 s is not in the video, which is from 0.000 to 2.000 s; "
        "correct the time",
        "release.toml, line 5: still_seconds of 'a.jpg': it is not a video; remove the key",
    ]
    assert checked.exit_code == 1
    (tmp_path / "release.toml").write_text(said.format(1.96).partition("[[file]]\npath = 'a.jpg'")[0])
    assert CliRunner().invoke(main, ["release", "check", str(tmp_path)]).exit_code == 0


def test_all_mistakes_are_reported_together(tmp_path: Path) -> None:
    (tmp_path / "release.toml").write_text(
        "titel = 'x'\n[[file]]\npath = 'gone.png'\ndate = '2021-02-30'\ndate_zone = 'Mars'\nbad = 1\n"
    )
    checked = CliRunner().invoke(main, ["release", "check", str(tmp_path)])
    assert checked.exit_code == 1
    assert [line.split(": ")[:2] for line in checked.output.splitlines()] == [
        ["release.toml, line 1", "titel"],
        ["release.toml, line 3", "'gone.png' is not in the release"],
        ["release.toml, line 4", "date is '2021-02-30'"],
        ["release.toml, line 5", "date_zone"],
        ["release.toml, line 6", "bad"],
    ]


@pytest.mark.parametrize("address", ["https://a.example/b", "HTTP://a.example", "doi:10.1/x", "press kit, page 3"])
def test_what_can_be_published_is_a_source(address: str) -> None:
    assert told(f"source = '{address}'\n") == []


def test_bytes_that_are_not_text_are_reported() -> None:
    assert (
        str(read_release(b"title = 'x'\n\xff\xfe").problems[0]) == "release.toml, line 2: not UTF-8; save it as UTF-8"
    )


def test_one_wrong_entry_leaves_the_others(tmp_path: Path) -> None:
    release = read_release(b"[[file]]\npath = 'a'\nbad = 1\n[[file]]\npath = 'b'\ntitle = 'B'\n")
    assert list(release.files) == ["b"]
    assert release.problems[0].path == "a"


def test_the_template_is_valid_and_lists_the_media(tmp_path: Path) -> None:
    for name in ("b.png", "a clip.mp4", "label.xml", ".hidden.jpg"):
        (tmp_path / name).touch()
    release = read_release(template(tmp_path, mission="tianwen-1").encode())
    assert release.problems == ()
    assert list(release.files) == ["a clip.mp4", "b.png"]


def test_chinese_that_a_file_carries_is_suggested_as_chinese(tmp_path: Path) -> None:
    folder = tmp_path / "june"
    folder.mkdir()
    for name, caption in (("a.png", "祝融号传回照片"), ("b.png", "Sent by Zhurong"), ("c.png", "月面探査機")):
        texts = PngInfo()
        texts.add_itxt("Description", caption)
        Image.new("RGB", (64, 48), (ord(name[0]), 0, 0)).save(folder / name, pnginfo=texts)
    assert CliRunner().invoke(main, ["release", "init", str(folder)]).exit_code == 0
    release = tomllib.loads((folder / "release.toml").read_text(encoding="utf-8"))
    assert release["file"] == [
        {"path": "a.png", "caption_zh": "祝融号传回照片"},
        {"path": "b.png", "caption": "Sent by Zhurong"},
        {"path": "c.png", "caption": "月面探査機"},
    ]


def test_the_commands_write_and_check_a_release(tmp_path: Path) -> None:
    (tmp_path / "a.png").touch()
    run = CliRunner()
    assert run.invoke(main, ["release", "init", str(tmp_path), "--mission", "tianwen-1"]).exit_code == 0
    assert "nothing is missing" in run.invoke(main, ["release", "init", str(tmp_path)]).output
    assert "1 file described, no mistakes" in run.invoke(main, ["release", "check", str(tmp_path)]).output
    (tmp_path / "a.png").unlink()
    checked = run.invoke(main, ["release", "check", str(tmp_path)])
    assert checked.exit_code == 1
    assert "'a.png' is not in the release" in checked.output
