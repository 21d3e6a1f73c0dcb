"""What `verify`, `failures` and the flow advise about a damaged result clears the fault when it is done."""

from __future__ import annotations

import json
import shlex
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pytest
from click.testing import CliRunner

from flows.cli.main import main
from flows.run.checking.check_store import check_up
from flows.run.checking.ways_out import REBUILD, REMOVE, RESTORE, advice_on_damage
from flows.run.options import Options
from processors.metadata import Metadata
from processors.metadata.evidence import Evidence
from processors.photo.photo_preview import PhotoPreview
from processors.store.manifest import Manifest
from processors.store.store import Store
from tests.helpers.made_media import MediaMaker
from tests.helpers.runs import ingest
from tests.helpers.video_scenes import scene, write

ITEM = "preview_320.jpg"
UNREQUESTED = "no recipe requests it, and this version does not make it"


@dataclass(frozen=True, kw_only=True)
class EarlierPreview(PhotoPreview):
    version: ClassVar[int] = 1


def run(*words: str | Path, code: int = 0) -> list[str]:
    result = CliRunner().invoke(main, [str(word) for word in words])
    assert result.exit_code == code, result.output
    return result.output.splitlines()


def preview_of(version: int, store: Path, **parameters: object) -> Manifest:
    (found,) = [
        one
        for one in Store(store).manifests()
        if (one.ref.processor, one.version) == ("photo.preview", version)
        and parameters.items() <= one.parameters.items()
    ]
    return found


def flip(folder: Path) -> None:
    data = bytearray((folder / ITEM).read_bytes())
    data[len(data) // 2] ^= 0xFF
    (folder / ITEM).write_bytes(data)


def cut(folder: Path) -> None:
    (folder / "manifest.json").write_bytes(b"{")


@pytest.fixture
def store(raw: Path, maker: MediaMaker, tmp_path: Path) -> Path:
    """A store with three previews of one photo: of the recipe, with other sides, and of an earlier version."""
    maker.photo("rover.jpg")
    for preview in (EarlierPreview(), PhotoPreview(longest_sides_px=(320, 640)), PhotoPreview()):
        ingest(raw, tmp_path / "store", {"photo": (Metadata(), preview), "video": (), "audio": ()})
    return tmp_path / "store"


def advised(store: Path) -> str:
    """Return the one way out, which all who check the store must name."""
    line = run("verify", "--store", store, "--quiet", code=1)[-1]
    prefix = "photo.preview of june/rover.jpg: "
    assert line.startswith(prefix)
    to_do = [one for one in run("failures", "--store", store) if one.startswith("  to do: ")]
    assert to_do == [f"  to do: {line.removeprefix(prefix)}"]
    found = check_up(Store(store), sample=0, seed=1, options=Options(workers=1))
    assert advice_on_damage(found.faults, Store(store)) == [line]
    return line.removeprefix(prefix)


def do(advice: str, raw: Path, store: Path) -> None:
    """Run the advised command."""
    _, command, *words = shlex.split(advice.split("`")[1])
    also = {"ingest": [raw, "--recipe", "light", "--quiet"], "reprocess": ["--quiet"], "prune": ["--yes", "--quiet"]}
    run(command, *words, *also.get(command, []), "--store", store)


@pytest.mark.parametrize("damage", [flip, cut, shutil.rmtree])
def test_a_result_of_the_recipe_is_made_again_by_a_run(damage: Callable[[Path], None], raw: Path, store: Path) -> None:
    damage(Store(store).folder(preview_of(PhotoPreview.version, store, longest_sides_px=[320, 1024, 2048]).ref))
    assert advised(store) == "run `marsmedia ingest`, which makes it again"
    do(advised(store), raw, store)
    assert run("verify", "--store", store, "--quiet")[-1].endswith(": no faults")


@pytest.mark.parametrize("damage", [flip, cut, shutil.rmtree])
def test_a_result_with_other_parameters_is_made_again_by_the_same_reprocess(
    damage: Callable[[Path], None], raw: Path, store: Path
) -> None:
    one = preview_of(PhotoPreview.version, store, longest_sides_px=[320, 640])
    damage(Store(store).folder(one.ref))
    command = f"marsmedia reprocess {one.ref.source[:12]} --processor photo.preview --set longest_sides_px=320,640"
    assert advised(store) == f"run `{command}`, which makes it again"
    do(advised(store), raw, store)
    assert run("verify", "--store", store, "--quiet")[-1].endswith(": no faults")


def test_a_result_of_an_earlier_version_is_removed_by_prune(raw: Path, store: Path) -> None:
    flip(Store(store).folder(preview_of(1, store).ref))
    assert advised(store) == f"run `marsmedia prune`, which removes it: {UNREQUESTED}"
    do(advised(store), raw, store)
    assert run("verify", "--store", store, "--quiet")[-1].endswith(": no faults")


def test_a_result_of_an_earlier_version_without_a_record_or_a_folder_is_forgotten(raw: Path, store: Path) -> None:
    folder = Store(store).folder(preview_of(1, store).ref)
    cut(folder)
    assert advised(store) == REMOVE == f"remove its folder, then run `marsmedia rebuild`: {UNREQUESTED}"
    shutil.rmtree(folder)
    assert advised(store) == REBUILD == f"run `marsmedia rebuild`, which forgets it: {UNREQUESTED}"
    do(advised(store), raw, store)
    assert run("verify", "--store", store, "--quiet")[-1].endswith(": no faults")


def test_a_kept_result_of_an_earlier_version_is_restored(raw: Path, store: Path) -> None:
    kept = preview_of(1, store)
    run("keep", "rover.jpg", "processor=photo.preview", "--store", store)
    flip(Store(store).folder(kept.ref))
    assert advised(store) == RESTORE


def test_a_result_of_a_file_that_is_gone_is_restored(raw: Path, store: Path, maker: MediaMaker) -> None:
    maker.photo("other.jpg", size=(320, 200))
    (raw / "june/rover.jpg").unlink()
    ingest(raw, store, {"photo": (Metadata(),), "video": (), "audio": ()})
    flip(Store(store).folder(preview_of(PhotoPreview.version, store, longest_sides_px=[320, 1024, 2048]).ref))
    line = run("verify", "--store", store, "--quiet", code=1)[-1]
    assert line == (
        "photo.preview of june/rover.jpg: restore it from a copy of the store, then run `marsmedia verify`; "
        "or put its file back into raw and run `marsmedia ingest`, which makes it again"
    )


def test_a_result_of_a_replaced_file_is_restored_and_the_newer_file_stays(
    raw: Path, store: Path, maker: MediaMaker
) -> None:
    maker.photo("other.jpg", size=(320, 200))
    (raw / "june/rover.jpg").write_bytes((raw / "june/other.jpg").read_bytes())
    ingest(raw, store, {"photo": (Metadata(),), "video": (), "audio": ()})
    flip(Store(store).folder(preview_of(PhotoPreview.version, store, longest_sides_px=[320, 1024, 2048]).ref))
    assert advised(store) == RESTORE


def test_the_kept_metadata_of_a_withdrawn_file_are_made_again_once_it_is_back(
    raw: Path, store: Path, maker: MediaMaker
) -> None:
    maker.photo("other.jpg", size=(320, 200))
    photo = raw / "june/rover.jpg"
    content = photo.read_bytes()
    photo.unlink()
    run("ingest", raw, "--recipe", "light", "--quiet", "--store", store)
    run("release", "withdraw", "june/rover.jpg", "--store", store)
    run("prune", "--withdrawn", "--yes", "--quiet", "--store", store)
    (kept,) = [
        one for one in Store(store).manifests() if (one.ref.processor, one.source_name) == ("metadata", "rover.jpg")
    ]
    cut(Store(store).folder(kept.ref))
    first, *_, last = run("verify", "--store", store, "--quiet", code=1)
    assert first.endswith(
        "/manifest.json: not a readable manifest "
        "(Expecting property name enclosed in double quotes: line 1 column 2 (char 1))"
    )
    assert last == (
        "metadata of june/rover.jpg: restore it from a copy of the store, then run `marsmedia verify`; "
        "or put its file back into raw and run `marsmedia ingest`, which makes it again"
    )
    photo.write_bytes(content)
    run("ingest", raw, "--recipe", "light", "--quiet", "--store", store)
    assert run("verify", "--store", store, "--quiet")[-1].endswith(": no faults")
    photo.unlink()
    run("release", "withdraw", "june/rover.jpg", "--store", store)
    run("prune", "--withdrawn", "--yes", "--quiet", "--store", store)
    assert run("verify", "--store", store, "--quiet")[-1].endswith(": no faults")


def test_failures_lists_damaged_results_though_a_recipe_file_is_gone(raw: Path, store: Path, tmp_path: Path) -> None:
    recipes = tmp_path / "night.toml"
    recipes.write_text("[photo.preview]\nlongest_sides_px = [64]\n")
    run("ingest", raw, "--store", store, "--recipes", recipes, "--quiet")
    damaged = Store(store).folder(preview_of(PhotoPreview.version, store, longest_sides_px=[320, 640]).ref)
    flip(damaged)
    run("verify", "--store", store, "--quiet", code=1)
    recipes.unlink()
    first, *lines = run("failures", "--store", store)
    assert first.startswith("damaged result: june/rover.jpg: in the store: ")
    error = f"{recipes}: the file no longer exists: restore it or run again without it"
    assert lines == [
        "  results: photo.preview",
        "  fault: of the machine",
        f"  to do: what makes it again is unknown: {error}",
        "1 file with problems",
    ]
    (file,) = json.loads("\n".join(run("failures", "--store", store, "--json")))["files"]
    assert file["causes"][0]["to_do"] == f"what makes it again is unknown: {error}"


def test_a_part_of_a_picture_is_measured_again_with_the_altitude_that_it_had(tmp_path: Path) -> None:
    raw, store = tmp_path / "raw", tmp_path / "store"
    (raw / "june").mkdir(parents=True)
    write(raw / "june/pan.mp4", [scene(8, frame, (320, 240)) for frame in range(20)])
    stated = "altitude_metres = 300.0\nfield_of_view_degrees = 35.0\naltitude_shot = 1\n"
    (raw / "june/release.toml").write_text(f'[[file]]\npath = "pan.mp4"\n{stated}')
    ingest(raw, store, {"audio": (), "video": (Evidence(),), "photo": ()})
    part = "--set region_px=0,0,200,200"
    own = "--set altitude_metres=300 --set altitude_shot=1 --set field_of_view_degrees=35"
    for settings in (part, f"{own} {part}"):
        run("reprocess", "pan.mp4", "--processor", "video.motion", *settings.split(), "--store", store)
    made = [one for one in Store(store).manifests() if one.ref.processor == "video.motion"]
    assert len(made) == 2
    for one in made:
        cut(Store(store).folder(one.ref))
        line = run("verify", "--store", store, "--quiet", code=1)[-1]
        settings = f"{own} {part}" if one.parameters["altitude_metres"] else f"{part} --set release_altitude=300,35,1"
        command = f"marsmedia reprocess {one.ref.source[:12]} --processor video.motion "
        assert line.startswith(f"video.motion of june/pan.mp4: run `{command}")
        assert sorted(line.split("`")[1].removeprefix(command).split()) == sorted(settings.split())
        do(line, raw, store)
        assert run("verify", "--store", store, "--quiet")[-1].endswith(": no faults")
