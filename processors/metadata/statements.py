"""Metadata statements of file, label and release, mapped to standard terms, and the conflicts between them."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from processors.languages.language import LANGUAGES
from processors.languages.text import FALLBACK
from processors.metadata.position import position_of
from processors.metadata.release.release_values import TRANSLATED, Said
from processors.metadata.tags.tag_records import Tag, Value, known_from


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One value of one term, with its source."""

    term: str
    """Dublin Core `dc:...`, IPTC `photoshop:...`, EXIF `exif:...`; `marsmedia:...` where no standard has the term."""
    schema_org: str | None
    value: str | float
    language: str | None
    source: str
    """`release.toml:title`, `label x.xml:title`, `XMP sidecar x.xmp:xmp:dc:title`, `file:exif:Artist`,
    `profile tianwen-1:credit`."""


@dataclass(frozen=True, kw_only=True)
class Contradiction:
    """Conflicting statements; not resolved."""

    about: str
    says: tuple[tuple[str, str], ...]
    """(value, source) of each statement."""


TERMS: dict[str, tuple[str, str | None]] = {
    "title": ("dc:title", "name"),
    "caption": ("dc:description", "description"),
    "alt_text": ("Iptc4xmpCore:AltTextAccessibility", None),
    "creator": ("dc:creator", "creator"),
    "agency": ("dc:publisher", "publisher"),
    "credit": ("photoshop:Credit", "creditText"),
    "city": ("photoshop:City", None),
    "rating": ("xmp:Rating", None),
    "rights": ("dc:rights", "copyrightNotice"),
    "usage_terms": ("xmpRights:UsageTerms", "usageInfo"),
    "instructions": ("photoshop:Instructions", None),
    "source": ("dc:source", "isBasedOn"),
    "keywords": ("dc:subject", "keywords"),
    "device": ("exif:Model", "exifData"),
    "recorded_by": ("marsmedia:recordedBy", None),
    "software": ("xmp:CreatorTool", None),
    "released": ("dcterms:issued", "datePublished"),
    "redistribute": ("marsmedia:redistribute", None),
    "synthetic": ("Iptc4xmpExt:DigitalSourceType", "digitalSourceType"),
    "identifier": ("dc:identifier", "identifier"),
    "mission": ("marsmedia:mission", None),
    "spacecraft": ("marsmedia:spacecraft", None),
    "sol": ("marsmedia:sol", None),
    "local_true_solar_time": ("marsmedia:localTrueSolarTime", None),
    "local_mean_solar_time": ("marsmedia:localMeanSolarTime", None),
    "solar_longitude_degrees": ("marsmedia:solarLongitudeDegrees", None),
    "latitude_degrees_north": ("exif:GPSLatitude", "latitude"),
    "longitude_degrees_east": ("exif:GPSLongitude", "longitude"),
}
SINGLE = ("creator", "device", "rights", "credit", "latitude_degrees_north", "longitude_degrees_east", "sol")
"""Terms with a single true value: different values are a conflict."""

DRAWN_BY_A_PROGRAM = "http://cv.iptc.org/newscodes/digitalsourcetype/algorithmicMedia"
"""IPTC NewsCodes: made by an algorithm alone, from no recording; what `synthetic = true` means."""

CREDIT_TAGS = {
    ("iptc", "Credit"): "credit",
    ("xmp", "photoshop:Credit"): "credit",
    ("iptc", "City"): "city",
    ("xmp", "photoshop:City"): "city",
    ("xmp", "xmp:Rating"): "rating",
    ("iptc", "SpecialInstructions"): "instructions",
    ("xmp", "photoshop:Instructions"): "instructions",
    ("xmp", "xmpRights:UsageTerms"): "usage_terms",
    ("container", "license"): "usage_terms",
    ("container", "terms_of_use"): "usage_terms",
    ("ape", "license"): "usage_terms",
    ("png", "disclaimer"): "usage_terms",
}
"""Tags that each make one statement: of XMP, IPTC, and APE; of Vorbis comments and Matroska, as FFmpeg names them; and
the legal disclaimer of PNG. Names other than those of XMP and IPTC are compared in lower case."""

TERMS_OF_USE = ("usage_terms", "instructions")

ALTERNATIVE_TEXT = "Iptc4xmpCore:AltTextAccessibility"
TRANSLATED_TAGS = {"dc:title": "title", "dc:description": "caption", ALTERNATIVE_TEXT: "alt_text"}
"""Properties of XMP that have a text per language."""
_IN_A_LANGUAGE = re.compile(r"(.+)\[([A-Za-z]{2,3})(?:-[\w-]*)?\]")


def statement(meaning: str, value: str | float | bool, source: str, language: str | None = None) -> Statement:
    """Return a statement in its standard term."""
    term, schema_org = TERMS[meaning]
    text = str(value).lower() if isinstance(value, bool) else value
    return Statement(term=term, schema_org=schema_org, value=text, language=language, source=source)


def said_by_release(said: Said, where: str) -> Iterator[Statement]:
    """Yield the statements of one release.toml table, in its languages."""
    for key, value in said.items():
        meaning, _, code = key.rpartition("_")
        meaning, language = (meaning, code) if code in LANGUAGES and meaning in TRANSLATED else (key, None)
        if meaning == "synthetic":
            if value is True:
                yield statement(meaning, DRAWN_BY_A_PROGRAM, f"release.toml:{where}{key}")
        elif meaning in TERMS and (meaning, value) != ("mission", ""):
            if meaning in TRANSLATED and language is None:
                language = FALLBACK
            several = value if isinstance(value, list) else [value]
            for one in several or [""]:  # an empty list takes the place of the file's, as an empty text does
                yield statement(meaning, one, f"release.toml:{where}{key}", language)


def said_by_sidecar(tags: tuple[Tag, ...], voice: str) -> Iterator[Statement]:
    """Yield the statements of an XMP sidecar, for properties whose term is known."""
    known = known_from(tags, **position_of(tags))
    for field in dataclasses.fields(known):
        value: Value | None = getattr(known, field.name)
        if value and field.name in TERMS:
            yield statement(field.name, value.value, f"{voice}:{value.source}")
    yield from translated_statements(tags, voice)
    yield from alternative_text_of(tags, voice)
    yield from keywords_of(tags, voice)
    yield from credit_statements(tags, voice)


def translated_statements(tags: tuple[Tag, ...], voice: str) -> Iterator[Statement]:
    """Yield titles, captions and alternative texts in the languages of packs and pages."""
    for tag in tags:
        entry = _IN_A_LANGUAGE.fullmatch(tag.name) if tag.namespace == "xmp" else None
        meaning = TRANSLATED_TAGS.get(entry[1]) if entry else None
        if entry and meaning and entry[2].casefold() in LANGUAGES:
            yield statement(meaning, str(tag.value), f"{voice}:xmp:{tag.name}", entry[2].casefold())


def alternative_text_of(tags: tuple[Tag, ...], voice: str) -> Iterator[Statement]:
    """Yield the alternative text without a stated language (`x-default`), unless it exists in a language too."""
    in_languages = {str(tag.value) for tag in tags if tag.name.startswith(f"{ALTERNATIVE_TEXT}[")}
    for tag in tags:
        if (tag.namespace, tag.name) == ("xmp", ALTERNATIVE_TEXT):
            text = str(tag.value[0] if isinstance(tag.value, list) else tag.value)
            if text.strip() and text not in in_languages:
                yield statement("alt_text", text, f"{voice}:xmp:{tag.name}")


def keywords_of(tags: tuple[Tag, ...], voice: str) -> Iterator[Statement]:
    """Yield the keywords in the tags of a file or a sidecar, which `voice` names."""
    for tag in tags:
        if (tag.namespace, tag.name) in (("xmp", "dc:subject"), ("iptc", "Keywords"), ("exif", "XPKeywords")):
            several = str(tag.value).split(";") if tag.namespace == "exif" else tag.value
            for word in several if isinstance(several, list) else [several]:
                yield statement("keywords", str(word).strip(), f"{voice}:{tag.namespace}:{tag.name}")


def credit_statements(tags: tuple[Tag, ...], voice: str) -> Iterator[Statement]:
    """Yield credit, terms of use, city and rating, each text once: XMP and IPTC often say the same."""
    seen: set[tuple[str, str]] = set()
    for tag in tags:
        meaning = CREDIT_TAGS.get((tag.namespace, tag.name)) or CREDIT_TAGS.get((tag.namespace, tag.name.casefold()))
        value = tag.value[0] if isinstance(tag.value, list) and tag.value else tag.value
        if not meaning or value is None or not str(value).strip() or (meaning, str(value)) in seen:
            continue
        if meaning in TERMS_OF_USE:
            seen.add((meaning, str(value)))
        yield statement(meaning, str(value), f"{voice}:{tag.namespace}:{tag.name}")


def contradictions(statements: Iterable[Statement]) -> Iterator[Contradiction]:
    """Yield the single-valued terms that have different values."""
    by_term: dict[str, list[Statement]] = {}
    for one in statements:
        by_term.setdefault(one.term, []).append(one)
    for meaning in SINGLE:
        voices = by_term.get(TERMS[meaning][0], [])
        if len({folded(one.value) for one in voices}) > 1:
            yield Contradiction(about=meaning, says=tuple((str(one.value), one.source) for one in voices))


def folded(value: str | float) -> str:
    """Return a value as it is compared: a number in six digits, a text without regard to case and white space."""
    try:
        return f"{float(value):.6g}"
    except ValueError:
        return " ".join(str(value).casefold().split())
