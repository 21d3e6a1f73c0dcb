"""Photos that a pack has in fewer pixels than they were released with, though nobody asked for fewer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from processors.imaging.image_writer import MAX_JPEG_SIDE_PX
from processors.packs.contents.packed_file import PackedFile
from processors.packs.contents.subject import ItemRecord
from processors.packs.presentation import presentation_of
from processors.packs.recipe.pack_recipe import PackRecipe
from processors.store.manifest import size_in

PREVIEW_SIDES_PX = (320, 1024, 2048)
"""Sizes of `photo.preview` that page and packs are made of."""


@dataclass(frozen=True, kw_only=True)
class SmallerPhoto:
    """Longest sides of a photo."""

    relative: str
    """Path relative to the folder of releases."""
    packed_px: int
    """That of its largest preview, before `[pictures]` crops it or sets it between bars."""
    released_px: int


def smaller_photos(packed: Iterable[PackedFile], recipe: PackRecipe) -> Iterator[SmallerPhoto]:
    """Yield the photos of which a pack has previews smaller than the photo and than `[pictures]` asks for.

    Those with their original in the pack are left out.
    """
    asked_px = max(recipe.pictures.longest_side_px) if recipe.pictures else None
    files: dict[str, list[PackedFile]] = {}
    for one in packed:
        files.setdefault(one.subject.digest, []).append(one)
    for of_source in files.values():
        subject = of_source[0].subject
        sides = [_stored_px(one.entry) for one in of_source if one.entry and _is_preview(one.entry)]
        if subject.medium != "photo" or subject.shown_size_px is None or not sides:
            continue
        released_px, packed_px = max(subject.shown_size_px), max(sides)
        has_original = any(one.entry is None for one in of_source)
        if packed_px < min(released_px, asked_px or released_px, MAX_JPEG_SIDE_PX) and not has_original:
            yield SmallerPhoto(relative=subject.relative, packed_px=packed_px, released_px=released_px)


def smaller_in_words(smaller: Sequence[SmallerPhoto], recipe: PackRecipe) -> str:
    """Return how many there are, the one that loses most, and how to get larger ones; not for an empty list."""
    worst = max(smaller, key=lambda one: one.released_px / one.packed_px)
    asked_px = max(recipe.pictures.longest_side_px) if recipe.pictures else worst.released_px
    largest_px = min(asked_px, worst.released_px, MAX_JPEG_SIDE_PX)
    sides_px = [*(side for side in PREVIEW_SIDES_PX if side < largest_px), largest_px]
    count = "1 photo is" if len(smaller) == 1 else f"{len(smaller)} photos are"
    return (
        f"{count} smaller in the pack than as released: {'' if len(smaller) == 1 else 'such as '}{worst.relative}, "
        f"{worst.packed_px} of {worst.released_px} px: "
        f"`longest_sides_px = {sides_px}` under [photo.preview] in a file for --recipes makes it larger"
    )


def _is_preview(entry: ItemRecord) -> bool:
    return presentation_of(entry.manifest.ref.processor).is_in_sizes


def _stored_px(entry: ItemRecord) -> int:
    return max(size_in(entry.facts) or (0, 0))
