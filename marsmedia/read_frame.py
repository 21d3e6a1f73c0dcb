"""Reading one exact frame of a video from its file in raw."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from marsmedia.raw_file import file_in_raw
from processors.errors import MediaError, RequestError, SourceChanged

if TYPE_CHECKING:
    import numpy as np
    from PIL.Image import Image

    from processors.sources.source_file import SourceFile
    from processors.store.catalogue.source_row import SourceRow
    from processors.store.manifest import Manifest
    from processors.video.reading.frame import ColourFacts, VideoFrame


def read_frame(row: SourceRow, seconds: float) -> Image:
    """Return the frame shown at a presentation time; raises as `SourceView.frame`."""
    from PIL import Image

    frame, picture = _frame_at(row, seconds, has_values=False)
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
    return Image.fromarray(picture)


def read_frame_values(row: SourceRow, seconds: float) -> np.ndarray:
    """Return the frame shown at a presentation time in full depth; raises as `SourceView.frame`."""
    return _frame_at(row, seconds, has_values=True)[1]


def stated_colour(manifests: Iterable[Manifest]) -> ColourFacts | None:
    """Return the colour encoding of a video's frames, as the newest of its results that decoded them reports it."""
    from processors.json_records import from_json
    from processors.video.reading.frame import ColourFacts

    reports: list[Any] = [one.source_facts for one in sorted(manifests, key=lambda one: one.started_utc, reverse=True)]
    found = (one.get("colour") for one in reports if isinstance(one, dict))
    return next((from_json(ColourFacts, colour) for colour in found if colour), None)


def _frame_at(row: SourceRow, seconds: float, *, has_values: bool) -> tuple[VideoFrame, np.ndarray]:
    from processors.video.frames.frames import Frames
    from processors.video.reading.video_reader import MustReadInOrder

    if row.medium != "video":
        raise RequestError(f"{row.name}: not a video; only videos have frames")
    one = Frames(choice="times", times_seconds=(seconds,))
    file = file_in_raw(row)
    try:
        try:
            found = _frame(one, file, row.format, in_order=False, has_values=has_values)
        except MustReadInOrder:
            found = _frame(one, file, row.format, in_order=True, has_values=has_values)
    except SourceChanged as error:
        raise RequestError(f"{row.path}: {error.strerror}; `frames` has the kept frames") from error
    except MediaError as error:
        raise RequestError(f"{row.name}: {error}") from error
    lasts = f"; it lasts {row.duration_seconds} s"
    if isinstance(found, str):
        raise RequestError(f"{row.name}: no frame is shown at {seconds:g} s{found or lasts}")
    return found


def _frame(
    one: Any, file: SourceFile, file_format: str, *, in_order: bool, has_values: bool
) -> tuple[VideoFrame, np.ndarray] | str:
    """Return the wanted frame, and its picture as `VideoFrame.values` or `rgb` gives it.

    If none is shown, return when the video runs, in words that continue a message.
    """
    from processors.decoding.open_media import open_container, packets_of
    from processors.video.frames.frames import span_in_words
    from processors.video.reading.losses.container_damage import structure_of
    from processors.video.reading.video_reader import VideoReader

    with (
        file.open() as first,
        file.open() as second,
        open_container(first) as container,
        open_container(second) as second_opening,
    ):
        reader = VideoReader(container, second_opening, in_order=in_order, structure=structure_of(file, file_format))
        reader.want([one.needs(reader.info)])
        keeper = one.selection(reader.info).keeper()
        for packet in packets_of(container, [reader.stream]):
            for frame in reader.decode(packet):
                if keeper.keeps(frame):
                    return frame, frame.values() if has_values else frame.rgb()
        for frame in reader.flush():
            if keeper.keeps(frame):
                return frame, frame.values() if has_values else frame.rgb()
        return span_in_words(reader.info)
