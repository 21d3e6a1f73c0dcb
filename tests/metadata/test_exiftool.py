"""At least 95 % of what ExifTool shows of EXIF, IPTC and XMP is in our record, with values that agree."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import ExifTags

from processors.errors import MediaError
from processors.identify import identify
from processors.metadata.tags.iptc import IPTC_NAMES
from processors.metadata.tags.photograph import read_photograph
from processors.metadata.tags.tag_records import MetadataRecord

FOUND_PART = 0.95
AGREEING_PART = 0.95
IFDS = {
    "IFD0": "exif",
    "ExifIFD": "exif",
    "GPS": "exif.gps",
    "InteropIFD": "exif.interop",
    "IFD1": "exif.thumbnail",
    "SubIFD": "exif.sub",
    "SubIFD1": "exif.sub",
    "SubIFD2": "exif.sub",
    "IFD2": "exif.ifd2",
    "IFD3": "exif.ifd3",
}
XMP_NAMES = {
    "xmptoolkit": "xmptk",
    "exifimagewidth": "pixelxdimension",
    "exifimageheight": "pixelydimension",
    "imageheight": "imagelength",
    "iccprofilename": "iccprofile",
}
"""Names that ExifTool gives to properties which their own schemas call otherwise."""
POINTERS = {"ExifOffset", "GPSInfo", "InteropOffset", "SubIFD"}
"""They say where things lie, and what lies there is compared."""


def exiftool(folder: Path) -> list[dict[str, Any]]:
    command = shutil.which("exiftool") or pytest.skip("no exiftool on this machine: install libimage-exiftool-perl")
    ran = subprocess.run(
        [command, "-j", "-D", "-G1", "-n", "-a", "-r", "-EXIF:all", "-IPTC:all", "-XMP:all", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    return json.loads(ran.stdout)


def ours(path: Path) -> MetadataRecord | None:
    with path.open("rb") as file:
        if identify(file, path.name).medium != "photo":
            return None
        file.seek(0)
        try:
            return read_photograph(file, sha256="0" * 64, size_bytes=1, medium="photo")
        except MediaError:
            return None


def wanted(entry: dict[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """(group, key, value) of each tag: an EXIF tag by its number, an IPTC one by its data set, an XMP one by name."""
    for place, told in entry.items():
        group, _, name = place.partition(":")
        if not isinstance(told, dict) or name in POINTERS:
            continue
        if group.startswith("XMP"):
            yield group, XMP_NAMES.get(name.lower(), name.lower()), told["val"]
        elif isinstance(told["id"], int):  # a text for an id is a picture that ExifTool cut out, not a tag
            yield group, str(told["id"]), told["val"]


def index(record: MetadataRecord) -> dict[tuple[str, str], Any]:
    numbers = {name: number for number, name in ExifTags.TAGS.items()}
    numbers |= {"InteropIndex": 1, "InteropVersion": 2}
    gps = {name: number for number, name in ExifTags.GPSTAGS.items()}
    sets = {name: number for (_, number), name in IPTC_NAMES.items()}
    found: dict[tuple[str, str], Any] = {}

    def add(place: tuple[str, str], value: Any) -> None:
        """A repeated tag, or one of several sub-directories, counts with all its values."""
        found[place] = [found[place], value] if place in found else value

    for tag in record.tags:
        if tag.namespace.startswith("exif"):
            table = gps if tag.namespace == "exif.gps" else numbers
            number = int(tag.name, 16) if tag.name.startswith("0x") else table.get(tag.name, tag.name)
            add((tag.namespace, str(number)), tag.value)
        elif tag.namespace == "iptc":
            known = sets.get(tag.name) if not tag.name[0].isdigit() else tag.name.split(":")[1]
            add(("iptc", str(known)), tag.value)
        elif tag.namespace == "xmp":
            flat = "".join(part.split(":")[-1] for part in re.split("/", tag.name))
            for name in (tag.name.split(":")[-1], flat):
                found.setdefault(("xmp", name.lower()), tag.value)
    return found


def numbers_of(value: Any) -> list[float]:
    found = re.findall(r"-?\d+(?:\.\d+)?(?:/\d+)?", str(value))[:2000]
    return [float(v.split("/")[0]) / (float(v.split("/")[1]) or 1) if "/" in v else float(v) for v in found]


APEX = {"37377": lambda v: 2**-v, "37378": lambda v: 2 ** (v / 2), "37381": lambda v: 2 ** (v / 2)}
"""Shutter speed and apertures, which ExifTool turns from APEX into seconds and f-numbers; EXIF 2.32, annex C."""
FROM_THE_FILE = {"273", "324", "513"}
"""Offsets: ours are as written, ExifTool's count from the start of the file."""


def plain(value: Any) -> str:
    """Letters and digits alone; ISO 8601's T between date and time goes the way of ExifTool's space."""
    return re.sub(r"[\W_]+", "", re.sub(r"(\d)T(\d)", r"\1 \2", str(value))).casefold()


def agree(theirs: Any, mine: Any, key: str) -> bool:
    """The same text but for punctuation, or the same numbers; what ExifTool hides as binary counts."""
    if str(theirs).startswith("(Binary data") or key in FROM_THE_FILE or plain(theirs) == plain(mine):
        return True
    if plain(theirs) and plain(theirs) in plain(mine):
        return True
    here, there = numbers_of(mine), numbers_of(theirs)
    if key in APEX:
        here += [APEX[key](v) for v in here if abs(v) < 100]
    if there and len(here) == 3 and len(there) == 1:  # degrees, minutes, seconds; hours likewise
        here = [here[0] + here[1] / 60 + here[2] / 3600]
    if isinstance(mine, str) and re.fullmatch(r"[0-9a-f]+", mine):
        here = [*here, *bytes.fromhex(mine if len(mine) % 2 == 0 else "0" + mine)]
        if str(theirs) and bytes(str(theirs), "utf-8").hex()[:100] in mine:
            return True
    return bool(there) and all(any(abs(a - b) <= 1e-3 * max(1, abs(a)) for b in here) for a in there)


def test_the_record_holds_what_exiftool_shows(samples: Path) -> None:
    missing: list[str] = []
    differing: list[str] = []
    total = 0
    for entry in exiftool(samples / "formats/photo"):
        path = Path(entry["SourceFile"])
        record = ours(path)
        if record is None:
            continue
        mine = index(record)
        for group, key, value in wanted(entry):
            namespace = (
                "xmp" if group.startswith("XMP") else "iptc" if group.startswith("IPTC") else IFDS.get(group, group)
            )
            total += 1
            place = (
                (namespace, key)
                if (namespace, key) in mine
                else ("exif", key)
                if namespace == "exif"
                else (namespace, key)
            )
            if place not in mine:
                missing.append(f"{path.name} {group}:{key} = {str(value)[:60]}")
            elif not agree(value, mine[place], key):
                differing.append(f"{path.name} {group}:{key}: {str(value)[:60]!r} {str(mine[place])[:60]!r}")
    found = total - len(missing)
    print(f"{total} tags, {found} found, {len(differing)} differ")
    assert found >= FOUND_PART * total, "\n".join(missing)
    assert found - len(differing) >= AGREEING_PART * found, "\n".join(differing)
