"""Reading one exact frame of a video from its file in raw."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from marsmedia.raw_file import file_in_raw
from processors.errors import MediaError, RequestError, SourceChanged

if TYPE_CHECKING:
    import numpy as np
    from PIL.Image import Image

    from processors.sources.source_file import SourceFile
    from processors.store.catalogue.source_row import SourceRow


def read_frame(row: SourceRow, seconds: float) -> Image:
    """Return the frame shown at a presentation time; raises as `SourceView.frame`."""
    from PIL import Image

    from processors.video.frames.frames import Frames
    from processors.video.reading.video_reader import MustReadInOrder

    if row.medium != "video":
        raise RequestError(f"{row.name}: not a video; only videos have frames")
    one = Frames(choice="times", times_seconds=(seconds,))
    file = file_in_raw(row)
    try:
        try:
            picture = _picture(one, file, row.format, in_order=False)
        except MustReadInOrder:
            picture = _picture(one, file, row.format, in_order=True)
    except SourceChanged as error:
        raise RequestError(f"{row.path}: {error.strerror}; `frames` has the kept frames") from error
    except MediaError as error:
        raise RequestError(f"{row.name}: {error}") from error
    if picture is None:
        raise RequestError(f"{row.name}: no frame is shown at {seconds:g} s; it lasts {row.duration_seconds} s")
    return Image.fromarray(picture)


def _picture(one: Any, file: SourceFile, file_format: str, *, in_order: bool) -> np.ndarray | None:
    """Return the wanted frame: uint8, shape (height, width, 3), sRGB; None if none is shown then."""
    from processors.decoding.open_media import open_container, packets_of
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
                    return frame.rgb()
        return next((frame.rgb() for frame in reader.flush() if keeper.keeps(frame)), None)
