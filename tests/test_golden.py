"""Output of fixed inputs: when it changes, the processor's version must be raised and these figures written anew.

Pictures are compared by a coarse fingerprint, so that another build of an encoder does not fail them and another
picture does.
"""

from __future__ import annotations

import io
import json
import os
from pathlib import Path

import numpy as np
import pytest
import xarray
from PIL import Image

from processors.contract import Medium, Source
from processors.engine.derive import derive
from processors.sources.source_file import SourceFile
from processors.store.store import Store
from tests.helpers.first_recipes import RECIPES
from tests.helpers.made_media import MediaMaker

GOLDEN = Path(__file__).parent / "golden" / "first_processors.json"


def fingerprint(data: bytes) -> list[int]:
    """A picture as 8 x 8 grey values in steps of 16."""
    grey = Image.open(io.BytesIO(data)).convert("L").resize((8, 8), Image.Resampling.BOX)
    return [int(value) // 16 for value in np.asarray(grey).ravel()]


def described(store: Store, path: Path, name: str) -> object:
    if name.endswith((".jpg", ".png", ".webp", ".avif")):
        return fingerprint(path.read_bytes())
    if name.endswith(".nc"):
        with xarray.open_dataset(path, engine="h5netcdf") as array:
            power = array.power.values
        return {"shape": list(power.shape), "mean_dbfs": round(float(10 * np.log10(power.mean())), 2)}
    if name.endswith(".json"):
        record = json.loads(path.read_text())
        return {"fields": sorted(record), "tags": len(record["tags"])}
    return path.read_text().splitlines()[0]


def outputs(folder: Path) -> dict[str, object]:
    make = MediaMaker(folder)
    made: dict[Medium, Path] = {
        "video": make.video("clip.mp4", list(range(50)), sound_hz=1000).path,
        "audio": make.tone("tone.wav", hz=1500, peak=0.25),
        "photo": make.photo("photo.png", size=(500, 400)),
    }
    store = Store(folder / "store")
    found: dict[str, object] = {}
    for medium, path in made.items():
        source = Source(
            digest=medium[0] * 64, size_bytes=1, name=path.name, medium=medium, format=path.suffix[1:], has_sound=True
        )  # type: ignore[arg-type]
        for outcome in derive(source, SourceFile.at(path), "golden", RECIPES[medium], store):  # type: ignore[index]
            manifest = store.manifest(outcome.ref)
            for item in manifest.items:
                place = f"{medium} {manifest.ref.processor} v{manifest.version} {item.name}"
                found[place] = described(store, store.item_path(outcome.ref, item.name), item.name)
    return found


@pytest.mark.slow
def test_output_is_what_it_was(tmp_path: Path) -> None:
    found = outputs(tmp_path)
    if os.environ.get("MARSMEDIA_WRITE_GOLDEN"):
        GOLDEN.parent.mkdir(exist_ok=True)
        lines = ",\n".join(f" {json.dumps(name)}: {json.dumps(value)}" for name, value in found.items())
        GOLDEN.write_text("{\n" + lines + "\n}\n")
    assert found == json.loads(GOLDEN.read_text())
