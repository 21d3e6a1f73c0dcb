"""Results of one pass over a source in a bucket: a zip of their items, and the commit that makes them valid.

data/<source[:2]>/<source>/<any name>.zip    the items, stored and not compressed, with the manifests, as in a folder
commits/<source[:2]>/<source>/<keys>.json    their manifests, and where in the zip each item begins

The zip is written first, under a unique name, and has no effect by itself. A commit is named after the first 16 digits
of its results' keys, so that a listing shows which results exist, and two runs that make the same results choose the
same name: the server lets only one of them create it.
"""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from processors.errors import ResultCorrupt, ResultNewer
from processors.store.manifest import CHECK_IT, Manifest, ResultRef

FORMAT = 1
RESULTS_AT_MOST = 40
"""Results in one commit: 16 characters each, of the 1,024 bytes that a name may have."""
KEY_DIGITS = 16
UNDATED = (1980, 1, 1, 0, 0, 0)
"""Date of every file in a zip: the same results give the same bytes."""


@dataclass(frozen=True, kw_only=True)
class PassResult:
    """Result of a pass, with the positions of its items."""

    manifest: Manifest
    data: str
    """Name of the zip."""
    starts: dict[str, int]
    """Offset in the zip of the first byte of each item."""


def commit_name(refs: Sequence[ResultRef], attempt: int) -> str:
    """Return the name of a commit of some results of one source.

    Parameters
    ----------
    attempt : 0 at first; later ones replace failures among the same results that are tried again.
    """
    keys = "".join(sorted(ref.key[:KEY_DIGITS] for ref in refs))
    return f"commits/{below(refs[0].source)}/{keys}{f'.{attempt}' if attempt else ''}.json"


def below(source: str) -> str:
    """Return the folder of a source's objects below those of their kind."""
    return f"{source[:2]}/{source}"


def source_of(name: str) -> str:
    return name.split("/")[-2]


def keys_of(name: str) -> Iterator[str]:
    """Yield the first digits of the keys of the results in a commit."""
    keys = name.rpartition("/")[2].partition(".")[0]
    return (keys[at : at + KEY_DIGITS] for at in range(0, len(keys), KEY_DIGITS))


def write_zip(path: Path, results: Iterable[tuple[Path, Manifest]]) -> list[dict[str, int]]:
    """Write the files of results into a zip; return the offsets of each result's items.

    Parameters
    ----------
    results : folder of its files, and its manifest.
    """
    starts: list[dict[str, int]] = []
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for folder, manifest in results:
            place = f"{manifest.ref.processor}/{manifest.ref.key[:KEY_DIGITS]}"
            names = ("manifest.json", *(item.name for item in manifest.items))
            starts.append({name: _add(archive, folder / name, f"{place}/{name}") for name in names})
            del starts[-1]["manifest.json"]
    return starts


def _add(archive: zipfile.ZipFile, path: Path, name: str) -> int:
    """Add a file, and return where its bytes begin."""
    entry = zipfile.ZipInfo(name, UNDATED)
    entry.file_size = path.stat().st_size
    entry.external_attr = 0o644 << 16
    with path.open("rb") as source, archive.open(entry, "w") as target:
        assert archive.fp is not None
        start = archive.fp.tell()
        shutil.copyfileobj(source, target, 1024 * 1024)
    return start


def commit_bytes(data: str, manifests: Sequence[Manifest], starts: Sequence[dict[str, int]]) -> bytes:
    results = [
        {"starts": at, "manifest": json.loads(manifest.to_json())}
        for manifest, at in zip(manifests, starts, strict=True)
    ]
    text = json.dumps({"format": FORMAT, "data": data, "results": results}, ensure_ascii=False)
    return text.encode("utf-8", "backslashreplace") + b"\n"


def read_commit(content: bytes, where: str) -> list[PassResult]:
    """Read a commit.

    Raises
    ------
    ResultCorrupt : not a commit; `ResultNewer` for one of a newer format.
    """
    try:
        record: dict[str, Any] = json.loads(content)
        if record["format"] > FORMAT:
            raise ResultNewer(f"{where}: written by a newer marsmedia; use that version or another store")
        return [
            PassResult(
                manifest=Manifest.from_json(json.dumps(one["manifest"]).encode(), where),
                data=str(record["data"]),
                starts=dict(one["starts"]),
            )
            for one in record["results"]
        ]
    except (ValueError, KeyError, TypeError) as error:
        raise ResultCorrupt(f"{where}: not a readable commit ({error}){CHECK_IT}") from error


def newest_of(results: Iterable[PassResult]) -> PassResult:
    """Return the valid one of several results with one key: the first that has not failed, else the latest failure."""
    every = sorted(results, key=lambda one: (one.manifest.started_utc, one.data))
    return next((one for one in every if one.manifest.verdict != "failed"), every[-1])
