"""What a pack's own records say of a file in it: of which result or source it is, or that the pack wrote it."""

from __future__ import annotations

import json
import re
import shlex
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from processors.errors import RequestError
from processors.packs.records import premis, ro_crate
from processors.sources.source_file import sha256_of

_ACTION_ON_RESULT = re.compile(r"#.+-([0-9a-f]{16})")
"""Identifier of the making of a file in the RO-Crate; it ends in the first 16 characters of the result's key."""


@dataclass(frozen=True, kw_only=True)
class PackedFileRecord:
    """Entry of a file in the RO-Crate of its pack."""

    name: str
    """What it is, in words."""
    key_start: str | None
    """First 16 characters of the key of its result; None if it is of no result."""
    made_by: str | None
    """Processor and source of its result, in words; None if it is of no result."""
    item_sha256: str | None
    """Digest of the stored item that the pack converted into it; None if it did not."""
    item_name: str | None
    """Name of that item; None if the pack did not convert it, or does not say."""


def pack_of(path: Path) -> Path | None:
    """Return the folder of the pack that holds a file; None outside one."""
    return next((folder for folder in path.resolve().parents if (folder / "bagit.txt").is_file()), None)


def records_of(pack: Path) -> str:
    """Return the paths of a pack's records of provenance, in words."""
    found = [str(found) for name in (ro_crate.FILE, premis.FILE) for found in sorted(pack.rglob(name))]
    return " and ".join(found) or f"the records in {pack}"


def record_in_pack(path: Path) -> PackedFileRecord | None:
    """Return what the RO-Crate of a pack says of the file at a path.

    None: the file is in no pack, or its pack has no readable RO-Crate that lists it.
    """
    pack = pack_of(path)
    crate = pack / "data" / ro_crate.FILE if pack else None
    if pack is None or crate is None or not crate.is_file():
        return None
    try:
        entries = {_plain(one["@id"]): one for one in json.loads(crate.read_bytes())["@graph"]}
        entry = entries.get(_plain(path.resolve().relative_to(pack / "data").as_posix()))
        return None if entry is None else _record(entry, entries)
    except (ValueError, KeyError, AttributeError, TypeError):  # not a record of ours; the caller goes by the bytes
        return None


def _record(entry: Mapping[str, Any], entries: Mapping[str, Mapping[str, Any]]) -> PackedFileRecord:
    actions = {name: one for name, one in entries.items() if one.get("@type") == "CreateAction"}
    makers = (name for name, one in actions.items() if entry["@id"] in _ids(one.get("result")))
    found = next(filter(None, (_ACTION_ON_RESULT.fullmatch(name) for name in makers)), None)
    key_start = found[1] if found else None
    made_by = [one["name"] for name, one in actions.items() if key_start and name.endswith(f"-{key_start}")]
    item = entries.get(_plain(next(_ids(entry.get("isBasedOn")), ""))) if key_start else None
    urn = item.get("identifier", item["@id"]) if item else ""
    return PackedFileRecord(
        name=entry.get("name") or entry["@id"],
        key_start=key_start,
        made_by=made_by[0] if made_by else None,
        item_sha256=urn.removeprefix("urn:sha256:") or None,
        item_name=item["name"] if item and "identifier" in item else None,
    )


def _ids(references: Any) -> Iterator[str]:
    """Yield the identifiers of one reference or of a list of them; a text, such as an address, is none."""
    for one in references if isinstance(references, list) else [references]:
        if isinstance(one, dict):
            yield one["@id"]


def _plain(identifier: str) -> str:
    """Return an identifier without the escapes of addresses, in composed Unicode."""
    return unicodedata.normalize("NFC", unquote(identifier))


def refuse_damaged(path: Path) -> None:
    """Raise `RequestError` for a file of a pack whose bytes are not those that the pack's manifest lists."""
    pack = pack_of(path)
    manifest = pack / "manifest-sha256.txt" if pack else None
    if pack is None or manifest is None or not manifest.is_file():
        return
    inside = unicodedata.normalize("NFC", path.resolve().relative_to(pack).as_posix())
    lines = (line.split(maxsplit=1) for line in manifest.read_text("utf-8", "replace").splitlines())
    listed = next((line[0] for line in lines if len(line) == 2 and line[1] == inside), None)
    digest = sha256_of(path)
    if listed and listed != digest:
        raise RequestError(
            f"{path}: differs from the pack's manifest: damaged (SHA-256 is {digest[:16]}..., not {listed[:16]}...); "
            f"`marsmedia pack verify {shlex.quote(str(pack))}` checks all its files"
        )
