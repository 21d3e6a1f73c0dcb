"""Motion over ground that dust hides, in a clip whose coding holds pixels, beside a caption that nobody names."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from fractions import Fraction
from math import log
from pathlib import Path

import av
import cv2
import numpy as np
import pyarrow.parquet as pq
import pytest

from processors.video.motion.motion import Motion
from processors.video.motion.motion_curve import Curve
from processors.video.motion.motion_curve import curve_of as curve_of_steps
from processors.video.motion.shot_summary import summary_of
from processors.video.motion.track import Track
from tests.helpers.derived import derived
from tests.video.test_motion_sigma import PER_SECOND, SIZE_PX, errors, plane, seen, steps_of

FRAMES = 66
CLIPS = ((0.033, 0.2, 30), (0.033, 0.1, 34), (0.08, 0.2, 32), (0.02, 0.3, 34))
"""Rate of ln(scale) per s, contrast at the end, and quality."""
FEW_AGREE = (
    "of the steps fewer than half of the features agree on the motion, as where dust hides the ground or coding holds"
    " pixels: scale and rotation may be off by more than their standard errors"
)


def clip(seed: int, rate: float, contrast: float, quality: int) -> tuple[np.ndarray, bytes]:
    """Scale of each frame, and the clip: ground that fades to a share of its contrast, coded with `crf` quality."""
    random = np.random.default_rng(seed)
    ground, scale, buffer = plane(random), np.exp(rate * np.arange(FRAMES) / PER_SECOND), io.BytesIO()
    with av.open(buffer, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=PER_SECOND)
        stream.width, stream.height, stream.pix_fmt = *SIZE_PX, "yuv420p"
        stream.thread_count, stream.options = 1, {"crf": str(quality), "preset": "medium"}
        for k in range(FRAMES):
            picture = 158 + 0.8 * contrast ** (k / (FRAMES - 1)) * (seen(ground, 0.8 * scale[k], 0.0) - 128)
            noisy = np.clip(picture + random.normal(0, 1.5, picture.shape) + 0.5, 0, 255).astype(np.uint8)
            cv2.putText(noisy, "MARS 2020", (SIZE_PX[0] - 130, 30), cv2.FONT_HERSHEY_SIMPLEX, 0.7, 255, 2)
            frame = av.VideoFrame.from_ndarray(noisy, format="gray8").reformat(format="yuv420p")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return scale, buffer.getvalue()


def curve_of(data: bytes) -> Curve:
    track = Track(np.full(SIZE_PX[::-1], 255, np.uint8), 1.0)
    with av.open(io.BytesIO(data), "r") as container:
        for k, frame in enumerate(container.decode(video=0)):
            luma = np.ascontiguousarray(frame.to_ndarray(format="gray8"))
            track.add(luma, k, Fraction(k, PER_SECOND), Fraction(k + 1, PER_SECOND))
    (curve,) = track.curves()
    return curve


def test_pixels_that_coding_holds_do_not_pull_the_scale_down() -> None:
    of_scale, of_rate = list[np.ndarray](), list[np.ndarray]()
    for seed, (rate, contrast, quality) in enumerate(CLIPS):
        scale, data = clip(seed, rate, contrast, quality)
        curve = curve_of(data)
        assert log(curve.scale[-1]) == pytest.approx(log(scale[-1]), rel=0.05)
        of_scale.append(errors(curve.scale, curve.scale_sigma, scale, slice(5, None)))
        sigmas = curve.scale_change_sigma_per_second
        of_rate.append(errors(curve.scale_change_per_second, sigmas, np.full(FRAMES, rate)))
    away = np.abs(np.concatenate(of_scale))
    assert (away <= 1).mean() >= 0.65
    assert (away <= 2).mean() >= 0.9
    assert (np.abs(np.concatenate(of_rate)) <= 2).mean() >= 0.85


@pytest.mark.parametrize(("few", "expected"), [(25, None), (26, f"in 26% {FEW_AGREE}")])
def test_a_shot_in_which_few_features_agree_is_said_to_be_weak(few: int, expected: str | None) -> None:
    steps = steps_of(np.full(100, 0.01), np.zeros(100), 1e-4)
    weak = [step and replace(step, inlier_share=0.49) for step in steps[: few + 1]]
    times = [k / PER_SECOND for k in range(101)]
    made = curve_of_steps(times, [*weak, *steps[few + 1 :]], (240.0, 180.0), 1.0)
    assert summary_of(1, [made]).weak_because == expected


def test_dust_in_a_press_clip_is_told_and_its_scale_is_right_within_its_error(samples: Path, tmp_path: Path) -> None:
    """Truth: rocks of the first frame found again in the later ones as templates, with logos cut out."""
    region = Motion(region_px=(306, 50, 296, 236), span_seconds=(4.2, 7.2))
    (motion,) = derived(samples / "release/perseverance-descent.mp4", tmp_path / "store", region)
    (shot,) = motion.json("motion.json")
    assert re.fullmatch(rf"in \d\d% {FEW_AGREE}", shot["weak_because"])
    table = pq.read_table(motion.path("motion.parquet")).to_pandas()
    for frame, scale in ((20, 1.0281), (30, 1.0434), (40, 1.0569), (45, 1.0657), (50, 1.0740)):
        off = table.scale[frame] - scale
        assert abs(off) < 2 * table.scale_sigma[frame]
        assert abs(off) < 0.15 * (scale - 1)


def test_a_still_camera_before_a_turning_rover_is_not_weak(sample_release: Path, tmp_path: Path) -> None:
    (motion,) = derived(sample_release / "rover-turns.mp4", tmp_path / "store", Motion())
    (shot,) = motion.json("motion.json")
    assert (shot["refused_because"], shot["weak_because"]) == (None, None)
    assert abs(shot["total_scale"] - 1) < 3 * shot["total_scale_sigma"]
