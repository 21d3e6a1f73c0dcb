"""IIIF Presentation 3: one canvas for each picture, video and audio file, a range for each source."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any
from urllib.parse import quote

from processors.contract import Json
from processors.languages.language import phrase
from processors.languages.text import Text
from processors.packs.contents.packed_file import PackedFile, PackIdentity, in_languages, json_with_list
from processors.packs.contents.rights import credit, notice, rights, rights_address
from processors.packs.contents.subject import SourceRecord
from processors.packs.recipe.pack_recipe import Recipe
from processors.packs.records.captions import time_of, words

FILE = "iiif-manifest.json"
CONTEXT = "http://iiif.io/api/presentation/3/context.json"
LOCAL_ADDRESS = "http://localhost:8000/data/"
"""URL served by `python -m http.server` in the pack's folder: IIIF identifies everything by URL."""
TYPES = {"image": "Image", "video": "Video", "audio": "Sound"}


def manifest(shown: Sequence[PackedFile], recipe: Recipe, identity: PackIdentity, path: str = FILE) -> Iterator[bytes]:
    """Yield the manifest of at least one file that `can_be_shown`, in pieces; `path` is its own, below `data/`."""
    base = recipe.web_address or LOCAL_ADDRESS
    head: dict[str, Json] = {"@context": CONTEXT, "id": f"{base}{path}", "type": "Manifest"}
    head["label"] = _text(recipe.title, recipe)
    if recipe.text:
        head["summary"] = _text(recipe.text, recipe)
    head["metadata"] = [_pair("identifier", identity.urn, recipe), _pair("date", identity.day, recipe)]
    named = "; ".join(dict.fromkeys(credit(one.subject) for one in shown))
    head["requiredStatement"] = _pair("credit", named, recipe)
    if names := list(dict.fromkeys(filter(None, [recipe.publisher, *(one.subject.agency for one in shown)]))):
        head["provider"] = [
            {"id": f"{base}#provider-{number}", "type": "Agent", "label": {"none": [name]}}
            for number, name in enumerate(names, 1)
        ]
    shown = sorted(shown, key=_order_of(shown))
    head["structures"] = [_range(subject, group, base) for subject, group in _by_subject(shown)]
    yield from json_with_list(head, "items", (_canvas(one, recipe, base) for one in shown))


def _order_of(shown: Sequence[PackedFile]) -> Callable[[PackedFile], tuple[int, float]]:
    """Return a sort key that keeps the order of sources and results and sorts each result by presentation time."""
    places: dict[tuple[str, str], int] = {}
    for one in shown:
        places.setdefault((one.subject.digest, one.folder), len(places))
    return lambda one: (places[one.subject.digest, one.folder], time_of(one.entry) or 0.0)


def can_be_shown(one: PackedFile) -> bool:
    """Return True for a picture, video or audio file of known size or duration."""
    kind = one.media_type.partition("/")[0]
    return (kind in ("image", "video") and bool(one.width_px and one.height_px)) or (
        kind == "audio" and bool(one.duration_seconds)
    )


def _by_subject(shown: Sequence[PackedFile]) -> list[tuple[SourceRecord, list[PackedFile]]]:
    groups: dict[str, tuple[SourceRecord, list[PackedFile]]] = {}
    for one in shown:
        groups.setdefault(one.subject.digest, (one.subject, []))[1].append(one)
    return list(groups.values())


def _range(subject: SourceRecord, group: list[PackedFile], base: str) -> Json:
    return {
        "id": f"{base}#range-{subject.digest[:16]}",
        "type": "Range",
        "label": _json(in_languages(subject.title, subject.title) or {"none": [subject.name]}),
        "items": [{"id": _canvas_id(one, base), "type": "Canvas"} for one in group],
    }


def _canvas(one: PackedFile, recipe: Recipe, base: str) -> Json:
    said, place, kind = words(one.subject, one.entry), _canvas_id(one, base), one.media_type.partition("/")[0]
    size: dict[str, Json] = {"width": one.width_px, "height": one.height_px} if kind != "audio" else {}
    if kind != "image" and one.duration_seconds:
        size["duration"] = one.duration_seconds
    body: dict[str, Json] = {"id": base + quote(one.path), "type": TYPES[kind], "format": one.media_type, **size}
    canvas: dict[str, Any] = {"id": place, "type": "Canvas", "label": _text(said.label, recipe), **size}
    if summary := in_languages(said.caption, recipe.languages):
        canvas["summary"] = summary
    canvas["metadata"] = _facts(one, said.alternative, recipe)
    if address := rights_address(one.subject):
        canvas["rights"] = address
    canvas["requiredStatement"] = _pair("credit", credit(one.subject), recipe)
    painting = {
        "id": f"{place}/painting",
        "type": "Annotation",
        "motivation": "painting",
        "body": body,
        "target": place,
    }
    canvas["items"] = [{"id": f"{place}/page", "type": "AnnotationPage", "items": [painting]}]
    return canvas


def _facts(one: PackedFile, alternative: Text, recipe: Recipe) -> list[Json]:
    subject, recorded = one.subject, one.subject.recorded
    facts = [_pair("alternative_text", alternative, recipe), _pair("rights", rights(subject), recipe)]
    if warning := notice(subject, recipe):
        facts.append(_pair("notice", warning, recipe))
    said = {
        "source": subject.name,
        "source_sha256": subject.digest,
        "made_by": f"{one.entry.manifest.ref.processor} {one.entry.manifest.version}" if one.entry else None,
        "camera": subject.camera,
        "recorded": recorded.written if recorded else None,
        "sol": _sols(recorded.first_sol, recorded.last_sol) if recorded else None,
    }
    return facts + [_pair(name, value, recipe) for name, value in said.items() if value]


def _sols(first: int | None, last: int | None) -> str | None:
    return None if first is None else str(first) if first == last else f"{first}-{last}"


def _pair(name: str, value: str | Text, recipe: Recipe) -> Json:
    shown: Json = _text(value, recipe) if isinstance(value, Text) else {"none": [value]}
    return {"label": _text(phrase(name), recipe), "value": shown}


def _text(text: Text, recipe: Recipe) -> Json:
    """Return a text in the pack's languages, or in all its languages if it exists in none of those."""
    return _json(in_languages(text, recipe.languages) or in_languages(text, text))


def _json(texts: dict[str, list[str]]) -> Json:
    return {language: list(values) for language, values in texts.items()}


def _canvas_id(one: PackedFile, base: str) -> str:
    return f"{base}canvas/{quote(one.path)}"
