"""Every real and hostile video ends in a stated result or failure, in bounded time."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from processors.errors import MediaError
from processors.inspect import inspect
from processors.source_file import SourceFile
from processors.video.stills import Stills
from tests.conftest import SAMPLES
from tests.video_derived import derived

SECONDS_AT_MOST = 90


def videos() -> list[Path]:
    """Real and hostile files that are taken for video."""
    if not SAMPLES.is_dir():
        return []
    found = []
    for path in sorted([*(SAMPLES / "formats/video").rglob("*"), *(SAMPLES / "hostile").rglob("*")]):
        if path.is_file() and path.stat().st_size < 200_000:
            try:
                if inspect(SourceFile.at(path), path.name)[1].medium == "video":
                    found.append(path)
            except MediaError:
                continue
    return found


@pytest.mark.parametrize("path", videos(), ids=lambda path: path.name[:40])
def test_every_video_ends_in_a_stated_result(path: Path, tmp_path: Path) -> None:
    started = time.monotonic()
    (stills,) = derived(path, tmp_path / "store", Stills(per_shot=1))
    assert time.monotonic() - started < SECONDS_AT_MOST
    manifest = stills.manifest
    if manifest.verdict == "made":
        assert manifest.source_facts is not None
        audit = stills.facts("stills.json")["audit"]
        assert audit["words"]
    else:
        assert manifest.reason is not None
        assert ": " in manifest.reason
