"""IPTC IIM records, from a Photoshop block or bare."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from processors.metadata.tags.tag_records import Tag, bytes_tag, encoded_tag

IPTC_RESOURCE = 0x0404
SHORTS = {(1, 0), (1, 20), (1, 22), (2, 0)}
"""Data sets with 16-bit numbers."""


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


def iptc_in_photoshop(data: bytes) -> bytes | None:
    """Return the IPTC resource of a Photoshop `8BIM` block, or None."""
    place = 0
    while data[place : place + 4] in (b"8BIM", b"MeSa", b"PHUT"):
        number = int.from_bytes(data[place + 4 : place + 6], "big")
        name_length = data[place + 6] if place + 6 < len(data) else 0
        start = place + 6 + (name_length + 2) // 2 * 2
        size = int.from_bytes(data[start : start + 4], "big")
        if number == IPTC_RESOURCE:
            return data[start + 4 : start + 4 + size]
        place = start + 4 + (size + 1) // 2 * 2
    return None


def iptc_tags(data: bytes, names: Mapping[tuple[int, int], str] = IPTC_NAMES) -> Iterator[Tag]:
    """Yield all data sets in order, including repeated ones."""
    place = 0
    while place + 5 <= len(data) and data[place] == 0x1C:
        record, number = data[place + 1], data[place + 2]
        size = int.from_bytes(data[place + 3 : place + 5], "big")
        place += 5
        if size & 0x8000:
            digits = size & 0x7FFF
            size = int.from_bytes(data[place : place + digits], "big")
            place += digits
        value = data[place : place + size]
        place += size
        name = names.get((record, number), f"{record}:{number}")
        if (record, number) in SHORTS and len(value) == 2:
            yield Tag(namespace="iptc", name=name, value=int.from_bytes(value, "big"))
            continue
        yield encoded_tag("iptc", name, value) if (record, number) in names else bytes_tag("iptc", name, value)
