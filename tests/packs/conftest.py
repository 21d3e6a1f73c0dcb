"""One page over a store of the sample, for all tests of the gallery."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from flows.cli.main import main
from tests.helpers.chromium import Browser
from tests.helpers.gallery_pages import sample_store


@pytest.fixture(scope="session")
def index(sample_release: Path, tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Path:
    """The page over a store of the sample's video, sound and photo, as `browse` writes it."""
    store = sample_store(sample_release, tmp_path_factory.mktemp("gallery"))
    answer = CliRunner().invoke(main, ["browse", "--no-open", "--store", str(store)], catch_exceptions=False)
    assert answer.exit_code == 0, answer.output
    return store / "gallery" / "index.html"
