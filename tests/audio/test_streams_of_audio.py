"""Of several sound streams in one container the one that players play is measured, and the others are named."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import av.stream
import numpy as np
import pytest

from processors.audio.envelope import Envelope
from processors.audio.levels.levels import Levels
from processors.audio.reading.audio_reader import FileReader
from processors.audio.renditions.original_stream import OriginalStream
from processors.audio.spectrogram.spectra import Spectra
from processors.contract import Source
from processors.engine.derive import derive
from processors.sources.source_file import SourceFile
from processors.store.store import Store
from processors.video.frames.video_preview import VideoPreview

RATE_HZ = 48_000


def sound_of(container: Any) -> Iterator[av.AudioFrame]:
    return container.decode(audio=0)


def with_tones(
    path: Path, tones_hz: list[int], default: int | None, *, picture: bool, languages: Sequence[str] = ()
) -> Path:
    """A Matroska file with one tone in each sound stream; `default` is the stream that is marked."""
    with av.open(str(path), "w", format="matroska") as container:
        film: Any = container.add_stream("mpeg4", rate=25) if picture else None
        if film:
            film.width, film.height, film.pix_fmt = 64, 64, "yuv420p"
        sounds: list[Any] = [container.add_stream("pcm_s16le", rate=RATE_HZ, layout="mono") for _ in tones_hz]
        for number, sound in enumerate(sounds):
            sound.disposition = av.stream.Disposition.default if number == default else av.stream.Disposition(0)
            sound.metadata["title"] = f"{tones_hz[number]} Hz"
            if languages:
                sound.metadata["language"] = languages[number]
        if film:
            for _ in range(75):
                container.mux(film.encode(av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")))
            container.mux(film.encode(None))
        for hz, sound in zip(tones_hz, sounds, strict=True):
            tone = np.sin(2 * np.pi * hz * np.arange(3 * RATE_HZ) / RATE_HZ) * 8000
            frame = av.AudioFrame.from_ndarray(tone.astype(np.int16)[None], format="s16", layout="mono")
            frame.sample_rate = RATE_HZ
            container.mux(sound.encode(frame))
            container.mux(sound.encode(None))
    return path


@pytest.mark.parametrize("picture", [False, True])
@pytest.mark.parametrize(("default", "heard_hz"), [(1, 3000), (0, 1000), (None, 1000)])
def test_the_default_stream_is_measured_and_the_other_named(
    tmp_path: Path, default: int | None, heard_hz: int, picture: bool
) -> None:
    path = with_tones(tmp_path / "two.mkv", [1000, 3000], default, picture=picture)
    source = Source(
        digest="a" * 64,
        size_bytes=path.stat().st_size,
        name=path.name,
        medium="video" if picture else "audio",
        format="matroska,webm",
        has_sound=True,
    )
    store = Store(tmp_path / "store")
    processors = [Spectra().spectrogram, Spectra(), Levels(), *([OriginalStream(), VideoPreview()] if picture else [])]
    outcomes = {o.ref.processor: o for o in derive(source, SourceFile.at(path), "r", processors, store)}
    assert {outcome.verdict for outcome in outcomes.values()} == {"made"}
    spectra = store.manifest(outcomes["audio.spectra"].ref)
    spectra_facts: Any = spectra.items[0].facts
    (channel,) = spectra_facts["channels"]
    assert channel["strongest_tone"]["hz"] == pytest.approx(heard_hz, abs=1)
    facts: Any = store.manifest(outcomes["audio.levels"].ref).source_facts
    first = 1 if picture else 0
    heard = 0 if heard_hz == 1000 else 1
    assert facts["stream_index"] == first + heard
    other = {"codec": "pcm_s16le", "channel_count": 1, "language": None, "title": f"{4000 - heard_hz} Hz"}
    assert facts["other_streams"] == [{"stream_index": first + 1 - heard, **other}]
    if picture:
        for name in ("video.preview", "audio.original_stream"):
            item = store.manifest(outcomes[name].ref).items[0].name
            with av.open(str(store.item_path(outcomes[name].ref, item))) as container:
                samples = np.concatenate([f.to_ndarray()[0] for f in sound_of(container)])[: 2 * RATE_HZ]
            assert np.argmax(np.abs(np.fft.rfft(samples))) / 2 == pytest.approx(heard_hz, abs=1)


@pytest.mark.parametrize(("layout", "codec", "channels"), [("7.1", "libopus", 8), ("hexadecagonal", "pcm_f32le", 16)])
def test_a_preview_takes_any_number_of_channels(tmp_path: Path, layout: str, codec: str, channels: int) -> None:
    path = tmp_path / "many.mkv"
    with av.open(str(path), "w") as container:
        film: Any = container.add_stream("mpeg4", rate=25)
        film.width, film.height, film.pix_fmt = 64, 64, "yuv420p"
        sound: Any = container.add_stream(codec, rate=RATE_HZ, layout=layout)
        for _ in range(25):
            container.mux(film.encode(av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")))
        container.mux(film.encode(None))
        samples = np.full((1, RATE_HZ * channels), 0.25, np.float32)
        frame = av.AudioFrame.from_ndarray(samples, format="flt", layout=layout)
        frame.sample_rate = RATE_HZ
        container.mux(sound.encode(frame))
        container.mux(sound.encode(None))
    source = Source(
        digest="b" * 64, size_bytes=1, name=path.name, medium="video", format="matroska,webm", has_sound=True
    )
    store = Store(tmp_path / "store")
    (outcome,) = derive(source, SourceFile.at(path), "r", [VideoPreview()], store)
    assert outcome.verdict == "made", outcome.reason
    facts: Any = store.manifest(outcome.ref).items[0].facts
    assert (facts["sound_channels"], facts["sound_rate_hz"]) == (2, RATE_HZ)
    assert facts["sound_missing_seconds"] < 0.02


@pytest.mark.parametrize("codec", ["wmav1", "wmav2"])
def test_decoder_delay_is_not_a_loss(tmp_path: Path, codec: str) -> None:
    path = tmp_path / "a.wma"
    with av.open(str(path), "w", format="asf") as container:
        sound: Any = container.add_stream(codec, rate=RATE_HZ, layout="mono")
        sound.bit_rate = 128_000
        tone = np.sin(2 * np.pi * 1000 * np.arange(2 * RATE_HZ) / RATE_HZ).astype(np.float32) / 4
        frame = av.AudioFrame.from_ndarray(tone[None], format="fltp", layout="mono")
        frame.sample_rate = RATE_HZ
        container.mux(sound.encode(frame))
        container.mux(sound.encode(None))
    reader = FileReader(SourceFile.at(path), "asf")
    decoded = sum(block.samples.shape[1] for block in reader.blocks())
    report = reader.report()
    with av.open(str(path)) as container:
        expected = sum(frame.samples for frame in container.decode(audio=0))
    assert decoded == report.sample_count_decoded == expected
    assert (report.missing_sample_count, report.damage) == (0, None)


@pytest.mark.parametrize(
    ("codec", "rate_hz"), [("wmav1", 44_100), ("wmav2", 48_000), ("wmav2", 22_050), ("wmav2", 8000)]
)
@pytest.mark.parametrize(("container_format", "film_codec"), [("asf", "wmv2"), ("avi", "mpeg4"), ("asf", None)])
def test_sound_whose_decoder_keeps_its_first_packets_stays_with_its_pictures(
    tmp_path: Path, codec: str, rate_hz: int, container_format: str, film_codec: str | None
) -> None:
    path = tmp_path / "sound"
    with av.open(str(path), "w", format=container_format) as container:
        film: Any = container.add_stream(film_codec, rate=25) if film_codec else None
        sound: Any = container.add_stream(codec, rate=rate_hz, layout="mono")
        sound.bit_rate = 64_000
        if film:
            film.width, film.height, film.pix_fmt = 64, 64, "yuv420p"
            for number in range(75):
                picture = av.VideoFrame.from_ndarray(np.full((64, 64, 3), number, np.uint8), format="rgb24")
                picture.pts, picture.time_base = number, Fraction(1, 25)
                container.mux(film.encode(picture))
            container.mux(film.encode(None))
        samples = np.zeros((1, 3 * rate_hz), np.float32)
        samples[0, 2 * rate_hz] = 0.9
        frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = rate_hz, 0, Fraction(1, rate_hz)
        container.mux(sound.encode(frame))
        container.mux(sound.encode(None))
    with av.open(str(path)) as container:
        first = next(sound_of(container))
        assert first.time is not None
        assert first.time > 0.06
    source = Source(
        digest="a" * 64,
        size_bytes=path.stat().st_size,
        name=path.name,
        medium="video" if film else "audio",
        format=container_format,
        has_sound=True,
    )
    store = Store(tmp_path / "store")
    (outcome,) = derive(source, SourceFile.at(path), "r", [Envelope()], store)
    manifest = store.manifest(outcome.ref)
    facts: Any = manifest.items[0].facts
    assert (outcome.verdict, manifest.reason) == ("made", None)
    assert facts["first_seconds"] == pytest.approx(first.time, abs=1e-6)
    assert facts["missing_seconds"] == []
