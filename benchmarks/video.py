"""Video: the one pass against decoding alone and against ffmpeg with PySceneDetect, as ratios of one run.

    python -m benchmarks.video [clip]

Without a clip, two minutes of 1080p H.264 are made from the sample's descent, with film grain.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import av

from processors.contract import Processor, Source
from processors.derive import derive
from processors.inspect import inspect
from processors.source_file import SourceFile
from processors.store.results import Store
from processors.video.frames import Frames
from processors.video.integrity import Audited
from processors.video.measurements import Measurements
from processors.video.shots import Shots
from processors.video.stills import Stills

CLIP_SECONDS = 120


def main() -> None:
    """Print one line a figure: what was measured, its ratio and the ratio that it must reach."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        clip = Path(sys.argv[1]) if len(sys.argv) > 1 else make_clip(home)
        seconds_of(lambda: run(clip, home / "warm", [Frames(choice="times", times_seconds=(0.0,))]))
        decode = seconds_of(lambda: decode_and_discard(clip))
        first = seconds_of(lambda: run(clip, home / "store", everything(Shots(), 3)))
        again = seconds_of(lambda: run(clip, home / "store", everything(replace(Shots(), cut_ratio=2.5), 2)[3:]))
        sparse = seconds_of(lambda: run(clip, home / "sparse", [Frames(every_seconds=10.0)]))
        ffmpeg_sparse = seconds_of(lambda: ffmpeg(clip, home / "tenth", "fps=1/10"))
        others = seconds_of(lambda: ffmpeg(clip, home / "second", "fps=1")) + seconds_of(lambda: scenedetect(clip))
    print(f"decode and discard {decode:.2f} s; frames, audit, shots and stills {first:.2f} s")
    for what, ratio, wanted in (
        ("frames, audit, shots, stills / decode and discard", first / decode, "at most 1.5"),
        ("ffmpeg fps=1 and then PySceneDetect / the same", others / first, "at least 2.5"),
        ("shots and stills again / the first pass", again / first, "at most 0.1"),
        ("ffmpeg fps=1/10 / a frame every 10 s", ffmpeg_sparse / sparse, "at least 4"),
    ):
        print(f"{what}: {ratio:.2f} ({wanted})")


def make_clip(folder: Path) -> Path:
    """Two minutes of 1080p at 25 frames a second, a keyframe every 2 s at least, about 8 Mbit/s."""
    from processors.sample import write_release

    write_release(folder / "sample")
    path = folder / "clip.mp4"
    command = ["ffmpeg", "-v", "error", "-stream_loop", "20", "-i", str(folder / "sample/descent.mp4")]
    look = ["-t", str(CLIP_SECONDS), "-vf", "scale=1920:1080:flags=lanczos,noise=alls=8:allf=t", "-an"]
    subprocess.run(
        [*command, *look, "-c:v", "libx264", "-preset", "fast", "-b:v", "8M", "-g", "50", str(path)], check=True
    )
    return path


def everything(shots: Shots, per_shot: int) -> list[Processor]:
    """Parts 2, 3 and 4, those used first."""
    return [Measurements(), Frames(every_seconds=1.0), Audited(), shots, Stills(per_shot=per_shot, shots=shots)]


def run(clip: Path, store: Path, processors: list[Processor]) -> None:
    """Make the results as a run does, without Prefect."""
    file = SourceFile.at(clip)
    digest, identity = inspect(file, clip.name)
    assert identity.medium == "video", identity
    source = Source(
        digest=digest, size_bytes=file.size_bytes, name=clip.name, medium=identity.medium,
        format=identity.format, has_sound=identity.has_sound,
    )  # fmt: skip
    outcomes = derive(source, file, "benchmark", processors, Store(store))
    assert all(outcome.verdict == "made" for outcome in outcomes), outcomes


def decode_and_discard(clip: Path) -> None:
    with av.open(str(clip)) as container:
        container.streams.video[0].thread_type = "AUTO"
        for _ in container.decode(video=0):
            pass


def ffmpeg(clip: Path, folder: Path, look: str) -> None:
    folder.mkdir()
    subprocess.run(
        ["ffmpeg", "-v", "error", "-i", str(clip), "-vf", look, "-q:v", "2", str(folder / "%06d.jpg")], check=True
    )


def scenedetect(clip: Path) -> None:
    """Its adaptive detector, with the settings that it comes with."""
    code = "import sys; from scenedetect import AdaptiveDetector, detect; detect(sys.argv[1], AdaptiveDetector())"
    subprocess.run([sys.executable, "-c", code, str(clip)], check=True, env=dict(os.environ))


def seconds_of(work: Callable[[], object]) -> float:
    started = time.monotonic()
    work()
    return time.monotonic() - started


if __name__ == "__main__":
    main()
