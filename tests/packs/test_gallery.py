"""The gallery's files: the same bytes for the same things, nothing of the machine in them, and only what is true."""

from __future__ import annotations

import fnmatch
import json
import re
import struct
import tomllib
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from flows.cli.browse import UNFINISHED
from flows.cli.main import main
from flows.run.run import Options, in_threads, run_ingest
from processors.contract import Item
from processors.engine.wanted_results import Recipes
from processors.errors import ResultCorrupt
from processors.formats import media_type_of
from processors.languages.language import LANGUAGES
from processors.languages.text import Text
from processors.packs.contents.outcomes import FailedResult
from processors.packs.contents.subject import subjects
from processors.packs.gallery.gallery_file import GalleryFile
from processors.packs.gallery.page import MARK, write_gallery
from processors.packs.gallery.store_gallery import newest
from processors.packs.gallery.thumbnails import Thumbnails
from processors.packs.gallery.waveform_peaks import HEADER, peaks
from processors.photo.photo_preview import PhotoPreview
from tests.conftest import PROJECT
from tests.helpers.gallery_pages import item, original, subject
from tests.helpers.pack_store import filled

ASSETS = PROJECT / "processors" / "packs" / "gallery" / "assets"


def written(folder: Path, shown: list[GalleryFile], languages: tuple[str, ...] = ("en", "zh")) -> list[Path]:
    return write_gallery(folder, shown, title=Text(en="June", zh="六月"), languages=languages)


def data(folder: Path, name: str) -> Any:
    text = (folder / "data" / f"{name}.js").read_text(encoding="ascii")
    found = re.fullmatch(r'gallery\.take\("([\w-]+)",(.*)\);\n', text)
    assert found
    assert found[1] == name
    return json.loads(found[2])


def records(folder: Path, name: str) -> list[dict[str, Any]]:
    """The records of a table of the index."""
    table = data(folder, name)
    return [dict(zip(table["names"], row, strict=True)) for row in table["rows"]]


def test_the_same_things_give_the_same_bytes_and_the_page_comes_last(tmp_path: Path) -> None:
    shown = [original(subject(number)) for number in range(50)]
    first, second = written(tmp_path / "one", shown), written(tmp_path / "two", shown)
    assert [path.relative_to(tmp_path / "one") for path in first] == [p.relative_to(tmp_path / "two") for p in second]
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
    assert first[-1] == tmp_path / "one" / "index.html"
    assert set(first) == {path for path in (tmp_path / "one").rglob("*") if path.is_file()}


def test_the_page_reveals_neither_machine_nor_hour(tmp_path: Path) -> None:
    (tmp_path / "x.png").write_bytes(b"x")
    one = subject(path="/home/someone/raw/photo.jpg")
    written(tmp_path / "page", [original(one), item(one, tmp_path / "x.png", "photo.preview", "image/png")])
    everything = b"".join(path.read_bytes() for path in (tmp_path / "page" / "data").iterdir())
    assert not [word for word in (b"/home/someone", b"a machine", b"2026-01-01") if word in everything]


def test_details_are_in_files_of_forty_subjects_in_the_given_order(tmp_path: Path) -> None:
    written(tmp_path, [original(subject(number)) for number in range(81)])
    listed = records(tmp_path, "subjects-0000")
    assert [one["name"] for one in listed] == [f"photo-{number:04}.jpg" for number in range(81)]
    assert [len(data(tmp_path, f"details-{number:04}")) for number in range(3)] == [40, 40, 1]
    assert listed[80]["digest"] in data(tmp_path, "details-0002")


def test_the_index_is_in_parts_of_a_thousand_subjects(tmp_path: Path) -> None:
    written(tmp_path, [original(subject(number)) for number in range(2001)])
    index = data(tmp_path, "index")
    assert (index["subject_count"], index["frame_count"], index["part"]) == (2001, 0, 1000)
    assert [len(records(tmp_path, f"subjects-{part:04}")) for part in range(3)] == [1000, 1000, 1]
    assert not (tmp_path / "data/subjects-0003.js").exists()


def test_an_empty_page_has_one_empty_part(tmp_path: Path) -> None:
    written(tmp_path, [])
    assert records(tmp_path, "subjects-0000") == []


@pytest.mark.parametrize(
    "address",
    ["https://example.org/a.jpg", "//example.org/a.jpg", "/etc/passwd", "javascript:alert(1)", "a b.jpg", "ä.jpg",
     "C:\\a.jpg", "", "#a", "a?b"],
)  # fmt: skip
def test_an_address_that_leads_away_from_the_page_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match=r"^href is .*: must be a relative, percent-encoded URL$"):
        original(subject(), href=address)


def test_a_language_that_the_page_does_not_speak_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=rf"^languages is \('en', 'xx'\): must be of {', '.join(LANGUAGES)}$"):
        written(tmp_path, [], ("en", "xx"))


def test_a_title_is_escaped_in_the_page_and_in_the_data(tmp_path: Path) -> None:
    write_gallery(
        tmp_path, [original(subject(title=Text(en="</script><b>")))], title=Text(en="<b>&"), languages=("en",)
    )
    assert "<title>&lt;b&gt;&amp;</title>" in (tmp_path / "index.html").read_text()
    assert "<" not in (tmp_path / "data" / "index.js").read_text()


def test_frames_carry_their_exact_times_and_their_shot(tmp_path: Path) -> None:
    video = subject(medium="video", name="a.mp4", duration_seconds=4.0)
    shots = [
        {"number": 1, "start_seconds": 0.0, "end_seconds": 1.5, "starts_with": "start", "first_frame": 0},
        {"number": 2, "start_seconds": 1.5, "end_seconds": 4.0, "starts_with": "cut", "first_frame": 15},
    ]
    (tmp_path / "shots.json").write_text(json.dumps({"shots": shots}))
    kept = [
        {"pts": 45, "time_base": "1/30", "time_seconds": 1.5, "end_seconds": 1.6},
        {"pts": 15, "time_base": "1/30", "time_seconds": 0.5, "end_seconds": 0.6},
    ]
    frames = [item(video, tmp_path / f"{n}.jpg", "video.frames", "image/jpeg", facts) for n, facts in enumerate(kept)]
    still = {"identity": {"pts": 44, "time_base": "1/30", "time_seconds": 44 / 30}, "shot": 1, "rank": 1}
    stills = item(video, tmp_path / "still.jpg", "video.stills", "image/jpeg", still)
    listed = item(video, tmp_path / "shots.json", "video.shots", "application/json")
    smaller = [replace(frame, href=f"small/{frame.href}") for frame in frames]
    written(tmp_path / "page", [listed, *frames, *smaller, stills])
    found = records(tmp_path / "page", "frames-0000")
    assert [(f["pts"], f["time_seconds"], f["end_seconds"], f["shot"], f["is_still"]) for f in found] == [
        (15, 0.5, 0.6, 1, False),
        (44, 44 / 30, None, 1, True),
        (45, 1.5, 1.6, 2, False),
    ]


def test_a_waveform_keeps_its_extremes_and_its_length(tmp_path: Path) -> None:
    sound = subject(medium="audio")
    points = [(0, 0)] * 5000 + [(-20000, 3)] + [(-5, 30000)] + [(0, 0)] * 4998
    values = [value for point in points for value in point]
    packed = struct.pack("<iIiiIi", 2, 0, 1000, 10, 10000, 1) + struct.pack(f"<{len(values)}h", *values)
    (tmp_path / "waveform.dat").write_bytes(packed)
    shown = item(sound, tmp_path / "waveform.dat", "audio.waveform", "application/octet-stream")
    written(tmp_path / "page", [shown])
    drawn = data(tmp_path / "page", "details-0000")[sound.digest]["waveform"]
    assert (len(drawn["lowest"]), min(drawn["lowest"]), max(drawn["highest"])) == (1200, -20000, 30000)
    assert drawn["duration_seconds"] == 100.0
    (tmp_path / "waveform.dat").write_bytes(packed[:-2])
    with pytest.raises(ResultCorrupt, match=r"waveform\.dat: not a waveform of 16-bit peaks; run `marsmedia verify`$"):
        written(tmp_path / "page", [shown])


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["id/../../out.jpg"], "'id/../../out.jpg' escapes the archive"),
        (["id/full/max/0/default.jpg"], "no info.json among the tiles"),
    ],
)
def test_tiles_that_lead_out_of_their_archive_are_refused(tmp_path: Path, names: list[str], message: str) -> None:
    with zipfile.ZipFile(tmp_path / "tiles.zip", "w") as archive:
        for name in names:
            archive.writestr(name, b"x")
    with pytest.raises(ResultCorrupt, match=message):
        written(tmp_path / "page", [item(subject(), tmp_path / "tiles.zip", "photo.tiles", "application/zip")])
    assert not (tmp_path / "out.jpg").exists()


def test_the_newest_result_of_each_parameter_set_is_shown() -> None:
    shown = [
        item(
            subject(),
            Path("a"),
            "video.frames",
            "image/jpeg",
            started_utc=f"2026-01-0{day}T00:00:00Z",
            parameters={"every_seconds": seconds},
        ).entry
        for day, seconds in ((2, 1.0), (3, 1.0), (1, 1.0), (1, 2.0))
    ]
    manifests = [entry.manifest for entry in shown if entry]
    assert newest(manifests) == [manifests[1], manifests[3]]


@pytest.mark.parametrize(
    ("medium", "form", "name", "expected"),
    [
        ("video", "mov,mp4,m4a,3gp,3g2,mj2", "a.mp4", "video/mp4"),
        ("audio", "mov,mp4,m4a,3gp,3g2,mj2", "a.m4a", "audio/mp4"),
        ("audio", "ogg", "a.ogg", "audio/ogg"),
        ("video", "matroska,webm", "a.webm", "video/webm"),
        ("video", "matroska,webm", "a.mkv", "video/x-matroska"),
        ("audio", "wav", "a.wav", "audio/wav"),
        ("photo", "pds3", "a.img", "application/octet-stream"),
    ],
)
def test_originals_have_the_media_type_that_browsers_know(medium: str, form: str, name: str, expected: str) -> None:
    assert media_type_of(form, medium, name) == expected  # type: ignore[arg-type]


def test_thumbnails_are_small_upright_and_eight_bit_and_small_pictures_serve_as_they_are(tmp_path: Path) -> None:
    Image.new("I;16", (1200, 600), 32896).save(tmp_path / "deep.png")
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (1000, 500), "red").save(tmp_path / "turned.jpg", exif=exif)
    Image.new("RGB", (300, 200)).save(tmp_path / "small.jpg")
    video = subject(medium="video")

    def thumbnails(**facts: dict[str, int]) -> dict[str, str]:
        shown = [
            item(video, tmp_path / name.replace("_", "."), "video.frames", f"image/{name[-4:].strip('_')}", of)
            for name, of in facts.items()
        ]
        entries = [one.entry for one in shown if one.entry]
        entries = [replace(entry, sha256=f"{n}" * 64) for n, entry in enumerate(entries)]
        entries = [replace(entry, media_type=entry.media_type.replace("jpg", "jpeg")) for entry in entries]
        return Thumbnails(tmp_path / "page").of_result(entries)

    made = thumbnails(deep_png={"width_px": 1200, "height_px": 600}, turned_jpg={})
    pictures = {name: Image.open(tmp_path / "page" / address) for name, address in made.items()}
    assert {name: picture.size for name, picture in pictures.items()} == {
        "deep.png": (480, 240),
        "turned.jpg": (240, 480),
    }
    assert pictures["deep.png"].getpixel((5, 5)) == (128, 128, 128)
    small = thumbnails(small_jpg={"width_px": 300, "height_px": 200}, turned_jpg={})
    assert small == {"small.jpg": "../small.jpg"}
    (tmp_path / "turned.jpg").write_bytes(b"no picture")
    with pytest.raises(
        ResultCorrupt, match=r"turned\.jpg: no picture reader accepts its bytes .*; run `marsmedia verify`$"
    ):
        Thumbnails(tmp_path / "other").of_result(
            [e for e in [item(video, tmp_path / "turned.jpg", "video.frames", "image/jpeg").entry] if e]
        )


def test_a_photo_that_is_black_as_it_is_shows_its_enhanced_picture_first(tmp_path: Path) -> None:
    faces = {}
    for level in (7.0, 117.0):
        one = subject()
        kinds = (("p.jpg", "photo.preview"), ("e.jpg", "photo.enhanced"))
        shown = [replace(item(one, tmp_path / name, kind, "image/jpeg"), thumbnail_href=name) for name, kind in kinds]
        measured = item(one, tmp_path / "quality.json", "photo.quality", "application/json", {"bright_level": level})
        written(tmp_path / "page", [*shown, measured])
        faces[level] = records(tmp_path / "page", "subjects-0000")[0]["thumbnail"]
    assert faces == {7.0: "e.jpg", 117.0: "p.jpg"}


@pytest.mark.parametrize(("condition", "is_complete"), [("complete", None), ("damaged", False), ("truncated", False)])
def test_damaged_photo_has_the_mark_of_a_damaged_video(
    tmp_path: Path, condition: str, is_complete: bool | None
) -> None:
    facts = {"condition": condition, "damage_sentence": "up to 12 % of the picture may be wrong"}
    written(tmp_path, [item(subject(), tmp_path / "p.jpg", "photo.preview", "image/jpeg", source_facts=facts)])
    audit = records(tmp_path, "subjects-0000")[0]["audit"]
    assert (audit["is_complete"] if audit else None) is is_complete


@pytest.mark.parametrize(
    ("file_format", "condition", "expected"),
    [("heic", "complete", ["HEIC", 30]), ("heic", "damaged", None), ("jpeg", "complete", None)],
)
def test_the_page_says_where_an_undamaged_verdict_proves_little(
    tmp_path: Path, file_format: str, condition: str, expected: list[Any] | None
) -> None:
    facts = {"condition": condition, "damage_sentence": None}
    one = subject(format=file_format)
    written(tmp_path, [item(one, tmp_path / "p.jpg", "photo.preview", "image/jpeg", source_facts=facts)])
    (detail,) = data(tmp_path, "details-0000").values()
    assert detail["unnoticed"] == expected


def test_the_page_gives_a_turned_picture_the_size_that_viewers_show(tmp_path: Path) -> None:
    record = {"picture": {"format": "jpeg", "width_px": 64, "height_px": 48, "mode": "RGB"}}
    (tmp_path / "metadata.json").write_text(json.dumps(record))
    for size in ((48, 64), None):
        one = subject(shown_size_px=size)
        written(tmp_path / "page", [item(one, tmp_path / "metadata.json", "metadata", "application/json")])
        (detail,) = data(tmp_path / "page", "details-0000").values()
        known = detail["properties"]
        assert (known["width_px"], known["height_px"]) == (size or (64, 48))


@pytest.mark.parametrize("is_refused", [False, True])
def test_a_video_whose_shots_were_all_refused_is_not_usable_for_motion(tmp_path: Path, is_refused: bool) -> None:
    reasons = ("shot 1: cameras side by side", "shot 2: no two frames could be registered") if is_refused else ()
    audit = {"is_complete": True, "motion_may_be_measured": True, "is_stop_motion": False, "words": "All is there."}
    written(tmp_path, [original(subject(1, audit=audit, motion_refused_because=reasons))])
    assert records(tmp_path, "subjects-0000")[0]["audit"]["motion_may_be_measured"] is not is_refused
    (detail,) = data(tmp_path, "details-0000").values()
    told = " Motion was refused in every shot: shot 1: cameras side by side; shot 2: no two frames could be registered."
    sought = " Cuts and fades are looked for; dissolves from one scene to another are not."
    assert detail["audit"]["words"]["en"] == "All is there." + (told if is_refused else sought)
    if not is_refused:
        assert detail["audit"]["words"]["zh"].endswith("已检测硬切和淡入淡出，未检测两个场景之间的叠化。")
    else:
        assert detail["audit"]["words"]["zh"].endswith("镜头 1：cameras side by side；镜头 2：没有两帧可以配准。")


@pytest.mark.parametrize(
    ("shots", "expected"), [(["parts move"], ("shot 1: parts move",)), (["parts move", None], ()), ([], ())]
)
def test_motion_is_refused_of_a_source_where_it_was_in_every_shot(
    tmp_path: Path, shots: list[str | None], expected: tuple[str, ...]
) -> None:
    made = filled(tmp_path)
    row = next(row for row in made.catalogue.sources().values() if row.name == "descent.mp4")
    facts: Any = {"shots": [{"shot": number, "refused_because": why} for number, why in enumerate(shots, 1)]}
    made.result(
        row.digest, "video.motion", Item(name="motion.json", media_type="application/json", data=b"[]", facts=facts)
    )
    (found,) = subjects([row], made.store, made.catalogue)
    assert found.motion_refused_because == expected


def test_failed_results_are_reported(tmp_path: Path) -> None:
    failures = (FailedResult(processor="video.frames", verdict="failed", reason="no frame decodes: download it again"),)
    written(tmp_path, [original(subject(1, failures=failures)), original(subject(2))])
    assert [one["has_failures"] for one in records(tmp_path, "subjects-0000")] == [True, False]
    assert [one["failures"] for one in data(tmp_path, "details-0000").values()] == [
        [{"processor": "video.frames", "verdict": "failed", "reason": "no frame decodes: download it again"}],
        [],
    ]


def test_browse_writes_over_its_own_page_and_over_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    Image.new("RGB", (40, 30), "brown").save(tmp_path / "raw" / "a.jpg")
    (tmp_path / "raw" / "bad.jpg").write_bytes((tmp_path / "raw" / "a.jpg").read_bytes()[:200])
    store = tmp_path / "store"
    recipes: Recipes = {"video": (), "audio": (), "photo": (PhotoPreview(longest_sides_px=(320,), formats=("jpeg",)),)}
    run_ingest(tmp_path / "raw", store, recipes, Options(workers=1), in_threads, name="t")

    def browse(*words: str) -> tuple[int, str]:
        answer = CliRunner().invoke(main, ["browse", "--no-open", "--store", str(store), *words])
        return answer.exit_code, answer.output

    assert browse() == (0, f"2 sources: {store}/gallery/index.html\n")
    (store / "gallery" / "data" / "details-0099.js").write_text("old")
    assert browse() == (0, f"2 sources: {store}/gallery/index.html\n")
    assert not (store / "gallery" / "data" / "details-0099.js").exists()
    good, bad = data(store / "gallery", "details-0000").values()
    assert [file["href"].split("/")[-1] for file in good["files"]] == ["a.jpg", "preview_320.jpg"]
    assert [file["href"] for file in bad["files"]] == ["../../raw/bad.jpg"]
    assert [(one["processor"], one["verdict"]) for one in bad["failures"]] == [("photo.preview", "failed")]
    full = tmp_path / "full"
    full.mkdir()
    (full / "letter.txt").write_text("dear")
    assert browse("-o", str(full)) == (2, f"marsmedia: {full}: not a gallery folder; choose another with -o\n")
    assert browse("medium=video")[0] == 2
    (store / "gallery" / "index.html").write_text(UNFINISHED.format(mark=MARK))  # as a killed run leaves it
    assert browse()[0] == 0
    assert "unfinished" not in (store / "gallery" / "index.html").read_text()
    assert [path.name for path in full.iterdir()] == ["letter.txt"]


def test_every_asset_is_short_packed_and_named_by_the_page() -> None:
    own = [path for path in ASSETS.iterdir() if path.is_file()]
    assert {path.name: n for path in own if (n := path.read_text().count("\n")) > 300} == {}
    globs = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]
    packed = globs["processors.packs.gallery"]
    for path in (path for path in ASSETS.rglob("*") if path.is_file()):
        assert any(fnmatch.fnmatch(str(path.relative_to(ASSETS.parent)), glob) for glob in packed), path
    page = (ASSETS / "index.html").read_text()
    named = set(re.findall(r'"assets/([\w.]+)"', page))
    assert named == {path.name for path in own} - {"index.html"}


def test_vendored_libraries_are_as_published() -> None:
    import gzip
    import hashlib

    for folder, name in (
        (ASSETS / "openseadragon", "openseadragon.min.js"),
        (PROJECT / "tests" / "vendored", "axe.min.js.gz"),
    ):
        content = (folder / name).read_bytes()
        content = gzip.decompress(content) if name.endswith(".gz") else content
        assert hashlib.sha256(content).hexdigest() in (folder / "README.txt").read_text()


def test_a_pack_is_shown_by_its_own_page(tmp_path: Path) -> None:
    (tmp_path / "pack/data").mkdir(parents=True)
    (tmp_path / "pack/bagit.txt").write_text("BagIt-Version: 1.0\n")
    without = CliRunner().invoke(main, ["browse", str(tmp_path / "pack"), "--no-open"])
    assert (without.exit_code, without.stderr) == (
        2,
        f"marsmedia: {tmp_path}/pack: this pack has no page; build it again\n",
    )
    (tmp_path / "pack/data/index.html").write_text("page")
    shown = CliRunner().invoke(main, ["browse", str(tmp_path / "pack"), "--no-open"])
    assert (shown.exit_code, shown.stdout) == (0, f"{tmp_path}/pack/data/index.html\n")


def test_the_points_of_a_waveform_are_centred_and_its_peak_is_that_of_the_file(tmp_path: Path) -> None:
    points = np.array([[[900, 1100], [-10, 10]], [[800, 1200], [-20, 20]]], "<i2")  # (points, channels, lowest-highest)
    header = HEADER.pack(2, 0, 48_000, 512, 2, 2)
    (tmp_path / "waveform.dat").write_bytes(header + points.tobytes())
    found = peaks(tmp_path / "waveform.dat", (1000 / 32768, 0.0))
    assert (found["lowest"], found["highest"]) == ([-100, -200], [100, 200])
    assert (found["peak"], round(found["dc_offset"] * 32768)) == (1200, 1000)
    assert peaks(tmp_path / "waveform.dat")["highest"] == [1100, 1200]  # of results that name no offset


def test_what_a_written_override_passes_on_has_no_badge_that_forbids_it(tmp_path: Path) -> None:
    decided = Text(en="Passed on by decision of Li Hua: letter of 1 May")
    kept = original(subject(1, redistribute=False))
    written(tmp_path, [kept, replace(original(subject(2, redistribute=False)), passed_on=decided)])
    assert [one["redistribute"] for one in records(tmp_path, "subjects-0000")] == [False, True]
    found = [one["passed_on"] for one in data(tmp_path, "details-0000").values()]
    assert found[0] is None
    assert found[1]["en"] == decided["en"]
