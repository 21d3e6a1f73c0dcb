"""Photos and videos arrive in sRGB whatever primaries, transfer and matrix they name; what is assumed is said."""

from __future__ import annotations

import io
import struct
import zlib
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import pyvips
from PIL import Image, ImageCms

from processors.containers.photo.heif_file import nclx_of
from processors.imaging.colour import PRIMARIES, Colour, grey_to_srgb, to_srgb
from processors.photo.reading.photo_reader import PhotoReader
from processors.photo.tiles import _eight_bit_srgb
from processors.video.reading.frame import VideoFrame, frame_colour

PATCHES = np.array([[150, 100, 80], [90, 150, 100], [128, 128, 128]], np.uint8)
P3_IN_SRGB = [[159, 97, 76], [67, 152, 95], [128, 128, 128]]
"""By the matrices of SMPTE EG 432-1 and IEC 61966-2-1, computed by hand."""


def striped(height: int = 48, width: int = 96) -> np.ndarray:
    return np.repeat(PATCHES[None], height, axis=0).repeat(width // 3, axis=1)


def middles(picture: np.ndarray) -> list[list[int]]:
    height, width = picture.shape[:2]
    return [picture[height // 2, int(width * (n + 0.5) / 3)].tolist() for n in range(3)]


def near(expected: list[list[int]], within: float) -> Any:
    return [pytest.approx(one, abs=within) for one in expected]


def png(path: Path, picture: np.ndarray, *chunks: tuple[bytes, bytes], **options: Any) -> Path:
    """A PNG with chunks of its own in front of the pixels."""
    data = io.BytesIO()
    Image.fromarray(picture).save(data, "PNG", **options)
    whole, more = data.getvalue(), b""
    for name, body in chunks:
        more += struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
    path.write_bytes(whole[:33] + more + whole[33:])
    return path


def shown(path: Path) -> tuple[np.ndarray, PhotoReader]:
    with path.open("rb") as file:
        reader = PhotoReader(file)
        return np.asarray(reader.photo().image), reader


def film(path: Path, picture: np.ndarray, **colour: int) -> VideoFrame:
    """One frame, losslessly, of a stream that names these colours."""
    height, width = picture.shape[:2]
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("libx264", rate=25, options={"qp": "0"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv444p"
        matrix = colour.get("matrix", 2)
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(
            format="yuv444p", dst_colorspace=matrix if matrix != 2 else colour["made_with"]
        )
        for place in (stream.codec_context, frame):
            place.color_primaries, place.color_trc = colour.get("primaries", 2), colour.get("transfer", 2)
            place.colorspace = matrix
        for _ in range(3):
            frame.pts = None
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with av.open(str(path)) as container:
        decoded = next(container.decode(video=0))
    return VideoFrame(
        decoded=decoded, pts=0, end_pts=1, time_base=Fraction(1, 25), is_keyframe=True, sample_aspect_ratio=Fraction(1)
    )


@pytest.mark.parametrize(
    ("colour", "expected"),
    [
        ({"primaries": 12, "transfer": 13, "matrix": 1}, P3_IN_SRGB),
        ({"primaries": 12, "transfer": 1, "matrix": 1}, P3_IN_SRGB),
        ({"primaries": 1, "transfer": 1, "matrix": 1}, PATCHES.tolist()),
        ({"primaries": 6, "transfer": 6, "matrix": 6}, PATCHES.tolist()),
        ({"primaries": 1, "transfer": 8, "matrix": 1}, [[200, 168, 152], [160, 200, 168], [188, 188, 188]]),
        ({"primaries": 1, "transfer": 4, "matrix": 1}, [[150, 101, 81], [91, 150, 101], [128, 128, 128]]),
    ],
)
def test_primaries_and_transfer_of_a_video_are_followed(
    tmp_path: Path, colour: dict[str, int], expected: list[list[int]]
) -> None:
    frame = film(tmp_path / "a.mp4", striped(), **colour)
    assert middles(frame.rgb()) == near(expected, 3)
    assert middles(frame.lossless()) == near(expected, 3)
    assert frame.colour.facts.assumed == ()


def test_bt_2020_for_ordinary_screens_is_brought_to_srgb(tmp_path: Path) -> None:
    frame = film(tmp_path / "a.mp4", striped(), primaries=9, transfer=14, matrix=9)
    by_hand = to_srgb(PATCHES[None], Colour(primaries=9, transfer=14))[0]
    assert by_hand[0, 0] > 160  # wider primaries: the same numbers are redder
    assert middles(frame.rgb()) == near(by_hand.tolist(), 3)


@pytest.mark.parametrize(
    ("size", "made_with", "name"),
    [
        ((720, 1280), 1, "BT.709"), ((1080, 1920), 1, "BT.709"), ((480, 720), 6, "SMPTE 170M"),
        ((576, 720), 6, "SMPTE 170M"),
    ],
)  # fmt: skip
def test_a_matrix_that_is_not_named_is_what_players_assume(
    tmp_path: Path, size: tuple[int, int], made_with: int, name: str
) -> None:
    picture = np.array([[200, 50, 50], [50, 200, 50], [50, 50, 200]], np.uint8)
    wide = np.repeat(picture[None], size[0], axis=0).repeat(size[1] // 3 + 1, axis=1)[:, : size[1]]
    frame = film(tmp_path / "a.mp4", wide, made_with=made_with)
    assert middles(frame.rgb()) == near(picture.tolist(), 3)
    assert frame.colour.facts.matrix is None
    assert frame.colour.facts.assumed == (f"matrix {name}", "primaries as sRGB", "transfer as sRGB")


def test_rgb_and_grey_need_no_matrix() -> None:
    for form in ("rgb24", "gbrp", "gray"):
        assert frame_colour(av.VideoFrame(1920, 1080, form)).assumed_matrix is None


@pytest.mark.parametrize(
    ("primaries", "transfer", "expected"),
    [
        (12, 13, P3_IN_SRGB), (1, 13, PATCHES.tolist()), (1, 8, [[202, 168, 152], [160, 202, 168], [188, 188, 188]]),
    ],
)  # fmt: skip
def test_cicp_of_a_png_is_followed(tmp_path: Path, primaries: int, transfer: int, expected: list[list[int]]) -> None:
    path = png(tmp_path / "a.png", striped(), (b"cICP", bytes([primaries, transfer, 0, 1])))
    picture, reader = shown(path)
    assert middles(picture) == near(expected, 1)
    assert reader.info.colour_source == "cICP"


def test_pq_of_a_png_is_tone_mapped(tmp_path: Path) -> None:
    grey = np.array([64, 128, 220], np.uint8)
    picture = np.repeat(np.repeat(grey[:, None], 3, axis=1)[None], 48, axis=0).repeat(32, axis=1)
    found, reader = shown(png(tmp_path / "a.png", picture, (b"cICP", bytes([9, 16, 0, 1]))))
    assert middles(found) == near([[45] * 3, [181] * 3, [255] * 3], 2)
    assert reader.info.colour == "BT.2020, PQ"


def test_cicp_goes_before_an_icc_profile_and_that_before_gamma(tmp_path: Path) -> None:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    gamma = (b"gAMA", struct.pack(">I", 100_000))
    first, _ = shown(png(tmp_path / "a.png", striped(), (b"cICP", bytes([12, 13, 0, 1])), icc_profile=srgb))
    assert middles(first) == near(P3_IN_SRGB, 1)
    second, _ = shown(png(tmp_path / "b.png", striped(), gamma, icc_profile=srgb))
    assert middles(second) == near(PATCHES.tolist(), 1)


@pytest.mark.parametrize(("gamma", "expected"), [(1.0, 188), (0.45455, 128), (0.625, 156)])
def test_gama_of_a_png_is_followed(tmp_path: Path, gamma: float, expected: int) -> None:
    chunk = (b"gAMA", struct.pack(">I", round(gamma * 100_000)))
    assert middles(shown(png(tmp_path / "a.png", striped(), chunk))[0])[2] == near([[expected] * 3], 1)[0]
    grey = np.full((48, 96), 128, np.uint8)
    assert shown(png(tmp_path / "b.png", grey, chunk))[0][24, 24] == pytest.approx(expected, abs=1)
    deep = np.full((48, 96), 128 * 257, np.uint16)
    deep[:, :32] = 65535
    assert shown(png(tmp_path / "c.png", deep, chunk))[0][24, 80] == pytest.approx(expected, abs=1)


def test_chrm_of_a_png_is_followed_and_an_impossible_one_is_not(tmp_path: Path) -> None:
    places = PRIMARIES[12][1]
    order = (*places[6:8], *places[:6])
    chunk = (b"cHRM", struct.pack(">8I", *(round(100_000 * place) for place in order)))
    picture, reader = shown(png(tmp_path / "a.png", striped(), chunk))
    assert middles(picture) == near(P3_IN_SRGB, 1)
    assert (reader.info.colour, reader.info.colour_source) == ("own primaries, sRGB", "cHRM")
    nonsense = (b"cHRM", bytes(32))
    assert middles(shown(png(tmp_path / "b.png", striped(), nonsense))[0]) == PATCHES.tolist()


@pytest.mark.parametrize("suffix", ["avif", "heic"])
def test_nclx_of_heif_and_avif_is_followed(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    options: dict[str, Any] = {"color_primaries": 12, "transfer_characteristics": 13, "matrix_coefficients": 1}
    if suffix == "heic":
        Image.fromarray(striped()).save(path, quality=95, chroma=444, **options)
        data = path.read_bytes()
    else:
        Image.fromarray(striped()).save(path, quality=95, subsampling="4:4:4")
        data = path.read_bytes()
        place = data.index(b"nclx")
        path.write_bytes(data[: place + 4] + struct.pack(">HH", 12, 13) + data[place + 8 :])
    with path.open("rb") as file:
        assert nclx_of(file) == (12, 13)
    picture, reader = shown(path)
    assert middles(picture) == near(P3_IN_SRGB, 4)
    assert (reader.info.colour, reader.info.colour_source) == ("Display P3, sRGB", "nclx")


def test_exifs_interoperability_index_names_adobe_rgb(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    exif = b"Exif\0\0MM\0*" + struct.pack(">I", 8)
    exif += struct.pack(">HHHIII", 1, 0x8769, 4, 1, 26, 0) + struct.pack(">HHHIII", 1, 0xA005, 4, 1, 44, 0)
    exif += struct.pack(">HHHI4sI", 1, 1, 2, 4, b"R03\0", 0)
    Image.fromarray(striped()).save(path, exif=exif, quality=97, subsampling=0)
    picture, reader = shown(path)
    assert middles(picture) == near([[167, 100, 78], [36, 151, 97], [129, 129, 129]], 4)
    assert reader.info.colour_source == "Exif"


def test_transparency_keeps_its_place(tmp_path: Path) -> None:
    picture = np.dstack([striped(), np.full((48, 96), 77, np.uint8)])
    found, _ = shown(png(tmp_path / "a.png", picture, (b"cICP", bytes([12, 13, 0, 1]))))
    assert middles(found[..., :3]) == near(P3_IN_SRGB, 1)
    assert (found[..., 3] == 77).all()


def test_tiles_have_the_colours_of_the_preview() -> None:
    picture = np.random.default_rng(1).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    for colour in (Colour(primaries=12, transfer=13), Colour(gamma=1.0), Colour(primaries=9, transfer=4)):
        image = pyvips.Image.new_from_array(picture).copy(interpretation="srgb")
        assert np.abs(np.asarray(_eight_bit_srgb(image, colour)).astype(int) - to_srgb(picture, colour)).max() <= 1


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
@pytest.mark.parametrize("primaries", [4, 8, 9, 10, 11, 12])
def test_grey_stays_grey_and_white_stays_white_in_all_primaries(kind: type, primaries: int) -> None:
    full = np.iinfo(kind).max
    grey = np.linspace(0, full, 50).astype(kind)[None, :, None].repeat(3, axis=2)
    found = to_srgb(grey, Colour(primaries=primaries, transfer=13))
    assert np.abs(found.astype(int) - grey).max() <= full * 0.004
    assert np.array_equal(grey_to_srgb(grey[..., 0], Colour(primaries=primaries, transfer=13)), grey[..., 0])


@pytest.mark.parametrize(("transfer", "right"), [(13, [[156, 98, 75], [86, 156, 98], [130, 130, 130]])])
def test_a_png_of_narrow_range_is_widened(transfer: int, right: list[list[int]], tmp_path: Path) -> None:
    path = png(tmp_path / "p.png", striped(), (b"cICP", bytes((1, transfer, 0, 0))))
    picture, reader = shown(path)
    assert middles(picture) == right
    assert (reader.info.colour, reader.info.colour_source) == ("BT.709, sRGB, narrow range", "cICP")
    grey = grey_to_srgb(np.array([[0, 16, 126, 235, 255]], np.uint8), Colour(is_narrow=True))
    assert grey.tolist() == [[0, 0, 128, 255, 255]]


@pytest.mark.parametrize(
    ("codes", "source"),
    [
        ((2, 2), "cICP, primaries and transfer unspecified: sRGB assumed"),
        ((2, 13), "cICP, primaries unspecified: sRGB assumed"),
        ((12, 2), "cICP, transfer unspecified: sRGB assumed"),
        ((12, 13), "cICP"),
    ],
)
def test_values_that_a_cicp_chunk_leaves_open_are_marked_as_assumed(
    codes: tuple[int, int], source: str, tmp_path: Path
) -> None:
    path = png(tmp_path / "p.png", striped(), (b"cICP", bytes((*codes, 0, 1))))
    assert shown(path)[1].info.colour_source == source
