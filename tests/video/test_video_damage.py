"""What damage takes from a video is reported, and nothing is reported of whole files."""

from __future__ import annotations

import io
import random
import re
import subprocess
import zlib
from pathlib import Path

import pytest

from processors.containers.video.flv import look_at_tags
from processors.containers.video.matroska import look_at
from processors.containers.video.transport_stream import look_at_packets
from processors.contract import Need
from processors.decoding.open_media import open_container
from processors.sources.source_file import SourceFile
from processors.video.audit.integrity import Integrity
from processors.video.frames.frames import Frames
from processors.video.reading.frame import VideoFrame
from processors.video.reading.losses.container_damage import structure_of
from processors.video.reading.video_info import VideoReport
from processors.video.reading.video_reader import MustReadInOrder, VideoReader
from tests.helpers.derived import derived
from tests.helpers.made_media import MediaMaker

CLUSTER = b"\x1fC\xb6u"


def made(path: Path, *arguments: str, with_sound: bool = True) -> Path:
    """3 s of 15 pictures a second, a keyframe and more than one cluster a second."""
    sound = ["-f", "lavfi", "-i", "sine=duration=3"] if with_sound else []
    picture = ["-f", "lavfi", "-i", "testsrc2=size=192x144:rate=15:duration=3"]
    coding = [*arguments, "-g", "15", "-pix_fmt", "yuv420p", "-threads", "1", "-cluster_time_limit", "500"]
    subprocess.run(["ffmpeg", "-v", "error", "-y", *picture, *sound, *coding, str(path)], check=True)
    return path


MKV = ("-c:v", "libx264", "-c:a", "libvorbis")
WEBM = ("-c:v", "libvpx", "-deadline", "realtime", "-c:a", "libvorbis")


def read(path: Path) -> tuple[list[VideoFrame], VideoReport]:
    file = SourceFile.at(path)
    for in_order in (False, True):
        with open_container(file.open()) as container, open_container(file.open()) as second:
            structure = structure_of(file, container.format.name)
            reader = VideoReader(container, second, in_order=in_order, structure=structure)
            reader.want([Need()])
            frames: list[VideoFrame] = []
            try:
                for packet in container.demux(reader.stream):
                    frames += reader.decode(packet)
                frames += reader.flush()
            except MustReadInOrder:
                continue
            return frames, reader.report()
    raise AssertionError


def clusters(data: bytes) -> list[int]:
    return [place for place in range(len(data)) if data.startswith(CLUSTER, place)]


def test_frames_lost_with_a_matroska_cluster_are_counted(tmp_path: Path) -> None:
    whole = made(tmp_path / "whole.mkv", *MKV)
    data = bytearray(whole.read_bytes())
    places = clusters(bytes(data))
    middle = places[len(places) // 2]
    data[middle : middle + 256] = bytes(256)
    hole = tmp_path / "hole.mkv"
    hole.write_bytes(data)
    frames, report = read(hole)
    gone = 45 - len(frames)
    assert gone > 0
    assert (report.frame_count_lost, report.frame_count_gone) == (0, gone)
    start = float(report.lost_seconds[0][0])
    assert report.damage == f"{45 - gone} of about 45 frames decoded; {gone} are missing at {start:.3f} s"

    audit, few = derived(hole, tmp_path / "store", Integrity(), Frames())
    found = audit.json("integrity.json")
    assert not found["audit"]["is_complete"]
    assert f"About {gone} frames missing where the container is damaged." in found["audit"]["words"]
    assert not found["audit"]["motion_may_be_measured"]
    assert few.manifest.source_facts["frame_count_gone"] == gone  # type: ignore[index, call-overload]


H264 = ("-c:v", "libx264", "-c:a", "aac")
NOT_MATROSKA = [
    ("whole.ts", H264),
    ("whole.m2ts", (*H264, "-f", "mpegts", "-mpegts_m2ts_mode", "1")),
    ("whole.ogv", ("-c:v", "libtheora", "-c:a", "libvorbis")),
    ("whole.flv", H264),
]


CUT_IN = ("packet", "packet", "page", "tag")


@pytest.mark.parametrize(("name", "arguments"), [("whole.mkv", MKV), ("whole.webm", WEBM), *NOT_MATROSKA])
def test_no_mutant_of_a_file_loses_frames_silently(name: str, arguments: tuple[str, ...], tmp_path: Path) -> None:
    whole = made(tmp_path / name, *arguments)
    times = [frame.time for frame in read(whole)[0]]
    data, silent = whole.read_bytes(), []
    for seed in range(30):
        rng, mutant = random.Random(seed), bytearray(data)
        place = rng.randrange(len(data) // 10, len(data) - 3000)
        if seed % 3 == 0:
            mutant[place : place + 256] = bytes(256)
        elif seed % 3 == 1:
            heads = [at for at in range(place, len(data)) if data[at] in b"\xa3\xa0" or data.startswith(CLUSTER, at)]
            mutant[heads[0] + rng.randrange(6)] ^= 1 << rng.randrange(8)
        else:
            del mutant[place : None if seed % 2 else place + rng.randrange(1, 3000)]
        path = tmp_path / f"{seed}_{name}"
        path.write_bytes(mutant)
        (audit,) = derived(path, tmp_path / "store", Integrity())
        if audit.manifest.verdict == "made" and audit.json("integrity.json")["audit"]["is_complete"]:
            decoded = [frame.time for frame in read(path)[0]]
            silent += [seed] if decoded != times else []
    assert silent == []


@pytest.mark.parametrize("name", ["whole.mkv", "whole.webm", "live.webm"])
def test_a_whole_file_has_no_damage(name: str, tmp_path: Path) -> None:
    live = ("-live", "1") if name == "live.webm" else ()
    path = made(tmp_path / name, *(MKV if name == "whole.mkv" else WEBM), *live)
    frames, report = read(path)
    assert (len(frames), report.damage, report.damaged_byte_count) == (45, None, 0)


def test_a_varying_rate_is_no_damage(make: MediaMaker) -> None:
    frames, report = read(make.video("varying.mkv", [0, 1, 2, 10, 11, 30, 31, 32, 60, 100, 101, 102]).path)
    assert (len(frames), report.frame_count_gone, report.damage) == (12, 0, None)


def test_a_track_entry_with_an_impossible_length_is_damage(tmp_path: Path) -> None:
    """FFmpeg finds tracks that are none in what follows such an entry, and drops most frames without a word."""
    whole = made(tmp_path / "whole.mkv", *MKV)
    data = bytearray(whole.read_bytes())
    entry = b"\xae\x01\0\0\0\0\0"
    second = data.index(entry, data.index(entry) + 1)
    data[second + 2] = 0xFF
    odd = tmp_path / "odd.mkv"
    odd.write_bytes(data)
    assert read(whole)[1].damage is None
    frames, report = read(odd)
    assert len(frames) < 45
    assert report.damage is not None


def test_a_live_recording_that_ends_in_a_block_is_cut_off(tmp_path: Path) -> None:
    data = made(tmp_path / "live.webm", *WEBM, "-live", "1", with_sound=False).read_bytes()
    cut = tmp_path / "cut.webm"
    cut.write_bytes(data[: len(data) * 6 // 10])
    report = read(cut)[1]
    assert report.unreadable == "it ends in the middle of a block"
    assert report.damage == "cut off: it ends in the middle of a block"


def test_bytes_that_do_not_fit_a_checksum_are_reported(tmp_path: Path) -> None:
    """A cluster with a checksum, one of whose bytes was changed where no decoder notices."""
    whole = made(tmp_path / "whole.mkv", *MKV, with_sound=False)
    data = whole.read_bytes()
    place = clusters(data)[1]
    with_sum = [at for at in range(place, place + 16) if data[at : at + 2] == b"\xbf\x84"]
    assert with_sum, "FFmpeg writes a checksum for each cluster"
    changed = bytearray(data)
    changed[with_sum[0] + 2] ^= 1
    path = tmp_path / "changed.mkv"
    path.write_bytes(changed)
    frames, report = read(path)
    assert len(frames) == 45
    assert report.unsure_seconds
    start = float(report.unsure_seconds[0][0])
    assert report.damage == f"bytes do not fit the file's checksums from {start:.3f} s"


def element(identity: str, content: bytes) -> bytes:
    return bytes.fromhex(identity) + (len(content) | 1 << 28).to_bytes(4, "big") + content


def laced(lengths: bytes, kind: int) -> bytes:
    """A segment of one track and one block of four frames of 10 bytes."""
    block = b"\x81\0\0" + bytes([kind << 1]) + b"\x03" + lengths + bytes(40)
    tracks = element("1654ae6b", element("ae", element("d7", b"\x01")))
    inside = element("e7", b"\0") + element("a3", block)
    checked = element("bf", zlib.crc32(inside).to_bytes(4, "little")) + inside
    return element("1a45dfa3", b"") + element("18538067", tracks + element("1f43b675", checked))


@pytest.mark.parametrize(
    ("lengths", "kind", "fits"),
    [
        (b"\x0a\x0a\x0a", 1, True),
        (b"\x0a\xff\x0a\x0a", 1, False),
        (b"\x8a\xbf\xbf", 3, True),
        (b"\x8a\xff\xbf", 3, False),
        (b"", 2, True),
        (b"\x00", 2, False),
    ],
    ids=["xiph", "xiph too long", "ebml", "ebml too long", "fixed", "fixed uneven"],
)
def test_frames_laced_into_a_block_must_fit(lengths: bytes, kind: int, fits: bool, tmp_path: Path) -> None:
    path = tmp_path / "laced.mkv"
    path.write_bytes(laced(lengths, kind))
    assert [one.is_certain for one in look_at(SourceFile.at(path), "matroska,webm").damaged] == (
        [] if fits else [False]
    )


@pytest.mark.parametrize(("name", "arguments"), NOT_MATROSKA)
def test_a_whole_stream_has_no_damage(name: str, arguments: tuple[str, ...], tmp_path: Path) -> None:
    frames, report = read(made(tmp_path / name, *arguments))
    assert (len(frames), report.damage, report.damaged_byte_count, report.unreadable) == (45, None, 0, None)


@pytest.mark.parametrize(
    ("name", "arguments", "why"),
    [(*one, f"it ends in the middle of a {what}") for one, what in zip(NOT_MATROSKA, CUT_IN, strict=True)],
)
def test_a_truncated_stream_names_what_is_cut(name: str, arguments: tuple[str, ...], why: str, tmp_path: Path) -> None:
    data = made(tmp_path / name, *arguments).read_bytes()
    cut = tmp_path / f"cut_{name}"
    cut.write_bytes(data[: len(data) // 2 // 188 * 188 + 100])
    assert read(cut)[1].unreadable == why


def test_packets_that_a_transport_stream_lacks_take_frames_with_them(tmp_path: Path) -> None:
    data = made(tmp_path / "whole.ts", *H264).read_bytes()
    middle = len(data) // 188 // 2 * 188
    path = tmp_path / "lacking.ts"
    path.write_bytes(data[:middle] + data[middle + 40 * 188 :])
    frames, report = read(path)
    assert len(frames) < 45
    assert report.frame_count_gone + (report.frame_count_lost or 0) == 45 - len(frames)
    assert "missing at" in (report.damage or "")


def test_packets_that_the_receiver_marked_as_damaged_are_reported(tmp_path: Path) -> None:
    data = bytearray(made(tmp_path / "whole.ts", *H264).read_bytes())
    for number in (20, 21, 30):
        data[number * 188 + 1] |= 0x80
    path = tmp_path / "marked.ts"
    path.write_bytes(data)
    report = read(path)[1]
    assert (report.damaged_byte_count, report.damage) == (3 * 188, "564 bytes of the container cannot be read")


def test_joined_transport_streams_are_whole(tmp_path: Path) -> None:
    data = made(tmp_path / "whole.ts", *H264).read_bytes()
    path = tmp_path / "joined.ts"
    path.write_bytes(data + data)
    frames, report = read(path)
    assert (len(frames), report.damage) == (90, None)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("suffix", ["ts", "flv"])
def test_any_bytes_end_in_findings(suffix: str, seed: int) -> None:
    rng = random.Random(seed)
    noise = bytes(rng.choice((0, 8, 9, 0x47, 0xFF)) for _ in range(60_000))
    head = b"G" + noise[:187] if suffix == "ts" else b"FLV\x01\x05\0\0\0\x09\0\0\0\0"
    data = head * 6 + noise
    walk = look_at_packets if suffix == "ts" else look_at_tags
    found = walk(io.BytesIO(data), len(data))
    assert all(0 <= one.start_byte < one.end_byte <= len(data) for one in found.damaged)


UNITS = {
    "cut.avi": ("-c:v", "mjpeg"),
    "huff.avi": ("-c:v", "huffyuv"),
    "vp8.ivf": ("-c:v", "libvpx", "-deadline", "realtime"),
    "faststart.mp4": ("-c:v", "mpeg4", "-movflags", "+faststart"),
}


@pytest.mark.parametrize("name", list(UNITS))
def test_frames_missing_from_a_truncated_file_are_reported_alike_everywhere(name: str, tmp_path: Path) -> None:
    data = made(tmp_path / f"whole_{name}", *UNITS[name], with_sound=False).read_bytes()
    assert read(tmp_path / f"whole_{name}")[1].damage is None
    cut = tmp_path / name
    cut.write_bytes(data[: len(data) * 7 // 10])
    _, report = read(cut)
    there = report.frame_count_from_packets or 0
    assert 20 < there < 44
    told = f"the header declares 45 frames, {there} are present"
    lost = 45 - there + (report.frame_count_lost or 0)
    assert report.damage is not None
    assert f"cut off: {told}" in report.damage
    assert report.damage.startswith(f"{45 - lost} of 45 frames decoded; {lost} are missing")
    audit, frames = derived(cut, tmp_path / "store", Integrity(), Frames())
    assert f"Cut off: {told}." in audit.json("integrity.json")["audit"]["words"]
    assert frames.manifest.reason == report.damage


LAST_UNITS = {
    "film.y4m": (("-pix_fmt", "yuv420p"), "last frame"),
    "film.dv": (("-c:v", "dvvideo", "-s", "720x576", "-r", "25"), "last frame"),
    "film.mxf": (("-r", "25", "-c:v", "mpeg2video"), "last unit"),
    "film.wmv": (("-c:v", "wmv2"), "file"),
}


@pytest.mark.parametrize("name", list(LAST_UNITS))
def test_a_file_whose_last_unit_is_not_whole_is_cut_off(name: str, tmp_path: Path) -> None:
    arguments, unit = LAST_UNITS[name]
    whole = made(tmp_path / name, *arguments, with_sound=False)
    assert read(whole)[1].damage is None
    data = whole.read_bytes()
    cut = tmp_path / f"cut_{name}"
    cut.write_bytes(data[:-30])
    assert f"cut off: 30 bytes of the {unit} are missing" in (read(cut)[1].damage or "")


def test_a_matroska_picture_that_is_shown_for_long_at_the_end_is_no_cut(tmp_path: Path) -> None:
    path = tmp_path / "slides.mkv"
    slides = ["-f", "lavfi", "-i", "testsrc2=size=96x64:rate=1/5:duration=15", "-c:v", "libx264", "-pix_fmt", "yuv420p"]
    subprocess.run(["ffmpeg", "-v", "error", "-y", *slides, "-fps_mode", "vfr", str(path)], check=True)
    assert read(path)[1].damage is None


@pytest.mark.parametrize(
    "codec", [("mpeg2video", "-bf", "2"), ("dnxhd", "-profile:v", "dnxhr_lb"), ("libx264", "-bf", "0")]
)
def test_a_frame_that_an_mxf_lost_is_missing(codec: tuple[str, ...], tmp_path: Path) -> None:
    path = tmp_path / "whole.mxf"
    source = ["-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25:duration=4", "-pix_fmt", "yuv422p", "-c:v", *codec]
    subprocess.run(["ffmpeg", "-v", "error", "-y", *source, str(path)], check=True)
    (whole,) = derived(path, tmp_path / "store", Integrity())
    assert whole.json("integrity.json")["audit"]["is_complete"]
    data = bytearray(path.read_bytes())
    key = bytes.fromhex("060e2b34010201010d010301")  # of an essence element (SMPTE 379M)
    places = [found.start() for found in re.finditer(re.escape(key), data)]
    place = places[len(places) * 3 // 4]
    data[place : place + 16] = bytes(16)
    path.write_bytes(data)
    (torn,) = derived(path, tmp_path / "torn", Integrity())
    findings = torn.json("integrity.json")
    assert not findings["audit"]["is_complete"]
    assert findings["frame_count_gone"] + (findings["frame_count_lost"] or 0) >= 1
