"""Galleries for tests: one over a real store of the built-in sample, and one of made subjects."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import Any

from flows.run.run import Options, in_threads, run_ingest
from processors.audio.spectrogram.spectrogram_picture import SpectrogramPicture
from processors.audio.waveform import Waveform
from processors.engine.wanted_results import Recipes
from processors.languages.text import Text
from processors.metadata import Metadata
from processors.metadata.evidence import Evidence
from processors.packs.contents.subject import ItemRecord, SourceRecord
from processors.packs.gallery.gallery_file import GalleryFile
from processors.photo.photo_preview import PhotoPreview
from processors.photo.tiles import Tiles
from processors.store.manifest import Manifest, ResultRef
from processors.video.audit.integrity import Integrity
from processors.video.frames.frames import Frames
from processors.video.shots.shots import Shots

FILES = ("drive-off.mp4", "drive-off-sound.wav", "rear-camera-tracks.png", "release.toml")
SOUND = (SpectrogramPicture(), Waveform())
RECIPES: Recipes = {
    "video": (Metadata(), Evidence(), Frames(every_seconds=1.0), Integrity(), Shots(), *SOUND),
    "audio": (Evidence(), *SOUND),
    "photo": (
        Evidence(), PhotoPreview(longest_sides_px=(320,), formats=("jpeg",)), Tiles(least_pixels=1000, tile_px=256),
    ),
}  # fmt: skip


def sample_store(release: Path, folder: Path) -> Path:
    """A store of a video, a sound and a photo of the built-in sample, with what the page has to show of each."""
    raw = folder / "raw" / "sample-release"
    raw.mkdir(parents=True)
    for name in FILES:
        shutil.copy(release / name, raw / name)
    report = run_ingest(raw.parent, folder / "store", RECIPES, Options(workers=1), in_threads, name="gallery")
    assert report.results.failed == 0, report.message
    return folder / "store"


def subject(number: int = 0, **fields: Any) -> SourceRecord:
    """A photo of which little is known."""
    known: dict[str, Any] = {
        "digest": f"{number:064x}",
        "name": f"photo-{number:04}.jpg",
        "release": "june",
        "path": "/raw/june/photo.jpg",
        "medium": "photo",
        "format": "jpeg",
        "size_bytes": 1000,
        "duration_seconds": None,
        "title": Text(),
        "caption": Text(),
        "alternative": Text(),
        "creator": None,
        "agency": None,
        "credit": None,
        "rights": None,
        "redistribute": None,
        "published_at": None,
        "released": None,
        "synthetic": False,
        "mission": None,
        "event": None,
        "event_title": Text(),
        "camera": None,
        "place": None,
        "recorded": None,
        "disagreements": (),
        "audit": None,
        "evidence": None,
    }
    return SourceRecord(**(known | fields))


def original(of: SourceRecord, href: str = "photo.jpg", thumbnail_href: str | None = None) -> GalleryFile:
    """The original of a subject, shown."""
    return GalleryFile(entry=None, subject=of, href=href, media_type="image/jpeg", thumbnail_href=thumbnail_href)


def item(
    of: SourceRecord, path: Path, processor: str, media_type: str, facts: Any = None, **manifest: Any
) -> GalleryFile:
    """An item of a result of one file, shown."""
    known: dict[str, Any] = {
        "ref": ResultRef(source=of.digest, processor=processor, key="a" * 64),
        "version": 2,
        "parameters": {"size": 3},
        "verdict": "made",
        "reason": None,
        "items": (),
        "source_name": of.name,
        "release": of.release,
        "source_facts": None,
        "software": {"marsmedia": "0.1.0", "av": "18.1"},
        "host": "a machine",
        "started_utc": "2026-01-01T00:00:00Z",
        "seconds": 1.0,
    }
    entry = ItemRecord(
        subject=of,
        manifest=Manifest(**(known | manifest)),
        name=path.name,
        find=lambda: path,
        media_type=media_type,
        size_bytes=3,
        sha256=hashlib.sha256(path.name.encode()).hexdigest(),
        facts=facts,
    )
    return GalleryFile(entry=entry, subject=of, href=path.name, media_type=media_type, thumbnail_href=None)
