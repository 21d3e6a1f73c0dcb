"""Damage of a photo is told, with the part of the picture that it may reach; what harms no pixel is not damage."""

from __future__ import annotations

import io
import re
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import pyvips
from PIL import Image

from processors.containers.photo.heif_file import items_of_picture
from processors.contract import Source
from processors.engine.derive import derive
from processors.errors import DamagedMedia
from processors.photo.photo_preview import PhotoPreview
from processors.photo.reading.photo_reader import Photo, PhotoReader, PhotoReport
from processors.sources.source_file import SourceFile
from processors.store.store import Store

PICTURE = np.random.default_rng(7).integers(40, 200, (30, 40, 3)).astype(np.uint8).repeat(16, 0).repeat(16, 1)


def encoded(picture_format: str, **options: object) -> bytes:
    file = io.BytesIO()
    Image.fromarray(PICTURE).save(file, picture_format, **options)
    return file.getvalue()


def read(data: bytes) -> tuple[Photo, PhotoReport]:
    reader = PhotoReader(io.BytesIO(data))
    photo = reader.photo()
    return photo, reader.report()


def zeroed(data: bytes, at: int, count: int) -> bytes:
    return data[:at] + bytes(count) + data[at + count :]


def test_whole_jpeg_is_complete() -> None:
    _, report = read(encoded("JPEG", quality=90))
    assert (report.condition, report.damaged_share, report.damage, report.trailing_bytes) == ("complete", None, None, 0)


def test_corrupt_jpeg_is_shown_and_reported() -> None:
    whole = encoded("JPEG", quality=90)
    photo, report = read(zeroed(whole, len(whole) // 2, 64))
    assert photo.image.size == (640, 480)
    assert (report.condition, report.damaged_share) == ("damaged", 1.0)
    assert report.damage is not None
    assert report.damage.startswith(
        "the picture is damaged: up to 100 % of the picture may be wrong, at the latest from"
    )


def test_corrupt_jpeg_with_restarts_is_damaged_only_where_an_interval_is() -> None:
    whole = encoded("JPEG", quality=90, restart_marker_rows=1)
    photo, report = read(zeroed(whole, len(whole) // 2, 64))
    right, _ = read(whole)
    differs = (np.asarray(photo.image) != np.asarray(right.image)).any(axis=(1, 2)).mean()
    assert report.damaged_share is not None
    assert differs - 0.02 <= report.damaged_share <= 2 * 16 / 480
    assert report.condition == "damaged"


def test_corrupt_progressive_jpeg_may_be_wrong_anywhere() -> None:
    whole = encoded("JPEG", quality=90, progressive=True)
    _, report = read(zeroed(whole, len(whole) // 2, 64))
    assert (report.condition, report.damaged_share) == ("damaged", 1.0)


def is_passed_over(data: bytes) -> bool:
    """Return whether libjpeg decodes these bytes without a word."""
    try:
        pyvips.Image.jpegload_buffer(data, fail_on="warning").avg()
    except pyvips.Error:
        return False
    return True


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "a block has more than its 64 values|2000 zero bytes where no encoder writes so many"),
        ({"progressive": True}, "a block has more than its 64 values"),
    ],
)
def test_zeros_that_libjpeg_decodes_without_a_word_are_damage(options: dict[str, object], said: str) -> None:
    rough = np.random.default_rng(5).normal(0, 12, (480, 640, 3)) + np.arange(640)[:, None] / 4 + 40
    file = io.BytesIO()
    Image.fromarray(np.clip(rough, 0, 255).astype(np.uint8)).save(file, "JPEG", quality=90, **options)
    whole = file.getvalue()
    holes = [zeroed(whole, len(whole) * share // 40, 2000) for share in range(10, 36)]
    silent = [data for data in holes if is_passed_over(data)]
    told = [str(read(data)[1].damage) for data in silent]
    assert len(told) >= 3
    assert all(
        re.search(rf"the picture is damaged: .*\(corrupt JPEG data: ({said}|.* left over)\)", one) for one in told
    )
    assert {kind for kind in said.split("|") if any(kind in one for one in told)} == set(said.split("|"))


def test_whole_jpegs_of_every_kind_have_no_impossible_block() -> None:
    grey, inks = Image.fromarray(PICTURE).convert("L"), Image.fromarray(PICTURE).convert("CMYK")
    for picture in (Image.fromarray(PICTURE), grey, inks, grey.resize((1, 1)), Image.new("RGB", (700, 9))):
        for options in ({}, {"progressive": True}, {"quality": 100, "subsampling": 0}, {"restart_marker_rows": 1}):
            file = io.BytesIO()
            picture.save(file, "JPEG", **options)
            assert read(file.getvalue())[1].condition == "complete", (picture, options)


@pytest.mark.parametrize(
    "harmless",
    [
        lambda data: data[:20] + b"\0\0\0" + data[20:],  # between two segments of the header
        lambda data: data[:-2] + bytes(7) + data[-2:],  # zeros before the end
        lambda data: data[:11] + b"\x05" + data[12:],  # a version of JFIF that does not exist
        lambda data: data[:20] + b"\xff\xff\xff" + data[20:],  # fill bytes
    ],
)
def test_what_concerns_no_pixel_is_not_damage(harmless) -> None:
    photo, report = read(harmless(encoded("JPEG", quality=90)))
    assert (report.condition, report.damage) == ("complete", None)
    assert (np.asarray(photo.image) == np.asarray(Image.open(io.BytesIO(encoded("JPEG", quality=90))))).all()


@pytest.mark.parametrize(
    ("behind", "kind"),
    [(b"PK\x03\x04" + bytes(40), "a ZIP archive"), (b"\xff\xd8\xff\xe0", "another JPEG"), (b"6", None)],
)
def test_trailing_data_of_a_jpeg_are_counted(behind: bytes, kind: str | None) -> None:
    _, report = read(encoded("JPEG") + behind)
    assert (report.condition, report.trailing_bytes, report.trailing_kind) == ("complete", len(behind), kind)


def test_jpeg_without_its_end_is_truncated_though_all_rows_are_there() -> None:
    photo, report = read(encoded("JPEG")[:-2])
    assert photo.image.size == (640, 480)
    assert (report.condition, report.damaged_share) == ("truncated", None)
    assert report.damage == "the file is truncated, its pixels are not: the marker at the end of a JPEG is missing"


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def test_png_with_damaged_text_is_shown_and_reported() -> None:
    whole = encoded("PNG")
    bad = whole[:33] + chunk(b"tEXt", b"Title\0Mars")[:-1] + b"?" + whole[33:]
    photo, report = read(bad)
    assert (np.asarray(photo.image) == PICTURE).all()
    assert report.condition == "damaged"
    assert report.damage == "the file is damaged, its pixels are not: the checksum (CRC) of tEXt does not match"


def test_png_with_a_damaged_header_is_reported() -> None:
    whole = encoded("PNG")
    with pytest.raises(
        DamagedMedia, match=r"the IHDR chunk of this PNG is damaged: its checksum \(CRC\) does not match"
    ):
        read(whole[:29] + b"????" + whole[33:])


def test_png_with_a_wrong_checksum_is_reported_from_its_first_bad_row() -> None:
    raw = b"".join(b"\0" + row.tobytes() for row in PICTURE)
    packed = zlib.compress(raw, 0)
    middle = len(packed) // 2
    head = encoded("PNG")[:33]
    second = chunk(b"IDAT", packed[middle:])
    data = head + chunk(b"IDAT", packed[:middle]) + second[:-4] + b"????" + chunk(b"IEND", b"")
    photo, report = read(data)
    assert (np.asarray(photo.image) == PICTURE).all()
    assert report.damaged_share is not None
    assert 0.49 < report.damaged_share < 0.52


def test_png_with_much_text_is_read() -> None:
    from PIL.PngImagePlugin import PngInfo

    text = PngInfo()
    text.add_text("comment", "x" * 2_000_000, zip=True)
    photo, report = read(encoded("PNG", pnginfo=text))
    assert (np.asarray(photo.image) == PICTURE).all()
    assert report.condition == "complete"


@pytest.mark.parametrize("picture_format", ["PNG", "GIF", "WEBP", "JPEG2000", "BMP", "PPM"])
def test_truncated_picture_fails_with_a_message_without_inner_names(picture_format: str) -> None:
    whole = encoded(picture_format)
    with pytest.raises(DamagedMedia) as caught:
        read(whole[: len(whole) * 6 // 10])
    assert ("photo.salvaged" in caught.value.todo) == (picture_format == "PNG")
    assert caught.value.what in (
        "truncated: the file ends before its picture does",
        "the compressed picture data is corrupt or cut off",
    )


def test_damage_is_in_the_facts_of_a_preview_and_of_its_source(tmp_path: Path) -> None:
    whole = encoded("JPEG", quality=90)
    path = tmp_path / "p.jpg"
    path.write_bytes(zeroed(whole, len(whole) // 2, 64))
    source = Source(digest="a" * 64, size_bytes=1, name="p.jpg", medium="photo", format="jpeg", has_sound=False)
    store = Store(tmp_path / "store")
    (outcome,) = derive(source, SourceFile.at(path), "june", [PhotoPreview(formats=("jpeg",))], store)
    manifest = store.manifest(outcome.ref)
    assert manifest.verdict == "made"
    assert isinstance(manifest.source_facts, dict)
    assert manifest.source_facts["condition"] == "damaged"
    assert all("may be wrong" in item.facts["damage"] for item in manifest.items)  # type: ignore[index]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"quality": 100, "subsampling": "4:4:4"},
        {"speed": 10, "quality": 20},
        {"subsampling": "4:0:0"},
        {"range": "limited"},
    ],
)
def test_whole_avif_is_complete_and_a_flipped_bit_is_reported(options: dict[str, object]) -> None:
    data = encoded("AVIF", **options)
    assert read(data)[1].damage is None
    middle = len(data) // 2
    flipped = data[:middle] + bytes([data[middle] ^ 4]) + data[middle + 1 :]
    try:
        damage = read(flipped)[1].damage
    except DamagedMedia as error:
        damage = error.what
    assert damage is not None
    assert "corrupt" in damage


@pytest.mark.parametrize("picture_format", ["AVIF", "JPEG2000"])
@pytest.mark.parametrize("part", [0.1, 0.5, 0.99])
def test_avif_and_jpeg_2000_that_are_cut_off_are_never_whole(picture_format: str, part: float) -> None:
    data = encoded(picture_format)
    with pytest.raises(DamagedMedia):
        read(data[: int(len(data) * part)])


@pytest.mark.parametrize("moving", [False, True])
def test_avif_with_transparency_or_more_pictures_is_complete(moving: bool) -> None:
    file = io.BytesIO()
    pictures = [Image.fromarray(PICTURE[::step]).convert("RGBA").resize((63, 41)) for step in (1, 2, 3)]
    pictures[0].putalpha(128)
    pictures[0].save(file, "AVIF", save_all=moving, append_images=pictures[1:] if moving else [])
    assert read(file.getvalue())[1].damage is None


@pytest.mark.parametrize(
    "options", [{}, {"chroma": "444"}, {"quality": -1}, {"quality": 20}], ids=["usual", "4:4:4", "lossless", "coarse"]
)
def test_whole_heic_is_complete_and_a_wrong_length_in_it_is_reported(options: dict[str, object]) -> None:
    data = encoded("HEIF", **options)
    assert read(data)[1].condition == "complete"
    picture = data.index(b"mdat") + 4  # units, each behind its length
    wrong = data[:picture] + (len(data) + 99).to_bytes(4, "big") + data[picture + 4 :]
    try:
        report = read(wrong)[1]
    except DamagedMedia:
        return
    assert report.condition == "damaged"


def test_wrong_bytes_in_a_heic_are_reported_where_they_break_its_rules() -> None:
    data = encoded("HEIF", quality=60)
    start = data.index(b"mdat") + 100
    told = [read(zeroed(data, start + part * (len(data) - start) // 8, 32))[1] for part in range(8)]
    assert {one.condition for one in told} >= {"damaged"}
    assert {one.damaged_share for one in told if one.condition == "damaged"} == {1.0}


def test_heic_with_transparency_more_pictures_or_grey_is_complete() -> None:
    pictures = [Image.fromarray(PICTURE[::step]) for step in (1, 2, 3)]
    for first, options in (
        (pictures[0].convert("RGBA"), {}),
        (pictures[0].convert("L"), {}),
        (pictures[0], {"save_all": True, "append_images": pictures[1:]}),
    ):
        file = io.BytesIO()
        first.save(file, "HEIF", **options)
        assert read(file.getvalue())[1].damage is None


def test_heic_of_a_phone_that_is_cut_off_is_truncated(samples: Path) -> None:
    """Its decoder leaves the tiles that are missing black, and says nothing."""
    data = (samples / "formats/photo/exif-samples/IMG_5195.HEIC").read_bytes()
    assert items_of_picture(io.BytesIO(data)) >= set(range(1, 43))
    report = read(data[: len(data) // 2])[1]
    assert (report.condition, report.fault) == ("truncated", "the file ends before its picture does in 22 of 42 tiles")
    assert report.damaged_share is not None
    assert 0.5 < report.damaged_share < 1


@pytest.mark.parametrize(
    "options",
    [{}, {"irreversible": True, "quality_layers": [30]}, {"tile_size": (128, 128)}, {"num_resolutions": 2}],
    ids=["usual", "lossy", "tiles", "resolutions"],
)
def test_whole_jpeg_2000_is_complete_and_visible_wrong_bytes_are_reported(options: dict[str, object]) -> None:
    data = encoded("JPEG2000", **options)
    assert read(data)[1].condition == "complete"
    told = set()
    for part in range(2, 10):
        place = len(data) * part // 10
        try:
            told.add(
                read(data[:place] + bytes(byte ^ 0x5A for byte in data[place : place + 8]) + data[place + 8 :])[
                    1
                ].condition
            )
        except DamagedMedia:
            continue
    assert "damaged" in told


def test_a_strip_of_a_tiff_that_cannot_be_read_among_others_is_damaged() -> None:
    data = encoded("TIFF", compression="jpeg", quality=85)
    frame = data.index(b"\xff\xc0", data.index(b"\xff\xda"))  # of the second strip
    _, report = read(data[: frame + 1] + b"\xce" + data[frame + 2 :])
    assert (report.condition, report.fault) == ("damaged", "Unsupported JPEG process: SOF type 0xce")


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_marker_in_the_middle_of_a_jpeg_in_tiff_is_damage(share: float) -> None:
    data = encoded("TIFF", compression="jpeg", quality=85)
    start = data.index(b"\xff\xda") + 14
    place = start + round((len(data) - start) * share)
    _, report = read(data[:place] + b"\xff\x44" + data[place + 2 :])
    assert (report.condition, report.fault) == ("damaged", "Unsupported marker type 0x44")


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize(
    "options", [{}, {"subsampling": "4:2:0"}, {"restart_marker_rows": 1}, {"progressive": True}, {"keep_rgb": True}]
)
@pytest.mark.parametrize("size", [(640, 480), (5, 3), (1, 1), (333, 17)])
def test_bytes_that_no_block_of_a_jpeg_uses_are_damage(mode: str, options: dict, size: tuple[int, int]) -> None:
    file = io.BytesIO()
    Image.fromarray(PICTURE).convert(mode).resize(size).save(file, "JPEG", quality=85, **options)
    whole = file.getvalue()
    assert read(whole)[1].condition == "complete"
    assert read(whole[:-2] + bytes(9) + whole[-2:])[1].condition == "complete"
    _, report = read(whole[:-2] + b"\x12\x34\x56" * 9 + whole[-2:])
    assert report.condition == "damaged"
    assert report.fault is not None
    assert re.fullmatch("corrupt JPEG data: at least 2[0-7] bytes are left over", report.fault)
    restarts = "restart_marker_rows" in options and size[1] > 16
    rows = {"RGB": 16, "L": 8, "CMYK": 8}[mode]
    last_rows = (size[1] - 1) % rows + 1
    assert report.damaged_share is not None
    assert last_rows / size[1] - 1e-6 <= report.damaged_share <= (rows / size[1] + 1e-6 if restarts else 1.0)


def test_bytes_left_over_are_heard_of_behind_what_harms_no_pixel_and_without_an_end() -> None:
    whole, left_over = encoded("JPEG", quality=90), b"\x12\x34\x56" * 9
    bad = whole[:-2] + left_over + whole[-2:]
    for one in (bad[:20] + b"\0\0\0" + bad[20:], bad[:11] + b"\x05" + bad[12:], bad + b"PK\x03\x04", bad[:-2]):
        _, report = read(one)
        assert (report.condition, report.fault) == ("damaged", "corrupt JPEG data: at least 25 bytes are left over")


def test_gif_that_ends_after_its_first_picture_is_truncated() -> None:
    flipped = Image.fromarray(PICTURE[::-1].copy())
    whole = encoded("GIF", save_all=True, append_images=[flipped, Image.fromarray(PICTURE[:, ::-1].copy())])
    photo, report = read(whole)
    assert (report.condition, report.frame_count, report.trailing_bytes) == ("complete", 3, 0)
    right = np.asarray(photo.image)
    for cut, pictures in ((1, 3), (500, 2), (len(whole) * 2 // 5, 1)):
        photo, report = read(whole[:-cut])
        assert (np.asarray(photo.image) == right).all()
        assert (report.condition, report.frame_count) == ("truncated", pictures)
        assert report.damage == "the file is truncated, its pixels are not: the trailer of a GIF is missing"
    assert read(whole + b"PK")[1].trailing_bytes == 2


def test_file_of_several_jpegs_that_ends_after_the_first_is_truncated() -> None:
    whole = encoded("MPO", save_all=True, append_images=[Image.fromarray(PICTURE[::-1].copy())])
    assert read(whole)[1].condition == "complete"
    photo, report = read(whole[:-1])
    assert (np.asarray(photo.image) == np.asarray(read(whole)[0].image)).all()
    assert report.condition == "truncated"
    assert report.fault == "1 of its 2 pictures extend beyond the end of the file"


@pytest.mark.parametrize(
    ("picture_format", "behind", "kind"),
    [
        ("WEBP", b"PK\x03\x04" + bytes(40), "a ZIP archive"),
        ("AVIF", b"PK\x03\x04" + bytes(40), "a ZIP archive"),
        ("AVIF", encoded("AVIF"), "another picture"),
        ("JPEG2000", bytes(40), None),
        ("BMP", bytes(40), None),
        ("PPM", encoded("PPM"), None),
    ],
)
def test_bytes_after_the_last_box_or_chunk_are_counted(picture_format: str, behind: bytes, kind: str | None) -> None:
    whole = encoded(picture_format)
    assert (read(whole)[1].trailing_bytes, read(whole)[1].trailing_kind) == (0, None)
    _, report = read(whole + behind)
    assert (report.condition, report.trailing_bytes, report.trailing_kind) == ("complete", len(behind), kind)


def test_pixels_outside_the_palette_are_reported() -> None:
    image = Image.fromarray(np.tile(np.arange(64, dtype=np.uint8), (48, 1)))
    image.putpalette(bytes(range(192)))
    file = io.BytesIO()
    image.save(file, "PNG")
    data = file.getvalue()
    at = data.index(b"PLTE")
    length = struct.unpack(">I", data[at - 4 : at])[0]
    chunk = b"PLTE" + data[at + 4 : at + 34]
    short = struct.pack(">I", 30) + chunk + struct.pack(">I", zlib.crc32(chunk))
    assert read(data)[1].condition == "complete"
    _, report = read(data[: at - 4] + short + data[at + 8 + length :])
    assert (report.condition, report.damaged_share) == ("damaged", 54 / 64)
    assert report.fault == "its palette has 10 colours, and 2592 pixels name others"


def test_animated_png_that_lacks_pictures_is_truncated() -> None:
    file = io.BytesIO()
    pictures = [Image.fromarray(np.roll(PICTURE, 40 * number, 1)) for number in range(4)]
    pictures[0].save(file, "PNG", save_all=True, append_images=pictures[1:])
    data = file.getvalue()
    assert read(data)[1].condition == "complete"
    _, report = read(data[: data.rindex(b"fcTL") - 4] + data[-12:])
    assert (report.condition, report.fault) == ("truncated", "1 of its 4 pictures are missing")


def test_zeros_that_are_a_plain_area_or_padding_are_no_damage() -> None:
    plain = io.BytesIO()
    Image.new("RGB", (2000, 2000), (90, 90, 90)).save(plain, "JPEG", optimize=True)
    assert bytes(1000) in plain.getvalue()
    assert read(plain.getvalue())[1].condition == "complete"
    padded = encoded("JPEG", quality=90)
    assert read(padded[:-2] + bytes(3000) + padded[-2:])[1].condition == "complete"


@pytest.mark.parametrize(
    ("mark", "white", "bands"), [(b"P5", 100, 1), (b"P6", 100, 3), (b"P5", 1023, 1), (b"P6", 1023, 3)]
)
def test_samples_above_the_white_level_of_a_pnm_are_damage(mark: bytes, white: int, bands: int) -> None:
    samples = np.full((30, 40, bands), white, np.uint8 if white < 256 else ">u2")
    header = mark + b"\n# made here\n40 30\n%d\n" % white
    assert read(header + samples.tobytes())[1].damage is None
    samples[3, 5, 0] = samples[4, 7, -1] = white + 1
    report = read(header + samples.tobytes())[1]
    assert (report.condition, report.damaged_share) == ("damaged", round(2 / (1200 * bands), 6))
    assert report.damage is not None
    assert report.damage.endswith(
        f"(2 of {1200 * bands} samples are above the white level in the header, {white}, and shown as white)"
    )


def test_a_sample_above_the_white_level_of_a_pnm_in_digits_is_named() -> None:
    with pytest.raises(DamagedMedia) as refused:
        read(b"P2\n4 2\n10\n1 2 3 4\n5 6 11 8\n")
    assert str(refused.value) == "a sample of 11 is above the white level in the header: download it again"
