"""Audio of a video, read by the audio reader: all of it for audio results, one span for a clip."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from functools import partial
from itertools import chain

import av.container
import numpy as np

from processors.audio.reading.audio_info import AudioInfo
from processors.audio.reading.audio_reader import StreamReader
from processors.audio.reading.block import AudioBlock
from processors.audio.reading.loudspeakers import Layout, web_layout_of
from processors.containers.coding_in_headers import coding_of
from processors.containers.video.fragments import has_every_fragment
from processors.decoding.first_sound import first_sound_seconds
from processors.decoding.open_media import default_stream, open_container, packets_of
from processors.errors import DamagedMedia, RefusedMedia, UnsupportedMedia
from processors.sources.source_file import SourceFile
from processors.video.reading.video_info import Sound, VideoInfo

PIECE_VALUES, LATER_PIECE_VALUES = 1 << 25, 1 << 20
"""Samples of all channels in one piece of a span, 134 MB, and in one of what follows it."""
MAX_VALUES_PER_SECOND, MAX_VALUES = 64 * 192_000, 1 << 33
"""Samples of all channels in one second of a span, and in all of it, 34 GB: headers may state any rate and times."""
LONGEST_GAP_SECONDS = 60
"""Silence behind the pictures after which sound is no more theirs, such as that of a recording that was joined to this
one and has another clock."""
MEAN = Layout(name="stereo", channels=(None, None), encoded="stereo", is_assumed=True)
"""The mean of all channels on both sides: for more than 8, of which FFmpeg drops some, or mixes none at all."""


def sound_reader(file: SourceFile, container: av.container.InputContainer) -> StreamReader:
    """Return a reader of the stream that players choose: the default one, else the first.

    Raises
    ------
    DamagedMedia : there is no audio stream.
    UnsupportedMedia : there is no decoder for it, or it is encrypted.
    """
    heard = default_stream(container.streams.audio)
    if heard is None:
        raise DamagedMedia("no audio stream is left in the container")
    first = first_sound_seconds(file, heard.index)
    reader = StreamReader(heard, first_sound=first, coding=coding_of(file, heard.index))
    reader.has_every_packet = "mp4" in container.format.name and has_every_fragment(file)
    return reader


def with_sound(info: VideoInfo, file: SourceFile) -> VideoInfo:
    """Return the information with the functions that read the file's audio."""
    return replace(
        info,
        sound_between=partial(sound_between, file),
        sound_from=partial(sound_between, file, reads_on=True),
        sound_start=partial(sound_start, file),
    )


def sound_start(file: SourceFile) -> Fraction | None:
    """Return the presentation time of the first sample (s); None if the file has no audio that can be decoded."""
    with file.open() as opened, open_container(opened) as container, suppress(DamagedMedia, UnsupportedMedia):
        return sound_reader(file, container).info.start
    return None


def sound_between(file: SourceFile, start: Fraction, end: Fraction, *, reads_on: bool = False) -> Iterator[Sound]:
    """Yield the audio presented from `start` until just before `end` (s), in pieces that follow one another.

    Silence behind the last piece with sound is a piece without samples. With `reads_on`, what is heard from `end` on
    follows too, until a silence of `LONGEST_GAP_SECONDS`.

    The file is read once, from its beginning until `end`, because the audio reader counts from the first sample.
    There are no pieces if it has no audio that can be decoded. Channels are those of `web_layout_of`; more than 8,
    for which there is no layout, are their mean, on both sides.

    Raises
    ------
    RefusedMedia : the span has more than `MAX_VALUES`, or `MAX_VALUES_PER_SECOND`.
    """
    with file.open() as opened, open_container(opened) as container:
        try:
            reader = sound_reader(file, container)
        except (DamagedMedia, UnsupportedMedia):
            return
        info = reader.info
        values = info.rate_hz * info.channel_count
        if values > MAX_VALUES_PER_SECOND or values * (end - start) > MAX_VALUES:
            raise _too_much(info, end - start)
        first, count = round((start - info.start) * info.rate_hz), round((end - start) * info.rate_hz)
        rest = count
        layout = web_layout_of(info) or MEAN
        decoded = (block for packet in packets_of(container, [reader.stream]) for block in reader.decode(packet))
        blocks = (_arranged(block, layout) for block in chain(decoded, reader.flush()))
        nothing = Sound(
            samples=np.zeros((0, len(layout.channels)), np.float32),
            rate_hz=info.rate_hz,
            layout=layout.name,
            are_loudspeakers_assumed=layout.is_assumed,
            silent_samples=0,
        )
        gap = LONGEST_GAP_SECONDS * info.rate_hz if reads_on else None
        for samples in _in_pieces(blocks, first, count, len(layout.channels), longest_gap=gap):
            heard = np.isfinite(samples)
            silent_samples = int(len(samples) - heard.all(axis=1).sum())
            heard_alone = np.where(heard, samples, np.float32(0))
            yield replace(nothing, samples=heard_alone, silent_samples=silent_samples)
            rest -= len(samples)
            if (count - rest) * info.channel_count > MAX_VALUES:
                raise _too_much(info, Fraction(count - rest, info.rate_hz))
        if rest > 0:
            yield replace(nothing, silent_samples=rest)


def _too_much(info: AudioInfo, seconds: Fraction) -> RefusedMedia:
    what = f"{info.channel_count} channels of {info.rate_hz} Hz for {float(seconds):.0f} s"
    return RefusedMedia(f"{what} are too much sound for a copy", "set with_sound=False")


def _arranged(block: AudioBlock, layout: Layout) -> AudioBlock:
    """Return the block with the channels of a layout; those that have none in the file are silent."""
    if layout is not MEAN:
        return replace(block, samples=layout.arranged(block.samples))
    with np.errstate(invalid="ignore"):  # infinities of both signs have no mean: no sound there
        mean = block.samples.mean(axis=0, dtype=np.float64).astype(np.float32)
    return replace(block, samples=np.stack([mean, mean]))


def _in_pieces(
    blocks: Iterable[AudioBlock], first: int, count: int, channels: int, *, longest_gap: int | None = None
) -> Iterator[np.ndarray]:
    """Yield up to `count` samples from number `first` on, float32, shape (samples, channels), NaN where there are none.

    The last piece with samples of a block is the last one. With `longest_gap`, later samples follow, until there are
    none for so many.
    """
    begins = place = 0
    """Places in the span: of the piece that is being filled, and of the next sample."""
    piece = _unheard(count, channels)
    for block in blocks:
        starts, samples = block.first_sample - first, block.samples.T
        if starts >= count and longest_gap is None:
            break
        if not np.isfinite(samples).any():  # the reader fills gaps
            continue
        if longest_gap is not None and starts - max(place, count) > longest_gap:
            break
        place = starts
        samples, place = samples[max(0, begins - place) :], max(begins, place)
        while len(samples):
            if place >= begins + len(piece):
                yield piece
                begins += len(piece)
                if begins < count:
                    piece = _unheard(count - begins, channels)
                elif longest_gap is not None:
                    piece = _unheard(max(1, LATER_PIECE_VALUES // channels), channels)
                else:
                    return
                continue
            part = samples[: begins + len(piece) - place]
            piece[place - begins : place - begins + len(part)] = part
            samples, place = samples[len(part) :], place + len(part)
    if begins < count:
        yield piece
    elif place > begins:
        yield piece[: place - begins]


def _unheard(count: int, channels: int) -> np.ndarray:
    """Return a piece of up to `count` samples in which none is heard yet."""
    return np.full((min(count, max(1, PIECE_VALUES // channels)), channels), np.nan, np.float32)
