"""What a photograph says: EXIF, XMP, IPTC, ICC, and the text chunks of its format."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any, BinaryIO
from xml.etree.ElementTree import Element, ParseError

import defusedxml.ElementTree
from PIL import ExifTags, Image, ImageCms, ImageFile, IptcImagePlugin, TiffImagePlugin

from processors.decoding import decoder_errors, open_picture
from processors.errors import MediaError
from processors.metadata.record import (
    MetadataRecord,
    PictureRecord,
    Tag,
    Value,
    bytes_tag,
    known_from,
    text_tag,
)
from processors.planetary import is_planetary, read_header

HEAD_BYTES = 4096
MAX_XMP_BYTES = 16 << 20
MAX_TAGS = 20_000

EXIF_DIRECTORIES = {
    "exif": ExifTags.IFD.Exif,
    "exif.gps": ExifTags.IFD.GPSInfo,
    "exif.interop": ExifTags.IFD.Interop,
    "exif.thumbnail": ExifTags.IFD.IFD1,
}

IPTC_NAMES = {
    (1, 90): "CodedCharacterSet",
    (2, 0): "RecordVersion",
    (2, 5): "ObjectName",
    (2, 7): "EditStatus",
    (2, 10): "Urgency",
    (2, 15): "Category",
    (2, 20): "SupplementalCategories",
    (2, 25): "Keywords",
    (2, 30): "ReleaseDate",
    (2, 40): "SpecialInstructions",
    (2, 55): "DateCreated",
    (2, 60): "TimeCreated",
    (2, 62): "DigitalCreationDate",
    (2, 63): "DigitalCreationTime",
    (2, 65): "OriginatingProgram",
    (2, 70): "ProgramVersion",
    (2, 80): "By-line",
    (2, 85): "By-lineTitle",
    (2, 90): "City",
    (2, 92): "Sub-location",
    (2, 95): "Province-State",
    (2, 100): "Country-PrimaryLocationCode",
    (2, 101): "Country-PrimaryLocationName",
    (2, 103): "OriginalTransmissionReference",
    (2, 105): "Headline",
    (2, 110): "Credit",
    (2, 115): "Source",
    (2, 116): "CopyrightNotice",
    (2, 118): "Contact",
    (2, 120): "Caption",
    (2, 122): "Writer-Editor",
}
"""IPTC IIM 4.2 record and data set numbers."""

XMP_PREFIXES = {
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://ns.adobe.com/xap/1.0/": "xmp",
    "http://ns.adobe.com/xap/1.0/mm/": "xmpMM",
    "http://ns.adobe.com/xap/1.0/rights/": "xmpRights",
    "http://ns.adobe.com/photoshop/1.0/": "photoshop",
    "http://ns.adobe.com/tiff/1.0/": "tiff",
    "http://ns.adobe.com/exif/1.0/": "exif",
    "http://ns.adobe.com/exif/1.0/aux/": "aux",
    "http://ns.adobe.com/camera-raw-settings/1.0/": "crs",
    "http://ns.adobe.com/xap/1.0/sType/ResourceRef#": "stRef",
    "http://ns.adobe.com/xap/1.0/sType/ResourceEvent#": "stEvt",
    "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/": "Iptc4xmpCore",
    "http://iptc.org/std/Iptc4xmpExt/2008-02-29/": "Iptc4xmpExt",
    "http://cipa.jp/exif/1.0/": "exifEX",
}
RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"


def read_photograph(file: BinaryIO, *, sha256: str, size_bytes: int, medium: str) -> MetadataRecord:
    """Read headers and tags; no pixel is decoded. A part that cannot be read is named in `problems`.

    Raises
    ------
    DamagedMedia : Pillow does not accept the bytes.
    """
    if is_planetary(file.read(HEAD_BYTES)):
        return _planetary(file, sha256, size_bytes, medium)
    file.seek(0)
    image = open_picture(file)
    problems: list[str] = []
    tags: list[Tag] = []
    for part, read in (("EXIF", _exif), ("XMP", _xmp), ("IPTC", _iptc), ("format", _format_tags)):
        try:
            with decoder_errors(f"reading {part}"):
                tags += [tag for tag, _ in zip(read(image), range(MAX_TAGS), strict=False)]
        except MediaError as error:
            problems.append(f"{part}: {error.what}")
    latitude, longitude = _position(tags)
    with decoder_errors("counting the pictures in the file"):
        frame_count = getattr(image, "n_frames", 1)
    return MetadataRecord(
        sha256=sha256,
        size_bytes=size_bytes,
        medium=medium,
        container=(image.format or "unknown").lower(),
        picture=PictureRecord(
            format=(image.format or "unknown").lower(),
            width_px=image.width,
            height_px=image.height,
            mode=image.mode,
            frame_count=frame_count,
            icc_profile=_profile(image),
            compression=str(image.info["compression"]) if "compression" in image.info else None,
        ),
        known=known_from(tuple(tags), latitude_degrees_north=latitude, longitude_degrees_east=longitude),
        tags=tuple(tags),
        problems=tuple(problems),
    )


def _planetary(file: BinaryIO, sha256: str, size_bytes: int, medium: str) -> MetadataRecord:
    image = read_header(file)
    tags = tuple(text_tag("pds3", name, value) for name, value in image.entries[:MAX_TAGS])
    return MetadataRecord(
        sha256=sha256,
        size_bytes=size_bytes,
        medium=medium,
        container=image.format,
        picture=PictureRecord(
            format=image.format, width_px=image.width_px, height_px=image.height_px, mode=image.dtype,
            frame_count=1, icc_profile=None, compression=None,
        ),
        known=known_from(tags),
        tags=tags,
    )  # fmt: skip


def _exif(image: Image.Image) -> Iterator[Tag]:
    exif = image.getexif()
    for number, value in exif.items():
        if number not in EXIF_DIRECTORIES.values():
            yield _exif_tag("exif", ExifTags.TAGS.get(number, f"0x{number:04x}"), value)
    for namespace, directory in EXIF_DIRECTORIES.items():
        names = ExifTags.GPSTAGS if directory == ExifTags.IFD.GPSInfo else ExifTags.TAGS
        for number, value in exif.get_ifd(directory).items():
            if number != ExifTags.IFD.Interop:
                yield _exif_tag(namespace, names.get(number, f"0x{number:04x}"), value)


def _exif_tag(namespace: str, name: str, value: Any) -> Tag:
    if isinstance(value, bytes):
        if name == "UserComment" and value[:8] == b"ASCII\x00\x00\x00":
            value = value[8:]
        return bytes_tag(namespace, name, value)
    if isinstance(value, str):
        return text_tag(namespace, name, value)
    if isinstance(value, tuple | list):
        return Tag(namespace=namespace, name=name, value=[_plain(entry) for entry in value[:1000]],
                   length=len(value) if len(value) > 1000 else None)  # fmt: skip
    if isinstance(value, dict):
        return Tag(namespace=namespace, name=name, value=f"{len(value)} entries")
    return Tag(namespace=namespace, name=name, value=_plain(value))


def _plain(value: Any) -> str | int | float | None:
    """A rational as float, None for denominator 0; bytes as hexadecimal."""
    if isinstance(value, TiffImagePlugin.IFDRational):
        return float(value) if value.denominator else None
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, float):
        return value if value == value and abs(value) != float("inf") else None
    return value if isinstance(value, int | str) or value is None else str(value)


def _xmp(image: Image.Image) -> Iterator[Tag]:
    packet = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp")
    if packet is None and isinstance(image, TiffImagePlugin.TiffImageFile):
        packet = image.tag_v2.get(700)
    if not packet:
        return
    data = packet.encode() if isinstance(packet, str) else bytes(packet)
    if len(data) > MAX_XMP_BYTES:
        raise ValueError(f"the packet of {len(data)} bytes is over the limit of {MAX_XMP_BYTES}")
    try:
        # forbid_dtd: an XMP packet has none, and entities need one
        root = defusedxml.ElementTree.fromstring(data.strip(b"\x00 \r\n\t"), forbid_dtd=True)
    except defusedxml.DefusedXmlException as error:
        raise ValueError("it declares a document type or entities: refused") from error
    except ParseError as error:
        raise ValueError(f"not well-formed XML: {error}") from error
    for description in root.iter(f"{RDF}Description"):
        for name, text in description.attrib.items():
            if not name.startswith(RDF):
                yield text_tag("xmp", _xmp_name(name), text)
        for entry in description:
            yield from _xmp_entries(_xmp_name(entry.tag), entry)


def _xmp_entries(name: str, element: Element) -> Iterator[Tag]:
    items = [item for container in element for item in container if item.tag == f"{RDF}li"]
    texts = [item.text for item in items if item.text and item.text.strip()]
    if texts:
        clean = [text_tag("xmp", name, text).value for text in texts]
        yield Tag(namespace="xmp", name=name, value=clean)  # type: ignore[arg-type]
    elif element.text and element.text.strip():
        yield text_tag("xmp", name, element.text)
    for nested in (element, *items):
        for attribute, text in nested.attrib.items():
            if not attribute.startswith((RDF, "{http://www.w3.org/XML")):
                yield text_tag("xmp", f"{name}/{_xmp_name(attribute)}", text)


def _xmp_name(name: str) -> str:
    namespace, _, local = name.removeprefix("{").rpartition("}")
    prefix = XMP_PREFIXES.get(namespace, namespace)
    return f"{prefix}:{local}" if prefix else local


def _iptc(image: ImageFile.ImageFile) -> Iterator[Tag]:
    for place, value in (IptcImagePlugin.getiptcinfo(image) or {}).items():
        name = IPTC_NAMES.get(place, f"{place[0]}:{place[1]}")
        entries = value if isinstance(value, list) else [value]
        for entry in entries:
            try:
                yield text_tag("iptc", name, entry.decode("utf-8"))
            except UnicodeDecodeError:
                yield bytes_tag("iptc", name, entry)


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


def _format_tags(image: Image.Image) -> Iterator[Tag]:
    namespace = (image.format or "unknown").lower()
    for key, value in image.info.items():
        name = str(key)
        if name in NOT_TAGS or name in ("Raw profile type exif", "thumbnails", "metadata", "depth_images", "aux"):
            continue
        if isinstance(value, bytes):
            yield bytes_tag(namespace, name, value)
        elif isinstance(value, str):
            yield text_tag(namespace, name, value)
        elif isinstance(value, bool | int | float):
            yield Tag(namespace=namespace, name=name, value=_plain(value))
        elif isinstance(value, tuple | list):
            yield Tag(namespace=namespace, name=name, value=[_plain(entry) for entry in value[:1000]])


def _profile(image: Image.Image) -> str | None:
    profile = image.info.get("icc_profile")
    if not profile:
        return None
    try:
        return ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(profile))).strip()
    except (ImageCms.PyCMSError, OSError):
        return "unreadable"


def _position(tags: list[Tag]) -> tuple[Value | None, Value | None]:
    """Decimal degrees from the GPS directory; None where a part is missing or impossible."""
    gps = {tag.name: tag.value for tag in tags if tag.namespace == "exif.gps"}

    def degrees(name: str, limit: int, negative: str) -> Value | None:
        parts, reference = gps.get(name), gps.get(f"{name}Ref")
        if not isinstance(parts, list) or len(parts) != 3 or not isinstance(reference, str):
            return None
        numbers = [part for part in parts if isinstance(part, int | float)]
        if len(numbers) != 3:
            return None
        total = numbers[0] + numbers[1] / 60 + numbers[2] / 3600
        if not 0 <= total <= limit:
            return None
        return Value(value=-total if reference.upper().startswith(negative) else total, source=f"exif.gps:{name}")

    return degrees("GPSLatitude", 90, "S"), degrees("GPSLongitude", 180, "W")
