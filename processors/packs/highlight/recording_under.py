"""The recording under a whole highlight: the one that the recipe names, or why it cannot be had."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

from processors.errors import RequestError
from processors.packs.contents.selected_sources import SelectedSource
from processors.packs.contents.subject import ItemRecord, SourceRecord
from processors.packs.highlight.scene_sound import SOUNDS, Recording
from processors.packs.recipe.pack_recipe import Highlight, PackRecipe
from processors.store.catalogue.catalogue import Catalogue
from processors.store.catalogue.named_sources import where_moved
from processors.store.catalogue.selection import parse, select
from processors.store.catalogue.source_row import SourceRow
from processors.store.store import Store


def recording_under(
    chosen: Sequence[SelectedSource], recipe: PackRecipe, recordings: Mapping[str, Recording], store: Store
) -> ItemRecord | None:
    """Return the recording that the pack recipe requests under the clip, in its most audible rendition; None for none.

    Raises
    ------
    RequestError : there is no such recording; the message says why, and what to do.
    """
    wanted = (recipe.highlight or Highlight()).sound
    if wanted is None:
        return None
    named = [one for one in chosen if _is_called(wanted, one.subject)]
    found = [recordings[one.subject.digest].entry for one in named if one.subject.digest in recordings]
    if not found:
        raise RequestError(f"highlight: {_why_no_sound(wanted, named, recipe, store)}")
    return min(found, key=lambda entry: SOUNDS.index(entry.name))


def _why_no_sound(wanted: str, named: Sequence[SelectedSource], recipe: PackRecipe, store: Store) -> str:
    """Return why the recording that the pack recipe wants under the clip cannot be had, and what to do."""
    catalogue = Catalogue(store)
    known = {
        one.relative: one
        for one in catalogue.sightings("kind = 'media'")
        if not one.gone_utc and _is_called(wanted, one)
    }
    with_sound = {path for path, one in known.items() if one.medium == "audio" or one.has_sound}
    if unmade := sorted(with_sound & {one.subject.relative for one in named}):
        how = f"`marsmedia reprocess {unmade[0]} --processor audio.renditions`"
        return f"the sound of {_few(unmade)} was not made; run {how}"
    if selected := sorted(with_sound & {row.relative for row in select(parse(recipe.selection), catalogue)}):
        return f'the pack takes nothing of {_few(selected)}; add "web sound" to `take`'
    if with_sound and len(parse(recipe.selection).names) == len(recipe.selection):
        return f"no selected source named {wanted!r} has sound; add {_few(sorted(with_sound))} to the selection"
    if with_sound:
        return f"{_few(sorted(with_sound))} is not selected; widen the selection: a name beside other words narrows it"
    if known:
        return f"{_few(sorted(known))} has no sound; name a recording"
    return where_moved(wanted, catalogue) or f"no source named {wanted!r}; correct its name"


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:5])


def _is_called(wanted: str, source: SourceRow | SourceRecord) -> bool:
    return fnmatchcase(source.name, wanted) or source.relative == wanted or source.digest.startswith(wanted)
