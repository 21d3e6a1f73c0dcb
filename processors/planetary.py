"""Planetary images, uncompressed: where the pixels lie, and what they are. PDS3 and VICAR labels lie in the same file.

`pdr` reads many more products, but only by path, with the files that a label points to, and through pandas; these
images need a label of `KEY = VALUE` lines and one block of numbers. No other file is ever opened.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np

from processors.errors import DamagedMedia, UnsupportedMedia

MAX_LABEL_BYTES = 1 << 20
_STATEMENT = re.compile(r"^\s*(\^?[A-Za-z][\w:]*)\s*=\s*(.*)$")
_VICAR = re.compile(r"(\w+)=('(?:[^']|'')*'|\([^)]*\)|\S+)")
_PDS3_TYPES = {
    "MSB_INTEGER": ">i", "MSB_UNSIGNED_INTEGER": ">u", "INTEGER": ">i", "UNSIGNED_INTEGER": ">u",
    "SUN_INTEGER": ">i", "SUN_UNSIGNED_INTEGER": ">u", "MAC_INTEGER": ">i", "MAC_UNSIGNED_INTEGER": ">u",
    "LSB_INTEGER": "<i", "LSB_UNSIGNED_INTEGER": "<u", "PC_INTEGER": "<i", "PC_UNSIGNED_INTEGER": "<u",
    "IEEE_REAL": ">f", "SUN_REAL": ">f", "MAC_REAL": ">f", "PC_REAL": "<f",
}  # fmt: skip
"""PDS3 Standards Reference, appendix C."""
_VICAR_TYPES = {"BYTE": ("u", 1), "HALF": ("i", 2), "FULL": ("i", 4), "REAL": ("f", 4), "DOUB": ("f", 8)}


@dataclass(frozen=True, kw_only=True)
class PlanetaryImage:
    """Where an image lies in its file."""

    format: str
    """`pds3`, `vicar` or `PDS4 image`."""
    entries: tuple[tuple[str, str], ...]
    """The whole label; the name of an entry inside an object starts with that one's: `IMAGE/LINES`."""
    width_px: int
    height_px: int
    band_count: int
    dtype: str
    """NumPy's, with the byte order."""
    offset_bytes: int
    row_prefix_bytes: int
    row_suffix_bytes: int
    interleave: str
    """`BSQ`, `BIL` or `BIP`."""
    white_level: float | None
    """Largest value that the label's bit mask allows; None where it has none."""
    instrument: str | None = None
    """Where the label has it elsewhere than under a PDS3 name."""
    image_count: int = 1
    """Images in the file; this is the first."""
    orientation: int = 1
    """How to show what is stored, in EXIF's numbers: 1 as it is, 2 mirrored, 3 turned by 180 degrees, 4 upside down."""

    @property
    def bits(self) -> int:
        return np.dtype(self.dtype).itemsize * 8


def is_planetary(head: bytes) -> bool:
    """Do these first bytes begin a label with an image in the same file?"""
    return head.startswith((b"LBLSIZE=", b"NJPL1I00")) or (
        head.lstrip().startswith(b"PDS_VERSION_ID") and re.search(rb"\^IMAGE\s*=\s*\(?\s*\d", head) is not None
    )


def read_header(file: BinaryIO) -> PlanetaryImage:
    """Read the label.

    Raises
    ------
    DamagedMedia : the label lacks what an image needs, or says what cannot be.
    UnsupportedMedia : compressed, or of a number type that is not read here.
    """
    file.seek(0)
    data = file.read(MAX_LABEL_BYTES)
    try:
        image = _vicar(data) if data.startswith(b"LBLSIZE=") else _pds3(data)
    except (KeyError, ValueError) as error:
        raise DamagedMedia(f"its label does not describe an image: {error}") from error
    sizes = (image.width_px, image.height_px, image.band_count)
    if min(sizes) < 1 or min(image.offset_bytes, image.row_prefix_bytes, image.row_suffix_bytes) < 0:
        raise DamagedMedia(f"its label says {image.width_px} x {image.height_px} pixels in {image.band_count} bands")
    return image


def read_pixels(file: BinaryIO, image: PlanetaryImage) -> np.ndarray:
    """The numbers, shape (height, width) or (height, width, bands), upright, in the machine's byte order.

    Raises
    ------
    DamagedMedia : the file ends before the image does.
    """
    width, height, bands = image.width_px, image.height_px, image.band_count
    item = np.dtype(image.dtype).itemsize
    samples = width * (bands if image.interleave == "BIP" else 1)
    rows = height * (1 if image.interleave == "BIP" else bands)
    row_bytes = image.row_prefix_bytes + samples * item + image.row_suffix_bytes
    file.seek(0, 2)
    if image.offset_bytes + rows * row_bytes > file.tell() + image.row_suffix_bytes:
        there, wanted = max(0, file.tell() - image.offset_bytes), rows * row_bytes
        raise DamagedMedia(f"truncated: its label promises {wanted} bytes of pixels, {there} are there")
    file.seek(image.offset_bytes)
    data = np.frombuffer(file.read(rows * row_bytes), np.uint8).reshape(rows, row_bytes)
    numbers = np.ascontiguousarray(data[:, image.row_prefix_bytes : image.row_prefix_bytes + samples * item])
    values = numbers.view(image.dtype).astype(np.dtype(image.dtype).newbyteorder("="))
    values = _bands_last(values, image)
    flipped = {2: (1,), 3: (0, 1), 4: (0,)}.get(image.orientation)
    return np.flip(values, flipped) if flipped else values


def _bands_last(values: np.ndarray, image: PlanetaryImage) -> np.ndarray:
    width, height, bands = image.width_px, image.height_px, image.band_count
    if bands == 1:
        return values.reshape(height, width)
    if image.interleave == "BIP":
        return values.reshape(height, width, bands)
    if image.interleave == "BIL":
        return values.reshape(height, bands, width).transpose(0, 2, 1)
    return values.reshape(bands, height, width).transpose(1, 2, 0)


def statements(text: str) -> Iterator[tuple[str, str]]:
    """`KEY = VALUE` of a PDS3 label up to END; a value in quotes or brackets may span lines."""
    lines = iter(re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL).splitlines())
    inside: list[str] = []
    for line in lines:
        if line.strip() == "END":
            return
        found = _STATEMENT.match(line)
        if not found:
            continue
        name, value = found[1], found[2].strip()
        while value.count('"') % 2 or value.count("(") > value.count(")") or value == "":
            more = next(lines, None)
            if more is None or more.strip() == "END":
                break
            value = f"{value} {more.strip()}".strip()
        value = " ".join(value.strip().strip('"').split())
        if name.upper() in ("OBJECT", "GROUP"):
            inside.append(value)
        elif name.upper() in ("END_OBJECT", "END_GROUP"):
            inside = inside[:-1]
        else:
            yield "/".join([*inside, name]), value


def _pds3(data: bytes) -> PlanetaryImage:
    entries = tuple(statements(data.decode("latin-1")))
    table = dict(reversed(entries))
    if table.get("IMAGE/ENCODING_TYPE", "N/A") not in ("N/A", "NONE", "NULL"):
        raise UnsupportedMedia(f"compressed as {table['IMAGE/ENCODING_TYPE']}", "decompress it first")
    bits = int(table["IMAGE/SAMPLE_BITS"])
    kind = _PDS3_TYPES.get(table["IMAGE/SAMPLE_TYPE"].upper())
    if kind is None or bits not in (8, 16, 32, 64):
        raise UnsupportedMedia(f"{table['IMAGE/SAMPLE_TYPE']} of {bits} bits", "convert it first")
    mask = re.fullmatch(r"2#([01]+)#", table.get("IMAGE/SAMPLE_BIT_MASK", ""))
    return PlanetaryImage(
        format="pds3",
        entries=entries,
        width_px=int(table["IMAGE/LINE_SAMPLES"]),
        height_px=int(table["IMAGE/LINES"]),
        band_count=int(table.get("IMAGE/BANDS", "1")),
        dtype=f"{kind}{bits // 8}",
        offset_bytes=_pointer(table),
        row_prefix_bytes=int(table.get("IMAGE/LINE_PREFIX_BYTES", "0")),
        row_suffix_bytes=int(table.get("IMAGE/LINE_SUFFIX_BYTES", "0")),
        interleave={"LINE_INTERLEAVED": "BIL", "SAMPLE_INTERLEAVED": "BIP"}.get(
            table.get("IMAGE/BAND_STORAGE_TYPE", "").upper(), "BSQ"
        ),
        white_level=float(int(mask[1], 2)) or None if mask else None,
    )


def _pointer(table: dict[str, str]) -> int:
    """`^IMAGE = 22` counts records from 1; `^IMAGE = 5001 <BYTES>` counts bytes from 1."""
    pointer = table["^IMAGE"].strip("() ")
    number = re.match(r"(\d+)\s*(<BYTES>)?", pointer)
    if number is None:
        raise UnsupportedMedia(f"its pixels lie in another file ({pointer[:80]})", "give a file with its label inside")
    return int(number[1]) - 1 if number[2] else (int(number[1]) - 1) * int(table["RECORD_BYTES"])


def _vicar(data: bytes) -> PlanetaryImage:
    size = int(re.match(rb"LBLSIZE=\s*(\d+)", data)[1])  # type: ignore[index]
    text = data[:size].decode("latin-1").rstrip("\x00")
    entries = tuple((name, value.strip("'")) for name, value in _VICAR.findall(text))
    table = dict(reversed(entries))
    if table.get("COMPRESS", "NONE") not in ("NONE", ""):
        raise UnsupportedMedia(f"compressed as {table['COMPRESS']}", "decompress it first")
    if table["FORMAT"] not in _VICAR_TYPES or table.get("REALFMT") == "VAX":
        raise UnsupportedMedia(f"VICAR numbers {table['FORMAT']}, {table.get('REALFMT')}", "convert it first")
    kind, item = _VICAR_TYPES[table["FORMAT"]]
    is_big = table.get("REALFMT" if kind == "f" else "INTFMT", "LOW") in ("HIGH", "IEEE")
    prefix = int(table.get("NBB", "0"))
    header = size + int(table.get("NLB", "0")) * int(table["RECSIZE"])
    return PlanetaryImage(
        format="vicar", entries=entries, width_px=int(table["NS"]), height_px=int(table["NL"]),
        band_count=int(table.get("NB", "1")), dtype=f"{'>' if is_big else '<'}{kind}{item}", offset_bytes=header,
        row_prefix_bytes=prefix, row_suffix_bytes=0, interleave=table.get("ORG", "BSQ"), white_level=None,
    )  # fmt: skip
