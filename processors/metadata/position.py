"""Position of a recording on Earth or Mars, in decimal degrees, from any of its tags."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from processors.metadata.tags.tag_records import Tag, Value

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
ISO_6709_NAMES = ("location", "com.apple.quicktime.location.iso6709")
"""In lower case; FFmpeg writes `LOCATION` into Matroska."""
XMP_COORDINATE = re.compile(r"(\d{1,3}),(\d{1,2}(?:\.\d+)?)(?:,(\d{1,2}(?:\.\d+)?))?([NSEW])", re.IGNORECASE)
"""XMP specification part 1, GPSCoordinate: `DDD,MM,SSk` or `DDD,MM.mmk`."""
XMP_PLACES = ("exif:", "Iptc4xmpExt:LocationCreated/exif:")
"""Where XMP holds the position of the recording; `LocationShown` of the same standard (IPTC Photo Metadata) is that of
what it shows."""
DECIMALS = 9
"""Of degrees: a tenth of a millimetre, so that thirds and sixtieths leave no trace of binary fractions."""


MAX_DEGREES = {"latitude": 90, "longitude": 180}


@dataclass(frozen=True, kw_only=True)
class _Position:
    latitude: float
    longitude: float
    source: str
    """Tag; its `{}` is replaced by `Latitude` or `Longitude`."""


def position_of(tags: Iterable[Tag], problems: list[str] | None = None) -> dict[str, Value | None]:
    """Return `latitude_degrees_north` and `longitude_degrees_east`, north and east positive; empty without them.

    Exif's own place comes first, then XMP, the container, and the notes of field recorders.

    Parameters
    ----------
    problems : receives impossible positions, each with its tag.
    """
    by_place = {f"{tag.namespace}:{tag.name}": tag.value for tag in tags}
    wrong: list[str] = []
    found: dict[str, Value | None] = {}
    readers = (_of_exif, _of_xmp, _of_container, _of_notes)
    for one in [position for read in readers for position in read(by_place, wrong)]:
        if not found and _is_on_the_globe(one, wrong):
            found = {
                "latitude_degrees_north": Value(
                    value=round(one.latitude, DECIMALS), source=one.source.format("Latitude")
                ),
                "longitude_degrees_east": Value(
                    value=round(one.longitude, DECIMALS), source=one.source.format("Longitude")
                ),
            }
    if problems is not None:
        problems += wrong
    return found


def _is_on_the_globe(position: _Position, wrong: list[str]) -> bool:
    """Return whether both degrees are in their range; others are added to `wrong`."""
    is_good = True
    for name, most in MAX_DEGREES.items():
        degrees = getattr(position, name)
        if not abs(degrees) <= most:
            place = position.source.format(name.capitalize())
            wrong.append(f"{place}: a {name} of {degrees:.6g} degrees is over {most}; the position is not used")
            is_good = False
    return is_good


def _of_exif(by_place: Mapping[str, object], wrong: list[str]) -> Iterator[_Position]:
    """Parse three rationals and a letter each (Exif 2.32, 4.6.7); degrees alone suffice."""
    found: dict[str, float] = {}
    for name, letters in (("GPSLatitude", "NS"), ("GPSLongitude", "EW")):
        parts, letter = by_place.get(f"exif.gps:{name}"), by_place.get(f"exif.gps:{name}Ref")
        numbers = parts if isinstance(parts, list) else [parts]
        if all(number is None for number in numbers):  # a receiver without a fix writes 0/0
            continue
        place = f"exif.gps:{name}"
        sign = str(letter).strip(" \x00").upper()[:1] if isinstance(letter, str) else ""
        if not sign or sign not in letters:
            neither = f"neither {letters[0]} nor {letters[1]}"
            said = (
                f"its reference {sign!r} is {neither}"
                if sign
                else f"its reference, {letters[0]} or {letters[1]}, is missing"
            )
            wrong.append(f"{place}: {said}; the position is not used")
        elif not all(isinstance(n, int | float) and n >= 0 for n in numbers):
            wrong.append(f"{place}: {numbers} are not degrees, minutes and seconds; the position is not used")
        else:
            parts_of_degree = [float(n) / 60**place for place, n in enumerate(numbers[:3])]  # type: ignore[arg-type]
            found[name] = (-1 if sign in "SW" else 1) * sum(parts_of_degree)
    yield from _pair(found, "exif.gps:GPS{}", wrong)


def _pair(found: Mapping[str, float], source: str, wrong: list[str]) -> Iterator[_Position]:
    """Yield the position of a latitude and a longitude; report a single one if nothing is wrong with the other."""
    if len(found) == 2:
        yield _Position(latitude=found["GPSLatitude"], longitude=found["GPSLongitude"], source=source)
    elif found and not wrong:
        (here,) = found
        other = "Longitude" if here == "GPSLatitude" else "Latitude"
        wrong.append(f"{source.format(here[3:])}: there is no {other.lower()} with it; the position is not used")


def _of_xmp(by_place: Mapping[str, object], wrong: list[str]) -> Iterator[_Position]:
    for prefix in XMP_PLACES:
        found: dict[str, float] = {}
        for name, letters in (("GPSLatitude", "NS"), ("GPSLongitude", "EW")):
            place = f"xmp:{prefix}{name}"
            text = str(by_place.get(place, "")).strip()
            if not text:
                continue
            parts = XMP_COORDINATE.fullmatch(text)
            if not parts or parts[4].upper() not in letters or float(parts[2]) > 60 or float(parts[3] or 0) > 60:
                wrong.append(f"{place}: {text!r} is not like 109,54.5{letters[0]}; the position is not used")
                continue
            degrees = int(parts[1]) + float(parts[2]) / 60 + float(parts[3] or 0) / 3600
            found[name] = -degrees if parts[4].upper() in "SW" else degrees
        yield from _pair(found, f"xmp:{prefix}GPS{{}}", wrong)


def _of_container(by_place: Mapping[str, object], wrong: list[str]) -> Iterator[_Position]:
    read: set[str] = set()
    for place, value in by_place.items():
        namespace, _, name = place.partition(":")
        text = str(value).strip()
        if namespace != "container" or not name.casefold().startswith(ISO_6709_NAMES) or text in read:
            continue
        read.add(text)  # FFmpeg gives the same text once more for its language
        if parts := ISO_6709.fullmatch(text):
            latitude, longitude = _iso_degrees(parts["latitude"], 2), _iso_degrees(parts["longitude"], 3)
            yield _Position(latitude=latitude, longitude=longitude, source=place)
        elif re.match(r"[+-]\d", text):
            wrong.append(f"{place}: {text!r} is not like +25.1+109.9/; the position is not used")


def _iso_degrees(text: str, degree_digits: int) -> float:
    """Return decimal degrees of `±DD.D`, `±DDMM.M` or `±DDMMSS.S` (three digits of degrees for a longitude)."""
    whole, _, fraction = text[1:].partition(".")
    parts = [whole[:degree_digits], *(whole[place : place + 2] for place in range(degree_digits, len(whole), 2))]
    parts[-1] += f".{fraction}" if fraction else ""
    degrees = sum(float(part) / 60**place for place, part in enumerate(parts[:3]))
    return -degrees if text[0] == "-" else degrees


def _of_notes(by_place: Mapping[str, object], wrong: list[str]) -> Iterator[_Position]:
    """Read the positions in GUANO and `wamd` notes; invalid ones are added to `wrong`."""
    for place, pattern in WRITTEN_POSITION.items():
        text = str(by_place.get(place, "")).strip()
        if found := pattern.match(text):
            yield _Position(
                latitude=float(found["latitude"]) * (-1 if found["south"] == "S" else 1),
                longitude=float(found["longitude"]) * (-1 if found["west"] == "W" else 1),
                source=place,
            )
        elif text:
            wrong.append(f"{place}: {text!r} is not a latitude and longitude; the position is not used")
