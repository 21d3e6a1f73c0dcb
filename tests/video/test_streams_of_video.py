"""Every stream of a file is listed, and every film in it can be had."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from av.stream import Disposition
from PIL import Image

from processors.contract import parameters, result_key
from processors.engine.parameters import from_parameters
from processors.video.frames.frames import Frames
from processors.video.frames.stream_frames import StreamFrames
from processors.video.frames.web import WebVideo
from tests.helpers.derived import derived
from tests.helpers.made_media import MediaMaker, number_of, numbered
from tests.video.test_video_reader import read


def two_films(path: Path, enlarged: int = 1) -> Path:
    """The first counts up from 0, the second from 100, and is the one that a player shows; and a tone.

    The first may be enlarged, by repeating pixels.
    """
    with av.open(str(path), "w") as container:
        films = [container.add_stream("libx264", rate=25) for _ in range(2)]
        sound = container.add_stream("aac", rate=48000, layout="mono")
        assert isinstance(sound, av.AudioStream)
        for film, first in zip(films, (0, 100), strict=True):
            assert isinstance(film, av.VideoStream)
            scale = 1 if first else enlarged
            film.width, film.height, film.pix_fmt = 128 * scale, 96 * scale, "yuv420p"
            film.codec_context.options = {"crf": "12"}
            film.disposition = Disposition.default if first else Disposition(0)
        for film, first in zip(films, (0, 100), strict=True):
            assert isinstance(film, av.VideoStream)
            scale = 1 if first else enlarged
            for number in range(50):
                picture = numbered(first + number).repeat(scale, 0).repeat(scale, 1)
                container.mux(film.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
            container.mux(film.encode(None))
        block = av.AudioFrame.from_ndarray(np.zeros((1, 96000), np.float32), format="fltp", layout="mono")
        block.sample_rate, block.pts = 48000, 0
        container.mux([*sound.encode(block), *sound.encode(None)])
    return path


def numbers(folder: Path) -> list[int]:
    return [number_of(np.asarray(Image.open(path).convert("RGB"))) for path in sorted(folder.glob("frame_*.jpg"))]


def test_the_default_video_is_read_and_all_streams_are_listed(tmp_path: Path) -> None:
    frames, report = read(two_films(tmp_path / "two.mkv"))
    assert number_of(frames[3].rgb()) == 103
    assert report.stream_index == 1
    assert [(one.index, one.kind, one.codec, one.is_default) for one in report.streams] == [
        (0, "video", "h264", False),
        (1, "video", "h264", True),
        (2, "audio", "aac", False),
    ]


@pytest.mark.parametrize("stream", [None, 0])
def test_the_other_video_has_a_folder_of_its_own(tmp_path: Path, stream: int | None) -> None:
    path = two_films(tmp_path / "two.mkv")
    (result,) = derived(path, tmp_path / "store", StreamFrames(stream=stream, frames=Frames(every_seconds=0.4)))
    folder = result.path("stream_0/frames.csv").parent
    assert numbers(folder) == [0, 10, 20, 30, 40]
    assert result.facts("stream_0/frame_000001.jpg")["stream_index"] == 0
    report = result.json("stream_0/report.json")
    assert (report["stream_index"], report["frame_count_from_packets"], report["frame_count_lost"]) == (0, 50, 0)


def test_a_file_with_one_video_has_no_other(make: MediaMaker, tmp_path: Path) -> None:
    (result,) = derived(make.video("one.mp4", list(range(10))).path, tmp_path / "store", StreamFrames())
    assert (result.manifest.verdict, result.manifest.reason) == (
        "refused",
        "the file has only one video stream: use video.frames",
    )


def test_a_missing_stream_is_reported(make: MediaMaker, tmp_path: Path) -> None:
    (result,) = derived(make.video("one.mp4", list(range(10))).path, tmp_path / "store", StreamFrames(stream=4))
    assert result.manifest.verdict == "refused"
    assert result.manifest.reason == "stream 4 is not video: choose one of 0"


def test_the_second_stream_of_a_released_video(samples: Path, tmp_path: Path) -> None:
    (result,) = derived(samples / "release/nasa-13013-six-streams.mp4", tmp_path / "store", StreamFrames())
    facts = result.facts("stream_3/frame_000000.jpg")
    assert (facts["stream_index"], facts["width_px"], facts["height_px"]) == (3, 480, 270)
    kinds = [one["kind"] for one in result.json("stream_3/report.json")["streams"]]
    assert kinds == ["video", "audio", "subtitle"] * 2


def test_frames_that_an_edit_list_hides_are_reported(samples: Path) -> None:
    frames, report = read(samples / "release/perseverance-descent.mp4")
    assert (len(frames), report.frame_count_hidden, report.frame_count_from_header) == (329, 113, 442)


def test_the_whole_video_is_of_the_largest_stream_if_it_is_wanted_and_the_rest_of_the_shown_one(tmp_path: Path) -> None:
    path = two_films(tmp_path / "two.mkv", enlarged=2)
    shown, largest, frames = derived(
        path, tmp_path / "store", WebVideo(), WebVideo(stream="largest"), Frames(every_seconds=0.4)
    )
    sizes = [(one.facts("video.mp4")["width_px"], one.facts("video.mp4")["height_px"]) for one in (shown, largest)]
    assert sizes == [(128, 96), (256, 192)]
    assert [one.manifest.source_facts["stream_index"] for one in (shown, largest, frames)] == [1, 0, 1]  # type: ignore[index,call-overload]
    assert largest.facts("video.mp4")["frame_count"] == 50
    assert largest.facts("video.mp4")["sound_rate_hz"] == 48000
    with av.open(str(largest.path("video.mp4"))) as clip:
        first = next(clip.decode(video=0)).to_ndarray(format="rgb24")[::2, ::2]
    assert number_of(first) == 0
    assert numbers(frames.path("frames.csv").parent) == [100, 110, 120, 130, 140]


def test_the_largest_stream_is_the_shown_one_unless_another_is_larger(tmp_path: Path) -> None:
    path = two_films(tmp_path / "two.mkv")
    (result,) = derived(path, tmp_path / "store", WebVideo(stream="largest"))
    assert result.manifest.source_facts["stream_index"] == 1  # type: ignore[index,call-overload]


def test_a_wish_for_the_largest_stream_is_in_the_key_and_the_default_keeps_earlier_keys() -> None:
    assert parameters(WebVideo()) == {"longest_side_px": 1920, "with_sound": True}
    assert parameters(WebVideo(stream="largest")) == {"longest_side_px": 1920, "with_sound": True, "stream": "largest"}
    assert from_parameters(WebVideo, {"longest_side_px": 1920, "with_sound": True}) == WebVideo()
    assert result_key(WebVideo(), "a" * 64) == "6c9d76ef30f43fa452b63405b38329d49dd11aaa798237a397eb3e40d147aeca"
