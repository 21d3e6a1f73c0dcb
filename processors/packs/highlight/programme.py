"""What a highlight clip shows of a selection, and what is heard with it."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from processors.errors import RequestError
from processors.packs.contents.selected_sources import SelectedSource, in_order_of_selection
from processors.packs.contents.subject import ItemRecord, SourceRecord
from processors.packs.highlight.recording_under import recording_under
from processors.packs.highlight.scene_sound import (
    Recording,
    Scene,
    SceneSound,
    length_of,
    missing_keys,
    recordings_of,
    sounds_of,
)
from processors.packs.highlight.scenes import end_of, scenes_of
from processors.packs.recipe.pack_recipe import PackRecipe
from processors.store.store import Store

FRAMES_PER_SECOND = 25
MAX_SCENES = 60
"""Maximum number of scenes, three minutes of stills: a clip is an overview, the pack holds the rest."""
MIN_SILENT_SECONDS = 0.1
"""Silence at the end of a scene that is not noticed."""

MIN_STILL_SECONDS = 0.1
"""Standstill at the end of a scene that is not noticed."""


@dataclass(frozen=True, kw_only=True)
class Silence:
    """Scene without sound, or with less than its length."""

    source: SourceRecord
    """Source of the picture."""
    seconds: float
    """Silent seconds."""
    missing_keys: tuple[str, ...] = ()
    """Keys of a release.toml that could give a photo the sound of a selected recording."""


@dataclass(frozen=True, kw_only=True)
class Standstill:
    """Scene whose video ends before it does."""

    source: SourceRecord
    seconds: float
    """Seconds for which its last picture stands still."""


@dataclass(frozen=True, kw_only=True)
class PartShown:
    """What a clip shows of a video, if it is not all of it and no still was chosen, or the shot does not show it."""

    source: SourceRecord
    moving_seconds: tuple[float, float] | None
    """Presentation times of its moving shot, half open; None without one."""
    stills_seconds: tuple[float, ...]
    """Presentation times of its stills."""
    is_pinned: bool = False
    """Whether the release has chosen one of its stills."""
    has_stills: bool = True
    """Whether it has stills, from which a release chooses one."""


@dataclass(frozen=True, kw_only=True)
class Programme:
    """Scenes in their order, and their sound."""

    scenes: Sequence[Scene]
    scene_frames: int
    """Length of one scene, in frames of the clip."""
    under: ItemRecord | None
    """Recording that begins with the first picture; None if each scene has the sound of what it shows."""
    under_seconds: float
    """Its length; 0 without one."""
    sounds: Sequence[SceneSound | None]
    """Sound of each scene, heard from where that recording has ended; None for a scene without any."""
    recordings: Mapping[str, Recording]
    """Recordings of the selection, by the digest of their source."""

    @property
    def scene_seconds(self) -> float:
        """Return the length of one scene."""
        return self.scene_frames / FRAMES_PER_SECOND

    @property
    def shown(self) -> list[SourceRecord]:
        """Return the sources of the scenes."""
        return once(scene.entry.subject for scene in self.scenes)

    @property
    def heard(self) -> list[SourceRecord]:
        """Return the sources of the recordings that are heard with photos."""
        shown = self.shown
        return [one for one in once(sound.source for sound in self.sounds if sound) if one not in shown]

    @property
    def added(self) -> list[SourceRecord]:
        """Return the sources of all sound that is not a shown video's own."""
        return [*([self.under.subject] if self.under else []), *self.heard]

    @property
    def audible(self) -> list[SourceRecord | None]:
        """Return whose sound is heard with each frame of the scenes: the recording until it ends, then their own."""
        own = [sound.source if sound else None for sound in self.sounds for _ in range(self.scene_frames)]
        frames = min(len(own), round(self.under_seconds * FRAMES_PER_SECOND))
        return [*([self.under.subject] * frames if self.under else []), *own[frames:]]

    def silences(self, silent_seconds: Iterable[float]) -> Iterator[Silence]:
        """Yield the scenes of which so many seconds each are silent, where that is noticed."""
        for scene, seconds in zip(self.scenes, silent_seconds, strict=True):
            if seconds > MIN_SILENT_SECONDS:
                source = scene.entry.subject
                keys = missing_keys(source, self.recordings.values()) if source.medium == "photo" else ()
                yield Silence(source=source, seconds=seconds, missing_keys=keys)

    def standstills(self) -> Iterator[Standstill]:
        """Yield the videos that are shorter than a scene, where that is noticed."""
        for scene in self.scenes:
            begins, ends = scene.time_seconds, end_of(scene.entry)
            if scene.is_moving and begins is not None and ends is not None:
                seconds = self.scene_seconds - (ends - begins)
                if seconds > MIN_STILL_SECONDS:
                    yield Standstill(source=scene.entry.subject, seconds=seconds)

    def parts(self) -> Iterator[PartShown]:
        """Yield what is shown of each video, except of one that is shown whole or by the still chosen of it."""
        by_video: dict[str, list[Scene]] = {}
        for scene in self.scenes:
            if scene.entry.subject.medium == "video":
                by_video.setdefault(scene.entry.subject.digest, []).append(scene)
        for of_video in by_video.values():
            source = of_video[0].entry.subject
            moving = next((scene for scene in of_video if scene.is_moving), None)
            begins = moving.time_seconds if moving else None
            is_whole = begins is not None and (source.duration_seconds or 0.0) <= self.scene_seconds
            is_pinned = any(scene.is_pinned for scene in of_video)
            if not is_whole and not (moving.shows_pinned if moving else is_pinned):
                yield PartShown(
                    source=source,
                    moving_seconds=None if begins is None else (begins, begins + self.scene_seconds),
                    stills_seconds=tuple(
                        s.time_seconds for s in of_video if not s.is_moving and s.time_seconds is not None
                    ),
                    is_pinned=is_pinned,
                    has_stills=not (moving and moving.is_without_still),
                )


def programme_of(
    chosen: Sequence[SelectedSource], repeated: Container[str], recipe: PackRecipe, store: Store
) -> Programme:
    """Return the programme of a clip: sources in the order in which the selection names them.

    Raises
    ------
    RequestError : the selection has no still and no shot, or no recording with the name in the pack recipe.
    ResultMissing, ResultCorrupt : a result does not match its manifest.
    """
    assert recipe.highlight is not None
    scene_frames = frames_in(recipe.highlight.seconds_each)
    each_seconds = scene_frames / FRAMES_PER_SECOND
    scenes = _chosen_scenes(chosen, repeated, store, each_seconds)
    recordings = recordings_of(chosen, store)
    under = recording_under(chosen, recipe, recordings, store)
    under_seconds = length_of(under) if under else 0.0
    others = {digest: one for digest, one in recordings.items() if not (under and one.is_only_sound_of(under.subject))}
    return Programme(
        scenes=scenes,
        scene_frames=scene_frames,
        under=under,
        under_seconds=under_seconds,
        sounds=list(sounds_of(scenes, others, each_seconds, after_seconds=under_seconds)),
        recordings=recordings,
    )


def frames_in(seconds: float) -> int:
    """Return the number of frames nearest to a length, at least one."""
    return max(1, round(seconds * FRAMES_PER_SECOND))


def once(sources: Iterable[SourceRecord]) -> list[SourceRecord]:
    """Return each source once, in the order of the first."""
    return list({one.digest: one for one in sources}.values())


def _chosen_scenes(
    chosen: Sequence[SelectedSource], repeated: Container[str], store: Store, seconds_each: float
) -> list[Scene]:
    """Return at most `MAX_SCENES` scenes, spread evenly over all there are; raise RequestError if there is none."""
    ordered = in_order_of_selection(chosen)
    found = list(scenes_of([one for one in ordered if one.subject.digest not in repeated], store, seconds_each))
    if not found and all(one.subject.medium == "audio" for one in chosen):
        raise RequestError("highlight: the selection has sound alone; add a photo or a video, or remove [highlight]")
    if not found:
        raise RequestError(
            "highlight: the selection has no still and no preview; make video.stills or photo.preview first"
        )
    return found[:: -(-len(found) // MAX_SCENES)]
