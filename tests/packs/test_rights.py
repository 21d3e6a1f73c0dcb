"""A pack passes on only what may be passed on, names whom to credit, and records who decided otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest

from processors.errors import RequestError
from processors.packs.archive.verify_pack import verify_pack
from processors.packs.contents.overlays import burnt_in
from processors.packs.contents.reservations import Reservation, warnings
from processors.packs.recipe.pack_recipe import Override
from tests.helpers.gallery_pages import subject
from tests.helpers.headings import headed
from tests.helpers.pack_store import PackStore, filled, make_pack


@pytest.fixture
def made(tmp_path: Path) -> PackStore:
    return filled(tmp_path)


def test_a_public_pack_refuses_by_name_what_may_not_be_passed_on(made: PackStore, tmp_path: Path) -> None:
    with pytest.raises(RequestError) as caught:
        make_pack(made, tmp_path / "pack", audience="public")
    lines = str(caught.value).split("\n")
    assert lines[0] == "a public pack cannot contain sources that may not be redistributed:"
    assert [line.split(" (")[0].strip() for line in lines[1:3]] == ["june/descent.mp4", "june/wind.wav"]
    assert lines[1].endswith("its release states redistribute = false (rights: unresolved)")
    assert lines[2].endswith("its rights are unknown: it has no evidence record (processor `evidence`)")
    assert not (tmp_path / "pack").exists()
    make_pack(made, tmp_path / "pack", audience="public", selection=("tracks.jpg",))
    assert verify_pack(tmp_path / "pack").faults == ()


def test_an_override_in_writing_is_recorded_in_the_pack(made: PackStore, tmp_path: Path) -> None:
    overrides = (
        Override(source="descent.mp4", who="Li Hua, media team", why="letter of 1 May"),
        Override(source="wind*", who="Li Hua, media team", why="own recording"),
    )
    make_pack(made, tmp_path / "pack", audience="public", overrides=overrides, layout="source", credits_in_files=False)
    info = (tmp_path / "pack/bag-info.txt").read_text()
    assert "): Li Hua, media team: letter of 1 May\n" in info
    assert info.count("Rights-Override: ") == 2
    crate = (tmp_path / "pack/data/ro-crate-metadata.json").read_text()
    assert "Overridden in writing by Li Hua, media team: own recording" in crate
    credit = (tmp_path / "pack/data/CREDITS.txt").read_text()
    assert f"{headed('override')}: Li Hua, media team: letter of 1 May" in credit
    chosen = {"selection": ("descent.mp4",), "take": ("frames", "contact sheets"), "overrides": overrides[:1]}
    make_pack(made, tmp_path / "public", audience="public", **chosen)
    pictures = [one.read_bytes() for one in (tmp_path / "public/data").rglob("*.jpg")]
    told = b"Passed on by decision of Li Hua, media team: letter of 1 May"
    assert len(pictures) == 4
    assert all(told in picture for picture in pictures)
    with pytest.raises(RequestError, match=r"override for 'nope\.jpg' matches no selected source"):
        make_pack(made, tmp_path / "b", overrides=(Override(source="nope.jpg", who="x", why="y"),))


def test_a_press_pack_names_what_is_not_cleared(made: PackStore, tmp_path: Path) -> None:
    built = make_pack(made, tmp_path / "pack", audience="press", credits_in_files=False)
    assert built.about("not cleared") == ("june/descent.mp4", "june/wind.wav")
    paragraphs = (tmp_path / "pack/data/documents/CREDITS.txt").read_text().split("\n\n")
    notices = {p.split("\n")[0]: "ask the rights holder before publishing" in p for p in paragraphs[1:] if p}
    assert notices == {"descent.mp4": True, "tracks.jpg": False, "wind.wav": True}


def test_signs_burnt_into_a_video_are_named_in_the_credits() -> None:
    words = "329 frames in 13.160 s. Burnt in throughout: 4 still overlays. Motion may be measured."
    told = burnt_in(subject(medium="video", audit={"words": words}))
    assert told["en"] == (
        "Burnt in throughout: 4 still overlays. Logos and captions of others may need the consent of their owners."
    )
    assert told["zh"] == "全程有 4 处固定的叠加内容。其中的台标、字幕可能另有权利人，使用前请核实。"
    assert not burnt_in(subject(medium="video", audit={"words": "329 frames in 13.160 s. Motion may be measured."}))
    assert not burnt_in(subject())


def test_a_video_in_which_overlays_could_not_be_looked_for_says_so() -> None:
    why = "most of the scene is still, so that what is burnt in looks like the rest"
    words = f"740 frames in 24.720 s. Burnt-in overlays could not be detected: {why}. Motion may be measured."
    unknown = burnt_in(subject(medium="video", audit={"words": words}))
    assert (unknown["en"], unknown["zh"]) == (
        f"Burnt-in overlays could not be detected: {why}. Look for logos and captions yourself.",
        "无法判断是否有叠加内容：大部分场景静止，叠加内容与之无法区分。请自行查看有无台标、字幕。",
    )
    unaudited = burnt_in(subject(medium="video", audit=None))
    assert (unaudited["en"], unaudited["zh"]) == (
        "Burnt-in overlays were not looked for: there is no audit. Look for logos and captions yourself.",
        "未经检查，不知是否有叠加内容。请自行查看有无台标、字幕。",
    )


def test_pictures_of_a_video_carry_the_note_on_overlays(made: PackStore, tmp_path: Path) -> None:
    make_pack(
        made, tmp_path / "pack", audience="press", selection=("descent.mp4", "tracks.jpg"), take=("stills", "frames")
    )
    told = b"Burnt-in overlays were not looked for: there is no audit. Look for logos and captions yourself."
    pictures = {one.name: told in one.read_bytes() for one in (tmp_path / "pack/data").rglob("*.jpg")}
    assert pictures == {
        "2021-06-16_descent_frames_01_64.jpg": True,
        "2021-06-16_descent_frames_02_64.jpg": True,
        "2021-06-16_descent_frames_03_64.jpg": True,
        "2021-06-16_wheel-tracks_1024.jpg": False,
    }
    assert told.decode() in (tmp_path / "pack/data/documents/CREDITS.txt").read_text()


@pytest.mark.parametrize(("count", "more"), [(6, ""), (20, ""), (21, " and 1 more")])
def test_a_warning_names_every_source_up_to_twenty(count: int, more: str) -> None:
    found = [
        Reservation(kind="not cleared", about=f"june/{number:02}.jpg", words="no permission") for number in range(count)
    ]
    names = ", ".join(f"june/{number:02}.jpg" for number in range(min(count, 20)))
    assert list(warnings(found, 30)) == [
        f"rights are not cleared for {count} of 30 sources: {names}{more}; "
        "CREDITS.txt says why: ask the rights holder before publishing"
    ]
