"""Scenes of a highlight: each photo, the excerpt of each video around its best still, and the stills of its shots."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

from processors.packs.contents.selected_sources import SelectedSource
from processors.packs.contents.subject import ItemRecord, item_records
from processors.packs.highlight.scene_sound import Scene, number_in
from processors.packs.presentation import presentation_of
from processors.store.manifest import size_in
from processors.store.store import Store
from processors.well_known_names import VIDEO_WEB

VIDEO_TYPE = "video/mp4"


def scenes_of(chosen: Sequence[SelectedSource], store: Store, seconds_each: float) -> Iterator[Scene]:
    """Yield the scenes of each source in the order given.

    A photo is shown enhanced or as its largest preview. Of a video come an excerpt of `seconds_each` and the best still
    of each shot, without those that the excerpt shows.
    """
    for one in chosen:
        found = list(item_records(one.subject, one.shown, store))
        shown = [(entry, presentation_of(entry.manifest.ref.processor)) for entry in found]
        photos = [entry for entry, how in shown if how.is_in_sizes]
        enhanced = [entry for entry, how in shown if how.is_for_dark]
        if photos:
            yield Scene(entry=max(enhanced or photos, key=_width), is_moving=False)
        stills = [
            Scene(entry=entry, is_moving=False)
            for entry, how in shown
            if how.highlight and fnmatchcase(entry.name, how.highlight)
        ]
        moving = [entry for entry in found if entry.media_type == VIDEO_TYPE]
        if one.subject.medium != "video":
            yield from (Scene(entry=entry, is_moving=True) for entry in moving)
        elif moving := [*_whole(one, store), *moving]:
            excerpt = _excerpt(moving, stills, seconds_each)
            yield excerpt
            stills = [still for still in stills if not excerpt.shows(still, seconds_each)]
        yield from stills


def _whole(one: SelectedSource, store: Store) -> Iterator[ItemRecord]:
    """Yield the whole video, if the pack takes it: its pictures are larger than those of its preview."""
    results = [result for result in one.results if result.ref.processor == VIDEO_WEB]
    yield from (entry for entry in item_records(one.subject, results, store) if entry.media_type == VIDEO_TYPE)


def _excerpt(copies: Sequence[ItemRecord], stills: Sequence[Scene], seconds_each: float) -> Scene:
    """Return the part of a video with its best still in the middle, as far as the video has so much on both sides.

    That still is the pinned one, else the sharpest and best exposed of all shots. It is of the first copy that shows
    it; if none does, or there is no still, it is of the first copy alone, as near as that gets.
    """
    best = min((one for one in stills if one.time_seconds is not None), key=_rank, default=None)
    excerpts = [_around(copy, best, seconds_each) for copy in copies]
    if best is None:
        return replace(excerpts[0], is_without_still=True)
    showing = [one for one in excerpts if one.shows(best, seconds_each)]
    return replace(showing[0], shows_pinned=best.is_pinned) if showing else excerpts[0]


def _around(copy: ItemRecord, still: Scene | None, seconds_each: float) -> Scene:
    begins, ends = number_in(copy.facts, "start_seconds") or 0.0, end_of(copy)
    pictures_start = number_in(copy.facts, "pictures_start_seconds")
    earliest = 0.0 if pictures_start is None else pictures_start - begins
    if still is None or still.time_seconds is None or ends is None:
        return Scene(entry=copy, is_moving=True, from_seconds=earliest)
    latest = max(earliest, ends - begins - seconds_each)
    wanted = still.time_seconds - begins - seconds_each / 2
    return Scene(entry=copy, is_moving=True, from_seconds=min(latest, max(earliest, wanted)))


def end_of(copy: ItemRecord) -> float | None:
    """Return the presentation time in the video at which the pictures of a copy end; None if its facts do not tell."""
    pictures_end = number_in(copy.facts, "pictures_end_seconds")
    if pictures_end is not None:
        return pictures_end
    lasts = number_in(copy.facts, "duration_seconds")
    if lasts is None:
        return number_in(copy.facts, "end_seconds")
    return (number_in(copy.facts, "start_seconds") or 0.0) + lasts


def _rank(still: Scene) -> tuple[bool, float, str]:
    rank = number_in(still.entry.facts, "rank")
    return not still.is_pinned, float("inf") if rank is None else rank, still.entry.name


def _width(entry: ItemRecord) -> tuple[int, str]:
    return (size_in(entry.facts) or (0, 0))[0], entry.name
