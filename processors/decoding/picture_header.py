"""Opening of a photo's header with Pillow, with one consistent sentence per failure."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from PIL import ImageFile

from processors.containers.photo.heif_file import codings_of_picture, size_of
from processors.containers.photo.jpeg_file import read_jpeg_file, seldom_kind
from processors.containers.photo.png_file import read_png_file, without_damaged_extras
from processors.decoding.open_media import open_picture
from processors.errors import DamagedMedia, RefusedMedia, UnsupportedMedia
from processors.formats import FORMATS
from processors.sources.read_at import read_at

HEAD_BYTES = 1 << 12
MAX_AVIF_PIXELS = 16384 * 16384
"""libavif's own limit, which cannot be raised through Pillow."""
ANIMATED_WEBP = 0x02
"""Flag of an animation in a WebP's extended header (RFC 9649, 2.7.1)."""
HEIF_CODINGS = {"hvc1", "hev1", "av01"}
"""Item types of HEIF pictures that are read; one of these that the reader refuses is damaged."""
PSD_BITS = (1, 8, 16, 32)
PSD_MODES = {0: "black and white", 1: "grey", 2: "indexed colours", 3: "RGB", 4: "CMYK", 8: "duotone", 9: "Lab"}
"""Colour modes of Photoshop files (Adobe Photoshop File Formats Specification, file header) that are read."""
SALVAGED = ("jpeg", "png", "tiff")
"""Formats from which `photo.salvaged` can recover a part."""
CUT, CORRUPT = "truncated: the file ends before its picture does", "the compressed picture data is corrupt or cut off"

_PLAIN = (
    (re.compile(r"[Tt]runcated|only got \d+|Unexpected end of file|[Nn]ot enough data"), CUT),
    (
        re.compile(r"broken data stream|unrecognized data|decoder error|failed to read next|could not create decoder"),
        CORRUPT,
    ),
    (re.compile(r"cannot load this image"), "no picture data follow its header"),
    (
        re.compile(r"Channel value too large for this mode: (\d+)"),
        r"a sample of \1 is above the white level in the header",
    ),
    (re.compile(r"Failed to decode frame 0: (.*)"), rf"{CORRUPT}: \1"),
)
"""Pillow's messages for broken pixels, and their meaning."""


def what_to_do(picture_format: str) -> str:
    """Return advice to the user for a picture that cannot be shown."""
    if picture_format.lower() in SALVAGED:
        return "download it again; if it is cut short, `photo.salvaged` gives the rows that are real"
    return "download it again"


def open_header(file: BinaryIO) -> ImageFile.ImageFile:
    """Open a photo; damage in chunks that a PNG's picture does not need is ignored.

    Raises
    ------
    UnsupportedMedia : the format's reader does not support its kind.
    RefusedMedia : the picture has more pixels than the format's decoder accepts.
    DamagedMedia : the reader does not accept the bytes.
    """
    _refuse_seldom_jpeg(file)
    _refuse_later_png(file)
    with plain_words(file):
        file.seek(0)
        try:
            return open_picture(file)
        except (DamagedMedia, UnsupportedMedia) as error:
            _refuse_other_codings(file)
            if isinstance(error, UnsupportedMedia) or "too large" in error.what:  # a limit of the reader, not damage
                raise
            head = read_at(file, 0, HEAD_BYTES)
            if head.startswith(b"\x89PNG") and (image := _without_damaged_extras(file)):
                return image
            _refuse_beyond_avif(file, head)
            raise DamagedMedia(_fault(file, head), "download it again") from error


def _refuse_seldom_jpeg(file: BinaryIO) -> None:
    if read_at(file, 0, 3) == b"\xff\xd8\xff" and (kind := seldom_kind(file)):
        raise UnsupportedMedia(f"{kind} is not supported", "convert it to TIFF or PNG")


def _refuse_later_png(file: BinaryIO) -> None:
    """Refuse a PNG whose intact header names a method of a later version of the format (PNG, 11.2.1)."""
    head = read_at(file, 0, 33)
    if len(head) < 33 or not head.startswith(b"\x89PNG") or zlib.crc32(head[12:29]) != int.from_bytes(head[29:], "big"):
        return
    for what, method, known in zip(("compression", "filter", "interlace"), head[26:29], (0, 0, 1), strict=True):
        if method > known:
            raise UnsupportedMedia(f"a PNG with {what} method {method} is not supported", "convert it to TIFF or JPEG")


def _refuse_other_codings(file: BinaryIO) -> None:
    """Refuse a HEIF picture that neither HEVC nor AV1 codes, and a Photoshop file that Pillow does not read."""
    head = read_at(file, 0, 26)
    if head.startswith((b"8BPS\0\1", b"8BPS\0\2")) and len(head) == 26:
        version, depth, mode = head[5], int.from_bytes(head[22:24]), int.from_bytes(head[24:])
        if depth in PSD_BITS and (version == 2 or depth > 8 or mode not in PSD_MODES):
            kind = f"{depth} bits a channel in {PSD_MODES.get(mode, f'colour mode {mode}')}"
            what = "large document (PSB)" if version == 2 else "file"
            raise UnsupportedMedia(f"a Photoshop {what} of {kind} is not supported", "save it as TIFF or PNG")
        return
    if head[4:8] != b"ftyp":
        return
    if others := sorted(codings_of_picture(file) - HEIF_CODINGS):
        what = " and ".join(others)
        raise UnsupportedMedia(f"a HEIF picture compressed with {what} is not supported", "convert it to TIFF or PNG")


@contextmanager
def plain_words(file: BinaryIO) -> Iterator[None]:
    """Replace Pillow's unclear messages on a photo's bytes, and add advice for its format."""
    try:
        yield
    except DamagedMedia as error:
        if error.what.startswith((CUT, CORRUPT)):
            raise
        for pattern, words in _PLAIN:
            if found := pattern.search(error.what):
                todo = what_to_do(_named(read_at(file, 0, HEAD_BYTES))[0])
                raise DamagedMedia(found.expand(words).strip(), todo) from error
        raise


def _named(head: bytes) -> tuple[str, str]:
    """Return name and title of the format of a photo that begins like this."""
    rows = (row for row in FORMATS if row.reader == "Pillow" and row.begins(head))
    return next(((row.name, row.title) for row in rows), ("", "picture"))


def _without_damaged_extras(file: BinaryIO) -> ImageFile.ImageFile | None:
    png = read_png_file(file)
    needed = [chunk for chunk in png.damaged if chunk.is_needed and chunk.kind != "IDAT"]
    if needed:
        raise DamagedMedia(
            f"the {needed[0].kind} chunk of this PNG is damaged: its checksum (CRC) does not match", "download it again"
        )
    if not png.damaged:
        return None
    try:
        return open_picture(without_damaged_extras(file, png))
    except DamagedMedia:
        return None


def _refuse_beyond_avif(file: BinaryIO, head: bytes) -> None:
    size = size_of(file) if _named(head)[0] == "avif" else None
    if size and size[0] * size[1] > MAX_AVIF_PIXELS:
        raise RefusedMedia(
            f"{size[0]} x {size[1]} pixels is over the limit of the AVIF decoder, {MAX_AVIF_PIXELS}",
            "convert it to TIFF or JPEG",
        )


def _fault(file: BinaryIO, head: bytes) -> str:
    """Return why a reader does not accept the bytes, as far as the format's structure shows."""
    (_, title), size = _named(head), file.seek(0, 2)
    if title == "JPEG":
        parts = read_jpeg_file(file)
        if parts.size_at is None:
            return "this JPEG has no frame header, which says its width, height and colours: it is damaged or cut off"
        if parts.data_at is None:
            return "this JPEG has no scan, which would hold its picture: it is damaged or cut off"
    if title == "WebP" and size < int.from_bytes(head[4:8], "little") + 8:
        return CUT
    if title == "WebP" and head[12:16] == b"VP8X" and len(head) > 20 and head[20] & ANIMATED_WEBP:
        return "the pictures of this animated WebP are damaged"
    if title == "PNG" and size < HEAD_BYTES and b"IDAT" not in head:
        return CUT
    return f"the header of this {title} is damaged or cut off"
