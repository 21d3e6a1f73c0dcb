"""Search for links between the sources of a store: same pictures, crops, stills of videos, same sounds."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import comb
from pathlib import Path

import numpy as np
from PIL import Image

from processors.audio.spectrogram.spectrogram import ARRAY
from processors.errors import ResultMissing
from processors.linking.crops import MAX_PAIRS, FeaturePoints, crops, pair_count, points_of
from processors.linking.same_picture import candidate, matching_pictures
from processors.linking.same_sound import MAX_PAIRS as MAX_SOUND_PAIRS
from processors.linking.same_sound import MAX_SECONDS, Course, course_of, same_sounds
from processors.linking.stills_of_videos import matching_frame, read_frames, still_of
from processors.store.catalogue.catalogue import Catalogue
from processors.store.catalogue.latest import latest_with_items
from processors.store.catalogue.sql import latest_items
from processors.store.catalogue.stored_links import LinkEnd, LinkKind, SourceLink
from processors.store.manifest import Manifest, ResultRef
from processors.store.progress_steps import Steps, silently
from processors.store.store import Store
from processors.well_known_names import FRAMES, MEASUREMENTS, PHOTO_ENHANCED, PHOTO_PREVIEW, PHOTO_QUALITY, SPECTROGRAM

PHOTO_PICTURES = ("preview_1024.jpg", "preview_320.jpg", "enhanced.jpg")
"""Items compared for a photo: its first available preview, and the stretched one, as 16-bit photos can look black."""
MAX_STORED_BITS = 20
"""Limit on differing bits of stored hashes, of the photo and not of its preview; unrelated ones differ in 32."""
CROP_FRAMES_OF_A_VIDEO = 12
CROP_PICTURES = 2000
"""Limit on pictures in the search for crops; each takes about 0.7 MB."""


@dataclass(kw_only=True)
class FoundLinks:
    """All links, and notes on sources that were not compared."""

    links: list[SourceLink] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class _Picture:
    end: LinkEnd
    path: Path
    is_photo: bool

    def grey(self) -> np.ndarray:
        with Image.open(self.path, formats=("JPEG",)) as image:
            return np.asarray(image.convert("L"))


def find_links(store: Store, steps: Steps = silently) -> FoundLinks:
    """Compare all sources in the store by their latest results; open only these, never a source."""
    compared = (FRAMES, MEASUREMENTS, PHOTO_ENHANCED, PHOTO_PREVIEW, SPECTROGRAM)
    items = latest_items(Catalogue(store), *compared)
    pictures = list(_pictures(items, store))
    found = FoundLinks()
    measured = _paths(items, store, MEASUREMENTS, "measurements.parquet")
    same = [*_still_links(pictures, measured, steps), *_picture_links(pictures, steps)]
    linked = {_pair(link) for link in same}
    found.links += _best([*same, *_crop_links(pictures, linked, found, steps)])
    sounds = _paths(items, store, SPECTROGRAM, ARRAY)
    if short := len({item["source"] for item in items if item["processor"] == SPECTROGRAM}) - len(sounds):
        found.notes.append(f"sounds: {short} not compared: only the overview of their spectrogram is stored")
    found.links += _sound_links(sounds, found, steps)
    return found


def same_pictures(digests: Sequence[str], store: Store) -> list[SourceLink]:
    """Compare the photos among these sources only, and store nothing: a pack shows each picture once.

    The hashes of `photo.quality` show which previews need to be opened: those near another, and those without a hash.

    Raises
    ------
    ResultMissing : a preview is not in the store.
    """
    results = latest_with_items(manifest for digest in digests for manifest in store.manifests(digest))
    alike = _alike(digests, results)
    items = [
        {"source": one.ref.source, "processor": one.ref.processor, "key": one.ref.key, "name": item.name}
        | {"media_type": item.media_type}
        for one in results
        for item in one.items
        if one.ref.source in alike and one.ref.processor in (PHOTO_PREVIEW, PHOTO_ENHANCED)
    ]
    try:
        return _best(list(_picture_links(list(_pictures(items, store)), silently)))
    except FileNotFoundError as error:
        raise ResultMissing(f"{error.filename}: missing; run `marsmedia verify`") from error


def _alike(digests: Sequence[str], results: Sequence[Manifest]) -> set[str]:
    """Return the sources whose stored hash is near that of another; all of them if one has no hash."""
    known: dict[str, int] = {}
    for one in results:
        for item in one.items if one.ref.processor == PHOTO_QUALITY else ():
            if isinstance(item.facts, dict) and isinstance(found := item.facts.get("perceptual_hash"), str):
                known[one.ref.source] = int(found, 16)
    if len(known) < len(set(digests)):
        return set(digests)
    hashes = np.array([*known.values()], np.uint64)
    near = (int((np.bitwise_count(hashes ^ one) <= MAX_STORED_BITS).sum()) > 1 for one in hashes)
    return {digest for digest, is_near in zip(known, near, strict=True) if is_near}


def _paths(items: Sequence[dict], store: Store, processor: str, name: str) -> dict[str, Path]:
    """Return one such item per source, by digest."""
    return {i["source"]: _path(i, store) for i in items if (i["processor"], i["name"]) == (processor, name)}


def _path(item: dict, store: Store) -> Path:
    ref = ResultRef(source=item["source"], processor=item["processor"], key=item["key"])
    return store.item_path(ref, item["name"])


def _pictures(items: Sequence[dict], store: Store) -> Iterator[_Picture]:
    photos: dict[str, dict[str, dict]] = {}
    for item in items:
        if item["media_type"] != "image/jpeg":
            continue
        if item["processor"] in (PHOTO_PREVIEW, PHOTO_ENHANCED) and item["name"] in PHOTO_PICTURES:
            photos.setdefault(item["source"], {})[item["name"]] = item
        elif item["processor"] == FRAMES:
            facts = json.loads(item["facts"]) or {}
            end = LinkEnd(source=item["source"], item=item["name"], time_seconds=facts.get("time_seconds"))
            yield _Picture(end=end, path=_path(item, store), is_photo=False)
    for source, named in photos.items():
        previews = [named[name] for name in PHOTO_PICTURES[:2] if name in named][:1]
        for item in previews + [named[name] for name in PHOTO_PICTURES[2:] if name in named]:
            yield _Picture(end=LinkEnd(source=source, item=item["name"]), path=_path(item, store), is_photo=True)


def _still_links(pictures: Sequence[_Picture], measured: dict[str, Path], steps: Steps) -> Iterator[SourceLink]:
    stills = [(one.end, still_of(one.grey())) for one in pictures if one.is_photo and measured]
    for video, table in steps("Comparing stills", measured.items(), len(measured), noun="video"):
        frames = read_frames(table)
        for end, still in stills:
            if still and (frame := matching_frame(still, frames)):
                there = LinkEnd(source=video, time_seconds=frame.time_seconds, frame_number=frame.frame_number)
                evidence = {
                    "differing_bits": frame.differing_bits,
                    "first_frame": frame.first_frame,
                    "end_frame": frame.end_frame,
                }
                yield SourceLink(kind="still and frame", here=end, there=there, score=frame.score, evidence=evidence)


def _picture_links(pictures: Sequence[_Picture], steps: Steps) -> Iterator[SourceLink]:
    shown = steps("Comparing pictures", pictures, len(pictures), noun="picture")
    candidates = [candidate(str(n), one.end.source, one.grey()) for n, one in enumerate(shown)]
    for found in matching_pictures([one for one in candidates if one]):
        one, other = pictures[int(found.first)], pictures[int(found.second)]
        evidence = {"differing_bits": found.differing_bits}
        yield SourceLink(kind=_kind(one, other), here=one.end, there=other.end, score=found.score, evidence=evidence)


def _kind(one: _Picture, other: _Picture) -> LinkKind:
    return "same picture" if one.is_photo == other.is_photo else "still and frame"


def _crop_links(
    pictures: Sequence[_Picture], linked: set[frozenset[str]], found: FoundLinks, steps: Steps
) -> Iterator[SourceLink]:
    points = list(_points(pictures, found, steps))
    if pair_count(points) > MAX_PAIRS:
        found.notes.append(f"crops: compared only the first {MAX_PAIRS} of {pair_count(points)} pairs of pictures")
    for crop in crops(points, linked, steps):
        part, whole = pictures[int(crop.part)], pictures[int(crop.whole)]
        evidence = {"points": crop.points, "corners": list(crop.corners)}
        if crop.is_whole:
            kind, evidence = _kind(part, whole), {"points": crop.points}
            yield SourceLink(kind=kind, here=part.end, there=whole.end, score=crop.score, evidence=evidence)
        else:
            yield SourceLink(
                kind="crop", here=part.end, there=whole.end, part="here", score=crop.score, evidence=evidence
            )


def _points(pictures: Sequence[_Picture], found: FoundLinks, steps: Steps) -> Iterator[FeaturePoints]:
    frames_of: dict[str, list[int]] = {}
    photos = [n for n, one in enumerate(pictures) if one.is_photo]
    for number, one in enumerate(pictures):
        if not one.is_photo:
            frames_of.setdefault(one.end.source, []).append(number)
    frames = [n for numbers in frames_of.values() for n in numbers[:: -(-len(numbers) // CROP_FRAMES_OF_A_VIDEO)]]
    chosen = [*photos, *frames] if photos else []
    if len(chosen) > CROP_PICTURES:
        found.notes.append(f"crops: compared only the first {CROP_PICTURES} of {len(chosen)} pictures")
    del chosen[CROP_PICTURES:]
    for number in steps("Finding details", chosen, len(chosen), noun="picture"):
        one = pictures[number]
        if points := points_of(str(number), one.end.source, one.grey(), is_photo=one.is_photo):
            yield points


def _best(links: Sequence[SourceLink]) -> list[SourceLink]:
    """Return one link per pair of sources: the first kind found, with its highest score."""
    best: dict[frozenset[str], SourceLink] = {}
    for link in links:
        known = best.get(_pair(link))
        is_better = known and known.kind == link.kind and known.there.frame_number is None and link.score > known.score
        if known is None or is_better:
            best[_pair(link)] = link
    return list(best.values())


def _pair(link: SourceLink) -> frozenset[str]:
    return frozenset((link.here.source, link.there.source))


def _sound_links(spectrograms: dict[str, Path], found: FoundLinks, steps: Steps) -> Iterator[SourceLink]:
    courses = _courses(spectrograms, found, steps)
    if (count := comb(len(courses), 2)) > MAX_SOUND_PAIRS:
        found.notes.append(f"sounds: compared only {MAX_SOUND_PAIRS} of {count} pairs")
    for same in same_sounds(courses, steps):
        evidence = {"confidence": same.confidence, "overlap_seconds": same.overlap_seconds}
        yield SourceLink(
            kind="same sound",
            here=LinkEnd(source=same.first),
            there=LinkEnd(source=same.second),
            score=same.score,
            offset_seconds=same.offset_seconds,
            evidence=evidence,
        )


def _courses(spectrograms: dict[str, Path], found: FoundLinks, steps: Steps) -> list[Course]:
    """Return the courses of `MAX_SECONDS` of recordings; note how many of the others are not compared, and why."""
    courses: list[Course] = []
    passed_over: Counter[str] = Counter()
    seconds = 0.0
    for source, path in steps("Reading sounds", spectrograms.items(), len(spectrograms), noun="sound"):
        course = course_of(source, path)
        if not isinstance(course, Course):
            passed_over[course] += 1
        elif seconds + course.seconds > MAX_SECONDS:
            passed_over[f"the others are {seconds / 3600:.0f} hours long, and no more are compared"] += 1
        else:
            courses.append(course)
            seconds += course.seconds
    found.notes += [f"sounds: {count} not compared: {why}" for why, count in sorted(passed_over.items())]
    return courses
