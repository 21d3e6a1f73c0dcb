"""Clips are coded without the instructions with which x264 is not reproducible."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av.logging
import numpy as np
import pytest

from processors.imaging.clip_writer import X264_PARAMETERS, WebClip, write_steady_clip

RED = np.full((48, 64, 3), (253, 0, 0), np.uint8)


def a_web_clip(path: Path) -> None:
    clip = WebClip(path, Fraction(1, 5), 0, (64, 48))
    for pts in range(5):
        clip.write(RED, pts, pts + 1)
    clip.close()


def a_steady_clip(path: Path) -> None:
    write_steady_clip(path, lambda index: RED, frame_count=5, frames_per_second=5, quality_crf=20, options=REPORT)


REPORT = ("-report", "-loglevel", "info")
"""ffmpeg writes its log into a file in the working folder: moviepy passes none on."""


@pytest.mark.parametrize("write", [a_web_clip, a_steady_clip])
def test_x264_uses_no_avx_512(write: Callable[[Path], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    level = av.logging.get_level()
    av.logging.set_level(av.logging.INFO)
    try:
        with av.logging.Capture() as logs:
            write(tmp_path / "clip.mp4")
    finally:
        av.logging.set_level(level)
    said = "\n".join([*(text for _, _, text in logs), *(log.read_text() for log in tmp_path.glob("ffmpeg-*.log"))])
    (used,) = [line for line in said.splitlines() if "using cpu capabilities" in line]
    assert "AVX512" not in used, f"x264-params: {X264_PARAMETERS}"
