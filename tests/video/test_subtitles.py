"""Subtitles of every common form become WebVTT with their times, languages and what WebVTT has of their style."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from processors.containers.text.subtitle_names import language_in_name
from processors.containers.text.webvtt import Cue, as_webvtt
from processors.contract import LabelRef, ReleaseContext, Source
from processors.engine.wanted_results import Recipes
from processors.errors import DamagedMedia, RefusedMedia
from processors.identify import identify
from processors.store.catalogue.catalogue import Catalogue
from processors.store.store import Store
from processors.video.frames.web import WebVideo
from processors.video.subtitles.ass_text import webvtt_text
from processors.video.subtitles.cues import cues_of_file
from processors.video.subtitles.subtitles import Subtitles
from tests.helpers.derived import Derived, derived
from tests.helpers.runs import counts, ingest

SRT = """1
00:00:00,500 --> 00:00:02,000
{\\an8}<i>Touchdown</i> & <b>dust</b>

2
00:00:02,000 --> 00:00:03,500
着陆 <3
second line

3
00:00:03,500 --> 00:00:03,500
for no time

"""
ASS = """[Script Info]
ScriptType: v4.00+

[V4+ Styles]
Format: Name, Fontname, Fontsize
Style: Default,Arial,20

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
Dialogue: 0,0:00:01.00,0:00:03.00,Default,,0,0,0,,later
Dialogue: 0,0:00:00.50,0:00:02.00,Default,Control,0,0,0,,{\\i1\\pos(10,20)}Touch\\Ndown{\\i0}, and
"""
VTT = """WEBVTT

one
00:00.500 --> 00:02.000 line:0 align:start
<i>Touchdown</i> &amp; dust
"""
FIRST = "WEBVTT\n\n00:00:00.500 --> 00:00:02.000"
OF_SRT = "\n<i>Touchdown</i> &amp; <b>dust</b>\n\n00:00:02.000 --> 00:00:03.500\n着陆 &lt;3\nsecond line\n"


def video(path: Path, *texts: tuple[str, str], codec: str, start_seconds: float = 0) -> Path:
    """Write a video of 4 s with subtitles, each of a suffix and a text, in English, Chinese and German."""
    command = ["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc=s=128x96:r=10:d=4"]
    for number, (suffix, text) in enumerate(texts):
        file = path.with_name(f"text{number}.{suffix}")
        file.write_text(text)
        command += ["-i", str(file)]
    for number, language in zip(range(len(texts)), ("eng", "chi", "deu"), strict=False):
        command += ["-map", str(number + 1), f"-metadata:s:s:{number}", f"language={language}"]
    offset = ["-output_ts_offset", str(start_seconds)] if start_seconds else []
    command += ["-map", "0", "-c:v", "mpeg4", "-c:s", codec, *offset, str(path)]
    subprocess.run(command, check=True)
    for file in path.parent.glob("text*"):
        file.unlink()
    return path


def text_of(result: Derived, name: str) -> str:
    return result.path(name).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("suffix", "codec", "named", "settings"),
    [("mkv", "srt", "srt", " line:0"), ("mp4", "mov_text", "mov_text", ""), ("mkv", "ass", "ssa", " line:0")],
)
def test_text_in_a_container_keeps_times_styles_and_language(
    suffix: str, codec: str, named: str, settings: str, tmp_path: Path
) -> None:
    path = video(tmp_path / f"film.{suffix}", ("srt", SRT), codec=codec)
    (result,) = derived(path, tmp_path / "store", Subtitles())
    (name,) = [name for name in result.names if name.endswith(".vtt")]
    assert text_of(result, name) == f"{FIRST}{settings}{OF_SRT}"
    facts = result.facts(name)
    assert (facts["language"], facts["codec"], facts["cue_count"]) == ("eng", named, 2)
    assert (facts["first_seconds"], facts["last_seconds"], facts["zero_seconds"]) == (0.5, 3.5, 0)


def test_events_of_ass_are_put_in_order_and_webvtt_keeps_its_places(tmp_path: Path) -> None:
    path = video(tmp_path / "film.mkv", ("ass", ASS), ("vtt", VTT), codec="copy")
    (result,) = derived(path, tmp_path / "store", Subtitles())
    english, chinese, record = result.names
    assert text_of(result, english) == (
        f"{FIRST}\n<i>Touch</i>\n<i>down</i>, and\n\n00:00:01.000 --> 00:00:03.000\nlater\n"
    )
    assert text_of(result, chinese) == f"{FIRST} line:0 align:start\n<i>Touchdown</i> &amp; dust\n"
    assert result.json(record) == {"taken": [english, chinese], "not_taken": []}


def test_times_count_from_the_first_picture(tmp_path: Path) -> None:
    path = video(tmp_path / "film.mkv", ("srt", SRT), codec="srt", start_seconds=5)
    (result,) = derived(path, tmp_path / "store", Subtitles())
    assert text_of(result, result.names[0]).startswith(FIRST)
    assert result.facts(result.names[0])["zero_seconds"] == 5


@pytest.mark.parametrize(("late_seconds", "zero_seconds"), [(2.0, 5.0), (0.04, 5.04)])
def test_times_count_from_where_a_web_copy_begins(tmp_path: Path, late_seconds: float, zero_seconds: float) -> None:
    """The picture begins later than the sound; by less than 0.05 s that is an encoder's delay."""
    path, text = tmp_path / "film.mkv", tmp_path / "text.srt"
    text.write_text(SRT)
    pictures = ["-itsoffset", str(late_seconds), "-f", "lavfi", "-i", "testsrc=s=128x96:r=25:d=2"]
    sound = ["-f", "lavfi", "-i", "sine=d=4", "-i", str(text), "-map", "0", "-map", "1", "-map", "2"]
    codecs = ["-fps_mode", "passthrough", "-c:v", "mpeg4", "-c:a", "pcm_s16le", "-c:s", "srt"]
    command = ["ffmpeg", "-v", "error", *pictures, *sound, *codecs, "-output_ts_offset", "5", str(path)]
    subprocess.run(command, check=True)
    subtitles, copy = derived(path, tmp_path / "store", Subtitles(), WebVideo())
    told = subtitles.facts(subtitles.names[0])
    assert told["zero_seconds"] == copy.facts("video.mp4")["start_seconds"] == zero_seconds
    assert (told["first_seconds"], told["cue_count"]) == (pytest.approx(5.5 - zero_seconds), 2)


def test_pictures_and_repeated_texts_are_named_and_not_taken(tmp_path: Path) -> None:
    path = video(tmp_path / "film.mkv", ("srt", SRT), ("ass", ASS), codec="copy")
    data = path.read_bytes()
    assert data.count(b"S_TEXT/ASS") == 1
    path.write_bytes(data.replace(b"S_TEXT/ASS", b"S_HDMV/PGS"))
    (result,) = derived(path, tmp_path / "store", Subtitles())
    pictures = result.json("subtitles.json")["not_taken"]
    assert [name for name in result.names if name.endswith(".vtt")] == ["subtitles_0_eng.vtt"]
    assert pictures == ["1 pgssub chi: pictures, which have no text"]
    twice = tmp_path / "twice.mkv"
    maps = ["-map", "0:v", "-map", "0:s:0", "-map", "0:s:0", "-c", "copy"]
    subprocess.run(["ffmpeg", "-v", "error", "-i", str(path), *maps, str(twice)], check=True)
    (result,) = derived(twice, tmp_path / "store", Subtitles())
    assert result.json("subtitles.json")["not_taken"] == ["2 srt eng: the same as subtitles_1_eng.vtt"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a{\\b1}b{\\i1}c{\\b0}d", "a<b>b</b><b><i>c</i></b><i>d</i>"),
        ("{\\b700}bold{\\r} plain", "<b>bold</b> plain"),
        ("{\\p1}m 0 0 l 9 9{\\p0}seen", "seen"),
        ("{\\bord2\\blur3\\c&HFF&}x --> y", "x --&gt; y"),
        ("a\\N \\N\\hb\\{c\\}", "a\n\N{NO-BREAK SPACE}b{c}"),
        ("{\\i1} {\\i0}", ""),
    ],
)
def test_styles_of_ass_become_tags_or_nothing(text: str, expected: str) -> None:
    assert webvtt_text(f"0,0,Default,Name,0,0,0,,{text}")[0].strip(" ") == expected


def test_cues_are_written_in_their_order_with_hours() -> None:
    cues = [
        Cue(start=Fraction(7200), end=Fraction("7201.0005"), text="b"),
        Cue(start=Fraction(0), end=Fraction(1), text="a"),
    ]
    told = b"WEBVTT\n\n00:00:00.000 --> 00:00:01.000\na\n\n02:00:00.000 --> 02:00:01.000\nb\n"
    assert as_webvtt(cues) == told


def test_a_file_in_any_unicode_is_read_and_one_without_subtitles_refused() -> None:
    for encoding in ("utf-8-sig", "utf-16"):
        found = cues_of_file(SRT.replace("\n", "\r\n").encode(encoding), "a.srt", "srt")
        assert [cue.text.partition("\n")[0] for cue in found.cues] == [
            "<i>Touchdown</i> &amp; <b>dust</b>",
            "着陆 &lt;3",
        ]
        assert found.left_out == 1
    with pytest.raises(DamagedMedia, match=r"b\.vtt has no subtitle with a time and a text"):
        cues_of_file(b"WEBVTT\n\n", "b.vtt", "webvtt")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "gb18030"])
@pytest.mark.parametrize("reader", ["srt", "webvtt"])
def test_a_long_file_is_read_to_its_end(encoding: str, reader: str) -> None:
    blocks = []
    for number in range(14_000):
        start, end = (f"{s // 3600:02d}:{s // 60 % 60:02d}:{s % 60:02d}" for s in (number * 2, number * 2 + 1))
        block = f"{number + 1}\n{start},000 --> {end},000\n火星车前进了{number}米，一切正常，继续前进。\n"
        blocks.append(block.replace(",000", ".000") if reader == "webvtt" else block)
    data = (("WEBVTT\n\n" if reader == "webvtt" else "") + "\n".join(blocks)).encode(encoding)
    assert len(data) > 1 << 20
    found = cues_of_file(data, f"a.{reader}", reader)
    assert (len(found.cues), found.left_out, found.undecoded) == (14_000, 0, 0)
    assert (found.cues[-1].end, found.cues[-1].text) == (Fraction(27_999), "火星车前进了13999米，一切正常，继续前进。")


def test_a_file_that_is_text_only_at_first_or_too_long_is_refused() -> None:
    long = (SRT * (1 + (1 << 20) // len(SRT))).encode()
    with pytest.raises(DamagedMedia, match=r"^a\.srt is not text in UTF-8 or UTF-16"):
        cues_of_file(long + b"\x00\xff" + long[: 1 << 17], "a.srt", "srt")
    with pytest.raises(RefusedMedia, match=r"^a\.srt is longer than the limit of 4 MiB"):
        cues_of_file(long * 5, "a.srt", "srt")


def test_only_videos_with_subtitles_get_a_result(tmp_path: Path) -> None:
    plain = video(tmp_path / "plain.mkv", codec="copy")
    titled = video(tmp_path / "titled.mkv", ("srt", SRT), codec="srt")
    source = Source(digest="0" * 64, size_bytes=1, name="a", medium="video", format="matroska,webm", has_sound=False)
    for path, has in ((plain, False), (titled, True)):
        with path.open("rb") as file:
            assert identify(file, path.name).has_subtitles is has
        assert Subtitles().suits(replace(source, has_subtitles=has)) is has
    assert Subtitles().suits(source)  # seen by an older version
    beside = Subtitles(files=(LabelRef(name="a.srt", sha256="1" * 64),))
    assert beside.suits(replace(source, has_subtitles=False))
    assert Subtitles().for_release(ReleaseContext(subtitles=beside.files)) == beside


def test_files_next_to_a_video_belong_to_the_one_with_their_name(tmp_path: Path) -> None:
    raw = tmp_path / "raw/june"
    raw.mkdir(parents=True)
    film = video(raw / "film.mkv", codec="copy")
    (raw / "film.mp4").write_bytes(video(tmp_path / "x.mp4", codec="copy").read_bytes())
    (raw / "other.mkv").write_bytes(video(tmp_path / "y.mkv", ("srt", SRT), codec="srt").read_bytes())
    for name in ("film.srt", "film.mkv.zh-Hans.srt", "other.vtt", "nobody.srt"):
        (raw / name).write_text(VTT if name.endswith("vtt") else SRT)
    recipes: Recipes = {"video": (Subtitles(),), "audio": (), "photo": ()}
    report = ingest(tmp_path / "raw", tmp_path / "store", recipes)
    assert counts(report) == (2, 2, 0, 0, 0)
    told = "may belong to film.mkv or film.mp4: rename it to film.mkv.srt or film.mp4.srt"
    assert [(one.file, one.reason) for one in report.problems] == [("june/film.srt", told)]
    store = Store(tmp_path / "store")
    rows = [row for row in Catalogue(store).sources().values() if row.medium]
    found = {row.name: [item.name for one in store.manifests(row.digest) for item in one.items] for row in rows}
    assert found == {
        "film.mp4": [],
        film.name: ["subtitles_file_1_zh-Hans.vtt", "subtitles.json"],
        "other.mkv": ["subtitles_0_eng.vtt", "subtitles_file_1_und.vtt", "subtitles.json"],
    }
    again = ingest(tmp_path / "raw", tmp_path / "store", recipes)
    assert counts(again) == (0, 0, 2, 0, 0)
    (raw / "other.vtt").write_text(VTT.replace("dust", "sand"))
    changed = ingest(tmp_path / "raw", tmp_path / "store", recipes)
    assert counts(changed) == (1, 1, 1, 0, 0)


@pytest.mark.parametrize(
    ("name", "language"),
    [("a.mov.srt", None), ("a.srt", None), ("a.zh-Hans.srt", "zh-Hans"), ("a.mov.en.srt", "en"), ("A.MOV.SRT", None)],
)
def test_the_suffix_of_a_video_is_no_language(name: str, language: str | None) -> None:
    assert language_in_name(name, "a.mov") == language
