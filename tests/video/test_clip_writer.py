"""Clips are coded without the instructions with which x264 is not reproducible."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import av.logging
import numpy as np
import pytest
import soundfile

from processors.imaging.clip_writer import X264_PARAMETERS, WebClip, move_with_sound, write_steady_clip

RED = np.full((48, 64, 3), (253, 0, 0), np.uint8)


def a_web_clip(path: Path) -> WebClip:
    clip = WebClip(path, Fraction(1, 5), 0, (64, 48))
    for pts in range(5):
        clip.write(RED, pts, pts + 1)
    clip.close()
    return clip


def a_steady_clip(path: Path) -> None:
    write_steady_clip(path, lambda index: RED, frame_count=5, frames_per_second=5, quality_crf=20, options=REPORT)


REPORT = ("-report", "-loglevel", "info")
"""ffmpeg writes its log into a file in the working folder: moviepy passes none on."""


@pytest.mark.parametrize("write", [a_web_clip, a_steady_clip])
def test_x264_uses_no_avx_512(write: Callable[[Path], object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_sound_far_beyond_full_scale_is_brought_within_what_the_encoder_takes(tmp_path: Path) -> None:
    clip = a_web_clip(tmp_path / "silent.mp4")
    wave = 1e30 * np.sin(2 * np.pi * 1000 * np.arange(48_000) / 48_000)
    soundfile.write(tmp_path / "sound.w64", wave.astype(np.float32), 48_000, subtype="FLOAT", format="W64")
    path = move_with_sound(tmp_path / "clip.mp4", clip, tmp_path / "sound.w64", "mono")
    with av.open(str(path)) as container:
        samples = np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])[12_000:36_000]
    assert np.median(np.abs(samples)) > 0.5


EVEN = list(range(0, 800, 40))


@pytest.mark.parametrize(
    ("starts_ms", "end_ms"),
    [
        (EVEN, 800),
        (EVEN, 2300),  # the last picture is held
        ([*EVEN, 2460, 2500, 2540], 2580),  # one near the end is held
        ([*EVEN, 2460], 2500),
        ([0], 500),
        ([0, 40, 80], 3000),
    ],
)
@pytest.mark.parametrize("has_sound", [False, True])
def test_the_last_picture_is_shown_until_the_end(
    starts_ms: list[int], end_ms: int, has_sound: bool, tmp_path: Path
) -> None:
    """The pictures shown last are not those coded last, and MP4 keeps durations in coding order."""
    clip = WebClip(tmp_path / "silent.mp4", Fraction(1, 1000), starts_ms[0], (64, 48))
    for shift, (start, end) in enumerate(pairwise([*starts_ms, end_ms])):
        clip.write(np.roll(np.arange(48 * 64 * 3, dtype=np.uint8).reshape(48, 64, 3), shift, axis=1), start, end)
    clip.close()
    sound = tmp_path / "sound.w64" if has_sound else None
    if sound:
        soundfile.write(sound, np.zeros(48 * end_ms, np.float32), 48_000, subtype="FLOAT", format="W64")
    path = move_with_sound(tmp_path / "clip.mp4", clip, sound, "mono" if sound else None)
    with av.open(str(path)) as container:
        shown = container.streams.video[0]
        ticks = [(one.pts, one.pts + (one.duration or 0)) for one in container.demux(shown) if one.pts is not None]
        in_ms = (shown.time_base or 0) * 1000
        starts, ends = sorted(start * in_ms for start, _ in ticks), [end * in_ms for _, end in ticks]
        duration_ms = (container.duration or 0) / 1000
    assert starts == starts_ms
    assert duration_ms == pytest.approx(end_ms, abs=1)
    assert max(ends) >= end_ms
