"""The built-in sample is what its truth says, byte for byte the same each time."""

from __future__ import annotations

import hashlib
import shutil
import tomllib
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray
from PIL import Image

from processors.sample import write_release

CLIPS = ("descent.mp4", "drive-off.mp4", "rover-turns.mp4")
MEDIA = (*CLIPS, "rear-camera-tracks.png", "drive-off-sound.wav")

HELD_LEVELS = 0.8
"""Mean difference of grey below which two frames show the same picture; coding alone reaches 0.45, a new picture 7."""

CUT_LEVELS = 14.0
"""Mean difference of grey above which a frame begins another shot; movement reaches 10, a cut 16."""


@dataclass(frozen=True, kw_only=True)
class Sample:
    """The release, and what is known of each file."""

    folder: Path
    truth: dict[str, Any]


@pytest.fixture
def sample(sample_release: Path, sample_truth: dict[str, Any]) -> Sample:
    return Sample(folder=sample_release, truth=sample_truth)


@cache
def decoded(path: Path) -> tuple[list[Fraction], NDArray[np.uint8]]:
    """Presentation times in seconds, and grey frames."""
    times: list[Fraction] = []
    frames: list[NDArray[np.uint8]] = []
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            assert frame.pts is not None
            assert frame.time_base is not None
            times.append(frame.pts * frame.time_base)
            frames.append(frame.to_ndarray(format="gray").astype(np.uint8, copy=False))
    return times, np.stack(frames)


def changes(frames: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Mean difference of each frame from the one before; the first entry is frame 1's."""
    return np.array([cv2.absdiff(one, two).mean() for one, two in pairwise(frames)])


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def onsets_seconds(samples: NDArray[Any], sample_rate_hz: int) -> list[float]:
    """Where the sound's curvature jumps after at least 0.2 s without a jump."""
    bent = np.abs(np.diff(samples, 2))
    loud = np.flatnonzero(bent > 0.05)
    new = np.flatnonzero(np.diff(loud, prepend=-sample_rate_hz) > 0.2 * sample_rate_hz)
    return [(int(first) + 2) / sample_rate_hz for first in loud[new]]


def test_a_second_call_leaves_every_file_as_it_is_and_makes_a_missing_one_again(
    sample_release: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "tianwen-1-sample"
    shutil.copytree(sample_release, folder)
    times = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    (folder / "rear-camera-tracks.png").unlink()

    written = write_release(folder)

    assert sorted(written) == sorted(folder.iterdir())
    assert digests(folder) == digests(sample_release)
    changed = {path.name for path in folder.iterdir() if path.stat().st_mtime_ns != times[path.name]}
    assert changed == {"rear-camera-tracks.png"}


def test_nothing_but_the_named_files_is_left_in_the_folder(sample: Sample) -> None:
    files = list(sample.folder.iterdir())
    assert sorted(path.name for path in files) == sorted({*MEDIA, "release.toml", "truth.json"})
    assert sum(path.stat().st_size for path in files) < 6_000_000


@pytest.mark.parametrize("name", CLIPS)
def test_every_frame_has_its_own_time_and_cuts_are_where_the_truth_has_them(sample: Sample, name: str) -> None:
    clip = sample.truth[name]["clip"]
    times, frames = decoded(sample.folder / name)

    assert times == [Fraction(index, clip["frames_per_second"]) for index in range(clip["frame_count"])]
    assert frames.shape[1:] == (clip["height_px"], clip["width_px"])
    assert (np.flatnonzero(changes(frames) > CUT_LEVELS) + 1).tolist() == clip["cut_frames"]


@pytest.mark.parametrize("name", CLIPS)
def test_the_caption_is_in_its_box_and_the_letterbox_is_black(sample: Sample, name: str) -> None:
    clip = sample.truth[name]["clip"]
    _, frames = decoded(sample.folder / name)
    middle = frames[len(frames) // 2]
    caption, bar_px = clip["caption_box"], clip["letterbox_bar_height_px"]

    plate = middle[caption["top_px"] : caption["bottom_px"], caption["left_px"] : caption["right_px"]]
    assert np.percentile(plate, [40, 95]) == pytest.approx([24, 224], abs=12)
    assert bar_px == {"descent.mp4": 44}.get(name, 0)
    outside = np.concatenate([middle[:bar_px], middle[middle.shape[0] - bar_px :]])
    assert (outside <= 4).all()


def test_held_pictures_are_held_for_as_long_as_the_truth_says(sample: Sample) -> None:
    _, frames = decoded(sample.folder / "drive-off.mp4")
    runs = sample.truth["drive-off.mp4"]["held_runs"]

    starts = [0, *(np.flatnonzero(changes(frames) > HELD_LEVELS) + 1).tolist()]

    assert starts == [run["first_frame"] for run in runs]
    assert np.diff([*starts, len(frames)]).tolist() == [run["length_frames"] for run in runs]
    assert sample.truth["drive-off.mp4"]["distinct_pictures_per_shot"] == [60, 30]


def test_the_look_down_grows_and_turns_from_first_to_last_frame_as_the_truth_says(sample: Sample) -> None:
    truth = sample.truth["descent.mp4"]
    first, height = truth["clip"]["cut_frames"][1], truth["clip"]["height_px"]
    _, frames = decoded(sample.folder / "descent.mp4")
    mask = np.zeros(frames.shape[1:], np.uint8)
    mask[50 : height - 50] = 255
    mask[280:, 500:] = 0
    detector = cv2.SIFT.create(600)
    indices = [*range(0, len(frames) - first, 13), len(frames) - first - 1]
    found = [detector.detectAndCompute(frames[first + index], mask) for index in indices]
    down = truth["hazard_avoidance"]
    for (one, two), (old, new) in zip(pairwise(indices), pairwise(found), strict=True):
        pairs = cv2.BFMatcher(crossCheck=True).match(old[1], new[1])
        before = np.array([old[0][pair.queryIdx].pt for pair in pairs])
        after = np.array([new[0][pair.trainIdx].pt for pair in pairs])
        matrix, _ = cv2.estimateAffinePartial2D(before, after, ransacReprojThreshold=1.0)
        scale, turn = np.hypot(matrix[0, 0], matrix[1, 0]), np.degrees(np.arctan2(matrix[1, 0], matrix[0, 0]))
        assert scale == pytest.approx(down["scale"][two] / down["scale"][one], rel=0.003)
        assert turn == pytest.approx(down["rotation_degrees"][two] - down["rotation_degrees"][one], abs=0.1)
    assert down["altitude_metres"][0] == pytest.approx(100)
    assert down["altitude_metres"][-1] == pytest.approx(4)
    assert max(np.diff(np.log(down["scale"]))) < 0.08


def test_the_rover_is_black_before_and_after_its_fades(sample: Sample) -> None:
    truth = sample.truth["rover-turns.mp4"]
    _, frames = decoded(sample.folder / "rover-turns.mp4")

    assert np.flatnonzero(frames.max(axis=(1, 2)) < 4).tolist() == truth["black_frames"]
    assert truth["black_frames"] == [
        index
        for index in range(len(frames))
        if index < truth["fade_in"]["first_frame"] or index >= truth["fade_out"]["end_frame"]
    ]
    full = range(truth["fade_in"]["end_frame"], truth["fade_out"]["first_frame"])
    assert [index for index, gain in enumerate(truth["gain"]) if gain == 1] == list(full)
    assert np.diff(truth["heading_degrees"]) == pytest.approx(truth["turn_rate_degrees_per_second"] / 25)


def test_impacts_are_at_their_times_in_the_wav_file(sample: Sample) -> None:
    truth = sample.truth["drive-off-sound.wav"]["sound"]
    samples, sample_rate_hz = soundfile.read(sample.folder / "drive-off-sound.wav")
    info = soundfile.info(sample.folder / "drive-off-sound.wav")

    assert (info.samplerate, info.channels, info.subtype) == (48_000, 1, "PCM_24")
    assert samples.size == truth["wav_sample_count"]
    assert onsets_seconds(samples, sample_rate_hz) == pytest.approx(
        [impact["wav_seconds"] for impact in truth["impacts"]], abs=0.001
    )
    assert samples.mean() == pytest.approx(truth["dc_offset"], abs=1e-4)


def test_impacts_are_at_their_times_in_the_clip_and_its_sound_is_the_wav_files(sample: Sample) -> None:
    truth = sample.truth["drive-off.mp4"]["sound"]
    with av.open(str(sample.folder / "drive-off.mp4")) as container:
        stream = container.streams.audio[0]
        assert (stream.rate, stream.channels, stream.duration) == (48_000, 1, truth["clip_sample_count"])
        blocks = list(container.decode(stream))
    clip = np.concatenate([block.to_ndarray()[0] for block in blocks]).astype(np.float64)
    wav, sample_rate_hz = soundfile.read(
        sample.folder / "drive-off-sound.wav", start=truth["wav_starts_earlier_samples"]
    )

    assert blocks[0].pts == 0
    assert onsets_seconds(clip[: wav.size], sample_rate_hz) == pytest.approx(
        [impact["clip_seconds"] for impact in truth["impacts"]], abs=0.001
    )
    assert wav.size == truth["clip_sample_count"]
    assert np.sqrt(np.mean((clip[: wav.size] - wav) ** 2)) < 0.02 * wav.std()


def test_the_hum_has_its_levels(sample: Sample) -> None:
    truth = sample.truth["drive-off-sound.wav"]["sound"]
    samples, sample_rate_hz = soundfile.read(sample.folder / "drive-off-sound.wav")
    quiet = samples[: round(2 * sample_rate_hz)]
    seconds, window = np.arange(quiet.size) / sample_rate_hz, np.blackman(quiet.size)
    for sine in truth["hum"]:
        turning = np.exp(-2j * np.pi * sine["frequency_hz"] * seconds)
        peak = 2 * abs((quiet * window * turning).sum()) / window.sum()
        assert 20 * np.log10(peak) == pytest.approx(sine["peak_dbfs"], abs=0.3)


def test_grousers_are_where_the_camera_model_puts_them(sample: Sample) -> None:
    truth = sample.truth["rear-camera-tracks.png"]
    with Image.open(sample.folder / "rear-camera-tracks.png") as image:
        assert (image.mode, image.size) == ("L", (truth["width_px"], truth["height_px"]))
        grey = np.asarray(image, np.float32)
    for line in truth["track_lines_px"]:
        points = np.array(line, np.float32) - 0.5
        steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
        near = points[: int(np.argmax(steps < 5))]  # each point is one grouser further
        finer = np.concatenate([np.linspace(a, b, 8, endpoint=False) for a, b in pairwise(near)])
        profile = cv2.remap(grey, finer[:, 0].copy(), finer[:, 1].copy(), cv2.INTER_LINEAR).ravel()
        profile -= np.convolve(profile, np.ones(9) / 9, "same")
        spectrum = np.abs(np.fft.rfft(profile * np.hanning(profile.size)))
        assert np.argmax(spectrum[4:]) + 4 == pytest.approx(profile.size / 8, abs=1.5)


def test_the_horizon_of_the_rear_photo_is_where_the_camera_model_puts_it(sample: Sample) -> None:
    truth = sample.truth["rear-camera-tracks.png"]
    with Image.open(sample.folder / "rear-camera-tracks.png") as image:
        middle = np.asarray(image, np.float32)[:, 480:544].mean(axis=1)
    above, below = (
        middle[round(truth["horizon_px"]) + part].mean() for part in (np.arange(-90, -60), np.arange(8, 38))
    )
    assert truth["projection"] == "equidistant"
    assert above - below > 20
    assert np.argmin(np.diff(cv2.GaussianBlur(middle[:, None], (1, 9), 2).ravel())[150:230]) + 150 < truth["horizon_px"]


def test_the_release_file_speaks_of_every_media_file(sample: Sample) -> None:
    release = tomllib.loads((sample.folder / "release.toml").read_text(encoding="utf-8"))

    assert sorted(file["path"] for file in release["file"]) == sorted(MEDIA)
    assert release["mission"] == "tianwen-1"
    assert release["released"].isoformat() == "2021-06-27"
    assert release["synthetic"] is True
    assert release["redistribute"] is True
    assert all("Synthetic" in file["caption"] and "合成" in file["caption_zh"] for file in release["file"])
    assert {file["date_precision"] for file in release["file"]} == {"minute", "day"}


def test_every_media_file_is_marked_as_synthetic(sample: Sample) -> None:
    for name in CLIPS:
        with av.open(str(sample.folder / name)) as container:
            assert "SYNTHETIC" in container.metadata["title"]
            assert "SYNTHETIC" in container.metadata["comment"]
    with soundfile.SoundFile(sample.folder / "drive-off-sound.wav") as sound:
        assert "SYNTHETIC" in sound.title
        assert "SYNTHETIC" in sound.comment
    with Image.open(sample.folder / "rear-camera-tracks.png") as image:
        exif = image.getexif()
        assert "SYNTHETIC" in image.info["Title"]
        assert "SYNTHETIC" in image.info["Comment"]
        assert "SYNTHETIC" in exif[0x010E]
        assert b"SYNTHETIC" in exif.get_ifd(0x8769)[0x9286]
