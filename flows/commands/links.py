"""`marsmedia links`: which stored pictures show the same, photos and video frames alike."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
import numpy as np
from PIL import Image

from flows.commands.look import open_store
from processors.photo.renditions import Candidate, candidate, renditions
from processors.store.catalogue import Catalogue
from processors.store.manifest import ResultRef
from processors.survey import printable

PICTURES = {"photo.preview": ("preview_320.jpg",), "photo.enhanced": ("enhanced.jpg",), "video.frames": None}
"""Results whose items are compared; None: every JPEG. A 16-bit photo can be all but black
until it is stretched, so both of its pictures are tried."""


def links(folder: Path, *, as_json: bool) -> None:
    """Print every link, and from both its ends as JSON."""
    store = open_store(folder)
    catalogue = Catalogue(store)
    names = {row.digest: row.name for row in catalogue.sources().values()}
    places: dict[str, dict[str, Any]] = {}
    candidates: list[Candidate] = []
    for item in sorted(catalogue.table("items").to_pylist(), key=lambda item: (item["source"], item["name"])):
        wanted = PICTURES.get(item["processor"], ())
        if item["media_type"] != "image/jpeg" or (wanted is not None and item["name"] not in wanted):
            continue
        ref = ResultRef(source=item["source"], processor=item["processor"], key=item["key"])
        with Image.open(store.item_path(ref, item["name"]), formats=("JPEG",)) as image:
            found = candidate(str(len(places)), item["source"], np.asarray(image.convert("L")))
        if found:
            facts = json.loads(item["facts"]) or {}
            places[found.name] = {"source": item["source"], "name": names.get(item["source"]), "item": item["name"],
                                  "time_seconds": facts.get("time_seconds")}  # fmt: skip
            candidates.append(found)
    by_source: dict[str, list[dict[str, Any]]] = defaultdict(list)
    seen: set[tuple[object, ...]] = set()
    for link in renditions(candidates):
        one, other = places[link.first], places[link.second]
        pair = (one["source"], one["time_seconds"], other["source"], other["time_seconds"])
        if pair in seen:
            continue
        seen.add(pair)
        for here, there in ((one, other), (other, one)):
            kind = "same picture" if here["time_seconds"] is there["time_seconds"] is None else "still and frame"
            by_source[here["source"]].append({"kind": kind, "here": here, "there": there, **_evidence(asdict(link))})
        if not as_json:
            click.echo(
                f"{_words(one)} = {_words(other)}  (score {link.score:.3f}, {link.differing_bits} of 64 bits differ)"
            )
    if as_json:
        click.echo(json.dumps(by_source, ensure_ascii=False))


def _evidence(link: dict[str, Any]) -> dict[str, Any]:
    return {"score": link["score"], "differing_bits": link["differing_bits"]}


def _words(place: dict[str, Any]) -> str:
    time = place["time_seconds"]
    return printable(f"{place['name']}" + (f" at {time:.3f} s" if time is not None else ""))
