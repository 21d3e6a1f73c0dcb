"""Text output of a source's evidence: titles, captions and rights; time, place and camera of the recording."""

from __future__ import annotations

from typing import Any

from processors.languages.text import FALLBACK
from processors.metadata.release.own_terms import permission_of
from processors.mission.sol_words import is_before_landing, sol_span


def said_lines(record: dict[str, Any]) -> list[str]:
    """Return titles, captions, alternative texts, credit, rights, terms, permission and keywords, with sources.

    A text that is stated to be empty, which takes that of the file out, is shown as "none".
    """
    names = {
        "dc:title": "title",
        "dc:description": "caption",
        "Iptc4xmpCore:AltTextAccessibility": "alternative text",
        "photoshop:Credit": "credit",
        "dc:rights": "rights",
        "xmpRights:UsageTerms": "terms of use",
        "photoshop:Instructions": "instructions",
        "marsmedia:redistribute": "may be passed on",
    }
    statements = record.get("statements", ())
    words: dict[str, list[str]] = {}
    for one in statements:
        if one["term"] == "dc:subject":
            words.setdefault(one["source"], []).append(str(one["value"]))
    return [
        *(
            f"{names[one['term']]}: {str(one['value']) or 'none'} (from {one['source']})"
            for one in statements
            if one["term"] in names
        ),
        *(f"keywords: {'; '.join(several) or 'none'} (from {source})" for source, several in words.items()),
    ]


def _exactness(taken: dict[str, Any]) -> str:
    """Return how exactly a time is known: "to the second, time zone unknown"."""
    zones = {"unknown": "time zone unknown", "offset": "offset from UTC given"}
    precision = {"subsecond": "a fraction of a second"}.get(taken["precision"], f"the {taken['precision']}")
    return f"to {precision}, {zones.get(taken['zone'], taken['zone'])}"


def evidence_lines(record: dict[str, Any]) -> list[str]:
    """Print when, where and with what a source was recorded, and each contradiction, a line each; unknown: none."""
    lines: list[str] = []
    if taken := record.get("taken"):
        span = taken["utc"] or f"{taken['earliest_utc']} to {taken['latest_utc']}"
        event = "the time of the event shown; " if taken.get("is_of_event") else ""
        lines.append(f"when: {span} ({event}{_exactness(taken)}; from {taken['source']})")
    from_where = record if record.get("first_sol") is not None else taken or {}
    if from_where.get("first_sol") is not None:
        first, last = from_where["first_sol"], from_where["last_sol"]
        sols = str(first) if first == last else f"{first} to {last}"
        if is_before_landing(record.get("mission"), first):
            sols = sol_span(record["mission"], first, last)[FALLBACK]
        lines.append(f"sol: {sols} (from {record.get('sol_source') or from_where['source']})")
    if (source := record.get("mission_source")) and source.startswith("label "):
        lines.append(f"mission: {record['mission']} (from {source})")
    if event := record.get("event"):
        lines.append(f"event: {event['name']}: {event['title']}, {event['written']} ({event['source']})")
    if record.get("camera"):
        words = record.get("recorded_by")
        said = f"release.toml: {words}" if words else f"from {record['camera_source']}"
        lines.append(f"camera: {record['camera']} ({said})")
    elif record.get("recorded_by"):
        lines.append(f"camera: {record['recorded_by']} (release.toml)")
    apart = record.get("against_general", ())
    permission = next((one for one in record.get("statements", ()) if one["term"] == "marsmedia:redistribute"), None)
    is_permitted = permission and permission_of(permission["value"], permission["source"], apart)
    until_then = "" if is_permitted else "; public packs refuse it until then"
    for one in apart:
        (own, own_source), (general, source) = one["says"]
        lines.append(
            f"its own {one['about']}: {own} ({own_source}), against {general} ({source}): "
            f"settle it in its [[file]] of release.toml{until_then}"
        )
    for one in record.get("disagreements", ()):
        lines.append(f"disagree about {one['about']}: " + "; ".join(f"{value} ({said})" for value, said in one["says"]))
    return lines
