"""Each of several copies is paired with the place to which it was moved, as their paths tell."""

from __future__ import annotations

import time

import pytest

from processors.store.findings.paired_places import paired_places


@pytest.mark.parametrize(
    ("left", "came", "expected"),
    [
        (["june/web/a.jpg", "june/print/a.jpg"], ["2021/web/a.jpg", "2021/print/a.jpg"], [0, 1]),
        (["june/web/a.jpg", "june/print/a.jpg"], ["june/photos/web/a.jpg", "june/photos/print/a.jpg"], [0, 1]),
        (["june/all/b.jpg", "june/all/a.jpg"], ["june/b.jpg", "june/a.jpg"], [0, 1]),
        (["june/y/1.jpg", "june/x/1.jpg"], ["june/y/3.jpg", "june/x/2.jpg"], [0, 1]),
        (["june/b.jpg", "june/a.jpg"], ["june/2.jpg", "june/1.jpg"], [0, 1]),
        (["june/b.jpg", "june/a.jpg"], ["june/c/b.jpg"], [0, 0]),
        (["june/b.jpg"], ["june/c/a.jpg", "june/c/b.jpg"], [1]),
        (["june/old/a.jpg", "june/b/a.jpg"], ["june/z/a.jpg", "june/c/a.jpg"], [0, 1]),
        (["a.jpg"], ["june/a.jpg"], [0]),
        (["a.jpg"], [], []),
    ],
)
def test_paths_are_paired_by_their_ends_then_renamed_folders_then_beginnings(
    left: list[str], came: list[str], expected: list[int]
) -> None:
    found = paired_places(left, came, {"june/old": "june/z"})
    assert found == dict(zip(left, [came[one] for one in expected], strict=bool(came)))


def test_thousands_of_copies_are_paired_at_once() -> None:
    left, came = ([f"{top}/{number:04}/a.jpg" for number in range(5000)] for top in ("june", "july"))
    others = [f"july/{number:04}/b.jpg" for number in range(5000)]
    started = time.process_time()
    assert paired_places(left, came) == dict(zip(left, came, strict=True))
    assert paired_places(left, others) == dict(zip(left, others, strict=True))
    assert time.process_time() - started < 2
