"""Metadata records: every tag as found, and typed values for known meanings."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from processors.containers.text.unknown_text import decoded
from processors.metadata.times.unset_dates import begins_with_year, holds_a_date, with_time_beside
from processors.metadata.times.written_dates import read_date

MAX_TEXT_CHARACTERS = 65536
"""Maximum length of a text; a longer one is cut, and its tag gives the original length."""
MAX_BYTES_SHOWN = 64


@dataclass(frozen=True, kw_only=True)
class Tag:
    """One entry as found in the file."""

    namespace: str
    """Location: `exif`, `exif.gps`, `iptc`, `xmp`, `png`, `container`, `stream.0`, `chapter.2` ..."""
    name: str
    value: str | int | float | bool | list[str | int | float | None] | None
    """Text, number or list of them; a rational with denominator 0 is None; bytes are hexadecimal."""
    length: int | None = None
    """Original length, in characters or bytes, if the value was cut, or is a text in no known encoding (None)."""


@dataclass(frozen=True, kw_only=True)
class Value:
    """Value with a known meaning, and its source."""

    value: str | int | float
    source: str
    """Namespace and name of the tag: `exif:DateTimeOriginal`."""


@dataclass(frozen=True, kw_only=True)
class KnownTags:
    """Typed values of the tags; None if missing from the file."""

    title: Value | None = None
    caption: Value | None = None
    creator: Value | None = None
    rights: Value | None = None
    software: Value | None = None
    device: Value | None = None
    created: Value | None = None
    """As far as it is a date, as written in the file; it carries a time zone only where the file does."""
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
    """Stored size, before rotation and sample aspect ratio."""
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
    """Picture in a photograph."""

    format: str
    width_px: int
    """Stored size, before rotation."""
    height_px: int
    mode: str
    frame_count: int | None
    """Number of frames; None if they cannot be counted."""
    icc_profile: str | None
    compression: str | None


@dataclass(frozen=True, kw_only=True)
class MetadataRecord:
    """Complete metadata record of one source."""

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
    """Parts that could not be read, each with the reason."""


def text_tag(namespace: str, name: str, text: str) -> Tag:
    """Make a text tag: control characters except line breaks are escaped, and long text is cut."""
    clean = "".join(c if c.isprintable() or c in "\n\t" else f"\\x{ord(c):02x}" for c in text.rstrip("\x00"))
    length = len(clean) if len(clean) > MAX_TEXT_CHARACTERS else None
    return Tag(namespace=namespace, name=name, value=clean[:MAX_TEXT_CHARACTERS], length=length)


def encoded_tag(namespace: str, name: str, data: bytes) -> Tag:
    """Make a text tag of bytes whose encoding is not declared; None, with their number, if it cannot be determined."""
    text = decoded(data)
    return unread_tag(namespace, name, data) if text is None else text_tag(namespace, name, text)


def escaped_tag(namespace: str, name: str, text: str) -> Tag:
    """Make a text tag of what was read as UTF-8, with surrogates in place of bytes that are none."""
    name = name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return encoded_tag(namespace, name, text.encode("utf-8", "surrogateescape"))


def unread_tag(namespace: str, name: str, data: bytes) -> Tag:
    """Make the tag of a text that cannot be decoded."""
    return Tag(namespace=namespace, name=name, value=None, length=len(data))


def unread_texts(tags: Iterable[Tag]) -> Iterator[str]:
    """Yield in words the texts that are in no known encoding."""
    for tag in tags:
        if tag.value is None and tag.length is not None:
            yield f"{tag.namespace}:{tag.name}: its {tag.length} bytes are text in no known encoding: not read"


def bytes_tag(namespace: str, name: str, data: bytes) -> Tag:
    """Make a tag of bytes: text if printable ASCII, else the first 64 bytes in hexadecimal."""
    stripped = data.rstrip(b"\x00")
    if stripped and stripped.isascii() and all(byte >= 32 or byte in b"\t\r\n" for byte in stripped):
        return text_tag(namespace, name, stripped.decode("ascii"))
    length = len(data) if len(data) > MAX_BYTES_SHOWN else None
    return Tag(namespace=namespace, name=name, value=data[:MAX_BYTES_SHOWN].hex(), length=length)


KNOWN_TAGS: dict[str, tuple[str, ...]] = {
    "title": (
        "xmp:dc:title",
        "iptc:ObjectName",
        "exif:XPTitle",
        "xmp:photoshop:Headline",
        "iptc:Headline",
        "container:title",
        "riff.info:INAM",
        "aiff:Name",
        "caf.info:title",
        "cart:Title",
        "ape:Title",
        "png:Title",
    ),
    "caption": (
        "xmp:dc:description",
        "iptc:Caption",
        "exif:ImageDescription",
        "exif:XPComment",
        "container:description",
        "container:comment",
        "bext:Description",
        "png:Description",
        "jpeg:comment",
        "jpeg2000:comment",
        "gif:comment",
        "png:Comment",
        "guano:Note",
        "wamd:Notes",
        "ape:Comment",
        "aiff:Annotation",
        "caf.info:comments",
    ),
    "creator": (
        "xmp:dc:creator",
        "iptc:By-line",
        "exif:Artist",
        "exif:XPAuthor",
        "container:artist",
        "container:author",
        "riff.info:IART",
        "aiff:Author",
        "caf.info:artist",
        "ape:Artist",
        "png:Author",
    ),
    "rights": (
        "xmp:dc:rights",
        "iptc:CopyrightNotice",
        "exif:Copyright",
        "container:copyright",
        "riff.info:ICOP",
        "aiff:Copyright",
        "caf.info:copyright",
        "ape:Copyright",
        "png:Copyright",
    ),
    "software": ("xmp:xmp:CreatorTool", "exif:Software", "container:encoder", "container:encoded_by", "png:Software"),
    "device": (
        "exif:Model",
        "xmp:tiff:Model",
        "container:com.apple.quicktime.model",
        "guano:Model",
        "wamd:Model",
        "pds3:INSTRUMENT_NAME",
    ),
    "created": (
        "exif:DateTimeOriginal",
        "xmp:exif:DateTimeOriginal",
        "xmp:photoshop:DateCreated",
        "xmp:xmp:CreateDate",
        "guano:Timestamp",
        "wamd:Timestamp",
        "exif:DateTimeDigitized",
        "bext:OriginationDate",
        "container:com.apple.quicktime.creationdate",
        "container:DATE_RECORDED",
        "container:creation_time",
        "container:date",
        "container:DATE",
        "container:DATE_DIGITIZED",
        "container:DATE_ENCODED",
        "ape:Year",
        "exif:DateTime",
        "png:Creation Time",
    ),
    "orientation": ("exif:Orientation",),
}
"""Tags that hold each value, in order of preference."""


def _one_value(question: str, tag: Tag, tags: Iterable[Tag]) -> str | int | float | None:
    """Return a tag's value as a single one: all of several creators, also in tags of its name; the first of others."""
    if tag.value is None:
        return None
    same = [one for one in tags if (one.namespace, one.name) == (tag.namespace, tag.name)]
    several = (one.value if isinstance(one.value, list) else [one.value] for one in same)
    values = list(itertools.chain.from_iterable(several))
    if question == "creator":
        return "; ".join(dict.fromkeys(str(value).strip() for value in values if value is not None))
    return values[0] if values else None


def _each_once(tags: Mapping[str, Tag | None]) -> Iterator[tuple[str, Tag]]:
    """Yield each existing tag with the first of its names, which may differ in capital letters only."""
    seen: list[Tag] = []
    for place, tag in tags.items():
        if tag is not None and not any(tag is one for one in seen):
            seen.append(tag)
            yield place, tag


def _date(tag: Tag, text: str, written: Mapping[str, str], problems: list[str]) -> str | None:
    """Return the text of a tag as far as it is a date; what is wrong with it is added to `problems`."""
    place = f"{tag.namespace}:{tag.name}"
    whole = with_time_beside(place, text, written)
    if not holds_a_date(whole):
        return None
    when, wrong = read_date(whole)
    if wrong:
        problems.append(f"{place}: {wrong}")
        return when.written if when else None
    return text if begins_with_year(whole) or when is None else when.written


def known_from(tags: tuple[Tag, ...], problems: list[str] | None = None, /, **more: Value | None) -> KnownTags:
    """Return the first available value for each question.

    Parameters
    ----------
    problems : receives impossible dates and unreadable texts, each with its tag.
    more : values that need several tags.
    """
    problems = [] if problems is None else problems
    problems += unread_texts(tags)
    found: dict[str, Value] = {}
    by_place: dict[str, Tag] = {}
    for tag in tags:
        by_place.setdefault(f"{tag.namespace}:{tag.name}", tag)
        by_place.setdefault(f"{tag.namespace}:{tag.name}".lower(), tag)
    written = {place: str(tag.value) for place, tag in by_place.items()}
    for question, places in KNOWN_TAGS.items():
        tags_of_places = {place: by_place.get(place) or by_place.get(place.lower()) for place in places}
        for place, tag in _each_once(tags_of_places):
            value = _one_value(question, tag, tags)
            if question == "created" and value is not None:
                value = _date(tag, str(value), written, problems)
            if isinstance(value, str | int | float) and str(value).strip():
                found.setdefault(question, Value(value=value, source=place))
                if question != "created":
                    break
    return KnownTags(**found, **more)
