"""Errors that a video decoder only logs, or keeps to itself, are damage; whole files have none."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

import av
import pytest

from processors.video.audit.integrity import Integrity
from tests.helpers.derived import derived
from tests.video.test_video_damage import read

SOURCE = ["-f", "lavfi", "-i", "testsrc2=size={}:rate=25:duration=0.6"]
SILENT = [
    ("mj.avi", "320x180", ["-c:v", "mjpeg", "-q:v", "3"]),
    ("mj.mov", "320x180", ["-c:v", "mjpeg", "-q:v", "3"]),
    ("dv.dv", "720x576", ["-pix_fmt", "yuv420p"]),
    ("dv.avi", "720x576", ["-c:v", "dvvideo", "-pix_fmt", "yuv420p"]),
    ("snow.avi", "320x180", ["-c:v", "snow", "-strict", "-2", "-qscale", "3"]),
    ("h261.mkv", "352x288", ["-c:v", "h261", "-q:v", "3"]),
    ("vp3.nut", "320x180", ["-c:v", "libtheora", "-q:v", "8"]),
]


def made(path: Path, size: str, coding: list[str]) -> Path:
    source = [word.format(size) for word in SOURCE]
    noise = ["-vf", "noise=alls=8:all_seed=1"]
    subprocess.run(["ffmpeg", "-v", "error", "-y", *source, *noise, *coding, str(path)], check=True)
    return path


def spans_of_packets(path: Path) -> list[tuple[int, int]]:
    with av.open(str(path)) as container:
        return [(packet.pos or 0, packet.size) for packet in container.demux(video=0) if packet.size]


@pytest.mark.parametrize(("name", "size", "coding"), SILENT)
def test_what_a_decoder_only_logs_is_damage(name: str, size: str, coding: list[str], tmp_path: Path) -> None:
    whole = made(tmp_path / name, size, coding)
    frames, report = read(whole)
    assert (len(frames), report.frame_count_corrupt, report.damage) == (15, 0, None)
    assert not any(frame.is_corrupt for frame in frames)

    data, chance, known = whole.read_bytes(), random.Random(5), 0
    mutant = tmp_path / f"mutant_{name}"
    spans = spans_of_packets(whole)
    for _ in range(6):
        place, length = spans[chance.randrange(4, 11)]
        wrong = bytearray(data)
        at = place + length // 2
        wrong[at : at + 600] = chance.randbytes(600).replace(b"\xff", b"\xfe")
        mutant.write_bytes(wrong)
        said = subprocess.run(
            ["ffmpeg", "-v", "error", "-i", str(mutant), "-f", "null", "-"], capture_output=True, check=True
        )
        if said.stderr:
            known += 1
            assert read(mutant)[1].damage, said.stderr.decode()
    assert known >= 2


@pytest.mark.parametrize(
    ("coding", "byte"),
    [(["utvideo", "-pred", "median"], 0xFF), (["wmv1", "-q:v", "3"], 0), (["msmpeg4", "-q:v", "3"], 0)],
)
def test_a_warning_or_a_value_out_of_range_is_damage(coding: list[str], byte: int, tmp_path: Path) -> None:
    whole = made(tmp_path / "a.avi", "320x180", ["-c:v", *coding])
    frames, report = read(whole)
    assert (len(frames), report.damage) == (15, None)
    data = bytearray(whole.read_bytes())
    place, length = spans_of_packets(whole)[8]
    at = place + 8 + length // 4
    data[at : at + 2000] = bytes([byte]) * 2000
    hole = tmp_path / "hole.avi"
    hole.write_bytes(data)
    frames, report = read(hole)
    assert report.damage == "1 frame damaged"
    assert [number for number, frame in enumerate(frames) if frame.is_corrupt] == [8]


def test_the_frame_with_the_error_is_the_one_that_is_damaged(tmp_path: Path) -> None:
    whole = made(tmp_path / "mj.avi", *SILENT[0][1:])
    data = bytearray(whole.read_bytes())
    place, length = spans_of_packets(whole)[7]
    at = place + length // 2
    data[at : at + 64] = b"\xfe" * 64
    hole = tmp_path / "hole.avi"
    hole.write_bytes(data)
    frames, report = read(hole)
    assert [number for number, frame in enumerate(frames) if frame.is_corrupt] == [7]
    assert report.damage == "1 frame damaged"

    (audit,) = derived(hole, tmp_path / "store", Integrity())
    found = audit.json("integrity.json")
    assert not found["audit"]["is_complete"]
    assert found["damaged_or_missing"] == [{"start_seconds": 0.28, "end_seconds": 0.32}]


def test_a_header_segment_that_a_decoder_cannot_read_is_no_damage(tmp_path: Path) -> None:
    whole = made(tmp_path / "mj.avi", *SILENT[0][1:])
    data = whole.read_bytes()
    note = data.index(b"Lavc") - 4
    assert data[note : note + 2] == b"\xff\xfe"
    length = int.from_bytes(data[note + 2 : note + 4], "big")
    exif = (b"\xff\xe1" + length.to_bytes(2, "big") + b"Exif\0\0" + b"no TIFF").ljust(length + 2, b"-")
    odd = tmp_path / "odd.avi"
    odd.write_bytes(data[:note] + exif[: length + 2] + data[note + length + 2 :])
    assert read(odd)[1].damage is None


def test_dv_has_the_rate_of_its_pictures_and_ivf_of_ticks_declares_no_count(tmp_path: Path) -> None:
    dv = made(tmp_path / "dv.dv", "720x576", ["-pix_fmt", "yuv420p"])
    webm = made(tmp_path / "vp9.webm", "320x180", ["-c:v", "libvpx-vp9", "-deadline", "realtime"])
    ivf = tmp_path / "vp9.ivf"
    subprocess.run(["ffmpeg", "-v", "error", "-y", "-i", str(webm), "-c", "copy", str(ivf)], check=True)
    for path in (dv, ivf):
        frames, report = read(path)
        assert (len(frames), report.damage) == (15, None)
        assert report.frame_count_from_header is None
    assert info_rate(dv) == info_rate(ivf) == 25


def info_rate(path: Path) -> object:
    from processors.decoding.open_media import frame_rate_of, open_container

    with path.open("rb") as file, open_container(file) as container:
        return frame_rate_of(container.streams.video[0])


@pytest.mark.parametrize("name", ["a.mj2", "a.mxf", "a.mkv"])
def test_jpeg_2000_parts_that_end_in_the_wrong_place_are_damage(name: str, tmp_path: Path) -> None:
    whole = made(tmp_path / name, "192x144", ["-c:v", "jpeg2000", *(["-f", "mov"] if name == "a.mj2" else [])])
    frames, report = read(whole)
    assert (len(frames), report.frame_count_corrupt, report.damage) == (15, 0, None)
    data = bytearray(whole.read_bytes())
    hit, chance = range(1, 12, 2), random.Random(5)
    for number in hit:
        place, length = spans_of_packets(whole)[number]
        for at in range(place + length // 4, place + length * 3 // 4):
            data[at] = chance.randrange(255)
    hole = tmp_path / f"hole_{name}"
    hole.write_bytes(data)
    frames, report = read(hole)
    wrong = [number for number, frame in enumerate(frames) if frame.is_corrupt]
    assert (len(frames), report.frame_count_corrupt) == (15, len(wrong))
    assert set(wrong) <= set(hit)
    assert len(wrong) >= 4
    assert f"{len(wrong)} frames damaged" in str(report.damage)
