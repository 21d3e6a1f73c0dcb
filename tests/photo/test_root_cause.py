"""One broken photo has one root cause, in the same words in every processor; metadata come with what is shown."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from processors.contract import Source
from processors.engine.derive import derive
from processors.identify import identify
from processors.metadata.metadata import Metadata
from processors.photo.deep import DeepPhoto
from processors.photo.photo_preview import PhotoPreview
from processors.photo.salvaged import Salvaged
from processors.photo.tiles import Tiles
from processors.sources.source_file import SourceFile
from processors.store.manifest import Manifest
from processors.store.store import Store
from tests.photo.test_photo_damage import encoded
from tests.photo.test_tiff import tiff

PROCESSORS = (PhotoPreview(), Tiles(least_pixels=1), DeepPhoto(), Salvaged(), Metadata())


def made_of(data: bytes, picture_format: str, folder: Path) -> tuple[Store, dict[str, Manifest]]:
    path = folder / "p"
    path.write_bytes(data)
    source = Source(digest="a" * 64, size_bytes=1, name="p", medium="photo", format=picture_format, has_sound=False)
    store = Store(folder / "store")
    outcomes = derive(source, SourceFile.at(path), "june", PROCESSORS, store)
    return store, {one.ref.processor: store.manifest(one.ref) for one in outcomes}


@pytest.mark.parametrize(
    ("picture_format", "data", "fault"),
    [
        ("jpeg", encoded("JPEG")[:158], "this JPEG has no frame header, which says its width, height and colours"),
        ("png", encoded("PNG")[:29] + b"????" + encoded("PNG")[33:], "the IHDR chunk of this PNG is damaged"),
        ("png", encoded("PNG")[:20], "truncated: the file ends before its picture does"),
        ("webp", encoded("WEBP")[:40], "truncated: the file ends before its picture does"),
        ("bmp", encoded("BMP")[:20], "the header of this BMP is damaged or cut off"),
        ("gif", encoded("GIF")[:9], "the header of this GIF is damaged or cut off"),
        ("jpeg2000", encoded("JPEG2000")[:30], "the header of this JPEG 2000 is damaged or cut off"),
    ],
)
def test_all_processors_report_a_broken_header_in_the_same_words(
    picture_format: str, data: bytes, fault: str, tmp_path: Path
) -> None:
    _, made = made_of(data, picture_format, tmp_path)
    failed = {name: one.reason for name, one in made.items() if one.verdict == "failed"}
    assert {"photo.preview", "metadata"} <= failed.keys()
    assert all(reason is not None and reason.startswith(fault) for reason in failed.values())
    salvage = [reason for reason in failed.values() if reason and "photo.salvaged" in reason]
    assert not salvage or picture_format == "png"


def test_metadata_of_a_tiff_of_floats_come_with_its_preview(tmp_path: Path) -> None:
    samples = np.linspace(0, 1, 48, dtype=np.float32).reshape(4, 4, 3)
    store, made = made_of(tiff((samples, [(270, 2, b"a rock\0")])), "tiff", tmp_path)
    assert (made["photo.preview"].verdict, made["metadata"].verdict) == ("made", "made")
    (item,) = made["metadata"].items
    record = json.loads(store.item_path(made["metadata"].ref, item.name).read_bytes())
    assert record["picture"] == {
        "format": "tiff",
        "width_px": 4,
        "height_px": 4,
        "mode": "RGB;float32",
        "frame_count": 1,
        "icc_profile": None,
        "compression": "no compression",
    }
    assert {tag["name"]: tag["value"] for tag in record["tags"]}["ImageDescription"] == "a rock"


def test_an_avif_larger_than_its_decoder_takes_is_refused_by_its_size(tmp_path: Path) -> None:
    small = encoded("AVIF")
    place = small.index(b"ispe") + 8
    _, made = made_of(small[:place] + (17000).to_bytes(4, "big") * 2 + small[place + 8 :], "avif", tmp_path)
    for name in ("photo.preview", "metadata"):
        assert made[name].verdict == "refused"
        assert made[name].reason == (
            "17000 x 17000 pixels is over the limit of the AVIF decoder, 268435456: convert it to TIFF or JPEG"
        )


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P"])
@pytest.mark.parametrize("compression", [None, "tga_rle"])
def test_targa_is_refused_by_its_name(mode: str, compression: str | None) -> None:
    file = io.BytesIO()
    Image.new("RGB", (30, 20)).convert(mode).save(file, "TGA", compression=compression)
    file.seek(0)
    found = identify(file, "p.tga")
    assert (found.kind, found.format) == ("unsupported", "Targa image")
    assert found.note == "not supported: convert it to TIFF, PNG or JPEG"


def test_a_kind_of_tiff_that_only_one_decoder_reads_is_unsupported_by_the_other(tmp_path: Path) -> None:
    packed = np.arange(12 * 24, dtype=np.uint8).reshape(12, 24)  # 12 bits a sample: 16 samples a row
    _, made = made_of(tiff((packed, [(256, 4, (16,)), (258, 3, (12,))])), "tiff", tmp_path)
    assert made["photo.preview"].verdict == "made"
    for name in ("photo.deep", "photo.tiles"):
        assert (made[name].verdict, made[name].blame) == ("refused", "version")
        assert made[name].reason == (
            "it is not read in strips: samples_per_pixel not a whole number of bytes (while reading the picture's "
            "header): convert it to TIFF, PNG or JPEG"
        )
