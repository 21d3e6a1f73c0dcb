"""Several results' reasons for one file are told in one line, each part once."""

from __future__ import annotations

from flows.run.reporting.problems import in_one_line


def test_a_reason_common_to_picture_and_sound_is_given_once() -> None:
    lost = "24249 bytes of the segment are missing"
    assert in_one_line([f"cut off: {lost}", lost]) == f"cut off: {lost}"
    assert in_one_line([lost, f"2 frames damaged; cut off: {lost}"]) == f"2 frames damaged; cut off: {lost}"
    assert in_one_line([lost]) == lost
