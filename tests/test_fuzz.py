"""Five damaged copies of each format, the same in every run: none is passed on as whole where its format can know."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.fuzz.run import run
from tests.fuzz.wholes import WHOLES

pytestmark = [
    pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg, which knows what is damaged, is not installed"),
    pytest.mark.filterwarnings("ignore::UserWarning"),  # Pillow's, of broken EXIF: no error outside of tests
]


@pytest.mark.slow
@pytest.mark.parametrize("variety", list(WHOLES))
def test_damage_is_not_passed_on_as_whole(variety: str, tmp_path: Path) -> None:
    findings = list(run(tmp_path, [variety], count=5))
    assert [finding.name for finding in findings if finding.faults] == []
    assert [(finding.name, finding.known) for finding in findings if finding.is_silent] == []
    assert (findings[0].name, findings[0].told) == ("whole", None)
