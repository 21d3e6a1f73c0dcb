"""Files that are cut off are told by the length that their last unit gives."""

from __future__ import annotations

import io
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from processors.audio.reading.audio_reader import FileReader
from processors.audio.reading.trailing_data import unread_because
from processors.containers.cut_off import truncation_reason
from processors.containers.last_unit import missing_of_last_access_unit, missing_of_last_pack
from processors.sources.source_file import SourceFile
from processors.video.reading.losses.container_damage import structure_of


def pack(payload: bytes, stream: int = 0xC0) -> bytes:
    """A pack of MPEG-2 with 3 bytes of stuffing, and one packet in it."""
    head = b"\0\0\1\xba\x44" + bytes(8) + b"\xfb" + b"\xff" * 3
    return head + b"\0\0\1" + bytes([stream]) + len(payload).to_bytes(2, "big") + payload


def unit(payload_bytes: int, *, major: bool = False) -> bytes:
    """An access unit of TrueHD."""
    body = (b"\xf8\x72\x6f\xba" if major else b"") + bytes(payload_bytes)
    return ((4 + len(body)) // 2).to_bytes(2, "big") + bytes(2) + body


PACKS = pack(bytes(1000)) * 3 + b"\0\0\1\xba\x21" + bytes(7) + pack(b"\0\0\1\xba" + bytes(500))
UNITS = unit(90, major=True) + unit(40) * 5 + unit(90, major=True) + unit(40) * 2


def test_whole_packs_and_packs_that_end_with_a_code_lack_nothing() -> None:
    for data in (PACKS, PACKS + b"\0\0\1\xb9"):
        assert missing_of_last_pack(io.BytesIO(data), len(data)) == 0


@pytest.mark.parametrize("cut", [1, 37, 504])
def test_a_pack_that_is_cut_lacks_what_its_length_says(cut: int) -> None:
    data = PACKS[:-cut]
    assert missing_of_last_pack(io.BytesIO(data), len(data)) == cut


def test_other_bytes_after_the_packs_are_ignored() -> None:
    data = PACKS + b"something else"
    assert missing_of_last_pack(io.BytesIO(data), len(data)) == 0


@pytest.mark.parametrize(("cut", "missing"), [(0, 0), (1, 1), (30, 30), (42, 42), (43, 1), (44, 0)])
def test_an_access_unit_that_is_cut_lacks_what_its_length_says(cut: int, missing: int) -> None:
    data = UNITS[: len(UNITS) - cut]
    assert missing_of_last_access_unit(io.BytesIO(data), len(data)) == missing


def test_bytes_without_units_lack_nothing() -> None:
    noise = np.random.default_rng(3).bytes(100_000)
    for find in (missing_of_last_pack, missing_of_last_access_unit):
        assert find(io.BytesIO(noise), len(noise)) == find(io.BytesIO(b""), 0) == 0


def test_missing_bytes_are_reported_in_a_sentence(tmp_path: Path) -> None:
    for cut, words in ((1, "1 byte of the last access unit is missing"), (0, None)):
        (tmp_path / "a.thd").write_bytes(UNITS[: len(UNITS) - cut])
        assert truncation_reason(SourceFile.at(tmp_path / "a.thd"), "truehd") == words


def encoded(path: Path, muxer: str, codec: str, rate_hz: int = 48000) -> Path:
    with av.open(str(path), "w", format=muxer) as container:
        stream = container.add_stream(codec, rate=rate_hz, options={"strict": "-2"})
        assert isinstance(stream, av.AudioStream)
        stream.layout = "mono"
        wave = np.sin(np.arange(2 * rate_hz) / 9, dtype=np.float32)[None]
        block = av.AudioFrame.from_ndarray(wave, format="fltp", layout="mono")
        block.sample_rate, block.pts = rate_hz, 0
        for frame in av.AudioResampler(stream.codec_context.format, "mono", rate_hz).resample(block):
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


FORMATS = [
    ("mpeg", "mpeg", "mp2", "bytes of the last packet are missing"),
    ("vob", "mpeg", "ac3", "bytes of the last packet are missing"),
    ("mpegts", "mpegts", "mp2", "it ends in the middle of a packet"),
    ("flv", "flv", "aac", "it ends in the middle of a tag"),
]


@pytest.mark.parametrize(("muxer", "file_format", "codec", "words"), FORMATS)
def test_truncated_audio_is_reported_and_complete_audio_is_not(
    tmp_path: Path, muxer: str, file_format: str, codec: str, words: str
) -> None:
    path = encoded(tmp_path / "sound", muxer, codec)
    whole = path.read_bytes()
    assert truncation_reason(SourceFile.at(path), file_format) is None
    path.write_bytes(whole[: len(whole) // 2 // 188 * 188 + 37])
    reader = FileReader(SourceFile.at(path), file_format)
    assert sum(block.samples.shape[1] for block in reader.blocks()) > 0
    damage = reader.report().damage
    assert damage is not None
    assert damage.endswith(words)


def test_an_flv_file_after_another_is_reported_with_its_offset(tmp_path: Path) -> None:
    path = encoded(tmp_path / "sound.flv", "flv", "aac")
    whole = path.read_bytes()
    assert unread_because(SourceFile.at(path), "flv") is None
    path.write_bytes(whole + whole)
    told = f"another FLV file follows at byte {len(whole)}"
    assert unread_because(SourceFile.at(path), "flv") == told
    reader = FileReader(SourceFile.at(path), "flv")
    assert sum(block.samples.shape[1] for block in reader.blocks()) < 3 * 48000
    assert reader.report().damage == told


def test_an_mp4_file_after_another_is_reported_for_its_sound_and_its_video(tmp_path: Path) -> None:
    path = encoded(tmp_path / "sound.m4a", "mp4", "aac")
    whole, mp4 = path.read_bytes(), "mov,mp4,m4a,3gp,3g2,mj2"
    assert unread_because(SourceFile.at(path), mp4) is None
    path.write_bytes(whole + whole)
    told = f"another MP4 file follows at byte {len(whole)}"
    assert unread_because(SourceFile.at(path), mp4) == told
    assert structure_of(SourceFile.at(path), mp4).unread_because == told


def test_fragments_that_follow_another_header_are_read_and_not_reported(tmp_path: Path) -> None:
    path = tmp_path / "fragments.mp4"
    header = b"".join((8).to_bytes(4, "big") + name for name in (b"ftyp", b"moov", b"moof", b"mdat"))
    path.write_bytes(header * 2)
    assert unread_because(SourceFile.at(path), "mov,mp4,m4a,3gp,3g2,mj2") is None


def test_audio_beyond_the_size_in_an_au_header_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "half.au"
    soundfile.write(path, np.linspace(-0.5, 0.5, 4800), 48_000)
    whole = path.read_bytes()
    assert unread_because(SourceFile.at(path), "au") is None
    path.write_bytes(whole[:8] + (4000).to_bytes(4, "big") + whole[12:])
    assert unread_because(SourceFile.at(path), "au") == "5600 bytes follow the audio data that the header declares"
    path.write_bytes(whole[:8] + b"\xff\xff\xff\xff" + whole[12:])
    assert unread_because(SourceFile.at(path), "au") is None
