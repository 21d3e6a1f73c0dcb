"""Shots of a source, from the store's list of them."""

from __future__ import annotations

import json
from dataclasses import dataclass

from processors.errors import ResultCorrupt
from processors.packs.contents.subject import ItemRecord, SourceRecord, item_records
from processors.store.manifest import Manifest
from processors.store.store import Store


@dataclass(frozen=True, kw_only=True)
class ShotSpan:
    """One shot; half open."""

    number: int
    start_seconds: float
    """Presentation time in the source."""
    end_seconds: float


def shot_spans(subject: SourceRecord, result: Manifest | None, store: Store) -> list[ShotSpan]:
    """Return the shots of a source, in order; empty if they were never detected.

    Parameters
    ----------
    result : the list of shots that counts, of `video.shots`; None without any.

    Raises
    ------
    ResultCorrupt : the list cannot be read.
    """
    if result is None:
        return []
    listed: ItemRecord = next(one for one in item_records(subject, [result], store) if one.name == "shots.json")
    try:
        return [
            ShotSpan(number=one["number"], start_seconds=one["start_seconds"], end_seconds=one["end_seconds"])
            for one in json.loads(listed.path.read_bytes())["shots"]
        ]
    except (ValueError, KeyError, TypeError, FileNotFoundError) as error:
        raise ResultCorrupt(f"{subject.name}: video.shots/shots.json: unreadable; run `marsmedia verify`") from error
