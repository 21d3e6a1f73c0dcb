"""`drive-off.mp4`: stop-motion pictures of two cameras, held for irregular times, with continuous sound."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from processors.sample.burnt_in_caption import TEXT, burn_caption, caption_box
from processors.sample.clips import write_clip
from processors.sample.drive_off_view import draw_front, draw_rear
from processors.sample.files import Tags
from processors.sample.ground import make_ground
from processors.sample.sound import SoundTruth
from processors.sample.truth import ClipTruth, KnownBox, clip_truth, shots

_FRAMES_PER_SECOND = 30
_PICTURE = KnownBox(left_px=0, top_px=0, right_px=640, bottom_px=360)
_FRONT_HOLDS = {1: 6, 2: 27, 3: 18, 4: 9}
_REAR_HOLDS = {3: 5, 4: 7, 5: 8, 6: 5, 7: 3, 8: 2}
"""Number of pictures by the frames for which they are held: 60 and 30 pictures in 150 frames each."""

_FRONT_STEP_M, _REAR_STEP_M = 0.020, 0.040
_REAR_START_M = 1.9
_PICTURES_PER_KEYFRAME = 15
_SEED = 522


@dataclass(frozen=True, kw_only=True)
class HeldRun:
    """A distinct picture and the frames that show it."""

    first_frame: int
    length_frames: int
    start_seconds: float
    camera: str
    travel_metres: float
    """Distance driven since the clip's first picture."""


@dataclass(frozen=True, kw_only=True)
class DriveOffTruth:
    clip: ClipTruth
    held_runs: list[HeldRun]
    distinct_pictures_per_shot: list[int]
    sound: SoundTruth


def clip_seconds() -> float:
    """Return the duration of the clip."""
    return (_frame_count(_FRONT_HOLDS) + _frame_count(_REAR_HOLDS)) / _FRAMES_PER_SECOND


def write_drive_off(path: Path, tags: Tags, sound: SoundTruth, sound_file: Path) -> DriveOffTruth:
    """Render and write the clip; `sound_file` is the WAV file with only the clip's sound."""
    caption = caption_box(_PICTURE)
    cameras = ["front hazard-avoidance camera", "rear hazard-avoidance camera"]
    lengths = [_frame_count(_FRONT_HOLDS), _frame_count(_REAR_HOLDS)]
    runs = _held_runs(cameras)
    truth = DriveOffTruth(
        clip=clip_truth(
            picture=_PICTURE,
            shots=shots(list(zip(cameras, lengths, strict=True)), _FRAMES_PER_SECOND),
            frames_per_second=_FRAMES_PER_SECOND,
            caption=caption,
            caption_text=TEXT,
        ),
        held_runs=runs,
        distinct_pictures_per_shot=[sum(run.camera == camera for run in runs) for camera in cameras],
        sound=sound,
    )
    ground = make_ground(seed=9, size_px=1024, level_count=7, texel_metres=0.16, craters=40, rocks=700, roughness=0.13)
    draw = {cameras[0]: draw_front, cameras[1]: draw_rear}

    def picture(run: HeldRun) -> NDArray[np.uint8]:
        grey = draw[run.camera](ground, run.travel_metres)
        burn_caption(grey, caption)
        return np.repeat(grey[:, :, None], 3, axis=2)

    write_clip(
        path,
        _hold(runs, picture),
        frame_count=truth.clip.frame_count,
        frames_per_second=_FRAMES_PER_SECOND,
        quality_crf=18,
        keyframes=[run.first_frame for run in runs[::_PICTURES_PER_KEYFRAME]],
        tags=tags,
        sound=sound_file,
    )
    return truth


def _frame_count(holds: dict[int, int]) -> int:
    return sum(length * count for length, count in holds.items())


def _held_runs(cameras: list[str]) -> list[HeldRun]:
    """Return all runs in order, with shuffled hold times."""
    rng = np.random.default_rng(_SEED)
    found: list[HeldRun] = []
    first = 0
    parts = ((_FRONT_HOLDS, 0.0, _FRONT_STEP_M), (_REAR_HOLDS, _REAR_START_M, _REAR_STEP_M))
    for camera, (holds, start_m, step_m) in zip(cameras, parts, strict=True):
        lengths = rng.permutation([length for length, count in holds.items() for _ in range(count)])
        for number, length in enumerate(lengths.tolist()):
            found.append(
                HeldRun(
                    first_frame=first,
                    length_frames=length,
                    start_seconds=first / _FRAMES_PER_SECOND,
                    camera=camera,
                    travel_metres=round(start_m + number * step_m, 6),
                )
            )
            first += length
    return found


def _hold(runs: list[HeldRun], picture: Callable[[HeldRun], NDArray[np.uint8]]) -> Callable[[int], NDArray[np.uint8]]:
    """Return a function that returns the frame at an index; each held picture is drawn only once."""
    run_of_frame = [number for number, run in enumerate(runs) for _ in range(run.length_frames)]
    shown = -1
    image = np.zeros((0, 0, 3), np.uint8)

    def frame(index: int) -> NDArray[np.uint8]:
        nonlocal shown, image
        if run_of_frame[index] != shown:
            shown = run_of_frame[index]
            image = picture(runs[shown])
        return image

    return frame
