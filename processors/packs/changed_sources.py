"""Sources of a built pack that were corrected, replaced or withdrawn since: whoever has the pack should be informed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from processors.containers.text.subtitle_names import is_subtitle_file
from processors.contract import LabelRef, parameters
from processors.engine.own_companions import OwnCompanions, made_of
from processors.engine.wanted_results import WantedResult
from processors.json_records import Json, canonical_json
from processors.packs.contents.prohibitions import may_be_passed_on
from processors.packs.contents.rights_by_path import voice
from processors.store.catalogue.source_row import SourceRow
from processors.store.findings.moves import Moves
from processors.store.findings.stored_evidence import read_evidence
from processors.store.manifest import ResultRef
from processors.store.store import Store
from processors.well_known_names import EVIDENCE

Change = Literal["corrected", "replaced", "withdrawn", "forbidden", "permitted"]
OF_RIGHTS = {"permission", "rights", "terms of use", "instructions", "terms of its own", "credit"}
OF_NUMBERS = {"calibration", "altitude"}
OF_COMPANIONS = {"label", "subtitles", "sidecar"}
"""Corrections, with those of rights, about which whoever has the pack must be informed; each is listed, as are
replaced and withdrawn files."""
KEYWORDS = "dc:subject"
CORRECTIONS = {
    "dc:title": "title",
    "dc:description": "caption",
    "Iptc4xmpCore:AltTextAccessibility": "alternative text",
    "dc:creator": "creator",
    "dc:publisher": "agency",
    "photoshop:Credit": "credit",
    "dc:rights": "rights",
    "xmpRights:UsageTerms": "terms of use",
    "photoshop:Instructions": "instructions",
    "marsmedia:redistribute": "permission",
    KEYWORDS: "keywords",
    "dc:source": "address",
    "dcterms:issued": "day of publication",
    "exif:Model": "camera",
    "Iptc4xmpExt:DigitalSourceType": "digital source type",
}
"""Terms that packs state about a source."""
FIELDS = {
    "taken": "date",
    "event": "event",
    "mission": "mission",
    "recorded_by": "camera",
    "against_general": "terms of its own",
}
"""The same, by the field of the evidence record."""
OF_RESULTS = {
    "still_seconds": "still",
    "calibration": "calibration",
    "altitude_metres": "altitude",
    "field_of_view_degrees": "altitude",
    "altitude_shot": "altitude",
}
"""What results of a source are made by, by its key in release.toml."""
BY_WEIGHT = (
    *("permission", "rights", "terms of its own", "instructions", "terms of use", "credit", "calibration", "altitude"),
    *("label", "subtitles", "sidecar"),
    *(
        "caption",
        "title",
        "alternative text",
        "keywords",
        "still",
        "date",
        "event",
        "mission",
        "camera",
        "digital source type",
    ),
    *("creator", "agency", "address", "day of publication"),
)
"""All corrections, those first that whoever has the pack must hear of first."""
KINDS_BY_WEIGHT: tuple[Change, ...] = ("forbidden", "withdrawn", "replaced", "permitted", "corrected")
Wanted = Callable[[SourceRow], Sequence[WantedResult]]
"""Return the results that today's recipes and releases want of a source."""


@dataclass(frozen=True, kw_only=True)
class PackedSource:
    """Source as a pack holds it."""

    sha256: str
    path: str | None = None
    """Path when it was packed; None if the pack was built by an earlier version, which kept only digests."""
    relative: str | None = None
    """That path relative to the folder of releases."""
    evidence_key: str | None = None
    """Key of the evidence that was packed; None without one."""
    may_be_passed_on: bool | None = None
    """Whether every path of its bytes allowed it then; None if an earlier version built the pack."""
    companions: tuple[LabelRef, ...] | None = None
    """Labels, sidecars and subtitle files that are in the pack, or of which its results were made; None if an earlier
    version built the pack."""
    copies: tuple[PackedSource, ...] = ()
    """Other selected places of its bytes, with the companions that are in the pack too."""

    @classmethod
    def read(cls, record: Mapping[str, Any]) -> PackedSource:
        """Return a source of a pack's record."""
        known = record.get("companions")
        companions = None if known is None else tuple(LabelRef(**one) for one in known)
        copies = tuple(map(cls.read, record.get("copies", ())))
        return cls(**{**record, "companions": companions, "copies": copies})

    @property
    def all_companions(self) -> tuple[LabelRef, ...]:
        """Return its companions and those of its copies."""
        return tuple(beside for one in (self, *self.copies) for beside in one.companions or ())


@dataclass(frozen=True, kw_only=True)
class SourceChange:
    """Change of a packed source."""

    source: str
    """Path relative to the folder of releases when it was packed, or the digest."""
    kind: Change
    """`forbidden` and `permitted`: with a correction the permission to pass it on has gone, or come."""
    about: tuple[str, ...] = ()
    """What was corrected: credit, rights, title, ..."""
    reason: str | None = None
    """Reason that the user gave for the withdrawal; None without one."""
    gone: Literal["replaced", "withdrawn"] | None = None
    """What became of the file after it was `forbidden`; None if it is still there, and for other kinds."""

    @property
    def is_grave(self) -> bool:
        """Return whether whoever has the pack must be informed, beyond a better title or caption."""
        return self.kind != "corrected" or bool((OF_RIGHTS | OF_NUMBERS | OF_COMPANIONS).intersection(self.about))

    @property
    def weight(self) -> tuple[int, list[int]]:
        """Return its place among changes: the lower, the more it matters."""
        return KINDS_BY_WEIGHT.index(self.kind), sorted(map(BY_WEIGHT.index, self.about))

    def __str__(self) -> str:
        reason = f" ({self.reason})" if self.reason else ""
        if self.kind in ("replaced", "withdrawn"):
            return f"{self.source} {self.kind}{reason}"
        about = sorted(self.about, key=BY_WEIGHT.index)
        if self.kind == "corrected":
            return f"{', '.join(about)} of {self.source}"
        others = [one for one in about if one != "permission"]
        also = f" ({', '.join(others)} changed too)" if others else ""
        gone = f", and was {self.gone}{reason}" if self.gone else ""
        return f"{self.source} may {'no longer' if self.kind == 'forbidden' else 'now'} be passed on{also}{gone}"


def changes_in_words(changes: Sequence[SourceChange], source_count: int, *, shown: int | None = None) -> str:
    """Return `3 sources changed since: june/b.jpg may no longer be passed on; credit of june/a.jpg; ...`, by weight.

    What has changed of all sources of a pack is said once: `day of publication of all 16 sources`.

    Parameters
    ----------
    source_count : number of the pack's sources.
    shown : maximum number of sources listed of which nothing grave has changed; None for all.
    """
    common, own = _of_all(changes) if len(changes) == source_count > 1 else (None, list(changes))
    others = sorted((one for one in own if not one.is_grave), key=lambda one: one.weight)[:shown]
    listed = [*(one for one in own if one.is_grave), *others]
    more = len(own) - len(listed)
    named = sorted([*listed, *filter(None, [common])], key=lambda one: one.weight)
    words = "; ".join(map(str, named)) + (f"; and {more} more" if more else "")
    return f"{len(changes)} source{'' if len(changes) == 1 else 's'} changed since: {words}"


def _of_all(changes: Sequence[SourceChange]) -> tuple[SourceChange | None, list[SourceChange]]:
    """Return the change that holds for all sources, None without one, and what else has changed of each."""
    is_of_one_kind = len({one.kind for one in changes}) == 1
    kind: Change = changes[0].kind if is_of_one_kind else "corrected"
    about = set(changes[0].about).intersection(*(one.about for one in changes))
    if not is_of_one_kind:
        about.discard("permission")  # given for some and withdrawn for others
    if (not about and kind == "corrected") or len({one.reason for one in changes}) > 1:
        return None, list(changes)
    count = "both" if len(changes) == 2 else f"all {len(changes)}"
    common = SourceChange(source=f"{count} sources", kind=kind, about=tuple(sorted(about)), reason=changes[0].reason)
    said = about if kind == "corrected" else about | {"permission"}
    rest = [
        replace(
            one,
            kind="corrected" if is_of_one_kind else one.kind,
            about=tuple(name for name in one.about if name not in said),
        )
        for one in changes
    ]
    return common, [one for one in rest if one.about or one.kind != "corrected"]


class SourcesNow:
    """Sources as the last run found them, to which those of packs are compared."""

    def __init__(self, sightings: Iterable[SourceRow], store: Store, wanted: Wanted) -> None:
        self._store, self._wanted = store, wanted
        rows = list(sightings)
        self._companions = OwnCompanions(lambda: rows)
        self._moves = Moves(rows)
        self._by_path: dict[str, SourceRow] = {}
        self._held: dict[str, list[SourceRow]] = {}
        """Sightings of each digest, the latest last."""
        self._there: dict[str, list[SourceRow]] = {}
        """Present places of each digest."""
        for row in rows:
            self._by_path[row.path] = row
            self._held.setdefault(row.digest, []).append(row)
        for row in self._by_path.values():
            if row.gone_utc is None:
                self._there.setdefault(row.digest, []).append(row)

    def changes(self, packed: Iterable[PackedSource], results: Iterable[ResultRef]) -> tuple[SourceChange, ...]:
        """Return the changes of a pack's sources, in their order; a file that was only moved has not changed.

        Parameters
        ----------
        results : results in the pack.
        """
        of: dict[str, list[ResultRef]] = {}
        for ref in results:
            of.setdefault(ref.source, []).append(ref)
        return tuple(filter(None, (self._change(one, of.get(one.sha256, ())) for one in packed)))

    def places(self, packed: Iterable[PackedSource]) -> Iterator[SourceRow]:
        """Yield each present place of the bytes of a pack's sources: what is said at any of them binds the pack."""
        for one in packed:
            yield from self._there.get(one.sha256, ())

    def _change(self, packed: PackedSource, results: Sequence[ResultRef]) -> SourceChange | None:
        held = self._held.get(packed.sha256)
        source = packed.relative or (held[-1].relative if held else packed.sha256)
        at_its_place = self._at_its_place(packed)
        places = [row for row in at_its_place if row.gone_utc is None]
        if any(row.digest != packed.sha256 for row in places):
            return self._lost(packed, SourceChange(source=source, kind="replaced"))
        if packed.sha256 not in self._there:
            later = (place for row in at_its_place for place in self._moves.found_later(row))
            if any(self._by_path[place.path].gone_utc is None for place in later):
                return self._lost(packed, SourceChange(source=source, kind="replaced"))  # where it had been moved
            reason = next((row.confirmed_reason for row in reversed(held or ()) if row.confirmed_reason), None)
            return self._lost(packed, SourceChange(source=source, kind="withdrawn", reason=reason))
        moved = places or self._where_moved(packed, at_its_place)
        for here in moved or self._there[packed.sha256][:1]:
            kind, corrected = self._restated(packed, here)
            calibration = ["calibration"] if self._is_recalibrated(here, results) else []
            beside = self._companions_changed(packed, here, results) if moved else ()
            about = tuple(dict.fromkeys((*corrected, *calibration, *beside)))
            if not moved:  # a copy, whose own title and caption may always have been others
                about = tuple(one for one in about if one in OF_RIGHTS) or (("permission",) * (kind != "corrected"))
            if about:
                return SourceChange(source=source, kind=kind, about=about)
        return next(filter(None, map(self._change_beside, packed.copies)), None)

    def _change_beside(self, copy: PackedSource) -> SourceChange | None:
        """Return the change of the companions of a copy that is in its place, or where it was moved."""
        at_its_place = self._at_its_place(copy)
        places = [row for row in at_its_place if row.gone_utc is None and row.digest == copy.sha256]
        for here in places or self._where_moved(copy, at_its_place):
            if about := tuple(self._companions_changed(copy, here, ())):
                return SourceChange(source=copy.relative or here.relative, kind="corrected", about=about)
        return None

    def _lost(self, packed: PackedSource, change: SourceChange) -> SourceChange:
        """Return the change of a file that was replaced or withdrawn: above all that its bytes had been forbidden."""
        held = self._held.get(packed.sha256)
        if not held or packed.evidence_key is None:
            return change
        before = read_evidence(self._store, packed.sha256, packed.evidence_key)
        may_before = packed.may_be_passed_on
        if may_before is None:
            may_before = bool(before and voice("", before).redistribute)
        if not may_before or may_be_passed_on(held, packed.sha256, self._store) is not False:
            return change
        now = read_evidence(self._store, packed.sha256, max(held, key=lambda row: row.gone_utc or "9").evidence_key)
        rights = (one for one in _corrected(before, now) if one in OF_RIGHTS) if before and now else ()
        about = tuple(dict.fromkeys((*rights, "permission")))
        gone: Literal["replaced", "withdrawn"] = "replaced" if change.kind == "replaced" else "withdrawn"
        return replace(change, kind="forbidden", about=about, gone=gone)

    def _where_moved(self, packed: PackedSource, at_its_place: Iterable[SourceRow]) -> list[SourceRow]:
        """Return the places to which a file was moved from that at which it was packed, or at which it was put back."""
        gone = [row for row in at_its_place if row.digest == packed.sha256]
        moved = [place for row in gone for place in self._moves.present(row)]
        return moved or [place for row in gone for place in self._moves.found_later(row) if place.gone_utc is None][:1]

    def _at_its_place(self, packed: PackedSource) -> list[SourceRow]:
        """Return what was found last at the place of a packed source.

        A place is a path below the folder of releases. Where runs know that path in the folder in which it was packed,
        that is the place; else the folder was moved, and it is wherever that path has held these bytes.
        """
        held = self._held.get(packed.sha256, [])
        if packed.path is None:
            held = held[-1:]
        elif packed.relative is None:
            held = [row for row in held if packed.path.endswith(f"/{row.relative}")]
        else:
            held = [row for row in held if row.relative == packed.relative]
        paths = {row.path for row in held} or {packed.path}
        if packed.path in paths:
            paths = {packed.path}
        return [self._by_path[path] for path in sorted(filter(None, paths)) if path in self._by_path]

    def _restated(self, packed: PackedSource, here: SourceRow) -> tuple[Change, list[str]]:
        """Return what release.toml and labels say differently now, those of other paths of the bytes on permission."""
        others = [one for one in self._there[packed.sha256] if one.path != here.path]
        held = self._held[packed.sha256]
        is_ever_forbidden = any(one.forbidden_key or one.entry_permission is False or one.gone_utc for one in held)
        keys = packed.evidence_key, here.evidence_key
        if packed.evidence_key is None or (keys[0] == keys[1] and not others and not is_ever_forbidden):
            return "corrected", []
        before, now = (read_evidence(self._store, packed.sha256, key) for key in keys)
        if before is None or now is None:
            return "corrected", []
        entries = (_entry(self._store, packed.sha256, key) for key in keys)
        about = [*_corrected(before, now), *_adjusted(*entries)]
        may_before, may_now = (bool(voice("", record).redistribute) for record in (before, now))
        if packed.may_be_passed_on is not None:
            may_before = packed.may_be_passed_on
            may_now = bool(may_be_passed_on(held, packed.sha256, self._store))
        if may_before == may_now:
            return "corrected", about
        return "permitted" if may_now else "forbidden", about or ["permission"]

    def _companions_changed(self, packed: PackedSource, here: SourceRow, results: Sequence[ResultRef]) -> Iterator[str]:
        """Yield in words what a pack's files were made of, or it has next to the original, that is not as it was."""
        if (held := packed.companions) is None:
            there = {one.ref for one in self._wanted_of(here)}
            held = [one for ref in results if ref not in there for one in made_of(self._store.manifest(ref))]
        yield from sorted(set(map(_kind_of, self._companions.lacking(held, here))))

    def _wanted_of(self, row: SourceRow) -> Sequence[WantedResult]:
        """Return what is wanted of a file: nothing of a picture that cannot be read without its label of then."""
        return self._wanted(row) if row.kind == "media" else ()

    def _is_recalibrated(self, here: SourceRow, results: Sequence[ResultRef]) -> bool:
        """Return whether today's recipes and releases give a result another calibration than a pack's has."""
        wanted = self._wanted_of(here)
        there = {one.ref for one in wanted}
        today = {
            one.ref.processor: _calibrations(parameters(one.processor)) for one in wanted if one.ref not in results
        }
        for ref in results:
            if ref not in there and (now := today.get(ref.processor)):
                before = _calibrations(self._store.manifest(ref).parameters)
                if before and before != now:
                    return True
        return False


def _kind_of(companion: LabelRef) -> str:
    if is_subtitle_file(companion.name):
        return "subtitles"
    return "sidecar" if companion.name.casefold().endswith(".xmp") else "label"


def _entry(store: Store, digest: str, key: str | None) -> Mapping[str, Any]:
    """Return the entry of a file in release.toml by which its evidence was made; empty without one."""
    evidence = store.manifest(ResultRef(source=digest, processor=EVIDENCE, key=str(key)))
    return json.loads(str(evidence.parameters.get("release", "{}"))).get("file") or {}


def _calibrations(record: Json) -> frozenset[bytes]:
    """Return the calibrations in parameters and in those of their inputs; empty where there is no such parameter."""
    if not isinstance(record, dict):
        return frozenset()
    own = {canonical_json(record["calibration"])} if "calibration" in record else set[bytes]()
    return frozenset(own.union(*(_calibrations(value) for name, value in record.items() if name != "calibration")))


def _adjusted(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """Yield what two entries in release.toml say differently of what is made of a file."""
    yield from (name for key, name in OF_RESULTS.items() if before.get(key) != now.get(key))


def _corrected(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """Yield what two evidence records of one source say differently."""
    old, new = _said(before), _said(now)
    terms = dict.fromkeys(
        term for term, language in (*old, *new) if old.get((term, language)) != new.get((term, language))
    )
    yield from (name for term, name in CORRECTIONS.items() if term in terms)
    for field, name in FIELDS.items():
        if field in before and field in now and _stated(field, before[field]) != _stated(field, now[field]):
            yield name


def _stated(field: str, value: Any) -> object:
    """Return the value of a field without the places that state it, as a label may have been renamed."""
    if field == "taken" and value:
        return {name: part for name, part in value.items() if name != "source"}
    if field == "against_general":
        return [(one["about"], [text for text, _ in one["says"]]) for one in value]
    return value


def _said(record: Mapping[str, Any]) -> dict[tuple[str, str | None], object]:
    """Return the first value of each term that packs show, by language, and every keyword."""
    said: dict[tuple[str, str | None], object] = {}
    for one in record["statements"]:
        if one["term"] in CORRECTIONS:
            said.setdefault((one["term"], one["language"]), one["value"])
    said[KEYWORDS, None] = [one["value"] for one in record["statements"] if one["term"] == KEYWORDS]
    return said
