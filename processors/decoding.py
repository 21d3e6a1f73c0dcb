"""The one door to the decoders: files are opened here, and what decoders raise becomes our errors.

Decoders are given an open file, never a name, so no name can be taken for an option, a pattern or an address, and
containers that point elsewhere (playlists, concat scripts, session descriptions) are not among the allowed formats.
"""

from __future__ import annotations

import errno
import re
import struct
import warnings
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import BinaryIO, TypeVar

import av
import av.container
import av.error
import av.logging
import av.packet
import av.stream
import pillow_heif
from PIL import Image, ImageFile, PngImagePlugin, UnidentifiedImageError

from processors.containers.id3 import behind_id3
from processors.containers.mended_file import as_mended, mending_of
from processors.errors import (
    OF_THE_CALLER,
    DamagedMedia,
    MediaError,
    OutOfMemory,
    SourceChanged,
    StoreError,
    UnsupportedMedia,
)
from processors.formats import DEMUXERS, PICTURE_READERS

MAX_FRAME_PIXELS = 16384 * 16384
"""A larger video frame is refused: 0.4 GB in 4:2:0 at 8 bit, four times an 8K frame's side."""

READ_BYTES = 1 << 18
MAX_PNG_TEXT_BYTES = 64 << 20
"""All text of one PNG; with more, the picture is refused."""

_NOT_KNOWN = re.compile("unknown (pixel mode|data organization)|unsupported", re.IGNORECASE)
"""Pillow's words for a picture that is whole as far as its header goes."""

AnyStream = TypeVar("AnyStream", bound=av.stream.Stream)

pillow_heif.register_heif_opener()
# text of a PNG, unpacked; Pillow's own limit of 1 MB a chunk refuses whole pictures
PngImagePlugin.MAX_TEXT_CHUNK = PngImagePlugin.MAX_TEXT_MEMORY = MAX_PNG_TEXT_BYTES
Image.MAX_IMAGE_PIXELS = None  # readers check their own limit on the header, with words of their own

# Pillow's plugins let most of these escape for bytes that break the format; FFmpeg's classes share one root.
_DECODER_FAULTS = (
    av.error.FFmpegError, OSError, ValueError, SyntaxError, EOFError, LookupError, TypeError, AttributeError,
    ArithmeticError, RuntimeError, AssertionError, struct.error, zlib.error,
)  # fmt: skip


@contextmanager
def decoder_errors(doing: str, todo: str | None = None) -> Iterator[None]:
    """Turn what PyAV, libsndfile and Pillow raise for bad bytes into `DamagedMedia`; keep it tight around their calls.

    Parameters
    ----------
    doing : what was being done, completing "while ...".
    todo : what a person can do about refused bytes; None: what `MediaError` says by itself.

    Raises
    ------
    DamagedMedia : the decoder refused the bytes; its own words are in the message.
    OutOfMemory : the decoder ran out of the memory that one file may use.
    OSError : with an errno, from the machine and not from the bytes, as it came. A seek to before the file's start
        is the bytes' doing.
    """
    try:
        yield
    except (MediaError, StoreError, SourceChanged):
        raise
    except (MemoryError, av.error.MemoryError) as error:
        raise OutOfMemory(f"needs more memory than one file may use, while {doing}", "raise --memory-mb") from error
    except _DECODER_FAULTS as error:
        if isinstance(error, OSError) and error.errno in OF_THE_CALLER and not isinstance(error, av.error.FFmpegError):
            raise DamagedMedia(f"it points to a place outside itself (while {doing})") from error
        from_machine = isinstance(error, OSError) and error.errno is not None
        if from_machine and not isinstance(error, av.error.FFmpegError):
            raise
        if isinstance(error, av.error.BlockingIOError):  # no thread could be started: nothing is said of the bytes
            raise OSError(errno.EAGAIN, "the machine has no thread or memory left") from error
        raise damaged_by(error, doing, todo) from error


def damaged_by(error: Exception, doing: str = "decoding", todo: str | None = None) -> DamagedMedia:
    """Return the file's fault for what a decoder raised; parameters as for `decoder_errors`."""
    words = getattr(error, "strerror", None) or str(error).split("\n")[0] or type(error).__name__
    told = (f"{words[:300]} (while {doing})", *([todo] if todo else ()))
    return DamagedMedia(*told)


def open_container(file: BinaryIO, probe_bytes: int | None = None) -> av.container.InputContainer:
    """Open an audio or video file for reading with PyAV, from its first byte.

    A sound file in which FFmpeg would lose its way is given to it mended (`mended_file`).

    `probe_bytes`: no more than these are looked at behind the header; None: FFmpeg's own 5 MB.

    Raises
    ------
    DamagedMedia : no allowed demuxer accepts the bytes.
    """
    if mending := mending_of(file):
        file = as_mended(file, mending)
    with decoder_errors("opening the container"):
        try:
            return _opened(file, probe_bytes)
        except av.error.EOFError as error:
            raise ValueError("it ends before any stream is described: its header is damaged or cut off") from error
        except av.error.InvalidDataError as error:
            raise ValueError(_demuxers_words(file) or _first_block_fault(file) or error.strerror) from error


def _first_block_fault(file: BinaryIO) -> str | None:
    """Of a FLAC file that FFmpeg refuses without a word."""
    file.seek(behind_id3(file))
    is_flac = file.read(4) == b"fLaC"
    return "its first block, which says rate, channels and length, is damaged or not the first" if is_flac else None


def _opened(file: BinaryIO, probe_bytes: int | None = None) -> av.container.InputContainer:
    file.seek(0)
    probing = {} if probe_bytes is None else {"probesize": str(probe_bytes)}
    return av.open(
        file,
        mode="r",
        buffer_size=READ_BYTES,
        metadata_errors="replace",
        options={"max_pixels": str(MAX_FRAME_PIXELS)},
        container_options={"format_whitelist": DEMUXERS, "protocol_whitelist": "none", "enable_drefs": "0", **probing},
    )


def _demuxers_words(file: BinaryIO) -> str | None:
    """What FFmpeg logs of a file that it refuses ("moov atom not found"); None where it logs nothing.

    Only here is its log listened to, where no thread of a decoder runs: with several, PyAV's listening can lock up.
    """
    av.logging.set_level(av.logging.ERROR)
    av.logging.set_skip_repeated(False)
    try:
        # capturing also keeps the words from Python's loggers
        with av.logging.Capture() as logs, suppress(av.error.FFmpegError):
            _opened(file).close()
    finally:
        av.logging.set_level(None)
    return logs[-1][2].strip().rstrip(".") if logs else None


def packets_of(
    container: av.container.InputContainer, streams: Sequence[av.stream.Stream]
) -> Iterator[av.packet.Packet]:
    """Packets until the end or the first place where the container cannot be read; the readers tell what is lost."""
    packets = iter(container.demux(*streams))
    while True:
        try:
            with decoder_errors("reading the packets"):
                packet = next(packets, None)
        except DamagedMedia:
            return
        if packet is None:
            return
        yield packet


def default_stream(streams: Sequence[AnyStream]) -> AnyStream | None:
    """Return the stream that a player plays: the one marked as default, else the first.

    Streams without a decoder come last; None where there is no stream.
    """
    readable = [stream for stream in streams if stream.codec_context is not None] or list(streams)
    marked = (stream for stream in readable if stream.disposition & av.stream.Disposition.default)
    return next(marked, readable[0] if readable else None)


def open_picture(file: BinaryIO) -> ImageFile.ImageFile:
    """Open a photograph with Pillow: its header is read, no pixel is decoded.

    Raises
    ------
    UnsupportedMedia : whole as far as its header goes, but of a kind that the format's reader does not know.
    DamagedMedia : no allowed reader accepts the bytes.
    """
    # what Pillow warns of in tags is told by who reads the tags
    with decoder_errors("reading the picture's header"), warnings.catch_warnings(action="ignore"):
        try:
            return Image.open(file, formats=PICTURE_READERS)
        except UnidentifiedImageError as error:  # whose own words name the open file, not what is wrong
            if words := _readers_words(file):
                raise _unsupported(words) from error
            raise ValueError("no picture reader accepts its bytes") from error
        except _DECODER_FAULTS as error:
            if _NOT_KNOWN.search(words := str(error).split("\n")[0]):
                raise _unsupported(words) from error
            raise


def _unsupported(words: str) -> UnsupportedMedia:
    return UnsupportedMedia(
        f"a kind of picture that is not read here ({words})", "convert it to TIFF or PNG of 8 or 16 bits"
    )


def _readers_words(file: BinaryIO) -> str | None:
    """What the reader of a picture's format says it does not know; None where it finds the bytes themselves wrong."""
    file.seek(0)
    head = file.read(16)
    for name in PICTURE_READERS:
        reader, accepts = Image.OPEN[name]
        if accepts is None or accepts(head) is not True:
            continue
        file.seek(0)
        try:
            reader(file, "").close()
        except _DECODER_FAULTS as error:
            words = str(error).split("\n")[0]
            return words if _NOT_KNOWN.search(words) else None
    return None
