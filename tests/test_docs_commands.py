"""Every command of the README and of its pages is run, in the order in which it is written."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from flows.cli.main import load, main
from flows.run.options import RECIPES_FILE
from tests.helpers.made_media import MediaMaker

PROJECT = Path(__file__).resolve().parents[1]
PAGES = ["README.md", *(f"docs/{path.name}" for path in sorted((PROJECT / "docs").glob("*.md")))]
OWN_TESTS = ("docs/press-pack.md", "docs/archive.md")
"""Pages whose commands need a store of their own: tests/packs/test_docs.py."""
ONLY_READ = {
    "serve": "goes on until Ctrl-C; tests/serving",
    "watch": "goes on until Ctrl-C; tests/cli/test_watch.py",
    "demo": "writes the sample release first; tests/test_golden.py makes all of it",
    "adopt": "changes flows/recipes.py of this checkout; tests/cli/test_adopt_and_provenance.py",
}
"""Commands that are not run here, with the reason and the tests that run them: their options are read all the same."""


def commands(page: str) -> list[list[str]]:
    """The command lines of `marsmedia` in a page's code blocks, without their comments."""
    blocks = re.findall(r"^```(?:sh|console|)\n(.*?)^```", (PROJECT / page).read_text(encoding="utf-8"), re.M | re.S)
    lines = "\n".join(blocks).replace("\\\n", " ").splitlines()
    return [shlex.split(line, comments=True)[1:] for line in lines if line.startswith("marsmedia ")]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the release, the recipes and the names that the pages speak of."""
    june = tmp_path / "raw" / "june"
    june.mkdir(parents=True)
    maker = MediaMaker(june)
    maker.video("descent.mp4", ticks=list(range(30)))
    maker.photo("rear-camera.jpg")
    (tmp_path / "releases").symlink_to(tmp_path / "raw")
    (tmp_path / "mine.toml").write_text('recipe = "light"\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("BROWSER", "true")
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    monkeypatch.setenv(RECIPES_FILE, "")  # `--recipes` sets it for the process: taken back at the end
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize("page", [page for page in PAGES if commands(page) and page not in OWN_TESTS])
def test_every_command_of_a_page_works(page: str, desk: Path) -> None:
    run = CliRunner()
    if page != "README.md":
        assert run.invoke(main, ["ingest", "--recipe", "light", "--quiet"]).exit_code == 0
    for words in commands(page):
        if words[0] in ONLY_READ:
            load(words[0]).make_context(words[0], words[1:])
            continue
        answer = run.invoke(main, words, input="y\n")
        assert answer.exit_code == 0, f"{page}: marsmedia {shlex.join(words)}\n{answer.output}"


def test_every_page_is_linked_to_and_every_link_leads_somewhere() -> None:
    linked = {
        (PROJECT / page).parent / name
        for page in PAGES
        for name in re.findall(r"\]\(((?!http)[^)#]+)\)", (PROJECT / page).read_text(encoding="utf-8"))
    }
    assert {place for place in linked if not place.exists()} == set()
    assert {path.resolve() for path in (PROJECT / "docs").glob("*.md")} <= {place.resolve() for place in linked}
