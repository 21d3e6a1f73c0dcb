"""Selection of a source's results and items by a pack recipe."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence

from processors.packs.presentation import is_deep, is_taken, presentation_of
from processors.packs.recipe.pack_recipe import PackRecipe
from processors.store.catalogue.latest import current
from processors.store.manifest import Manifest, ResultRef, StoredItem, size_in
from processors.well_known_names import PHOTO_ENHANCED, PHOTO_PREVIEW

THUMBNAIL_PX = 640
"""Longest side below which a size of a photo is for web pages only, not for print."""


def included(manifests: Iterable[Manifest], recipe: PackRecipe, asked: frozenset[ResultRef]) -> Iterator[Manifest]:
    """Yield the results of one source to take, each with only the items to take, in the order of processor and key.

    The results of a processor that today's recipes want are taken; if they want none, the latest. With the stills of a
    photo of more than 8 bits, which may be flat and dark as it stands, readers get the enhanced one too.
    """
    by_processor: dict[str, list[Manifest]] = {}
    for manifest in manifests:
        if manifest.verdict == "made":
            by_processor.setdefault(manifest.ref.processor, []).append(manifest)
    also = _for_readers(by_processor, recipe)
    for processor in sorted(by_processor):
        for manifest in sorted(current(by_processor[processor], asked), key=lambda one: one.ref):
            items = [
                item for item in manifest.items if processor in also or is_taken(processor, item.name, recipe.take)
            ]
            if presentation_of(processor).is_in_sizes:  # a small photo is not enlarged: its sizes may be the same bytes
                items = list({i.sha256: i for i in reversed(items)}.values())[::-1]
                if recipe.pictures:
                    items = sorted(items, key=_area)[-1:]  # the pack resizes by itself
                elif recipe.layout == "kind":
                    items = [one for one in items if _longest(one) >= THUMBNAIL_PX] or sorted(items, key=_area)[-1:]
            if items:
                yield dataclasses.replace(manifest, items=tuple(items))


def _for_readers(by_processor: Mapping[str, Sequence[Manifest]], recipe: PackRecipe) -> frozenset[str]:
    """Return the processors whose pictures accompany the stills of a photo of more than 8 bits, in a pack by kind."""
    previews = (item.facts for manifest in by_processor.get(PHOTO_PREVIEW, ()) for item in manifest.items)
    is_for_readers = recipe.layout == "kind" and "stills" in recipe.take
    return frozenset({PHOTO_ENHANCED} if is_for_readers and is_deep(previews) else ())


def _longest(item: StoredItem) -> int:
    return max(size_in(item.facts) or (0, 0))


def _area(item: StoredItem) -> tuple[int, str]:
    width, height = size_in(item.facts) or (0, 0)
    return width * height, item.name
