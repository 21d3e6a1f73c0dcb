"""Sound against sox, librosa and ffmpeg: ratios in one run on ten minutes of 48 kHz mono, and memory for hours."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import librosa
import numpy as np
import soundfile

from processors.audio.envelope import Envelope
from processors.audio.events import Events
from processors.audio.levels import Levels
from processors.audio.picture import Picture
from processors.audio.reader import AudioBlock, AudioInfo, FileReader
from processors.audio.renditions import Renditions
from processors.audio.spectra import Spectra
from processors.audio.spectrogram import Spectrogram
from processors.audio.waveform import Waveform
from processors.contract import Item, Processor, Using, as_json, used_by
from processors.source_file import SourceFile

RATE_HZ = 48_000
SECONDS = 600


class _Made:
    def __init__(self, folder: Path, items: list[Item]) -> None:
        self._folder, self._items = folder, {item.name: item for item in items}

    def path(self, name: str) -> Path:
        return self._folder / name

    def facts(self, name: str) -> Any:
        return as_json(self._items[name].facts)


def derive_all(path: Path, folder: Path, processors: tuple[Processor, ...]) -> None:
    """As `derive` does: those that use no other in one pass, then those that use them; nothing is committed."""
    made: dict[str, _Made] = {}
    waiting = list(processors)
    while waiting:
        stage = [p for p in waiting if all(used not in waiting for used in used_by(p))]
        waiting = [p for p in waiting if p not in stage]
        reader = FileReader(SourceFile.at(path), "wav")
        sessions = []
        for processor in stage:
            place = folder / f"{len(made)}-{processor.name}"
            place.mkdir()
            made[processor.name] = _Made(place, [])
            info: Any = reader.info
            if used := used_by(processor):
                info = Using(info=info, results={p.name: made[p.name] for p in used}, source_facts={})
            sessions.append((processor, place, processor.start(info, place)))
        hearing = [session for processor, _, session in sessions if processor.reads == "audio"]
        for block in reader.blocks() if hearing else ():
            for session in hearing:
                list(session.feed(block))
        for processor, place, session in sessions:
            items = list(session.finish())
            for item in items:
                if item.data is not None:
                    (place / item.name).write_bytes(item.data)
            made[processor.name] = _Made(place, items)


def seconds_of(work: Callable[[Path], object], times: int = 3) -> float:
    """The best of some runs, each in a fresh folder."""
    found = []
    for _ in range(times):
        with tempfile.TemporaryDirectory() as folder:
            started = time.perf_counter()
            work(Path(folder))
            found.append(time.perf_counter() - started)
    return min(found)


def tool(*arguments: str | Path) -> None:
    subprocess.run([str(a) for a in arguments], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def whole_in_librosa(path: Path) -> None:
    samples, _ = soundfile.read(path, dtype="float32")
    power = np.abs(librosa.stft(samples, n_fft=2048, hop_length=512)) ** 2
    librosa.power_to_db(power, ref=1.0)


def encodings(path: Path, folder: Path) -> None:
    """What the renditions hold, by ffmpeg: three times FLAC, AAC and Opus."""
    for rendition in range(3):
        for suffix, options in (("flac", ()), ("m4a", ("-b:a", "96k")), ("opus", ("-b:a", "64k"))):
            tool("ffmpeg", "-y", "-i", path, *options, folder / f"{rendition}.{suffix}")


def hours(count: float) -> None:
    """Stereo noise through the measuring processors; prints seconds and the process's peak memory."""
    block = np.random.default_rng(1).normal(0, 0.1, (2, 1 << 16)).astype(np.float32)
    info = AudioInfo(codec="pcm_16", rate_hz=RATE_HZ, channel_count=2, sample_count_from_header=None, start=0,  # type: ignore[arg-type]
                     decoder="benchmark")  # fmt: skip
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        sessions = []
        for processor in (Levels(), Envelope(), Spectrogram()):
            place = Path(folder) / processor.name
            place.mkdir()
            sessions.append(processor.start(info, place))
        for number in range(round(count * 3600 * RATE_HZ / block.shape[1])):
            for session in sessions:
                list(session.feed(AudioBlock(samples=block, first_sample=number * block.shape[1])))
        for session in sessions:
            list(session.finish())
    # not ru_maxrss: on Linux a child starts with the peak of the process that started it
    peak_kb = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())
    peak_mb = int(peak_kb[1]) / 1024 if peak_kb else float("nan")
    print(f"{count:g} hours of stereo: {time.perf_counter() - started:.1f} s, {peak_mb:.0f} MB at most")


def main() -> None:
    """Print the ratios; below 1 is faster than the others."""
    if len(sys.argv) > 2 and sys.argv[1] == "hours":
        hours(float(sys.argv[2]))
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ten.wav"
        rng = np.random.default_rng(0)
        noise = rng.standard_normal(SECONDS * RATE_HZ) * 0.05 + 0.3 * np.sin(np.arange(SECONDS * RATE_HZ) * 0.05)
        soundfile.write(path, noise, RATE_HZ, subtype="PCM_16")
        every = (Levels(), Envelope(), Spectrogram(), Spectra(), Picture(), Events(), Waveform(), Renditions())
        sox = seconds_of(lambda place: tool("sox", path, "-n", "spectrogram", "-o", place / "s.png"))
        stats = seconds_of(lambda _: tool("sox", path, "-n", "stats"))
        loudness = seconds_of(lambda _: tool("ffmpeg", "-i", path, "-af", "ebur128=peak=true", "-f", "null", "-"))
        encode = seconds_of(lambda place: encodings(path, place), times=1)
        pieces = seconds_of(lambda _: whole_in_librosa(path))
        measured = seconds_of(lambda place: derive_all(path, place, (Spectrogram(),)))
        overview = seconds_of(lambda place: derive_all(path, place, (Spectrogram(keep="overview"),)))
        picture = seconds_of(lambda place: derive_all(path, place, (Spectrogram(), Spectra(), Picture())))
        everything = seconds_of(lambda place: derive_all(path, place, every), times=1)
    others = sox + stats + loudness + encode
    print(f"sox spectrogram {sox:.2f} s, sox stats {stats:.2f} s, librosa in one piece {pieces:.2f} s")
    print(f"ffmpeg ebur128 {loudness:.2f} s, ffmpeg encodings {encode:.2f} s")
    for what, seconds in (
        ("spectrogram without its array", overview),
        ("spectrogram with its array", measured),
        ("spectrogram, spectra and picture", picture),
    ):
        print(f"{what} {seconds:.2f} s: {seconds / sox:.2f} of sox spectrogram, {seconds / pieces:.2f} of librosa")
    print(f"everything {everything:.2f} s: {everything / others:.2f} of sox and ffmpeg ({others:.2f} s)", flush=True)
    for count in ("0.1", "1"):
        subprocess.run([sys.executable, "-m", "benchmarks.audio", "hours", count], check=True)


if __name__ == "__main__":
    main()
