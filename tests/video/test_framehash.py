"""The list of frame hashes is FFmpeg's own, byte for byte."""

from __future__ import annotations

import hashlib
import re
import shlex
import shutil
import subprocess
from fractions import Fraction
from pathlib import Path

import av
import pytest

from processors.video.frames.framehash import FrameHash
from tests.helpers.derived import Derived, derived
from tests.helpers.video_scenes import scene, write

FFMPEG = shutil.which("ffmpeg")
needs_ffmpeg = pytest.mark.skipif(FFMPEG is None, reason="ffmpeg is not installed")
SOFTWARE = re.compile(rb"^#software: Lavf[\d.]+\n", re.M)


def made(path: Path, store: Path, **parameters: str) -> Derived:
    return derived(path, store, FrameHash(**parameters))[0]  # type: ignore[arg-type]


def by_ffmpeg(command: str, path: Path) -> bytes:
    """FFmpeg's list, without the line that names its version."""
    words = [str(path) if word == "FILE" else word for word in shlex.split(command)]
    run = subprocess.run([*words[:1], "-v", "error", *words[1:]], capture_output=True, check=True)
    return SOFTWARE.sub(b"", run.stdout)


def listed(result: Derived) -> bytes:
    text, found = result.path("framehash.txt").read_bytes(), 0
    text, found = SOFTWARE.subn(b"", text)
    assert found == 1
    return text


def test_a_line_is_a_frame_as_it_was_decoded(tmp_path: Path) -> None:
    path = write(tmp_path / "steady.mp4", [scene(3, k, (64, 48)) for k in range(5)])
    result = made(path, tmp_path / "store")
    with av.open(str(path)) as container:
        hashes = [hashlib.sha256(one.to_ndarray().tobytes()).hexdigest() for one in container.decode(video=0)]
    assert listed(result).decode().splitlines() == [
        "#format: frame checksums",
        "#version: 2",
        "#hash: SHA256",
        "#tb 0: 1/25",
        "#media_type 0: video",
        "#codec_id 0: rawvideo",
        "#dimensions 0: 64x48",
        "#sar 0: 0/1",
        "#stream#, dts,        pts, duration,     size, hash",
        *(f"0, {k:10d}, {k:10d}, {1:8d}, {4608:8d}, {digest}" for k, digest in enumerate(hashes)),
    ]
    facts = result.facts("framehash.txt")
    assert (facts["frame_count"], facts["time_base"], facts["pixel_format"]) == (5, "1/25", "yuv420p")
    assert facts["command"] == "ffmpeg -copyts -noautorotate -i FILE -map 0:0 -f framehash -hash sha256 -"


@needs_ffmpeg
@pytest.mark.parametrize("hash_name", ["sha256", "md5"])
def test_ffmpeg_writes_the_same_list(tmp_path: Path, hash_name: str) -> None:
    path = write(tmp_path / "steady.mp4", [scene(3, k, (102, 38)) for k in range(60)], rate_hz=30)
    result = made(path, tmp_path / "store", hash_name=hash_name)
    assert listed(result) == by_ffmpeg(result.facts("framehash.txt")["command"], path)
    if hash_name == "sha256":
        assert listed(result) == by_ffmpeg("ffmpeg -i FILE -f framehash -hash sha256 -", path)


@needs_ffmpeg
def test_ffmpeg_writes_the_same_list_of_a_real_video(samples: Path, tmp_path: Path) -> None:
    path = samples / "release/perseverance-descent.mp4"
    result = made(path, tmp_path / "store")
    assert result.facts("framehash.txt")["frame_count"] == 329
    assert listed(result) == by_ffmpeg("ffmpeg -i FILE -map 0:v:0 -f framehash -hash sha256 -", path)


@needs_ffmpeg
@pytest.mark.parametrize("pixel_format", ["gray", "rgb24", "yuv422p10le", "pal8", "monob", "nv12", "yuva420p"])
def test_every_pixel_format_is_hashed_as_ffmpeg_does(tmp_path: Path, pixel_format: str) -> None:
    path = tmp_path / "raw.nut"
    source = ["-f", "lavfi", "-i", "testsrc2=size=66x50:rate=10:duration=0.4", "-pix_fmt", pixel_format]
    codec = "png" if pixel_format == "pal8" else "rawvideo"
    subprocess.run([FFMPEG or "", "-v", "error", *source, "-c:v", codec, str(path)], check=True)
    result = made(path, tmp_path / "store")
    assert result.facts("framehash.txt")["pixel_format"] == pixel_format
    assert listed(result) == by_ffmpeg(result.facts("framehash.txt")["command"], path)


def uneven(path: Path, ticks: list[int]) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"bf": "0"})
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        for number, tick in enumerate(ticks):
            frame = av.VideoFrame.from_ndarray(scene(3, number, (64, 48)), format="gray").reformat(format="yuv420p")
            frame.pts, frame.time_base = tick, Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@needs_ffmpeg
def test_uneven_times_are_exact(tmp_path: Path) -> None:
    path = uneven(tmp_path / "uneven.mkv", [0, 40, 93, 120, 300, 301])
    result = made(path, tmp_path / "store")
    facts = result.facts("framehash.txt")
    assert facts["time_base"] == "1/1000"
    assert "-fps_mode passthrough -enc_time_base -1" in facts["command"]
    ours, theirs = (
        [line.split(b",") for line in text.splitlines()[8:]]
        for text in (listed(result), by_ffmpeg(facts["command"], path))
    )
    no_duration = [0, 1, 2, 4, 5]  # FFmpeg before 6 gives all frames one duration
    assert [[row[k] for k in no_duration if k < len(row)] for row in ours[1:]] == [
        [row[k] for k in no_duration if k < len(row)] for row in theirs[1:]
    ]
    assert [int(row[1]) for row in ours[1:]] == [0, 40, 93, 120, 300, 301]
    assert [int(row[3]) for row in ours[1:]][:5] == [40, 53, 27, 180, 1]


@needs_ffmpeg
@pytest.mark.parametrize("name", ["late.ts", "late.mkv"])
def test_a_clock_that_does_not_begin_at_0_is_kept(tmp_path: Path, name: str) -> None:
    steady = write(tmp_path / "steady.mp4", [scene(3, k, (64, 48)) for k in range(50)])
    path = tmp_path / name
    copy = ["ffmpeg", "-v", "error", "-i", steady, "-c", "copy", "-output_ts_offset", "103.9", path]
    subprocess.run(copy, check=True)
    result = made(path, tmp_path / "store")
    rows = listed(result).decode().splitlines()[8:]
    first = int(rows[1].split(",")[1]) * Fraction(result.facts("framehash.txt")["time_base"])
    assert Fraction("103.9") <= first <= Fraction("105.5")  # a transport stream adds 1.4 s
    theirs = by_ffmpeg(result.facts("framehash.txt")["command"], path).decode().splitlines()[8:]
    no_duration = [0, 1, 2, 4, 5]  # FFmpeg before 6 gives all frames one duration
    assert [[row.split(",")[k] for k in no_duration] for row in rows[1:]] == [
        [row.split(",")[k] for k in no_duration] for row in theirs[1:]
    ]


def test_a_wrong_hash_is_named() -> None:
    with pytest.raises(ValueError, match="hash_name is 'crc': must be sha256 or md5"):
        FrameHash(hash_name="crc")  # type: ignore[arg-type]


@needs_ffmpeg
def test_a_turned_video_is_hashed_as_it_is_stored(samples: Path, tmp_path: Path) -> None:
    path = samples / "formats/video/mediabunny/rotate-buck-bunny.mp4"
    result = made(path, tmp_path / "store")
    assert listed(result) == by_ffmpeg(result.facts("framehash.txt")["command"], path)
