"""The page of `browse` counts and finds bytes that are in two releases under both, and names both places."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.chromium import Browser, executable, started
from tests.helpers.command import in_this_process
from tests.helpers.made_media import MediaMaker
from tests.helpers.runs import ingest

pytestmark = pytest.mark.slow
CARDS = (
    "[...document.querySelectorAll('#list .card')]"
    ".map(one => [...one.querySelectorAll('.name, .file')].map(words => words.textContent))"
)
COUNTS = (
    "[...document.querySelectorAll('[data-heading=release] .choice')].map(one => "
    "`${one.querySelector('.what').textContent} ${one.querySelector('.number').textContent}`)"
)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    command = executable() or pytest.skip("no Chromium on this machine: install the package chromium")
    with started(command, tmp_path_factory.mktemp("profile")) as running:
        yield running


def test_bytes_in_two_releases_are_counted_found_and_named_under_both(browser: Browser, tmp_path: Path) -> None:
    raw, store = tmp_path / "raw", tmp_path / "store"
    for release in ("june", "august"):
        (raw / release).mkdir(parents=True)
    MediaMaker(raw / "june").photo("zhurong.jpg")
    MediaMaker(raw / "june").photo("other.jpg", size=(320, 200))
    shutil.copy(raw / "june/zhurong.jpg", raw / "august/cut.jpg")
    ingest(raw, store)
    answer = in_this_process("browse", "--no-open", "--store", store)
    assert answer.returncode == 0, answer.stdout
    with browser.page() as page:
        page.open(store / "gallery/index.html")
        assert page.ask(COUNTS) == ["june 2", "august 1"]
        page.ask("document.querySelector('[data-heading=release] [value=june]').click()")
        page.until("location.hash === '#release=june'")
        both = ["cut.jpg", "also at june/zhurong.jpg"]
        page.until("document.querySelectorAll('#list .card').length === 2")
        assert page.ask(CARDS) == [both, ["other.jpg"]]
        page.ask("location.hash = 'release=august'")
        page.until("document.querySelectorAll('#list .card').length === 1")
        assert page.ask(CARDS) == [both]
        page.ask("location.hash = 'q=zhurong'")
        page.until("document.querySelectorAll('#list .card').length === 1")
        assert page.ask(CARDS) == [both]
        assert page.errors == []
