"""Sources with all their results are compared once each, and whatever changes is seen all the same."""

from __future__ import annotations

import dataclasses
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from processors.engine.wanted_results import Recipes
from processors.metadata import Metadata
from processors.metadata.evidence import Evidence
from processors.photo.photo_preview import PhotoPreview
from processors.store.catalogue.catalogue import Catalogue
from processors.store.catalogue.complete_sources import (
    FILE,
    CompleteSource,
    add_complete,
    forget_complete,
    read_complete,
)
from processors.store.catalogue.rebuild_catalogue import rebuild_catalogue
from processors.store.store import Store
from tests.helpers.made_media import MediaMaker
from tests.helpers.runs import counts, ingest

RECIPES: Recipes = {"photo": (Metadata(), Evidence(), PhotoPreview()), "video": (), "audio": ()}


@pytest.fixture
def store(raw: Path, maker: MediaMaker, tmp_path: Path) -> Store:
    """Two photos with all their results, which a second run finds complete."""
    maker.photo("a.jpg")
    maker.photo("b.png")
    assert counts(ingest(raw, tmp_path / "store", RECIPES)) == (6, 6, 0, 0, 0)
    store = Store(tmp_path / "store")
    assert {one.result_count for one in read_complete(store).values()} == {3}
    assert counts(ingest(raw, store.root, RECIPES)) == (0, 0, 6, 0, 0)
    return store


def digest(store: Store, name: str) -> str:
    return next(row.digest for row in Catalogue(store).sources().values() if row.name == name)


_opened: list[list[str]] = []
"""Lists to which the names of opened files are added; an audit hook stays to the end of the process."""


@contextmanager
def files_opened() -> Iterator[list[str]]:
    """Give a list of the files that this process opens meanwhile."""
    if not _opened:
        sys.addaudithook(lambda event, given: _opened[-1].append(str(given[0])) if event == "open" else None)
    _opened.append([])
    try:
        yield _opened[-1]
    finally:
        _opened.append([])


def test_a_new_source_opens_no_record_of_the_others(raw: Path, store: Store, maker: MediaMaker) -> None:
    others = [digest(store, "a.jpg"), digest(store, "b.png")]
    maker.photo("c.jpg", size=(90, 70))
    with files_opened() as names:
        assert counts(ingest(raw, store.root, RECIPES)) == (3, 3, 6, 0, 0)
    assert [name for name in names if digest(store, "c.jpg") in name]
    assert [name for name in names if any(other in name for other in others)] == []


def test_a_settled_source_is_not_planned(raw: Path, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise AssertionError("a complete source was planned")

    monkeypatch.setattr("processors.engine.wanted_results.wanted_of", fail)
    assert counts(ingest(raw, store.root, RECIPES)) == (0, 0, 6, 0, 0)


@pytest.mark.parametrize("lost", ["manifest.json", "its folder", "its processor's folder", "all results"])
def test_a_missing_result_is_made_again(raw: Path, store: Store, lost: str) -> None:
    source = Path(store.source_folder(digest(store, "a.jpg")))
    (result,) = (source / "photo.preview").iterdir()
    if lost == "manifest.json":
        (result / lost).unlink()
    else:
        gone = {"its folder": result, "its processor's folder": result.parent, "all results": source}[lost]
        shutil.rmtree(gone)
    made = 3 if lost == "all results" else 1
    assert counts(ingest(raw, store.root, RECIPES)) == (made, made, 6 - made, 0, 0)
    assert counts(ingest(raw, store.root, RECIPES)) == (0, 0, 6, 0, 0)


def test_a_changed_parameter_and_a_raised_version_are_due(
    raw: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = dataclasses.replace(PhotoPreview(), longest_sides_px=(100,))
    assert counts(ingest(raw, store.root, {**RECIPES, "photo": (Metadata(), Evidence(), changed)})) == (2, 2, 4, 0, 0)
    assert counts(ingest(raw, store.root, RECIPES)) == (0, 0, 6, 0, 0)
    monkeypatch.setattr(Metadata, "version", Metadata.version + 1)
    assert counts(ingest(raw, store.root, RECIPES)) == (4, 4, 2, 0, 0)  # the evidence builds on it


def test_a_new_statement_a_sidecar_and_a_second_place_are_due(raw: Path, store: Store, maker: MediaMaker) -> None:
    (raw / "june/release.toml").write_text('title = "June"\n')
    report = ingest(raw, store.root, RECIPES)
    assert counts(report) == (2, 2, 4, 0, 0), report.problems
    assert counts(ingest(raw, store.root, RECIPES)) == (0, 0, 6, 0, 0)
    sidecar = (
        "<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>"
        "<rdf:Description xmlns:xmp='http://ns.adobe.com/xap/1.0/' xmp:Label='x'/></rdf:RDF></x:xmpmeta>"
    )
    (raw / "june/a.xmp").write_text(sidecar)
    assert counts(ingest(raw, store.root, RECIPES))[0] >= 1
    (raw / "july").mkdir()
    (raw / "july/release.toml").write_text('title = "July"\n')
    shutil.copy(raw / "june/b.png", raw / "july/other.png")
    assert counts(ingest(raw, store.root, RECIPES)) == (1, 1, 6, 0, 0)


def test_a_renamed_source_moves_in_the_view_and_is_settled_again(raw: Path, store: Store) -> None:
    (raw / "june/a.jpg").rename(raw / "june/c.jpg")
    report = ingest(raw, store.root, RECIPES)
    assert [str(change) for change in report.changes] == ["moved: june/a.jpg is now june/c.jpg"]
    view = store.by_name_folder / "june"
    assert sorted(path.name for path in view.iterdir()) == ["b.png", "c.jpg"]
    assert len(read_complete(store)) == 2


@pytest.mark.parametrize("taken_by", ["a complete file", "a new file"])
def test_two_files_of_one_place_in_the_view_have_a_folder_each(
    raw: Path, store: Store, maker: MediaMaker, taken_by: str
) -> None:
    """`a.jpg` is complete; what `a<.jpg` and `a>.jpg` are called in the view is the same."""
    if taken_by == "a complete file":
        maker.photo("a<.jpg", size=(90, 70))
        ingest(raw, store.root, RECIPES)
        assert len(read_complete(store)) == 3
    maker.photo("a>.jpg", size=(70, 90))
    if taken_by == "a new file":
        maker.photo("a<.jpg", size=(90, 70))
    ingest(raw, store.root, RECIPES)
    places = sorted(path.name for path in (store.by_name_folder / "june").iterdir())
    assert places == ["a.jpg", "a_.jpg", f"a_.jpg~{digest(store, 'a>.jpg')[:8]}", "b.png"]
    for name, place in {"a<.jpg": "a_.jpg", "a>.jpg": f"a_.jpg~{digest(store, 'a>.jpg')[:8]}"}.items():
        link = store.by_name_folder / "june" / place / "photo.preview"
        assert link.resolve().parent.parent == Path(store.source_folder(digest(store, name))).resolve()


def test_a_source_with_pruned_results_is_planned_again(raw: Path, store: Store) -> None:
    changed = dataclasses.replace(PhotoPreview(), longest_sides_px=(100,))
    ingest(raw, store.root, {**RECIPES, "photo": (Metadata(), Evidence(), changed)})
    known = read_complete(store)
    forget_complete(store, [digest(store, "a.jpg")])
    assert read_complete(store).keys() == known.keys() - {digest(store, "a.jpg")}
    assert counts(ingest(raw, store.root, RECIPES)) == (0, 0, 6, 0, 0)
    rebuild_catalogue(store)
    assert counts(ingest(raw, store.root, RECIPES)) == (0, 0, 6, 0, 0)
    assert read_complete(store).keys() == known.keys()


def test_a_deleted_view_is_made_again(raw: Path, store: Store) -> None:
    shutil.rmtree(store.by_name_folder)
    ingest(raw, store.root, RECIPES)
    assert sorted(path.name for path in (store.by_name_folder / "june").iterdir()) == ["a.jpg", "b.png"]


def test_a_line_cut_off_by_a_crash_is_not_used_and_old_lines_are_removed(store: Store) -> None:
    path = store.catalogue_folder / FILE
    held = read_complete(store)
    path.write_text(path.read_text().rstrip(".\n"))
    assert len(read_complete(store)) == 1
    for one in [*held.values()] * 4:
        add_complete(store, [dataclasses.replace(one, fingerprint="0" * 32)])
    assert read_complete(store) == {
        key: CompleteSource(digest=key, fingerprint="0" * 32, folders=one.folders) for key, one in held.items()
    }
    assert len([line for line in path.read_text().splitlines() if line]) <= 4
