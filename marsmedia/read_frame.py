"""Reading one exact frame of a video from its file in raw."""

from __future__ import annotations

import functools
import itertools
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from marsmedia.raw_file import file_in_raw
from processors.errors import MediaError, RequestError, SourceChanged

if TYPE_CHECKING:
    import numpy as np
    from PIL.Image import Image

    from processors.sources.source_file import SourceFile
    from processors.store.catalogue.source_row import SourceRow
    from processors.store.manifest import Manifest
    from processors.store.store import Store
    from processors.video.reading.frame import ColourFacts, VideoFrame


def read_frame(row: SourceRow, store: Store, seconds: float) -> Image:
    """Return the frame shown at a presentation time; raises as `SourceView.frame`."""
    from PIL import Image

    found = _frame_at(row, store, seconds, has_values=False)
    frame = found.frame
    kinds = (
        (frame.depth_bits > 8, f"{frame.depth_bits} bits a channel"),
        (frame.is_hdr, "the range of HDR"),
        (frame.has_alpha, "transparency"),
    )
    if lost := [kind for is_lost, kind in kinds if is_lost]:
        warnings.warn(
            f"{row.name}: its frames have {' and '.join(lost)}, this picture 8 bits of sRGB; frame_values() has all",
            stacklevel=3,
        )
    if found.damage:
        warnings.warn(f"{row.name}: {found.damage}", stacklevel=3)
    return Image.fromarray(found.picture)


def read_frame_values(row: SourceRow, store: Store, seconds: float) -> np.ndarray:
    """Return the frame shown at a presentation time in full depth; raises as `SourceView.frame`."""
    found = _frame_at(row, store, seconds, has_values=True)
    if found.damage:
        warnings.warn(f"{row.name}: {found.damage}", stacklevel=3)
    return found.picture


def stated_colour(manifests: Iterable[Manifest]) -> ColourFacts | None:
    """Return the colour encoding of a video's frames, as the newest of its results that decoded them reports it."""
    from processors.json_records import from_json
    from processors.video.reading.frame import ColourFacts

    reports: list[Any] = [one.source_facts for one in sorted(manifests, key=lambda one: one.started_utc, reverse=True)]
    found = (one.get("colour") for one in reports if isinstance(one, dict))
    return next((from_json(ColourFacts, colour) for colour in found if colour), None)


@dataclass(frozen=True, kw_only=True)
class _Found:
    frame: VideoFrame
    picture: np.ndarray
    """The frame as `VideoFrame.values` or `rgb` gives it."""
    damage: str | None
    """Reason why it may be wrong, for people; None if it is as it was encoded."""


@functools.lru_cache
def _is_intact(store: Store, digest: str) -> bool:
    """Return True if every frame was once decoded without any damage; what is found of these bytes stays true."""
    from processors.engine.damage_in_frames import found_damage_in_frames

    return found_damage_in_frames(store, digest) is False


@functools.lru_cache
def _damaged_spans(store: Store, digest: str) -> np.ndarray:
    from processors.engine.damage_in_frames import spans_of_damaged_frames

    return spans_of_damaged_frames(store, digest)


def _is_known_as_damaged(store: Store, digest: str, seconds: float) -> bool:
    """Return True if the store's audit counts the frame shown at a time among those that damage may reach."""
    from processors.video.frames.frame_selection import PRINTED_TO, exact_seconds

    time = float(exact_seconds(seconds) + PRINTED_TO)
    starts, ends = _damaged_spans(store, digest).T
    return bool(((starts <= time) & (time < ends)).any())


def _frame_at(row: SourceRow, store: Store, seconds: float, *, has_values: bool) -> _Found:
    from processors.video.reading.video_reader import MustReadInOrder

    if row.medium != "video":
        raise RequestError(f"{row.name}: not a video; only videos have frames")
    file = file_in_raw(row)
    is_intact = _is_intact(store, row.digest)
    read = functools.partial(_frame, seconds, file, row.format, is_intact=is_intact, has_values=has_values)
    in_order = not is_intact and _is_known_as_damaged(store, row.digest, seconds)
    try:
        try:
            found = read(in_order=in_order)
        except MustReadInOrder:
            found = read(in_order=True)
    except SourceChanged as error:
        raise RequestError(f"{row.path}: {error.strerror}; `frames` has the kept frames") from error
    except MediaError as error:
        raise RequestError(f"{row.name}: {error}") from error
    lasts = f"; it lasts {row.duration_seconds} s"
    if isinstance(found, str):
        raise RequestError(f"{row.name}: no frame is shown at {seconds:g} s{found or lasts}")
    return found


def _frame(
    seconds: float, file: SourceFile, file_format: str, *, in_order: bool, is_intact: bool, has_values: bool
) -> _Found | str:
    """Return the frame that is shown then; if there is none, why or when the video runs, to continue a message."""
    from marsmedia.damage_of_frame import DamageOfFrame, why_missing
    from processors.decoding.open_media import open_container
    from processors.video.frames.frames import Frames, span_in_words
    from processors.video.reading.losses.container_damage import structure_of
    from processors.video.reading.losses.lost_packets import NEIGHBOURS
    from processors.video.reading.video_reader import VideoReader

    one = Frames(choice="times", times_seconds=(seconds,))
    with (
        file.open() as first,
        file.open() as second,
        open_container(first) as container,
        open_container(second) as second_opening,
    ):
        reader = VideoReader(
            container,
            second_opening,
            in_order=in_order,
            in_one_thread=not is_intact,
            structure=structure_of(file, file_format),
        )
        reader.want([one.needs(reader.info)])
        keeper = one.selection(reader.info).keeper()
        doubt = DamageOfFrame(reader)
        frames = reader.frames()
        for frame in frames:
            doubt.add(frame)
            if keeper.keeps(frame):
                picture = frame.values() if has_values else frame.rgb()
                damage = doubt.of(frame, seconds, frames) if in_order else None
                if not in_order and not is_intact:
                    for _ in itertools.islice(frames, NEIGHBOURS):  # it may depend on them, and their damage raises
                        pass
                return _Found(frame=frame, picture=picture, damage=damage)
        missing = why_missing(seconds, reader.lost_seconds())
        return f": {missing}" if missing else span_in_words(reader.info)
