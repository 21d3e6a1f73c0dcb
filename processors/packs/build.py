"""Building of a pack: selected media and four kinds of records in one bag, visible only when complete.

The bag's payload, `data/`, is all that a reader opens: the root of the RO-Crate, the IIIF manifest, the gallery and the
media with a PDS4 label in each folder. To keep the bag valid, only its own tag files are outside `data/`.
"""

from __future__ import annotations

import dataclasses
import hashlib
import importlib.metadata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

from processors.contract import as_json, canonical_json
from processors.errors import RequestError
from processors.languages.text import Text
from processors.packs.archive.bagit import BagWriter
from processors.packs.archive.output import AGENT, finished, is_zip, scratch_beside
from processors.packs.archive.pack_writers import FolderSink, ZipSink
from processors.packs.contents.companions import PackedCompanion, write_companions
from processors.packs.contents.layout import Places, places_of
from processors.packs.contents.media import MediaWriter, read_blocks
from processors.packs.contents.names import UniqueNames, portable_name
from processors.packs.contents.packed_file import PackedFile, PackIdentity, in_seconds
from processors.packs.contents.rights import is_cleared, override_of
from processors.packs.contents.selected_sources import Asked, SelectedSource, choose, publishable
from processors.packs.contents.signing import Signer
from processors.packs.contents.subject import ItemRecord, entries
from processors.packs.gallery.gallery_file import GalleryFile
from processors.packs.gallery.introduction import Introduction, PageClip
from processors.packs.highlight.highlight import FILE as HIGHLIGHT
from processors.packs.highlight.highlight import HighlightClip, write_highlight
from processors.packs.presentation import presentation_of
from processors.packs.recipe.audience import PRESETS
from processors.packs.recipe.pack_recipe import Recipe
from processors.packs.records import credits as credit_file
from processors.packs.records import iiif, premis
from processors.packs.records import pds4_bundle as pds4
from processors.packs.records import ro_crate as crate
from processors.packs.records.data_dictionary import FILE as DICTIONARY
from processors.packs.records.data_dictionary import data_dictionary
from processors.packs.records.readme import readme
from processors.packs.records.shot_spans import shots_of
from processors.store.catalogue import Catalogue
from processors.store.manifest import ResultRef
from processors.store.steps import Steps, unseen
from processors.store.store import Store
from processors.tables import Table


class Gallery(Protocol):
    """Writer of an offline page for files; returns the paths that it wrote."""

    def __call__(
        self,
        folder: Path,
        shown: Iterable[GalleryFile],
        *,
        title: Text,
        languages: tuple[str, ...],
        introduction: Introduction | None = None,
    ) -> list[Path]: ...


@dataclass(frozen=True, kw_only=True)
class Built:
    """Finished pack."""

    path: Path
    identity: PackIdentity
    file_count: int
    size_bytes: int
    results: tuple[ResultRef, ...]
    """Results that the pack was made of; `prune` keeps them."""
    uncleared: tuple[str, ...]
    """Release and name of each source that nobody allows to pass on, overrides aside."""
    source_count: int
    highlight: HighlightClip | None = None
    labels_apart: tuple[str, ...] = ()
    """Labels that describe files which do not lie next to them, each with where those are."""


def build(
    recipe: Recipe,
    output: Path,
    store: Store,
    *,
    asked: Asked,
    gallery: Gallery | None = None,
    tables: Mapping[str, Sequence[Table]] | None = None,
    force: bool = False,
    steps: Steps = unseen,
) -> Built:
    """Build a pack as a folder, or as a zip if the output's name ends in `.zip`.

    Parameters
    ----------
    asked : returns the results that today's recipes want of a source.
    tables : tables that each processor writes, by its name, for the data dictionary.
    steps : shows how far the media and the highlight are.

    Raises
    ------
    RequestError : recipe, selection or output is invalid; the message lists all problems.
    ResultMissing, ResultCorrupt : a packed file does not match the store's record; no pack is left.
    OSError : the disk is full or not writable; no pack is left.
    """
    if output.resolve().is_relative_to(store.root.resolve()):
        raise RequestError(f"{output}: inside the store; choose a place outside {store.root}")
    catalogue, recipe = Catalogue(store), recipe.completed()
    chosen = choose(recipe, store, catalogue, asked)
    recipe = replace(recipe, selection=publishable(recipe.selection, catalogue.sightings()))
    dated = f"{recipe.date}T00:00:00Z" if recipe.date else _latest(chosen)
    output = output.absolute()
    with scratch_beside(output, force=force) as scratch:
        made, places = scratch / "pack", places_of(recipe.layout or "source", UniqueNames())
        base = portable_name(recipe.title.best() or output.stem).replace(" ", "-")
        sink = ZipSink(made, base, dated) if is_zip(output) else FolderSink(made)
        try:
            bag = BagWriter(sink)
            signer = Signer(recipe.signature) if recipe.signature else None
            writer = MediaWriter(bag=bag, places=places, recipe=recipe, signer=signer, scratch=scratch)
            packed = list(_media(chosen, store, writer, steps))
            companions = list(write_companions(chosen, packed, writer))
            identity = PackIdentity(digest=_digest(packed, companions, recipe), dated_utc=dated)
            clip = write_highlight(chosen, recipe, store, scratch, steps) if recipe.highlight else None
            further = _Further(chosen, companions, store, places, gallery, tables or {}, scratch, clip)
            _records(packed, recipe, identity, bag, further)
            info = _info(packed, recipe, identity)
            bag.finish(info, [("README.txt", readme(recipe, identity))])
        finally:
            sink.abandon()
        finished(made, output, scratch)
    return Built(
        path=output,
        identity=identity,
        file_count=bag.file_count,
        size_bytes=bag.size_bytes,
        results=tuple(sorted(set().union(*(one.refs for one in chosen)))),
        uncleared=tuple(one.subject.relative for one in chosen if not is_cleared(one.subject, recipe)),
        source_count=len(chosen),
        highlight=clip,
        labels_apart=tuple(dict.fromkeys(f"{one.row.relative} {one.elsewhere}" for one in companions if one.elsewhere)),
    )


def _latest(chosen: list[SelectedSource]) -> str:
    made = [manifest.started_utc for one in chosen for manifest in one.results]
    return in_seconds(max(made or [one.seen_utc for one in chosen]))


def _media(chosen: list[SelectedSource], store: Store, writer: MediaWriter, steps: Steps) -> Iterator[PackedFile]:
    for one in steps("Packing", chosen, len(chosen), noun="source", name=lambda one: one.subject.name):
        if one.has_original:
            yield writer.original(one.subject, one.original_size_px)
        for entry in entries(one.subject, one.results, store):
            yield from writer.item(entry)


def _digest(packed: list[PackedFile], companions: list[PackedCompanion], recipe: Recipe) -> str:
    digest = hashlib.sha256(_recipe_record(recipe))
    for one in packed:
        digest.update(f"{one.unsigned_sha256} {one.path}\n".encode())
    for one in companions:
        digest.update(f"{one.row.digest} {one.path}\n".encode())
    return digest.hexdigest()


def _recipe_record(recipe: Recipe) -> bytes:
    """Return the recipe as JSON, without the paths of keys and fonts, which may name a person's folders."""
    highlight = replace(recipe.highlight, font=None) if recipe.highlight else None
    unsigned = replace(recipe, signature=None, highlight=highlight)
    fields = {field.name: as_json(getattr(unsigned, field.name)) for field in dataclasses.fields(recipe)}
    record = {**fields, "title": recipe.title.record(), "text": recipe.text.record()}
    return canonical_json(record) + b"\n"


@dataclass(frozen=True)
class _Further:
    """What the records are made from, besides the packed files."""

    chosen: list[SelectedSource]
    companions: list[PackedCompanion]
    store: Store
    places: Places
    gallery: Gallery | None
    tables: Mapping[str, Sequence[Table]]
    scratch: Path
    clip: HighlightClip | None


def _records(
    packed: list[PackedFile], recipe: Recipe, identity: PackIdentity, bag: BagWriter, further: _Further
) -> None:
    places = further.places
    others: list[tuple[str, str, str]] = []

    def add(path: str, media_type: str, what: str, blocks: Iterable[bytes]) -> None:
        others.append((path, media_type, what))
        bag.add(path, blocks)

    canvas, credited, on_page = None, None, None
    if clip := further.clip:
        path = places.made("videos", HIGHLIGHT)
        with clip.path.open("rb") as file:
            add(path, "video/mp4", "Highlight clip over the selection", read_blocks(file))
        canvas = iiif.HighlightCanvas(
            path=path, width_px=clip.width_px, height_px=clip.height_px, duration_seconds=clip.duration_seconds
        )
        on_page = PageClip(
            href=quote(path), width_px=clip.width_px, height_px=clip.height_px, duration_seconds=clip.duration_seconds
        )
        credited = credit_file.CreditedClip(path=path, shown=clip.shown, recording=clip.recording, sources=clip.sources)
    told = credit_file.credits_text(packed, recipe, identity, credited)
    credits_path = places.document(credit_file.FILE)
    add(credits_path, "text/plain", "Credits and rights of each source", told)
    add(places.record("recipe.json"), "application/json", "The recipe of this pack", [_recipe_record(recipe)])
    if shown := [one for one in packed if iiif.can_be_shown(one)]:
        path = places.record(iiif.FILE)
        shots = {one.subject.digest: shots_of(one.subject, further.store) for one in further.chosen}
        viewed = iiif.manifest(shown, recipe, identity, path=path, shots=shots, highlight=canvas)
        add(path, "application/ld+json", "IIIF Presentation 3 manifest", viewed)
    if dictionary := data_dictionary(packed, further.tables):
        path = places.document(DICTIONARY)
        add(path, "text/csv", "Unit and meaning of each column of the tables", [dictionary])
    if PRESETS[recipe.audience].has_premis:
        seen_utc = {one.subject.digest: one.seen_utc for one in further.chosen}
        events = premis.premis(packed, recipe, identity, seen_utc, further.companions)
        add(places.record(premis.FILE), "application/xml", "PREMIS: objects, events, agents and rights", events)
    if recipe.layout == "source":
        labelled = {one.original.path for one in further.companions if one.is_pds4}
        for path, label in pds4.labels([one for one in packed if one.path not in labelled], identity):
            add(path, "application/xml", "PDS4 label of the files beside it", [label])
    if further.gallery is not None:
        folder = further.scratch / "gallery"
        folder.mkdir()
        about = Introduction(
            text=recipe.text, publisher=recipe.publisher, credits_href=quote(credits_path), clip=on_page
        )
        written = further.gallery(
            folder, _shown(packed), title=recipe.title, languages=recipe.languages, introduction=about
        )
        for place in sorted(written):
            media_type = _PAGE_TYPES.get(place.suffix, "application/octet-stream")
            with place.open("rb") as file:
                add(place.relative_to(folder).as_posix(), media_type, "Part of the gallery", read_blocks(file))
    bag.add(crate.FILE, crate.crate(packed, recipe, identity, others, further.companions))


_PAGE_TYPES = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".css": "text/css",
    ".json": "application/json",
    ".txt": "text/plain",
    ".svg": "image/svg+xml",
}


def _shown(packed: list[PackedFile]) -> Iterator[GalleryFile]:
    """Yield every file; its thumbnail is the smallest packed picture of the same content, else of its source."""
    smallest: dict[tuple[str, str | None], PackedFile] = {}
    for one in packed:
        if one.entry and one.media_type.startswith("image/"):
            for key in ((one.subject.digest, _depicted(one.entry)), (one.subject.digest, None)):
                if key not in smallest or one.size_bytes < smallest[key].size_bytes:
                    smallest[key] = one
    for one in packed:
        found = smallest.get((one.subject.digest, _depicted(one.entry) if one.entry else None))
        if found is None and one.media_type.partition("/")[0] in ("video", "audio"):
            found = smallest.get((one.subject.digest, None))
        yield GalleryFile(
            entry=one.entry,
            subject=one.subject,
            href=quote(one.path),
            media_type=one.media_type,
            thumbnail_href=quote(found.path) if found else None,
        )


def _depicted(entry: ItemRecord) -> str:
    """Return a value that is equal for files with the same content: the sizes of one preview."""
    return entry.manifest.ref.key if presentation_of(entry.manifest.ref.processor).is_in_sizes else entry.sha256


def _info(packed: list[PackedFile], recipe: Recipe, identity: PackIdentity) -> Iterator[tuple[str, str]]:
    """Yield the lines of `bag-info.txt`."""
    if recipe.publisher:
        yield "Source-Organization", recipe.publisher
    for title in dict.fromkeys(recipe.title.values()):
        yield "Title", title
    for text in dict.fromkeys(recipe.text.values()):
        yield "External-Description", text
    yield "External-Identifier", identity.urn
    if recipe.bag_info:
        yield from recipe.bag_info.lines()
    yield "Bagging-Date", identity.day
    name, _, agent = AGENT.partition(": ")
    yield name, f"{agent} {importlib.metadata.version('marsmedia')}"
    yield "Audience", recipe.audience
    for subject in {one.subject.digest: one.subject for one in packed}.values():
        if override := override_of(subject, recipe.overrides):
            yield "Rights-Override", f"{subject.name} ({subject.digest}): {override.who}: {override.why}"
