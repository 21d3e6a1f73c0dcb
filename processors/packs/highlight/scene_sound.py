"""Sound of what each scene of a highlight shows: a video's own, or a recording of the same event or sol as a photo."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from processors.json_records import Json
from processors.mission.profile import load_profile, profile_names
from processors.packs.contents.media import checked_bytes
from processors.packs.contents.selected_sources import SelectedSource
from processors.packs.contents.subject import ItemRecord, SourceRecord, item_records
from processors.store.catalogue.latest import age
from processors.store.store import Store
from processors.well_known_names import ENVELOPE, SPECTROGRAM_PICTURE

SOUNDS = ("audible.flac", "original.wav", "original.flac")
"""Renditions of a recording, the most audible first."""
STARTS = {SPECTROGRAM_PICTURE: "start_seconds", ENVELOPE: "first_seconds"}
"""Facts of measurements that give the presentation time of the first sample."""


@dataclass(frozen=True, kw_only=True)
class Scene:
    """Still or moving shot."""

    entry: ItemRecord
    is_moving: bool
    from_seconds: float = 0.0
    """Time in the entry's file at which a moving shot begins."""
    shows_pinned: bool = False
    """Whether a moving shot shows the still that the release has chosen."""
    is_without_still: bool = False
    """Whether the video of a moving shot has no still that could choose what it shows."""

    @property
    def time_seconds(self) -> float | None:
        """Return the presentation time in its video of its first picture; None for a photo."""
        if self.is_moving:
            return (number_in(self.entry.facts, "start_seconds") or 0.0) + self.from_seconds
        return number_in(
            self.entry.facts.get("identity") if isinstance(self.entry.facts, dict) else None, "time_seconds"
        )

    def shows(self, still: Scene, seconds_each: float) -> bool:
        """Return whether a still of the same video is shown by this moving shot, which lasts `seconds_each`."""
        begins, at = self.time_seconds, still.time_seconds
        return self.is_moving and begins is not None and at is not None and begins <= at < begins + seconds_each

    @property
    def is_pinned(self) -> bool:
        """Return whether the release has chosen this still."""
        return self.entry.is_pinned


@dataclass(frozen=True, kw_only=True)
class Recording:
    """Recording of a source as it can be heard."""

    entry: ItemRecord
    start_seconds: float
    """Presentation time in the source of its first sample."""

    def is_only_sound_of(self, source: SourceRecord) -> bool:
        """Return whether it is of this source, and that is no video, which may be shown with its own sound."""
        return self.entry.subject.digest == source.digest and source.medium == "audio"


@dataclass(frozen=True, kw_only=True)
class SceneSound:
    """Part of a recording that is heard with a scene."""

    entry: ItemRecord
    from_seconds: float
    """Time in the recording at which it begins; negative if a shot moves before its sound begins."""

    @property
    def source(self) -> SourceRecord:
        return self.entry.subject


def recordings_of(chosen: Sequence[SelectedSource], store: Store) -> dict[str, Recording]:
    """Return the most audible rendition of each source that has sound, by digest."""
    found: dict[str, Recording] = {}
    for one in chosen:
        sounds = [entry for entry in item_records(one.subject, one.shown, store) if entry.name in SOUNDS]
        if sounds:
            best = min(sounds, key=lambda entry: SOUNDS.index(entry.name))
            found[one.subject.digest] = Recording(entry=best, start_seconds=_start(one.subject, store))
    return found


def sounds_of(
    scenes: Sequence[Scene], recordings: dict[str, Recording], seconds_each: float, *, after_seconds: float = 0.0
) -> Iterator[SceneSound | None]:
    """Yield the sound of each scene; None for a scene without any sound in the selection.

    A shot and a still are heard as their video is at that time, a still near the end of the sound with its last
    seconds. A photo has a recording of the same mission and event, else of the same sol, which goes on from photo to
    photo until it ends.

    Parameters
    ----------
    after_seconds : time in the scenes until which another recording is heard; those that end before have no own sound.
    """
    heard_seconds: dict[str, float] = {}
    sounds = [one for one in recordings.values() if one.entry.subject.medium == "audio"]
    for number, scene in enumerate(scenes):
        taken_seconds = max(0.0, after_seconds - number * seconds_each)
        if taken_seconds >= seconds_each:
            yield None
            continue
        subject, time = scene.entry.subject, scene.time_seconds
        own = recordings.get(subject.digest)
        if own and time is not None:
            begins = time - own.start_seconds
            if not scene.is_moving:
                begins, end = max(0.0, begins), length_of(own.entry)
                if begins < end:  # a still after the end of the sound is silent, as it is in the video
                    begins = max(0.0, min(begins, end - seconds_each))
            yield SceneSound(entry=own.entry, from_seconds=begins)
        elif scene.is_moving:
            yield SceneSound(entry=scene.entry, from_seconds=scene.from_seconds)
        elif subject.medium == "photo" and (found := _heard_there(subject, sounds, heard_seconds)):
            digest = found.entry.subject.digest
            before = heard_seconds.setdefault(digest, 0.0)
            heard_seconds[digest] = before + seconds_each - taken_seconds
            yield SceneSound(entry=found.entry, from_seconds=before - taken_seconds)
        else:
            yield None


def _heard_there(photo: SourceRecord, sounds: Sequence[Recording], heard_seconds: dict[str, float]) -> Recording | None:
    """Return a recording of what a photo shows that has not been heard to its end; None if there is none."""
    if photo.mission is None:
        return None
    left = [one for one in sounds if heard_seconds.get(one.entry.subject.digest, 0.0) < _length(one.entry.subject)]
    there = [one for one in left if one.entry.subject.mission == photo.mission]
    of_event = (one for one in there if photo.event and one.entry.subject.event == photo.event)
    sol = _sol(photo)
    of_sol = (one for one in there if sol is not None and _sol(one.entry.subject) == sol)
    return next(of_event, None) or next(of_sol, None)


def missing_keys(photo: SourceRecord, recordings: Iterable[Recording]) -> tuple[str, ...]:
    """Return the keys of a release.toml that could give a photo the sound of a selected recording of its mission.

    These are `event`, where the mission has events with a time, and `date`, which tells the sol only with a time; none
    if both sols are known and differ, or if nothing of its mission was recorded.
    """
    if photo.mission not in profile_names():
        return ()
    sounds = (one.entry.subject for one in recordings if one.entry.subject.medium == "audio")
    undecided = (
        one.mission == photo.mission
        and not (photo.event and photo.event == one.event)
        and (_sol(photo) is None or _sol(one) is None)
        for one in sounds
    )
    if not any(undecided):
        return ()
    return ("event", "date") if load_profile(photo.mission).events else ("date",)


def _sol(subject: SourceRecord) -> int | None:
    """Return the one sol on which it was recorded; None if that is not known."""
    known = subject.recorded
    return known.first_sol if known and known.first_sol is not None and known.first_sol == known.last_sol else None


def _length(sound: SourceRecord) -> float:
    return sound.duration_seconds if sound.duration_seconds is not None else float("inf")


def length_of(entry: ItemRecord) -> float:
    """Return the length in seconds of a rendition, a FLAC or WAV; raises as `checked_bytes`."""
    import soundfile

    with checked_bytes(entry) as data, soundfile.SoundFile(data) as sound:
        return sound.frames / sound.samplerate


def _start(subject: SourceRecord, store: Store) -> float:
    """Return the presentation time of a sound's first sample, according to its latest measurement; 0 without any."""
    for manifest in sorted(store.manifests(subject.digest), key=age, reverse=True):
        name = STARTS.get(manifest.ref.processor)
        for item in manifest.items if name else ():
            start = number_in(item.facts, name) if name else None
            if start is not None:
                return start
    return 0.0


def number_in(facts: Json, name: str) -> float | None:
    """Return a number of an item's facts; None if they have none of that name."""
    value = facts.get(name) if isinstance(facts, dict) else None
    return float(value) if isinstance(value, int | float) else None
