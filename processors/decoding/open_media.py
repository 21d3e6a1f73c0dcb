"""Opening of media with FFmpeg and Pillow, and translation of decoder errors.

Decoders are given an open file, never a name, so no name can be interpreted as an option, pattern or address, and
containers that refer to other files (playlists, concat scripts, session descriptions) are not allowed.
"""

from __future__ import annotations

import errno
import re
import struct
import warnings
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from fractions import Fraction
from typing import BinaryIO, TypeVar

import av
import av.container
import av.error
import av.logging
import av.stream
import pillow_heif
from PIL import Image, ImageFile, PngImagePlugin, UnidentifiedImageError

from processors.containers.audio.id3 import behind_id3
from processors.containers.coding_in_headers import refuse_whole
from processors.decoding.repaired_view import as_mended, mending_of
from processors.decoding.seeking_file import SeekingFile
from processors.errors import (
    MORE_MEMORY,
    OF_THE_CALLER,
    DamagedMedia,
    MediaError,
    OutOfMemory,
    SourceChanged,
    StoreError,
    UnsupportedMedia,
)
from processors.formats import DEMUXERS, PICTURE_READERS
from processors.sources.read_at import read_at

MAX_FRAME_PIXELS = 16384 * 16384
"""Largest video frame: 0.4 GB in 4:2:0 at 8 bits, about twice an 8K frame's width."""

READ_BYTES = 1 << 18
MAX_PNG_TEXT_BYTES = 64 << 20
AVI_COUNT_UNKNOWN = 1 << 30
"""Count that FFmpeg writes into every stream of an AVI before the real one is known; a pipe keeps it."""
"""Limit on all text of one PNG; a picture with more is refused."""

_NOT_KNOWN = re.compile("unknown (pixel mode|data organization)|unsupported(?! or non-existing)", re.IGNORECASE)
"""Pillow's messages for a picture with an intact header; libheif names items that are missing with the unsupported."""
_OF_INNER_PARTS = re.compile(r"^(?:Decoder plugin generated an error|Invalid input|Unspecified): ")
"""Beginnings of libheif's messages that say nothing about the file."""

_IN_PLAIN_WORDS = {
    "Invalid data found when processing input": "the data break the rules of the format",
    "Operation not permitted": "the data break the rules of the format",
    "Invalid argument": "the data hold a value that the decoder cannot use",
    "End of file": "the data end too early",
    "Input/output error": "the data end too early",
    "tile cannot extend outside image": "its frame reaches beyond the picture",
    "Not yet implemented in FFmpeg, patches welcome": "FFmpeg does not read what follows",
    "Generic error in an external library": "the decoder gives no reason",
    "Unknown error occurred": "the decoder gives no reason",
}
"""FFmpeg's words for an error that its log does not explain; some readers return -1, which is EPERM."""
_NEGATIVE_RATE = re.compile(r"(?<=sample rate: )-\d+")
"""A rate above 2^31 Hz, which FFmpeg prints as a signed number."""

AnyStream = TypeVar("AnyStream", bound=av.stream.Stream)

pillow_heif.register_heif_opener()
# decompressed text of a PNG; Pillow's own limit of 1 MB per chunk refuses entire pictures
PngImagePlugin.MAX_TEXT_CHUNK = PngImagePlugin.MAX_TEXT_MEMORY = MAX_PNG_TEXT_BYTES
Image.MAX_IMAGE_PIXELS = None  # readers check their own limit on the header, with their own message

# Pillow's plugins raise most of these for invalid bytes; FFmpeg's classes share one root.
_DECODER_FAULTS = (
    av.error.FFmpegError,
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    RuntimeError,
    AssertionError,
    struct.error,
    zlib.error,
)


@contextmanager
def decoder_errors(doing: str, todo: str | None = None) -> Iterator[None]:
    """Turn errors of PyAV, libsndfile and Pillow on bad bytes into `DamagedMedia`; enclose only their calls.

    Parameters
    ----------
    doing : the current operation, completing "while ...".
    todo : remedy for refused bytes; None: the default of `MediaError`.

    Raises
    ------
    DamagedMedia : the decoder refused the bytes; the message includes its own.
    UnsupportedMedia : FFmpeg knows what is requested, but cannot do it.
    OutOfMemory : the decoder exceeded the memory limit per file.
    OSError : with an errno, unchanged, if caused by the machine and not the bytes. A seek to before the file's start
        is caused by the bytes.
    """
    try:
        yield
    except (MediaError, StoreError, SourceChanged):
        raise
    except (MemoryError, av.error.MemoryError) as error:
        raise OutOfMemory(f"needs more memory than one file may use, while {doing}", MORE_MEMORY) from error
    except _DECODER_FAULTS as error:
        if isinstance(error, OSError) and error.errno in OF_THE_CALLER and not isinstance(error, av.error.FFmpegError):
            raise DamagedMedia(f"it points to a place outside itself (while {doing})") from error
        from_machine = isinstance(error, OSError) and error.errno is not None
        if from_machine and not isinstance(error, av.error.FFmpegError):
            raise
        if isinstance(error, av.error.FFmpegError) and error.errno == errno.EOPNOTSUPP:
            raise UnsupportedMedia(
                f"FFmpeg does not support {doing}", "convert it with the program that made it"
            ) from error
        if isinstance(error, av.error.BlockingIOError):  # no thread could be started: not caused by the bytes
            raise OSError(errno.EAGAIN, "the machine has no thread or memory left") from error
        raise damaged_by(error, doing, todo) from error


def damaged_by(error: Exception, doing: str = "decoding", todo: str | None = None) -> DamagedMedia:
    """Return the `DamagedMedia` for a decoder's error; parameters as for `decoder_errors`."""
    told = (f"{words_of(error)[:300]} (while {doing})", *([todo] if todo else ()))
    return DamagedMedia(*told)


def words_of(error: Exception) -> str:
    """Return a decoder's words for its error, in plain words where FFmpeg has only a name for it."""
    words = getattr(error, "strerror", None) or str(error).split("\n")[0] or type(error).__name__
    words = _NEGATIVE_RATE.sub(lambda found: str(int(found[0]) + (1 << 32)), words)
    while found := _OF_INNER_PARTS.match(words):
        words = words[found.end() :].rstrip(".")
    head, colon, last = words.rpartition(": ")
    return f"{head}{colon}{_IN_PLAIN_WORDS.get(last, last)}"


OPENING = "opening the container"
NO_INDEX, WITHOUT_HEADER = "moov atom not found", "download it again"
"""FFmpeg's words for an MP4 that is cut off before its index, and the remedy where no converter can read a file."""


def open_container(file: BinaryIO, probe_bytes: int | None = None) -> av.container.InputContainer:
    """Open an audio or video file for reading with PyAV, from its first byte.

    An audio file that FFmpeg would misread is repaired on the way (`mended_file`).

    `probe_bytes`: limit on bytes examined after the header; None: FFmpeg's default of 5 MB.

    Raises
    ------
    UnsupportedMedia : the demuxer recognises the kind of file, but does not read it, or it is encrypted.
    DamagedMedia : no allowed demuxer accepts the bytes.
    """
    if mending := mending_of(file):
        file = as_mended(file, mending)
    with decoder_errors(OPENING):
        try:
            return _opened(file, probe_bytes)
        except av.error.EOFError as error:
            words = "it ends before any stream is described: its header is damaged or cut off"
            raise damaged_by(ValueError(words), OPENING, WITHOUT_HEADER) from error
        except av.error.PatchWelcomeError as error:
            words = _demuxers_words(file) or "FFmpeg does not read it yet"
            raise UnsupportedMedia(
                f"a kind of file that is not supported ({words})", "convert it with the program that made it"
            ) from error
        except av.error.InvalidDataError as error:
            refuse_whole(file)
            words = _demuxers_words(file) or _first_block_fault(file) or error.strerror
            todo = WITHOUT_HEADER if words == NO_INDEX else None
            raise damaged_by(ValueError(words), OPENING, todo) from error


def _first_block_fault(file: BinaryIO) -> str | None:
    """Return the fault of a FLAC file that FFmpeg refuses without a message."""
    is_flac = read_at(file, behind_id3(file), 4) == b"fLaC"
    return "its first block, which says rate, channels and length, is damaged or not the first" if is_flac else None


def _opened(file: BinaryIO, probe_bytes: int | None = None) -> av.container.InputContainer:
    file.seek(0)
    probing = {} if probe_bytes is None else {"probesize": str(probe_bytes)}
    return av.open(
        SeekingFile(file),
        mode="r",
        buffer_size=READ_BYTES,
        metadata_errors="surrogateescape",
        options={"max_pixels": str(MAX_FRAME_PIXELS)},
        container_options={"format_whitelist": DEMUXERS, "protocol_whitelist": "none", "enable_drefs": "0", **probing},
    )


def _demuxers_words(file: BinaryIO) -> str | None:
    """Return FFmpeg's log for a file that it refuses ("moov atom not found"); None if it logs nothing.

    FFmpeg's log is captured only without decoder threads, which could deadlock PyAV.
    """
    with ffmpeg_errors() as heard, suppress(av.error.FFmpegError):
        _opened(file).close()
    return heard()[-1] if heard() else None


@contextmanager
def ffmpeg_errors(level: int = av.logging.ERROR) -> Iterator[Callable[[], list[str]]]:
    """Collect what FFmpeg logs, from this level up; the given function returns it so far.

    Only with decoders of one thread each. Capturing also keeps the messages from Python's loggers.
    """
    av.logging.set_level(level)
    av.logging.set_skip_repeated(False)
    try:
        with av.logging.Capture() as logs:
            yield lambda: [words.strip().rstrip(".") for _, _, words in logs]
    finally:
        av.logging.set_level(None)


def packets_of(container: av.container.InputContainer, streams: Sequence[av.stream.Stream]) -> Iterator[av.Packet]:
    """Yield packets until the end or the first unreadable position; the readers report the loss."""
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
    """Return the stream that players choose: the one marked as default, otherwise the first.

    Streams without a decoder come last; None without any stream.
    """
    readable = [stream for stream in streams if stream.codec_context is not None] or list(streams)
    marked = (stream for stream in readable if stream.disposition & av.stream.Disposition.default)
    return next(marked, readable[0] if readable else None)


def frame_rate_of(stream: av.VideoStream) -> Fraction | None:
    """Return the average frame rate; of raw DV, for which FFmpeg reports its clock's rate instead, the nominal one."""
    average, base = stream.average_rate, stream.base_rate
    return base if average and base and average > 2 * base else average


def was_piped(container: av.container.Container) -> bool:
    """Return True for an AVI that FFmpeg wrote into a pipe: its header gives neither a count nor a duration."""
    return container.format.name == "avi" and any(stream.frames == AVI_COUNT_UNKNOWN for stream in container.streams)


def declared_frame_count(stream: av.stream.Stream) -> int | None:
    """Return how many frames the header declares; None if unknown.

    IVF's number is a count only if a frame takes one tick: FFmpeg writes the length in ticks there, libvpx a count.
    """
    if stream.container.format.name == "ivf" and isinstance(stream, av.VideoStream):
        has_tick_a_frame = stream.guessed_rate and stream.time_base and stream.guessed_rate * stream.time_base == 1
        return (stream.frames or None) if has_tick_a_frame else None
    return None if was_piped(stream.container) else stream.frames or None


def open_picture(file: BinaryIO) -> ImageFile.ImageFile:
    """Open a photograph with Pillow, reading its header but decoding no pixels.

    Raises
    ------
    UnsupportedMedia : the header is intact, but of a kind that the format's reader does not support.
    DamagedMedia : no allowed reader accepts the bytes.
    """
    # the reader of the tags reports what Pillow warns of
    with decoder_errors("reading the picture's header"), warnings.catch_warnings(action="ignore"):
        try:
            return Image.open(file, formats=PICTURE_READERS)
        except UnidentifiedImageError as error:  # its message names the open file, not the problem
            if words := _readers_words(file):
                raise _unsupported(words) from error
            raise ValueError("no picture reader accepts its bytes") from error
        except _DECODER_FAULTS as error:
            if _NOT_KNOWN.search(words := str(error).split("\n")[0]):
                raise _unsupported(words) from error
            raise


def _unsupported(words: str) -> UnsupportedMedia:
    return UnsupportedMedia(
        f"a kind of picture that is not supported ({words})", "convert it to TIFF or PNG of 8 or 16 bits"
    )


def _readers_words(file: BinaryIO) -> str | None:
    """Return the feature that the format's reader reports as unsupported; None if it reports damaged bytes."""
    head = read_at(file, 0, 16)
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
