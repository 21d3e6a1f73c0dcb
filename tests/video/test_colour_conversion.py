"""A picture of 8 bits is the coded one, converted to RGB and rounded to the nearest level, at every size."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from fractions import Fraction

import av
import av.filter
import numpy as np
import pytest
from av.video.reformatter import ColorRange, Colorspace

from processors.imaging.colour import PRIMARIES, TRANSFERS
from processors.imaging.tone_mapping import tone_mapped
from processors.video.reading.frame import TO_8_BITS, TO_16_BITS, VideoFrame

WIDTH_PX, HEIGHT_PX, BLOCK_PX = 640, 320, 16
KR, KB = 0.2126, 0.0722  # ITU-R BT.709


def coded(form: str, *, is_full: bool) -> tuple[VideoFrame, np.ndarray]:
    """A frame of random luma, with chroma that is constant in blocks, and its RGB, float64, 0 to 255."""
    frame = av.VideoFrame(WIDTH_PX, HEIGHT_PX, form)
    scale = 1 << frame.format.components[0].bits - 8
    rng = np.random.default_rng(5)
    small = HEIGHT_PX // BLOCK_PX, WIDTH_PX // BLOCK_PX
    whole = (small[0], BLOCK_PX, small[1], BLOCK_PX)
    planes = [rng.integers(60 * scale, 190 * scale, (HEIGHT_PX, WIDTH_PX))]
    for _ in range(2):
        blocks = rng.integers(108 * scale, 148 * scale, small)
        planes.append(np.broadcast_to(blocks[:, None, :, None], whole).reshape(HEIGHT_PX, WIDTH_PX))
    for plane, samples in zip(frame.planes, planes, strict=True):
        down, across = HEIGHT_PX // plane.height, WIDTH_PX // plane.width
        kept = samples[::down, ::across].astype(np.uint8 if scale == 1 else np.uint16)
        lines = np.zeros((plane.height, plane.line_size), np.uint8)
        lines[:, : kept[0].nbytes] = kept.view(np.uint8).reshape(plane.height, -1)
        plane.update(lines.tobytes())
    frame.colorspace = Colorspace.ITU709
    frame.color_range = ColorRange.JPEG if is_full else ColorRange.MPEG
    luma, blue, red = (plane / scale for plane in planes)
    top, swing, black = (255 + 1 - 1 / scale, 255 + 1 - 1 / scale, 0) if is_full else (219, 224, 16)
    y, u, v = (luma - black) / top, (blue - 128) / swing, (red - 128) / swing
    r, b = y + 2 * (1 - KR) * v, y + 2 * (1 - KB) * u
    rgb = np.stack([r, (y - KR * r - KB * b) / (1 - KR - KB), b], axis=-1)
    shown = VideoFrame(
        decoded=frame, pts=0, end_pts=1, time_base=Fraction(1, 25), is_keyframe=True, sample_aspect_ratio=Fraction(1)
    )
    return shown, np.clip(rgb * 255, 0, 255)


INSIDE = np.kron(np.ones((HEIGHT_PX // BLOCK_PX, WIDTH_PX // BLOCK_PX), bool), np.pad(np.ones((8, 8), bool), 4))
"""Pixels away from the edges of the blocks, where colour is interpolated."""


@pytest.mark.parametrize("is_full", [False, True])
@pytest.mark.parametrize("form", ["yuv420p", "yuv422p", "yuv444p"])
def test_values_are_rounded_to_the_nearest_level(form: str, is_full: bool) -> None:
    frame, right = coded(form, is_full=is_full)
    for picture in (frame.rgb(), frame.lossless()):
        error = (picture - right)[INSIDE]
        assert np.abs(error).max() < 0.52
        assert np.abs(error.mean(axis=0)).max() < 0.02


def test_ten_bits_shown_with_eight_are_rounded_too() -> None:
    frame, right = coded("yuv420p10le", is_full=False)
    error = (frame.rgb() - right)[INSIDE]
    assert np.abs(error).max() < 0.52
    assert np.abs(error.mean(axis=0)).max() < 0.02


def test_ten_bits_with_all_of_them_are_whole_up_to_65283() -> None:
    frame, right = coded("yuv420p10le", is_full=False)
    assert np.abs(frame.lossless() / 65283 * 255 - right)[INSIDE].max() < 0.05


@pytest.mark.parametrize(
    ("form", "is_full"),
    [(one, is_full) for one in ("yuyv422", "uyvy422", "nv12", "ayuv", "yuv444p") for is_full in (False, True)]
    + [(one, False) for one in ("p010le", "yuv420p10be", "y210le")],
)
def test_luma_is_the_coded_one_wherever_its_samples_are(form: str, is_full: bool) -> None:
    whole, _ = coded("yuv444p", is_full=is_full)
    packed = whole.decoded.reformat(format=form, interpolation=TO_8_BITS)
    luma = whole.decoded.to_ndarray()[0].astype(float)
    right = luma if is_full else (luma - 16) * 255 / 219
    error = replace(whole, decoded=packed, _luma={}).luma() - right
    assert np.abs(error).max() < 0.52
    assert abs(error.mean()) < 0.02


@pytest.mark.parametrize(
    ("form", "top"), [("gray10le", 1023), ("gray12le", 4095), ("gray16le", 65535), ("gray16be", 65535)]
)
def test_grey_of_more_bits_is_rounded_to_levels_of_eight(form: str, top: int) -> None:
    values = np.linspace(0, top, 256 * 16).round().astype(np.uint16).reshape(64, 64)
    decoded = av.VideoFrame(64, 64, form)
    lines = values.astype(">u2" if form.endswith("be") else "<u2")
    decoded.planes[0].update(lines.tobytes())
    frame = VideoFrame(
        decoded=decoded, pts=0, end_pts=1, time_base=Fraction(1, 25), is_keyframe=True, sample_aspect_ratio=Fraction(1)
    )
    assert np.abs(frame.luma() - values / top * 255.0).max() <= 0.51


GREY = [("gray", 8), ("gray10le", 10), ("gray12le", 12), ("gray16le", 16), ("gray16be", 16)]


def grey(form: str, luma: np.ndarray, colour_range: ColorRange) -> VideoFrame:
    decoded = av.VideoFrame(luma.shape[1], luma.shape[0], form)
    (plane,) = decoded.planes
    kind = np.dtype("u1" if form == "gray" else ">u2" if form.endswith("be") else "<u2")
    lines = np.zeros((plane.height, plane.line_size // kind.itemsize), kind)
    lines[:, : luma.shape[1]] = luma
    plane.update(lines.tobytes())
    decoded.color_range = colour_range
    return VideoFrame(
        decoded=decoded, pts=0, end_pts=1, time_base=Fraction(1, 25), is_keyframe=True, sample_aspect_ratio=Fraction(1)
    )


@pytest.mark.parametrize(("form", "bits"), GREY)
def test_grey_of_limited_range_is_widened_as_the_luma_of_other_videos(form: str, bits: int) -> None:
    scale, white = 1 << bits - 8, 255 if bits == 8 else 65283
    luma = np.random.default_rng(4).integers(16 * scale, 235 * scale + 1, (50, 70))  # not as wide as its buffer
    frame = grey(form, luma, ColorRange.MPEG)
    right = (luma / scale - 16) / 219
    assert np.abs(frame.values() / white - right[..., None]).max() < (0.5 if bits == 8 else 0.004) / 255
    assert np.abs(frame.rgb() - right[..., None] * 255).max() < 0.52
    assert np.abs(frame.luma() - right * 255).max() < (0.5 if bits == 8 else 1.1)  # rounded to 8 bits, then widened
    assert np.abs(frame.rgb(35).mean() - right.mean() * 255) < 0.15
    planes = frame.coded()
    assert planes is not None
    assert np.abs(planes[:50].astype(float) - luma / scale).max() < 1.01
    assert (planes[50:] == 128).all()
    assert frame.colour.facts.range == "limited"


@pytest.mark.parametrize(("form", "bits"), GREY)
@pytest.mark.parametrize("colour_range", [ColorRange.JPEG, ColorRange.UNSPECIFIED])
def test_grey_of_full_range_keeps_its_numbers(form: str, bits: int, colour_range: ColorRange) -> None:
    luma = np.random.default_rng(5).integers(0, 1 << bits, (50, 70))
    frame = grey(form, luma, colour_range)
    assert np.array_equal(frame.values(), np.repeat((luma << (16 - bits if bits > 8 else 0))[..., None], 3, axis=2))
    assert frame.colour.facts.range == "full"
    assert np.abs(frame.rgb() - luma[..., None] / ((1 << bits) - 1) * 255).max() < 0.52


@pytest.mark.parametrize("form", ["yuv420p10le", "yuv422p10le", "yuv444p10le", "yuv444p12le", "yuv444p16le"])
def test_full_range_of_more_bits_is_rounded_to_the_nearest_level(form: str) -> None:
    frame, right = coded(form, is_full=True)
    error = (frame.rgb() - right)[INSIDE]
    assert np.abs(error).max() < 0.52
    assert np.abs(error.mean(axis=0)).max() < 0.03
    assert np.abs(frame.rgb(160).mean(axis=(0, 1)) - right.mean(axis=(0, 1))).max() < 0.15
    assert frame.coded() is None  # its clips are made of RGB


@pytest.mark.parametrize(
    "form",
    [
        *("p010le", "y210le", "yuv444p10be", "yuva444p12le", "yuv420p9le"),
        *("gbrp10le", "gbrap12le", "gbrp16le", "rgb48le", "rgba64be", "gbrpf32le"),
    ],
)
def test_grey_patches_of_full_range_are_the_same_in_every_format_of_more_bits(form: str) -> None:
    bits = min(av.VideoFormat(form, 64, 64).components[0].bits, 16)
    luma = np.random.default_rng(7).integers(0, 1 << bits, (64, 64))
    planar = av.VideoFrame(64, 64, f"yuv444p{bits}le")
    for plane, samples in zip(planar.planes, (luma, *[np.full_like(luma, 1 << bits - 1)] * 2), strict=True):
        plane.update(samples.astype("<u2").tobytes())
    planar.color_range, planar.colorspace = ColorRange.JPEG, Colorspace.ITU709
    decoded = planar.reformat(format=form, interpolation=TO_16_BITS)
    decoded.color_range, decoded.colorspace = ColorRange.JPEG, Colorspace.ITU709
    frame = VideoFrame(
        decoded=decoded, pts=0, end_pts=1, time_base=Fraction(1, 25), is_keyframe=True, sample_aspect_ratio=Fraction(1)
    )
    right = luma[..., None] / ((1 << bits) - 1) * 255
    assert np.abs(frame.rgb() - right).max() < 0.52


@pytest.mark.parametrize(("is_full", "levels"), [(False, (64, 940)), (True, (0, 1023))])
@pytest.mark.parametrize("transfer", [16, 18], ids=TRANSFERS.get)
def test_hdr_is_tone_mapped_from_its_own_white(transfer: int, is_full: bool, levels: tuple[int, int]) -> None:
    lowest, highest = levels
    luma = np.linspace(lowest, highest, 64 * 64).round().astype("<u2").reshape(64, 64)
    decoded = av.VideoFrame(64, 64, "yuv444p10le")
    for plane, samples in zip(decoded.planes, (luma, *[np.full_like(luma, 512)] * 2), strict=True):
        plane.update(samples.tobytes())
    decoded.color_range = ColorRange.JPEG if is_full else ColorRange.MPEG
    decoded.colorspace, decoded.color_primaries, decoded.color_trc = 9, 9, transfer  # type: ignore[assignment]
    frame = VideoFrame(
        decoded=decoded, pts=0, end_pts=1, time_base=Fraction(1, 25), is_keyframe=True, sample_aspect_ratio=Fraction(1)
    )
    codes = np.rint((luma.astype(float) - lowest) / (highest - lowest) * 65535).astype(np.uint16)
    right = tone_mapped(np.repeat(codes[..., None], 3, axis=2), transfer)
    error = frame.rgb().astype(float) - right
    assert np.abs(error).max() <= 1
    assert abs(error.mean()) < 0.02


@pytest.mark.parametrize("form", ["yuv420p10le", "yuv444p12le", "yuv444p16le", "p010le"])
@pytest.mark.parametrize("colour_range", [ColorRange.MPEG, ColorRange.JPEG])
def test_white_of_more_than_eight_bits_is_the_documented_one(form: str, colour_range: ColorRange) -> None:
    decoded = av.VideoFrame(64, 64, form)
    bits, is_full = decoded.format.components[0].bits, colour_range == ColorRange.JPEG
    for number, plane in enumerate(decoded.planes):
        level = 1 << bits - 1 if number else (1 << bits) - 1 if is_full else 235 << bits - 8
        samples = np.full(plane.buffer_size // 2, level << (6 if form == "p010le" else 0), np.uint16)
        plane.update(samples.tobytes())
    decoded.color_range, decoded.colorspace = colour_range, Colorspace.ITU709
    frame = VideoFrame(
        decoded=decoded, pts=0, end_pts=1, time_base=Fraction(1, 25), is_keyframe=True, sample_aspect_ratio=Fraction(1)
    )
    assert np.unique(frame.values()).tolist() == [((1 << bits) - 1) << (16 - bits) if is_full else 65283]


@pytest.mark.parametrize("transfer", [1, 5, 8, 13, 16, 18], ids=TRANSFERS.get)
@pytest.mark.parametrize("primaries", [1, 4, 9, 12], ids=lambda code: PRIMARIES[code][0])
@pytest.mark.parametrize("form", ["yuv420p", "yuv420p10le"])
def test_values_are_the_files_own_whatever_its_primaries_and_transfer(form: str, primaries: int, transfer: int) -> None:
    frame, right = coded(form, is_full=False)
    plain = frame.values()
    frame.decoded.color_primaries, frame.decoded.color_trc = primaries, transfer  # type: ignore[assignment]
    tagged = replace(frame, _views={})
    assert tagged.colour.rgb.is_srgb == (primaries == 1 and transfer in (1, 13))
    assert np.array_equal(tagged.values(), plain)
    white = 255 if form == "yuv420p" else 65283
    assert np.abs(plain / white * 255 - right)[INSIDE].max() < 0.52


def test_grey_is_as_it_is() -> None:
    grey = np.arange(256, dtype=np.uint8).reshape(16, 16)
    decoded = av.VideoFrame.from_ndarray(grey, format="gray")
    frame = VideoFrame(
        decoded=decoded, pts=0, end_pts=1, time_base=Fraction(1, 25), is_keyframe=True, sample_aspect_ratio=Fraction(1)
    )
    assert np.array_equal(frame.rgb(), np.repeat(grey[..., None], 3, axis=2))


@pytest.mark.parametrize("longest_side_px", [480, 320, 160, 75])
@pytest.mark.parametrize("form", ["yuv420p", "yuv422p", "yuv444p", "yuv420p10le"])
def test_reduced_pictures_keep_the_mean(form: str, longest_side_px: int) -> None:
    frame, right = coded(form, is_full=False)
    assert np.abs(frame.rgb(longest_side_px).mean(axis=(0, 1)) - right.mean(axis=(0, 1))).max() < 0.15


@pytest.mark.parametrize("is_full", [False, True])
def test_a_single_field_keeps_mean_and_colour_encoding(is_full: bool) -> None:
    frame, right = coded("yuv420p", is_full=is_full)
    graph = av.filter.Graph()
    source = graph.add_buffer(width=WIDTH_PX, height=HEIGHT_PX, format=frame.decoded.format, time_base=frame.time_base)
    graph.link_nodes(source, graph.add("setfield", "tff"), graph.add("buffersink")).configure()
    graph.push(frame.decoded)
    interlaced = graph.pull()
    assert isinstance(interlaced, av.VideoFrame)
    interlaced.colorspace, interlaced.color_range = frame.decoded.colorspace, frame.decoded.color_range
    assert interlaced.interlaced_frame
    single = replace(frame, decoded=interlaced).deinterlaced()
    assert single is not frame
    assert single.colour == frame.colour
    assert np.abs(single.rgb().mean(axis=(0, 1)) - right[::2].mean(axis=(0, 1))).max() < 0.15


WIDE = {"primaries": 9, "transfer": 1}
"""BT.2020 with the transfer of BT.709, codes of ITU-T H.273: `rgb` converts it to sRGB."""


@pytest.mark.parametrize(("form", "tags"), [("yuv420p", {}), ("uyvy422", WIDE), ("bgr24", WIDE)])
def test_threads_may_look_at_one_frame_at_once(form: str, tags: dict[str, int]) -> None:
    """PyAV kept FFmpeg's context with the frame, which one thread freed for another, and blanks its tags meanwhile."""
    noise = np.random.default_rng(5).integers(16, 236, (540, 960, 3), np.uint8)
    decoded = av.VideoFrame.from_ndarray(noise, format="rgb24").reformat(format=form)
    decoded.color_primaries = tags.get("primaries", decoded.color_primaries)
    decoded.color_trc = tags.get("transfer", decoded.color_trc)

    def shown() -> VideoFrame:
        return VideoFrame(
            decoded=decoded,
            pts=0,
            end_pts=1,
            time_base=Fraction(1, 25),
            is_keyframe=True,
            sample_aspect_ratio=Fraction(1),
        )

    looks: list[Callable[[VideoFrame], object]] = [
        lambda frame: frame.luma(320).tobytes(),
        lambda frame: frame.rgb().tobytes(),
        lambda frame: frame.colour,
        lambda frame: frame.rgb(320).tobytes(),
        lambda frame: frame.lossless().tobytes(),
    ]
    alone = [look(shown()) for look in looks]
    with ThreadPoolExecutor(len(looks)) as threads:
        for _ in range(40):
            frame = shown()
            assert list(threads.map(lambda look, frame=frame: look(frame), looks)) == alone
