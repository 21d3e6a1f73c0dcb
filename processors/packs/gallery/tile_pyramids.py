"""Unpacking of a panorama's tiles next to the page, where a viewer finds them without a server."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote

from processors.errors import ResultCorrupt
from processors.packs.archive.pack_reader import ZIP_ERRORS, reason_of
from processors.packs.contents.subject import ItemRecord


def unpack(entry: ItemRecord, folder: Path) -> tuple[dict[str, Any], list[Path]]:
    """Write the tiles of `tiles.zip` into `folder`/tiles; return the IIIF description, `id` there, and the paths.

    Raises
    ------
    ResultCorrupt : not an archive of tiles, or one with names that escape it.
    """
    place = f"tiles/{entry.sha256[:16]}"
    written: list[Path] = []
    info: dict[str, Any] | None = None
    try:
        with zipfile.ZipFile(entry.path) as archive:
            for member in archive.infolist():
                inside = PurePosixPath(*PurePosixPath(member.filename).parts[1:])
                if member.is_dir():
                    continue
                if ".." in inside.parts or inside.is_absolute() or "\\" in member.filename or not inside.parts:
                    raise ResultCorrupt(f"{entry.path}: {member.filename!r} escapes the archive")
                data = archive.read(member)
                if inside.name == "info.json":
                    info = {**json.loads(data), "id": quote(place)}
                    continue
                target = folder / place / inside
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(data)
                written.append(target)
    except ZIP_ERRORS as error:
        raise ResultCorrupt(
            f"{entry.path}: not an archive of tiles ({reason_of(error)}); run `marsmedia verify`"
        ) from error
    if info is None:
        raise ResultCorrupt(f"{entry.path}: no info.json among the tiles; run `marsmedia verify`")
    return info, written
