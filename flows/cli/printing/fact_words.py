"""Facts of a decoding report in words: what is unusual or lost, without what every file has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

ALWAYS_SHOWN = ("colour", "frame_count_lost", "missing_sample_count")
"""Decoding facts that are shown even if 0 or unknown, because that is reassuring."""
USUAL = {"orientation": 1, "frame_count": 1, "shrunk_by": 1}
"""Facts of a photo that are not worth showing at these usual values."""
SPANS = ("damaged", "lost_seconds", "time_gaps")
MAX_SPANS = 10


def fact_lines(facts: Mapping[str, Any]) -> dict[str, str]:
    shown = {name: value for name, value in facts.items() if _says_something(name, value)}
    if "orientation" in facts:
        shown["colour"] = _colour_of_photo(facts)
        if shown.get("frame_count"):
            shown["frame_count"] = f"{facts['frame_count']}, of which one is shown"
        shown.pop("colour_source", None)
        shown.pop("icc_profile_name", None)
        shown.pop("icc_profile_fault", None)
    if not facts.get("trailing_bytes"):
        shown.pop("trailing_kind", None)
    return {name: fact_in_words(name, value) for name, value in shown.items()}


def fullest(reports: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the reports without those of passes that skipped frames which another pass decoded."""
    kept: dict[str, Mapping[str, Any]] = {}
    for report in reports:
        same = {name: value for name, value in report.items() if name not in ("frame_count_decoded", SKIPPED)}
        before = kept.get(key := repr(sorted(same.items())))
        if before is None or (report.get(SKIPPED) or 0) < (before.get(SKIPPED) or 0):
            kept[key] = report
    return list(kept.values())


SKIPPED = "frame_count_skipped"


def fact_in_words(name: str, value: Any) -> str:
    """Format a fact for people; of many time spans, only the first ones."""
    if value is None:
        return "none" if name in ("first_error", "unreadable") or name.endswith("_because") else "unknown"
    if name == "streams":
        return ", ".join(map(_stream_of_video, value))
    if name == "joined":
        return ", ".join(f"{one['codec']} from {one['start_seconds']:.3f} s" for one in value[:MAX_SPANS])
    if name == "other_streams":
        return "; ".join(map(_stream, value))
    if name == "colour" and isinstance(value, dict):
        return _colour_in_words(value)
    if name not in SPANS:
        return str(value)
    spans = [(span["start_seconds"], span["end_seconds"]) if isinstance(span, dict) else span for span in value]
    words = [f"{start:.3f} s to {'an unknown end' if end is None else f'{end:.3f} s'}" for start, end in spans]
    more = f" and {len(spans) - MAX_SPANS} more" if len(spans) > MAX_SPANS else ""
    return ", ".join(words[:MAX_SPANS]) + more or "none"


def _says_something(name: str, value: Any) -> bool:
    """Return False for a count of nothing, an empty list, and what is unknown; a count of losses is always shown."""
    if name in ALWAYS_SHOWN:
        return True
    return value not in (None, 0, False, "none") and value != [] and value != {} and value != USUAL.get(name)


def _stream_of_video(one: Mapping[str, Any]) -> str:
    """Describe a stream of a video: "0 video h264", "1 data, encrypted (scrambled for conditional access)"."""
    if encryption := one.get("encryption"):
        return f"{one['index']} {one['kind']}, encrypted ({encryption})"
    return f"{one['index']} {one['kind']} {one['codec'] or 'without a decoder'}"


def _stream(one: Mapping[str, Any]) -> str:
    """Describe another audio stream of the file: "stream 2: aac, 6 channels, de, Commentary"."""
    words = [one["codec"] or "without a decoder"]
    if count := one.get("channel_count"):
        words.append(f"{count} channel{'' if count == 1 else 's'}")
    words += [word for word in (one.get("language"), one.get("title")) if word and word != "und"]
    return f"stream {one['stream_index']}: {', '.join(words)}"


def _colour_of_photo(facts: Mapping[str, Any]) -> str:
    """Describe how a photo's numbers are interpreted as colours."""
    named, fault = facts.get("icc_profile_name"), facts.get("icc_profile_fault")
    if named and fault:
        others = _colour_of_photo({**facts, "icc_profile_name": None})
        is_named = "" if named == "unreadable" else f", {named},"
        return f"{others}; its ICC profile{is_named} is not applied: {fault}"
    if named:
        return f"by its ICC profile, {named}"
    if source := facts.get("colour_source"):
        return f"{facts['colour']} (from {source})" if facts.get("colour") else f"by its {source}"
    return "not tagged" if facts.get("mode") in ("LAB", "CMYK") else "not tagged; taken as sRGB"


def _colour_in_words(colour: Mapping[str, Any]) -> str:
    """Return a video's colour tags in words, and the assumptions for missing ones."""
    names = ("primaries", "transfer", "matrix", "range")
    tagged = ", ".join(f"{name} {colour[name]}" for name in names if colour.get(name)) or "no tags"
    assumed = colour.get("assumed") or ()
    return f"{tagged}; not tagged, so assumed: {', '.join(assumed)}" if assumed else tagged
