"""A release is ingested when it has stopped growing, and not before."""

from __future__ import annotations

from pathlib import Path

from flows.commands.watch import Look, Releases, look


def at(size: int) -> Look:
    return frozenset({("/raw/june/a.mp4", size, 1)})


def test_a_release_is_given_out_once_when_it_has_come_to_rest() -> None:
    releases = Releases(10.0)
    assert releases.settled({"june": at(1)}, 0.0) == []
    assert releases.settled({"june": at(2)}, 9.0) == []  # it grew
    assert releases.settled({"june": at(2)}, 18.9) == []
    assert releases.settled({"june": at(2), "july": at(5)}, 19.0) == ["june"]
    assert releases.settled({"june": at(2), "july": at(5)}, 25.0) == []
    assert releases.settled({"june": at(2), "july": at(6)}, 29.0) == []
    assert releases.settled({"june": at(3), "july": at(6)}, 39.0) == ["july"]
    assert releases.settled({"june": at(3)}, 49.0) == ["june"]  # it grew again after it was ingested


def test_files_are_grouped_by_release(tmp_path: Path) -> None:
    for name in ("june/a.txt", "june/b.txt", "july/c.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    assert {release: len(files) for release, files in look(tmp_path).items()} == {"june": 2, "july": 1}
