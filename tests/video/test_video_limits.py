"""Absurd headers are limits, not surprises; HLG and colours are what ffmpeg and the standards say."""

from __future__ import annotations

import io
import struct
import subprocess
import time
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from processors.imaging.tone_mapping import HLG, tone_mapped
from processors.video.audit.integrity import Integrity
from processors.video.frames.contact_sheet import ContactSheet
from processors.video.frames.frames import Frames
from processors.video.frames.video_preview import VideoPreview
from processors.video.shots.shots import Shots
from tests.helpers.derived import derived
from tests.helpers.made_media import MediaMaker, number_of
from tests.video.test_frames import write_deep
from tests.video.test_video_reader import items_of, read


def test_a_rate_of_a_million_a_second_costs_no_more_than_its_frames(make: MediaMaker, tmp_path: Path) -> None:
    made = make.video("fast.mp4", list(range(50)), time_base=Fraction(1, 1_000_000))
    frames, _ = read(made.path)
    assert [frame.time for frame in frames] == [Fraction(number, 1_000_000) for number in range(50)]
    results = derived(made.path, tmp_path / "store", Frames(every_seconds=1.0), VideoPreview(), Shots(), ContactSheet())
    assert {result.manifest.verdict for result in results} == {"made"}
    assert results[0].names == ["frame_000000.jpg", "frames.csv"]

    (audit,) = derived(made.path, tmp_path / "store", Integrity())
    verdict = audit.json("integrity.json")["audit"]
    why = "1,000,000 frames a second: the file's time scale is wrong"
    assert (verdict["is_complete"], verdict["motion_may_be_measured"]) == (False, False)
    assert why in verdict["motion_refused_because"]


def test_a_too_short_table_of_times_is_reported_and_loses_no_frame(make: MediaMaker, tmp_path: Path) -> None:
    made = make.video("whole.mp4", list(range(50)))
    data = bytearray(made.path.read_bytes())
    count = data.index(b"stts") + 12
    data[count : count + 4] = struct.pack(">I", 10)
    bad = make.folder / "bad.mp4"
    bad.write_bytes(data)
    (audit,) = derived(bad, tmp_path / "store", Integrity())
    found = audit.json("integrity.json")
    assert (found["frame_count_decoded"], found["frame_count_lost"], found["audit"]["is_complete"]) == (50, 0, False)
    assert "the times stand still or go back: the file's table of times is wrong" in found["audit"]["words"]


def test_a_frame_that_is_shown_for_days_is_one_picture(make: MediaMaker, tmp_path: Path) -> None:
    made = make.video("days.mkv", [0, 1, 1_000_000], time_base=Fraction(1))
    items = items_of(Frames(every_seconds=1.0), made.path)
    assert [item.facts.time_seconds for item in items[:-1]] == [0.0, 1.0, 1_000_000.0]
    results = derived(made.path, tmp_path / "store", VideoPreview(), ContactSheet(), Shots(), Integrity())
    assert {result.manifest.verdict for result in results} == {"made"}
    assert results[0].facts("preview.mp4")["end_seconds"] == 10.0


def test_a_declared_duration_of_days_is_reported_and_not_believed(make: MediaMaker, tmp_path: Path) -> None:
    made = make.video("long.mp4", list(range(25)))
    data = bytearray(made.path.read_bytes())
    place = data.index(b"mdhd") + 4 + 12
    (scale,) = struct.unpack(">I", data[place : place + 4])
    data[place + 4 : place + 8] = struct.pack(">I", 200_000 * scale if 200_000 * scale < 1 << 32 else (1 << 32) - 1)
    bad = make.folder / "bad.mp4"
    bad.write_bytes(data)
    started = time.monotonic()
    (audit,) = derived(bad, tmp_path / "store", Integrity())
    found = audit.json("integrity.json")
    assert time.monotonic() - started < 60
    assert (found["frame_count_decoded"], found["duration_decoded_seconds"]) == (25, 1.0)


def test_a_declared_size_of_65535_px_is_not_believed(make: MediaMaker) -> None:
    made = make.video("large.mp4", list(range(5)), codec="mpeg4")
    data = bytearray(made.path.read_bytes())
    place = data.index(b"mp4v", data.index(b"stsd")) + 4 + 24
    data[place : place + 4] = struct.pack(">HH", 65535, 65535)
    bad = make.folder / "bad.mp4"
    bad.write_bytes(data)
    frames, report = read(bad)
    assert report.decoder_errors == 0
    assert {(frame.decoded.width, frame.decoded.height) for frame in frames} == {(128, 96)}  # as the frames say
    assert [number_of(frame.rgb()) for frame in frames] == list(range(5))


def test_hlg_reference_white_and_black_are_the_standards(tmp_path: Path) -> None:
    """HLG's 75 % signal is diffuse white, 203 cd/m² (ITU-R BT.2408, table 1)."""
    signal = np.array([0.0, 0.25, 0.5, 0.75, 1.0])
    path = tmp_path / "hlg.mkv"
    write_deep(path, np.tile(np.repeat(np.round(64 + 876 * signal), 32).astype(np.uint16), (64, 1)), transfer=HLG)
    jpeg = items_of(Frames(quality=95), path)[0]
    grey = np.asarray(Image.open(io.BytesIO(jpeg.data or b"")))[32, 16::32, 1].astype(int)
    assert jpeg.facts.is_tone_mapped is True
    assert grey[0] <= 2
    assert (np.diff(grey) > 0).all()
    white = tone_mapped(np.full((1, 1, 3), round(0.75 * 65535), np.uint16), HLG)
    assert 200 <= white[0, 0, 0] <= 250  # below an ordinary screen's white, for the brighter highlights' sake
    assert grey[-1] >= 250


TOLERANCE_LEVELS = 2
"""Both convert with swscale; ours takes its default path and ffmpeg is asked for its accurate one."""


@pytest.mark.parametrize("full_range", [False, True], ids=["limited", "full"])
@pytest.mark.parametrize(("matrix", "number"), [("smpte170m", 6), ("bt709", 1), ("bt2020nc", 9)])
def test_colours_equal_those_of_ffmpeg(
    tmp_path: Path, ffprobe: str, matrix: str, number: int, full_range: bool
) -> None:
    rng = np.random.default_rng(number)
    coarse = rng.integers(20, 236, (6, 8, 3), np.uint8)
    picture = np.asarray(Image.fromarray(coarse).resize((128, 96), Image.Resampling.BICUBIC))
    path = tmp_path / "colours.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"qp": "0"})
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = 128, 96, "yuv444p"
        context = stream.codec_context
        context.colorspace, context.color_range = number, 2 if full_range else 1  # type: ignore[assignment]
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture.transpose(2, 0, 1)), format="yuv444p")
        frame.colorspace, frame.color_range = number, 2 if full_range else 1  # type: ignore[assignment]
        container.mux([*stream.encode(frame), *stream.encode(None)])
    ours = read(path)[0][0].rgb()
    command = [ffprobe.replace("ffprobe", "ffmpeg"), "-v", "error", "-i", str(path), "-frames:v", "1"]
    look = ["-vf", "scale=flags=accurate_rnd+full_chroma_int", "-pix_fmt", "rgb24", "-f", "rawvideo", "-"]
    theirs = subprocess.run([*command, *look], capture_output=True, check=True).stdout
    expected = np.frombuffer(theirs, np.uint8).reshape(ours.shape)
    assert np.abs(ours.astype(int) - expected).max() <= TOLERANCE_LEVELS
