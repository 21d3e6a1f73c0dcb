"""Position of a recording on Earth or Mars, in decimal degrees, from any of its tags."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from processors.metadata.tag_records import Tag, Value

_NUMBER = r"[-+]?\d{1,3}(?:\.\d+)?"
_PAIR = (
    rf"\s*(?P<latitude>{_NUMBER})\s*,?\s*(?P<south>[NS]?)\s*[,\s]"
    rf"\s*(?P<longitude>{_NUMBER})\s*,?\s*(?P<west>[EW]?)"
)
WRITTEN_POSITION = {
    "guano:Loc Position": re.compile(rf"{_PAIR}\s*$"),
    "wamd:GPS First": re.compile(rf"WGS\w*\s*,{_PAIR}"),
}
"""`25.1 109.9`; `WGS84, 25.1, N, 109.9, E, 71` or `WGS84, 25.1, 109.9, 71`."""
ISO_6709 = re.compile(
    r"(?P<latitude>[+-]\d+(?:\.\d+)?)(?P<longitude>[+-]\d+(?:\.\d+)?)(?:[+-]\d+(?:\.\d+)?)?(?:CRS[^/]*)?/?"
)
"""ISO 6709, annex H: `+25.1+109.9/`; degrees, minutes and seconds may be written together."""
ISO_6709_NAMES = ("location", "com.apple.quicktime.location.ISO6709")
XMP_COORDINATE = re.compile(r"(\d{1,3}),(\d{1,2}(?:\.\d+)?)(?:,(\d{1,2}(?:\.\d+)?))?([NSEW])", re.IGNORECASE)
"""XMP specification part 1, GPSCoordinate: `DDD,MM,SSk` or `DDD,MM.mmk`."""


def position_of(tags: Iterable[Tag]) -> dict[str, Value | None]:
    """Return `latitude_degrees_north` and `longitude_degrees_east`, north and east positive; empty without them.

    Exif's own place comes first, then XMP, the container, and the notes of field recorders.
    """
    by_place = {f"{tag.namespace}:{tag.name}": tag.value for tag in tags}
    for latitude, longitude, source in (
        *_of_exif(by_place),
        *_of_xmp(by_place),
        *_of_container(by_place),
        *_of_notes(by_place),
    ):
        if abs(latitude) <= 90 and abs(longitude) <= 180:
            return {
                "latitude_degrees_north": Value(value=latitude, source=source.format("Latitude")),
                "longitude_degrees_east": Value(value=longitude, source=source.format("Longitude")),
            }
    return {}


def _of_exif(by_place: Mapping[str, object]) -> Iterator[tuple[float, float, str]]:
    """Parse three rationals and a letter each (Exif 2.32, 4.6.7); degrees alone suffice."""
    found = []
    for name, letters in (("GPSLatitude", "NS"), ("GPSLongitude", "EW")):
        parts, letter = by_place.get(f"exif.gps:{name}"), by_place.get(f"exif.gps:{name}Ref")
        sign = str(letter).strip().upper()[:1] if isinstance(letter, str) else ""
        numbers = parts if isinstance(parts, list) else [parts]
        if not sign or sign not in letters or not all(isinstance(n, int | float) and n >= 0 for n in numbers):
            return
        found.append((-1 if sign in "SW" else 1) * sum(float(n) / 60**place for place, n in enumerate(numbers[:3])))  # type: ignore[arg-type]
    yield found[0], found[1], "exif.gps:GPS{}"


def _of_xmp(by_place: Mapping[str, object]) -> Iterator[tuple[float, float, str]]:
    found = []
    for name in ("GPSLatitude", "GPSLongitude"):
        parts = XMP_COORDINATE.fullmatch(str(by_place.get(f"xmp:exif:{name}", "")).strip())
        if not parts:
            return
        degrees = int(parts[1]) + float(parts[2]) / 60 + float(parts[3] or 0) / 3600
        found.append(-degrees if parts[4].upper() in "SW" else degrees)
    yield found[0], found[1], "xmp:exif:GPS{}"


def _of_container(by_place: Mapping[str, object]) -> Iterator[tuple[float, float, str]]:
    for place, value in by_place.items():
        namespace, _, name = place.partition(":")
        if namespace != "container" or not name.startswith(ISO_6709_NAMES):
            continue
        if parts := ISO_6709.fullmatch(str(value).strip()):
            yield _iso_degrees(parts["latitude"], 2), _iso_degrees(parts["longitude"], 3), place


def _iso_degrees(text: str, degree_digits: int) -> float:
    """Return decimal degrees of `±DD.D`, `±DDMM.M` or `±DDMMSS.S` (three digits of degrees for a longitude)."""
    whole, _, fraction = text[1:].partition(".")
    parts = [whole[:degree_digits], *(whole[place : place + 2] for place in range(degree_digits, len(whole), 2))]
    parts[-1] += f".{fraction}" if fraction else ""
    degrees = sum(float(part) / 60**place for place, part in enumerate(parts[:3]))
    return -degrees if text[0] == "-" else degrees


def _of_notes(by_place: Mapping[str, object]) -> Iterator[tuple[float, float, str]]:
    """Read the positions in GUANO and `wamd` notes."""
    for place, pattern in WRITTEN_POSITION.items():
        if found := pattern.match(str(by_place.get(place, ""))):
            yield (
                float(found["latitude"]) * (-1 if found["south"] == "S" else 1),
                float(found["longitude"]) * (-1 if found["west"] == "W" else 1),
                place,
            )
