"""Output of fixed inputs: when it changes, the processor's version must be raised and its figures written anew.

`MARSMEDIA_WRITE_GOLDEN=1` writes the figures of processors whose version was raised and of new ones, and no others;
`MARSMEDIA_WRITE_GOLDEN=all` writes all, for a new build of an encoder, or for an input that was changed.
"""

from __future__ import annotations

import io
import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray
from PIL import Image

from flows.recipes import ON_REQUEST, RECIPES
from processors.audio.spectrogram.spectrogram_pyramid import SpectrogramPyramid
from processors.contract import Medium, Processor, ReleaseContext, Source, inputs_of, result_key
from processors.engine.derive import derive
from processors.metadata.evidence import Evidence
from processors.photo.tiles import Tiles
from processors.photo.tracks.tracks import Tracks
from processors.sources.source_file import SourceFile
from processors.store.manifest import Manifest
from processors.store.store import Store
from tests.helpers.derived import with_used
from tests.helpers.figures import Figures, figures_of, figures_of_record
from tests.helpers.first_recipes import RECIPES as FIRST_RECIPES
from tests.helpers.golden_file import Golden, Looser, Results, differences, read, rewritten, write
from tests.helpers.golden_media import write_sources
from tests.helpers.made_media import MediaMaker

GOLDEN = Path(__file__).parent / "golden"
FIRST = GOLDEN / "first_processors.json"


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
        for outcome in derive(source, SourceFile.at(path), "golden", FIRST_RECIPES[medium], store):  # type: ignore[index]
            manifest = store.manifest(outcome.ref)
            for item in manifest.items:
                place = f"{medium} {manifest.ref.processor} v{manifest.version} {item.name}"
                found[place] = described(store, store.item_path(outcome.ref, item.name), item.name)
    return found


@pytest.mark.slow
def test_output_is_what_it_was(tmp_path: Path) -> None:
    found, order = outputs(tmp_path), os.environ.get("MARSMEDIA_WRITE_GOLDEN")
    if order:
        old = {} if order == "all" else json.loads(FIRST.read_text())
        lines = ",\n".join(f" {json.dumps(name)}: {json.dumps(old.get(name, found[name]))}" for name in found)
        FIRST.write_text("{\n" + lines + "\n}\n")
    assert found == json.loads(FIRST.read_text())


LOOSER: Looser = {"video.motion": (5e-3, 5e-4), "video.stabilised": (5e-3, 0.0)}
"""Processors whose numbers come from searches in floating point: another CPU ends elsewhere by so much."""
EVIDENCE = Evidence().for_release(
    ReleaseContext(
        release='{"file":{"title":"Rear camera","recorded":"2021-06-11T08:15:30Z"},"head":{}}', mission="tianwen-1"
    )
)
PARAMETERS: dict[str, Processor] = {
    processor.name: processor
    for processor in (EVIDENCE, SpectrogramPyramid(least_seconds=0.0), Tracks(cameras="any"), Tiles(least_pixels=1))
}
"""In place of the recipes' own, so that small inputs give them something to do."""
OF_SOURCE: dict[str, tuple[str, ...]] = {
    "two streams": ("metadata", "video.stream_frames"),
    "16 bits": ("metadata", "photo.preview", "photo.quality", "photo.deep", "photo.tiles"),
    "cut short": ("metadata", "photo.preview", "photo.salvaged"),
}
"""What is made of a source that is there for few processors; of the others all is made."""
SOUND_OF_CLIP = ("audio.levels", "audio.original_stream")
"""What is made of a video's sound; the rest is made of sound alone."""


def recipe_of(name: str, medium: Medium) -> list[Processor]:
    wanted = [PARAMETERS.get(one.name, one) for one in (*RECIPES[medium], *ON_REQUEST[medium])]
    if medium == "video":
        wanted = [one for one in wanted if not one.name.startswith("audio.") or one.name in SOUND_OF_CLIP]
    return with_used([one for one in wanted if one.name in OF_SOURCE.get(name, (one.name,))])


def used_versions(processor: Processor) -> dict[str, int]:
    return {one.name: one.version for one in with_used(inputs_of(processor))}


def figures_of_items(manifest: Manifest, store: Store) -> dict[str, Figures]:
    found, told = dict[str, Figures](), dict[str, str]()
    for item in manifest.items:
        facts = json.dumps(item.facts)
        same = told.setdefault(facts, item.name)
        found[item.name] = {
            "media_type": item.media_type,
            **(figures_of_record(item.facts, "facts") if same == item.name else {"facts": f"those of {same}"}),
            **figures_of(store.item_path(manifest.ref, item.name), item.name),
        }
    return found


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Results]:
    """What every processor makes of made sources, by medium."""
    folder = tmp_path_factory.mktemp("golden")
    store, found = Store(folder / "store"), dict[str, Results]()
    for number, (name, made) in enumerate(write_sources(folder).items()):
        recipe = recipe_of(name, made.medium)
        source = Source(
            digest=f"{number:x}" * 64, size_bytes=made.path.stat().st_size, name=made.path.name, medium=made.medium,
            format=made.format, has_sound=made.has_sound,
        )  # fmt: skip
        by_key = {result_key(processor, source.digest): processor for processor in recipe}
        for outcome in derive(source, SourceFile.at(made.path), "golden", recipe, store):
            manifest, processor = store.manifest(outcome.ref), by_key[outcome.ref.key]
            found.setdefault(made.medium, {})[f"{name}: {processor.name}"] = Golden(
                version=manifest.version, uses=used_versions(processor), verdict=manifest.verdict,
                reason=manifest.reason, items=figures_of_items(manifest, store),
            )  # fmt: skip
    return found


@pytest.mark.slow
@pytest.mark.parametrize("medium", ["video", "audio", "photo"])
def test_figures_are_what_they_were(medium: Medium, made: dict[str, Results]) -> None:
    path = GOLDEN / f"{medium}.json"
    old, order = read(path), os.environ.get("MARSMEDIA_WRITE_GOLDEN")
    if order:
        write(path, rewritten(old, made[medium], order))
        old = read(path)
    found = differences(old, made[medium], LOOSER)
    assert not found, "\n" + "\n".join(found)


@pytest.mark.slow
def test_every_processor_of_the_recipes_makes_something(made: dict[str, Results]) -> None:
    makes = {name.split(": ")[1] for results in made.values() for name, one in results.items() if one.items}
    recipes = (*RECIPES.values(), *ON_REQUEST.values())
    assert {processor.name for recipe in recipes for processor in recipe} - makes == set()


def golden(version: int = 1, level: float = 2.5, **uses: int) -> Golden:
    return Golden(
        version=version, uses=uses, verdict="made", reason=None, items={"a.json": {"level": level, "count": 3}}
    )


def test_changed_figure_is_named_with_both_values() -> None:
    assert differences({"clip: a": golden()}, {"clip: a": golden(level=2.6)}, {}) == [
        "clip: a: a.json: level was 2.5, is 2.6: raise the version or mend the change"
    ]
    assert differences({"clip: a": golden()}, {"clip: a": golden(level=2.500001)}, {}) == []
    assert differences({"clip: a": golden()}, {"clip: a": golden(level=2.6)}, {"a": (0.1, 0.0)}) == []


def test_changed_verdict_item_or_version_is_named() -> None:
    old = {"clip: a": golden(), "clip: b": golden()}
    new = {"clip: a": replace(golden(), verdict="failed", reason="cut", items={"b.json": {}}), "clip: c": golden()}
    assert differences(old, new, {}) == [
        "clip: b: no longer made",
        "clip: a: verdict was 'made', is 'failed': raise the version or mend the change",
        "clip: a: reason was None, is 'cut': raise the version or mend the change",
        "clip: a: a.json: no longer made: raise the version or mend the change",
        "clip: a: b.json: a new item: raise the version or mend the change",
        "clip: c: new: write it with MARSMEDIA_WRITE_GOLDEN=1",
    ]
    assert differences({"clip: a": golden(b=1)}, {"clip: a": golden(2, b=1)}, {}) == [
        "clip: a: version 1 (b 1) in the file, 2 (b 1) in the code: write its figures with MARSMEDIA_WRITE_GOLDEN=1"
    ]


def test_only_raised_or_new_processors_are_written() -> None:
    old = {"clip: a": golden(), "clip: b": golden(), "clip: c": golden(used=1), "clip: gone": golden()}
    new = {
        "clip: a": golden(level=9.0),
        "clip: b": golden(2, level=9.0),
        "clip: c": golden(level=9.0, used=2),
        "clip: d": golden(),
    }
    assert rewritten(old, new, None) == old
    assert rewritten(old, new, "1") == {**new, "clip: a": old["clip: a"]}
    assert rewritten(old, new, "all") == new


def test_a_lower_version_is_not_written() -> None:
    old, new = {"clip: a": golden(2)}, {"clip: a": golden(1, level=9.0)}
    assert rewritten(old, new, "1") == old
    assert len(differences(old, new, {})) == 1


def test_golden_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    results = {
        "clip: a": golden(used=3),
        "clip: b": replace(golden(), verdict="refused", reason="no “sound”", items={}),
    }
    write(tmp_path / "video.json", results)
    assert read(tmp_path / "video.json") == results
