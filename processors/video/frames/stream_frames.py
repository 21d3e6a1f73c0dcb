"""Frames of a file's other video streams, each stream read on its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar

from processors.contract import Item, OpenSource, Reads, require
from processors.decoding.open_media import open_container
from processors.errors import RefusedMedia
from processors.video.frames.frames import Frames
from processors.video.reading.losses.container_damage import structure_of
from processors.video.reading.streams import video_stream, video_streams
from processors.video.reading.video_reader import VideoReader


@dataclass(frozen=True, kw_only=True)
class StreamFrames:
    """Frames of the video streams that `video.frames` does not read.

    Items: those of `frames`, in a folder for each stream, `stream_<index>/`, and the reader's report as
    `stream_<index>/report.json` (`VideoReport`). Refused for a file with one video stream.
    """

    name: ClassVar[str] = "video.stream_frames"
    version: ClassVar[int] = 7
    reads: ClassVar[Reads] = "file"

    stream: int | None = None
    """Index in the container, as printed by ffprobe; None: every video stream except the one that players show."""
    frames: Frames = field(default_factory=Frames)

    def __post_init__(self) -> None:
        require(self.stream is None or self.stream >= 0, "stream", self.stream, "must be 0 or more")

    def items(self, opened: OpenSource, scratch: Path) -> Iterator[Item]:
        """Yield the items of each wanted stream, one stream after the other."""
        wanted = self._wanted(opened)
        if not wanted:
            raise RefusedMedia("the file has only one video stream", "use video.frames")
        for index in wanted:
            for item in self._items_of(index, opened, scratch):
                yield replace(item, name=f"stream_{index}/{item.name}")

    def _wanted(self, opened: OpenSource) -> list[int]:
        if self.stream is not None:
            return [self.stream]
        with opened.file.open() as file, open_container(file) as container:
            shown = video_stream(container).index
            return [stream.index for stream in video_streams(container) if stream.index != shown]

    def _items_of(self, index: int, opened: OpenSource, scratch: Path) -> Iterator[Item]:
        file, digest, frames = opened.file, opened.source.digest, self.frames
        with (
            file.open() as first,
            file.open() as second,
            open_container(first) as container,
            open_container(second) as second_opening,
        ):
            # in order, because items already yielded cannot be withdrawn when damage is found
            reader = VideoReader(
                container,
                second_opening,
                source_digest=digest,
                stream_index=index,
                in_order=True,
                structure=structure_of(file, opened.source.format),
            )
            reader.want([frames.needs(reader.info)])
            session = frames.start(reader.info, scratch)
            for frame in reader.frames():
                yield from session.feed(frame)
            yield from session.finish()
            yield Item.of_json("report.json", reader.report())
