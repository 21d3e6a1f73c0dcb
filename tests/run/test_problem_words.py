"""Several results' reasons for one file are told in one line, each part once."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.run.reporting.problems import in_one_line
from flows.run.reporting.report import Stop
from processors.errors import SourceChanged
from processors.sources.source_file import SourceFile


def test_a_reason_common_to_picture_and_sound_is_given_once() -> None:
    lost = "24249 bytes of the segment are missing"
    assert in_one_line([f"cut off: {lost}", lost]) == f"cut off: {lost}"
    assert in_one_line([lost, f"2 frames damaged; cut off: {lost}"]) == f"2 frames damaged; cut off: {lost}"
    assert in_one_line([lost]) == lost


def test_a_run_that_ends_at_a_changed_file_names_it_and_is_no_fault_of_marsmedia(tmp_path: Path) -> None:
    path = tmp_path / "wind.wav"
    path.write_bytes(b"RIFF")
    file = SourceFile.at(path)
    path.write_bytes(b"RIFF and more")
    with pytest.raises(SourceChanged) as changed:
        file.open()
    stop = Stop.by(changed.value)
    assert stop == Stop(reason=f"{path}: changed during the run: run again when it no longer changes")
