"""Audio compared with sox, librosa and ffmpeg: ratios in one run on ten minutes of 48 kHz mono, and memory for hours.

`python -m benchmarks.audio hours 10` runs all but the renditions on ten hours of stereo.
"""

from __future__ import annotations

import functools
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import librosa
import numpy as np
import soundfile

from benchmarks.figures import tell
from benchmarks.measure import in_turn
from processors.audio.envelope import Envelope
from processors.audio.events.events import Events
from processors.audio.levels.levels import Levels
from processors.audio.reading.audio_info import AudioInfo
from processors.audio.reading.audio_reader import FileReader
from processors.audio.reading.block import AudioBlock
from processors.audio.reading.loudspeakers import Layout
from processors.audio.renditions.audio_writers import WEB_FORMATS, ExactWriter, WebWriter
from processors.audio.renditions.renditions import Renditions
from processors.audio.spectrogram.spectra import Spectra
from processors.audio.spectrogram.spectrogram import Spectrogram
from processors.audio.spectrogram.spectrogram_picture import SpectrogramPicture
from processors.audio.spectrogram.stft import FrameBatches, Scale, power_of, window_of
from processors.audio.waveform import Waveform
from processors.contract import Inputs, Item, OneShot, Processor, Session, Streamed, T, inputs_of
from processors.json_records import as_json, from_json
from processors.sources.source_file import SourceFile

RATE_HZ = 48_000
MONO = Layout(name="mono", channels=(0,), encoded="mono", is_assumed=True)
SECONDS = 600
ROUNDS = 5
OVERVIEW = Spectrogram(keep="overview")
MEASURED = (Levels(), Envelope(), Spectrogram(), Spectra(), SpectrogramPicture(), Events(), Waveform())


_Finish = tuple[Processor, Path, Callable[[], Iterable[Item]]]


class _Made:
    def __init__(self, folder: Path, items: list[Item]) -> None:
        self._folder, self._items = folder, {item.name: item for item in items}

    def path(self, name: str) -> Path:
        return self._folder / name

    def facts(self, name: str, kind: type[T]) -> T:
        return from_json(kind, as_json(self._items[name].facts))


def derive_all(
    info: AudioInfo, blocks: Callable[[], Iterable[AudioBlock]], folder: Path, processors: tuple[Processor, ...]
) -> None:
    """As `derive` does: those that use no other in one pass, then those that use them; nothing is committed."""
    made: dict[str, _Made] = {}
    waiting = list(processors)
    while waiting:
        stage = [p for p in waiting if all(used not in waiting for used in inputs_of(p))]
        waiting = [p for p in waiting if p not in stage]
        hearing: list[Session] = []
        streamed: list[_Finish] = []
        decided: list[_Finish] = []
        for processor in stage:
            place = folder / f"{len(made)}-{processor.name}"
            place.mkdir()
            made[processor.name] = _Made(place, [])
            given: Any = info
            if used := inputs_of(processor):
                given = Inputs(info=info, results={p.name: made[p.name] for p in used}, source_facts={})
            if processor.reads == "audio":
                hearing.append(cast(Streamed, processor).start(given, place))
                streamed.append((processor, place, hearing[-1].finish))
            else:
                decided.append((processor, place, functools.partial(cast(OneShot, processor).items, given, place)))
        with ThreadPoolExecutor(1) as beside:
            all_decided = beside.submit(_finish, decided, made)
            for block in blocks() if hearing else ():
                for session in hearing:
                    list(session.feed(block) or ())
            _finish(streamed, made)
            all_decided.result()


def _finish(due: list[_Finish], made: dict[str, _Made]) -> None:
    for processor, place, give in due:
        items = list(give())
        for item in items:
            if item.data is not None:
                (place / item.name).write_bytes(item.data)
        made[processor.name] = _Made(place, items)


def of_file(path: Path, *processors: Processor) -> Callable[[Path], None]:
    def work(folder: Path) -> None:
        readers = [FileReader(SourceFile.at(path), "wav")]
        info = readers[0].info
        derive_all(
            info,
            lambda: (readers.pop() if readers else FileReader(SourceFile.at(path), "wav")).blocks(),
            folder,
            processors,
        )

    return work


def timed(work: Callable[[Path], object]) -> Callable[[], float]:
    """Seconds of one run in a fresh folder."""

    def job() -> float:
        with tempfile.TemporaryDirectory() as folder:
            started = time.perf_counter()
            work(Path(folder))
            return time.perf_counter() - started

    return job


def transforms_alone(path: Path) -> None:
    """Transform every frame of the array in one thread and throw it away: the floor of any picture of it."""
    rate_hz, window = RATE_HZ, OVERVIEW.window_at(RATE_HZ)
    scale, batches = (
        Scale(window=window_of(OVERVIEW.window, window), rate_hz=rate_hz),
        FrameBatches(window, window // 4),
    )
    for block in FileReader(SourceFile.at(path), "wav").blocks():
        for span in batches.add(block.samples):
            power_of(span, scale, window // 4)


def encoders_alone(path: Path, folder: Path) -> None:
    """Encode the sound as often as the renditions are, one after the other, without what makes them."""
    for number in range(3):
        flac = ExactWriter(folder / f"{number}.flac", rate_hz=RATE_HZ, channel_count=1, bits=16, comment="benchmark")
        web = [
            WebWriter(folder / f"{number}.{one}", one, rate_hz=RATE_HZ, layout=MONO, comment="benchmark")
            for one in WEB_FORMATS
        ]
        for writer in (flac, *web):
            for block in FileReader(SourceFile.at(path), "wav").blocks():
                writer.write(block.samples)
            writer.close()


def tool(*arguments: str | Path) -> None:
    subprocess.run([str(a) for a in arguments], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def whole_in_librosa(path: Path) -> None:
    samples, _ = soundfile.read(path, dtype="float32")
    power = np.abs(librosa.stft(samples, n_fft=2048, hop_length=512)) ** 2
    librosa.power_to_db(power, ref=1.0)


def one_after_the_other(path: Path, folder: Path) -> None:
    """The results of all our processors, by other tools; encoded as our renditions, three times FLAC, AAC and Opus."""
    tool("sox", path, "-n", "spectrogram", "-o", folder / "s.png")
    tool("sox", path, "-n", "stats")
    tool("ffmpeg", "-i", path, "-af", "ebur128=peak=true", "-f", "null", "-")
    for rendition in range(3):
        for suffix, options in (("flac", ()), ("m4a", ("-b:a", "96k")), ("opus", ("-b:a", "64k"))):
            tool("ffmpeg", "-y", "-i", path, *options, folder / f"{rendition}.{suffix}")


def hours(count: float) -> None:
    """Stereo noise through all but the renditions; prints seconds and the process's peak memory."""
    noise = np.random.default_rng(1).normal(0, 0.1, (2, 1 << 16)).astype(np.float32)
    info = AudioInfo(
        codec="pcm_16",
        rate_hz=RATE_HZ,
        channel_count=2,
        sample_count_from_header=None,
        start=Fraction(0),
        decoder="benchmark",
    )

    def blocks() -> Iterator[AudioBlock]:
        for number in range(round(count * 3600 * RATE_HZ / noise.shape[1])):
            yield AudioBlock(samples=noise, first_sample=number * noise.shape[1])

    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        derive_all(info, blocks, Path(folder), MEASURED)
    # not ru_maxrss: on Linux a child starts with the peak of the process that started it
    peak_kb = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())
    peak_mb = int(peak_kb[1]) * 1024 / 1e6 if peak_kb else float("nan")
    print(f"  {count:g} hours of stereo: {time.perf_counter() - started:.0f} s")
    print(f"  processor time for an hour of it: {time.process_time() / count:.1f} s")
    tell(f"memory for {count:g} hours of stereo", peak_mb, " MB", 400)


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
        picture = of_file(path, OVERVIEW, SpectrogramPicture(spectrogram=OVERVIEW))
        picture(Path(folder))  # what is imported only once
        sox, pieces, floor, drawn, stored = (
            min(times)
            for times in in_turn(
                ROUNDS,
                timed(lambda place: tool("sox", path, "-n", "spectrogram", "-o", place / "s.png")),
                timed(lambda _: whole_in_librosa(path)),
                timed(lambda _: transforms_alone(path)),
                timed(picture),
                timed(of_file(path, Spectrogram(), SpectrogramPicture())),
            )
        )
        print(f"  best of {ROUNDS} in turn: sox spectrogram {sox:.2f} s, librosa in one piece {pieces:.2f} s")
        print(f"  transforms alone, one thread: {floor:.2f} s")
        why = (
            f"the transforms alone, a frame each quarter of a window, take {floor / sox:.2f} of sox's time on one core"
        )
        tell("spectrogram picture, of sox's time", drawn / sox, "", 0.8, if_missed=why)
        why = f"the transforms alone take {floor / pieces:.2f} of librosa's time on one core"
        tell("spectrogram picture, of librosa's time", drawn / pieces, "", 1 / 3, if_missed=why)
        why += ", and the array is compressed"
        tell("picture and the array kept, of librosa's time", stored / pieces, "", 1 / 3, if_missed=why)
        others, encoders, ours = (
            min(times)
            for times in in_turn(
                2,
                timed(lambda place: one_after_the_other(path, place)),
                timed(lambda place: encoders_alone(path, place)),
                timed(of_file(path, *MEASURED, Renditions())),
            )
        )
        why = f"the nine encoders alone take {encoders / others:.2f} of it on one core"
        what = f"levels, spectra, events and renditions, of the four tools' {others:.1f} s"
        tell(what, ours / others, "", 0.4, if_missed=why)
    for count in ("0.1", "1"):
        subprocess.run([sys.executable, "-m", "benchmarks.audio", "hours", count], check=True)


if __name__ == "__main__":
    main()
