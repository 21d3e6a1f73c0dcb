"""Steps of long work in the log of a recorded run."""

from __future__ import annotations

from flows.serving.steps_in_log import StepsInLog


def test_a_line_tells_how_many_are_done_and_short_work_has_none() -> None:
    lines: list[str] = []
    each = StepsInLog(lines.append, every_seconds=0)
    assert list(each("Hashing results", "abc", 3, noun="result")) == ["a", "b", "c"]
    assert list(each("Looking", "d", None)) == ["d"]
    assert lines == [
        "Hashing results: 0/3 results",
        "Hashing results: 1/3 results",
        "Hashing results: 2/3 results",
        "Looking: 0 files",
    ]
    assert list(StepsInLog(lines.append)("Hashing results", "abc", 3)) == ["a", "b", "c"]
    assert len(lines) == 4
