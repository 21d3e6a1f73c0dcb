"""Frames carry the file's own presentation times, come out upright, and cost no more decoding than they need."""

from __future__ import annotations

import csv
import io
import json
import subprocess
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np
import pytest
from PIL import Image

from processors.contract import Item, Need
from processors.decoding.open_media import open_container
from processors.errors import DamagedMedia
from processors.metadata.tags.container import read_container
from processors.sources.source_file import SourceFile
from processors.video.frames.contact_sheet import ContactSheet, format_presentation_time
from processors.video.frames.frames import Frames
from processors.video.reading.frame import VideoFrame
from processors.video.reading.video_info import VideoReport
from processors.video.reading.video_reader import MustReadInOrder, VideoReader
from tests.conftest import SAMPLES
from tests.helpers.made_media import MediaMaker, number_of

T = TypeVar("T")
EVERY_TICK = list(range(50))
IRREGULAR = [0, 1, 2, 10, 11, 30, 31, 32, 60, 100, 101, 102]


def read(
    path: Path, needs: list[Need] | None = None, *, in_order: bool = False
) -> tuple[list[VideoFrame], VideoReport]:
    """All frames that the reader gives; of a damaged file, in the second reading."""
    return read_as(lambda frame: frame, path, needs, in_order=in_order)


def read_as(
    kept: Callable[[VideoFrame], T], path: Path, needs: list[Need] | None = None, *, in_order: bool = False
) -> tuple[list[T], VideoReport]:
    """What is kept of each frame; all pictures of a real video take gigabytes."""
    try:
        return read_once(kept, path, needs, in_order=in_order)
    except MustReadInOrder:
        return read_once(kept, path, needs, in_order=True)


def read_once(
    kept: Callable[[VideoFrame], T], path: Path, needs: list[Need] | None, *, in_order: bool
) -> tuple[list[T], VideoReport]:
    file = SourceFile.at(path)
    with open_container(file.open()) as container, open_container(file.open()) as second:
        reader = VideoReader(container, second, in_order=in_order)
        reader.want(needs if needs is not None else [Need()])
        frames: list[T] = []
        for packet in container.demux(reader.stream):
            frames += map(kept, reader.decode(packet))
        frames += map(kept, reader.flush())
        return frames, reader.report()


def items_of(processor: Frames | ContactSheet, path: Path) -> list[Item]:
    def everything() -> Iterator[Item]:
        file = SourceFile.at(path)
        with open_container(file.open()) as container, open_container(file.open()) as second:
            reader = VideoReader(container, second)
            reader.want([processor.needs(reader.info)])
            session = processor.start(reader.info, path.parent)
            for packet in container.demux(reader.stream):
                for frame in reader.decode(packet):
                    yield from session.feed(frame) or ()
            for frame in reader.flush():
                yield from session.feed(frame) or ()
            yield from session.finish()

    return list(everything())


def table_of(items: list[Item]) -> list[dict[str, str]]:
    data = next(item.data for item in items if item.name == "frames.csv")
    assert data is not None
    return list(csv.DictReader(io.StringIO(data.decode())))


@pytest.mark.parametrize(
    ("name", "ticks", "time_base"),
    [
        ("steady.mp4", EVERY_TICK, Fraction(1, 25)),
        ("variable.mp4", IRREGULAR, Fraction(1, 30)),
        ("variable.mkv", IRREGULAR, Fraction(1, 30)),
        ("late-start.mp4", [tick + 75 for tick in EVERY_TICK], Fraction(1, 25)),
        ("ntsc.mp4", EVERY_TICK, Fraction(1001, 30000)),
    ],
)
def test_every_frame_has_its_own_time_and_picture(
    make: MediaMaker, name: str, ticks: list[int], time_base: Fraction
) -> None:
    made = make.video(name, ticks, time_base=time_base)
    frames, report = read(made.path)
    tolerance = Fraction(1, 2000) if name.endswith("mkv") else 0  # Matroska counts in milliseconds
    assert len(frames) == len(made.times)
    for frame, time in zip(frames, made.times, strict=True):
        assert abs(frame.time - time) <= tolerance
    assert [number_of(frame.rgb()) for frame in frames] == [i % 256 for i in range(len(ticks))]
    assert (report.frame_count_decoded, report.frame_count_lost, report.decoder_errors) == (len(ticks), 0, 0)


def test_a_frame_is_shown_until_the_next_one(make: MediaMaker) -> None:
    frames, _ = read(make.video("variable.mp4", IRREGULAR, time_base=Fraction(1, 30)).path)
    assert [frame.end for frame in frames[:-1]] == [frame.time for frame in frames[1:]]


def test_frames_takes_what_a_viewer_sees_at_each_multiple(make: MediaMaker) -> None:
    made = make.video("variable.mp4", IRREGULAR, time_base=Fraction(1, 30))
    items = items_of(Frames(every_seconds=1.0), made.path)
    rows = table_of(items)
    # ticks 30 and 60 are shown at 1 s and at 2 s, tick 60 still at 3 s
    assert [int(row["pts"]) * Fraction(row["time_base"]) for row in rows[:3]] == [0, 1, 2]
    assert [float(row["time_seconds"]) for row in rows[:3]] == [0.0, 1.0, 2.0]
    pictures = [np.asarray(Image.open(io.BytesIO(item.data or b""))) for item in items[:3]]
    assert [number_of(picture) for picture in pictures[:3]] == [0, 5, 8]


def test_frames_as_png_are_the_decoded_pixels(make: MediaMaker) -> None:
    made = make.video("steady.mp4", EVERY_TICK)
    frames, _ = read(made.path)
    item = items_of(Frames(every_seconds=1.0, picture_format="png"), made.path)[1]
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(item.data or b""))), frames[25].rgb())


def test_sparse_frames_are_the_same_as_when_all_are_decoded(make: MediaMaker) -> None:
    made = make.video("bframes.mp4", list(range(120)), options={"bf": "3", "crf": "15", "b-pyramid": "normal"})
    everything, _ = read(made.path)
    chosen, report = read(made.path, [Need(shown=lambda start, end: start <= Fraction(3) < end)])
    by_time = {frame.time: frame.rgb() for frame in everything}
    assert Fraction(3) in {frame.time for frame in chosen}
    assert all(np.array_equal(frame.rgb(), by_time[frame.time]) for frame in chosen)
    assert report.frame_count_decoded <= 12
    assert (report.frame_count_lost, report.frame_count_skipped) == (0, 120 - len(chosen))


UPRIGHT = {
    "quarter turn clockwise": ((0, 1, -1, 0), lambda picture: np.rot90(picture, -1)),
    "half turn": ((-1, 0, 0, -1), lambda picture: np.rot90(picture, 2)),
    "quarter turn anticlockwise": ((0, -1, 1, 0), lambda picture: np.rot90(picture, 1)),
    "mirrored": ((-1, 0, 0, 1), lambda picture: picture[:, ::-1]),
    "upside down": ((1, 0, 0, -1), lambda picture: picture[::-1]),
    "transposed": ((0, 1, 1, 0), lambda picture: picture.swapaxes(0, 1)),
}


@pytest.mark.parametrize("turn", UPRIGHT)
def test_pictures_are_upright(make: MediaMaker, turn: str) -> None:
    made = make.video("lying.mp4", EVERY_TICK)
    matrix, expected = UPRIGHT[turn]
    plain, _ = read(made.path)
    frames, _ = read(make.with_matrix(made, "turned.mp4", matrix).path)
    assert np.array_equal(frames[7].rgb(), expected(plain[7].rgb()))
    assert [frame.time for frame in frames] == [frame.time for frame in plain]


def test_a_truncated_file_gives_its_frames_and_reports_the_loss(make: MediaMaker) -> None:
    made = make.video("whole.mkv", list(range(100)))
    data = made.path.read_bytes()
    cut = make.folder / "cut.mkv"
    cut.write_bytes(data[: len(data) * 6 // 10])
    frames, report = read(cut)
    assert 30 < len(frames) < 90
    assert [number_of(frame.rgb()) for frame in frames] == list(range(len(frames)))
    assert report.unreadable or report.frame_count_from_packets == len(frames)


def test_damage_in_the_middle_is_lost_frames_not_copies(make: MediaMaker) -> None:
    made = make.video("whole.mp4", list(range(100)), keyframe_every=10, options={"crf": "12", "bf": "0"})
    data = bytearray(made.path.read_bytes())
    start = data.index(b"mdat") + 4
    middle = start + (len(data) - start) // 2
    data[middle : middle + 1500] = bytes(1500)
    bad = make.folder / "bad.mp4"
    bad.write_bytes(data)
    frames, report = read(bad)
    times = [frame.time for frame in frames]
    assert times == sorted(set(times))
    assert report.decoder_errors > 0 or report.frame_count_corrupt > 0
    assert len(frames) + (report.frame_count_lost or 0) == 100


def test_a_file_without_decodable_frames_fails_with_a_message(make: MediaMaker) -> None:
    made = make.video("whole.mp4", EVERY_TICK)
    data = bytearray(made.path.read_bytes())
    start, end = data.index(b"mdat") + 4, data.index(b"moov") - 4
    data[start:end] = bytes(end - start)
    bad = make.folder / "bad.mp4"
    bad.write_bytes(data)
    with pytest.raises(DamagedMedia, match="not one frame decodes"):
        read(bad)


def test_contact_sheet_shows_each_part_with_its_time(make: MediaMaker) -> None:
    made = make.video("steady.mp4", list(range(100)))
    (sheet,) = items_of(ContactSheet(pictures=10, columns=5, picture_px=128), made.path)
    assert sheet.facts.times_seconds == tuple((i * 10 + 5) / 25 for i in range(10))
    picture = np.asarray(Image.open(io.BytesIO(sheet.data or b"")))
    assert sheet.facts.frame_numbers == tuple(i * 10 + 5 for i in range(10))
    assert sheet.facts.shots is None
    assert picture.shape == (66 + 2 * (96 + 44 + 8), 8 + 5 * (128 + 8), 3)
    assert number_of(picture[66:162, 8:136]) == 5


def test_clock_cuts_to_the_millisecond() -> None:
    assert format_presentation_time(Fraction(3725999999, 1000000)) == "1:02:05.999"
    assert format_presentation_time(Fraction(-1, 2)) == "-0:00:00.500"


@pytest.mark.parametrize(
    ("parameter", "value", "message"),
    [
        ("every_seconds", 0.0, "every_seconds is 0.0: must be above 0"),
        ("picture_format", "gif", "picture_format is 'gif': must be 'jpeg', 'png', 'webp' or 'avif'"),
        ("quality", 100, "quality is 100: must be from 1 to 95"),
    ],
)
def test_a_wrong_parameter_is_named_with_its_value(parameter: str, value: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Frames(**{parameter: value})  # type: ignore[arg-type]


def real_videos() -> list[Path]:
    if not SAMPLES.is_dir():
        return []
    return sorted([*(SAMPLES / "formats/video").rglob("*.*"), *(SAMPLES / "release").glob("*.mp4")])


WITHOUT_FRAME_TIMES = {"sample_mpeg2.m2v", "video2.mpeg"}
"""Elementary and program streams: times come from the rate in their headers, which ffprobe rounds to ticks."""


@pytest.mark.parametrize("path", real_videos(), ids=lambda path: path.name)
def test_times_are_those_that_ffprobe_prints(path: Path, ffprobe: str) -> None:
    command = [ffprobe, "-v", "quiet", "-select_streams", "V:0", "-show_entries", "frame=best_effort_timestamp"]
    printed = subprocess.run([*command, "-of", "json", path], capture_output=True, text=True, check=False).stdout
    listed = json.loads(printed or "{}").get("frames", [])
    expected = [frame["best_effort_timestamp"] for frame in listed if "best_effort_timestamp" in frame]
    if not expected:
        with pytest.raises(DamagedMedia):
            read(path)
        return
    written, report = read_as(lambda frame: frame.pts, path)
    # the last frames that a decoder held back have no time in ffprobe's table; here they follow the ones before
    assert len(written) + report.frame_count_without_time == len(listed)
    rounding = 1 if path.name in WITHOUT_FRAME_TIMES else 0
    differences = [abs(ours - theirs) for ours, theirs in zip(written, expected, strict=False)]
    assert max(differences) <= rounding
    assert len(written) >= len(expected)


@pytest.mark.parametrize("path", real_videos(), ids=lambda path: path.name)
def test_skipping_never_changes_a_wanted_picture(path: Path) -> None:
    try:
        everything, _ = read_as(_Shown.of, path)
    except DamagedMedia:
        pytest.skip("no frame decodes")
    times = [frame.time for frame in everything[:: max(1, len(everything) // 5)]]
    need = Need(shown=lambda start, end: any(start <= time < end for time in times))
    chosen, _ = read_as(_Shown.of, path, [need])
    got = {frame.pts: frame for frame in chosen}
    for time in times:
        wanted = next(frame for frame in everything if frame.time <= time < frame.end or frame.time == time)
        assert got[wanted.pts].picture == wanted.picture


class _Shown(NamedTuple):
    pts: int
    time: Fraction
    end: Fraction
    picture: bytes

    @staticmethod
    def of(frame: VideoFrame) -> _Shown:
        return _Shown(frame.pts, frame.time, frame.end, frame.rgb(64).tobytes())


@pytest.mark.parametrize(
    ("name", "codec", "form", "expected"),
    [
        ("a.mov", "prores_ks", "yuva444p10le", True),
        ("a.webm", "libvpx-vp9", "yuva420p", True),
        ("a.mov", "prores_ks", "yuv422p10le", False),
        ("a.avi", "rawvideo", "rgb24", False),
    ],
)
def test_transparency_is_a_fact_of_the_report(name: str, codec: str, form: str, expected: bool, tmp_path: Path) -> None:
    source = ("-f", "lavfi", "-i", f"testsrc2=s=64x48:d=0.2,format={form}", "-c:v", codec, "-pix_fmt", form)
    subprocess.run(["ffmpeg", "-v", "error", *source, str(tmp_path / name)], check=True)
    assert read(tmp_path / name)[1].has_alpha is expected


@pytest.mark.parametrize(
    "sound", [(), ("-f", "lavfi", "-i", "sine=d=1.8", "-c:a", "pcm_s16le")], ids=["silent", "sound"]
)
def test_an_avi_that_was_written_into_a_pipe_is_whole(tmp_path: Path, sound: tuple[str, ...]) -> None:
    path = tmp_path / "piped.avi"
    words = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=s=160x96:r=25:d=1.8", *sound, "-c:v", "mpeg4"]
    path.write_bytes(subprocess.run([*words, "-f", "avi", "-"], check=True, capture_output=True).stdout)
    _, report = read(path)
    assert (report.frame_count_decoded, report.frame_count_from_header, report.truncated_because) == (45, None, None)
    with path.open("rb") as opened:
        record = read_container(opened, sha256="", size_bytes=path.stat().st_size, medium="video")
    assert record.container_duration_seconds is None
    assert [one.frame_count_from_header for one in record.streams] == [None] * len(record.streams)
    assert [one.duration_seconds_from_header for one in record.streams] == [None] * len(record.streams)
