"""Gallery page: `index.html`, its data and its scripts; the same bytes for the same content.

The index is in parts, so that a page of many thousand subjects is in use while it still loads: `index.js` says how many
parts there are, `subjects-0000.js` is loaded with the page and the others after it, `frames-0000.js` when frames are
listed, `details-0000.js` when a subject is opened.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from html import escape
from importlib import resources
from importlib.resources.abc import Traversable
from itertools import groupby
from pathlib import Path
from typing import Any

from processors.contract import require
from processors.languages.language import LANGUAGES, language, phrase
from processors.languages.text import Text
from processors.mission.sol_words import landing_sol
from processors.mission.titles import mission_title
from processors.packs.gallery.frame_records import frame_records
from processors.packs.gallery.gallery_file import GalleryFile
from processors.packs.gallery.gallery_record import detail_record, grouped, list_record, shot_records
from processors.packs.gallery.introduction import Introduction
from processors.packs.gallery.tile_pyramids import unpack
from processors.packs.presentation import viewer_order

CHUNK = 40
"""Number of subjects whose details one file holds: some hundred kilobytes, read when one of them is opened."""
PART = 1000
"""Number of subjects in one part of the index: about 300 kB."""
MARK = '<meta name="generator" content="marsmedia gallery">'
"""Mark by which `browse` recognises a folder that it may overwrite."""


def write_gallery(
    folder: Path,
    shown: Iterable[GalleryFile],
    *,
    title: Text,
    languages: tuple[str, ...],
    introduction: Introduction | None = None,
) -> list[Path]:
    """Write the page into `folder`; return the paths written, `index.html` last.

    Parameters
    ----------
    shown : files to show; the page keeps the order of their subjects.
    introduction : introduction of a pack; None for a page over a store.
    languages : some of `LANGUAGES`; the first is the fallback for browsers that prefer none of them.

    Raises
    ------
    ResultCorrupt : a stored list of shots, waveform or archive of tiles is invalid.
    """
    known = bool(languages) and set(languages) <= set(LANGUAGES)
    require(known, "languages", languages, f"must be of {', '.join(LANGUAGES)}")
    folder.mkdir(parents=True, exist_ok=True)
    assets = resources.files("processors.packs.gallery") / "assets"
    written = [
        path for part in assets.iterdir() if part.name != "index.html" for path in _copy(part, folder / "assets")
    ]
    subjects, frames, paths = _write_details(folder, shown)
    written += paths
    index = _index(subjects, title=title, languages=languages, introduction=introduction)
    written.append(_data(folder, "words", _words(languages)))
    written.append(_data(folder, "index", index))
    frames_of_part = {part: list(some) for part, some in groupby(frames, lambda frame: frame["subject"] // PART)}
    for part in range(max(1, -(-len(subjects) // PART))):
        rows = subjects[part * PART : (part + 1) * PART]
        written.append(_data(folder, f"subjects-{part:04}", _table(rows)))
        written.append(_data(folder, f"frames-{part:04}", _table(frames_of_part.get(part, []))))
    return [*sorted(written), _page(folder, assets, title, languages)]


def _write_details(
    folder: Path, shown: Iterable[GalleryFile]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[Path]]:
    """Write the details, read when a subject is opened; return rows of all subjects and frames, and the paths."""
    subjects: list[dict[str, Any]] = []
    frames: list[dict[str, Any]] = []
    written: list[Path] = []
    details: dict[str, Any] = {}
    for number, group in enumerate(grouped(shown)):
        shots = shot_records(group)
        tiles = None
        for _, entry in group.page_data("tiles"):
            tiles, paths = unpack(entry, folder)
            written += paths
        found = frame_records(group.shown, shots)
        subjects.append({**list_record(group, shots), "frame_count": len(found)})
        frames += [{"subject": number, **frame} for frame in found]
        details[group.subject.digest] = detail_record(group, shots, tiles)
        if len(details) == CHUNK:
            written.append(_data(folder, f"details-{number // CHUNK:04}", details))
            details = {}
    if details:
        written.append(_data(folder, f"details-{(len(subjects) - 1) // CHUNK:04}", details))
    return subjects, frames, written


def _index(
    subjects: Sequence[dict[str, Any]], *, title: Text, languages: tuple[str, ...], introduction: Introduction | None
) -> dict[str, Any]:
    missions = sorted({one["mission"] for one in subjects} - {None})
    return {
        "languages": languages,
        "title": title.record(),
        "introduction": introduction.record([one["digest"] for one in subjects]) if introduction else None,
        "missions": {name: mission_title(name).record() for name in missions},
        "landing_sols": {name: landing_sol(name) for name in missions},
        "viewer": viewer_order(),
        "subject_count": len(subjects),
        "frame_count": sum(one["frame_count"] for one in subjects),
        "part": PART,
        "chunk": CHUNK,
    }


def _words(languages: tuple[str, ...]) -> dict[str, Any]:
    return {
        code: {"tag": language(code).tag, "labels": language(code).labels, **language(code).page} for code in languages
    }


def _copy(part: Traversable, target: Path) -> Iterable[Path]:
    if part.is_dir():
        for inner in part.iterdir():
            yield from _copy(inner, target / part.name)
        return
    target.mkdir(parents=True, exist_ok=True)
    (target / part.name).write_bytes(part.read_bytes())
    yield target / part.name


def _table(records: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return records with the same fields as one list of names and rows of values, which is half as long."""
    return {"names": list(records[0]) if records else [], "rows": [list(one.values()) for one in records]}


def _data(folder: Path, name: str, value: object) -> Path:
    """Write a script that passes JSON to the page, the only form that browsers let a page read from a disk."""
    path = folder / "data" / f"{name}.js"
    path.parent.mkdir(exist_ok=True)
    text = json.dumps(value, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")
    path.write_text(f'gallery.take("{name}",{text});\n', encoding="ascii", newline="\n")
    return path


def _page(folder: Path, assets: Traversable, title: Text, languages: tuple[str, ...]) -> Path:
    said = escape(title.best(languages[0]) or "marsmedia")
    needs_script = " ".join(phrase("needs_script").values())
    text = (assets / "index.html").read_text(encoding="utf-8")
    text = text.replace("{language}", language(languages[0]).tag).replace("{needs_script}", needs_script)
    text = text.replace("{mark}", MARK).replace("{title}", said)
    path = folder / "index.html"
    path.write_text(text, encoding="utf-8", newline="\n")
    return path
