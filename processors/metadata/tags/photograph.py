"""Metadata of a photograph: EXIF, XMP, IPTC, ICC, and the text chunks of its format."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from PIL import ImageFile, PngImagePlugin, TiffImagePlugin

from processors.containers.photo.tiff_file import is_tiff, pictures_of
from processors.containers.text.unknown_text import as_latin_1, text_bytes
from processors.decoding.open_media import decoder_errors, open_picture
from processors.decoding.picture_header import open_header
from processors.errors import MediaError
from processors.imaging.icc_profile import profile_name
from processors.metadata.position import position_of
from processors.metadata.tags.icc import icc_tags
from processors.metadata.tags.ifd import Directories
from processors.metadata.tags.iptc import IPTC_RESOURCE, iptc_in_photoshop, iptc_tags
from processors.metadata.tags.maker_notes import maker_note_tags
from processors.metadata.tags.tag_records import (
    MetadataRecord,
    PictureRecord,
    Tag,
    bytes_tag,
    encoded_tag,
    known_from,
    text_tag,
)
from processors.metadata.tags.xmp import extended_packet, xmp_tags
from processors.planetary.image_object import ImageObject
from processors.planetary.open_image import attached_format, read_header
from processors.planetary.pds4 import FORMAT as PDS4_FORMAT
from processors.planetary.vicar import FORMAT as VICAR_FORMAT
from processors.sources.read_at import read_at

MAX_TAGS = 20_000


def read_photograph(
    file: BinaryIO, *, sha256: str, size_bytes: int, medium: str, described: ImageObject | None = None
) -> MetadataRecord:
    """Read headers and tags; no pixel is decoded. A part that cannot be read is added to `problems`.

    Parameters
    ----------
    described : the image as a label next to the file describes it; None if the file needs none.

    Raises
    ------
    DamagedMedia : Pillow does not accept the bytes.
    """
    if described or attached_format(file):
        return _planetary(described or read_header(file), sha256, size_bytes, medium)
    image = _opened(file)
    found = _Findings()
    blocks: dict[int, bytes] = {}
    found.collect("EXIF", lambda: _exif(file, image, found, blocks))
    found.collect("XMP", lambda: _packets(image, blocks))
    found.collect("extended XMP", lambda: _extended(image))
    found.collect("ICC", lambda: _icc(image))
    found.collect("IPTC", lambda: _iptc(image, blocks))
    found.collect("format", lambda: _format_tags(image))
    frame_count: int | None = None
    try:
        with decoder_errors("counting the pictures in the file"):
            frame_count = getattr(image, "n_frames", 1)
    except MediaError as error:
        found.problems.append(error.what)
    width_px, height_px = _stored_size(image)
    return MetadataRecord(
        sha256=sha256,
        size_bytes=size_bytes,
        medium=medium,
        container=(image.format or "unknown").lower(),
        picture=PictureRecord(
            format=(image.format or "unknown").lower(),
            width_px=width_px,
            height_px=height_px,
            mode=image.mode,
            frame_count=frame_count,
            icc_profile=profile_name(image.info.get("icc_profile")),
            compression=str(image.info["compression"]) if "compression" in image.info else None,
        ),
        known=known_from(tuple(found.tags), found.problems, **position_of(found.tags, found.problems)),
        tags=tuple(found.tags),
        problems=tuple(found.problems),
    )


def _stored_size(image: _Header) -> tuple[int, int]:
    """Return width and height before rotation; of a turned TIFF, Pillow gives those after it."""
    tags = image.tag_v2 if isinstance(image, TiffImagePlugin.TiffImageFile) else {}
    width, height = (tags.get(tag) for tag in (TiffImagePlugin.IMAGEWIDTH, TiffImagePlugin.IMAGELENGTH))
    if isinstance(width, int) and isinstance(height, int):
        return width, height
    return image.width, image.height


@dataclass(kw_only=True)
class _Findings:
    """Tags read so far, and the parts that could not be read."""

    tags: list[Tag] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def collect(self, part: str, read: Callable[[], Iterable[Tag]]) -> None:
        """Add the tags of a part; those before a bad entry are kept."""
        try:
            with decoder_errors(f"reading {part}"):
                for tag in itertools.islice(read(), MAX_TAGS):
                    self.tags.append(tag)
        except MediaError as error:
            self.problems.append(f"{part}: {error.what}")

    @property
    def make(self) -> str:
        """Return the camera's maker; empty without one."""
        return next((str(tag.value) for tag in self.tags if (tag.namespace, tag.name) == ("exif", "Make")), "")


@dataclass(frozen=True, kw_only=True)
class _TiffHeader:
    """Describe, in Pillow's terms, a TIFF whose values Pillow does not know."""

    width: int
    height: int
    mode: str
    n_frames: int
    info: dict[str, Any]
    format: str = "TIFF"


_Header = ImageFile.ImageFile | _TiffHeader


def _opened(file: BinaryIO) -> _Header:
    """Open the header in the same way as the photo reader."""
    if not is_tiff(read_at(file, 0, 4)):
        return open_header(file)
    try:
        file.seek(0)
        return open_picture(file)
    except MediaError:
        found = pictures_of(file)
        photo = found.photo
        told = {"compression": photo.packed, "icc_profile": photo.icc_profile}
        return _TiffHeader(
            width=photo.width_px,
            height=photo.height_px,
            mode=photo.mode,
            n_frames=found.picture_count,
            info={name: value for name, value in told.items() if value},
        )


def _planetary(image: ImageObject, sha256: str, size_bytes: int, medium: str) -> MetadataRecord:
    namespace = {PDS4_FORMAT: "pds4", VICAR_FORMAT: "vicar"}.get(image.format, "pds3")
    tags = tuple(encoded_tag(namespace, name, text_bytes(value)) for name, value in image.entries[:MAX_TAGS])
    problems = list(image.problems)
    return MetadataRecord(
        sha256=sha256,
        size_bytes=size_bytes,
        medium=medium,
        container=image.format,
        picture=PictureRecord(
            format=image.format,
            width_px=image.width_px,
            height_px=image.height_px,
            mode=image.dtype,
            frame_count=image.image_count,
            icc_profile=None,
            compression=None,
        ),
        known=known_from(tags, problems),
        tags=tags,
        problems=tuple(problems),
    )


def _exif(file: BinaryIO, image: _Header, found: _Findings, blocks: dict[int, bytes]) -> Iterator[Tag]:
    """Yield the EXIF tags and maker notes; keep embedded XMP, IPTC and Photoshop data in `blocks`, by tag number."""
    if directories := _directories(file, image):
        yield from directories.tags()
        yield from maker_note_tags(directories, directories.read, found.make)
        found.problems += [f"EXIF: {problem}" for problem in directories.problems[:20]]
        blocks.update(directories.blocks)


def _directories(file: BinaryIO, image: _Header) -> Directories | None:
    if image.format == "TIFF":
        return Directories(functools.partial(read_at, file))
    data = image.info.get("exif") or _raw_profile(image, "exif") or _resources(image).get(0x0422)
    if not isinstance(data, bytes) or not data:
        return None
    data = data.removeprefix(b"Exif\x00\x00")
    return Directories(lambda offset, size: data[offset : offset + size])


def _plain(value: Any) -> str | int | float | None:
    """Convert rationals to float (None for denominator 0) and bytes to hexadecimal."""
    if isinstance(value, TiffImagePlugin.IFDRational):
        return float(value) if value.denominator else None
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, float):
        return value if value == value and abs(value) != float("inf") else None
    return value if isinstance(value, int | str) or value is None else str(value)


def _packets(image: _Header, blocks: dict[int, bytes]) -> Iterator[Tag]:
    packet = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or blocks.get(0x02BC)
    packet = packet or _resources(image).get(0x0424)
    if packet:
        yield from xmp_tags(packet.encode() if isinstance(packet, str) else bytes(packet))


def _extended(image: _Header) -> Iterator[Tag]:
    main = image.info.get("xmp")
    if isinstance(main, bytes) and (packet := extended_packet(getattr(image, "applist", ()), main)):
        yield from xmp_tags(packet)


def _icc(image: _Header) -> Iterator[Tag]:
    profile = image.info.get("icc_profile")
    return icc_tags(profile) if profile else iter(())


def _iptc(image: _Header, blocks: dict[int, bytes]) -> Iterator[Tag]:
    photoshop = blocks.get(0x8649)
    data = blocks.get(0x83BB) or _resources(image).get(IPTC_RESOURCE) or _raw_profile(image, "iptc")
    data = data or (iptc_in_photoshop(photoshop) if photoshop else None)
    if data and data.startswith(b"8BIM"):
        data = iptc_in_photoshop(data)
    if data:
        yield from iptc_tags(data)


def _resources(image: _Header) -> dict[int, bytes]:
    """Return Photoshop's image resources by number."""
    found = image.info.get("photoshop") or getattr(image, "resources", None) or {}
    entries = found.items() if isinstance(found, dict) else [(entry[0], entry[-1]) for entry in found]
    return {number: data for number, data in entries if isinstance(data, bytes)}


def _raw_profile(image: _Header, kind: str) -> bytes | None:
    """Decode a profile that ImageMagick wrote as PNG text: a name, a length and hexadecimal lines."""
    text = image.info.get(f"Raw profile type {kind}")
    words = text.split() if isinstance(text, str) else []
    return bytes.fromhex("".join(words[2:])) if len(words) > 2 else None


NOT_TAGS = {
    "exif",
    "xmp",
    "icc_profile",
    "photoshop",
    "XML:com.adobe.xmp",
    "mp",
    "adobe",
    "jfif",
    "timestamp",
    "primary",
}


def _format_tags(image: _Header) -> Iterator[Tag]:
    namespace = (image.format or "unknown").lower()
    for key, value in image.info.items():
        name = str(key)
        if name in NOT_TAGS or name in ("Raw profile type exif", "thumbnails", "metadata", "depth_images", "aux"):
            continue
        if isinstance(value, bytes) and name == "comment":
            yield encoded_tag(namespace, name, value)
        elif isinstance(value, bytes):
            yield bytes_tag(namespace, name, value)
        elif isinstance(value, str):
            is_declared = isinstance(value, PngImagePlugin.iTXt)
            yield text_tag(namespace, name, value if is_declared else as_latin_1(value))
        elif isinstance(value, bool | int | float):
            yield Tag(namespace=namespace, name=name, value=_plain(value))
        elif isinstance(value, tuple | list):
            yield Tag(namespace=namespace, name=name, value=[_plain(entry) for entry in value[:1000]])
