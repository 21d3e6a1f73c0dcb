"""Opening of pictures with libvips, also in strips, and capture of its decoders' warnings."""

from __future__ import annotations

import io
import logging
import os
import re
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, BinaryIO, Literal

from processors.containers.photo.tiff_file import Directory
from processors.errors import DamagedMedia, RefusedMedia
from processors.formats import STRIP_LOADERS
from processors.photo.reading.by_format.tiff_planes import open_planes
from processors.photo.reading.photo_info import refuse_size

os.environ.setdefault("VIPS_CONCURRENCY", "1")  # workers already run in parallel
import pyvips

pyvips.cache_set_max_mem(64 << 20)
pyvips.block_untrusted_set(True)

LOADERS = {name: getattr(pyvips.Image, f"{loader}_source") for name, loader in STRIP_LOADERS.items()}
"""Loaders by source format; other formats are not opened with libvips."""

_LOGGER = logging.getLogger("pyvips")
_LOGGER.propagate = False
_ONE_AT_A_TIME = threading.RLock()
_ROW = re.compile(r"error in tile \d+ x (\d+)")
_INNER_NAMES = re.compile(r"^(?:Vips\w*|\w*2vips|vips\w*|\w+load_source|webp|heif|source[^:]*|image): *")
_WITHOUT_MEANING = re.compile(r"^$|unable to (?:write|call|open)|out of order read|^source input")


class Heard(logging.Handler):
    """Log handler for warnings of libvips and its decoders."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.words: list[str] = []
        self.first_bad_row: int | None = None
        """First damaged row as decoded; if reduced during decoding, in rows of the reduced picture."""

    def emit(self, record: logging.LogRecord) -> None:
        words = record.getMessage().removeprefix("VIPS: ").strip()
        if found := _ROW.search(words):
            row = int(found[1])
            self.first_bad_row = row if self.first_bad_row is None else min(self.first_bad_row, row)
        else:
            self.words.append(words)


@contextmanager
def listening() -> Iterator[Heard]:
    """Collect libvips' warnings; only one caller at a time, because its log is process-wide."""
    with _ONE_AT_A_TIME:
        heard = Heard()
        forget_errors()
        _LOGGER.addHandler(heard)
        level = _LOGGER.level
        _LOGGER.setLevel(logging.WARNING)
        try:
            yield heard
        finally:
            _LOGGER.setLevel(level)
            _LOGGER.removeHandler(heard)


READING_HEADER = "reading the picture's header"


def forget_errors() -> None:
    """Empty libvips' message buffer, which may hold warnings of other pictures."""
    pyvips.Error("")  # creating one reads and empties the buffer


@contextmanager
def vips_errors(doing: str) -> Iterator[None]:
    """Turn libvips's errors for bad bytes into `DamagedMedia`."""
    forget_errors()
    try:
        yield
    except pyvips.Error as error:
        raise DamagedMedia(f"{plain(str(error))} (while {doing})") from error


def plain(words: str) -> str:
    """Return the first meaningful line of a message, without the names of libvips' own parts."""
    for line in words.split("\n"):
        line = line.strip()
        while found := _INNER_NAMES.match(line):
            line = line[found.end() :]
        if not _WITHOUT_MEANING.search(line):
            return line[:300].rstrip(".")
    return "the compressed picture data is corrupt or cut off"


def open_with_vips(
    file: BinaryIO,
    picture_format: str,
    *,
    access: Literal["sequential", "random"] = "sequential",
    fail_on: Literal["none", "truncated", "error", "warning"] = "error",
    planes: Directory | None = None,
    **options: Any,
) -> pyvips.Image:
    """Open a picture, reading its header but decoding no pixels; raises `pyvips.Error`.

    Parameters
    ----------
    planes : picture of a TIFF to read plane by plane; raises as `open_planes`.
    """
    if planes:
        return open_planes(file, planes, access=access, fail_on=fail_on)
    return LOADERS[picture_format](vips_source(file), access=access, fail_on=fail_on, **options)


def vips_source(file: BinaryIO) -> pyvips.Source:
    """Return a source for libvips of an open file, with its own file position."""
    with ExitStack() as stack:
        try:
            descriptor = file.fileno()
        except io.UnsupportedOperation:  # bytes in memory, to which libvips keeps no reference
            spooled = stack.enter_context(tempfile.TemporaryFile())
            file.seek(0)
            shutil.copyfileobj(file, spooled)
            spooled.flush()
            descriptor = spooled.fileno()
        copy = _with_own_place(descriptor)
        stack.callback(os.close, copy)
        os.lseek(copy, 0, os.SEEK_SET)
        return pyvips.Source.new_from_descriptor(copy)


def _with_own_place(descriptor: int) -> int:
    """Reopen the file with its own position: a mere copy would move the position under Python's buffer."""
    try:
        return os.open(f"/proc/self/fd/{descriptor}", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:  # not Linux
        return os.dup(descriptor)


def open_strips(file: BinaryIO, picture_format: str, max_pixels: int, **options: Any) -> pyvips.Image:
    """Open the first picture of a file, upright, read from top to bottom on demand.

    A picture that must be rotated is decoded completely, into a temporary file if it is large.

    Parameters
    ----------
    options : for the loader: `page` and `subifd` of a TIFF, or `planes`.

    Raises
    ------
    RefusedMedia : the format cannot be read in strips, or more than `max_pixels`, from the header alone.
    DamagedMedia : libvips refuses the bytes.
    """
    if picture_format not in LOADERS:
        raise RefusedMedia(f"{picture_format} is not read in strips", "convert it to TIFF, PNG or JPEG")
    with vips_errors(READING_HEADER):
        image = open_with_vips(file, picture_format, **options)
    orientation: Any = image.get("orientation") if image.get_typeof("orientation") else 1
    upright = (image.width, image.height) if orientation < 5 else (image.height, image.width)
    refuse_size(*upright, max_pixels)
    if orientation in (1, 2):  # rows keep their order
        return image.autorot() if orientation == 2 else image
    with vips_errors("turning the picture upright"):
        return open_with_vips(file, picture_format, access="random", **options).autorot()
