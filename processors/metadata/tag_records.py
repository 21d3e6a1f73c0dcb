"""The records that metadata is written as: every tag as found, and typed values where the meaning is known."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from processors.metadata.unset_dates import holds_a_date, with_time_beside

MAX_TEXT_CHARACTERS = 65536
"""A longer text is cut there, and its tag says how long it was."""
MAX_BYTES_SHOWN = 64


@dataclass(frozen=True, kw_only=True)
class Tag:
    """One entry as the file has it."""

    namespace: str
    """Where it stands: `exif`, `exif.gps`, `iptc`, `xmp`, `png`, `container`, `stream.0`, `chapter.2` ..."""
    name: str
    value: str | int | float | bool | list[str | int | float | None] | None
    """Text, number or list of them; a rational with denominator 0 is None; bytes are hexadecimal."""
    length: int | None = None
    """Characters or bytes in the file, where the value is cut short."""


@dataclass(frozen=True, kw_only=True)
class Value:
    """A value whose meaning is known, and where it is from."""

    value: str | int | float
    source: str
    """Namespace and name of the tag: `exif:DateTimeOriginal`."""


@dataclass(frozen=True, kw_only=True)
class KnownTags:
    """What the tags mean; None where the file does not say."""

    title: Value | None = None
    caption: Value | None = None
    creator: Value | None = None
    rights: Value | None = None
    software: Value | None = None
    device: Value | None = None
    created: Value | None = None
    """As written in the file; it carries a time zone only where the file does."""
    latitude_degrees_north: Value | None = None
    longitude_degrees_east: Value | None = None
    orientation: Value | None = None
    """EXIF orientation, 1 to 8."""


@dataclass(frozen=True, kw_only=True)
class StreamRecord:
    """One stream of a container."""

    index: int
    kind: str
    """`video`, `audio`, `subtitle`, `data`, `attachment`, `attached picture`."""
    codec: str | None
    profile: str | None
    time_base: str | None
    start_seconds: Fraction | None
    duration_seconds_from_header: Fraction | None
    frame_count_from_header: int | None
    bit_rate_bps: int | None
    language: str | None
    dispositions: tuple[str, ...]
    width_px: int | None = None
    """As stored, before turning and before the sample aspect ratio."""
    height_px: int | None = None
    pixel_format: str | None = None
    sample_aspect_ratio: str | None = None
    average_rate_hz: str | None = None
    colour_matrix: str | None = None
    colour_range: str | None = None
    colour_primaries: str | None = None
    colour_transfer: str | None = None
    rate_hz: int | None = None
    channel_count: int | None = None
    channel_layout: str | None = None
    sample_format: str | None = None


@dataclass(frozen=True, kw_only=True)
class PictureRecord:
    """The picture a photograph holds."""

    format: str
    width_px: int
    """As stored, before turning."""
    height_px: int
    mode: str
    frame_count: int | None
    """None where they cannot be counted."""
    icc_profile: str | None
    compression: str | None


@dataclass(frozen=True, kw_only=True)
class MetadataRecord:
    """All of it, for one source."""

    sha256: str
    size_bytes: int
    medium: str
    container: str
    container_start_seconds: Fraction | None = None
    container_duration_seconds: Fraction | None = None
    container_bit_rate_bps: int | None = None
    streams: tuple[StreamRecord, ...] = ()
    picture: PictureRecord | None = None
    known: KnownTags = KnownTags()
    tags: tuple[Tag, ...] = ()
    problems: tuple[str, ...] = ()
    """Parts that could not be read, and why."""


def text_tag(namespace: str, name: str, text: str) -> Tag:
    """A tag of text: control characters other than line breaks become visible escapes, long text is cut and says so."""
    clean = "".join(c if c.isprintable() or c in "\n\t" else f"\\x{ord(c):02x}" for c in text.rstrip("\x00"))
    length = len(clean) if len(clean) > MAX_TEXT_CHARACTERS else None
    return Tag(namespace=namespace, name=name, value=clean[:MAX_TEXT_CHARACTERS], length=length)


def bytes_tag(namespace: str, name: str, data: bytes) -> Tag:
    """A tag of bytes: as text where they are printable ASCII, else hexadecimal, the first 64 of them."""
    stripped = data.rstrip(b"\x00")
    if stripped and stripped.isascii() and all(byte >= 32 or byte in b"\t\r\n" for byte in stripped):
        return text_tag(namespace, name, stripped.decode("ascii"))
    length = len(data) if len(data) > MAX_BYTES_SHOWN else None
    return Tag(namespace=namespace, name=name, value=data[:MAX_BYTES_SHOWN].hex(), length=length)


KNOWN_TAGS: dict[str, tuple[str, ...]] = {
    "title": ("xmp:dc:title", "iptc:ObjectName", "container:title", "riff.info:INAM", "aiff:Name",
        "caf.info:title", "cart:Title", "png:Title"),
    "caption": (
        "xmp:dc:description", "iptc:Caption", "exif:ImageDescription", "container:description", "container:comment",
        "bext:Description",
        "png:Description", "jpeg:comment", "guano:Note", "wamd:Notes", "aiff:Annotation", "caf.info:comments",
    ),
    "creator": ("xmp:dc:creator", "iptc:By-line", "exif:Artist", "container:artist", "container:author",
        "riff.info:IART", "aiff:Author", "caf.info:artist", "png:Author"),
    "rights": ("xmp:dc:rights", "iptc:CopyrightNotice", "exif:Copyright", "container:copyright", "riff.info:ICOP",
        "aiff:Copyright", "caf.info:copyright",
        "png:Copyright"),
    "software": ("xmp:xmp:CreatorTool", "exif:Software", "container:encoder", "container:encoded_by", "png:Software"),
    "device": ("exif:Model", "xmp:tiff:Model", "container:com.apple.quicktime.model",
        "guano:Model", "wamd:Model", "pds3:INSTRUMENT_NAME",
    ),
    "created": (
        "exif:DateTimeOriginal", "xmp:exif:DateTimeOriginal", "xmp:photoshop:DateCreated", "xmp:xmp:CreateDate",
        "guano:Timestamp", "wamd:Timestamp", "exif:DateTimeDigitized", "bext:OriginationDate",
        "container:com.apple.quicktime.creationdate",
        "container:creation_time", "container:date", "container:DATE", "exif:DateTime", "png:Creation Time",
    ),
    "orientation": ("exif:Orientation",),
}  # fmt: skip
"""Which tag answers a question, best first."""


def _one_value(question: str, tag: Tag | None) -> str | int | float | None:
    """A tag's value as one; of several creators all, of other lists the first."""
    if tag is None or tag.value is None:
        return None
    values = tag.value if isinstance(tag.value, list) else [tag.value]
    if question == "creator":
        return "; ".join(dict.fromkeys(str(value).strip() for value in values if value is not None))
    return values[0] if values else None


def known_from(tags: tuple[Tag, ...], **more: Value | None) -> KnownTags:
    """The first tag that answers each question; `more` is what takes more than one tag to know."""
    found: dict[str, Value] = {}
    by_place: dict[str, Tag] = {}
    for tag in tags:
        by_place.setdefault(f"{tag.namespace}:{tag.name}", tag)
        by_place.setdefault(f"{tag.namespace}:{tag.name}".lower(), tag)
    written = {place: str(tag.value) for place, tag in by_place.items()}
    for question, places in KNOWN_TAGS.items():
        for place in places:
            tag = by_place.get(place) or by_place.get(place.lower())
            value = _one_value(question, tag)
            if question == "created" and not holds_a_date(with_time_beside(place, str(value), written)):
                continue
            if isinstance(value, str | int | float) and str(value).strip():
                found[question] = Value(value=value, source=place)
                break
    return KnownTags(**found, **more)
