"""Chunks of sound files: found whatever byte order, size and padding they have, and a length is one only where told."""

from __future__ import annotations

import io
import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

from processors.audio.reading.audio_info import AudioReport, Damaged
from processors.audio.reading.audio_reader import FileReader
from processors.containers.chunks import MAX_CHUNKS, ChunkFile
from processors.errors import DamagedMedia, RefusedMedia
from processors.sources.source_file import SourceFile

RATE_HZ = 48_000
NOISE = (np.random.default_rng(4).normal(0, 0.1, 96_000).clip(-1, 1) * 32767).astype("<i2")


def read(path: Path, file_format: str) -> tuple[np.ndarray, AudioReport]:
    reader = FileReader(SourceFile.at(path), file_format)
    blocks = [block.samples for block in reader.blocks()]
    return np.concatenate(blocks, axis=1), reader.report()


def chunk(name: bytes, data: bytes, *, size: int | None = None, order: str = "<", padded: bool = True) -> bytes:
    padding = b"\0" * (len(data) % 2) if padded else b""
    return name + struct.pack(f"{order}I", len(data) if size is None else size) + data + padding


def wave(*chunks: bytes, form: bytes = b"RIFF", order: str = "<") -> bytes:
    body = b"WAVE" + b"".join(chunks)
    return form + struct.pack(f"{order}I", len(body)) + body


def fmt(*, channels: int = 1, code: int = 1, order: str = "<") -> bytes:
    layout = (code, channels, RATE_HZ, RATE_HZ * 2 * channels, 2 * channels, 16)
    return chunk(b"fmt ", struct.pack(f"{order}HHIIHH", *layout), order=order)


def names(data: bytes, problems: list[str] | None = None) -> list[tuple[bytes, int | None, int]]:
    return [(one.name, one.declared_bytes, one.held_bytes) for one in ChunkFile(io.BytesIO(data), problems).chunks()]


WALKED = [
    ("wav", ["-f", "wav"], b"data"), ("rifx", ["-t", "wav", "-B"], b"data"), ("w64", ["-f", "w64"], b"data"),
    ("rf64", ["-f", "wav", "-rf64", "always"], b"data"), ("aiff", ["-f", "aiff"], b"SSND"),
    ("caf", ["-f", "caf"], b"data"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "options", "sound"), WALKED)
def test_every_kind_of_file_is_walked_to_its_end(tmp_path: Path, kind: str, options: list[str], sound: bytes) -> None:
    plain, path = tmp_path / "plain.wav", tmp_path / kind
    soundfile.write(plain, NOISE, RATE_HZ, subtype="PCM_16")
    tool = ["sox", plain] if kind == "rifx" else ["ffmpeg", "-v", "error", "-i", plain]
    subprocess.run([str(one) for one in (*tool, *options, path)], check=True)
    problems: list[str] = []
    with path.open("rb") as opened:
        walked = ChunkFile(opened, problems)
        found = {one.name: one for one in walked.chunks()}
    extra = {"aiff": 8, "caf": 4}.get(kind, 0)
    assert found[sound].declared_bytes == found[sound].held_bytes == 192_000 + extra
    assert (problems, walked.unread_from) == ([], None)
    file_format = {"rifx": "wav", "rf64": "wav"}.get(kind, kind)
    samples, report = read(path, file_format)
    assert np.array_equal(samples[0], NOISE / np.float32(32768))
    assert (report.sample_count_from_header, report.damage) == (96_000, None)


@pytest.mark.parametrize("container", ["w64", "wav", "rf64"])
@pytest.mark.parametrize("channels", [1, 2, 3, 6])
@pytest.mark.parametrize("codec", ["pcm_f32le", "pcm_f64le", "pcm_alaw", "pcm_mulaw", "pcm_s24le", "pcm_s32le"])
def test_samples_of_every_coding_are_read_as_what_they_are(
    codec: str, channels: int, container: str, tmp_path: Path
) -> None:
    path = tmp_path / f"a.{container}"
    tone = "|".join(f"{0.1 * (number + 1)}*sin(2*PI*400*t)" for number in range(channels))
    options = ["-c:a", codec, "-f", "w64" if container == "w64" else "wav"]
    options += ["-rf64", "always"] if container == "rf64" else []
    source = ["-f", "lavfi", "-i", f"aevalsrc={tone}:s=48000:d=0.1"]
    subprocess.run(["ffmpeg", "-v", "error", *source, *options, str(path)], check=True)
    samples, report = read(path, "w64" if container == "w64" else "wav")
    assert np.abs(samples).max(axis=1) == pytest.approx([0.1 * (number + 1) for number in range(channels)], rel=0.03)
    assert (samples.shape, report.damage) == ((channels, 4800), None)


def test_a_chunk_after_an_odd_one_is_found_with_and_without_padding() -> None:
    for padded in (True, False):
        problems: list[str] = []
        data = wave(
            fmt(), chunk(b"odd ", b"abc", padded=padded), chunk(b"bext", bytes(602)), chunk(b"data", bytes(100))
        )
        assert [name for name, _, _ in names(data, problems)] == [b"fmt ", b"odd ", b"bext", b"data"]
        told = [] if padded else ["chunk odd of 3 bytes at byte 36 is followed by no padding"]
        assert problems == told


def test_a_chunk_whose_name_is_no_text_is_passed_over_if_its_size_leads_on() -> None:
    odd, sound, text = chunk(b"\1\2\3\4", b"0123456789"), chunk(b"data", bytes(100)), chunk(b"bext", bytes(602))
    assert [name for name, _, _ in names(wave(fmt(), odd, text, sound))] == [b"fmt ", b"\1\2\3\4", b"bext", b"data"]
    assert [name for name, _, _ in names(wave(fmt(), sound, odd))] == [b"fmt ", b"data", b"\1\2\3\4"]
    walked = ChunkFile(io.BytesIO(wave(fmt(), sound, b"\1\2\3\4\xff\xff\xff\xff" + b"some bytes")))
    assert [one.name for one in walked.chunks()] == [b"fmt ", b"data"]
    assert (walked.unread_from, walked.trailing_bytes()) == (144, 18)


def test_sizes_of_64_bits_are_read_from_their_own_chunk() -> None:
    ds64 = chunk(b"ds64", struct.pack("<QQQI4sQ", 0, 100, 50, 1, b"axml", 30))
    for form in (b"RF64", b"BW64"):
        data = wave(
            ds64,
            fmt(),
            chunk(b"axml", bytes(30), size=0xFFFFFFFF),
            chunk(b"data", bytes(100), size=0xFFFFFFFF),
            chunk(b"bext", bytes(602)),
            form=form,
        )
        assert names(data)[2:] == [(b"axml", 30, 30), (b"data", 100, 100), (b"bext", 602, 602)]


def test_chunks_without_end_are_bounded() -> None:
    problems: list[str] = []
    assert len(names(wave(*[chunk(b"junk", b"")] * (MAX_CHUNKS + 5)), problems)) == MAX_CHUNKS
    assert problems == ["more than 10000 chunks: the rest is not read"]


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF, 0x7FFFF000, 0x7FFFEFFC, 0x7FFFFF00, 0xFFFFFFF0])
def test_a_size_that_its_writer_did_not_know_is_no_length(tmp_path: Path, size: int) -> None:
    path = tmp_path / "streamed.wav"
    path.write_bytes(wave(fmt(), chunk(b"data", NOISE.tobytes(), size=size)))
    samples, report = read(path, "wav")
    assert np.array_equal(samples[0], NOISE / np.float32(32768))
    assert (report.sample_count_from_header, report.damage, report.unread_because) == (None, None, None)


PIPES = [
    ("wav", ["sox", "-t", "wav", "-"]), ("wav", ["ffmpeg", "-f", "wav", "-"]), ("w64", ["ffmpeg", "-f", "w64", "-"]),
    ("aiff", ["ffmpeg", "-f", "aiff", "-"]), ("wav", ["ffmpeg", "-rf64", "always", "-f", "wav", "-"]),
    ("aiff", ["sox", "-t", "aiff", "-"]), ("caf", ["ffmpeg", "-f", "caf", "-"]), ("au", ["sox", "-t", "au", "-"]),
    ("flac", ["ffmpeg", "-f", "flac", "-"]), ("wav", ["ffmpeg", "-c:a", "libmp3lame", "-f", "wav", "-"]),
]  # fmt: skip


@pytest.mark.parametrize(("file_format", "command"), PIPES)
def test_what_was_written_into_a_pipe_is_whole(tmp_path: Path, file_format: str, command: list[str]) -> None:
    plain, path = tmp_path / "plain.wav", tmp_path / "streamed"
    soundfile.write(plain, NOISE, RATE_HZ, subtype="PCM_16")
    tool, *options = command
    before = ["sox", plain] if tool == "sox" else ["ffmpeg", "-v", "error", "-i", plain]
    with (
        path.open("wb") as piped,
        subprocess.Popen([str(one) for one in (*before, *options)], stdout=subprocess.PIPE) as run,
    ):
        assert run.stdout
        piped.write(run.stdout.read())
    samples, report = read(path, file_format)
    assert (report.damage, report.truncated_because) == (None, None)
    assert report.sample_count_decoded == samples.shape[1] >= 96_000
    if "libmp3lame" not in command:
        assert np.array_equal(samples[0], NOISE / np.float32(32768))
        assert report.sample_count_from_header in (None, 96_000)


def test_a_second_audio_chunk_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "two.wav"
    half = NOISE[:48_000].tobytes()
    path.write_bytes(wave(fmt(), chunk(b"data", half), chunk(b"data", half)))
    samples, report = read(path, "wav")
    assert samples.shape == (1, 48_000)
    assert report.damage == "a second audio chunk (data, 96000 bytes) starts at byte 96044"


@pytest.mark.parametrize(("form", "order"), [(b"RIFF", "<"), (b"RIFX", ">")])
def test_half_a_sample_at_the_end_is_reported(tmp_path: Path, form: bytes, order: str) -> None:
    path = tmp_path / "half.wav"
    data = NOISE.astype(f"{order}i2").tobytes() + b"\1"
    path.write_bytes(wave(fmt(order=order), chunk(b"data", data, order=order), form=form, order=order))
    samples, report = read(path, "wav")
    assert samples.shape == (1, 96_000)
    assert report.damage == "the last byte of the audio data is not a complete sample"


def test_a_cut_file_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "cut.wav"
    path.write_bytes(wave(fmt(), chunk(b"data", NOISE.tobytes()))[:80_000])
    samples, report = read(path, "wav")
    count = samples.shape[1]
    assert count == 39_978
    assert report.damaged == (Damaged(start_seconds=count / RATE_HZ, end_seconds=2.0),)
    assert report.damage == f"the header declares 96000 samples, {count} are present"


def test_a_cut_file_of_compressed_sound_is_damaged(tmp_path: Path) -> None:
    path, cut = tmp_path / "whole.wav", tmp_path / "cut.wav"
    soundfile.write(path, NOISE, RATE_HZ, subtype="MS_ADPCM")
    assert read(path, "wav")[1].damage is None
    cut.write_bytes(path.read_bytes()[:20_000])
    assert read(cut, "wav")[1].damage == f"{path.stat().st_size - 20_000} bytes of the sound are missing"


@pytest.mark.parametrize("channels", [65, 32_767, 65_535])
def test_more_channels_than_are_read_are_refused_with_their_number(channels: int, tmp_path: Path) -> None:
    path = tmp_path / "many.wav"
    form = bytearray(fmt())
    struct.pack_into("<H", form, 10, channels)
    path.write_bytes(wave(bytes(form), chunk(b"data", bytes(65_534))))
    with pytest.raises(RefusedMedia, match=f"{channels} channels, more than the supported 64: split it"):
        FileReader(SourceFile.at(path), "wav")


def flac(path: Path, bits: int = 16, *options: str) -> Path:
    plain = path.with_suffix(".wav")
    soundfile.write(plain, NOISE, RATE_HZ, subtype={16: "PCM_16", 24: "PCM_24", 8: "PCM_U8"}[bits])
    subprocess.run(["ffmpeg", "-v", "error", "-y", "-i", str(plain), *options, str(path)], check=True)
    return path


def test_flac_without_a_total_declares_no_length(tmp_path: Path) -> None:
    path = flac(tmp_path / "a.flac")
    data = bytearray(path.read_bytes())
    data[21] &= 0xF0
    data[22:26] = bytes(4)
    path.write_bytes(data)
    samples, report = read(path, "flac")
    assert samples.shape == (1, 96_000)
    assert (report.sample_count_from_header, report.damage, report.damaged) == (None, None, ())


def test_flac_after_an_id3_tag_is_one_stream(tmp_path: Path) -> None:
    path = flac(tmp_path / "a.flac")
    whole = path.read_bytes()
    tag = b"ID3\4\0\0\0\0\1\0" + bytes(128)
    path.write_bytes(tag + whole)
    samples, report = read(path, "flac")
    assert samples.shape == (1, 96_000)
    assert (report.sample_count_from_header, report.damage) == (96_000, None)
    path.write_bytes(tag + whole + whole)
    assert read(path, "flac")[1].damage == f"another FLAC stream follows at byte {len(tag) + len(whole)}"


@pytest.mark.parametrize(("bits", "options"), [(16, []), (24, ["-sample_fmt", "s32"])])
def test_the_md5_of_a_flac_file_is_compared(tmp_path: Path, bits: int, options: list[str]) -> None:
    path = flac(tmp_path / "a.flac", bits, *options)
    assert read(path, "flac")[1].damage is None
    data = bytearray(path.read_bytes())
    named = bytes(data[26:42])
    data[26] ^= 1
    path.write_bytes(data)
    report = read(path, "flac")[1]
    assert report.damage == f"the samples' MD5 is {named.hex()}, its header names {bytes(data[26:42]).hex()}"
    data[26:42] = bytes(16)  # an encoder that could not go back leaves none
    path.write_bytes(data)
    assert read(path, "flac")[1].damage is None


def mp3(path: Path, *options: str, rate_hz: int = RATE_HZ) -> Path:
    plain = path.with_suffix(".wav")
    soundfile.write(plain, NOISE, rate_hz, subtype="PCM_16")
    subprocess.run(
        ["ffmpeg", "-v", "error", "-y", "-i", str(plain), "-c:a", "libmp3lame", *options, str(path)], check=True
    )
    return path


def test_mp3_files_joined_are_each_read_without_their_delay(tmp_path: Path) -> None:
    for options in (("-id3v2_version", "0"), ("-id3v2_version", "4", "-write_id3v1", "1", "-metadata", "title=Mars")):
        path, joined = mp3(tmp_path / "a.mp3", *options), tmp_path / "joined.mp3"
        joined.write_bytes(path.read_bytes() * 3)
        alone, _ = read(path, "mp3")
        samples, report = read(joined, "mp3")
        assert alone.shape == (1, 96_000)
        assert samples.shape == (1, 288_000)
        assert np.allclose(samples, np.tile(alone, 3), rtol=0, atol=1e-6)
        assert (report.damage, report.decoder_errors) == (None, 0)


@pytest.mark.parametrize("options", [["-b:a", "64k"], ["-q:a", "4"]])
def test_a_truncated_last_frame_of_an_mp3_is_reported(tmp_path: Path, options: list[str]) -> None:
    path = mp3(tmp_path / "a.mp3", *options)
    samples, report = read(path, "mp3")
    assert (samples.shape[1], report.sample_count_from_header, report.damage) == (96_000, 96_000, None)
    path.write_bytes(path.read_bytes()[:-500])
    samples, report = read(path, "mp3")
    assert samples.shape[1] < 96_000
    assert report.damage is not None


def test_an_mp3_without_a_count_of_frames_declares_no_length(tmp_path: Path) -> None:
    path = mp3(tmp_path / "a.mp3", "-write_xing", "0", "-q:a", "4")
    samples, report = read(path, "mp3")
    assert report.sample_count_from_header is None
    assert (report.damage, samples.shape[1]) == (None, report.sample_count_decoded)


@pytest.mark.parametrize("samples", [192_000, 192_024, 100_001])
def test_the_padding_at_the_end_of_opus_in_mp4_is_left_out(tmp_path: Path, samples: int) -> None:
    plain, path = tmp_path / "a.wav", tmp_path / "a.mp4"
    soundfile.write(plain, np.resize(NOISE, samples), RATE_HZ, subtype="PCM_16")
    subprocess.run(["ffmpeg", "-v", "error", "-i", str(plain), "-c:a", "libopus", str(path)], check=True)
    found, report = read(path, "mov,mp4")
    assert found.shape[1] == samples
    assert report.damage is None
    assert report.end_padding_sample_count > 0


@pytest.mark.parametrize("place", [4, 7])
def test_a_damaged_first_block_of_flac_is_reported_in_a_sentence(tmp_path: Path, place: int) -> None:
    path = flac(tmp_path / "a.flac")
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)
    with pytest.raises(DamagedMedia, match="its first block, which says rate, channels and length, is damaged"):
        read(path, "flac")


def test_an_mp3_that_declares_too_few_frames_loses_none(tmp_path: Path) -> None:
    path = mp3(tmp_path / "a.mp3", "-id3v2_version", "0")
    data = bytearray(path.read_bytes())
    place = data.index(b"Info") + 8
    (count,) = struct.unpack_from(">I", data, place)
    struct.pack_into(">I", data, place, count - 5)
    path.write_bytes(data)
    samples, report = read(path, "mp3")
    assert report.sample_count_from_header == 96_000 - 5 * 1152
    assert samples.shape[1] >= 96_000 - 1344
