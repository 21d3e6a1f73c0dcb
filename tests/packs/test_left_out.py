"""A pack says which selected sources and results it lacks, and why: on the terminal, in JSON and in its README."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from flows.pack import pack_lines
from processors.engine.wanted_results import Recipes
from processors.metadata import Metadata
from processors.metadata.evidence import Evidence
from processors.photo.photo_preview import PhotoPreview
from tests.helpers.command import in_this_process
from tests.helpers.pack_store import filled, make_pack, picture
from tests.helpers.runs import ingest

RECIPES: Recipes = {"photo": (Metadata(), Evidence(), PhotoPreview()), "audio": (Metadata(), Evidence())}
NOT_MADE = "june/wind.wav: not made yet: audio.renditions, audio.spectrogram_picture, audio.waveform"


@pytest.fixture
def release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A whole photo, one that was half copied, and a recording of which no run has made anything but metadata."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "raw/june"
    folder.mkdir(parents=True)
    (folder / "release.toml").write_text('title = "June"\nredistribute = true\n')
    (folder / "whole.jpg").write_bytes(picture(640, 480, 1))
    copied = picture(640, 480, 2)
    (folder / "half.jpg").write_bytes(copied[: len(copied) // 2])
    soundfile.write(folder / "wind.wav", np.zeros(8000, np.float32), 8000)
    ingest(tmp_path / "raw", tmp_path / "processed", RECIPES)
    return tmp_path


def cut_because() -> str:
    """Why nothing can be made of the photo that was half copied."""
    return json.loads(in_this_process("failures", "june/half.jpg", "--json").stdout)["files"][0]["causes"][0]["reason"]


def packed(*words: str) -> tuple[int, list[str]]:
    run = in_this_process("pack", *words, "-o", "pack")
    return run.returncode, [line.removeprefix("marsmedia: ") for line in run.stderr.splitlines()]


def section(first_line: str) -> list[str]:
    """The lines of a paragraph of the pack's README, without the first."""
    _, found, rest = Path("pack/README.txt").read_text(encoding="utf-8").partition(f"\n{first_line}\n")
    assert found, first_line
    return rest.partition("\n\n")[0].splitlines()


@pytest.mark.parametrize("words", [["release=june"], ["june/whole.jpg", "june/wind.wav", "june/half.jpg"]])
@pytest.mark.parametrize("audience", ["press", "public"])
def test_selected_sources_that_are_not_in_the_pack_are_named(release: Path, words: list[str], audience: str) -> None:
    failed = f"june/half.jpg: failed: {cut_because()}"
    code, told = packed(*words, "--audience", audience)
    assert code == 0, told
    begins = told.index("2 of 3 selected sources are not in the pack")
    assert told[begins + 1 : begins + 3] == [f"not in the pack: {failed}", f"not in the pack: {NOT_MADE}"]
    assert section("Selected, but not in this pack (2), with the reason:") == [failed, NOT_MADE]
    assert section("以下来源已选定，但不在本包内（2 个，附原因）：") == [failed, NOT_MADE]


def test_what_is_absent_stands_in_the_json_too(release: Path) -> None:
    failed = f"june/half.jpg: failed: {cut_because()}"
    run = in_this_process("pack", "*.jpg", "--audience", "press", "-o", "pack", "--json")
    told = json.loads(run.stdout)
    assert told["absent"] == [failed]
    assert told["left_out"][0] == failed


def test_results_that_a_source_of_the_pack_lacks_are_named(release: Path) -> None:
    """The metadata of the photo are in a pack that takes them."""
    lacks = f"photo.preview of june/half.jpg: failed: {cut_because()}"
    for audience in ("internal", "research", "archive"):
        code, told = packed("*.jpg", "--audience", audience, "--force")
        assert code == 0, told
        assert f"not in the pack: {lacks}" in told
        assert not any(line.endswith("not in the pack") for line in told)
        assert section("Not in this pack, as these results could not be made:") == [lacks]
    assert f"<eventOutcomeDetailNote>Not in the bag: {lacks}" in Path("pack/data/premis.xml").read_text()


def test_a_source_that_has_nothing_of_what_the_pack_takes_is_named(release: Path) -> None:
    Path("stills.toml").write_text('title = "Stills"\naudience = "internal"\nselection = ["*"]\ntake = ["stills"]\n')
    failed = f"june/half.jpg: failed: {cut_because()}"
    code, told = packed("stills.toml")
    assert code == 0, told
    assert told[-3:] == [
        "2 of 3 selected sources are not in the pack",
        f"not in the pack: {failed}",
        "not in the pack: june/wind.wav: has no stills",
    ]
    Path("pictures.toml").write_text(
        'title = "A"\naudience = "internal"\nselection = ["*"]\ntake = ["full video", "stills", "contact sheets"]\n'
    )
    code, told = packed("pictures.toml", "--force")
    assert told[-1] == "not in the pack: june/wind.wav: has no full video, stills or contact sheets"


def test_a_pack_that_would_have_nothing_says_why(release: Path) -> None:
    takes = "stills, full video, contact sheets, web sound, spectrograms"
    reason = f"  june/half.jpg: failed: {cut_because()}"
    assert packed("june/half.jpg", "--audience", "press") == (
        2,
        [f"none of the 1 selected sources has {takes}:", reason, "`marsmedia failures` says what to do"],
    )
    (release / "raw/june/release.toml").unlink()
    ingest(release / "raw", release / "processed", RECIPES)
    assert packed("june/half.jpg", "--audience", "public")[1][1] == reason


def test_a_pack_that_lacks_nothing_says_nothing_of_it(release: Path) -> None:
    code, told = packed("june/whole.jpg", "--audience", "press")
    assert code == 0
    assert [line for line in told if "not in the pack" in line] == []
    assert "ot in this pack" not in Path("pack/README.txt").read_text()


def test_lines_of_a_scheduled_pack_have_damage_in_it_before_what_is_not_in_it(tmp_path: Path) -> None:
    """Only the first lines are shown."""
    built = make_pack(filled(tmp_path), tmp_path / "pack", audience="internal")
    told = replace(built, damaged=("a.jpg: damaged",), left_out=tuple(f"{n}.jpg: failed" for n in range(12)))
    lines = [one for one in pack_lines(told) if one.startswith(("a.jpg", "not in the pack: "))]
    assert lines[:2] == ["a.jpg: damaged", "not in the pack: 0.jpg: failed"]
