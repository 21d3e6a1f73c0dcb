"""A name that a user writes means the file whose name differs from it in Unicode form only, as Macs write names."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from flows.cli.main import main
from processors.containers.text.sidecar import SIDECAR
from processors.engine.release_index import ReleaseIndex
from processors.errors import RequestError
from processors.store.catalogue.catalogue import Catalogue
from processors.store.catalogue.selection import parse, select
from processors.store.catalogue.source_row import SourceRow
from tests.helpers.releases import RECIPES, Releases
from tests.helpers.runs import ingest
from tests.store.test_store import source_row

NAME = "Übersicht é ガ.jpg"
NFC, NFD = (unicodedata.normalize(form, NAME) for form in ("NFC", "NFD"))
FORMS = [(NFC, NFD), (NFD, NFC)]
HEAD = 'title = "June"\ncredit = "ESA"\nrights = "CC BY 4.0"\nredistribute = true\n'


def entry(name: str, words: str = 'title = "Übersicht"\ncredit = "Someone"\nredistribute = false\n') -> str:
    return f'[[file]]\npath = "{name}"\n{words}'


@pytest.fixture
def releases(tmp_path: Path) -> Releases:
    return Releases(tmp_path)


def run(releases: Releases, *words: str | Path) -> tuple[int, str]:
    found = CliRunner().invoke(main, [*map(str, words), "--store", str(releases.store_folder)])
    return found.exit_code, found.output


def words_of(releases: Releases, name: str) -> tuple[str | None, str | None, bool | None]:
    (row,) = (row for row in Catalogue(releases.store).sources().values() if row.relative == f"june/{name}")
    one = releases.subject(row.digest)
    return one.title.best(), one.credit, one.redistribute


@pytest.mark.parametrize(("written", "on_disk"), FORMS)
def test_an_entry_counts_for_its_file_in_another_form(releases: Releases, written: str, on_disk: str) -> None:
    releases.add("june", HEAD + entry(f"Médias/{written}"), f"Médias/{on_disk}")
    assert ingest(releases.raw, releases.store_folder, RECIPES).problems == ()
    assert words_of(releases, f"Médias/{on_disk}") == ("Übersicht", "Someone", False)
    with pytest.raises(RequestError, match="states redistribute = false"):
        releases.pack("release=june")
    target = releases.raw / "june/release.toml"
    assert run(releases, "release", "check", target.parent) == (0, f"{target}: 1 file described, no mistakes\n")
    said = f"{target}: nothing is missing, and nothing was changed; a new template: --force\n"
    assert run(releases, "release", "init", target.parent) == (0, said)


@pytest.mark.parametrize(("written", "on_disk"), FORMS)
def test_two_entries_in_two_forms_name_a_file_twice_and_keep_what_one_forbids(
    releases: Releases, written: str, on_disk: str
) -> None:
    releases.add("june", HEAD + entry(written) + entry(on_disk, ""), on_disk)
    releases.ingest()
    with pytest.raises(RequestError, match="may not be redistributed"):
        releases.pack("release=june")
    code, said = run(releases, "release", "check", releases.raw / "june")
    assert (code, said) == (
        1,
        f"release.toml, line 11: path: named twice ({on_disk!r}, first on line 6); remove one of them\n",
    )


def test_two_files_that_differ_in_form_only_stay_apart(releases: Releases) -> None:
    releases.add("june", HEAD + entry(NFC, 'title = "C"\n') + entry(NFD, 'title = "D"\n'), NFC)
    releases.bytes += b"\0"
    releases.add("june", None, NFD)
    releases.ingest()
    assert [words_of(releases, name)[0] for name in (NFC, NFD)] == ["C", "D"]


@pytest.mark.parametrize(("first", "second"), FORMS)
def test_a_file_that_is_copied_again_in_another_form_keeps_its_entry(
    releases: Releases, first: str, second: str
) -> None:
    releases.add("june", HEAD + entry(first), first)
    releases.ingest()
    (releases.raw / "june" / first).rename(releases.raw / "june" / second)
    assert ingest(releases.raw, releases.store_folder, RECIPES).problems == ()
    assert words_of(releases, second) == ("Übersicht", "Someone", False)


@pytest.mark.parametrize(("written", "on_disk"), FORMS)
def test_a_file_that_is_renamed_keeps_an_entry_in_another_form(releases: Releases, written: str, on_disk: str) -> None:
    releases.add("june", HEAD + entry(written), on_disk)
    releases.ingest()
    (releases.raw / "june" / on_disk).rename(releases.raw / "june/final.jpg")
    for _ in range(2):
        releases.ingest()
        assert words_of(releases, "final.jpg") == ("Übersicht", "Someone", False)


@pytest.mark.parametrize(("written", "on_disk"), FORMS)
def test_a_selection_means_a_file_in_another_form(releases: Releases, written: str, on_disk: str) -> None:
    releases.add("june", HEAD, on_disk)
    releases.ingest()
    for word in (written, f"june/{written}", str(releases.raw / "june" / written), f"*{written[:3]}*.jpg"):
        (row,) = select(parse([word]), Catalogue(releases.store))
        assert row.name == on_disk
    (releases.raw / on_disk).mkdir()
    (releases.raw / on_disk / "x.jpg").write_bytes(releases.bytes + b"\0\0")
    releases.ingest()
    (row,) = select(parse([f"release={written}"]), Catalogue(releases.store))
    assert (row.release, row.name) == (on_disk, "x.jpg")
    code, said = run(releases, "show", written)
    assert (code, f"june/{on_disk}" in said) == (0, True)
    (releases.raw / "june" / on_disk).unlink()
    releases.add("june", None, "x.jpg")
    (releases.raw / "june/x.jpg").write_bytes(releases.bytes + b"\0")
    releases.ingest()
    assert written in run(releases, "failures", written)[1] or on_disk in run(releases, "failures", written)[1]
    code, said = run(releases, "release", "withdraw", written)
    assert (code, said.startswith(f"confirmed: june/{on_disk}: withdrawn since")) == (0, True)


def test_a_selection_tells_files_apart_that_differ_in_form_only(releases: Releases) -> None:
    releases.add("june", HEAD, NFC)
    releases.bytes += b"\0"
    releases.add("june", None, NFD)
    releases.ingest()
    catalogue = Catalogue(releases.store)
    assert [[row.name for row in select(parse([name]), catalogue)] for name in (NFC, NFD)] == [[NFC], [NFD]]


@pytest.mark.parametrize(("written", "on_disk"), FORMS)
def test_labels_sidecars_and_subtitles_are_of_a_file_in_another_form(written: str, on_disk: str) -> None:
    def row(name: str, kind: str, kind_of: str) -> SourceRow:
        one = source_row(f"/raw/june/{name}", name.encode().hex()[:64].ljust(64, "0"))
        return replace(one, kind=kind, format=kind_of, medium="video" if kind == "media" else None)  # type: ignore

    stem, other = on_disk.removesuffix(".jpg"), written.removesuffix(".jpg")
    video = row(f"{stem}.mp4", "media", "MP4")
    label, sidecar = row(f"{other}.xml", "companion", "PDS4 label"), row(f"{other}.mp4.xmp", "companion", SIDECAR)
    subtitles = row(f"{other}.de.srt", "companion", "subtitles")
    rows = [video, label, sidecar, subtitles]
    assert ReleaseIndex(rows).companions_of(video) == sorted(rows[1:], key=lambda one: one.name)
    twin = row(f"{other}.mp4", "media", "MP4")
    index = ReleaseIndex([*rows, twin])
    assert index.companions_of(twin) == sorted(rows[1:], key=lambda one: one.name)
    own = row(f"{stem}.xml", "companion", "PDS4 label")
    index = ReleaseIndex([*rows, twin, own])
    assert (index.labels_of(video), index.labels_of(twin)) == ([own], [label])
