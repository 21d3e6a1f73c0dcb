"""Frames of a video as the page shows them: each once, with every file that shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from processors.json_records import Json
from processors.packs.gallery.gallery_file import GalleryFile


def frame_records(shown: Sequence[GalleryFile], shots: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the frames of a video of which these files have pictures, in order of presentation; times as in the facts.

    A frame that several files show, in other sizes or of other results, counts once: as the largest file of the results
    that count, a still before others of its size. `others` are the indices of the other files.
    """
    files: dict[Any, list[int]] = {}
    for number, one in enumerate(shown):
        if identity := _identity(one):
            files.setdefault((identity["pts"], identity.get("time_base")), []).append(number)

    def rank(number: int) -> tuple[bool, int, bool]:
        one = shown[number]
        width, height = one.size_px or (0, 0)
        return not one.counts, -width * height, not _is_still(one)

    found = [_record(shown, sorted(numbers, key=rank), shots) for numbers in files.values()]
    return sorted(found, key=lambda frame: (frame["time_seconds"], frame["href"]))


def _identity(one: GalleryFile) -> dict[str, Any] | None:
    """Return the facts that name the frame which a picture shows; None for another file."""
    if one.entry is None or not one.media_type.startswith("image/"):
        return None
    named = one.facts.get("identity") or one.facts
    if not isinstance(named, dict) or named.get("pts") is None or named.get("time_seconds") is None:
        return None
    return named


def _is_still(one: GalleryFile) -> bool:
    """Return whether it is a still that counts, not one of other settings."""
    return one.counts and one.facts.get("rank") is not None


def _first(files: Sequence[GalleryFile], name: str) -> Json:
    return next((one.facts[name] for one in files if one.facts.get(name) is not None), None)


def _record(shown: Sequence[GalleryFile], numbers: list[int], shots: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the record of the frame that these files show, the best first."""
    files = [shown[number] for number in numbers]
    identity = _identity(files[0]) or {}
    time = identity["time_seconds"]
    shot = next((one["number"] for one in shots if one["start_seconds"] <= time < one["end_seconds"]), None)
    return {
        "file": numbers[0],
        "others": numbers[1:],
        "href": files[0].href,
        "thumbnail": next((one.thumbnail_href for one in files if one.thumbnail_href), None),
        "time_seconds": time,
        "pts": identity["pts"],
        "time_base": identity.get("time_base"),
        "end_seconds": _first(files, "end_seconds"),
        "shot": _first(files, "shot") or shot,
        "is_still": any(map(_is_still, files)),
        "counts": files[0].counts,
    }
