"""A frame of a damaged video in a notebook: the same array each time, with a warning where it may be wrong."""

from __future__ import annotations

import subprocess
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

import marsmedia
from marsmedia import RequestError
from processors.decoding.open_media import open_container
from processors.engine.damage_in_frames import found_damage_in_frames
from processors.sources.source_file import SourceFile
from processors.video.audit.integrity import Integrity
from processors.video.audit.measurements import Measurements
from processors.video.frames.frames import Frames
from processors.video.reading.frame import VideoFrame
from processors.video.reading.losses.container_damage import structure_of
from processors.video.reading.video_reader import VideoReader
from tests.helpers.derived import derived
from tests.helpers.runs import ingest

NAMES = ("changed.mp4", "holed.ts", "unmatched.mkv")
"""Two packets with changed bytes, one of which does not decode; lost packets of the container; a wrong checksum."""


def made(path: Path, *arguments: str) -> bytearray:
    """4 s of 10 pictures a second, with a keyframe every 2 s and pictures predicted from both sides."""
    picture = ["-f", "lavfi", "-i", "testsrc2=size=160x120:rate=10", "-t", "4", "-pix_fmt", "yuv420p"]
    coding = ["-c:v", "libx264", "-g", "20", "-sc_threshold", "0", "-threads", "1", *arguments]
    subprocess.run(["ffmpeg", "-v", "error", "-y", *picture, *coding, str(path)], check=True)
    return bytearray(path.read_bytes())


def place_of(path: Path, number: int) -> int:
    """Where the packet with this number, in the order of the file, begins."""
    with open_container(path.open("rb")) as container:
        places = [packet.pos for packet in container.demux(video=0) if packet.size]
    place = places[number]
    assert place is not None
    return place


@pytest.fixture(scope="module")
def june(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("damaged") / "raw/june"
    folder.mkdir(parents=True)
    for name, arguments in zip(NAMES, ((), (), ("-cluster_time_limit", "500")), strict=True):
        path = folder / name
        data = made(path, *arguments)
        if name == "changed.mp4":
            at = place_of(path, 10) + 40
            data[at : at + 31] = bytes(31)
            at = place_of(path, 30)
            data[at : at + 8] = bytes([255] * 8)
        elif name == "holed.ts":
            at = place_of(path, 25)
            del data[at : at + 188 * 3]
        else:
            clusters = [at for at in range(len(data)) if data.startswith(b"\x1fC\xb6u", at)]
            data[data.index(b"\xbf\x84", clusters[2]) + 2] ^= 1
        path.write_bytes(data)
    made(folder / "whole.mp4")
    return folder


@pytest.fixture(scope="module", params=[True, False], ids=["measured", "not measured"])
def store(request: pytest.FixtureRequest, june: Path, tmp_path_factory: pytest.TempPathFactory) -> marsmedia.StoreView:
    """A store with measurements of every frame, and one in which nothing was decoded."""
    folder = tmp_path_factory.mktemp("store")
    video = (Measurements(),) if request.param else ()
    ingest(june.parent, folder, {"audio": (), "video": video, "photo": ()})
    return marsmedia.open(folder)


@pytest.mark.parametrize("name", [*NAMES, "whole.mp4"])
def test_a_frame_without_a_warning_is_the_true_one_and_others_are_the_same_each_time(
    name: str, june: Path, store: marsmedia.StoreView, tmp_path: Path
) -> None:
    (audit,) = derived(june / name, tmp_path, Integrity())
    found, video, warned = audit.json("integrity.json"), store.source(name), 0
    true = [frame.values() for frame in frames_of(june / "whole.mp4")]
    frames = frames_of(june / name)
    for frame in frames:
        with warnings.catch_warnings(record=True) as heard:
            warnings.simplefilter("always", UserWarning)
            values = video.frame_values(float(frame.time))
        assert np.array_equal(values, frame.values()), "as the run decoded it"
        if heard:
            start = f"{name}: the frame at {float(frame.time):.3f} s may be wrong: "
            assert [str(one.message)[: len(start)] for one in heard] == [start]
        else:
            assert np.array_equal(values, true[round((frame.time - frames[0].time) * 10)])
        warned += bool(heard)
    doubtful = found["frame_count_corrupt"] + found["frame_count_after_damage"]
    assert (warned > 0) is (doubtful > 0) is (name != "whole.mp4")
    assert abs(warned - doubtful) <= 3, "the audit goes by the order of presentation, not by that of the packets"


def frames_of(path: Path) -> list[VideoFrame]:
    """Every frame, in order and in one thread."""
    file = SourceFile.at(path)
    with file.open() as one, file.open() as other, open_container(one) as container, open_container(other) as second:
        structure = structure_of(file, container.format.name)
        return list(VideoReader(container, second, in_order=True, structure=structure).frames())


def pictures(path: Path) -> dict[int, np.ndarray]:
    """The values of every frame of a video of 10 pictures a second, by its number in order of presentation."""
    frames = frames_of(path)
    start = min(frame.time for frame in frames)
    return {round((frame.time - start) * 10): frame.values() for frame in frames}


def warned_of(
    video: marsmedia.SourceView, start_seconds: float, numbers: Iterable[int]
) -> dict[int, np.ndarray | None]:
    """The values of frames by their numbers, or None for those with a warning."""
    found: dict[int, np.ndarray | None] = {}
    for number in numbers:
        with warnings.catch_warnings(record=True) as heard:
            warnings.simplefilter("always", UserWarning)
            values = video.frame_values(start_seconds + number / 10)
        found[number] = None if heard else values
    return found


@pytest.mark.parametrize(
    ("coded", "zeros", "is_measured"),
    [(4, 8, True), (4, 200, True), (4, 200, False), (13, 8, False), (13, 200, False), (37, 8, False)],
)
def test_every_wrong_frame_of_a_program_stream_is_warned_of(
    coded: int, zeros: int, is_measured: bool, tmp_path: Path
) -> None:
    """MPEG-2 with open groups: a P picture is lost without a word, or its rest is in the packet of a B picture."""
    june = tmp_path / "raw/june"
    june.mkdir(parents=True)
    data = made(tmp_path / "whole.mpg", "-c:v", "mpeg2video", "-bf", "2", "-g", "12", "-b:v", "1M")
    at = [at for at in range(len(data)) if data.startswith(b"\0\0\1\0", at)][coded]
    assert data[at + 5] >> 3 & 7 == 2, "a P picture"
    data[at : at + zeros] = bytes(zeros)
    (june / "hole.mpg").write_bytes(data)
    video = (Measurements(),) if is_measured else ()
    ingest(june.parent, tmp_path / "store", {"audio": (), "video": video, "photo": ()})
    hole = marsmedia.open(tmp_path / "store").source("hole.mpg")

    true, decoded = pictures(tmp_path / "whole.mpg"), pictures(june / "hole.mpg")
    wrong = {number for number in decoded if not np.array_equal(decoded[number], true[number])}
    start = float(min(frame.time for frame in frames_of(june / "hole.mpg")))
    found = warned_of(hole, start, decoded)
    warned = {number for number, values in found.items() if values is None}
    assert wrong, "the damage is seen"
    assert wrong <= warned
    assert len(warned - wrong) <= 1, "a frame that the decoder returns late, behind those that are damaged"


def test_frames_before_a_hole_are_not_warned_of_in_a_stream_without_b_pictures(tmp_path: Path) -> None:
    june = tmp_path / "raw/june"
    june.mkdir(parents=True)
    data = made(tmp_path / "whole.ts", "-bf", "0")
    first, behind = place_of(tmp_path / "whole.ts", 25), place_of(tmp_path / "whole.ts", 28)
    del data[first:behind]
    (june / "hole.ts").write_bytes(data)
    ingest(june.parent, tmp_path / "store", {"audio": (), "video": (), "photo": ()})
    hole = marsmedia.open(tmp_path / "store").source("hole.ts")
    true, start = pictures(tmp_path / "whole.ts"), float(frames_of(tmp_path / "whole.ts")[0].time)
    found = warned_of(hole, start, [*range(25), *range(28, 40)])
    assert [number for number, values in found.items() if values is None] == list(range(28, 40))
    assert all(values is None or np.array_equal(values, true[number]) for number, values in found.items())


def test_a_warning_says_why_the_frame_may_be_wrong_and_where_the_next_keyframe_is(store: marsmedia.StoreView) -> None:
    changed = store.source("changed.mp4")
    told = r"^changed\.mp4: the frame at 1\.900 s may be wrong: it depends on damaged or missing frames; "
    with pytest.warns(UserWarning, match=told + r"the next keyframe is at 2\.000 s$") as heard:
        changed.frame_values(1.97)
    assert heard[0].filename == __file__
    with pytest.warns(UserWarning, match=r"^unmatched\.mkv: .*: its bytes do not fit the file's checksums$"):
        store.source("unmatched.mkv").frame(1.2)


def test_a_missing_frame_is_told_to_be_missing(store: marsmedia.StoreView, june: Path, tmp_path: Path) -> None:
    """The container of one announces it, so that no frame is shown; in the other the one before is shown instead."""
    (start, end), before = spans_of(june / "changed.mp4", tmp_path)
    told = rf"what was shown from {start:.3f} to {end:.3f} s is missing, as the file is damaged"
    with pytest.raises(RequestError, match=rf"^changed\.mp4: no frame is shown at {start:g} s: {told}$"):
        store.source("changed.mp4").frame(start)
    with pytest.raises(RequestError, match=r"^changed\.mp4: no frame is shown at 99 s; the video runs from "):
        store.source("changed.mp4").frame_values(99)

    (start, end), before = spans_of(june / "holed.ts", tmp_path)
    told = rf"what was shown from {start:.3f} to {end:.3f} s is missing, as the file is damaged"
    this = f"at {start:g} s this is the frame from {before:.3f} s"
    with pytest.warns(UserWarning, match=rf"^holed\.ts: {told}; {this}$"):
        store.source("holed.ts").frame(start)


def spans_of(path: Path, store: Path) -> tuple[tuple[float, float], float]:
    """The first span of missing frames, and the time of the frame before it."""
    (measured,) = derived(path, store, Measurements())
    report: Any = measured.manifest.source_facts
    start, end = (float(time) for time in report["lost_seconds"][0])
    times = pq.read_table(measured.path("measurements.parquet"))["time_seconds"].to_numpy()
    return (start, end), times[times < start].max()


def test_few_frames_of_a_video_that_is_known_to_be_damaged_are_decoded_in_order(june: Path, tmp_path: Path) -> None:
    """In several threads a picture that depends on a damaged one may come before either is marked."""
    measured, chosen = derived(
        june / "changed.mp4", tmp_path, Measurements(), Frames(choice="times", times_seconds=(0.0,))
    )
    (alone,) = derived(june / "changed.mp4", tmp_path, Frames(choice="times", times_seconds=(0.04,)))
    assert measured.manifest.reason
    assert chosen.manifest.reason == alone.manifest.reason == measured.manifest.reason
    assert found_damage_in_frames(alone.store, alone.manifest.ref.source) is True
    (whole,) = derived(june / "whole.mp4", tmp_path, Frames(choice="times", times_seconds=(0.04,)))
    assert found_damage_in_frames(whole.store, whole.manifest.ref.source) is None, "most frames were skipped"
