"""Files that are encrypted, or compressed in a way that no decoder here reads, are unsupported by their own name."""

from __future__ import annotations

import io
import random
import struct
import subprocess
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from flows.cli.printing.fact_words import fact_lines
from processors.audio.levels.levels import Levels
from processors.audio.reading.audio_reader import FileReader
from processors.containers.coding_in_headers import codings_of
from processors.containers.stream_coding import Coding
from processors.containers.video.transport_stream import look_at_packets
from processors.decoding.open_media import open_container
from processors.decoding.picture_header import open_header
from processors.errors import DamagedMedia, UnsupportedMedia
from processors.metadata.metadata import Metadata
from processors.sources.source_file import SourceFile
from processors.video.frames.frames import Frames
from tests.helpers.derived import derived
from tests.helpers.made_formats import box

UNLOCK = "which is not supported: get it without encryption, or decrypt it with its owner's program"
CONVERT = "for which FFmpeg has no decoder: convert it with a tool that has one"
KEYS = ["-encryption_scheme", "cenc-aes-ctr", "-encryption_key", "76" * 16, "-encryption_kid", "a7" * 16]


def made(path: Path, *options: str) -> Path:
    """Two seconds of picture and sound."""
    picture = ["-f", "lavfi", "-i", "testsrc2=size=96x64:rate=25:duration=2", "-f", "lavfi", "-i", "sine=duration=2"]
    subprocess.run(["ffmpeg", "-v", "error", "-y", *picture, *options, str(path)], check=True)
    return path


def test_an_encrypted_mp4_is_unsupported_and_its_metadata_are_read(tmp_path: Path) -> None:
    path = made(tmp_path / "a.mp4", "-c:v", "libx264", *KEYS)
    results = derived(path, tmp_path / "store", Frames(), Levels(), Metadata())
    by_name = {one.manifest.ref.processor: one.manifest for one in results}
    for name, what in (("video.frames", "video"), ("audio.levels", "sound")):
        assert (by_name[name].verdict, by_name[name].blame) == ("refused", "version")
        assert by_name[name].reason == f"the {what} is encrypted (Common Encryption, cenc), {UNLOCK}"
    assert by_name["metadata"].verdict == "made"


def test_an_encrypted_file_that_ffmpeg_cannot_open_is_unsupported(tmp_path: Path) -> None:
    path = made(tmp_path / "a.mp4", "-c:v", "libx264", *KEYS, "-movflags", "frag_keyframe+empty_moov")
    with path.open("rb") as opened, pytest.raises(UnsupportedMedia) as refused:
        open_container(opened)
    assert str(refused.value) == f"the file is encrypted (Common Encryption, cenc), {UNLOCK}"


def test_a_track_without_a_sample_entry_has_no_coding_of_another() -> None:
    entry = box(b"stsd", bytes(7) + b"\1" + box(b"encv", bytes(78) + box(b"sinf", box(b"frma", b"hvc1"))))
    other = box(b"stsd", bytes(7) + b"\1" + box(b"drms", bytes(28)))
    tracks = [box(b"trak", box(b"mdia", box(b"minf", box(b"stbl", one)))) for one in (b"", entry, other)]
    file = io.BytesIO(box(b"ftyp", b"isom") + box(b"moov", b"".join(tracks)))
    assert codings_of(file) == {
        0: Coding(name=None),
        1: Coding(name="hvc1", encryption="Common Encryption"),
        2: Coding(name=None, encryption="FairPlay"),
    }


def ebml(identity: str, content: bytes) -> bytes:
    return bytes.fromhex(identity) + (1 << 56 | len(content)).to_bytes(8, "big") + content


def matroska_track(*encoding: bytes) -> bytes:
    encodings = ebml("6d80", ebml("6240", b"".join(encoding))) if encoding else b""
    entry = ebml("d7", b"\1") + ebml("83", b"\1") + ebml("86", b"V_VP8") + encodings
    return ebml("1a45dfa3", b"") + ebml("18538067", ebml("1654ae6b", ebml("ae", entry)))


@pytest.mark.parametrize(
    ("encoding", "encryption"),
    [
        ((), None),
        ((ebml("5033", b"\0"), ebml("5034", ebml("4254", b"\3"))), None),
        ((ebml("5033", b"\1"), ebml("5035", ebml("47e1", b"\5"))), "AES"),
        ((ebml("5033", b"\1"), ebml("5035", ebml("47e1", b"\x09"))), "algorithm 9"),
        ((ebml("5033", b"\1"), ebml("5035", ebml("47e1", b"\0"))), None),
        ((ebml("5033", b"\1"),), "ContentEncryption"),
    ],
    ids=["plain", "compressed", "AES", "unknown", "signed only", "without a description"],
)
def test_the_encryption_of_a_matroska_track_is_read(encoding: tuple[bytes, ...], encryption: str | None) -> None:
    file = io.BytesIO(matroska_track(*encoding))
    assert codings_of(file) == {0: Coding(name="V_VP8", encryption=encryption)}


def encrypted_matroska(data: bytes) -> bytes:
    """Say in the tracks of a Matroska file, which take up room that is void, that AES encrypts them."""
    place = data.index(b"\x86\x85V_VP8") + 7
    added = ebml("6d80", ebml("6240", ebml("5033", b"\1") + ebml("5035", ebml("47e1", b"\5"))))
    for master in (b"\x16\x54\xae\x6b", b"\xae"):
        at = data.rindex(master, 0, place) + len(master)
        width = 9 - data[at].bit_length()
        size = int.from_bytes(data[at : at + width], "big") + len(added)
        data = data[:at] + size.to_bytes(width, "big") + data[at + width :]
    return data[:place] + added + data[place:]


def test_an_encrypted_matroska_is_unsupported(tmp_path: Path) -> None:
    options = ["-an", "-c:v", "libvpx", "-f", "matroska", "-live", "1"]
    path = made(tmp_path / "a.mkv", *options)
    path.write_bytes(encrypted_matroska(path.read_bytes()))
    (frames,) = derived(path, tmp_path / "store", Frames())
    assert (frames.manifest.verdict, frames.manifest.blame) == ("refused", "version")
    assert frames.manifest.reason == f"the video is encrypted (AES), {UNLOCK}"


def asf_object(identity: str, content: bytes) -> bytes:
    return bytes.fromhex(identity) + struct.pack("<Q", 24 + len(content)) + content


def scrambled(data: bytes, stride: int, pids: set[int], every: int = 1) -> bytes:
    """A transport stream of which every so many payloads of some packets are scrambled, and say so."""
    done, noise, count = bytearray(data), random.Random(1), 0
    for place in range(stride - 188, len(data) - 187, stride):
        if (done[place + 1] & 0x1F) << 8 | done[place + 2] in pids:
            count += 1
            if count % every == 0:
                begin = place + (5 + done[place + 4] if done[place + 3] & 0x20 else 4)
                done[begin : place + 188] = noise.randbytes(place + 188 - begin)
                done[place + 3] |= 0xC0
    return bytes(done)


TRANSPORT = ["-c:v", "libx264", "-c:a", "mp2", "-f", "mpegts"]


@pytest.mark.parametrize(("stride", "pids"), [(188, (0x100, 0x101)), (192, (0x1011, 0x1100))])
def test_a_scrambled_transport_stream_is_encrypted(stride: int, pids: tuple[int, int], tmp_path: Path) -> None:
    mode = ["-mpegts_m2ts_mode", "1"] if stride == 192 else []
    data = made(tmp_path / "a.ts", *TRANSPORT, *mode).read_bytes()
    assert codings_of(io.BytesIO(data)) == {0: Coding(name=None), 1: Coding(name=None)}
    path = tmp_path / "b.ts"
    is_sound = stride == 188  # of a scrambled sound in AVCHD, FFmpeg does not know that it is one
    hidden = [(pids[:1], ["video"]), (pids[1:], ["sound"] * is_sound), (pids, ["video", *["sound"] * is_sound])]
    for some, whats in hidden:
        path.write_bytes(scrambled(data, stride, set(some)))
        results = derived(path, tmp_path / "store", Frames(), Metadata(), *[Levels()] * is_sound)
        refused = [one.manifest.reason for one in results if one.manifest.verdict == "refused"]
        words = [f"the {what} is encrypted (scrambled for conditional access), {UNLOCK}" for what in whats]
        assert refused == words
        assert not [one.manifest.reason for one in results if one.manifest.verdict == "failed"]
        kind = "sound" if is_sound else "a kind that is not known"
        kinds = {pids[0]: "stream 0, video", pids[1]: f"stream 1, {kind}"}
        assert results[1].json("metadata.json")["problems"] == [
            f"{kinds[pid]}, is encrypted (scrambled for conditional access): not read" for pid in some
        ]
        if pids[0] not in some:
            report = results[0].manifest.source_facts
            assert isinstance(report, dict)
            streams = fact_lines({"streams": report["streams"]})["streams"]
            kind = "audio" if is_sound else "data"
            assert streams == f"0 video h264, 1 {kind}, encrypted (scrambled for conditional access)"


def test_single_scrambled_packets_are_no_encryption(tmp_path: Path) -> None:
    data = made(tmp_path / "a.ts", *TRANSPORT).read_bytes()
    some = scrambled(data, 188, {0x100}, every=20)
    assert codings_of(io.BytesIO(some)) == {0: Coding(name=None), 1: Coding(name=None)}
    damaged = look_at_packets(io.BytesIO(some), len(some)).damaged
    assert len(damaged) == sum(
        data[place : place + 188] != some[place : place + 188] for place in range(0, len(data), 188)
    )
    assert all(one.is_certain for one in damaged)


@pytest.mark.parametrize(
    ("identity", "words"),
    [("fbb3112223bdd211b4b700a0c955fc6e", "Windows Media DRM"), ("a1dcab8c47a9cf118ee400c00c205365", None)],
    ids=["encrypted", "content description"],
)
def test_the_encryption_of_an_asf_file_concerns_all_its_streams(identity: str, words: str | None) -> None:
    kind, formats = (
        bytes.fromhex("409e69f84d5bcf11a8fd00805f5c442b"),
        struct.pack("<HHIIHHH", 0x161, 1, 8000, 1, 1, 16, 0),
    )
    stream = kind + bytes(16 + 8) + struct.pack("<IIHI", len(formats), 0, 1, 0) + formats
    header = asf_object(identity, bytes(10)) + asf_object("9107dcb7b7a9cf118ee600c00c205365", stream)
    file = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c") + struct.pack("<QIH", 30 + len(header), 2, 0x201) + header
    assert codings_of(io.BytesIO(file)) == {0: Coding(name="WAVE format 0x0161", encryption=words)}


def aifc(kind: bytes, title: bytes = b"") -> bytes:
    common = (
        struct.pack(">hIh", 1, 4000, 16) + bytes.fromhex("400eac44000000000000") + kind + bytes([len(title)]) + title
    )
    common += bytes(len(common) % 2)
    body = (
        b"AIFCCOMM" + struct.pack(">I", len(common)) + common + b"SSND" + struct.pack(">III", 8008, 0, 0) + bytes(8000)
    )
    return b"FORM" + struct.pack(">I", len(body)) + body


@pytest.mark.parametrize(
    ("kind", "title", "named"),
    [(b"QZ9x", b"Strange", "QZ9x (Strange)"), (b"DWVW", b"DWVW", "DWVW"), (b"\1\2\3\4", b"", "0x01020304")],
)
def test_an_aiff_of_an_unknown_compression_type_is_unsupported(
    kind: bytes, title: bytes, named: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.aifc"
    path.write_bytes(aifc(kind, title))
    words = f"the sound is compressed with {named}, {CONVERT}"
    with pytest.raises(UnsupportedMedia) as refused:
        FileReader(SourceFile.at(path), "aiff")
    assert str(refused.value) == words
    with path.open("rb") as opened, pytest.raises(UnsupportedMedia) as refused:
        open_container(opened)
    assert str(refused.value) == words


def test_a_damaged_aiff_of_a_known_compression_type_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "a.aifc"
    path.write_bytes(aifc(b"NONE").replace(struct.pack(">hIh", 1, 4000, 16), struct.pack(">hIh", 0, 4000, 16)))
    with path.open("rb") as opened, pytest.raises(DamagedMedia):
        open_container(opened)


@pytest.mark.parametrize(
    ("suffix", "options", "changes", "named"),
    [
        ("avi", ["-c:v", "mjpeg"], {b"MJPG": b"ZQ9V"}, "ZQ9V"),
        ("mkv", ["-c:v", "libx264"], {b"V_MPEG4/ISO/AVC": b"V_STRANGE/CODEC"}, "V_STRANGE/CODEC"),
        ("mp4", ["-c:v", "libx264"], {b"avc1": b"zq9v", b"avcC": b"zq9C"}, "zq9v"),
    ],
)
def test_a_video_of_an_unknown_codec_is_unsupported_by_its_name(
    suffix: str, options: list[str], changes: dict[bytes, bytes], named: str, tmp_path: Path
) -> None:
    path = made(tmp_path / f"a.{suffix}", "-an", *options)
    data = path.read_bytes()
    for old, new in changes.items():
        data = data.replace(old, new)
    path.write_bytes(data)
    (frames,) = derived(path, tmp_path / "store", Frames())
    assert (frames.manifest.verdict, frames.manifest.blame) == ("refused", "version")
    assert frames.manifest.reason == f"the video is compressed with {named}, {CONVERT}"


def png(compression: int, filters: int, interlace: int) -> bytes:
    made_file = io.BytesIO()
    Image.new("L", (8, 8)).save(made_file, "PNG")
    data = bytearray(made_file.getvalue())
    data[26:29] = bytes([compression, filters, interlace])
    data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    return bytes(data)


def heif(kind: str, coding: bytes) -> bytes:
    made_file = io.BytesIO()
    Image.new("RGB", (64, 64)).save(made_file, kind)
    data = made_file.getvalue()
    return data.replace(b"hvc1", coding).replace(b"av01", coding)


def photoshop(version: int, depth: int, mode: int) -> bytes:
    return struct.pack(">4sH6xHIIHH", b"8BPS", version, 3, 4, 4, depth, mode) + bytes(12) + bytes(2 + 96)


@pytest.mark.parametrize(
    ("make_file", "words"),
    [
        (lambda: photoshop(1, 16, 3), "a Photoshop file of 16 bits a channel in RGB"),
        (lambda: photoshop(1, 32, 1), "a Photoshop file of 32 bits a channel in grey"),
        (lambda: photoshop(1, 8, 5), "a Photoshop file of 8 bits a channel in colour mode 5"),
        (lambda: photoshop(2, 8, 3), "a Photoshop large document (PSB) of 8 bits a channel in RGB"),
        (lambda: png(7, 0, 0), "a PNG with compression method 7"),
        (lambda: png(0, 3, 1), "a PNG with filter method 3"),
        (lambda: png(0, 0, 9), "a PNG with interlace method 9"),
        (lambda: heif("HEIF", b"vvc1"), "a HEIF picture compressed with vvc1"),
        (lambda: heif("HEIF", b"zq9i"), "a HEIF picture compressed with zq9i"),
        (lambda: heif("AVIF", b"zq9i"), "a HEIF picture compressed with zq9i"),
    ],
    ids=[
        "PSD of 16 bits",
        "PSD of 32 bits",
        "mode",
        "PSB",
        "compression",
        "filter",
        "interlace",
        "VVC",
        "unknown in HEIC",
        "unknown in AVIF",
    ],
)
def test_a_picture_of_an_unknown_coding_is_unsupported(make_file: Callable[[], bytes], words: str) -> None:
    with pytest.raises(UnsupportedMedia) as refused:
        open_header(io.BytesIO(make_file()))
    assert refused.value.what == f"{words} is not supported"
