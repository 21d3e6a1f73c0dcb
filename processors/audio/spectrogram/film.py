"""A video for people who share videos: the spectrogram with a moving playhead, and the audible sound."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

import av
import numpy as np
from PIL import Image

from processors.audio.renditions.renditions import Renditions
from processors.audio.spectrogram.picture import PICTURE, Picture
from processors.audio.spectrogram.time_axes import SaysWhen
from processors.clip_writer import write_steady_clip
from processors.contract import Inputs, Item, Need, Reads, require
from processors.errors import DamagedMedia, ResultMissing, UnsupportedMedia

FILM = "film.mp4"
SOUND = "audible.m4a"
PLAYHEAD_PX = 3
PLAYHEAD_COLOUR = (255, 90, 90)


@dataclass(frozen=True, kw_only=True)
class FilmFacts:
    """As decoded again after writing."""

    width_px: int
    height_px: int
    frame_count: int
    frames_per_second: int
    duration_seconds: float
    sound: str
    """The rendition that is heard."""


@dataclass(frozen=True, kw_only=True)
class Film:
    """H.264 and AAC in MP4. The sound is `audible.m4a` of the renditions, not encoded again."""

    name: ClassVar[str] = "audio.film"
    version: ClassVar[int] = 4
    reads: ClassVar[Reads] = "results"

    frames_per_second: int = 10
    quality: int = 20
    """x264's constant rate factor, 0 (no loss) to 51."""
    picture: Picture = field(default_factory=Picture)
    renditions: Renditions = field(default_factory=Renditions)

    def __post_init__(self) -> None:
        within = 1 <= self.frames_per_second <= 60
        require(within, "frames_per_second", self.frames_per_second, "must be from 1 to 60")
        require(0 <= self.quality <= 51, "quality", self.quality, "must be from 0 to 51")
        require("aac" in self.renditions.web, "renditions", self.renditions.web, "must make aac")

    def told(self, told: SaysWhen) -> Film:
        """This processor for a source of which that is said: its picture has the clocks that are known."""
        return replace(self, picture=self.picture.told(told))

    def uses(self) -> tuple[Any, ...]:
        return (self.picture, self.renditions)

    def needs(self, info: Inputs) -> Need:
        return Need()

    def start(self, info: Inputs, scratch: Path) -> _Session:
        return _Session(self, info, scratch)


class _Session:
    def __init__(self, processor: Film, info: Inputs, scratch: Path) -> None:
        self._processor, self._path = processor, scratch / FILM
        picture = info.results[processor.picture.name]
        self._picture: Any = picture.facts(PICTURE)
        self._background = picture.path(PICTURE)
        try:
            self._sound = info.results[processor.renditions.name].path(SOUND)
        except ResultMissing as error:
            raise UnsupportedMedia(
                f"audio.renditions made no {SOUND}: the sound is too short or has more than 8 channels",
                "no video can be made of it",
            ) from error

    def feed(self, unit: object) -> Iterator[Item]:
        yield from ()

    def finish(self) -> Iterator[Item]:
        facts, rate = self._picture, self._processor.frames_per_second
        with Image.open(self._background) as opened:
            # H.264 in 4:2:0 has even sides
            still = np.asarray(opened.convert("RGB"))[: facts["height_px"] // 2 * 2, : facts["width_px"] // 2 * 2]
        seconds = facts["end_seconds"] - facts["start_seconds"]
        count = max(1, round(seconds * rate))
        span_px = facts["plot_right_px"] - facts["plot_left_px"]
        rows = slice(round(facts["plot_top_px"]), round(facts["plot_bottom_px"]))

        def at(index: int) -> np.ndarray:
            frame = still.copy()
            middle = facts["plot_left_px"] + min(1.0, index / rate / seconds) * span_px
            left = round(middle - PLAYHEAD_PX / 2)
            frame[rows, max(0, left) : left + PLAYHEAD_PX] = PLAYHEAD_COLOUR
            return frame

        write_steady_clip(
            self._path,
            at,
            frame_count=count,
            frames_per_second=rate,
            quality_crf=self._processor.quality,
            audio=self._sound,
            audio_codec="copy",
        )
        yield Item(name=FILM, media_type="video/mp4", file=self._path, facts=self._checked(count))

    def _checked(self, count: int) -> FilmFacts:
        """Read the video back.

        Raises
        ------
        DamagedMedia : the sound is missing.
        """
        with av.open(str(self._path)) as container:
            video = container.streams.video[0]
            if not container.streams.audio:
                raise DamagedMedia("the video of the spectrogram has no sound", "run again")
            return FilmFacts(
                width_px=video.width,
                height_px=video.height,
                frame_count=count,
                frames_per_second=self._processor.frames_per_second,
                duration_seconds=count / self._processor.frames_per_second,
                sound="audible",
            )
