"""Times of streams that carry none, of recordings joined end to end, and of clocks that jump."""

from __future__ import annotations

import csv
import io
import subprocess
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from processors.video.audit.integrity import Integrity
from processors.video.audit.measurements import Measurements
from processors.video.frames.contact_sheet import ContactSheet
from processors.video.frames.frames import Frames
from processors.video.frames.video_preview import VideoPreview
from processors.video.reading.times.joined_recordings import NO_TIME, Joins, find_joins
from processors.video.shots.shots import Shots
from tests.helpers.derived import Derived, derived
from tests.helpers.made_media import MediaMaker, number_of
from tests.video.test_video_reader import read


def ffmpeg(*arguments: object) -> None:
    subprocess.run(["ffmpeg", "-v", "error", "-y", *map(str, arguments)], check=True)


def coded(path: Path, *arguments: str, rate: str = "25", frames: int = 50) -> Path:
    """A moving test picture."""
    source = f"testsrc2=size=160x96:rate={rate}"
    ffmpeg("-f", "lavfi", "-i", source, "-frames:v", frames, "-pix_fmt", "yuv420p", *arguments, path)
    return path


def table(result: Derived) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(result.path("frames.csv").read_text())))


@pytest.mark.parametrize(
    ("name", "arguments", "rate"),
    [
        ("raw.h264", ("-c:v", "libx264", "-bf", "3"), "24000/1001"),
        ("interlaced.h264", ("-c:v", "libx264", "-flags", "+ildct+ilme", "-x264opts", "tff=1"), "25"),
        ("raw.hevc", ("-c:v", "libx265", "-x265-params", "log-level=0"), "50"),
        ("raw.m2v", ("-c:v", "mpeg2video", "-bf", "2"), "30000/1001"),
        ("raw.m1v", ("-c:v", "mpeg1video"), "25"),
        ("raw.m4v", ("-c:v", "mpeg4", "-bf", "2", "-f", "m4v"), "15"),
    ],
)
def test_an_elementary_stream_has_the_times_of_its_own_rate(
    name: str, arguments: tuple[str, ...], rate: str, tmp_path: Path
) -> None:
    frames, report = read(coded(tmp_path / name, *arguments, rate=rate))
    assert [frame.time for frame in frames] == [number / Fraction(rate) for number in range(50)]
    assert frames[-1].end == 50 / Fraction(rate)
    assert (report.frame_count_without_time, report.damage) == (0, None)


def test_all_that_is_made_of_an_elementary_stream_has_its_frames(tmp_path: Path) -> None:
    path = coded(tmp_path / "raw.h264", "-c:v", "libx264")
    frames, sheet, preview, audit, shots = derived(
        path, tmp_path / "store", Frames(), ContactSheet(), VideoPreview(), Integrity(), Shots()
    )
    assert [row["time_seconds"] for row in table(frames)] == ["0.0", "1.0"]
    assert len(sheet.facts("contact_sheet.jpg")["times_seconds"]) > 10
    assert preview.facts("preview.mp4")["frame_count"] == 50
    verdict = audit.json("integrity.json")["audit"]
    assert verdict["words"].startswith("50 frames in 2.000 s. Every frame is a picture of its own.")
    assert verdict["is_complete"]
    assert shots.names == ["shots.json", "shots.csv"]


def test_an_elementary_stream_without_a_rate_is_refused(tmp_path: Path) -> None:
    path = coded(tmp_path / "untimed.hevc", "-c:v", "libx265", "-x265-params", "log-level=0:vui-timing-info=0")
    for result in derived(path, tmp_path / "store", Measurements(), Frames(), ContactSheet()):
        assert (result.manifest.verdict, result.manifest.reason) == (
            "refused",
            "this elementary stream (hevc) has no times and its headers declare no frame rate: put it into a container"
            " with its rate, for example `ffmpeg -r 25 -i FILE -c copy FILE.mkv`",
        )


def joined(make: MediaMaker, suffix: str, *arguments: str, counts: tuple[int, ...] = (75, 75)) -> Path:
    """Recordings of numbered frames, one after the other in one file; each one's clock starts where it likes."""
    data, first = b"", 0
    for number, count in enumerate(counts):
        whole = make.video(f"{number}.mp4", list(range(first, first + count)), options={"crf": "12", "bf": "2"}).path
        part = make.folder / f"{number}.{suffix}"
        ffmpeg("-i", whole, "-c", "copy", *arguments, part)
        data += part.read_bytes()
        first += count
    path = make.folder / f"joined.{suffix}"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("suffix", "arguments", "counts"),
    [
        ("ts", ("-avoid_negative_ts", "make_zero"), (75, 75)),
        ("ts", ("-avoid_negative_ts", "make_zero"), (40, 25, 30)),
        ("ts", (), (50, 50)),
        ("ts", ("-output_ts_offset", "90000", "-avoid_negative_ts", "make_zero"), (30, 30)),
        ("mpg", ("-c:v", "mpeg2video", "-q:v", "2", "-avoid_negative_ts", "make_zero"), (50, 50)),
    ],
)
def test_recordings_joined_end_to_end_continue_their_times(
    suffix: str, arguments: tuple[str, ...], counts: tuple[int, ...], make: MediaMaker, tmp_path: Path
) -> None:
    path = joined(make, suffix, *arguments, counts=counts)
    frames, preview, audit = derived(path, tmp_path / "store", Frames(choice="all"), VideoPreview(), Integrity())
    rows, total = table(frames), sum(counts)
    start = Fraction(rows[0]["time_seconds"])
    assert len(rows) == total
    times = [float(row["time_seconds"]) for row in rows]
    assert times == pytest.approx([float(start + Fraction(number, 25)) for number in range(total)], abs=1e-5)
    pictures = [np.asarray(Image.open(frames.path(row["file"]))) for row in rows]
    assert [number_of(picture) for picture in pictures] == [number for count in counts for number in range(count)]
    assert preview.facts("preview.mp4")["frame_count"] == min(total, 250)
    verdict = audit.json("integrity.json")["audit"]
    assert verdict["words"].startswith(f"{total} frames in {total / 25:.3f} s.")
    assert verdict["is_complete"]


@pytest.mark.parametrize("seconds_before", ["1", "0.02"])
def test_the_clock_of_a_transport_stream_may_begin_anew(seconds_before: str, tmp_path: Path) -> None:
    """It counts to 2 ** 33 / 90000 s (ISO/IEC 13818-1, 2.4.3.6); `seconds_before` is when it does so."""
    start = 2**33 / 90_000 - float(seconds_before)
    path = coded(tmp_path / "a.ts", "-c:v", "libx264", "-bf", "2", "-output_ts_offset", f"{start:.4f}")
    frames, report = read(path)
    assert [frame.time - frames[0].time for frame in frames] == [number / Fraction(25) for number in range(50)]
    assert (report.frame_count_decoded, report.damage) == (50, None)


def test_joined_recordings_are_reported(make: MediaMaker, tmp_path: Path) -> None:
    path = joined(make, "ts", "-avoid_negative_ts", "make_zero")
    (audit,) = derived(path, tmp_path / "store", Integrity())
    found = audit.json("integrity.json")
    (start,) = found["joined_at_seconds"]
    assert (
        f"2 recordings joined end to end, at {start:.3f} s. The later one's times are moved to continue."
        in (found["audit"]["words"])
    )
    (frames,) = derived(path, tmp_path / "store", Frames(choice="times", times_seconds=(start - 0.04, start)))
    pictures = [np.asarray(Image.open(frames.path(f"frame_00000{number}.jpg"))) for number in range(2)]
    assert [number_of(picture) for picture in pictures] == [74, 0]


def test_one_recording_has_no_joint() -> None:
    decoded = [0, 40, 80, 120, 700, 740]
    times = [40, 160, 80, 120, 740, 780]
    assert find_joins(times, decoded, [40] * 6, Fraction(1, 1000), "mpegts") == Joins()
    assert find_joins([NO_TIME] * 3, [NO_TIME] * 3, [0] * 3, Fraction(1, 25), "mpegts") == Joins()


@pytest.mark.parametrize("file_format", ["matroska,webm", "mpegts"])
@pytest.mark.parametrize("strays", [1, 3, 7])
def test_a_few_wrong_times_are_no_joint(strays: int, file_format: str) -> None:
    times = [number * 40 for number in range(100)]
    times[50 : 50 + strays] = [number * 40 for number in range(strays)]
    assert find_joins(times, times, [40] * 100, Fraction(1, 1000), file_format) == Joins()


def test_a_short_recording_after_another_is_a_joint() -> None:
    times = [*(number * 40 for number in range(25)), *(number * 40 for number in range(5))]
    found = find_joins(times, times, [40] * 30, Fraction(1, 1000), "matroska,webm")
    assert (found.starts, found.shifts) == ((25,), (1000,))


def test_a_slide_show_in_a_transport_stream_has_no_joint() -> None:
    times = [0, 15_000, 30_000, 45_000]
    assert find_joins(times, times, [15_000] * 4, Fraction(1, 1000), "mpegts") == Joins()


def test_a_clock_that_jumps_ahead_is_reported(make: MediaMaker, tmp_path: Path) -> None:
    made = make.video("jump.mkv", [*range(25), *range(90_025, 90_050)])
    frames, audit = derived(made.path, tmp_path / "store", Frames(choice="all"), Integrity())
    assert [float(row["time_seconds"]) for row in table(frames)][24:26] == [0.96, 3601.0]
    assert (
        "The times jump ahead by 3600.040 s after the picture at 0.960 s."
        in (audit.json("integrity.json")["audit"]["words"])
    )


def test_a_slide_show_does_not_jump(make: MediaMaker, tmp_path: Path) -> None:
    made = make.video("slides.mkv", [0, 15, 30, 50, 62], time_base=Fraction(1))
    (audit,) = derived(made.path, tmp_path / "store", Integrity())
    assert audit.json("integrity.json")["jumps"] == []
