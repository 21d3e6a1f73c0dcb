"""What decoders other than the project's own way through them know of a damaged file; asked by themselves, by command.

A file counts as known to be damaged only where its pixels or samples are others than those of the whole file *and* a
decoder or checksum complains: what is merely other than it was, nobody can know.
"""

from __future__ import annotations

import re
import struct
import subprocess
from pathlib import Path

import pyvips

PICTURES = {"jpg": "jpegload", "png": "pngload", "webp": "webpload", "tif": "tiffload", "avif": "heifload"}
SECONDS = 60


def complaint(path: Path, whole: Path) -> str | None:
    """Why a file is known to be damaged, in a decoder's words; None where it is not, or where nothing of it differs."""
    suffix = path.suffix[1:]
    if suffix in PICTURES:
        return _picture(path, whole, PICTURES[suffix])
    words = _ogg(path.read_bytes()) if suffix in ("ogg", "opus") else None
    words = words or (_wave(path.read_bytes()) if suffix == "wav" else None)
    heard, lines = _ffmpeg(path)
    was, before = _ffmpeg(whole)
    if heard == was:
        return None
    shorter = _frames(heard) < _frames(was) and suffix in ("mkv", "webm", "mp4", "mov")
    return (
        words
        or next((line for line in lines if line not in before), None)
        or ("frames are missing" if shorter else None)
    )


def _picture(path: Path, whole: Path, loader: str) -> str | None:
    load = getattr(pyvips.Image, loader)
    try:
        load(str(path), access="sequential", fail_on="warning").avg()
    except pyvips.Error as error:
        words = str(error).strip().splitlines()[-1]
    else:
        return None
    try:
        same = load(str(path), fail_on="none").write_to_memory() == load(str(whole)).write_to_memory()
    except pyvips.Error:
        same = False
    return None if same else words


def _ffmpeg(path: Path) -> tuple[str, list[str]]:
    """A digest of each decoded frame and block in order, and what FFmpeg complains of."""
    command = [
        "ffmpeg",
        "-v",
        "error",
        "-nostdin",
        "-err_detect",
        "crccheck",
        "-i",
        str(path),
        "-map",
        "0:v:0?",
        "-fps_mode",
        "passthrough",
        "-map",
        "0:a:0?",
        "-f",
        "framehash",
        "-hash",
        "md5",
        "-",
    ]
    ran = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=SECONDS, check=False)
    lines = [re.sub(r"0x[0-9a-f]+", "", line) for line in ran.stderr.splitlines() if line.strip()]
    frames = [line for line in ran.stdout.splitlines() if line and not line.startswith("#")]
    return "\n".join(f"{line.split(',')[0]} {line.split(',')[-1].strip()}" for line in frames), lines


def _frames(heard: str) -> int:
    return sum(line.startswith("0 ") for line in heard.splitlines())


def _ogg(data: bytes) -> str | None:
    """Pages whose CRC (RFC 3533, 6) is another, and numbers of pages that are left out."""
    place, numbers = 0, list[int]()
    while place + 27 <= len(data):
        if data[place : place + 4] != b"OggS":
            return f"no page at byte {place}"
        segments = data[place + 26]
        size = 27 + segments + sum(data[place + 27 : place + 27 + segments])
        page = bytearray(data[place : place + size])
        if len(page) < size:
            return "the last page is cut off"
        told = struct.unpack_from("<I", page, 22)[0]
        page[22:26] = bytes(4)
        if ogg_crc(page) != told:
            return f"page at byte {place}: CRC"
        numbers.append(struct.unpack_from("<I", page, 18)[0])
        place += size
    if numbers != list(range(len(numbers))):
        return "pages are left out"
    return None if data[data.rindex(b"OggS") + 5] & 4 else "the last page is not there"


def ogg_crc(page: bytes | bytearray) -> int:
    crc = 0
    for byte in page:
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1 ^ 0x04C11DB7 if crc & 0x80000000 else crc << 1) & 0xFFFFFFFF
    return crc


def _wave(data: bytes) -> str | None:
    """Samples that the header promises and the file lacks."""
    place = 12
    while place + 8 <= len(data):
        name, size = data[place : place + 4], struct.unpack_from("<I", data, place + 4)[0]
        if name == b"data":
            missing = place + 8 + size - len(data)
            return f"{missing} bytes are missing" if missing > 0 and size != 0xFFFFFFFF else None
        place += 8 + size + size % 2
    return "no sound in it"
