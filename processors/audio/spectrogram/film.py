"""Video for sharing: the spectrogram with a moving playhead, and the audible rendition."""

from __future__ import annotations

import errno
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import av
import numpy as np
from PIL import Image

from processors.audio.renditions.renditions import Renditions
from processors.audio.spectrogram.spectrogram_picture import PICTURE, PictureFacts, SpectrogramPicture
from processors.contract import Inputs, Item, Processor, Reads, require
from processors.errors import RefusedMedia, ResultMissing
from processors.imaging.clip_writer import write_steady_clip

FILM = "film.mp4"
SOUND = "audible.m4a"
PLAYHEAD_PX = 3
PLAYHEAD_COLOUR = (255, 90, 90)


@dataclass(frozen=True, kw_only=True)
class FilmFacts:
    """Facts of the video, as read back from the written file."""

    width_px: int
    height_px: int
    frame_count: int
    frames_per_second: int
    duration_seconds: float
    sound: str
    """Rendition used as the audio."""


@dataclass(frozen=True, kw_only=True)
class Film:
    """Video of the spectrogram with a moving playhead and the sound.

    H.264 and AAC in MP4; the sound is `audible.m4a` of the renditions, not encoded again.
    """

    name: ClassVar[str] = "audio.film"
    version: ClassVar[int] = 10
    reads: ClassVar[Reads] = "results"

    frames_per_second: int = 10
    quality: int = 20
    """Constant rate factor of x264, 0 (no loss) to 51."""
    picture: SpectrogramPicture = field(default_factory=SpectrogramPicture)
    renditions: Renditions = field(default_factory=Renditions)

    def __post_init__(self) -> None:
        within = 1 <= self.frames_per_second <= 60
        require(within, "frames_per_second", self.frames_per_second, "must be from 1 to 60")
        require(0 <= self.quality <= 51, "quality", self.quality, "must be from 0 to 51")
        require("aac" in self.renditions.web, "renditions", self.renditions.web, "must make aac")

    def inputs(self) -> tuple[Processor, ...]:
        return (self.picture, self.renditions)

    def items(self, inputs: Inputs[None], scratch: Path) -> Iterator[Item]:
        """Yield the video, once every frame and the audio are found in the written file."""
        picture, path, rate = inputs.results[self.picture.name], scratch / FILM, self.frames_per_second
        facts = picture.facts(PICTURE, PictureFacts)
        try:
            sound = inputs.results[self.renditions.name].path(SOUND)
        except ResultMissing as error:
            raise RefusedMedia(
                f"audio.renditions made no {SOUND}: the sound is too short or has more than 8 channels",
                "no video can be made of it",
            ) from error

        with Image.open(picture.path(PICTURE)) as opened:
            # H.264 in 4:2:0 requires even sides
            still = np.asarray(opened.convert("RGB"))[: facts.height_px // 2 * 2, : facts.width_px // 2 * 2]
        seconds = facts.end_seconds - facts.start_seconds
        count = max(1, round(seconds * rate))
        span_px = facts.plot_right_px - facts.plot_left_px
        rows = slice(round(facts.plot_top_px), round(facts.plot_bottom_px))

        def at(index: int) -> np.ndarray:
            frame = still.copy()
            middle = facts.plot_left_px + min(1.0, index / rate / seconds) * span_px
            left = round(middle - PLAYHEAD_PX / 2)
            frame[rows, max(0, left) : left + PLAYHEAD_PX] = PLAYHEAD_COLOUR
            return frame

        write_steady_clip(
            path,
            at,
            frame_count=count,
            frames_per_second=rate,
            quality_crf=self.quality,
            audio=sound,
            audio_codec="copy",
        )
        yield Item(name=FILM, media_type="video/mp4", file=path, facts=self._checked(path, count))

    def _checked(self, path: Path, count: int) -> FilmFacts:
        """Read back all packets of the video; nothing is decoded.

        Raises
        ------
        OSError : frames or the audio are missing, as after a full disk.
        """
        with av.open(str(path)) as container:
            video = container.streams.video[0]
            packets = Counter(packet.stream.type for packet in container.demux() if packet.size)
            if packets["video"] != count or not packets["audio"]:
                raise OSError(
                    errno.EIO,
                    f"the written {FILM} is incomplete: {packets['video']} of {count} frames, "
                    f"{packets['audio']} packets of audio",
                )
            return FilmFacts(
                width_px=video.width,
                height_px=video.height,
                frame_count=packets["video"],
                frames_per_second=self.frames_per_second,
                duration_seconds=packets["video"] / self.frames_per_second,
                sound="audible",
            )
