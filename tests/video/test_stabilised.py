"""A shaking clip holds still after it was stabilised, its frames keep their times, and held pictures are refused."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from processors.video.motion.registration import Registration
from processors.video.motion.stabilised import Stabilised
from tests.helpers.derived import derived

RATE_HZ = 25


def shaking(path: Path) -> None:
    """75 frames of one scene; the camera shakes 5 px and 0.4 degrees at 4 to 6 Hz."""
    plane = cv2.GaussianBlur(np.random.default_rng(7).integers(0, 255, (400, 560), np.uint8), (0, 0), 2)
    plane = cv2.normalize(plane, None, 20, 235, cv2.NORM_MINMAX)  # type: ignore[call-overload]
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=RATE_HZ, options={"crf": "12"})
        stream.width, stream.height, stream.pix_fmt = 480, 320, "yuv420p"
        for number in range(75):
            angle = 2 * np.pi * number / RATE_HZ
            turn = cv2.getRotationMatrix2D((279.5, 199.5), 0.4 * np.sin(4.3 * angle), 1.0)
            turn[:, 2] += [5 * np.sin(5.1 * angle) - 40, 5 * np.cos(5.7 * angle) - 40]
            picture = cv2.warpAffine(plane, turn, (480, 320), flags=cv2.INTER_CUBIC)
            frame = av.VideoFrame.from_ndarray(
                np.repeat(picture[:, :, None].astype(np.uint8), 3, axis=2), format="rgb24"
            )
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def frames_of(path: Path) -> tuple[list[np.ndarray], list[Fraction]]:
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
    times = [(frame.pts or 0) * Fraction(frame.time_base or 0) for frame in frames]
    return [frame.to_ndarray(format="gray") for frame in frames], times


def largest_step_px(pictures: list[np.ndarray]) -> float:
    """How far the picture's centre moves from one frame to the next, at the most."""
    mask = np.zeros(pictures[0].shape, np.uint8)
    mask[30:-30, 30:-30] = 255
    camera = Registration(mask)
    _, *steps = map(camera.step, pictures)
    assert all(steps)
    return max(float(np.hypot(step.shift_x_px, step.shift_y_px)) for step in steps if step)


def test_a_shaking_shot_moves_less_than_a_pixel_a_frame(tmp_path: Path) -> None:
    shaking(tmp_path / "shaking.mp4")
    (result,) = derived(tmp_path / "shaking.mp4", tmp_path / "store", Stabilised())
    assert (result.manifest.verdict, result.names) == ("made", ["stabilised_0001.mp4"])
    before, times = frames_of(tmp_path / "shaking.mp4")
    after, kept_times = frames_of(result.path("stabilised_0001.mp4"))
    assert kept_times == [time - times[0] for time in times]
    with av.open(str(result.path("stabilised_0001.mp4"))) as container:
        stream = container.streams.video[0]
        assert (stream.duration or 0) * Fraction(stream.time_base or 0) == 3
    assert largest_step_px(before) > 6
    assert largest_step_px(after) < 1
    facts = result.facts("stabilised_0001.mp4")
    assert (facts["frames_left_out"], facts["largest_shift_px"] > 4) == (0, True)
    assert (facts["frame_count"], facts["segments"], facts["width_px"], facts["height_px"]) == (75, 1, 480, 320)


def test_stop_motion_is_refused_with_the_reason(sample_release: Path, sample_results: Path) -> None:
    (refused,) = derived(sample_release / "drive-off.mp4", sample_results, Stabilised())
    assert refused.manifest.verdict == "refused"
    assert (refused.manifest.reason or "").startswith("motion may not be measured: 210 of 300 frames repeat")


def test_a_wrong_window_is_named() -> None:
    with pytest.raises(ValueError, match="window_frames is 2: must be from 3 to 101"):
        Stabilised(window_frames=2)
