"""The sound of a video comes out packet by packet, and decodes to the same samples."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from processors.audio.reading.audio_reader import FileReader
from processors.audio.renditions.original_stream import OriginalStream
from processors.contract import Item, OpenSource, Source
from processors.sources.source_file import SourceFile


def original_of(path: Path, folder: Path, medium: str = "video") -> Item:
    source = Source(
        digest="0" * 64,
        size_bytes=path.stat().st_size,
        name=path.name,
        medium=medium,  # type: ignore[arg-type]
        format="mov,mp4",
        has_sound=True,
    )
    folder.mkdir(exist_ok=True)
    (item,) = OriginalStream().items(OpenSource(source=source, file=SourceFile.at(path)), folder)
    return item


def packets(path: Path) -> list[bytes]:
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(container.streams.audio[0]) if packet.size]


def samples_of(path: Path) -> np.ndarray:
    reader = FileReader(SourceFile.at(path), "container")
    return np.concatenate([block.samples for block in reader.blocks()], axis=1)


def clip(path: Path, codec: str, layout: str = "stereo") -> Path:
    """A click in a second of noise, beside a picture."""
    noise = np.random.default_rng(1).normal(0, 0.05, (2 if layout == "stereo" else 1, 48_000)).astype(np.float32)
    with av.open(str(path), "w") as container:
        picture = container.add_stream("flv" if path.suffix == ".flv" else "mpeg4", rate=10)
        assert isinstance(picture, av.VideoStream)
        picture.width = picture.height = 32
        stream = container.add_stream(codec, rate=48_000, layout=layout)
        assert isinstance(stream, av.AudioStream)
        for number in range(10):
            shown = av.VideoFrame.from_ndarray(np.full((32, 32, 3), 20 * number, np.uint8), format="rgb24")
            container.mux(picture.encode(shown))
        container.mux(picture.encode(None))
        frame = av.AudioFrame.from_ndarray(noise, format="fltp", layout=layout)
        frame.sample_rate = 48_000
        resampler = av.AudioResampler(format=stream.codec_context.format, layout=layout, rate=48_000)
        for part in (*resampler.resample(frame), *resampler.resample(None)):
            container.mux(stream.encode(part))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(
    ("codec", "suffix", "made"),
    [
        ("aac", "mp4", "original_stream.m4a"),
        ("aac", "mkv", "original_stream.m4a"),
        ("libopus", "mkv", "original_stream.opus"),
        ("aac", "ts", "original_stream.aac"),
        ("aac", "flv", "original_stream.m4a"),
        ("libmp3lame", "ts", "original_stream.mka"),
        ("libopus", "ts", "original_stream.opus"),
        ("libmp3lame", "avi", "original_stream.mka"),
        ("ac3", "mkv", "original_stream.mka"),
        ("alac", "mov", "original_stream.m4a"),
        ("pcm_s24le", "mov", "original_stream.mka"),
    ],
)
def test_every_packet_is_the_sources(tmp_path: Path, codec: str, suffix: str, made: str) -> None:
    path = clip(tmp_path / f"clip.{suffix}", codec)
    item = original_of(path, tmp_path / "made")
    assert item.file is not None
    assert item.name == made
    assert packets(item.file) == packets(path)
    assert item.facts.packet_count == len(packets(path))
    with av.open(str(item.file)) as container:
        assert not container.streams.video


@pytest.mark.parametrize(("codec", "suffix"), [("aac", "mp4"), ("ac3", "mkv"), ("alac", "mov"), ("aac", "ts")])
def test_the_copy_decodes_to_the_same_samples(tmp_path: Path, codec: str, suffix: str) -> None:
    path = clip(tmp_path / f"clip.{suffix}", codec)
    item = original_of(path, tmp_path / "made")
    assert item.file is not None
    assert np.array_equal(samples_of(item.file), samples_of(path))


def test_a_missing_copy_is_explained_in_the_record(tmp_path: Path, make_silent_clip: Path) -> None:
    assert original_of(make_silent_clip, tmp_path / "a").facts.reason == "there is no sound"
    path = clip(tmp_path / "clip.mp4", "aac")
    assert original_of(path, tmp_path / "b", "audio").facts.reason == "the source itself is the original stream"


@pytest.fixture
def make_silent_clip(tmp_path: Path) -> Path:
    path = tmp_path / "silent.mp4"
    with av.open(str(path), "w") as container:
        picture = container.add_stream("mpeg4", rate=10)
        assert isinstance(picture, av.VideoStream)
        picture.width = picture.height = 32
        container.mux(picture.encode(av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")))
        container.mux(picture.encode(None))
    return path
