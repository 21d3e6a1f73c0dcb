"""A parameter set becomes the recipe's own by one exact edit; every item tells what made it and what has changed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest
from click.testing import CliRunner

from flows.cli.find_item import find_item
from flows.cli.main import main
from flows.run.options import Options
from flows.run.recipe_changes.recipe_edit import edited
from flows.run.run import in_threads, run_ingest
from processors.audio.spectrogram.spectrogram import Spectrogram
from processors.comparing.provenance import provenance_of
from processors.engine.wanted_results import WantedResult
from processors.errors import RequestError, ResultMissing, StoreError
from processors.packs.registry import packed_results
from processors.photo.photo_preview import PhotoPreview
from processors.store.catalogue.catalogue import Catalogue
from processors.store.store import Store
from processors.video.frames.frames import Frames
from processors.video.shots.shots import Shots
from tests.conftest import PROJECT, Run
from tests.helpers.made_media import MediaMaker

RECIPES = """from processors.audio.spectrogram.spectrogram import Spectrogram
from processors.video.frames.frames import Frames
from processors.video.shots.shots import Shots

RECIPES = {  # 火星
    "video": (
        Frames(
            every_seconds=1.0,
        ),  # one a second is enough
        Spectrogram(),
    ),
    "audio": (Spectrogram(), Shots()),
    "photo": (),
}
"""


def test_an_edit_changes_the_entry_and_nothing_else() -> None:
    new = edited(RECIPES, Path("recipes.py"), Frames(every_seconds=0.5, picture_format="png"))
    old_entry = "Frames(\n            every_seconds=1.0,\n        )"
    assert new == RECIPES.replace(old_entry, "Frames(every_seconds=0.5, picture_format='png')")
    both = edited(RECIPES, Path("recipes.py"), Spectrogram(window="hamming"))
    assert both == RECIPES.replace("Spectrogram()", "Spectrogram(window='hamming')")
    assert edited(both, Path("recipes.py"), Spectrogram()) == RECIPES


@pytest.mark.parametrize(
    ("text", "wanted", "message"),
    [
        (
            RECIPES,
            PhotoPreview(),
            r"recipes.py: no entry PhotoPreview\(...\) in RECIPES; write `PhotoPreview\(\)` there by hand",
        ),
        ("from flows.everything import EVERYTHING as RECIPES", Frames(quality=70), r"no entry .*Frames\(quality=70\)"),
        (RECIPES.replace("Spectrogram(),\n", "Frames(quality=5),\n"), Frames(), r"video has 2 entries Frames\(...\)"),
        (
            RECIPES,
            Shots(integrity=Shots().integrity.__class__(soft_below=0.1)),
            "nested parameters that cannot be written",
        ),
        (
            RECIPES + "RECIPES = {'video': (), 'audio': (), 'photo': ()}\n",
            Frames(quality=70),
            "does not evaluate to the requested parameters",
        ),
    ],
)
def test_an_entry_that_is_not_plain_is_left_to_the_person(text: str, wanted: Frames, message: str) -> None:
    with pytest.raises(RequestError, match=message):
        edited(text, Path("recipes.py"), wanted)


def test_adopt_shows_the_change_and_the_next_plan_follows_it(tmp_path: Path) -> None:
    copy = tmp_path / "checkout"
    shutil.copytree(PROJECT / "flows", copy / "flows")
    environment = {**os.environ, "PYTHONPATH": f"{copy}:{PROJECT}"}

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "flows.cli", "adopt", *words]
        return subprocess.run(command, env=environment, cwd=copy, capture_output=True, text=True, check=False)

    done = run("photo.preview", "--set", "quality=70", "--yes")
    assert (done.returncode, done.stderr) == (0, "")
    assert "PhotoPreview(quality=70)," in done.stdout
    assert "PhotoPreview(quality=70)" in (copy / "flows/recipes.py").read_text()
    assert run("photo.preview", "--set", "quality=70").stdout.endswith("already has these parameters\n")
    for words, message in [
        (["nope", "--set", "a=1"], "marsmedia: nope: no such processor"),
        (["photo.preview"], "marsmedia: give either the key of a result or --set KEY=VALUE"),
        (["photo.preview", "3fa9"], "marsmedia: no store found at processed; run"),
    ]:
        wrong = run(*words)
        assert (wrong.returncode, wrong.stderr.startswith(message)) == (2, True), wrong.stderr


@pytest.fixture
def filled(tmp_path: Path) -> Store:
    raw = tmp_path / "raw" / "june"
    raw.mkdir(parents=True)
    MediaMaker(raw).photo("photo.jpg")
    for quality in (88, 60):
        recipes = {"photo": (PhotoPreview(quality=quality),), "video": (), "audio": ()}
        run_ingest(raw.parent, tmp_path / "store", recipes, Options(), in_threads, name=f"q{quality}")  # type: ignore[arg-type]
    return Store(tmp_path / "store")


def test_later_changes_are_reported_word_for_word(filled: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    made = next(m for m in filled.manifests() if m.parameters["quality"] == 60)
    row = next(iter(Catalogue(filled).sources().values()))
    wanted = [WantedResult.of(PhotoPreview(quality=60), row.digests)]
    assert provenance_of(made, "preview_320.jpg", [row], wanted, filled).changes == ()
    monkeypatch.setitem(made.software, "av", "1.0")
    Path(row.path).write_bytes(b"other")
    item = filled.item_path(made.ref, "preview_320.jpg")
    item.write_bytes(item.read_bytes() + b"x")
    changes = provenance_of(
        made, "preview_320.jpg", [row], [WantedResult.of(PhotoPreview(), row.digests)], filled
    ).changes
    assert changes[0].startswith("the item: its bytes have changed: SHA-256 ")
    assert changes[1] == f"the source: {row.path} has changed in size or date"
    assert changes[2].startswith("av: 1.0 -> 1")
    assert changes[3] == "the recipe: it requests quality 60 -> 88"
    Path(row.path).unlink()
    gone = provenance_of(made, None, [row], [], filled).changes
    assert gone[0] == f"the source: no longer at {row.path}"
    assert gone[-1] == "the recipe: it does not request this processor"


def test_an_item_is_found_by_its_place_in_the_store_or_in_the_view(filled: Store) -> None:
    link = filled.by_name_folder / "june/photo.jpg/photo.preview/preview_320.jpg"
    found = find_item(str(link), filled)
    assert found
    assert (found[0].parameters["quality"], found[1]) == (60, "preview_320.jpg")
    whole = find_item(str(link.parent), filled)
    assert whole
    assert (whole[0], whole[1]) == (found[0], None)
    assert find_item("photo.jpg", filled) is None
    with pytest.raises(ResultMissing):
        find_item(str(filled.root / "results/aa/bb/photo.preview/cc/x.jpg"), filled)


def test_a_pack_keeps_its_results_and_a_broken_record_stops_the_pruning(filled: Store) -> None:
    assert packed_results(filled) == {}
    ref = next(m.ref for m in filled.manifests() if m.parameters["quality"] == 60)
    record = {"pack": "/out/june.zip", "results": [{"source": ref.source, "processor": ref.processor, "key": ref.key}]}
    (filled.root / "packs").mkdir()
    (filled.root / "packs/june.json").write_text(json.dumps(record))
    assert packed_results(filled) == {ref: "/out/june.zip"}
    (filled.root / "packs/july.json").write_text("{}")
    with pytest.raises(StoreError, match=r"july.json: not the record of a pack \('results'\); restore it"):
        packed_results(filled)


@pytest.mark.prefect
def test_prune_and_why_as_a_person_asks(marsmedia: Run, filled: Store) -> None:
    ref = next(m.ref for m in filled.manifests() if m.parameters["quality"] == 60)
    (filled.root / "packs").mkdir()
    record = {"pack": "x", "results": [{"source": ref.source, "processor": ref.processor, "key": ref.key}]}
    (filled.root / "packs/x.json").write_text(json.dumps(record))
    told = marsmedia("prune", "--yes", "--store", filled.root).stdout
    assert "0 results, 0.0 MB, that no recipe requests and no pack holds\n1 more that no recipe requests stay" in told
    assert filled.has(ref)
    (filled.root / "packs/x.json").unlink()
    told = marsmedia("prune", "--yes", "--store", filled.root).stdout
    assert "1 result, " in told
    assert told.endswith("removed 1 result\n")
    assert [m.parameters["quality"] for m in filled.manifests()] == [88]
    assert Catalogue(filled).table("results").num_rows == 1
    why = marsmedia(
        "why", filled.by_name_folder / "june/photo.jpg/photo.preview/preview_320.jpg", "--store", filled.root
    )
    assert why.stdout.startswith("preview_320.jpg, of photo.preview version ")
    assert "  made of  photo.jpg, SHA-256 " in why.stdout


def test_why_knows_a_file_in_a_pack_by_its_bytes(filled: Store, tmp_path: Path) -> None:
    def why(path: Path) -> tuple[int, str]:
        answer = CliRunner().invoke(main, ["why", str(path), "--store", str(filled.root)])
        return answer.exit_code, answer.output

    pack = tmp_path / "pack"
    (pack / "data").mkdir(parents=True)
    (pack / "bagit.txt").touch()
    for name in ("data/ro-crate-metadata.json", "data/premis.xml", "data/credited.jpg"):
        (pack / name).write_bytes(b"made for the pack")
    shutil.copy(filled.by_name_folder / "june/photo.jpg/photo.preview/preview_320.jpg", pack / "data/rover.jpg")
    code, told = why(pack / "data/rover.jpg")
    assert (code, told.partition(" version ")[0]) == (0, "preview_320.jpg, of photo.preview")
    (original,) = Catalogue(filled).sightings()
    shutil.copy(original.path, pack / "data/original.jpg")
    code, told = why(pack / "data/original.jpg")
    assert (code, told.partition(":")[0]) == (0, "metadata")
    credited = pack / "data/credited.jpg"
    assert why(credited) == (
        2,
        f"marsmedia: {credited}: its bytes are not in the store, as it has its credit embedded or exists only in"
        f" the pack; see {pack}/data/ro-crate-metadata.json and {pack}/data/premis.xml for its"
        " provenance\n",
    )
    for name, whole in (("credited", b"made for the pack"), ("original", Path(original.path).read_bytes())):
        path = pack / f"data/{name}.jpg"
        for data, now in ((whole, b"damaged"), (b"another", whole)):
            listed, digest = sha256(data).hexdigest(), sha256(now).hexdigest()
            (pack / "manifest-sha256.txt").write_text(f"{'0' * 64}  data/premis.xml\n{listed}  data/{name}.jpg\n")
            path.write_bytes(now)
            assert why(path) == (
                2,
                f"marsmedia: {path}: differs from the pack's manifest: damaged (SHA-256 is {digest[:16]}..., not "
                f"{listed[:16]}...); `marsmedia pack verify {pack}` checks all its files\n",
            )
    (pack / "bagit.txt").unlink()
    told = f"marsmedia: {credited}: its bytes are not in the store; list sources with `marsmedia items`\n"
    assert why(credited) == (2, told)
