"""Sound files in which libraries lose their way are read right: the samples are exact, what is left out is told."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from processors.audio.reading.audio_info import AudioReport
from processors.audio.reading.audio_reader import FileReader
from processors.decoding.repaired_view import mending_of
from processors.errors import DamagedMedia
from processors.identify import identify
from processors.metadata.tags.container import read_container
from processors.sources.source_file import SourceFile

SAMPLES = np.random.default_rng(7).integers(-20000, 20000, 8001).astype(np.int16)
WAVE64 = {
    b"riff": b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\x00\x00",
    b"wave": b"wave\xf3\xac\xd3\x11\x8c\xd1\x00\xc0\x4f\x8e\xdb\x8a",
}


def chunk(name: bytes, content: bytes, order: str = "<", *, pads: bool = True) -> bytes:
    return name + struct.pack(order + "I", len(content)) + content + bytes(len(content) % 2 if pads else 0)


def pcm(bits: int, order: str, channels: int = 1) -> bytes:
    head = (1, channels, 8000, 8000 * channels * bits // 8, channels * bits // 8, bits)
    return chunk(b"fmt ", struct.pack(order + "HHIIHH", *head), order)


def wave(form: bytes, *chunks: bytes) -> bytes:
    body = b"WAVE" + b"".join(chunks)
    return form + struct.pack(">I" if form == b"RIFX" else "<I", len(body)) + body


def wave64_chunk(name: bytes, content: bytes) -> bytes:
    known = name + WAVE64[b"wave"][4:]
    return known + struct.pack("<Q", 24 + len(content)) + content + bytes(-len(content) % 8)


def wave64(*contents: tuple[bytes, bytes]) -> bytes:
    body = WAVE64[b"wave"] + b"".join(wave64_chunk(*each) for each in contents)
    return WAVE64[b"riff"] + struct.pack("<Q", 24 + len(body)) + body


def aiff(*chunks: bytes) -> bytes:
    body = b"AIFF" + b"".join(chunks)
    return b"FORM" + struct.pack(">I", len(body)) + body


def ds64(sound: bytes) -> bytes:
    return chunk(b"ds64", struct.pack("<QQQI", 100 + len(sound), len(sound), 0, 0))


def read(path: Path) -> tuple[np.ndarray, AudioReport, tuple[str, ...]]:
    """Samples as 16-bit integers, the report, and the problems that metadata tell."""
    with path.open("rb") as opened:
        found = identify(opened, path.name)
        assert (found.kind, found.medium) == ("media", "audio")
        record = read_container(opened, sha256="", size_bytes=path.stat().st_size, medium="audio")
    assert record.streams[0].rate_hz in (8000, 48000)
    reader = FileReader(SourceFile.at(path), found.format)
    samples = np.concatenate([block.samples for block in reader.blocks()], axis=1)
    return np.rint(samples * 32768).astype(int), reader.report(), record.problems


LITTLE, BIG = SAMPLES.astype("<i2").tobytes(), SAMPLES.astype(">i2").tobytes()
FMT = struct.pack("<HHIIHH", 1, 1, 8000, 16000, 2, 16)
COMM = struct.pack(">hIh", 1, len(SAMPLES), 16) + b"\x40\x0b\xfa\0\0\0\0\0\0\0"
LIST = b"INFOINAM\x05\0\0\0Wind\0"
SECOND = "a second audio chunk"

ODD_CHUNKS: dict[str, tuple[bytes, str | None]] = {
    "riff.wav": (wave(b"RIFF", pcm(16, "<"), *[chunk(b"data", LITTLE)] * 3), SECOND),
    "rifx.wav": (wave(b"RIFX", pcm(16, ">"), *[chunk(b"data", BIG, ">")] * 3), SECOND),
    "wave64.w64": (wave64((b"fmt ", FMT), (b"data", LITTLE), (b"data", LITTLE)), SECOND),
    "one.w64": (wave64((b"fmt ", FMT), (b"data", LITTLE)), None),
    "aiff.aif": (aiff(chunk(b"COMM", COMM, ">"), *[chunk(b"SSND", bytes(8) + BIG, ">")] * 2), SECOND),
    "list.wav": (wave(b"RIFF", pcm(16, "<"), chunk(b"LIST", LIST, pads=False), chunk(b"data", LITTLE)), None),
    "odd.wav": (wave(b"RIFX", pcm(16, ">"), chunk(b"odd ", b"abc", ">", pads=False), chunk(b"data", BIG, ">")), None),
    "anno.aif": (
        aiff(chunk(b"COMM", COMM, ">"), chunk(b"ANNO", b"abc", ">", pads=False), chunk(b"SSND", bytes(8) + BIG, ">")),
        None,
    ),
    "long.wav": (
        wave(b"RF64", ds64(LITTLE), chunk(b"odd ", b"abc", pads=False), pcm(16, "<"), chunk(b"data", LITTLE)),
        None,
    ),
    "empty-first.wav": (wave(b"RIFF", pcm(16, "<"), chunk(b"data", b""), chunk(b"data", LITTLE)), None),
    "empty-first-big.wav": (wave(b"RIFX", pcm(16, ">"), chunk(b"data", b""), chunk(b"data", BIG, ">")), None),
    "empty-first.aif": (
        aiff(chunk(b"COMM", COMM, ">"), chunk(b"SSND", b"", ">"), chunk(b"SSND", bytes(8) + BIG, ">")),
        None,
    ),
    "empty-among.wav": (
        wave(b"RIFF", pcm(16, "<"), chunk(b"data", b""), chunk(b"data", LITTLE), chunk(b"data", LITTLE)),
        SECOND,
    ),
    "piped.aif": (
        b"FORM\0\0\0\0AIFF" + chunk(b"COMM", COMM[:2] + bytes(4) + COMM[6:], ">") + b"SSND" + bytes(12) + BIG,
        None,
    ),
    "piped.w64": (
        WAVE64[b"riff"]
        + b"\xff" * 8
        + WAVE64[b"wave"]
        + wave64_chunk(b"fmt ", FMT)
        + b"data"
        + WAVE64[b"wave"][4:]
        + b"\xff" * 7
        + b"\x7f"
        + LITTLE,
        None,
    ),
    "never-closed.wav": (wave(b"RF64", ds64(b""), pcm(16, "<"), b"data\xff\xff\xff\xff" + LITTLE), None),
    "never-closed-bw64.wav": (
        wave(b"BW64", ds64(b""), pcm(16, "<"), chunk(b"bext", bytes(603)), b"data\xff\xff\xff\xff" + LITTLE),
        None,
    ),
}


@pytest.mark.parametrize("name", ODD_CHUNKS)
def test_sound_is_the_first_chunk_that_holds_it_in_its_own_byte_order(tmp_path: Path, name: str) -> None:
    data, words = ODD_CHUNKS[name]
    (tmp_path / name).write_bytes(data)
    samples, report, _ = read(tmp_path / name)
    assert samples.tolist() == [SAMPLES.tolist()]
    assert report.damage is None if words is None else str(report.damage).startswith(words)


def test_odd_bytes_and_24_bits_in_stereo_end_where_their_chunk_ends(tmp_path: Path) -> None:
    bytes_8 = bytes(range(1, 200))
    (tmp_path / "eight.wav").write_bytes(wave(b"RIFF", pcm(8, "<"), *[chunk(b"data", bytes_8)] * 2))
    samples, _, _ = read(tmp_path / "eight.wav")
    assert samples[0].tolist() == [(value - 128) * 256 for value in bytes_8]
    long = b"".join((int(value) * 256).to_bytes(3, "big", signed=True) for value in SAMPLES[:8000])
    (tmp_path / "long.wav").write_bytes(wave(b"RIFX", pcm(24, ">", 2), *[chunk(b"data", long, ">")] * 2))
    samples, _, _ = read(tmp_path / "long.wav")
    assert (samples.T.ravel() == SAMPLES[:8000]).all()


def test_the_codec_of_a_rifx_file_has_its_byte_order() -> None:
    data = io.BytesIO(wave(b"RIFX", pcm(16, ">"), chunk(b"data", BIG, ">")))
    assert read_container(data, sha256="", size_bytes=0, medium="audio").streams[0].codec == "pcm_s16be"


def test_bytes_after_an_empty_audio_chunk_are_not_audio(tmp_path: Path) -> None:
    path = tmp_path / "empty.wav"
    path.write_bytes(wave(b"RIFF", pcm(16, "<"), chunk(b"data", b""), chunk(b"LIST", LIST)))
    reader = FileReader(SourceFile.at(path), "wav")
    assert list(reader.blocks()) == []
    with pytest.raises(DamagedMedia, match=r"not one sample decodes \(the file holds none\)"):
        reader.report()


@pytest.mark.parametrize("sound", [chunk(b"data", b"", ">"), b""], ids=["empty", "missing"])
def test_a_big_endian_file_without_sound_is_refused_as_one_without_sound(tmp_path: Path, sound: bytes) -> None:
    path = tmp_path / "empty.wav"
    path.write_bytes(wave(b"RIFX", pcm(16, ">"), sound))
    with pytest.raises(DamagedMedia, match=r"not one sample decodes \(the file holds none\)"):
        FileReader(SourceFile.at(path), "wav")


def test_a_valid_file_is_not_repaired(samples: Path) -> None:
    assert mending_of(io.BytesIO(wave(b"RIFF", pcm(16, "<"), chunk(b"LIST", LIST), chunk(b"data", LITTLE)))) is None
    for path in sorted(samples.rglob("*")):
        if path.is_file() and "junk" not in path.name:
            with path.open("rb") as opened:
                mending = mending_of(opened)
            assert mending is None or mending.junk is None, path


@pytest.mark.parametrize("junk", [bytes(500), b"JUNK" * 50, b"\0\x05sound" + bytes(121)], ids=["zeros", "text", "head"])
@pytest.mark.parametrize("suffix", ["flac", "ogg", "wav", "aiff"])
def test_an_audio_file_after_junk_is_found_and_the_junk_reported(tmp_path: Path, suffix: str, junk: bytes) -> None:
    path = tmp_path / f"sound.{suffix}"
    soundfile.write(path, SAMPLES, 8000)
    before, _, _ = read(path)
    path.write_bytes(junk + path.read_bytes())
    samples, report, problems = read(path)
    assert (samples == before).all()
    told = f"{len(junk)} bytes before the sound do not belong to it"
    assert problems == (told,)
    assert report.damage == (told if junk.strip(b"\0") else None)


@pytest.mark.parametrize("suffix", ["ogg", "wav", "aiff"])
def test_an_audio_file_behind_an_id3_tag_is_itself(tmp_path: Path, suffix: str) -> None:
    path, tag = tmp_path / f"sound.{suffix}", b"ID3\x04\0\0\0\0\0\x10TIT2\0\0\0\x06\0\0\x03Hello"
    soundfile.write(path, SAMPLES, 8000)
    before, _, _ = read(path)
    path.write_bytes(tag * 2 + path.read_bytes())
    samples, report, problems = read(path)
    assert (samples == before).all()
    assert problems == ("an ID3 tag of 52 bytes before the sound is not read: the format has tags of its own",)
    assert report.damage is None


def test_a_list_of_pieces_of_sound_is_called_that() -> None:
    piece, silence = chunk(b"data", LITTLE), chunk(b"slnt", struct.pack("<I", 800))
    data = wave(b"RIFF", pcm(16, "<"), chunk(b"LIST", b"wavl" + piece + silence + piece))
    found = identify(io.BytesIO(data), "list.wav")
    words = "not supported: its sound is a list of pieces and silences (LIST wavl); save it as one piece"
    assert (found.kind, found.format, found.note) == ("unsupported", "WAV", words)


def test_a_signature_within_a_file_of_another_format_is_not_its_beginning(tmp_path: Path) -> None:
    path = tmp_path / "sound.oga"
    with av.open(str(path), "w", format="ogg") as container:
        stream = container.add_stream("flac", rate=8000, layout="mono", format="s16")
        frame = av.AudioFrame.from_ndarray(SAMPLES[None], "s16", "mono")
        frame.sample_rate, frame.pts = 8000, 0
        container.mux([*stream.encode(frame), *stream.encode(None)])
    path.write_bytes(bytes(300) + path.read_bytes())
    samples, report, problems = read(path)
    assert samples.tolist() == [SAMPLES.tolist()]
    assert (problems, report.damage) == (("300 bytes before the sound do not belong to it",), None)


@pytest.mark.parametrize("junk", [bytes(700), b"\x47\x11\xff" * 200], ids=["zeros", "noise"])
@pytest.mark.parametrize(
    ("muxer", "encoder"), [("mp3", "libmp3lame"), ("adts", "aac"), ("ac3", "ac3"), ("eac3", "eac3"), ("latm", "aac")]
)
def test_frames_after_junk_are_found_and_the_junk_reported(
    tmp_path: Path, muxer: str, encoder: str, junk: bytes
) -> None:
    path = tmp_path / "sound"
    with av.open(str(path), "w", format=muxer) as container:
        stream = container.add_stream(encoder, rate=48_000, layout="mono")
        assert isinstance(stream, av.AudioStream)
        for number in range(100):
            noise = np.random.default_rng(number).normal(0, 0.1, (1, 1024)).astype(np.float32)
            frame = av.AudioFrame.from_ndarray(noise, "fltp", "mono")
            frame.sample_rate, frame.pts = 48_000, number * 1024
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    before, _, _ = read(path)
    path.write_bytes(junk + path.read_bytes())
    samples, report, problems = read(path)
    assert np.array_equal(samples, before)
    told = f"{len(junk)} bytes before the sound do not belong to it"
    assert problems == (told,)
    assert report.damage == (told if junk.strip(b"\0") else None)
