"""Frames in every way of choosing and every format, with the right colours and their identity inside."""

from __future__ import annotations

import hashlib
import io
import subprocess
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from PIL import Image

from processors.contract import Item
from processors.errors import DamagedMedia
from processors.imaging.tone_mapping import PQ, compress, nits_to_pq, pq_to_nits, tone_mapped
from processors.video.frames.frames import Frames
from tests.helpers.derived import derived
from tests.helpers.made_media import MediaMaker, number_of
from tests.video.test_video_reader import items_of, read, real_videos, table_of


def times_of(items: list[Item]) -> list[float]:
    return [float(row["time_seconds"]) for row in table_of(items)]


@pytest.mark.parametrize(
    ("parameters", "numbers"),
    [
        ({"choice": "all"}, list(range(50))),
        ({"choice": "nth", "every_nth": 7}, list(range(0, 50, 7))),
        ({"choice": "keyframes"}, list(range(0, 50, 12))),
        ({"choice": "times", "times_seconds": (0.44, 0.05, 1.2)}, [1, 11, 30]),
        ({"choice": "interval", "every_seconds": 0.5}, [0, 12, 25, 37]),
        ({"choice": "all", "from_seconds": 0.4, "until_seconds": 0.6}, [10, 11, 12, 13, 14]),
        ({"choice": "interval", "every_seconds": 0.5, "from_seconds": 0.6}, [25, 37]),
        ({"choice": "nth", "every_nth": 10, "until_seconds": 0.5}, [0, 10]),
        ({"choice": "keyframes", "from_seconds": 0.9}, [24, 36, 48]),
    ],
)
def test_each_choice_keeps_just_its_frames(make: MediaMaker, parameters: dict[str, Any], numbers: list[int]) -> None:
    made = make.video("clip.mp4", list(range(50)))
    items = items_of(Frames(**parameters), made.path)
    assert times_of(items) == [number / 25 for number in numbers]
    shown = [number_of(np.asarray(Image.open(io.BytesIO(item.data or b"")))) for item in items[:-1]]
    assert shown == numbers
    assert items[-1].facts.missing_times_seconds == ()


def test_a_printed_time_gives_the_frame_that_it_was_printed_for(make: MediaMaker) -> None:
    made = make.video("thirds.mp4", list(range(40)), time_base=Fraction(1, 30))
    items = items_of(Frames(choice="times", times_seconds=(0.433333, 0.666667)), made.path)
    assert [number_of(np.asarray(Image.open(io.BytesIO(item.data or b"")))) for item in items[:-1]] == [13, 20]


def test_a_time_without_a_frame_is_reported(make: MediaMaker) -> None:
    made = make.video("clip.mp4", list(range(50)))
    items = items_of(Frames(choice="times", times_seconds=(1.0, 7.5)), made.path)
    assert (times_of(items), items[-1].facts.missing_times_seconds) == ([1.0], (7.5,))
    assert items[-1].advice == "no frame is shown at 7.5 s; the video runs from 0.000 to 2.000 s"


def test_of_many_times_without_a_frame_the_first_are_named_and_of_times_with_one_none(make: MediaMaker) -> None:
    made = make.video("clip.mp4", list(range(50)))
    times = (1.0, *(float(second) for second in range(10, 25)))
    advice = items_of(Frames(times_seconds=times), made.path)[-1].advice
    assert advice == (
        "no frame is shown at 10, 11, 12, 13, 14, 15, 16, 17, 18, 19 s and 5 other times; the video runs from 0.000 to "
        "2.000 s"
    )
    assert items_of(Frames(times_seconds=(1.0, 0.5)), made.path)[-1].advice is None


@pytest.mark.parametrize(("picture_format", "magic"), [("jpeg", b"\xff\xd8"), ("png", b"\x89PNG"), ("webp", b"RIFF")])
def test_a_frame_carries_its_identity(make: MediaMaker, tmp_path: Path, picture_format: Any, magic: bytes) -> None:
    made = make.video("clip.mp4", list(range(50)))
    (result,) = derived(made.path, tmp_path / "store", Frames(picture_format=picture_format, longest_side_px=64))
    name = result.names[1]
    data = result.path(name).read_bytes()
    facts = result.facts(name)
    digest = hashlib.sha256(made.path.read_bytes()).hexdigest()
    assert data.startswith(magic)
    assert (facts["source_digest"], facts["time_seconds"], facts["width_px"]) == (digest, 1.0, 64)
    with Image.open(io.BytesIO(data)) as picture:
        xmp = picture.info["xmp"]
    text = xmp.decode() if isinstance(xmp, bytes) else xmp
    assert f'marsmedia:SourceDigest="{digest}"' in text
    assert 'marsmedia:TimeSeconds="1.000000"' in text


def test_avif_is_written_with_its_identity(make: MediaMaker) -> None:
    item = items_of(Frames(picture_format="avif", quality=60), make.video("clip.mp4", list(range(9))).path)[0]
    with Image.open(io.BytesIO(item.data or b"")) as picture:
        assert picture.format == "AVIF"
        assert b"marsmedia:Pts" in picture.info["xmp"]


KR_KB = {"bt601": (0.299, 0.114, 5), "bt709": (0.2126, 0.0722, 1), "bt2020": (0.2627, 0.0593, 9)}
"""Luma weights of red and blue (ITU-R BT.601, BT.709, BT.2020) and the matrix's number in H.273."""

PATCHES = np.array([(200, 40, 30), (30, 180, 60), (40, 60, 210), (230, 220, 50), (128, 128, 128), (250, 250, 250)])


def coded(rgb: np.ndarray, name: str, full_range: bool) -> np.ndarray:
    """8-bit Y'CbCr by the standard's formula, shape (patches, 3)."""
    kr, kb, _ = KR_KB[name]
    r, g, b = rgb.T / 255
    y = kr * r + (1 - kr - kb) * g + kb * b
    cb, cr = (b - y) / (2 - 2 * kb), (r - y) / (2 - 2 * kr)
    if full_range:
        return np.round(np.stack([255 * y, 128 + 255 * cb, 128 + 255 * cr], axis=1)).clip(0, 255)
    return np.round(np.stack([16 + 219 * y, 128 + 224 * cb, 128 + 224 * cr], axis=1))


@pytest.mark.parametrize("full_range", [False, True], ids=["limited", "full"])
@pytest.mark.parametrize("matrix", KR_KB)
def test_colours_are_those_of_the_named_matrix_and_range(tmp_path: Path, matrix: str, full_range: bool) -> None:
    planes = np.repeat(np.repeat(coded(PATCHES, matrix, full_range).T.reshape(3, 1, -1), 32, 1), 32, 2).astype(np.uint8)
    path = tmp_path / "patches.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"qp": "0"})
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = planes.shape[2], planes.shape[1], "yuv444p"
        context = stream.codec_context
        context.colorspace, context.color_range = KR_KB[matrix][2], 2 if full_range else 1  # type: ignore[assignment]
        frame = av.VideoFrame.from_ndarray(planes, format="yuv444p")
        frame.colorspace, frame.color_range = KR_KB[matrix][2], 2 if full_range else 1  # type: ignore[assignment]
        container.mux([*stream.encode(frame), *stream.encode(None)])
    frames, _ = read(path)
    centres = frames[0].rgb()[16, 16::32]
    assert np.abs(centres.astype(int) - PATCHES).max() <= 2
    luma = (PATCHES / 255) @ np.array([KR_KB[matrix][0], 1 - sum(KR_KB[matrix][:2]), KR_KB[matrix][1]]) * 255
    assert np.abs(frames[0].luma()[16, 16::32] - luma).max() <= 1.5


def test_ten_bits_are_kept_in_png(tmp_path: Path) -> None:
    ramp = np.tile(np.linspace(64, 940, 512).astype(np.uint16), (64, 1))
    path = tmp_path / "ramp.mkv"
    write_deep(path, ramp)
    item = items_of(Frames(picture_format="png"), path)[0]
    assert (item.facts.depth_bits, item.facts.is_tone_mapped) == (16, False)
    deep = cv2.imdecode(np.frombuffer(item.data or b"", np.uint8), cv2.IMREAD_UNCHANGED)
    assert deep is not None
    assert deep.dtype == np.uint16
    assert len(np.unique(deep[32, :, 1])) > 400
    assert b"marsmedia:Pts" in (item.data or b"")


def write_deep(path: Path, luma: np.ndarray, transfer: int | None = None, form: str = "yuv444p10le") -> None:
    """Lossless 10-bit video of one frame, of limited range and without colour."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        assert isinstance(stream, av.VideoStream)
        stream.height, stream.width = luma.shape
        stream.pix_fmt, stream.codec_context.color_range = form, 1
        if transfer:
            context = stream.codec_context
            context.color_trc, context.colorspace, context.color_primaries = transfer, 9, 9  # type: ignore[assignment]
        frame = av.VideoFrame(luma.shape[1], luma.shape[0], form)
        for plane, samples in zip(frame.planes, (luma, np.full_like(luma, 512), np.full_like(luma, 512)), strict=False):
            padded = np.zeros((plane.height, plane.line_size // 2), np.uint16)
            padded[:, : plane.width] = samples
            plane.update(padded.tobytes())
        container.mux([*stream.encode(frame), *stream.encode(None)])


def test_hdr_is_tone_mapped_for_jpeg_and_kept_for_png(tmp_path: Path) -> None:
    nits = np.array([0.0, 1.0, 20.0, 100.0, 203.0, 1000.0])
    codes = 64 + 876 * nits_to_pq(nits)
    path = tmp_path / "hdr.mkv"
    write_deep(path, np.tile(np.repeat(np.round(codes), 32).astype(np.uint16), (64, 1)), transfer=PQ)
    (jpeg, _), (png, _) = (items_of(Frames(picture_format=form, quality=95), path) for form in ("jpeg", "png"))
    grey = np.asarray(Image.open(io.BytesIO(jpeg.data or b"")))[32, 16::32, 1].astype(int)
    assert (jpeg.facts.is_tone_mapped, png.facts.is_tone_mapped) == (True, False)
    assert grey[0] <= 2
    assert grey[-1] >= 250
    assert (np.diff(grey) > 0).all()
    assert 70 <= grey[2] <= 90  # 20 of 203 cd/m² is sRGB 0.35, untouched below the knee
    png = next(item for item in items_of(Frames(picture_format="png"), path) if item.name.endswith(".png"))
    assert png.data is not None
    place = png.data.index(b"cICP") + 4
    assert (png.facts.transfer, tuple(png.data[place : place + 4])) == ("PQ", (9, 16, 0, 1))
    assert place < png.data.index(b"IDAT")


def test_transparency_in_webm_is_kept(make: MediaMaker, ffprobe: str) -> None:
    path = make.folder / "alpha.webm"
    command = [ffprobe.replace("ffprobe", "ffmpeg"), "-v", "error", "-f", "lavfi", "-i", "color=red:s=64x48:d=0.2"]
    graph = ["-vf", "format=yuva420p,geq=lum=80:a='if(lt(X,32),255,0)'", "-c:v", "libvpx-vp9", "-auto-alt-ref", "0"]
    subprocess.run([*command, *graph, str(path)], check=True, timeout=60)
    items = items_of(Frames(choice="all", picture_format="png"), path)
    with Image.open(io.BytesIO(items[0].data or b"")) as picture:
        opacity = np.asarray(picture)[20, [8, 56], 3].tolist()
        assert (picture.mode, opacity) == ("RGBA", [255, 0])


def test_pq_and_the_eetf_are_the_standards() -> None:
    assert nits_to_pq(np.array([100.0]))[0] == pytest.approx(0.5081, abs=1e-4)  # BT.2390-10, table of PQ levels
    assert pq_to_nits(np.array([0.7518]))[0] == pytest.approx(1000, rel=2e-3)
    peak = float(nits_to_pq(np.array([203.0]))[0])
    assert compress(nits_to_pq(np.array([1000.0])))[0] == pytest.approx(peak, abs=1e-6)
    assert compress(nits_to_pq(np.array([5.0])))[0] == pytest.approx(float(nits_to_pq(np.array([5.0]))[0]))
    assert tone_mapped(np.zeros((2, 2, 3), np.uint16), PQ).max() == 0


def test_alpha_is_kept_in_png(tmp_path: Path) -> None:
    picture = np.zeros((48, 64, 4), np.uint8)
    picture[..., 0], picture[..., 3] = 200, np.arange(64) * 4
    path = tmp_path / "alpha.mov"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("png", rate=25)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "rgba"
        container.mux([*stream.encode(av.VideoFrame.from_ndarray(picture, format="rgba")), *stream.encode(None)])
    item = items_of(Frames(picture_format="png"), path)[0]
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(item.data or b""))), picture)


def test_interlaced_frames_are_marked_and_deinterlaced_by_parameter(tmp_path: Path) -> None:
    combed = np.full((96, 128), 60, np.uint8)
    combed[1::2] = 190
    path = tmp_path / "combed.mp4"
    with av.open(str(path), "w") as container:
        options = {"qp": "0", "x264-params": "interlaced=1:tff=1"}
        stream = container.add_stream("libx264", rate=25, options=options)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = 128, 96, "yuv420p"
        for _ in range(3):
            frame = av.VideoFrame.from_ndarray(combed, format="gray").reformat(format="yuv420p")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    woven, single = (
        items_of(Frames(picture_format="png", deinterlace=deinterlace), path)[0] for deinterlace in (False, True)
    )
    assert (woven.facts.is_interlaced, single.facts.is_interlaced) == (True, True)
    rows = [np.asarray(Image.open(io.BytesIO(item.data or b"")))[20:70, 64, 1].astype(int) for item in (woven, single)]
    assert np.abs(np.diff(rows[0])).min() > 100
    assert np.abs(np.diff(rows[1])).max() <= 2


BIT_EXACT = {"h264", "hevc", "vp8", "vp9", "av1", "ffv1", "png"}
"""Codecs whose standard leaves the decoder no freedom; the others may differ by a level in their transform."""


@pytest.mark.parametrize("path", [p for p in real_videos() if p.stat().st_size < 800_000], ids=lambda path: path.name)
def test_luma_is_that_of_ffmpeg_at_the_same_time(path: Path, ffprobe: str, tmp_path: Path) -> None:
    """The first 40 frames, byte for byte; of damaged files too, decoded in one thread."""
    try:
        frames, _ = read(path)
    except DamagedMedia:
        pytest.skip("no frame decodes")
    with av.open(str(path)) as container:
        context = container.streams.video[0].codec_context
        if context.name not in BIT_EXACT or not (context.pix_fmt or "").startswith("yuv"):
            pytest.skip("not a bit-exact codec in Y'CbCr")
    command = ["ffmpeg", "-v", "quiet", "-threads", "1", "-noautorotate", "-i", str(path), "-map", "0:V:0"]
    end = ["-vf", "extractplanes=y", "-fps_mode", "passthrough", "-frames:v", "40", "-f", "framemd5", "-"]
    printed = subprocess.run([*command, *end], capture_output=True, text=True, check=False, timeout=120).stdout
    expected = [line.split(",")[-1].strip() for line in printed.splitlines() if line and not line.startswith("#")]
    if not expected:
        pytest.skip("ffmpeg 5 gives no frame")
    found = [hashlib.md5(plane_bytes(frame.decoded)).hexdigest() for frame in frames[: len(expected)]]
    assert found == expected


def plane_bytes(frame: av.VideoFrame) -> bytes:
    """The luma plane without its padding."""
    plane = frame.planes[0]
    size = 2 if frame.format.components[0].bits > 8 else 1
    rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
    return rows[: frame.height, : frame.width * size].tobytes()


def test_intervals_and_ranges_are_the_decimal_numbers_that_are_written(make: MediaMaker) -> None:
    made = make.video("ten.mp4", list(range(100)), time_base=Fraction(1, 10))
    every = table_of(items_of(Frames(every_seconds=0.7), made.path))
    assert [row["time_seconds"] for row in every[:4]] == ["0.0", "0.7", "1.4", "2.1"]
    part = table_of(items_of(Frames(choice="all", from_seconds=0.7, until_seconds=1.1), made.path))
    assert [row["time_seconds"] for row in part] == ["0.7", "0.8", "0.9", "1.0"]
