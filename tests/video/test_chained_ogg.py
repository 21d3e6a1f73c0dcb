"""Recordings chained in one Ogg: header packets are no pictures, each is decoded by its own settings, all are told."""

from __future__ import annotations

import subprocess
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from processors.audio.reading.audio_reader import FileReader
from processors.sources.source_file import SourceFile
from processors.video.audit.integrity import Integrity
from tests.helpers.derived import derived
from tests.video.test_video_reader import read


def link(path: Path, number: int, *arguments: str, size: str = "160x120") -> Path:
    """A recording of 2 s with a serial number of its own."""
    source = ("-f", "lavfi", "-i", f"testsrc2=size={size}:rate=25:duration=2")
    more = ("-serial_offset", str(10 * number), "-f", "ogg", str(path))
    subprocess.run(["ffmpeg", "-v", "error", "-y", *source, *arguments, *more], check=True)
    return path


def chained(path: Path, *links: Path) -> Path:
    path.write_bytes(b"".join(one.read_bytes() for one in links))
    return path


@pytest.mark.parametrize(("codec", "qualities"), [("libtheora", (1, 10, 6)), ("libvpx", (4, 40, 20))])
def test_each_recording_of_a_chain_has_the_pictures_that_it_has_alone(
    codec: str, qualities: tuple[int, ...], tmp_path: Path
) -> None:
    option = "-q:v" if codec == "libtheora" else "-crf"
    links = [
        link(tmp_path / f"{number}.ogv", number, "-c:v", codec, option, str(quality))
        for number, quality in enumerate(qualities)
    ]
    frames, report = read(chained(tmp_path / "all.ogv", *links))
    assert (len(frames), report.frame_count_lost, report.decoder_errors, report.damage) == (150, 0, 0, None)
    assert report.joined_at_seconds == (2, 4)
    assert [frame.time for frame in frames] == [Fraction(number, 25) for number in range(150)]
    alone = [frame.rgb() for one in links for frame in read(one)[0]]
    assert all(np.array_equal(frame.rgb(), right) for frame, right in zip(frames, alone, strict=True))


def test_a_lost_picture_of_a_chain_is_still_lost(tmp_path: Path) -> None:
    links = [link(tmp_path / f"{number}.ogv", number, "-c:v", "libtheora", "-q:v", "8") for number in range(2)]
    data = bytearray(chained(tmp_path / "all.ogv", *links).read_bytes())
    data[len(data) * 3 // 4] ^= 255
    (tmp_path / "torn.ogv").write_bytes(data)
    _, report = read(tmp_path / "torn.ogv")
    (audit,) = derived(tmp_path / "torn.ogv", tmp_path / "store", Integrity())
    assert not audit.json("integrity.json")["audit"]["is_complete"], report.damage


def test_a_chain_of_picture_and_sound_says_what_is_not_read(tmp_path: Path) -> None:
    sound = ("-f", "lavfi", "-i", "sine=frequency=500:duration=2", "-c:v", "libtheora", "-c:a", "libvorbis")
    links = [link(tmp_path / f"{number}.ogv", number, *sound) for number in range(2)]
    path = chained(tmp_path / "all.ogv", *links)
    follows = links[0].stat().st_size
    (audit,) = derived(path, tmp_path / "store", Integrity())
    findings = audit.json("integrity.json")
    words = f"another recording, which FFmpeg does not read, follows at byte {follows}"
    assert (findings["unread_because"], findings["audit"]["is_complete"]) == (words, False)
    assert f"Another{words[7:]}." in findings["audit"]["words"]
    assert (findings["frame_count_decoded"], findings["is_truncated"]) == (50, False)


def test_a_chain_of_sounds_is_read_whole(tmp_path: Path) -> None:
    parts = []
    for number in range(2):
        parts.append(tmp_path / f"{number}.ogg")
        tone = f"sine=frequency={500 * (number + 1)}:duration=2"
        serial = ("-serial_offset", str(10 * number))
        subprocess.run(["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", tone, *serial, str(parts[-1])], check=True)
    reader = FileReader(SourceFile.at(chained(tmp_path / "all.ogg", *parts)), "ogg")
    assert sum(block.samples.shape[1] for block in reader.blocks()) == 2 * 88200
    assert reader.report().damage is None
