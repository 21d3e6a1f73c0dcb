"""Tables of samples in MP4 that do not agree are told as damage."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import av
import numpy as np
import pytest

from processors.audio.levels.levels import Levels
from processors.containers.video.sample_table import table_faults
from processors.contract import Processor, Source
from processors.engine.derive import derive
from processors.sources.source_file import SourceFile
from processors.store.store import Store
from processors.video.audit.measurements import Measurements
from tests.fuzz.wholes import WHOLES


def changed(data: bytes, table: bytes, entry_at: int, count: int, from_place: int = 0) -> bytes:
    """A number of a table that is another."""
    place = data.index(table, from_place) + 12 + entry_at
    return data[:place] + struct.pack(">I", count) + data[place + 4 :]


def reasons(path: Path, medium: str, due: list[Processor]) -> list[str | None]:
    file = SourceFile.at(path)
    source = Source(
        digest="1" * 64,
        size_bytes=file.size_bytes,
        name=path.name,
        medium=medium,  # type: ignore[arg-type]
        format="mov,mp4,m4a,3gp,3g2,mj2",
        has_sound=True,
    )
    return [one.reason for one in derive(source, file, "test", due, Store(path.parent / "store"))]


@pytest.fixture
def video() -> bytes:
    return WHOLES["mp4"]()


def test_tables_that_agree_are_no_damage(tmp_path: Path, video: bytes) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(video)
    assert reasons(path, "video", [Measurements(), Levels()]) == [None, None]


def test_a_flipped_count_of_composition_times_is_damage_of_the_video(tmp_path: Path, video: bytes) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(changed(video, b"ctts", 0, 5))
    told = "the video's table of composition times (ctts) lists 49 samples, that of sizes 45"
    (found,) = reasons(path, "video", [Measurements()])
    assert str(found).startswith(told)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (b"stts", "the video's table of durations (stts) lists 60 samples, that of sizes 45"),
        (b"stsc", "the video's table of chunks (stsc) lists "),
    ],
)
def test_each_table_of_counts_is_compared_with_that_of_sizes(
    video: bytes, table: bytes, words: str, tmp_path: Path
) -> None:
    data = changed(video, table, 0 if table == b"stts" else 4, 60)
    path = tmp_path / "a.mp4"
    path.write_bytes(data)
    with path.open("rb") as opened:
        (fault,) = table_faults(opened, len(data))
    assert fault.words.startswith(words)
    assert data[fault.start_byte - 4 : fault.start_byte] == table


def test_a_contradictory_audio_table_is_reported_for_the_audio(tmp_path: Path) -> None:
    path = tmp_path / "a.m4a"
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=48000)
        assert isinstance(stream, av.AudioStream)
        stream.layout = "mono"
        wave = np.sin(np.arange(48000) / 9, dtype=np.float32)[None]
        block = av.AudioFrame.from_ndarray(wave, format="fltp", layout="mono")
        block.sample_rate, block.pts = 48000, 0
        container.mux([*stream.encode(block), *stream.encode(None)])
    data = path.read_bytes()
    path.write_bytes(changed(data, b"stts", 0, struct.unpack_from(">I", data, data.index(b"stts") + 12)[0] - 1))
    assert "the sound's table of durations (stts) lists " in str(reasons(path, "audio", [Levels()])[0])


def test_tables_of_any_bytes_and_of_any_size_are_read() -> None:
    for body in (b"", bytes(3), b"\xff" * 12, b"\xff" * 500):
        tables = b"".join(
            struct.pack(">I", 8 + len(body)) + name + body for name in (b"stts", b"ctts", b"stsz", b"stsc", b"stco")
        )
        data = tables
        for name in (b"stbl", b"minf", b"mdia", b"trak", b"moov"):
            data = struct.pack(">I", 8 + len(data)) + name + data
        assert all(fault.handler == b"" for fault in table_faults(io.BytesIO(data), len(data)))
