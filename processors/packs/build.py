"""Building of a pack: selected media and four kinds of records in one bag, visible only when complete.

The bag's payload, `data/`, is all that a reader opens: the root of the RO-Crate, the IIIF manifest, the gallery and the
media with a PDS4 label in each folder. To keep the bag valid, only its own tag files are outside `data/`.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from processors.contract import LabelRef
from processors.engine.own_companions import made_of
from processors.errors import RequestError
from processors.packs.archive.bagit import BagWriter
from processors.packs.archive.bucket_output import BucketOutput
from processors.packs.archive.output import AGENT, DiskOutput, is_zip
from processors.packs.archive.pack_writers import FolderSink, ZipSink
from processors.packs.built import Built
from processors.packs.changed_sources import PackedSource
from processors.packs.contents.companions import PackedCompanion, write_companions
from processors.packs.contents.duplicate_pictures import Compared, duplicate_pictures
from processors.packs.contents.layout import places_of, slug
from processors.packs.contents.lost_when_restored import lost_when_restored
from processors.packs.contents.media import MediaWriter
from processors.packs.contents.names import UniqueNames, portable_name
from processors.packs.contents.packed_file import PackedFile, PackIdentity, in_seconds
from processors.packs.contents.packed_places import PackedPlace
from processors.packs.contents.release_files import (
    NOTHING_OF_RELEASES,
    PackedReleaseFile,
    release_files,
    write_release_files,
)
from processors.packs.contents.rights import override_of
from processors.packs.contents.selected_sources import (
    Asked,
    Choice,
    OnlyAsked,
    SelectedSource,
    choose,
    in_order_of_selection,
    publishable,
)
from processors.packs.contents.sightings import Sightings
from processors.packs.contents.signing import Signer
from processors.packs.contents.smaller_photos import smaller_photos
from processors.packs.contents.subject import SourceRecord, item_records
from processors.packs.highlight.highlight import write_highlight
from processors.packs.pack_records import PackRecords, recipe_record
from processors.packs.recipe.audience import PRESETS
from processors.packs.recipe.pack_recipe import PackRecipe
from processors.packs.records.readme import readme
from processors.sources.source_file import sha256_of
from processors.store.catalogue.catalogue import Catalogue
from processors.store.catalogue.source_row import SourceRow, Stay
from processors.store.findings.withdrawn import past_withdrawals
from processors.store.fixity.fixity_history import FixityHistory, raw_checks
from processors.store.manifest import Manifest
from processors.store.open_store import Location, is_address
from processors.store.progress_steps import Steps, silently
from processors.store.store import Store
from processors.tables import Table

EPOCH = "SOURCE_DATE_EPOCH"


def build(
    recipe: PackRecipe,
    output: Location,
    store: Store,
    *,
    asked: Asked,
    only_asked: OnlyAsked | None = None,
    compared: Compared | None = None,
    has_page: bool = False,
    tables: Mapping[str, Sequence[Table]] | None = None,
    force: bool = False,
    steps: Steps = silently,
) -> Built:
    """Build a pack as a folder, or as a zip if the output's name ends in `.zip`, on a disk or at an address.

    Parameters
    ----------
    asked : returns the results that today's recipes want of a source.
    only_asked : returns the processors of a source whose results count only if they are requested; None for none.
    compared : finds photos that show the same picture; None for the stored links alone.
    has_page : whether an offline page shows the files.
    tables : tables that each processor writes, by its name, for the data dictionary and the tables' attributes.
    steps : shows the progress of the media and the highlight.

    Raises
    ------
    RequestError : pack recipe, selection or output is invalid, or as `refuse`; the message lists all problems.
    ResultMissing, ResultCorrupt : a packed file does not match the store's record; no pack is left.
    OSError : the disk is full or not writable; no pack is left.
    StoreError : the bucket cannot be used; what is there is not taken for a pack.
    """
    destination = _output_at(output, store, force=force)
    catalogue, recipe = Catalogue(store), recipe.completed()
    sightings = catalogue.sightings()
    _refuse_inside_releases(output, sightings)
    choice = choose(recipe, store, catalogue, asked, only_asked)
    repeated = duplicate_pictures([one.subject for one in in_order_of_selection(choice.chosen)], store, compared)
    recipe = replace(recipe, selection=publishable(recipe.selection, sightings))
    contents = _Contents(
        recipe=recipe,
        store=store,
        choice=choice,
        repeated=repeated,
        withdrawals=past_withdrawals(sightings),
        has_page=has_page,
        tables=tables or {},
        steps=steps,
    )
    with destination.scratch() as scratch:
        made = scratch / "pack"
        bag, records = contents.write(made, destination.name, scratch)
        is_new = destination.put_in_place(made, scratch)
    built = contents.built(destination, bag, records)
    return replace(built, is_unchanged=not is_new)


@dataclass(frozen=True, kw_only=True)
class _Contents:
    """What goes into a pack, before it is written."""

    recipe: PackRecipe
    store: Store
    choice: Choice
    repeated: Mapping[str, SourceRecord]
    """First source with the same picture, by the digest of each later one."""
    withdrawals: Mapping[str, Stay]
    """As `past_withdrawals` returns them."""
    has_page: bool
    tables: Mapping[str, Sequence[Table]]
    steps: Steps

    @property
    def chosen(self) -> list[SelectedSource]:
        return self.choice.chosen

    def write(self, made: Path, name: str, scratch: Path) -> tuple[BagWriter, PackRecords]:
        """Write the whole pack to a path in scratch; `name` is that of its output."""
        recipe, stated_utc = self.recipe, _stated_time(self.recipe)
        dated = stated_utc or self._newest_result_time()
        places = places_of(recipe.layout or "source", UniqueNames(), [one.subject for one in self.chosen])
        sink = _sink(made, recipe, Path(name), dated)
        try:
            bag = BagWriter(sink)
            signer = Signer(recipe.signature) if recipe.signature else None
            writer = MediaWriter(
                bag=bag, places=places, recipe=recipe, signer=signer, scratch=scratch, tables=self.tables
            )
            identity = PackIdentity(
                digest="", dated_utc=dated, is_stated=stated_utc is not None, is_day=bool(recipe.date)
            )
            return bag, self._fill(writer, identity)
        finally:
            sink.abandon()

    def _fill(self, writer: MediaWriter, undigested: PackIdentity) -> PackRecords:
        """Write media, companions, highlight and records into the pack's bag, and close it."""
        recipe, store, chosen = self.recipe, self.store, self.chosen
        packed = list(self._media(writer))
        found, sightings, lost = NOTHING_OF_RELEASES, Sightings(()), ()
        if PRESETS[recipe.audience].has_premis:
            sightings = Sightings(Catalogue(store).sightings(), FixityHistory(raw_checks(store)))
            if recipe.layout == "source":
                found = release_files(chosen, Catalogue(store).sources().values(), sightings)
                lost = lost_when_restored(chosen, sightings)
        found = replace(found, left_out=(*self.choice.left_out.sources, *self.choice.left_out.results, *found.left_out))
        of_releases = list(write_release_files(found.taken, writer))
        companions = list(write_companions(chosen, packed, writer, {one.row.path: one.path for one in of_releases}))
        identity = replace(undigested, digest=_digest(packed, [*companions, *of_releases], recipe))
        clip = None
        if recipe.highlight:
            clip = write_highlight(chosen, recipe, store, writer.scratch, self.steps, self.repeated)
        records = PackRecords(
            chosen=chosen,
            packed=packed,
            companions=companions,
            of_releases=of_releases,
            absent=found,
            lost_when_restored=lost,
            sightings=sightings,
            identity=identity,
            writer=writer,
            store=store,
            has_page=self.has_page,
            tables=self.tables,
            clip=clip,
        )
        records.write()
        about = readme(
            recipe,
            identity,
            writer.bag.payload_paths,
            self.choice.left_out,
            withdrawn=found.withdrawn,
            missing=found.missing,
            elsewhere=tuple(found.elsewhere.values()),
            too_large=found.too_large,
            lost_when_restored=lost,
            undelivered=found.undelivered,
            damaged=self._damaged(),
            returned=self._returned(records) if PRESETS[recipe.audience].has_premis else (),
        )
        writer.bag.finish(_info(packed, recipe, identity), [("README.txt", about)])
        return records

    def built(self, destination: DiskOutput | BucketOutput, bag: BagWriter, records: PackRecords) -> Built:
        """Return what was written, and what whoever asked for it should know."""
        subjects = [one.subject for one in self.chosen]
        known = {one.digest: one.relative for one in subjects}
        apart = (f"{one.row.relative} {one.elsewhere}" for one in records.companions if one.elsewhere)
        return Built(
            path=destination.location,
            identity=records.identity,
            file_count=bag.file_count,
            size_bytes=bag.size_bytes,
            results=tuple(sorted(set().union(*(one.refs for one in self.chosen)))),
            reservations=self.choice.reservations,
            sources=tuple(subjects),
            companions=self._companions(),
            copies=self._copies(),
            moved=self.choice.moved,
            replaced=tuple(one.history.replaced for one in self.chosen if one.history.replaced),
            withdrawn=tuple(self._withdrawn()),
            returned=self._returned(records),
            misdated=self._misdated(records),
            highlight=records.clip,
            smaller=tuple(smaller_photos(records.packed, self.recipe)),
            left_out=records.absent.left_out,
            absent=self.choice.left_out.sources,
            lost_when_restored=records.lost_when_restored,
            labels_apart=tuple(dict.fromkeys(apart)),
            repeated=tuple(
                f"{known[digest]} is the same picture as {first.relative}" for digest, first in self.repeated.items()
            ),
            damaged=self._damaged(),
            pack_traffic=destination.traffic if isinstance(destination, BucketOutput) else None,
        )

    def _companions(self) -> dict[str, tuple[LabelRef, ...]]:
        """Return the companions of sources in the pack and those of which its results were made, by digest of the
        source; those of copies are in `_copies`.
        """
        found: dict[str, tuple[LabelRef, ...]] = {}
        for one in self.chosen:
            of_copies = {result.ref for place in one.places for result in place.results}
            own = [result for result in (*one.results, *one.shown) if result.ref not in of_copies]
            if held := _held(one.places[0].companions if one.places else (), own):
                found[one.subject.digest] = held
        return found

    def _copies(self) -> dict[str, tuple[PackedSource, ...]]:
        """Return the other places of sources of whose companions the pack has something, by digest of the source."""
        return {one.subject.digest: copies for one in self.chosen if (copies := tuple(_copies_in(one.places[1:])))}

    def _media(self, writer: MediaWriter) -> Iterator[PackedFile]:
        count = len(self.chosen)
        for one in self.steps("Packing", self.chosen, count, noun="source", name=lambda one: one.subject.name):
            if one.has_original:
                yield writer.original(one.subject, one.original_size_px)
            for entry in item_records(one.subject, one.results, self.store):
                yield from writer.item(entry)

    def _withdrawn(self) -> Iterator[str]:
        """Yield the files that are gone and not replaced, and whatever was withdrawn, also if it was replaced since."""
        for one in self.chosen:
            if not (gone := one.history.gone_utc):
                continue
            relative, since = one.subject.relative, f"it has been gone from its release since {gone[:10]}"
            if confirmed := one.history.confirmed_utc:
                yield f"{relative} was withdrawn, confirmed on {confirmed[:10]}: {since}"
                continue
            if not one.history.replaced:
                yield f"{relative} is missing, not confirmed: {since}"
            if before := self.withdrawals.get(one.subject.digest):
                yield f"{relative}: its bytes were {before.withdrawn_in_words}"

    def _returned(self, records: PackRecords) -> tuple[str, ...]:
        """Return the files of the pack that are there again though withdrawn, in the order of their paths."""
        held = [(one.subject.relative, one.subject.digest) for one in self.chosen if not one.history.gone_utc]
        held += [(row.relative, row.digest) for one in records.companions for row in one.rows]
        held += [(one.row.relative, one.row.digest) for one in records.of_releases]
        return tuple(
            f"{relative}: back, though {self.withdrawals[digest].withdrawn_in_words}"
            for relative, digest in sorted(set(held))
            if digest in self.withdrawals
        )

    def _misdated(self, records: PackRecords) -> tuple[str, ...]:
        """Return what is wrong with a stated date before the newest event of a result, a file or a check."""
        identity, sightings = records.identity, records.sightings
        times = [manifest.started_utc for one in self.chosen for manifest in one.results]
        times += [one.history.seen_utc for one in self.chosen]
        digests = {one.subject.digest for one in self.chosen}
        for sighting in (
            one for digest in digests for path in sightings.places_of(digest) for one in sightings.at(path)
        ):
            ends = (sighting.here.gone_utc, sighting.here.stay.confirmed_utc)
            times += [*filter(None, ends), *(check.ended_utc for check in sighting.checks)]
        newest, stated = max(map(in_seconds, times), default=""), identity.dated_utc
        if identity.is_day:
            newest, stated = newest[:10], identity.day
        if not identity.is_stated or newest <= stated:
            return ()
        return (f"stated as packed on {stated}, before the newest event of its files on {newest}: correct the date",)

    def _damaged(self) -> tuple[str, ...]:
        verdicts = ((one.subject.relative, one.history.verdict) for one in self.chosen)
        return tuple(f"{relative}: {verdict.words}" for relative, verdict in verdicts if verdict.is_damaged)

    def _newest_result_time(self) -> str:
        made = [manifest.started_utc for one in self.chosen for manifest in one.results]
        return in_seconds(max(made or [one.history.seen_utc for one in self.chosen]))


def _copies_in(places: Sequence[PackedPlace]) -> Iterator[PackedSource]:
    for one in places:
        if held := _held(one.companions, one.results):
            yield PackedSource(sha256=one.row.digest, path=one.row.path, relative=one.row.relative, companions=held)


def _held(companions: Sequence[SourceRow], results: Sequence[Manifest]) -> tuple[LabelRef, ...]:
    """Return companions and those of which results were made, in the order of names."""
    held = {LabelRef(name=one.name, sha256=one.digest) for one in companions}.union(*map(made_of, results))
    return tuple(sorted(held, key=lambda one: one.name))


def _refuse_inside_releases(output: Location, rows: Sequence[SourceRow]) -> None:
    """Raise `RequestError` if the pack would lie among releases that the store knows, and be ingested as one."""
    place = str(output) if is_address(output) else str(Path(output).resolve())
    for raw in sorted({row.raw_folder for row in rows if row.gone_utc is None}):
        if f"{place}/".startswith(f"{raw}/"):
            raise RequestError(
                f"{output}: inside the releases, where the next run would take it for one; choose a place outside {raw}"
            )


def _output_at(output: Location, store: Store, *, force: bool) -> DiskOutput | BucketOutput:
    """Return the output of the pack; raises `RequestError` if it is inside the store, or as `BucketOutput`."""
    if is_address(output):
        if f"{output}/".startswith(f"{store.address}/"):
            raise RequestError(f"{output}: inside the store; choose a place outside {store.address}")
        return BucketOutput(str(output), force=force)
    if Path(output).resolve().is_relative_to(store.root.resolve()):
        raise RequestError(f"{output}: inside the store; choose a place outside {store.root}")
    return DiskOutput(Path(output), force=force)


def _sink(made: Path, recipe: PackRecipe, output: Path, dated_utc: str) -> ZipSink | FolderSink:
    if not is_zip(output):
        return FolderSink(made)
    return ZipSink(made, portable_name(slug(recipe.title.best() or "") or slug(output.stem) or output.stem), dated_utc)


def _stated_time(recipe: PackRecipe) -> str | None:
    """Return the time of packing stated by the pack recipe, else by the environment; None if neither does.

    `SOURCE_DATE_EPOCH` is the convention of reproducible builds: https://reproducible-builds.org/specs/source-date-epoch/
    """
    if recipe.date:
        return f"{recipe.date}T00:00:00Z"
    if not (seconds := os.environ.get(EPOCH, "")):
        return None
    try:
        return in_seconds(datetime.fromtimestamp(int(seconds), UTC).isoformat())
    except (ValueError, OverflowError, OSError) as error:
        raise RequestError(f"{EPOCH}={seconds}: not a time in seconds since 1970; give one, or unset it") from error


def _digest(packed: list[PackedFile], companions: list[PackedCompanion | PackedReleaseFile], recipe: PackRecipe) -> str:
    digest = hashlib.sha256(recipe_record(recipe))
    font = recipe.highlight.font if recipe.highlight else None
    if font and font.is_file():  # the clip refuses one that is missing
        digest.update(f"{sha256_of(font)} font\n".encode())
    for one in packed:
        digest.update(f"{one.unsigned_sha256} {one.path}\n".encode())
    for one in companions:
        digest.update(f"{one.row.digest} {one.path}\n".encode())
    return digest.hexdigest()


def _info(packed: list[PackedFile], recipe: PackRecipe, identity: PackIdentity) -> Iterator[tuple[str, str]]:
    """Yield the lines of `bag-info.txt`."""
    if recipe.publisher:
        yield "Source-Organization", recipe.publisher
    for name, text in (("Title", recipe.title), ("External-Description", recipe.text)):
        said = text.within(recipe.languages)
        for value in dict.fromkeys(said[code] for code in dict.fromkeys([*recipe.languages, *said]) if code in said):
            yield name, value
    yield "External-Identifier", identity.urn
    if recipe.bag_info:
        yield from recipe.bag_info.lines()
    if identity.is_stated:
        yield "Bagging-Date", identity.day
    else:
        yield "Contents-Up-To", identity.dated_utc
    name, _, agent = AGENT.partition(": ")
    yield name, f"{agent} {importlib.metadata.version('marsmedia')}"
    yield "Audience", recipe.audience
    for subject in {one.subject.digest: one.subject for one in packed}.values():
        if override := override_of(subject, recipe.overrides):
            yield "Rights-Override", f"{subject.name} ({subject.digest}): {override.who}: {override.why}"
