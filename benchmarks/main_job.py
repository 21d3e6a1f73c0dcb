"""The main job: decoding cost, memory over length, and what Prefect costs."""

from __future__ import annotations

import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from PIL import Image

from benchmarks.figures import tell
from benchmarks.measure import in_turn, process, python, ratio

FRAMES_1080P = 1500
PHOTOS = 1_000

DERIVE = """
import sys, time
from dataclasses import replace
from pathlib import Path
import librosa.core.spectrum, matplotlib.backends.backend_agg, matplotlib.figure
from flows.recipes import RECIPES
from processors.contract import Source
from processors.engine.derive import derive
from processors.engine.wanted_results import wanted_of
from processors.sources.source_file import SourceFile
from processors.store.store import Store
path, store = Path(sys.argv[1]), Path(sys.argv[2])
wanted = sys.argv[3].split(",") if len(sys.argv) > 3 else None
source = Source(digest="0" * 64, size_bytes=1, name=path.name, medium="video", format="mp4", has_sound=True)
every = [one.processor for one in wanted_of(source, RECIPES)]
if wanted is not None:  # without shots, which have a benchmark of their own
    every = [replace(p, shots=None) if p.name == "video.contact_sheet" else p for p in every]
processors = [p for p in every if wanted is None or p.name in wanted]
started = time.perf_counter()
outcomes = derive(source, SourceFile.at(path), "bench", processors, Store(store))
assert all(outcome.verdict == "made" for outcome in outcomes), outcomes
print(time.perf_counter() - started)
"""
FIRST_PROCESSORS = "metadata,video.frames,video.contact_sheet,audio.spectrogram,audio.spectra,audio.spectrogram_picture"
DECODE = """
import sys, time, av
started = time.perf_counter()
with av.open(sys.argv[1]) as container:
    stream = container.streams.video[0]
    stream.thread_type = "AUTO"
    for frame in container.decode(stream):
        pass
print(time.perf_counter() - started)
"""


def main() -> None:
    """All three promises."""
    with tempfile.TemporaryDirectory() as folder:
        decoding(Path(folder))
        prefect_share(Path(folder))
        memory(Path(folder))


def write_clip(path: Path, frames: int, width: int, height: int, rate: int = 25) -> Path:
    """H.264 with B-frames at a press clip's bit rate, and AAC: textured ground that moves, with grain; a noisy tone."""
    random_numbers = np.random.default_rng(1)
    ground = random_numbers.integers(0, 255, (height * 2 // 8, width * 2 // 8, 3), np.uint8)
    ground = np.asarray(Image.fromarray(ground).resize((width * 2, height * 2), Image.Resampling.BICUBIC)) // 2 + 40
    grain = random_numbers.integers(0, 24, (8, height, width, 1), np.uint8)
    with av.open(str(path), "w") as container:
        picture = container.add_stream("libx264", rate=rate, options={"preset": "veryfast", "crf": "23"})
        sound = container.add_stream("aac", rate=48000, layout="mono")
        assert isinstance(picture, av.VideoStream)
        assert isinstance(sound, av.AudioStream)
        picture.width, picture.height, picture.pix_fmt = width, height, "yuv420p"
        samples = 48000 // rate
        for number in range(frames):
            x, y = number * 2 % width, number % height
            shown = ground[y : y + height, x : x + width] + grain[number % len(grain)]
            frame = av.VideoFrame.from_ndarray(shown, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, rate)
            container.mux(picture.encode(frame))
            noise = random_numbers.normal(0, 0.05, samples)
            wave = np.sin(np.arange(number * samples, (number + 1) * samples) / 10) / 4 + noise
            block = av.AudioFrame.from_ndarray(wave.astype(np.float32)[None], format="fltp", layout="mono")
            block.sample_rate, block.pts = 48000, number * samples
            container.mux(sound.encode(block))
        container.mux(picture.encode(None))
        container.mux(sound.encode(None))
    return path


def printed_seconds(code: str, *arguments: str | Path) -> float:
    run = subprocess.run([sys.executable, "-c", code, *map(str, arguments)], capture_output=True, text=True, check=True)
    return float(run.stdout.split()[-1])


def decoding(folder: Path) -> None:
    """All first processors against decoding and throwing away; the frames alone against ffmpeg."""
    clip = write_clip(folder / "1080p.mp4", FRAMES_1080P, 1920, 1080)
    count = iter(range(1000))

    def ours(wanted: str) -> float:
        return printed_seconds(DERIVE, clip, folder / f"store-{next(count)}", wanted)

    def ffmpeg() -> float:
        out = folder / f"frames-{next(count)}"
        out.mkdir()
        return process(
            ["ffmpeg", "-v", "error", "-i", clip, "-vf", "fps=1", "-q:v", "2", out / "%06d.jpg"]
        ).wall_seconds

    made, floor, frames, theirs = in_turn(
        5, lambda: ours(FIRST_PROCESSORS), lambda: printed_seconds(DECODE, clip), lambda: ours("video.frames"), ffmpeg
    )
    print(f"  decode and throw away {FRAMES_1080P} frames of 1080p: {statistics.median(floor):.2f} s")
    tell("all first processors / decode and throw away", ratio(made, floor), "", 1.3)
    tell("frames alone / ffmpeg -vf fps=1", ratio(frames, theirs), "", 1.0)


def memory(folder: Path) -> None:
    """Peak memory of a worker process over 1 and 60 minutes of the same kind of clip."""
    peaks = []
    for minutes in (1, 60):
        clip = write_clip(folder / f"{minutes}min.mp4", minutes * 60 * 25, 256, 144)
        peaks.append(python(DERIVE, clip, folder / f"store-{minutes}min", FIRST_PROCESSORS).peak_mb)
    print(f"  peak memory of a worker: {peaks[0]:.0f} MB for 1 minute, {peaks[1]:.0f} MB for 60 minutes")
    tell("60 minutes / 1 minute", peaks[1] / peaks[0], "", 1.2)


def prefect_share(folder: Path) -> None:
    """The same photos through Prefect tasks and through plain threads, the start of the server apart."""
    raw = folder / "photos" / "june"
    raw.mkdir(parents=True)
    random_numbers = random.Random(1)
    for number in range(PHOTOS):
        noise = np.frombuffer(random_numbers.randbytes(320 * 240 * 3), np.uint8).reshape(240, 320, 3)
        Image.fromarray(noise).resize((640, 480)).save(raw / f"{number}.jpg", quality=85)
    os.environ["PREFECT_HOME"] = str(folder / "prefect")
    from prefect import flow
    from prefect.task_runners import ThreadPoolTaskRunner

    import flows.serving.prefect_defaults  # noqa: F401
    from flows.recipes import RECIPES
    from flows.run.options import Options
    from flows.run.run import Dispatch, in_threads, run_ingest
    from flows.serving.tasks import in_tasks

    count = iter(range(1000))

    def run(dispatch: Dispatch) -> float:
        started = time.perf_counter()
        store = folder / f"photo-store-{next(count)}"
        report = run_ingest(raw.parent, store, RECIPES, Options(), dispatch, name="bench")
        assert report.state == "completed", report.message
        return time.perf_counter() - started

    @flow(task_runner=ThreadPoolTaskRunner(max_workers=(os.cpu_count() or 1) + 1))  # type: ignore[arg-type]
    def compare() -> list[list[float]]:
        return in_turn(3, lambda: run(in_tasks), lambda: run(in_threads))

    with_prefect, without = compare()
    shares = [1 - b / a for a, b in zip(with_prefect, without, strict=True)]
    both = statistics.median(with_prefect), statistics.median(without)
    print(f"  {PHOTOS} photos: {both[0]:.1f} s with Prefect, {both[1]:.1f} s without")
    tell("Prefect's share of the wall time", 100 * statistics.median(shares), " %", 5)


if __name__ == "__main__":
    main()
