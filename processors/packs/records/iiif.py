"""IIIF Presentation 3: one canvas for each picture, video and recording, ranges for events, sources and shots."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any
from urllib.parse import quote

from processors.json_records import Json
from processors.languages.language import phrase
from processors.languages.text import Text
from processors.mission.sol_words import is_before_landing, sol_span, sol_words
from processors.packs.contents.joint_statements import (
    by_statement,
    joint_terms,
    texts_with_names,
    with_names,
    with_names_of_some,
)
from processors.packs.contents.packed_file import PackedFile, PackIdentity, in_languages, json_with_list
from processors.packs.contents.recorded import Recorded
from processors.packs.contents.rights import credit, notice, rights, rights_address, terms
from processors.packs.contents.subject import SourceRecord
from processors.packs.highlight.clip_credits import each_once, overlay_notes, strictest_first
from processors.packs.highlight.highlight import HighlightClip
from processors.packs.presentation import presentation_of
from processors.packs.recipe.pack_recipe import PackRecipe
from processors.packs.records.captions import words
from processors.packs.records.depictions import Depiction, depictions, kind_of_media_type
from processors.packs.records.shot_spans import ShotSpan

FILE = "iiif-manifest.json"
CONTEXT = "http://iiif.io/api/presentation/3/context.json"
LOCAL_ADDRESS = "http://localhost:8000/data/"
"""URL served by `python -m http.server` in the pack's folder: IIIF identifies everything by URL."""
MAX_NAMES = 5
"""Most files that are named in what a viewer must show at all times; the canvas of each file has its own statement."""
TYPES = {"image": "Image", "video": "Video", "audio": "Sound"}


def manifest(
    shown: Sequence[PackedFile],
    recipe: PackRecipe,
    identity: PackIdentity,
    *,
    path: str = FILE,
    shots: Mapping[str, Sequence[ShotSpan]] | None = None,
    highlight: HighlightClip | None = None,
) -> Iterator[bytes]:
    """Yield the manifest of at least one file that `can_be_shown`, in pieces.

    Parameters
    ----------
    path : its own, below `data/`.
    shots : shots of each source by its digest; they become ranges of its whole video.
    """
    base = recipe.web_address or LOCAL_ADDRESS
    head: dict[str, Json] = {"@context": CONTEXT, "id": f"{base}{path}", "type": "Manifest"}
    head["label"] = _text(recipe.title, recipe)
    if recipe.text:
        head["summary"] = _text(recipe.text, recipe)
    head["metadata"] = [_pair("identifier", identity.urn, recipe), _pair("date", identity.day, recipe)]
    of_clip = highlight.sources if highlight else ()
    subjects = list({one.digest: one for one in (*(one.subject for one in shown), *of_clip)}.values())
    if address := _common_address(subjects):
        head["rights"] = address
    head["requiredStatement"] = _required(subjects, recipe)
    if names := list(dict.fromkeys(filter(None, [recipe.publisher, *(one.subject.agency for one in shown)]))):
        head["provider"] = [
            {"id": f"{base}#provider-{number}", "type": "Agent", "label": {"none": [name]}}
            for number, name in enumerate(names, 1)
        ]
    found = depictions(shown)
    if first := next((one.thumbnail for one in found if one.thumbnail), None):
        head["thumbnail"] = [_resource(first, base)]
    head["behavior"] = ["individuals"]
    head["structures"] = _ranges(found, shots or {}, recipe, base)
    canvases = (_canvas(one, recipe, base) for one in found)
    clips = [_highlight(highlight, recipe, base)] if highlight else []
    yield from json_with_list(head, "items", chain(clips, canvases))


def can_be_shown(one: PackedFile) -> bool:
    """Return True for a picture, video or audio file of known size or duration."""
    kind = one.media_type.partition("/")[0]
    return (kind in ("image", "video") and bool(one.width_px and one.height_px)) or (
        kind == "audio" and bool(one.duration_seconds)
    )


def _ranges(
    found: Sequence[Depiction], shots: Mapping[str, Sequence[ShotSpan]], recipe: PackRecipe, base: str
) -> list[Json]:
    """Return a range for each event with its sources, and one for each source without an event."""
    groups: dict[str, list[Depiction]] = {}
    for one in found:
        groups.setdefault(one.main.subject.digest, []).append(one)
    events: dict[str, list[Json]] = {}
    ranges: list[Json] = []
    for digest, group in groups.items():
        subject = group[0].main.subject
        own = _range(subject, group, shots.get(digest, ()), recipe, base)
        if not subject.event:
            ranges.append(own)
            continue
        if subject.event not in events:
            events[subject.event] = []
            label = _text(subject.event_title or Text(en=subject.event), recipe)
            name = f"{base}#event-{quote(subject.event)}"
            ranges.append({"id": name, "type": "Range", "label": label, "items": events[subject.event]})
        events[subject.event].append(own)
    return ranges


def _range(
    subject: SourceRecord, group: Sequence[Depiction], shots: Sequence[ShotSpan], recipe: PackRecipe, base: str
) -> Json:
    """Return the range of a source: its shots, where the pack holds its whole video, and its canvases."""
    items: list[Any] = []
    if whole := next((one.main for one in group if one.kind == "video" and _is_whole(one.main)), None):
        origin = _start_seconds(whole)
        for shot in shots:
            span = f"#t={max(0.0, shot.start_seconds - origin):.3f},{shot.end_seconds - origin:.3f}"
            label = _text(phrase("shot", number=str(shot.number)), recipe)
            part: Json = [{"id": _canvas_id(whole, base) + span, "type": "Canvas"}]
            name = f"{base}#range-{subject.digest[:16]}-shot-{shot.number}"
            items.append({"id": name, "type": "Range", "label": label, "items": part})
    items += [{"id": _canvas_id(one.main, base), "type": "Canvas"} for one in group]
    return {
        "id": f"{base}#range-{subject.digest[:16]}",
        "type": "Range",
        "label": _json(in_languages(subject.title, subject.title) or {"none": [subject.name]}),
        "items": items,
    }


def _is_whole(one: PackedFile) -> bool:
    return one.entry is None or "full video" in presentation_of(one.entry.manifest.ref.processor).take


def _start_seconds(one: PackedFile) -> float:
    """Return the presentation time in the source of a copy's first picture; 0 for an original."""
    facts = one.entry.facts if one.entry and isinstance(one.entry.facts, dict) else {}
    start = facts.get("start_seconds", 0.0)
    return float(start) if isinstance(start, int | float) else 0.0


def _canvas(depiction: Depiction, recipe: PackRecipe, base: str) -> Json:
    one = depiction.main
    said, place = words(one.subject, one.entry), _canvas_id(one, base)
    canvas: dict[str, Any] = {"id": place, "type": "Canvas", "label": _text(said.label, recipe), **_size(one)}
    if summary := in_languages(said.caption, recipe.languages):
        canvas["summary"] = summary
    canvas["metadata"] = _facts(one, said.alternative, recipe)
    if address := rights_address(one.subject):
        canvas["rights"] = address
    canvas["requiredStatement"] = _required([one.subject], recipe)
    if depiction.thumbnail:
        canvas["thumbnail"] = [_resource(depiction.thumbnail, base)]
    if depiction.others:
        canvas["rendering"] = [
            {**_resource(other, base), "label": {"none": [other.name]}} for other in depiction.others
        ]
    canvas["items"] = _painted(place, _resource(one, base))
    return canvas


def _highlight(clip: HighlightClip, recipe: PackRecipe, base: str) -> Json:
    place = f"{base}canvas/{quote(clip.packed_path)}"
    size: dict[str, Json] = {"width": clip.width_px, "height": clip.height_px, "duration": clip.duration_seconds}
    body: dict[str, Json] = {"id": base + quote(clip.packed_path), "type": "Video", "format": "video/mp4", **size}
    canvas: dict[str, Any] = {"id": place, "type": "Canvas", "label": _text(phrase("highlight"), recipe), **size}
    binding = strictest_first(clip.sources, recipe)
    of_each = {"rights": by_statement(rights, binding), **joint_terms(binding)}
    warnings = [*texts_with_names(by_statement(lambda one: notice(one, recipe), binding)), *overlay_notes(clip.shown)]
    canvas["metadata"] = [
        *(
            _pair(name, words, recipe)
            for name, found in of_each.items()
            for words in with_names_of_some(found, binding)
        ),
        *(_pair("notice", warning, recipe) for warning in warnings),
    ]
    if address := _common_address(binding):
        canvas["rights"] = address
    canvas["requiredStatement"] = _required(binding, recipe)
    canvas["items"] = _painted(place, body)
    return canvas


def _painted(place: str, body: dict[str, Json]) -> list[Json]:
    painting: Json = {
        "id": f"{place}/painting",
        "type": "Annotation",
        "motivation": "painting",
        "body": body,
        "target": place,
    }
    return [{"id": f"{place}/page", "type": "AnnotationPage", "items": [painting]}]


def _resource(one: PackedFile, base: str) -> dict[str, Json]:
    return {
        "id": base + quote(one.path),
        "type": TYPES[kind_of_media_type(one)],
        "format": one.media_type,
        **_size(one),
    }


def _size(one: PackedFile) -> dict[str, Json]:
    size: dict[str, Json] = (
        {"width": one.width_px, "height": one.height_px} if kind_of_media_type(one) != "audio" else {}
    )
    if kind_of_media_type(one) != "image" and one.duration_seconds:
        size["duration"] = one.duration_seconds
    return size


def _facts(one: PackedFile, alternative: Text, recipe: PackRecipe) -> list[Json]:
    subject, recorded = one.subject, one.subject.recorded
    facts = [_pair("alternative_text", alternative, recipe), _pair("rights", rights(subject), recipe)]
    facts += [_pair(name, value, recipe) for name, value in terms(subject).items()]
    if warning := notice(subject, recipe):
        facts.append(_pair("notice", warning, recipe))
    said = {
        "source": subject.name,
        "source_sha256": subject.digest,
        "made_by": f"{one.entry.manifest.ref.processor} {one.entry.manifest.version}" if one.entry else None,
        "camera": subject.camera,
        "recorded": (recorded.in_words if recorded.is_of_event else recorded.written) if recorded else None,
        "sol": _sols(subject.mission, recorded) if recorded else None,
    }
    return facts + [_pair(name, value, recipe) for name, value in said.items() if value]


def _required(subjects: Sequence[SourceRecord], recipe: PackRecipe) -> Json:
    """Return what a viewer must show: the credit of some sources and, where they have any, terms of use and
    instructions; those of some sources among several with their names or, where these are many, their number.
    """
    credited = each_once(map(credit, subjects))
    if not (found := joint_terms(subjects)):
        return _pair("credit", credited, recipe)
    stated = [("credit", Text(en=credited))]
    stated += [
        (name, _in_short(words, sources, len(subjects)))
        for name, statements in found.items()
        for words, sources in statements.items()
    ]
    named = [
        Text({code: f"{title}: {words.best(code)}" for code, title in phrase(name).items()}) for name, words in stated
    ]
    lines = {code: [one[code] for one in named] for code in recipe.languages}
    return {"label": _text(phrase("rights"), recipe), "value": _json(lines)}


def _in_short(words: str, sources: Sequence[SourceRecord], count: int) -> Text:
    """Return what is stated of some of a number of sources, so short that a viewer can show it at all times."""
    if len(sources) == count:
        return Text(en=words)
    if len(sources) <= MAX_NAMES:
        return Text(en=with_names({words: sources})[0])
    return phrase("stated_of_some", statement=words, number=str(len(sources)), count=str(count))


def _common_address(subjects: Sequence[SourceRecord]) -> str | None:
    """Return the standard URI of the rights to all these sources; None if they differ, or no standard covers them."""
    addresses = {rights_address(one) for one in subjects}
    return addresses.pop() if len(addresses) == 1 else None


def _sols(mission: str | None, recorded: Recorded) -> str | Text | None:
    first, last = recorded.first_sol, recorded.last_sol
    if first is None or last is None:
        return None
    if is_before_landing(mission, first):
        return sol_words(mission, first, last) or sol_span(mission, first, last)
    return str(first) if first == last else f"{first}-{last}"


def _pair(name: str, value: str | Text, recipe: PackRecipe) -> Json:
    shown: Json = _text(value, recipe) if isinstance(value, Text) else {"none": [value]}
    return {"label": _text(phrase(name), recipe), "value": shown}


def _text(text: Text, recipe: PackRecipe) -> Json:
    """Return a text in the pack's languages, or in all its languages if it exists in none of those."""
    return _json(in_languages(text, recipe.languages) or in_languages(text, text))


def _json(texts: dict[str, list[str]]) -> Json:
    return {language: list(values) for language, values in texts.items()}


def _canvas_id(one: PackedFile, base: str) -> str:
    return f"{base}canvas/{quote(one.path)}"
