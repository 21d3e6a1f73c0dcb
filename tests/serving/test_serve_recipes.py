"""`marsmedia serve` with a recipe file, a recipe and a pack recipe: what its runs make, and what it tells of them."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from processors.store.store import Store
from tests.conftest import PROJECT, quiet_environment
from tests.helpers.made_media import MediaMaker
from tests.helpers.service import Service

NO_FILE = "packs/press.toml: no such file; write it with `marsmedia pack init packs/press.toml`"
NOT_CLEARED = (
    "rights are not cleared for 1 of 1 source: june/photo.jpg; CREDITS.txt says why: ask the rights holder before "
    "publishing"
)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Service]:
    """A release with one photo, and what serves it."""
    (tmp_path / "raw/june").mkdir(parents=True)
    MediaMaker(tmp_path / "raw/june").photo("photo.jpg")
    service = Service(tmp_path)
    yield service
    service.kill()


def journal(service: Service, last: str) -> list[str]:
    """Wait for this line of `serve`; give the lines until then."""
    for _ in range(480):
        printed = (service.folder / "journal.txt").read_text(encoding="utf-8").splitlines()
        if last in printed:
            return printed[: printed.index(last)]
        time.sleep(0.25)
    raise AssertionError(f"serve did not print {last!r}")


@pytest.mark.slow
@pytest.mark.prefect
def test_runs_make_what_the_recipe_file_says_and_a_pack_tells_its_warnings(served: Service) -> None:
    folder = served.folder
    (folder / "mine.toml").write_text('also = ["photo.quality"]\n')
    served.start("--recipes", "mine.toml", "--recipe", "light", "--schedule", "pack=0 6 * * *")
    assert journal(served, "press Ctrl-C to stop") == [
        f"a new store was begun in {served.store}",
        f"{served.store}, from {folder}/raw",
        f"recipe file: {folder}/mine.toml",
        "recipe: light",
        f"Prefect UI: {served.address}",
        "  nightly-ingest   0 2 * * * (UTC)",
        "  weekly-verify    0 4 * * 0 (UTC)",
        "  reprocess        on demand",
        "  pack             0 6 * * * (UTC)",
        f"    {NO_FILE}",
    ]
    run = served.wait_for("COMPLETED", served.started_run())
    assert run["parameters"]["recipe"] == "light"
    made = {one.ref.processor for one in Store(served.store).manifests()}
    assert made == {"metadata", "evidence", "photo.preview", "photo.quality"}

    (folder / "packs").mkdir()
    (folder / "packs/press.toml").write_text('title = "A title"\naudience = "press"\nselection = ["*"]\n')
    built = served.wait_for("COMPLETED", served.start_run("pack/pack"), seconds=60)
    first, *warned = built["state"]["message"].splitlines()
    assert first.startswith(f"completed with warnings: {folder}/packs/press.zip: ")
    assert warned[0] == 'the title is still that of the template, "A title": write the pack\'s own in its pack recipe'
    assert warned[1] == NOT_CLEARED
    _, ended = served.lines_of("pack", 2)
    assert ended.endswith(f" s: {first}")
    printed = (folder / "journal.txt").read_text(encoding="utf-8").splitlines()
    at = printed.index(ended)
    assert printed[at + 1 : at + 1 + len(warned)] == [f"  {line}" for line in warned]
    _start_as_the_docs_do(served)


def _start_as_the_docs_do(served: Service) -> None:
    """Run the page's example of a script that starts a run and waits for it."""
    page = (PROJECT / "docs/running-every-night.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"^export PREFECT_API_URL=.*\nprefect deployment run .*$", page, re.M)
    environment = quiet_environment(served.folder / "home")
    environment["PATH"] = f"{Path(sys.executable).parent}:{environment['PATH']}"
    script = example.replace("http://127.0.0.1:4200", served.address)
    run = subprocess.run(["bash", "-ec", script], env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    (begun, ended) = served.lines_of("reprocess", 2)
    assert begun.endswith("reprocess: begun")
    assert "reprocess: completed after " in ended


@pytest.mark.parametrize(
    ("words", "recipes", "told"),
    [
        (["--recipes", "gone.toml"], None, "Error: Invalid value for '--recipes': File 'gone.toml' does not exist."),
        ([], "gone.toml", "marsmedia: gone.toml: the file no longer exists: "),
        ([], "wrong.toml", "marsmedia: wrong.toml: nope: no such processor"),
        (["--recipe", "lite"], None, "marsmedia: lite: no such recipe; did you mean light?"),
    ],
)
def test_serve_refuses_a_recipe_with_a_mistake_before_it_starts_anything(
    words: list[str], recipes: str | None, told: str, tmp_path: Path
) -> None:
    (tmp_path / "wrong.toml").write_text('without = ["nope"]\n')
    environment = {**quiet_environment(tmp_path / "home"), "PYTHONPATH": str(PROJECT)}
    if recipes:
        environment["MARSMEDIA_RECIPES"] = recipes
    command = [sys.executable, "-m", "flows.cli", "serve", *words]
    run = subprocess.run(
        command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
    )
    assert (run.returncode, told in run.stderr) == (2, True), run.stderr
    assert "Starting Prefect" not in run.stderr
