"""Damage that a sound decoder only logs, or that its parser skips, is reported; whole files have none."""

from __future__ import annotations

import subprocess
from pathlib import Path

import av
import pytest

from processors.audio.reading.audio_info import AudioReport
from processors.containers.frame_sync import misfit_of
from tests.fuzz.mutants import mutants
from tests.fuzz.wholes import WHOLES
from tests.helpers.coded_sound import read

NOISE = ["-f", "lavfi", "-i", "anoisesrc=duration=1:amplitude=0.3:seed=2:sample_rate=48000"]
BARE = [("a.mlp", "mlp"), ("a.thd", "truehd"), ("a.dts", "dts")]


def made(path: Path, codec: str) -> Path:
    coding = ["-strict", "-2", "-c:a", "dca" if codec == "dts" else codec]
    subprocess.run(["ffmpeg", "-v", "error", "-y", *NOISE, *coding, str(path)], check=True)
    return path


def read_with(path: Path, file_format: str, data: bytes) -> AudioReport:
    path.write_bytes(data)
    return read(path, file_format)[2]


@pytest.mark.parametrize(("name", "file_format"), BARE)
def test_bytes_removed_from_or_zeroed_in_a_bare_stream_are_reported(
    name: str, file_format: str, tmp_path: Path
) -> None:
    path = made(tmp_path / name, file_format)
    data = path.read_bytes()
    assert read_with(path, file_format, data).damaged == ()
    middle = len(data) // 2
    for wrong in (data[:middle] + data[middle + 1501 :], data[:middle] + bytes(4096) + data[middle + 4096 :]):
        report = read_with(path, file_format, wrong)
        assert report.decoder_errors
        assert report.damaged[0].start_seconds == pytest.approx(0.5, abs=0.05)


def test_a_packet_must_end_where_its_frames_do(tmp_path: Path) -> None:
    path = made(tmp_path / "a.dts", "dts")
    with av.open(str(path)) as container:
        packet = bytes(next(container.demux(audio=0)))
    size = len(packet)
    assert misfit_of(packet, "dts") is None
    assert misfit_of(packet + packet, "dts") is None
    assert misfit_of(packet + b"\x64\x58\x20\x25 lossless part", "dts") is None
    assert misfit_of(packet[:-9], "dts") == f"a frame declares {size} bytes, and the next one begins after {size - 9}"
    assert misfit_of(packet + packet[20:50], "dts") == "30 bytes between two frames belong to neither"
    assert misfit_of(packet[20:], "dts") is None


@pytest.mark.parametrize(("name", "file_format"), BARE[:2])
def test_a_failed_check_that_is_only_logged_is_damage(name: str, file_format: str, tmp_path: Path) -> None:
    path = made(tmp_path / name, file_format)
    data = bytearray(path.read_bytes())
    with av.open(str(path)) as container:
        spans = [(packet.pos or 0, packet.size) for packet in container.demux(audio=0) if packet.size]
    place, size = next((place, size) for place, size in spans[600:] if size > 80)
    data[place + size // 2] ^= 0x10
    report = read_with(path, file_format, bytes(data))
    assert "check" in (report.first_error or "")


def test_an_overrun_of_mp3_data_that_is_only_logged_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "a.mp3"
    assert read_with(path, "mp3", WHOLES["mp3"]()).damaged == ()
    mutant = list(mutants("mp3", WHOLES["mp3"](), 7, seed=7207))[6]
    report = read_with(path, "mp3", mutant.data)
    assert report.first_error == "invalid new backstep -1"
    (damaged,) = report.damaged
    assert damaged.start_seconds == pytest.approx(0.67, abs=0.01)
    assert damaged.end_seconds == pytest.approx(0.7, abs=0.01)
