"""Sources and results selected for a pack; their rights are checked before a byte is written."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from processors.engine.own_companions import OwnCompanions, made_of
from processors.errors import RequestError
from processors.metadata.first_presentation import first_presentation_seconds
from processors.metadata.unused_streams import LargerPicture, OtherAudio, larger_picture, other_audio
from processors.packs.contents.left_out import LeftOut, has_nothing, in_lines, not_made, why_absent
from processors.packs.contents.outcomes import FailedResult
from processors.packs.contents.packed_places import PackedPlace, SelectedPlaces
from processors.packs.contents.reservations import Reservation, refuse, reservations
from processors.packs.contents.subject import SourceRecord, manifests_of, subjects
from processors.packs.presentation import ORIGINALS, presentation_of
from processors.packs.recipe.audience import PRESETS
from processors.packs.recipe.include import included
from processors.packs.recipe.pack_recipe import PackRecipe
from processors.sources.scan import printable
from processors.store.bucket.raw_bucket import present
from processors.store.catalogue.catalogue import Catalogue
from processors.store.catalogue.latest import current
from processors.store.catalogue.selection import find_selected, parse, select
from processors.store.catalogue.source_row import SourceRow
from processors.store.findings.file_verdict import NO_VERDICT, FileVerdict, file_verdict
from processors.store.findings.stored_metadata import metadata_in
from processors.store.manifest import Manifest, ResultRef, size_in
from processors.store.store import Store
from processors.well_known_names import EVIDENCE, INTEGRITY, SHOTS

SHOWN = ("stills", "clips", "sound")
REASONS_SHOWN = 20
"""Maximum number of sources listed, each with the reason, if a pack would have nothing."""
Asked = Callable[[SourceRow], frozenset[ResultRef]]
"""Return the results that today's recipes want of a source."""
OnlyAsked = Callable[[SourceRow], frozenset[str]]
"""Return the processors of a source whose results count only if they are wanted."""


@dataclass(frozen=True, kw_only=True)
class SourceHistory:
    """History of a source before it was packed."""

    seen_utc: str
    """Time at which it was first identified in its place."""
    gone_utc: str | None = None
    """Time at which a run found it gone from its place; None while it is there."""
    confirmed_utc: str | None = None
    """Time at which a user confirmed that it was withdrawn; None if nobody has."""
    replaced: str | None = None
    """By what it was replaced in its place, and what to do, in words; None if it was not."""
    verdict: FileVerdict = NO_VERDICT
    """Verdict of all its results on damage."""
    audit: Manifest | None = None
    """Audit of a video that counts, which decoded every frame; None without one, and for other media."""


@dataclass(frozen=True, kw_only=True)
class SelectedSource:
    subject: SourceRecord
    has_original: bool
    results: tuple[Manifest, ...]
    """Results, each with only the selected items."""
    shown: tuple[Manifest, ...]
    """Results for a highlight clip; empty if the pack recipe requests none."""
    original_size_px: tuple[int | None, int | None]
    history: SourceHistory
    shots: Manifest | None = None
    """Result of `video.shots` that counts, whether or not it goes into the pack; None without any."""
    places: tuple[PackedPlace, ...] = ()
    """Every selected place of its bytes, its own first; empty if the pack takes no originals."""
    position: int = 0
    """Position of the first name in the selection that means it; 0 if the selection names none."""
    not_made: tuple[FailedResult, ...] = ()
    """Results that the pack takes and that could not be made."""
    why_absent: str | None = None
    """Why the pack has nothing of it; None if it has something."""

    @property
    def refs(self) -> set[ResultRef]:
        """Return the results from which the pack is made."""
        return {manifest.ref for manifest in (*self.results, *self.shown)}

    @property
    def lacks_original(self) -> bool:
        """Return whether its original goes into the pack and is not in its place."""
        return self.has_original and (self.history.replaced is not None or present(self.subject.path) is None)


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What goes into a pack, and what its author should know of the selection."""

    chosen: list[SelectedSource]
    """In order of release and name."""
    reservations: tuple[Reservation, ...]
    left_out: LeftOut
    moved: tuple[str, ...]
    """As `Selected.moved`."""


def choose(
    recipe: PackRecipe, store: Store, catalogue: Catalogue, asked: Asked, only_asked: OnlyAsked | None = None
) -> Choice:
    """Return what goes into the pack.

    Raises
    ------
    RequestError : the selection matches nothing, has none of the wanted items or names missing originals; or as
        `refuse`.
    """
    selected = find_selected(parse(recipe.selection), catalogue)
    rows = selected.rows
    has_originals = ORIGINALS in recipe.take
    has_companions = has_originals and recipe.layout == "source"
    places = SelectedPlaces(selected.places, catalogue.sources().values() if has_companions else None)
    own = OwnCompanions(catalogue.sightings)
    chosen = [
        replace(
            _with_places(
                _chosen(recipe, row, subject, store, own, asked, only_asked, selected.replaced.get(row.digest)),
                places.of(row) if has_originals else (),
                recipe,
                store,
                own,
                asked,
                only_asked,
            ),
            position=selected.positions.get(row.digest, 0),
        )
        for row, subject in zip(rows, subjects(rows, store, catalogue, asked), strict=True)
    ]
    found = [one for one in chosen if one.why_absent is None]
    if not found and all(one.not_made for one in chosen):
        raise RequestError(_nothing_left(recipe, chosen))
    packed = [one.subject for one in found or chosen]
    doubts = reservations(packed, recipe, catalogue)
    refuse(doubts, packed, recipe, catalogue, lambda cleared: _passing(recipe.selection, cleared, catalogue))
    if not found:
        raise RequestError(_nothing_left(recipe, chosen))
    if lacking := [one for one in found if one.lacks_original]:
        raise RequestError(_missing_originals(lacking))
    return Choice(chosen=found, reservations=doubts, left_out=_left_out(chosen), moved=selected.moved)


def _missing_originals(lacking: Sequence[SelectedSource]) -> str:
    """Return the message about originals that are not in their place, with what to do about each kind."""
    lines, unknown = list[str](), list[SelectedSource]()
    for one in lacking:
        if confirmed := one.history.confirmed_utc:
            lines.append(
                f"  {one.subject.relative} was withdrawn, confirmed on {confirmed[:10]}: take it out of the selection"
            )
        elif one.history.replaced:
            lines.append(f"  {one.history.replaced}")
        else:
            lines.append(f"  {one.subject.path}")
            unknown.append(one)
    advice = "or take no originals"
    if unknown:
        confirmation = f"marsmedia release withdraw {shlex.quote(printable(unknown[0].subject.relative))}"
        which = "them" if len(unknown) == len(lacking) else "the others"
        advice = (
            f"restore {which} from a copy, or run `marsmedia ingest`, after which an archive's pack of the release "
            f"names them as missing; if they were withdrawn on purpose, confirm it with `{confirmation}`; {advice}"
        )
    return "\n".join(["missing originals:", *map(printable, lines), advice])


def _left_out(chosen: Sequence[SelectedSource]) -> LeftOut:
    packed = [one for one in chosen if one.why_absent is None]
    return LeftOut(
        sources=tuple(printable(f"{one.subject.relative}: {one.why_absent}") for one in chosen if one.why_absent),
        results=tuple(line for one in packed for line in in_lines(one.subject.relative, one.not_made)),
    )


def _nothing_left(recipe: PackRecipe, chosen: Sequence[SelectedSource]) -> str:
    """Return the message of a pack that would have nothing, with the known reasons."""
    plain = has_nothing(recipe.take)
    known = [f"  {one.subject.relative}: {one.why_absent}" for one in chosen if one.why_absent != plain]
    message = f"none of the {len(chosen)} selected sources has {', '.join(recipe.take)}"
    if not known:
        return f"{message}; `marsmedia items` lists the available items"
    more = f"\n  ... and {len(known) - REASONS_SHOWN} more" if len(known) > REASONS_SHOWN else ""
    lines = "\n".join(map(printable, known[:REASONS_SHOWN]))
    return f"{message}:\n{lines}{more}\n`marsmedia failures` says what to do"


def _passing(words: tuple[str, ...], cleared: Sequence[SourceRecord], catalogue: Catalogue) -> tuple[str, ...]:
    """Return the words of a selection of the cleared sources alone: by rights if that finds them, else by name."""
    if not cleared:
        return ()
    by_rights = (*words, "redistribute=true")
    digests = {one.digest for one in cleared}
    if "redistribute" not in {word.partition("=")[0] for word in words}:
        try:
            if {row.digest for row in select(parse(by_rights), catalogue)} == digests:
                return by_rights
        except RequestError:  # it finds none: what is cleared is so by an override, or by evidence of an old version
            pass
    return tuple(one.relative for one in cleared)


def in_order_of_selection(chosen: Iterable[SelectedSource]) -> list[SelectedSource]:
    """Return the sources in the order in which the selection names them, those of one word by release and name."""
    return sorted(chosen, key=lambda one: one.position)


def order_of_selection(chosen: Sequence[SelectedSource]) -> tuple[str, ...]:
    """Return the SHA-256 of the sources in the order of the selection; empty if it does not name them one by one."""
    names_apart = any(one.position for one in chosen)
    return tuple(one.subject.digest for one in in_order_of_selection(chosen)) if names_apart else ()


def publishable(words: tuple[str, ...], rows: Iterable[SourceRow]) -> tuple[str, ...]:
    """Return the selection for publication: a path, which may name a person's folders, is replaced by a digest."""
    by_path = {row.path: row.digest for row in rows}
    paths = {word for word in parse(words).names if "/" in word}
    return tuple(
        by_path.get(str(Path(word).absolute()), by_path.get(os.path.realpath(word), word)) if word in paths else word
        for word in words
    ) or ("*",)


def _history(row: SourceRow, manifests: list[Manifest], audit: Manifest | None, replaced: str | None) -> SourceHistory:
    return SourceHistory(
        seen_utc=row.seen_utc,
        gone_utc=row.gone_utc,
        confirmed_utc=row.confirmed_utc,
        replaced=replaced,
        verdict=file_verdict(manifests, row.format),
        audit=audit,
    )


def _current(processor: str, manifests: list[Manifest], asked: frozenset[ResultRef]) -> Manifest | None:
    """Return the result of one processor that counts; None if none was made."""
    made = (one for one in manifests if one.ref.processor == processor and one.verdict == "made")
    return next(iter(current(made, asked)), None)


def _chosen(
    recipe: PackRecipe,
    row: SourceRow,
    subject: SourceRecord,
    store: Store,
    own: OwnCompanions,
    asked: Asked,
    only_asked: OnlyAsked | None,
    replaced: str | None,
) -> SelectedSource:
    refs, exact = asked(row), only_asked(row) if only_asked else frozenset[str]()
    every = own.counting(manifests_of(subject, store), row)
    manifests = _allowed(every, refs, exact)
    results = tuple(included(manifests, recipe, refs))
    record = {} if row.medium == "photo" else metadata_in(manifests, store)
    shown = tuple(included(manifests, replace(recipe, take=SHOWN, layout="kind"), refs)) if recipe.highlight else ()
    larger = _larger_picture(record, results) if row.medium == "video" else None
    audit = _current(INTEGRITY, manifests, refs)
    history = _history(row, manifests, audit, replaced)
    has_original, packed = ORIGINALS in recipe.take, (*results, *_further_evidence(recipe, subject, store))
    failed, absent = not_made(subject, packed, recipe.take), None
    if not has_original and not packed:
        absent = why_absent(failed, history.verdict, refs, {one.ref for one in every}, recipe.take)
    return SelectedSource(
        subject=replace(
            subject,
            larger_picture=larger,
            other_audio=_other_audio(record, (*results, *shown)),
            start_seconds=first_presentation_seconds(record),
        ),
        has_original=has_original,
        results=packed,
        shown=shown,
        original_size_px=_original_size(manifests),
        history=history,
        shots=_current(SHOTS, manifests, refs),
        not_made=tuple(one for one in failed if absent or one.processor not in exact),
        why_absent=absent,
    )


def _with_places(
    one: SelectedSource,
    places: Sequence[PackedPlace],
    recipe: PackRecipe,
    store: Store,
    own: OwnCompanions,
    asked: Asked,
    only_asked: OnlyAsked | None,
) -> SelectedSource:
    """Return a source with its places and, for an archive, the results that only its other places have."""
    if not PRESETS[recipe.audience].has_premis:
        return replace(one, places=tuple(places))
    stored = [result for result in store.manifests(one.subject.digest) if result.verdict == "made"]
    evidence = {result.ref.key: result for result in stored if result.ref.processor == EVIDENCE}
    of_companions = [result for result in stored if made_of(result)]
    known, found = {result.ref for result in one.results}, list[PackedPlace]()
    for place in places:
        results = tuple[Manifest, ...]()
        if found and of_companions:
            refs, exact = asked(place.row), only_asked(place.row) if only_asked else frozenset[str]()
            theirs = _allowed(own.counting(of_companions, place.row), refs, exact)
            results = tuple(result for result in included(theirs, recipe, refs) if result.ref not in known)
            known |= {result.ref for result in results}
        found.append(replace(place, results=results, evidence=evidence.get(place.row.evidence_key or "")))
    further = (result for place in found for result in place.results)
    return replace(one, results=(*one.results, *further), places=tuple(found))


def _allowed(manifests: Iterable[Manifest], refs: frozenset[ResultRef], exact: frozenset[str]) -> list[Manifest]:
    """Return the results without those of the `exact` processors that are not wanted."""
    return [one for one in manifests if one.ref in refs or one.ref.processor not in exact]


def _larger_picture(record: dict[str, Any], packed: tuple[Manifest, ...]) -> LargerPicture | None:
    """Return the larger video stream of a video that its metadata list; None without one."""
    found = larger_picture(record)
    is_packed = any(result.parameters.get("stream") == "largest" for result in packed)
    return found and replace(found, is_packed=is_packed)


def _other_audio(record: dict[str, Any], packed: tuple[Manifest, ...]) -> OtherAudio | None:
    """Return the other audio that a source's metadata list; None if the pack has no sound of it at all."""
    is_heard = any(
        result.ref.processor.startswith("audio.") or item.media_type.startswith(("audio/", "video/"))
        for result in packed
        for item in result.items
    )
    return other_audio(record) if is_heard else None


def _further_evidence(recipe: PackRecipe, subject: SourceRecord, store: Store) -> Iterator[Manifest]:
    """Yield the evidence of other paths with the same bytes, for an archive, which keeps every sighting."""
    others = subject.every_evidence_key[1:]
    if PRESETS[recipe.audience].has_premis and others:
        for manifest in store.manifests(subject.digest):
            if manifest.ref.processor == EVIDENCE and manifest.ref.key in others and manifest.verdict == "made":
                yield manifest


def _original_size(manifests: list[Manifest]) -> tuple[int | None, int | None]:
    """Return width and height as recorded by a result: the source is not opened again for this."""
    for manifest in manifests:
        names = presentation_of(manifest.ref.processor).source_size
        for item in manifest.items if names else ():
            if size_px := size_in(item.facts, names or ()):
                return size_px
    return None, None
