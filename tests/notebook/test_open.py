"""The store and the conditions that a notebook names."""

from __future__ import annotations

from pathlib import Path

import pytest

import marsmedia
from marsmedia import RequestError
from processors.metadata import Metadata
from processors.metadata.evidence import Evidence
from tests.helpers.made_media import MediaMaker
from tests.helpers.runs import ingest


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("open")
    for release, may in (("june", "true"), ("july", "false")):
        (folder / "raw" / release).mkdir(parents=True)
        MediaMaker(folder / "raw" / release).video(f"{release}.mp4", [0, 1, 2] if may == "true" else [0, 1])
        (folder / "raw" / release / "release.toml").write_text(f"redistribute = {may}\n")
    ingest(folder / "raw", folder / "store", {"audio": (), "video": (Metadata(), Evidence()), "photo": ()})
    return folder / "store"


def test_without_a_folder_the_store_of_the_commands_is_opened(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MARSMEDIA_STORE", raising=False)
    with pytest.raises(RequestError, match=r"^no store found at processed; "):
        marsmedia.open()
    (tmp_path / "marsmedia.toml").write_text(f'store = "{store}"\n')
    assert marsmedia.open().folder == store
    monkeypatch.setenv("MARSMEDIA_STORE", "elsewhere")
    with pytest.raises(RequestError, match=r"^no store found at elsewhere; "):
        marsmedia.open()
    assert marsmedia.open(store).folder == store


@pytest.mark.parametrize(("may", "name"), [(True, "june.mp4"), ("true", "june.mp4"), (False, "july.mp4")])
def test_a_condition_takes_true_and_false_as_python_has_them(store: Path, may: bool, name: str) -> None:
    assert [one.name for one in marsmedia.open(store).sources(redistribute=may)] == [name]


def test_a_name_with_spaces_that_is_not_quoted_is_told_to_be_put_in_quotes(store: Path) -> None:
    view = marsmedia.open(store)
    with pytest.raises(
        RequestError, match=r"^june/01: no such source .*; put a name with spaces in quotes, or give a "
    ):
        view.sources("june/01 landing.mp4")
    for words in ("june/01", ["june/01 landing.mp4"]):
        with pytest.raises(RequestError, match="no such source") as told:
            view.sources(words)
        assert "quotes" not in str(told.value)
