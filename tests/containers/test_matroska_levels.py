"""Elements of Matroska are looked into at their own level only, however deep a file nests them."""

from __future__ import annotations

from pathlib import Path

import pytest

from processors.containers.video.matroska import look_at
from processors.sources.source_file import SourceFile


def element(identity: str, content: bytes) -> bytes:
    return bytes.fromhex(identity) + (len(content) | 1 << 56).to_bytes(8) + content


def file_with(path: Path, tracks: bytes) -> SourceFile:
    path.write_bytes(element("1a45dfa3", b"") + element("18538067", element("1654ae6b", tracks)))
    return SourceFile.at(path)


@pytest.mark.parametrize("identity", ["ae", "e0", "e1"], ids=["TrackEntry", "Video", "Audio"])
def test_nested_elements_of_tracks_are_no_damage_and_no_fault(identity: str, tmp_path: Path) -> None:
    nested = b""
    for _ in range(3000):
        nested = element(identity, nested)
    whole = element("ae", element("d7", b"\1"))
    found = look_at(file_with(tmp_path / "nested.mkv", whole + element("ae", nested)), "matroska,webm")
    assert (found.damaged, found.cut_off_because) == ((), None)


@pytest.mark.parametrize("above", [[], ["ae"], ["e0", "ae"], ["e1", "ae"]], ids="/".join)
def test_an_element_that_ends_behind_the_one_around_it_is_damage_at_every_level(
    above: list[str], tmp_path: Path
) -> None:
    tracks = bytes.fromhex("d7") + (1 << 56 | 9).to_bytes(8) + b"\1"
    for identity in above:
        tracks = element(identity, tracks)
    (found,) = look_at(file_with(tmp_path / "overrun.mkv", tracks), "matroska,webm").damaged
    assert (found.is_certain, found.is_skipped, found.end_byte) == (
        True,
        True,
        (tmp_path / "overrun.mkv").stat().st_size,
    )
