"""A contact sheet says what it shows, and where shots begin."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from processors.contract import ReleaseWords
from processors.metadata.release.release_context import release_context
from processors.video.frames.contact_sheet import ContactSheet
from processors.video.frames.sheet_drawing import ACCENT, BACKGROUND, SheetPicture, draw_sheet
from processors.video.shots.shots import Shots
from tests.helpers.derived import Derived, derived
from tests.helpers.video_scenes import scene, write


@pytest.fixture(scope="module")
def sheet(sample_release: Path, sample_results: Path) -> Derived:
    return derived(sample_release / "descent.mp4", sample_results, ContactSheet(pictures=6, columns=3, shots=Shots()))[
        0
    ]


def opened(sheet: Derived) -> np.ndarray:
    return np.asarray(Image.open(sheet.path("contact_sheet.jpg")).convert("RGB")).astype(int)


def test_each_picture_has_its_frame_and_its_shot(sheet: Derived, sample_truth: dict[str, Any]) -> None:
    facts = sheet.facts("contact_sheet.jpg")
    assert facts["frame_numbers"] == [25, 75, 125, 175, 225, 275]
    assert facts["times_seconds"] == [1.0, 3.0, 5.0, 7.0, 9.0, 11.0]
    cuts = sample_truth["descent.mp4"]["clip"]["cut_frames"]
    assert facts["shots"] == [1 + sum(cut <= frame for cut in cuts) for frame in facts["frame_numbers"]]


def test_a_line_marks_where_a_new_shot_begins(sheet: Derived) -> None:
    picture, facts = opened(sheet), sheet.facts("contact_sheet.jpg")
    shots, cell_width = facts["shots"], (picture.shape[1] - 8) // 3
    cell_height = 180 + 44 + 8
    top = picture.shape[0] - 2 * cell_height
    marked = [
        bool(np.abs(picture[top + place // 3 * cell_height + 90, place % 3 * cell_width + 5] - ACCENT).max() < 60)
        for place in range(6)
    ]
    assert marked == [place == 0 or shots[place] != shots[place - 1] for place in range(6)]


def test_without_shots_there_are_numbers_and_no_marks(sample_release: Path, sheet: Derived) -> None:
    (plain,) = derived(sample_release / "descent.mp4", sheet.store.root, ContactSheet(pictures=6, columns=3))
    facts = plain.facts("contact_sheet.jpg")
    assert (facts["frame_numbers"], facts["shots"]) == ([25, 75, 125, 175, 225, 275], None)
    assert np.abs(opened(plain)[:, 3:7] - BACKGROUND).max() < 30


def test_the_header_has_a_line_for_the_words_of_the_release(sample_release: Path, sheet: Derived) -> None:
    told = release_context({"mission": "tianwen-1"}, {"title": "Touchdown", "credit": "CNSA"})
    named = ContactSheet(pictures=6, columns=3).for_release(told)
    assert named.words == ReleaseWords(title="Touchdown", credit="CNSA", mission="Tianwen-1")
    assert named.for_release(release_context({}, {"credit": "ESA"})) == named
    of_event = ContactSheet().for_release(release_context({"mission": "tianwen-1"}, {"event": "touchdown"}))
    assert of_event.words == ReleaseWords(mission="Tianwen-1", credit="CNSA", date="2021-05-14T23:18Z (touchdown)")
    assert ContactSheet().for_release(release_context({}, {})) == ContactSheet()
    (longer,) = derived(sample_release / "descent.mp4", sheet.store.root, named)
    assert opened(longer).shape[0] == opened(sheet).shape[0] + 20


def test_shots_without_a_picture_are_counted(tmp_path: Path) -> None:
    frames = [scene(seed, step, (320, 180)) for seed in (3, 8, 5) for step in range(12)]
    path = write(tmp_path / "cuts.mp4", frames)
    sheets = derived(path, tmp_path / "store", *(ContactSheet(pictures=n, shots=Shots()) for n in (1, 6)))
    assert [one.facts("contact_sheet.jpg")["shots"] for one in sheets] == [[2], [1, 1, 2, 2, 3, 3]]


def test_small_pictures_leave_room_for_their_captions_and_the_header() -> None:
    picture = np.full((9, 16, 3), 200, np.uint8)
    one = SheetPicture(picture=picture, time="1:02:05.999", frame="frame 93150", shot="shot 12", is_new_shot=False)
    drawn = np.asarray(draw_sheet("a name that is too long for it " * 9, ["a line"], [one] * 5, 5)).astype(int)
    ink = np.abs(drawn - BACKGROUND).max(axis=2) > 40
    assert not ink[:, -8:].any()
    captions = ink[-36:-8]
    cell = (drawn.shape[1] - 8) // 5
    assert all(not captions[:, 8 + cell * k - 8 : 8 + cell * k].any() for k in range(1, 5))
    assert draw_sheet("a.mp4", [], [one], 5).width == 560
