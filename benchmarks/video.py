"""Video: the one pass against decoding alone and against ffmpeg with PySceneDetect, as ratios of one run.

    python -m benchmarks.video [clip] [--hour]

Without a clip, a minute of 1080p H.264 is made from the sample's three films. `--hour` also reads an hour of
1080p and tells the peak of memory; it takes ten minutes or more.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path

import av

from benchmarks.figures import tell
from benchmarks.measure import in_turn, python
from processors.contract import Processor, Source
from processors.engine.derive import derive
from processors.identify import hash_and_identify
from processors.sources.source_file import SourceFile
from processors.store.store import Store
from processors.video.audit.integrity import Integrity
from processors.video.audit.measurements import Measurements
from processors.video.frames.frames import Frames
from processors.video.motion.motion import Motion
from processors.video.shots.shots import Shots
from processors.video.shots.stills import Stills

ROUNDS = 3

FILM_GRAIN = 6
"""Strength of ffmpeg's `noise` filter: enough that x264 uses its bit rate."""

BIT_RATE = "11M"
"""For 1080p at 25 Hz: YouTube recommends 8 Mbit/s for uploads, and a press master has somewhat more."""

KEYFRAME_FRAMES = 50
"""2 s: "key frames (IDRs) should be present every two seconds" (Apple, HLS authoring specification, 1.10)."""


def main(arguments: Sequence[str] = ()) -> None:
    """Print one line a figure: what was measured, its ratio and the ratio that it must reach.

    The fastest of several rounds counts, in which the compared jobs take turns: other work on the machine only slows.
    """
    clips = [argument for argument in arguments if argument != "--hour"]
    with tempfile.TemporaryDirectory() as folder:
        home, number = Path(folder), count()
        clip = Path(clips[0]) if clips else make_clip(home)

        def first() -> None:
            run(clip, home / f"store{next(number)}", everything(Shots(), 3))

        def again() -> None:
            other = replace(Shots(), cut_ratio=2.5 + 0.01 * next(number))
            run(clip, home / "again", everything(other, 2)[3:])

        jobs: tuple[Callable[[], object], ...] = (
            lambda: decode_and_discard(clip),
            first,
            lambda: (ffmpeg(clip, home / f"second{next(number)}", "fps=1"), scenedetect(clip)),
            again,
            lambda: ffmpeg(clip, home / f"tenth{next(number)}", "fps=1/10"),
            lambda: run(clip, home / f"sparse{next(number)}", [Frames(every_seconds=10.0)]),
        )
        run(clip, home / "again", everything(Shots(), 3))  # which loads all libraries, too
        taken = in_turn(ROUNDS, *(lambda job=job: seconds_of(job) for job in jobs))
        decoded, passed, others, repeated, ffmpeg_sparse, sparse = map(min, taken)
        print(f"  decode and discard {decoded:.2f} s; frames, audit, shots and stills {passed:.2f} s")
        share = (passed - decoded) / passed
        why = f"measuring and writing takes {100 * share:.0f} % of the time, on the cores that decode"
        tell("frames, audit, shots, stills / decode and discard", passed / decoded, "", 1.3, if_missed=why)
        why = f"the two others take {others / decoded:.2f} times as long as decoding, which one decode cannot exceed"
        what = "ffmpeg fps=1 and then PySceneDetect / the same"
        tell(what, others / passed, "", 2.5, at_least=True, if_missed=why)
        why = "stills are decoded again, each from the keyframe before it"
        tell("shots and stills again / the first pass", repeated / passed, "", 0.1, if_missed=why)
        tell("ffmpeg fps=1/10 / a frame every 10 s", ffmpeg_sparse / sparse, "", 4, at_least=True)
        tell("video.motion / video.measurements", motion_to_measurements(home), "", 5)
        if "--hour" in arguments:
            tell("peak memory for an hour of 1080p", peak_of_an_hour(home), " MB", 500)


def motion_to_measurements(folder: Path) -> float:
    """Ratio of the time that both took of the synthetic descent, as their results record it, its mosaics included."""
    from processors.sample import write_release

    write_release(folder / "film")
    store = folder / "motion"
    run(folder / "film/descent.mp4", store, [Measurements(), Integrity(), Shots(), Motion()])
    manifests = [json.loads(path.read_bytes()) for path in (store / "results").rglob("manifest.json")]
    took = {one["ref"]["processor"]: one["cost"]["own_seconds"] for one in manifests}
    return took[Motion.name] / took[Measurements.name]


def make_clip(folder: Path) -> Path:
    """A minute of 1080p at 25 Hz from the descent, the drive-off and the rover's turns, cut together, with grain."""
    from processors.sample import write_release

    sample, path = folder / "sample", folder / "clip.mp4"
    write_release(sample)
    parts = ["fps=25,scale=1920:1080:flags=lanczos,setsar=1"] * 3
    graph = ";".join(f"[{i}:v]{part}[v{i}]" for i, part in enumerate(parts))
    graph += f";[v0][v1][v2]concat=n=3,noise=alls={FILM_GRAIN}:allf=t[v]"
    films = [
        word
        for film, again in (("descent", 1), ("drive-off", 1), ("rover-turns", 2))
        for word in ("-stream_loop", str(again), "-i", str(sample / f"{film}.mp4"))
    ]
    coded = ["-c:v", "libx264", "-preset", "medium", "-b:v", BIT_RATE, "-g", str(KEYFRAME_FRAMES)]
    quiet = ["ffmpeg", "-v", "error"]
    subprocess.run([*quiet, *films, "-filter_complex", graph, "-map", "[v]", "-t", "60", *coded, path], check=True)
    return path


def peak_of_an_hour(folder: Path) -> float:
    """Peak of a process that makes everything of an hour of 1080p, in 10⁶ bytes; its few bits make it quick to read."""
    from processors.sample import write_release

    write_release(folder / "short")
    plain, hour = folder / "plain.mp4", folder / "hour.mp4"
    quiet, film = ["ffmpeg", "-v", "error"], str(folder / "short/descent.mp4")
    coded = ["-vf", "scale=1920:1080", "-an", "-c:v", "libx264", "-preset", "ultrafast", "-crf", "30"]
    subprocess.run([*quiet, "-i", film, *coded, plain], check=True)
    subprocess.run([*quiet, "-stream_loop", "299", "-i", plain, "-c", "copy", hour], check=True)
    code = "import sys; from pathlib import Path; from benchmarks.video import Shots, everything, run; "
    code += "run(Path(sys.argv[1]), Path(sys.argv[2]), everything(Shots(), 3))"
    return python(code, hour, folder / "hour").peak_mb


def everything(shots: Shots, per_shot: int) -> list[Processor]:
    """Parts 2, 3 and 4, those used first."""
    return [Measurements(), Frames(every_seconds=1.0), Integrity(), shots, Stills(per_shot=per_shot, shots=shots)]


def run(clip: Path, store: Path, processors: list[Processor]) -> None:
    """Make the results as a run does, without Prefect."""
    file = SourceFile.at(clip)
    digest, identity = hash_and_identify(file, clip.name)
    assert identity.medium == "video", identity
    source = Source(
        digest=digest,
        size_bytes=file.size_bytes,
        name=clip.name,
        medium=identity.medium,
        format=identity.format,
        has_sound=identity.has_sound,
    )
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
    main(sys.argv[1:])
