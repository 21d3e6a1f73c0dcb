"""Loudspeakers of channels: as the file states them, else as their number lets assume, and as the web has them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO

import av
import numpy as np

from processors.audio.reading.audio_info import AudioInfo
from processors.containers.audio.channel_mask import LOUDSPEAKERS, channel_mask

LAYOUTS = {1: "mono", 2: "stereo", 3: "3.0", 4: "quad", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}
"""Layouts by number of channels, as FLAC and Vorbis define them; loudness has no weights for more channels."""
WEB_LAYOUTS = ("mono", "stereo", "3.0", "quad", "5.1", "7.1")
"""Layouts that arrive at their loudspeakers: of 5.0 and 6.1 FFmpeg writes Opus with its channels in a wrong order, AAC
without the loudspeakers of 6.1."""
IN_ORDER = (*LOUDSPEAKERS, "WL", "WR", "SDL", "SDR", "LFE2", "TSL", "TSR", "BFC", "BFL", "BFR")
"""Loudspeakers in FFmpeg's order."""
BACK_AND_SIDE = {"BL": "SL", "BR": "SR", "SL": "BL", "SR": "BR"}
"""Surround loudspeakers: which of both names a pair has depends on the codec."""
PAIRS = (("FL", "FR"), ("BL", "BR"), ("SL", "SR"), ("FLC", "FRC"), ("TFL", "TFR"))
"""Loudspeakers of which FFmpeg mixes both or neither."""
MIXED = frozenset({"FL", "FR", "FC", "LFE", "BL", "BR", "SL", "SR", "BC", "FLC", "FRC", "TFL", "TFR"})
"""Loudspeakers that FFmpeg mixes into 7.1; it drops others."""


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Channels of a file as FFmpeg takes them; it needs loudspeakers in its own order."""

    name: str
    """FFmpeg's name: `stereo`, `2.1`, `3 channels (FL+FR+TC)`."""
    channels: tuple[int | None, ...]
    """Number of the file's channel for each loudspeaker of the layout; None: silence."""
    encoded: str
    """Layout in which the channels are encoded; another one than `name` if they are to be mixed."""
    is_assumed: bool
    """True if the file does not state its loudspeakers."""

    @property
    def loudspeakers(self) -> tuple[str, ...]:
        """Return the loudspeakers of what is encoded."""
        return _names(av.AudioLayout(self.encoded))

    def arranged(self, samples: np.ndarray) -> np.ndarray:
        """Return channels of the file, shape (channels, samples), as those of the layout."""
        if self.channels == tuple(range(len(samples))):
            return samples
        silence = np.zeros_like(samples[0])
        return np.stack([silence if number is None else samples[number] for number in self.channels])


def stated_by(layout: av.AudioLayout) -> tuple[str, ...] | None:
    """Return the loudspeaker of each channel; None if one is unknown, or two are the same."""
    names = _names(layout)
    return names if names and set(names) <= set(IN_ORDER) and len(set(names)) == len(names) else None


def stated_in_header(opened: BinaryIO, stream: av.AudioStream) -> tuple[str, ...] | None:
    """Return the same of a file of one stream; of a WAVE whose mask names too many, the first ones, as it says."""
    mask = channel_mask(opened)
    if mask and mask.misfit:
        named = mask.loudspeakers[: mask.channel_count]
        return named if len(named) == mask.channel_count and set(named) <= set(IN_ORDER) else None
    codec = stream.codec_context
    return stated_by(codec.layout) if codec else None


def layout_of(info: AudioInfo) -> Layout | None:
    """Return the layout of a sound, channel for channel; None for more channels than any of `LAYOUTS` has."""
    if info.channel_count not in LAYOUTS:
        return None
    return _in_order(info.loudspeakers or _usual(info), is_assumed=info.loudspeakers is None)


def web_layout_of(info: AudioInfo) -> Layout | None:
    """Return the smallest of `WEB_LAYOUTS` with a loudspeaker for each channel, or one into which they are mixed.

    Loudspeakers without a channel are silent. None as for `layout_of`.
    """
    if info.channel_count not in LAYOUTS:
        return None
    is_assumed = info.loudspeakers is None or not set(info.loudspeakers) <= MIXED  # no channel is left out
    loudspeakers = _usual(info) if is_assumed or info.loudspeakers is None else info.loudspeakers
    if len(loudspeakers) == 1:
        return Layout(name="mono", channels=(0,), encoded="mono", is_assumed=is_assumed)
    swapped = tuple(BACK_AND_SIDE.get(name, name) for name in loudspeakers)
    for name in WEB_LAYOUTS:
        for stated in (loudspeakers, swapped):
            if set(stated) <= set(of_layout := _names(av.AudioLayout(name))):
                places = {loudspeaker: number for number, loudspeaker in enumerate(stated)}
                channels = tuple(map(places.get, of_layout))
                return Layout(name=name, channels=channels, encoded=name, is_assumed=is_assumed)
    mixed = "5.1" if len(loudspeakers) <= 6 else "7.1"
    layout = _in_order((*loudspeakers, *_partners(loudspeakers)), is_assumed=is_assumed)
    channels = tuple(None if number is None or number >= len(loudspeakers) else number for number in layout.channels)
    return replace(layout, channels=channels, encoded=mixed)


def _partners(loudspeakers: tuple[str, ...]) -> Iterator[str]:
    """Yield the loudspeakers without which FFmpeg mixes nothing: those of half a pair, and one at the front."""
    for pair in PAIRS:
        if len(missing := [name for name in pair if name not in loudspeakers]) == 1:
            yield from missing
    if not {"FL", "FR", "FC"} & set(loudspeakers):
        yield "FC"


def _usual(info: AudioInfo) -> tuple[str, ...]:
    return _names(av.AudioLayout(LAYOUTS[info.channel_count]))


def _in_order(loudspeakers: tuple[str, ...], *, is_assumed: bool) -> Layout:
    order = sorted(range(len(loudspeakers)), key=lambda number: IN_ORDER.index(loudspeakers[number]))
    name = av.AudioLayout("+".join(loudspeakers[number] for number in order)).name
    return Layout(name=name, channels=tuple(order), encoded=name, is_assumed=is_assumed)


def _names(layout: av.AudioLayout) -> tuple[str, ...]:
    return tuple(channel.name for channel in layout.channels)
