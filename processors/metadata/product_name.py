"""Product names of the Chinese lunar and planetary archive."""

from __future__ import annotations

import re
from dataclasses import dataclass

from processors.mission.when import When, parse_when

_PRODUCT = re.compile(
    r"HX1-(?P<host>[A-Za-z]+)_GRAS_(?P<instrument>[A-Za-z0-9]+)(?P<mode>(?:-[A-Za-z0-9]+)*)_(?P<kind>SCI|AUX)_(?P<pass>[NP])_"
    r"(?P<start>\d{14})_(?P<stop>\d{14})_(?P<sol>\d{5})_(?P<version>[A-Za-z0-9]+)\.(?P<level>2[ABC])(?P<label>L)?",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True)
class ProductName:
    """Information in a CNSA product name; times are UTC."""

    host: str
    """Platform; `Ro` is the rover."""
    instrument: str
    mode: str | None
    kind: str
    start: When
    stop: When
    sol: int
    version: str
    level: str
    is_label: bool


def product_name(name: str) -> ProductName | None:
    """Parse a file name; None for any other name, and for impossible times."""
    part = _PRODUCT.fullmatch(name)
    if not part:
        return None
    try:
        start, stop = _when(part["start"]), _when(part["stop"])
    except ValueError:
        return None
    return ProductName(
        host=part["host"],
        instrument=part["instrument"],
        mode=part["mode"].lstrip("-") or None,
        kind=part["kind"],
        start=start,
        stop=stop,
        sol=int(part["sol"]),
        version=part["version"],
        level=part["level"].upper(),
        is_label=bool(part["label"]),
    )


def _when(digits: str) -> When:
    date, clock = f"{digits[:4]}-{digits[4:6]}-{digits[6:8]}", f"{digits[8:10]}:{digits[10:12]}:{digits[12:]}"
    return parse_when(f"{date}T{clock}Z")
