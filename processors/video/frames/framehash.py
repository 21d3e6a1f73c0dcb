"""Hash of every decoded frame, in the text format of FFmpeg's `framehash`, so that any FFmpeg can check a copy."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import ClassVar, Literal, NamedTuple, get_args

import av

from processors.contract import Item, Reads, require
from processors.decoding.open_media import decoder_errors
from processors.decoding.ordered_executor import OrderedExecutor
from processors.errors import RefusedMedia
from processors.video.reading.frame import VideoFrame
from processors.video.reading.video_info import VideoInfo

HashName = Literal["sha256", "md5"]
ITEM = "framehash.txt"


@dataclass(frozen=True, kw_only=True)
class FrameHashFacts:
    frame_count: int
    hash_name: HashName
    time_base: str
    """Seconds per tick of the list, as a fraction: `1/25`."""
    pixel_format: str
    """FFmpeg's name of the hashed pictures' format, the decoder's own."""
    frames_of_another_size_or_format: int
    """Number of frames that differ from the first, to whose size FFmpeg would scale them."""
    command: str
    """FFmpeg command that writes the same list; `-bitexact` would omit the line `#software`."""


@dataclass(frozen=True, kw_only=True)
class FrameHash:
    """Hash of each frame as decoded, neither rotated nor converted, as `framehash.txt`.

    Times are in frames where all frames have the same duration, as FFmpeg writes them by default, and otherwise in the
    stream's own ticks.
    """

    name: ClassVar[str] = "video.framehash"
    version: ClassVar[int] = 2
    reads: ClassVar[Reads] = "video"

    hash_name: HashName = "sha256"
    """`md5` gives FFmpeg's `framemd5`."""

    def __post_init__(self) -> None:
        require(self.hash_name in get_args(HashName), "hash_name", self.hash_name, "must be sha256 or md5")

    def start(self, info: VideoInfo, scratch: Path) -> _Session:
        return _Session(self, info)


class _Hashed(NamedTuple):
    pts: int
    end_pts: int
    size_bytes: int
    digest: str


class _Session:
    def __init__(self, processor: FrameHash, info: VideoInfo) -> None:
        self._hash_name: HashName = processor.hash_name
        self._info = info
        self._rows: list[_Hashed] = []
        self._first: tuple[int, int, str] | None = None
        self._others = 0
        self._beside: OrderedExecutor[_Hashed] = OrderedExecutor()

    def feed(self, frame: VideoFrame) -> None:
        look = frame.decoded.width, frame.decoded.height, frame.decoded.format.name
        self._first = self._first or look
        self._others += look != self._first
        self._rows += self._beside.start(functools.partial(_hashed, frame, self._hash_name))

    def finish(self) -> Iterator[Item]:
        self._rows += self._beside.rest()
        if self._first is None:
            raise RefusedMedia("no frame of the video can be decoded", "see its video.integrity")
        width, height, form = self._first
        base = self._time_base()
        facts = FrameHashFacts(
            frame_count=len(self._rows),
            hash_name=self._hash_name,
            time_base=str(base),
            pixel_format=form,
            frames_of_another_size_or_format=self._others,
            command=self._command(base),
        )
        ratio = self._info.declared_aspect_ratio or Fraction(0)
        lines = [
            "#format: frame checksums",
            "#version: 2",
            f"#hash: {self._hash_name.upper()}",
            f"#software: Lavf{'.'.join(map(str, av.library_versions['libavformat']))}",
            f"#tb 0: {base.numerator}/{base.denominator}",
            "#media_type 0: video",
            "#codec_id 0: rawvideo",
            f"#dimensions 0: {width}x{height}",
            f"#sar 0: {ratio.numerator}/{ratio.denominator}",
            "#stream#, dts,        pts, duration,     size, hash",
            *(self._line(row, base) for row in self._rows),
        ]
        yield Item(name=ITEM, media_type="text/plain", data=("\n".join(lines) + "\n").encode(), facts=facts)

    def _time_base(self) -> Fraction:
        """Return the duration common to all frames, if it also divides all times, else the stream's tick."""
        ticks = {row.end_pts - row.pts for row in self._rows}
        step = next(iter(ticks))
        is_steady = len(ticks) == 1 and step > 0 and all(row.pts % step == 0 for row in self._rows)
        return self._info.time_base * (step if is_steady else 1)

    def _line(self, row: _Hashed, base: Fraction) -> str:
        per_tick = self._info.time_base / base
        pts, duration = int(row.pts * per_tick), int((row.end_pts - row.pts) * per_tick)
        return f"0, {pts:10d}, {pts:10d}, {duration:8d}, {row.size_bytes:8d}, {row.digest}"

    def _command(self, base: Fraction) -> str:
        """Return FFmpeg's command; by default it rotates pictures, moves frames to a constant rate and times to 0."""
        exact: Sequence[str] = () if base != self._info.time_base else ("-fps_mode passthrough", "-enc_time_base -1")
        words = (
            "ffmpeg -copyts -noautorotate -i FILE",
            f"-map 0:{self._info.stream_index}",
            *exact,
            f"-f framehash -hash {self._hash_name} -",
        )
        return " ".join(words)


def _hashed(frame: VideoFrame, hash_name: HashName) -> _Hashed:
    data = _raw(frame.decoded)
    digest = hashlib.new(hash_name, data, usedforsecurity=False).hexdigest()
    return _Hashed(pts=frame.pts, end_pts=frame.end_pts, size_bytes=len(data), digest=digest)


def _raw(decoded: av.VideoFrame) -> bytes:
    """Return the picture as FFmpeg's codec `rawvideo` writes it: the planes one after the other, without padding."""
    codec = av.CodecContext.create("rawvideo", "w")
    assert isinstance(codec, av.VideoCodecContext)
    codec.width, codec.height, codec.pix_fmt = decoded.width, decoded.height, decoded.format.name
    codec.time_base = decoded.time_base or Fraction(1, 90_000)  # the frame's own, so that its time is unchanged
    with decoder_errors("writing a frame as raw video"):
        return b"".join(bytes(packet) for packet in codec.encode(decoded))
