"""Records of a pack: everything in it that describes its files, and the gallery that shows them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import quote

from processors.json_records import as_json, canonical_json
from processors.languages.text import Text
from processors.packs.contents.companions import PackedCompanion
from processors.packs.contents.media import MediaWriter, read_blocks
from processors.packs.contents.overlays import burnt_in
from processors.packs.contents.packed_file import PackedFile, PackIdentity
from processors.packs.contents.release_files import PackedReleaseFile, ReleaseFiles, releases_of
from processors.packs.contents.reservations import terms_of
from processors.packs.contents.rights import is_cleared, notice, override_of
from processors.packs.contents.selected_sources import SelectedSource, order_of_selection
from processors.packs.contents.sightings import Sightings
from processors.packs.contents.subject import ItemRecord, SourceRecord
from processors.packs.gallery.gallery_file import GalleryFile, PageCopy
from processors.packs.gallery.introduction import BoundSource, Introduction, PageClip
from processors.packs.gallery.page import write_gallery
from processors.packs.gallery.thumbnails import plot_shares
from processors.packs.highlight.clip_credits import strictest_first
from processors.packs.highlight.highlight import FILE as HIGHLIGHT
from processors.packs.highlight.highlight import HighlightClip
from processors.packs.highlight.poster import POSTER, poster
from processors.packs.presentation import presentation_of
from processors.packs.recipe.audience import PRESETS
from processors.packs.recipe.pack_recipe import PackRecipe
from processors.packs.records import credits as credit_file
from processors.packs.records import iiif, premis
from processors.packs.records import pds4_bundle as pds4
from processors.packs.records import ro_crate as crate
from processors.packs.records.data_dictionary import FILE as DICTIONARY
from processors.packs.records.data_dictionary import packed_data_dictionary
from processors.packs.records.shot_spans import shot_spans
from processors.store.store import Store
from processors.tables import Table

_PAGE_TYPES = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".css": "text/css",
    ".json": "application/json",
    ".txt": "text/plain",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True, kw_only=True)
class PackRecords:
    chosen: list[SelectedSource]
    packed: list[PackedFile]
    companions: list[PackedCompanion]
    of_releases: list[PackedReleaseFile]
    absent: ReleaseFiles
    """Files of the originals' releases that are not in the pack."""
    lost_when_restored: tuple[str, ...]
    """As `lost_when_restored` returns them; empty for a pack without PREMIS."""
    sightings: Sightings
    """Sightings of every file of the store; empty for a pack without PREMIS."""
    identity: PackIdentity
    writer: MediaWriter
    """Writer of the packed files: its bag takes the records too."""
    store: Store
    has_page: bool
    """Whether an offline page shows the files."""
    tables: Mapping[str, Sequence[Table]]
    """Tables that each processor writes, by its name."""
    clip: HighlightClip | None
    _added: list[crate.OtherFile] = field(default_factory=list)
    """Records added so far, and what was made of several sources, for the RO-Crate."""

    def write(self) -> None:
        """Add every record to the bag: the RO-Crate, which lists the others, comes last."""
        clip = self._add_highlight(self.clip) if self.clip else None
        credits_path = self._add_credits(clip)
        self._add(
            self.writer.places.record("recipe.json"),
            "application/json",
            "The recipe of this pack",
            [recipe_record(self.writer.recipe)],
        )
        self._add_iiif(clip)
        if dictionary := packed_data_dictionary(self.packed, self.tables):
            path = self.writer.places.document(DICTIONARY)
            self._add(path, "text/csv", "Unit and meaning of each column of the tables", [dictionary])
        labels = list(self._add_pds4_labels()) if self.writer.recipe.layout == "source" else []
        if PRESETS[self.writer.recipe.audience].has_premis:
            self._add_premis(labels)
        if self.has_page:
            self._add_gallery(clip, credits_path)
        self._added.extend(
            crate.OtherFile(
                path=one.path,
                media_type=one.media_type,
                description=f"File of the release {one.row.release}: {one.row.format}",
            )
            for one in self.of_releases
        )
        self.writer.bag.add(
            crate.FILE,
            crate.crate(self.packed, self.writer.recipe, self.identity, self._added, self.companions, labels),
        )

    def _add(
        self, path: str, media_type: str, what: str, blocks: Iterable[bytes], made_of: Iterable[SourceRecord] = ()
    ) -> None:
        self._added.append(crate.OtherFile(path=path, media_type=media_type, description=what, made_of=tuple(made_of)))
        self.writer.bag.add(path, blocks)

    def _add_highlight(self, clip: HighlightClip) -> HighlightClip:
        path = self.writer.places.made("videos", HIGHLIGHT)
        bound = strictest_first(clip.sources, self.writer.recipe)
        with clip.path.open("rb") as file:
            self._add(path, "video/mp4", "Highlight clip over the selection", read_blocks(file), bound)
        return replace(clip, packed_path=path)

    def _add_credits(self, clip: HighlightClip | None) -> str:
        path = self.writer.places.document(credit_file.FILE)
        told = credit_file.credits_text(self.packed, self.writer.recipe, self.identity, clip)
        self._add(path, "text/plain", "Credits and rights of each source", told)
        return path

    def _add_iiif(self, clip: HighlightClip | None) -> None:
        shown = [one for one in self.packed if iiif.can_be_shown(one)]
        if not shown:
            return
        path = self.writer.places.record(iiif.FILE)
        shots = {one.subject.digest: shot_spans(one.subject, one.shots, self.store) for one in self.chosen}
        viewed = iiif.manifest(shown, self.writer.recipe, self.identity, path=path, shots=shots, highlight=clip)
        self._add(path, "application/ld+json", "IIIF Presentation 3 manifest", viewed)

    def _add_premis(self, labels: Sequence[pds4.PackLabel]) -> None:
        histories = {one.subject.digest: one.history for one in self.chosen}
        events = premis.premis(
            self.packed,
            self.writer.recipe,
            self.identity,
            histories,
            self.sightings,
            self.companions,
            self.of_releases,
            self.absent,
            labels,
            releases_of(self.chosen),
            self.lost_when_restored,
        )
        path = self.writer.places.record(premis.FILE)
        self._add(path, "application/xml", "PREMIS: objects, events, agents and rights", events)

    def _add_pds4_labels(self) -> Iterator[pds4.PackLabel]:
        """Add a label for each file without one of its own, and yield it."""
        labelled = {one.original.path for one in self.companions if one.is_pds4}
        for label, xml in pds4.labels([one for one in self.packed if one.path not in labelled], self.identity):
            self._add(label.path, "application/xml", "PDS4 label of the files next to it, written by the pack", [xml])
            yield label

    def _add_gallery(self, clip: HighlightClip | None, credits_path: str) -> None:
        folder = self.writer.scratch / "gallery"
        folder.mkdir()
        on_page = None
        if clip:
            self._add(POSTER, "image/jpeg", "Part of the gallery", [poster(clip)], clip.shown[:1])
            on_page = PageClip(
                href=quote(clip.packed_path),
                poster_href=POSTER,
                width_px=clip.width_px,
                height_px=clip.height_px,
                duration_seconds=clip.duration_seconds,
                bound=tuple(_bound(clip, self.writer.recipe)),
            )
        recipe = self.writer.recipe
        about = Introduction(
            text=recipe.text,
            publisher=recipe.publisher,
            credits_href=quote(credits_path),
            clip=on_page,
            is_for_readers=PRESETS[recipe.audience].credits_in_files,
            order=order_of_selection(self.chosen),
        )
        written = write_gallery(
            folder, _shown(self.packed, recipe), title=recipe.title, languages=recipe.languages, introduction=about
        )
        for place in sorted(written):
            media_type = _PAGE_TYPES.get(place.suffix, "application/octet-stream")
            with place.open("rb") as file:
                self._add(place.relative_to(folder).as_posix(), media_type, "Part of the gallery", read_blocks(file))


def recipe_record(recipe: PackRecipe) -> bytes:
    """Return the pack recipe as JSON, without the paths of keys and fonts, which may name a person's folders."""
    highlight = replace(recipe.highlight, font=None) if recipe.highlight else None
    unsigned = replace(recipe, signature=None, highlight=highlight)
    fields = {field.name: as_json(getattr(unsigned, field.name)) for field in dataclasses.fields(recipe)}
    record = {**fields, "title": recipe.title.record(), "text": recipe.text.record()}
    return canonical_json(record) + b"\n"


def _bound(clip: HighlightClip, recipe: PackRecipe) -> Iterator[BoundSource]:
    """Yield the sources of a clip that are not cleared, or have terms of use or overlays, as their own cards say it."""
    for one in clip.sources:
        cleared, terms = is_cleared(one, recipe), terms_of(one)
        overlays = burnt_in(one) if one in clip.shown else Text()
        if terms or overlays or not cleared:
            redistribute = True if cleared else one.redistribute
            yield BoundSource(
                name=one.name, title=one.title, redistribute=redistribute, terms=terms or None, overlays=overlays
            )


def _shown(packed: list[PackedFile], recipe: PackRecipe) -> Iterator[GalleryFile]:
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
            thumbnail_box=plot_shares(found.entry) if found and found.entry else None,
            copy=PageCopy(
                name=one.name,
                size_bytes=one.size_bytes,
                sha256=one.sha256,
                width_px=one.width_px,
                height_px=one.height_px,
            ),
            passed_on=notice(one.subject, recipe) if override_of(one.subject, recipe.overrides) else None,
        )


def _depicted(entry: ItemRecord) -> str:
    """Return a value that is equal for files with the same content: the sizes of one preview."""
    return entry.manifest.ref.key if presentation_of(entry.manifest.ref.processor).is_in_sizes else entry.sha256
