"""Statements of a label, in standard terms; numbers are read whatever unit they carry."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence

from processors.metadata.statements import TERMS, Statement, statement
from processors.metadata.tags.label import INSIDE, found
from processors.metadata.tags.tag_records import Tag, unread_texts
from processors.metadata.times.solar_clock import hours_of_clock, sol_of_clock
from processors.mission.profile import Profile
from processors.planetary.pvl import number_of, unquoted

LABEL_NAMES = {
    "title": ("title",),
    "identifier": ("logical_identifier", "PRODUCT_ID"),
    "device": ("INSTRUMENT_NAME", "INSTRUMENT_ID"),
    "mission": ("MISSION_NAME", "investigation_name"),
    "spacecraft": ("INSTRUMENT_HOST_NAME", "SPACECRAFT_NAME", "INSTRUMENT_HOST_ID", "SPACECRAFT_ID"),
    "creator": ("author_list", "PRODUCER_INSTITUTION_NAME"),
    "rights": (),
    "sol": ("PLANET_DAY_NUMBER", "sol_number", "start_sol_number", "LOCAL_TRUE_SOLAR_TIME_SOL"),
    "local_true_solar_time": ("LOCAL_TRUE_SOLAR_TIME", "start_local_true_solar_time"),
    "local_mean_solar_time": ("LOCAL_MEAN_SOLAR_TIME", "start_local_mean_solar_time"),
    "solar_longitude_degrees": ("SOLAR_LONGITUDE", "start_solar_longitude"),
}
"""Label entries by term, in any case; if a label has several of them, the first one listed here counts. Rights are in
one place only, `LICENCE`."""
LICENCE = "license_information/name"
"""Place of a licence's name in a PDS4 label, in lower case."""
PDS4_PLACES = {
    "mission": ("Investigation_Area/", ("mission", "project")),
    "spacecraft": ("Observing_System_Component/", ("host", "spacecraft", "lander", "rover")),
    "device": ("Observing_System_Component/", ("instrument",)),
}
"""Places in a PDS4 label where a name is followed by a type, and the types that map it to this term."""
SOLAR_TIMES = ("local_mean_solar_time", "local_true_solar_time")
"""Terms whose text may begin with the sol; sols are counted by mean solar time."""
_IN_DEGREES = {"": 1.0, "deg": 1.0, "degree": 1.0, "degrees": 1.0, "rad": math.degrees(1), "radian": math.degrees(1)}
_NUMBER_AND_UNIT = re.compile(r"([^\s<>]+)\s*(?:<\s*([^<>]*?)\s*>|([A-Za-z]+))?")
_WORD = re.compile(r"[^\W_]+")


def said_by_label(tags: tuple[Tag, ...], name: str) -> Iterator[Statement]:
    """Yield the statements of a label, for entries whose term is known."""
    for meaning in LABEL_NAMES:
        for tag in _entries(tags, meaning):
            value = _value(meaning, str(tag.value))
            if value is not None:
                yield statement(meaning, value, f"label {name}:{tag.name}")
                break


def unread_of_label(tags: tuple[Tag, ...], name: str) -> Iterator[str]:
    """Yield in words which sols, solar times and solar longitudes, and which texts in other encodings, are not read."""
    for meaning, kind in (
        ("sol", "a whole number of sols"),
        ("solar_longitude_degrees", "an angle"),
        *((meaning, "a time of day") for meaning in SOLAR_TIMES),
    ):
        for tag in filter(None, (found(tags, one) for one in LABEL_NAMES[meaning])):
            text = str(tag.value)
            if (hours_of_clock(text) if meaning in SOLAR_TIMES else _value(meaning, text)) is None:
                yield f"label {name}:{tag.name}: {text[:80]!r} is not {kind}; it is not read"
    yield from (f"label {name}: {problem}" for problem in unread_texts(tags) if name != INSIDE)


def _entries(tags: tuple[Tag, ...], meaning: str) -> Iterator[Tag]:
    """Yield the entries of one term, the one to prefer first; the sol also from a solar time."""
    names = (*LABEL_NAMES[meaning], *(LABEL_NAMES[time][n] for time in SOLAR_TIMES for n in (0, 1) if meaning == "sol"))
    yield from filter(None, (found(tags, one) for one in names))
    if meaning == "rights":
        yield from (tag for tag in tags if tag.namespace == "pds4" and tag.name.casefold().endswith(LICENCE))
    if meaning in PDS4_PLACES and (tag := _name_of_type(tags, *PDS4_PLACES[meaning])):
        yield tag


def _value(meaning: str, text: str) -> str | float | None:
    """Return a value in one form for each term, without its unit; None if it is not a value of this term."""
    if meaning == "sol":
        sol = sol_of_clock(text) if hours_of_clock(text) is not None else _sol(text)
        return None if sol is None else str(sol)
    return _degrees(text) if meaning == "solar_longitude_degrees" else text


def _sol(text: str) -> int | None:
    number, _ = _number_and_unit(re.sub(r"^\W*sol[- _]*", "", text, flags=re.IGNORECASE))
    return int(number) if number is not None and number == int(number) and abs(number) < 1_000_000 else None


def _degrees(text: str) -> float | None:
    number, unit = _number_and_unit(text)
    factor = _IN_DEGREES.get(unit.casefold())
    return float(number * factor) if number is not None and factor and abs(number) < 10_000 else None


def _number_and_unit(text: str) -> tuple[float | None, str]:
    """Return a finite number, and its unit as PDS3 (`7 <SOL>`) and PDS4 (`7 sol`) give it; empty without one."""
    parts = _NUMBER_AND_UNIT.fullmatch(unquoted(text))
    try:
        number = number_of(parts[1]) if parts else math.nan
    except ValueError:
        number = math.nan
    return (number, (parts[2] or parts[3] or "") if parts else "") if math.isfinite(number) else (None, "")


def _name_of_type(tags: tuple[Tag, ...], part: str, types: tuple[str, ...]) -> Tag | None:
    """Return the name of the first part of a PDS4 label with one of these types; the type follows the name."""
    name: Tag | None = None
    for tag in tags:
        if tag.name.casefold().endswith(f"{part}name".casefold()):
            name = tag
        elif tag.name.casefold().endswith(f"{part}type".casefold()) and str(tag.value).casefold() in types:
            return name
    return None


def mission_words(tags: tuple[Tag, ...]) -> list[tuple[str, str]]:
    """Return a label's names for its mission and its spacecraft, each with its entry."""
    said = [one for one in said_by_label(tags, "") if one.term in (TERMS["mission"][0], TERMS["spacecraft"][0])]
    return [(str(one.value), one.source.rpartition(":")[2]) for one in said]


def of_label(statements: Iterable[Statement], meaning: str) -> Statement | None:
    """Return the first statement of a label next to the file or inside it."""
    term = TERMS[meaning][0]
    return next((one for one in statements if one.term == term and one.source.startswith("label ")), None)


def camera_of(
    recorded_by: str | None, statements: Sequence[Statement], profile: Profile | None, tags: Iterable[Tag] = ()
) -> tuple[str | None, str | None]:
    """Return the camera or instrument and its source: the release's words if the profile knows them, else a label's.

    Where neither names one, it is that of the file itself or of a sidecar, if `statements` hold it; `tags` are those of
    both, which may give its maker, too.
    """
    if profile and recorded_by and (known := profile.device(recorded_by)):
        return known, "release.toml:recorded_by"
    if told := of_label(statements, "device"):
        words = str(told.value)
        return (profile.device(words) if profile else None) or words, told.source
    if recorded_by is None and (own := next((one for one in statements if one.term == TERMS["device"][0]), None)):
        words = str(own.value)
        return (profile.device(words) if profile else None) or _with_maker(words, own.source, tags), own.source
    return None, None


def _with_maker(model: str, source: str, tags: Iterable[Tag]) -> str:
    """Return a camera's model after its maker, `Sony D5803`, both in the letters of their tags.

    The model is returned alone if no tag gives a maker, or if the model names it: `NIKON D850` of `NIKON CORPORATION`.

    Parameters
    ----------
    source : voice and tag of the model, `file:exif:Model`; that of its maker is `exif:Make`.
    """
    place = source.replace("Model", "Make").replace("model", "make")
    named = (str(tag.value).strip() for tag in tags if place.endswith(f":{tag.namespace}:{tag.name}") and tag.value)
    maker = next(named, "")
    return model if _names_maker(model.casefold(), maker.casefold()) else f"{maker} {model}"


def _names_maker(model: str, maker: str) -> bool:
    """Return whether a model begins with its maker or with any word of it, or contains its first word."""
    of_model, of_maker = _WORD.findall(model), _WORD.findall(maker)
    return (
        model.startswith(maker)
        or not set(of_model[:1]).isdisjoint(of_maker)
        or not set(of_maker[:1]).isdisjoint(of_model)
    )
