"""Prohibitions at present and past places of the same bytes, and the statements that end them.

A prohibition in an entry about the file itself ends only by another entry about it, at its path or at one that holds or
held the bytes later. One about a whole release ends by any statement that follows it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from processors.packs.contents.rights_by_path import PathRights, binding, voice
from processors.store.catalogue.source_row import SourceRow
from processors.store.findings.stored_evidence import entry_permission, read_evidence
from processors.store.manifest import ResultRef
from processors.store.store import Store
from processors.well_known_names import EVIDENCE

SETTLE = "state redistribute in its [[file]]"
"""How to end a prohibition that its release no longer states."""
PERMITTED_BEFORE = "the redistribute = true in the [[file]] of {} is older: take it out, ingest, and state it again"
"""How to end a prohibition at a path that is gone where a permission at another path was stated before it went."""


@dataclass(frozen=True)
class Place:
    """A path that holds or held some bytes; its fields are columns of the view `sighted`."""

    path: str
    relative: str
    planned_key: str | None
    """Key of the evidence that the latest run wants for it."""
    evidence_key: str | None
    """Key of the available evidence."""
    forbidden_key: str | None
    """Key of earlier evidence that forbids redistribution, if no statement at this path has revoked it since."""
    seen_utc: str
    gone_utc: str | None
    entry_path: str | None
    """Earlier path by which its `release.toml` still names it; None if it does not."""
    entry_permission: bool | None
    """As `SourceRow.entry_permission`."""
    entry_permission_utc: str | None

    @classmethod
    def of(cls, row: SourceRow) -> Place:
        return cls(
            path=row.path,
            relative=row.relative,
            planned_key=row.evidence_key,
            evidence_key=row.evidence_key,
            forbidden_key=row.forbidden_key,
            seen_utc=row.seen_utc,
            gone_utc=row.gone_utc,
            entry_path=row.entry_path,
            entry_permission=row.entry_permission,
            entry_permission_utc=row.entry_permission_utc,
        )


def with_prohibitions(
    voices: Sequence[PathRights], places: Sequence[Place], every: Iterable[Place], digest: str, store: Store
) -> list[PathRights]:
    """Return the voices of paths with the earlier prohibitions that bind each, then those of paths that are gone.

    Parameters
    ----------
    places : the path of each voice.
    every : every path that holds or held the bytes.
    """
    every = [_as_recorded(one, digest, store) for one in every]
    own, *others = [_with_earlier(one, now, digest, store) for one, now in zip(places, voices, strict=True)]
    permitting = {one.evidence_key for one, now in zip(places, [own, *others], strict=True) if now.redistribute}
    began = (
        one.seen_utc
        for one in every
        if not one.gone_utc and one.evidence_key in permitting and one.entry_permission is not False
    )
    named = max((one.entry_permission_utc or "" for one in every if one.entry_permission), default="")
    allowed = max((named, *began))
    present = {place.evidence_key for place in places}
    for one in every:
        is_of_file = one.entry_permission is False
        if one.path == places[0].path or not one.gone_utc or one.gone_utc <= (named if is_of_file else allowed):
            continue
        last = _last_prohibition(one, every, digest, store)
        if last and (is_of_file or one.evidence_key not in present):
            others.append(last)
    return [own, *others]


def may_be_passed_on(rows: Sequence[SourceRow], digest: str, store: Store) -> bool | None:
    """Return whether every path of some bytes allows them to be passed on; of bytes that are gone, as they were last.

    None if none of these statements can be read.

    Parameters
    ----------
    rows : every sighting of the bytes.
    """
    last_utc = max(row.gone_utc or "9" for row in rows)
    every = [Place.of(row if (row.gone_utc or "9") != last_utc else replace(row, gone_utc=None)) for row in rows]
    here = [(one, read_evidence(store, digest, one.evidence_key)) for one in every if one.gone_utc is None]
    if not any(record for _, record in here):
        return False if any(one.entry_permission is False for one, _ in here) else None
    here = [(one, record) for one, record in here if record]  # the run reports the others
    voices = [voice(one.relative, record, entry_path=one.entry_path) for one, record in here]
    return bool(binding(with_prohibitions(voices, [one for one, _ in here], every, digest, store)).redistribute)


def _as_recorded(place: Place, digest: str, store: Store) -> Place:
    """Return a place that is gone with the permission in an entry, from its evidence if no run has kept it yet."""
    if place.gone_utc is None or place.entry_permission_utc is not None:
        return place
    stated = entry_permission(store, digest, place.evidence_key, place.forbidden_key)
    return replace(place, entry_permission=stated, entry_permission_utc=place.seen_utc)


def _with_earlier(place: Place, now: PathRights, digest: str, store: Store) -> PathRights:
    """Return the voice of a path, with an earlier prohibition there that its present statements do not end."""
    is_ended = place.entry_permission is not False if now.redistribute else not place.forbidden_key
    if now.redistribute is False or is_ended:
        return now
    earlier = _said(place, place.forbidden_key, digest, store)
    if earlier is None:
        said_in, past = "a lost record", SETTLE
        if place.forbidden_key is None:  # it stood in an entry with a mistake, of which no evidence is made
            said_in, past = "its release.toml", _since(str(place.entry_permission_utc), now)
        return replace(now, redistribute=False, said_in=said_in, speaks=True, own=None, past=past)
    return now.still_forbidden_by(replace(earlier, past=_unsaid_since(store, digest, place, now)))


def _last_prohibition(place: Place, every: Iterable[Place], digest: str, store: Store) -> PathRights | None:
    """Return the prohibition at a path that is gone; None if it allowed redistribution in the end, or said nothing."""
    is_of_file = place.entry_permission is False
    last = _said(place, place.evidence_key, digest, store)
    if last and (last.redistribute is None or (last.redistribute and is_of_file)):
        last = _said(place, place.forbidden_key, digest, store)
    if last is None and is_of_file:  # its evidence was never made, or was removed
        last = replace(voice(place.relative, None), redistribute=False, said_in="its release.toml", unread=None)
    if last is None or last.redistribute is not False:
        return None
    past = f"where it was until {(place.gone_utc or '')[:10]}"
    if is_of_file:
        older = next((one.relative for one in every if one.entry_permission and not one.gone_utc), None)
        past += f", and {PERMITTED_BEFORE.format(older)}" if older else ", and no [[file]] has permitted it since"
    return replace(last, past=past, is_gone=True)


def _said(place: Place, key: str | None, digest: str, store: Store) -> PathRights | None:
    record = read_evidence(store, digest, key)
    return voice(place.relative, record) if record else None


def _unsaid_since(store: Store, digest: str, place: Place, now: PathRights) -> str:
    """Return when a prohibition was stated that its path no longer states, and how to settle it."""
    manifest = store.manifest(ResultRef(source=digest, processor=EVIDENCE, key=str(place.forbidden_key)))
    return _since(manifest.started_utc, now)


def _since(stated_utc: str, now: PathRights) -> str:
    since = "only of all files" if now.redistribute else "neither true nor false"
    return f"stated on {stated_utc[:10]}, and since then {since}: {SETTLE}"
