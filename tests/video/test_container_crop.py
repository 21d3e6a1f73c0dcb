"""What a container says is not to be shown is cut off, to the pixel, in every view."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from processors.contract import Need
from processors.decoding.open_media import open_container
from processors.sources.source_file import SourceFile
from processors.video.reading.container_crop import Crop, clean_apertures
from processors.video.reading.frame import VideoFrame
from processors.video.reading.losses.container_damage import structure_of
from processors.video.reading.video_info import VideoInfo, VideoReport
from processors.video.reading.video_reader import VideoReader

WIDTH, HEIGHT = 96, 64


def clip(path: Path) -> Path:
    """Columns grow brighter to the right, lines bluer downwards; lossless.

    The same bytes each time: a random identifier of a track can look like an element.
    """
    picture = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    picture[..., 0] = np.arange(WIDTH) * 2
    picture[..., 2] = (np.arange(HEIGHT) * 3)[:, None]
    with av.open(str(path), "w", options={"fflags": "+bitexact"}) as container:
        stream: Any = container.add_stream("libx264", rate=25, options={"qp": "0"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv444p"
        for _ in range(5):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    return path


def with_clean_aperture(path: Path, width: int, height: int, right: int, down: int) -> Path:
    """Put a `clap` box into the sample entry, and make every box around it longer."""
    clap = struct.pack(">I4sIIIIiIiI", 40, b"clap", width, 1, height, 1, right, 1, down, 1)
    data = bytearray(path.read_bytes())
    at = data.index(b"avc1", data.index(b"stsd"))
    end = at - 4 + struct.unpack_from(">I", data, at - 4)[0]
    data[end:end] = clap
    for name in (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd", b"avc1"):
        place = data.index(name, data.index(b"stsd")) if name == b"avc1" else data.index(name)
        struct.pack_into(">I", data, place - 4, struct.unpack_from(">I", data, place - 4)[0] + len(clap))
    path.write_bytes(data)
    return path


def with_pixel_crop(path: Path, left: int, top: int, right: int, bottom: int) -> Path:
    """Put crop elements into the first video element, in place of the space that a Void leaves; sizes grow."""
    more = b"".join(
        element + b"\x81" + bytes([value])
        for element, value in ((b"\x54\xcc", left), (b"\x54\xbb", top), (b"\x54\xdd", right), (b"\x54\xaa", bottom))
    )
    data = bytearray(path.read_bytes())
    width = data.index(b"\xb0\x81" + bytes([WIDTH]))
    video = data.rindex(b"\xe0", 0, width)
    entry = data.rindex(b"\xae", 0, video)
    tracks = data.rindex(b"\x16\x54\xae\x6b", 0, entry)
    segment = data.index(b"\x18\x53\x80\x67")
    for place, header in ((video, 1), (entry, 1), (tracks, 4), (segment, 4)):
        at = place + header
        length = 9 - data[at].bit_length()
        mark = 1 << (7 * length)
        value = int.from_bytes(data[at : at + length], "big")
        if value != 2 * mark - 1:
            data[at : at + length] = (value + len(more)).to_bytes(length, "big")
    data[width:width] = more
    path.write_bytes(data)
    return path


def read(path: Path, file_format: str) -> tuple[VideoInfo, list[VideoFrame], VideoReport]:
    file = SourceFile.at(path)
    with open_container(file.open()) as container, open_container(file.open()) as second:
        reader = VideoReader(container, second, structure=structure_of(file, file_format))
        reader.want([Need()])
        frames = [frame for packet in container.demux(reader.stream) for frame in reader.decode(packet)]
        frames += reader.flush()
        return reader.info, frames, reader.report()


def check(path: Path, file_format: str, left: int, top: int, width: int, height: int) -> None:
    info, frames, report = read(path, file_format)
    assert (info.width_px, info.height_px) == (width, height)
    assert (info.stored_width_px, info.stored_height_px) == (WIDTH, HEIGHT)
    assert report.shown_size_px == (width, height)
    assert len(frames) == 5
    picture = frames[2].rgb()
    assert picture.shape == (height, width, 3)
    assert picture[0, 0].tolist() == pytest.approx([left * 2, 0, top * 3], abs=4)
    assert picture[-1, -1].tolist() == pytest.approx([(left + width - 1) * 2, 0, (top + height - 1) * 3], abs=4)
    assert frames[2].luma().shape == (height, width)


@pytest.mark.parametrize(
    ("width", "height", "right", "down", "left", "top"),
    [(64, 32, 0, 0, 16, 16), (64, 48, -16, 8, 0, 16), (63, 31, 0, 0, 16, 16), (96, 40, 0, -12, 0, 0)],
)
def test_a_clean_aperture_is_what_is_shown(
    tmp_path: Path, width: int, height: int, right: int, down: int, left: int, top: int
) -> None:
    path = with_clean_aperture(clip(tmp_path / "a.mp4"), width, height, right, down)
    check(path, "mov,mp4,m4a,3gp,3g2,mj2", left, top, width, height)


@pytest.mark.parametrize(("left", "top", "right", "bottom"), [(8, 4, 16, 12), (0, 16, 0, 16), (5, 3, 0, 1)])
def test_a_pixel_crop_of_matroska_is_cut_off(tmp_path: Path, left: int, top: int, right: int, bottom: int) -> None:
    path = with_pixel_crop(clip(tmp_path / "a.mkv"), left, top, right, bottom)
    check(path, "matroska,webm", left, top, WIDTH - left - right, HEIGHT - top - bottom)


def test_an_aperture_with_no_denominator_is_none(tmp_path: Path) -> None:
    path = with_clean_aperture(clip(tmp_path / "a.mp4"), 64, 32, 0, 0)
    data = bytearray(path.read_bytes())
    place = data.index(b"clap")
    data[place + 8 : place + 12] = bytes(4)
    path.write_bytes(data)
    with path.open("rb") as file:
        assert clean_apertures(file, len(data)) == {}


def test_a_crop_is_counted_from_every_edge() -> None:
    crop = Crop(left_px=1, top_px=2, right_px=3, bottom_px=4)
    assert crop.size_px(10, 20) == (6, 14)
    assert [crop.fits(*size) for size in ((10, 20), (4, 20), (10, 6))] == [True, False, False]
    assert not Crop().fits(10, 10)
