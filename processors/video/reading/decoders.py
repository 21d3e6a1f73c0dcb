"""Decoders of one video stream, two that take turns if only parts of it are decoded, and the errors that they find."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import av

from processors.decoding.open_media import decoder_errors
from processors.errors import DamagedMedia
from processors.video.reading.losses.complaints import complaints, make_audible

DECODING_THREADS = 6
"""More threads than cores, so that frames are decoded ahead while one is measured or encoded: on two cores 10 % to
20 % less time than with FFmpeg's default, which keeps three frames in progress."""
MANY_PIXELS = 4_000_000
"""Frame size above which FFmpeg's default number of threads limits the frames in memory."""


class MustReadInOrder(Exception):
    """Signal, not a failure: open the file again and read it `in_order`.

    A decoder's concealment of damage depends on its threads, their timing, and earlier frames.
    """


class Decoded(NamedTuple):
    frame: av.VideoFrame
    is_corrupt: bool
    """Whether the decoder marked it as damaged, or complained while it decoded it."""


class StreamDecoders:
    """Decoding of every packet, or of the needed ones.

    Parameters
    ----------
    codec, other : two decoders of the stream. If packets are left out, the other one goes on behind the gap at once,
        while the first still returns what was before it.
    in_order : decode in one thread, and go on after errors; else the first one raises `MustReadInOrder`.
    in_one_thread : decode in one thread, which misses no damage: several may return a frame before it is marked.
    """

    def __init__(
        self, codec: av.VideoCodecContext, other: av.VideoCodecContext, *, in_order: bool, in_one_thread: bool = False
    ) -> None:
        self._codec, self._other, self._in_order = codec, other, in_order
        for one in (codec, other):
            _set_threads(one, in_order=in_order, in_one_thread=in_one_thread)
        self.wanted: set[int] | None = None
        """Presentation times of the wanted frames, in ticks; None: of all."""
        self._needed = bytearray()
        self._position = -1
        self._is_behind_gap = False
        self.errors = 0
        self.first_error: str | None = None

    def want(self, wanted: set[int], needed: bytearray) -> None:
        """Decode, from the first packet on, only the `needed` ones, which hold 1 at their places in the file."""
        self.wanted, self._needed = wanted, needed

    @property
    def has_all_needed(self) -> bool:
        """True if none of the packets that are left in the file is needed."""
        return self.wanted is not None and self._position >= self._needed.rfind(1)

    def decode(self, packet: av.Packet) -> Iterator[Decoded]:
        """Yield the frames released by a packet in presentation order; after a gap, also those from before it."""
        if self.wanted is None:
            yield from self._frames_of(self._codec, packet)
            return
        self._position += 1
        if not self._needed[self._position]:
            self._is_behind_gap = True
            return
        earlier = None
        if self._is_behind_gap:
            self._is_behind_gap, earlier = False, self._codec
            self._codec, self._other = self._other, self._codec
        self._codec.skip_frame = "DEFAULT" if packet.pts in self.wanted else "NONREF"
        frames = self._frames_of(self._codec, packet)  # its threads work from here on, while the other is flushed
        if earlier:
            yield from self._frames_of(earlier, None)
            earlier.flush_buffers()
        yield from frames

    def flush(self) -> list[Decoded]:
        """Return the frames still in the decoder."""
        return self._frames_of(self._codec, None)

    def _frames_of(self, codec: av.VideoCodecContext, packet: av.Packet | None) -> list[Decoded]:
        """Decode a packet or, without one, flush the decoder."""
        try:
            with complaints(codec) as heard, decoder_errors("decoding a packet"):
                frames = codec.decode(packet)
                complaint = heard()
        except DamagedMedia as error:
            if not self._in_order:
                raise MustReadInOrder from error
            self.errors += 1
            self.first_error = self.first_error or error.what
            return []
        decoded = [Decoded(frame, complaint is not None or bool(frame.is_corrupt)) for frame in frames]
        if not self._in_order and any(one.is_corrupt for one in decoded):
            raise MustReadInOrder
        return decoded


def _set_threads(codec: av.VideoCodecContext, *, in_order: bool, in_one_thread: bool) -> None:
    """Set a decoder's threads: one in order, else as many as keep it ahead with few frames in memory."""
    is_single = make_audible(codec, in_order=in_order) or in_one_thread
    codec.thread_type = "AUTO"
    codec.thread_count = 1 if is_single else DECODING_THREADS if codec.width * codec.height <= MANY_PIXELS else 0
