"""Names of files in a mission's archive are read by the pattern of its profile, without code."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from processors.metadata.evidence import Evidence
from processors.metadata.release.release_context import release_context
from processors.mission import profile
from processors.mission.product_name import MAX_NAME_CHARACTERS, NamePattern
from processors.mission.profile import FOLDER, load_profile, profile_names, read_product_name, read_profile
from tests.helpers.derived import derived
from tests.helpers.made_media import MediaMaker

CURIOSITY = (FOLDER / "perseverance.toml").read_text().replace('"perseverance"', '"curiosity"')
NAMES = r"""
[product_name]
# as an archive of day numbers would name files
pattern = '(?P<camera>[A-Z]+)-sol(?P<sol>\d+)-(?P<year>\d{4})-(?P<day>\d{3})\.png'
example = "MAST-sol12-2021-060.png"
start = "{year}-{day}Z"
sol = "{sol}"
"""
READ_AS = {("tianwen-1", 24): "be4babddf68eb68a"}
"""Digest of the shipped patterns, by mission and version of `evidence`."""


@pytest.fixture
def made_mission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Give the missions a further one, whose archive has names of its own."""
    folder = tmp_path / "mission"
    folder.mkdir()
    for name in profile_names():
        shutil.copy(FOLDER / f"{name}.toml", folder)
    (folder / "curiosity.toml").write_text(CURIOSITY + NAMES)
    monkeypatch.setattr("processors.mission.profile.FOLDER", folder)
    kept = (load_profile, profile.profiles_sha256, profile._name_patterns)  # pyright: ignore[reportPrivateUsage]
    for one in kept:
        one.cache_clear()
    yield
    for one in kept:
        one.cache_clear()


@pytest.mark.usefixtures("made_mission")
def test_another_mission_has_names_of_its_own(make: MediaMaker, tmp_path: Path) -> None:
    name = "MAST-sol99-2021-060.png"
    assert read_product_name(name) is not None
    context = release_context({"mission": "curiosity"}, None, name=name)
    (made,) = derived(make.photo("a.png"), tmp_path / "store", Evidence().for_release(context))
    record = made.json("evidence.json")
    assert [(d["meaning"], d["written"], d["precision"], d["source"]) for d in record["dates"]] == [
        ("recorded", "2021-060Z", "day", "file name")
    ]
    assert [one["says"][0] for one in record["disagreements"] if one["about"] == "sol"] == [["99", "file name"]]


def test_a_pattern_changes_no_key_of_results_made_before() -> None:
    with_names, without = (read_profile(text.encode()) for text in (CURIOSITY + NAMES, CURIOSITY))
    assert with_names.sha256 == without.sha256 == hashlib.sha256(CURIOSITY.encode()).hexdigest()
    in_front = CURIOSITY.replace("\n[site]\n", f"{NAMES}\n[site]\n")
    assert read_profile(in_front.encode()).product_names == with_names.product_names
    assert read_profile(in_front.encode()).sha256 == without.sha256


@pytest.mark.parametrize("name", profile_names())
def test_names_that_are_read_otherwise_need_a_higher_version_of_evidence(name: str) -> None:
    pattern = load_profile(name).product_names
    digest = hashlib.sha256(repr(pattern).encode()).hexdigest()[:16] if pattern else None
    assert READ_AS.get((name, Evidence.version)) == digest, "raise the version of evidence, and write the digest here"


def test_the_mission_of_the_release_reads_a_name_before_others() -> None:
    other = read_profile((CURIOSITY + NAMES.replace("MAST", "NAV")).encode())
    name = "HX1-Ro_GRAS_NaTeCamA-F-001_SCI_N_20210625030542_20210625030542_00041_A.2B"
    found = read_product_name(name, other)
    assert found is not None
    assert found.sol == 41
    theirs = NamePattern(pattern=r"HX1.*_(?P<sol>\d+)_A.2B", example=name, sol="1{sol}")
    assert theirs.read(name) is not None
    assert read_product_name("NAV-sol9-2021-060.png", other) == other.product_names.read("NAV-sol9-2021-060.png")  # type: ignore[union-attr]


def test_a_long_name_is_no_product_name() -> None:
    names = NamePattern(pattern=r"(?P<sol>\d+)", example="1", sol="{sol}")
    assert names.read("7" * MAX_NAME_CHARACTERS) is not None
    assert names.read("7" * (MAX_NAME_CHARACTERS + 1)) is None


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "(?P<camera>",
            "(?P<camera",
            "pattern: not a regular expression (bad character in group name 'camera[A-Z]+)-sol(?P<sol' at position 4)",
        ),
        ("{year}", "{jahr}", "start: the pattern has no group 'jahr'; use camera, sol, year, day"),
        ("{year}", "{year.real}", "start: the pattern has no group 'year.real'; use camera, sol, year, day"),
        ("{year}", "{year", "start: braces do not pair ('{year-{day}Z')"),
        ("2021-060.png", "2021-367.png", "example: not a product name by this pattern ('MAST-sol12-2021-367.png')"),
        ("sol = ", "soll = ", "unknown key soll; use pattern, example, start, stop, sol"),
        ("example = ", "# ", "example: missing; every profile must give it as text"),
        ('"{sol}"', "7", "sol: not text (7); every profile must give it as text"),
    ],
)
def test_a_mistake_in_a_pattern_is_reported_with_its_line(old: str, new: str, message: str) -> None:
    text = CURIOSITY + NAMES.replace(old, new)
    line = next((n for n, one in enumerate(text.splitlines(), 1) if new in one and one not in CURIOSITY), 0)
    at = text.splitlines().index("[product_name]") + 1 if new == "# " else line
    with pytest.raises(ValueError, match=re.escape("product_name")) as error:
        read_profile(text.encode(), "curiosity.toml")
    sep = ": " if message.startswith("unknown") else "."
    assert str(error.value) == f"curiosity.toml, line {at}: product_name{sep}{message}"
