"""A small store with three sources, made in a moment: one that may be passed on, one that may not, one unknown."""

from __future__ import annotations

import hashlib
import io
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from processors.contract import Item
from processors.languages.text import Text
from processors.packs.build import build
from processors.packs.built import Built
from processors.packs.recipe.pack_recipe import PackRecipe
from processors.store.catalogue.catalogue import Catalogue
from processors.store.catalogue.source_row import SourceRow
from processors.store.manifest import Manifest, ResultRef
from processors.store.progress_steps import Steps, silently
from processors.store.store import Store, put_item

HOSTILE = "<script>alert('Mars')</script> & \"tracks\""
MADE_UTC = "2026-03-04T05:06:07.890+00:00"


def picture(width_px: int, height_px: int, seed: int, picture_format: str = "JPEG") -> bytes:
    """A picture of its own for each seed."""
    noise = np.random.default_rng(seed).integers(0, 256, (height_px, width_px, 3), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise).save(buffer, picture_format, quality=80)
    return buffer.getvalue()


def evidence(
    title: str,
    *,
    redistribute: bool | None,
    caption: str | None = None,
    alternative: dict[str, str] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """An evidence record of a source."""
    said: list[tuple[str, object, str | None]] = [
        ("dc:title", title, "en"),
        ("dc:title", "车辙", "zh"),
        ("photoshop:Credit", "CNSA", None),
        ("dc:rights", "unresolved", None),
        ("dc:publisher", "China National Space Administration", None),
    ]
    if redistribute is not None:
        said.append(("marsmedia:redistribute", str(redistribute).lower(), None))
    if caption:
        said.append(("dc:description", caption, "en"))
    for code, text in (alternative or {}).items():
        said.append(("Iptc4xmpCore:AltTextAccessibility", text, code))
    statements = [
        {"term": term, "value": value, "language": language, "source": "release.toml:x"}
        for term, value, language in said
    ]
    taken = {
        "source": "release.toml:date",
        "precision": "day",
        "earliest_utc": "2021-06-15T16:00:00Z",
        "latest_utc": "2021-06-16T16:00:00Z",
        "first_sol": 32,
        "last_sol": 33,
        "first_solar_longitude_degrees": 59.9,
        "local_true_solar_time_hours": None,
    }
    dates = [{"source": "release.toml:date", "written": "2021-06-16"}]
    return {
        "mission": "tianwen-1",
        "event": None,
        "camera": "rear camera",
        "place": None,
        "taken": taken,
        "dates": dates,
        "statements": statements,
        "disagreements": [],
        **more,
    }


class PackStore:
    """Fills a store; `make_pack` builds packs of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = Store(folder / "store")
        self.catalogue = Catalogue(self.store)
        (folder / "raw").mkdir(exist_ok=True)

    def source(self, name: str, medium: str, form: str, data: bytes, release: str = "june") -> str:
        """Put a source into raw/ and the catalogue; gives its digest."""
        place = self.folder / "raw" / release / name
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(data)
        digest = hashlib.sha256(data).hexdigest()
        row = SourceRow(
            path=str(place),
            digest=digest,
            release=release,
            relative=f"{release}/{name}",
            name=name,
            size_bytes=len(data),
            mtime_ns=1,
            kind="media",
            medium=medium,  # type: ignore[arg-type]
            format=form,
            codec=None,
            has_sound=False,
            duration_seconds=None if medium == "photo" else 4.0,
            note=None,
            seen_utc="2026-01-01T00:00:00Z",
        )
        self.catalogue.add_sources([row])
        return digest

    def result(
        self,
        digest: str,
        processor: str,
        *items: Item,
        key: str = "k",
        made_utc: str = MADE_UTC,
        parameters: dict[str, Any] | None = None,
        damage: str | None = None,
    ) -> Manifest:
        """Commit a result."""
        with self.store.scratch() as scratch:
            (scratch / "r").mkdir()
            stored = tuple(put_item(scratch / "r", item) for item in items)
            full_key = hashlib.sha256(f"{key}{digest}{processor}".encode()).hexdigest()
            manifest = Manifest(
                ref=ResultRef(source=digest, processor=processor, key=full_key),
                version=1,
                parameters=parameters or {"size": 1.5},
                verdict="made",
                reason=damage,
                items=stored,
                source_name="x",
                release="june",
                source_facts=None if processor in ("evidence", "metadata") else {},
                software={"python": "3.11.7", "pillow": "11.3.0"},
                host="a-secret-host",
                started_utc=made_utc,
                seconds=2.0,
            )
            self.store.commit(scratch / "r", manifest)
        self.catalogue.add_results([manifest])
        return manifest

    def said(self, digest: str, record: dict[str, Any]) -> None:
        """Commit an evidence record."""
        data = json.dumps(record).encode()
        self.result(digest, "evidence", Item(name="evidence.json", media_type="application/json", data=data))

    def pictures(self, digest: str, processor: str, names: dict[str, tuple[int, int]], **facts: Any) -> Manifest:
        """Commit pictures of given sizes."""
        items = [
            Item(
                name=name,
                media_type="image/jpeg",
                data=picture(*size, seed=number),
                facts={"width_px": size[0], "height_px": size[1], **facts},
            )
            for number, (name, size) in enumerate(names.items())
        ]
        return self.result(digest, processor, *items)


def filled(folder: Path) -> PackStore:
    """Three sources: `tracks.jpg` may be passed on, `descent.mp4` may not, and `wind.wav` states nothing."""
    made = PackStore(folder)
    photo = made.source("tracks.jpg", "photo", "jpeg", picture(64, 48, 1))
    made.said(photo, evidence("Wheel tracks", redistribute=True, caption=HOSTILE))
    made.pictures(
        photo,
        "photo.preview",
        {"preview_320.jpg": (320, 240), "preview_1024.jpg": (1024, 768)},
        source_width_px=64,
        source_height_px=48,
    )
    video = made.source("descent.mp4", "video", "mov,mp4,m4a,3gp,3g2,mj2", b"not really a video")
    made.said(video, evidence("Descent", redistribute=False))
    made.pictures(video, "video.frames", {f"frame_{n:06}.jpg": (64, 36) for n in range(3)}, time_seconds=1.25)
    made.pictures(video, "video.contact_sheet", {"contact_sheet.jpg": (200, 100)})
    clip = Item(
        name="preview.mp4",
        media_type="video/mp4",
        data=b"clip",
        facts={"width_px": 640, "height_px": 360, "frame_count": 100, "frame_rate_hz": 25},
    )
    made.result(video, "video.preview", clip)
    sound = made.source("wind.wav", "audio", "wav", b"RIFF not really a sound")
    spectrogram = Item(
        name="spectrogram.png",
        media_type="image/png",
        data=picture(80, 40, 5, "PNG"),
        facts={"width_px": 80, "height_px": 40},
    )
    made.result(sound, "audio.spectrogram_picture", spectrogram)
    made.result(sound, "audio.renditions", Item(name="restored.wav", media_type="audio/wav", data=b"RIFF restored"))
    return made


def make_pack(
    made: PackStore,
    output: Path | str,
    *,
    force: bool = False,
    has_page: bool = False,
    steps: Steps = silently,
    **recipe: Any,
) -> Built:
    """Build a pack of all that there is, or as the recipe's fields say."""
    fields: dict[str, Any] = {
        "title": Text(en="Tracks & wind", zh="车辙与风"),
        "selection": ("*",),
        "take": ("originals", "stills", "frames", "contact sheets", "spectrograms", "clips", "sound", "metadata"),
    }
    asked = frozenset[ResultRef]()
    whole = PackRecipe(**(fields | recipe))
    return build(whole, output, made.store, asked=lambda row: asked, force=force, has_page=has_page, steps=steps)


def tree(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Bytes and mode of every file below a folder."""
    return {
        str(path.relative_to(folder)): (path.read_bytes(), os.stat(path).st_mode & 0o777)  # noqa: PTH116
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
