"""Runs over one release: its files have the releases and paths that a run over the folder of releases gives them."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Iterable
from pathlib import Path

import pytest

from flows.cli.watch import KnownReleases, known_releases, look
from flows.run.checking.check_store import hash_all
from flows.run.planning import prepare
from flows.run.reporting.report import Report
from processors.engine.wanted_results import Recipes
from processors.errors import RequestError
from processors.metadata import Metadata
from processors.metadata.evidence import Evidence
from processors.photo.photo_preview import PhotoPreview
from processors.store.catalogue.catalogue import Catalogue
from processors.store.open_store import open_store
from processors.store.store import Store
from tests.helpers.buckets import client
from tests.helpers.command import in_this_process
from tests.helpers.pack_store import picture
from tests.helpers.runs import counts, ingest

RECIPES: Recipes = {"photo": (Metadata(), Evidence(), PhotoPreview()), "video": (), "audio": ()}
ALL = [
    ("july/photos/one.jpg", "july"),
    ("july/release.toml", "july"),
    ("june/cover.jpg", "june"),
    ("june/photos/one.jpg", "june"),
    ("june/release.toml", "june"),
    ("june/声音 记录/02 火星.jpg", "june"),
]
JUNE = [one for one in ALL if one[1] == "june"]


class Place:
    """A folder with two releases that have a folder of the same name, and a store."""

    def __init__(self, folder: Path) -> None:
        self.raw, self.store_folder = folder / "raw", folder / "store"
        for number, (relative, release) in enumerate(ALL):
            path = self.raw / relative
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.suffix == ".jpg":
                path.write_bytes(picture(64 + number, 48, number))
            else:
                path.write_text(f'title = "Of {release}"\nredistribute = true\ncredit = "A"\nrights = "PD"\n')

    @property
    def store(self) -> Store:
        return Store(self.store_folder)

    def ingest(self, *folders: str, **options: object) -> list[Report]:
        return [ingest(self.raw / folder, self.store_folder, RECIPES, **options) for folder in folders]

    def rows(self) -> list[tuple[str, str]]:
        return sorted((row.relative, row.release) for row in Catalogue(self.store).sources().values())

    def view(self) -> list[str]:
        """Folders of the by-name view that hold links."""
        view = self.store.by_name_folder
        return sorted({str(path.parent.relative_to(view)) for path in view.rglob("*") if path.is_symlink()})

    def fill_as_before(self, *releases: str) -> None:
        """Fill the store as earlier versions did, where `marsmedia ingest` was given each of these releases."""
        self.ingest(*releases)
        rows = []
        for row in Catalogue(self.store).sightings():
            release, _, inside = row.relative.partition("/")
            first = inside.partition("/")[0] if "/" in inside else release
            rows.append(dataclasses.replace(row, release=first, relative=inside, raw_part=None))
        Catalogue(self.store).add_sources(rows)
        shutil.rmtree(self.store.by_name_folder)
        assert in_this_process("rebuild", "--store", self.store_folder).returncode == 0


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def changes(reports: Iterable[Report]) -> list[str]:
    return sorted(f"{one.kind} {one.file}" for report in reports for one in report.changes)


@pytest.mark.parametrize("order", [("june", ""), ("", "june"), ("june", "july", "june", ""), ("july", "", "june")])
def test_a_run_over_a_release_and_one_over_all_can_be_mixed_on_one_store(place: Place, order: tuple[str, ...]) -> None:
    reports = place.ingest(*order)
    assert place.rows() == ALL
    assert (changes(reports), [one.state for one in reports]) == ([], ["completed"] * len(order))
    assert place.view() == [
        "july/photos/one.jpg",
        "june/cover.jpg",
        "june/photos/one.jpg",
        "june/声音 记录/02 火星.jpg",
    ]
    assert sum(one.results.made for one in reports) == 12, "each result once"


def test_a_run_over_a_release_takes_in_only_that_release(place: Place) -> None:
    (report,) = place.ingest("june")
    assert (report.files, place.rows()) == (4, JUNE)


def test_a_release_named_through_a_link_or_from_inside_is_the_same(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.ingest("june")
    (place.raw.parent / "link").symlink_to(place.raw / "june")
    monkeypatch.chdir(place.raw / "june")
    for raw in (place.raw.parent / "link", Path()):
        assert counts(ingest(raw, place.store_folder, RECIPES)) == (0, 0, 9, 0, 0)
    assert place.rows() == JUNE


def test_a_store_that_an_earlier_version_filled_wrongly_is_corrected_without_reading_a_file(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.fill_as_before("june", "july")
    assert ("photos/one.jpg", "photos") in place.rows()
    assert any("~" in name for name in place.view()), "two releases have a folder of the same name"
    seen = {row.path: (row.digest, row.seen_utc) for row in Catalogue(place.store).sightings()}
    monkeypatch.setattr(prepare, "inspect_all", lambda *_: pytest.fail("no file is to be hashed"))
    (report,) = place.ingest("")
    assert report.message.startswith(
        "1 file of photos belongs to the release july now; "
        "2 files of photos, 声音 记录 belong to the release june now; completed"
    )
    assert (changes([report]), report.results.made) == ([], 0)
    place.ingest("july")
    assert place.rows() == ALL
    assert place.view() == [
        "july/photos/one.jpg",
        "june/cover.jpg",
        "june/photos/one.jpg",
        "june/声音 记录/02 火星.jpg",
    ]
    assert {row.path: (row.digest, row.seen_utc) for row in Catalogue(place.store).sightings()} == seen
    assert in_this_process("rebuild", "--store", place.store_folder).returncode == 0
    assert place.rows() == ALL


def test_what_is_gone_from_a_store_filled_wrongly_is_reported_at_its_place_in_the_release(place: Place) -> None:
    place.fill_as_before("june")
    (place.raw / "june/photos/one.jpg").rename(place.raw / "june/photos/renamed.jpg")
    (place.raw / "june/cover.jpg").unlink()
    reports = place.ingest("")
    assert changes(reports) == ["moved june/photos/one.jpg", "withdrawn june/cover.jpg"]
    rows = [row for row in Catalogue(place.store).sightings() if row.release != "july"]
    assert {(row.relative, row.release, row.gone_utc is None) for row in rows} == {
        ("june/cover.jpg", "june", False),
        ("june/release.toml", "june", True),
        ("june/photos/one.jpg", "june", False),
        ("june/photos/renamed.jpg", "june", True),
        ("june/声音 记录/02 火星.jpg", "june", True),
    }
    (problem,) = [one for one in reports[0].problems if one.verdict == "withdrawn"]
    assert problem.file == "june/cover.jpg"


def test_a_renamed_file_stays_in_its_release(place: Place) -> None:
    place.ingest("")
    (place.raw / "june/photos/one.jpg").rename(place.raw / "june/photos/two.jpg")
    (report,) = place.ingest("june")
    assert [(one.file, one.elsewhere) for one in report.changes] == [("june/photos/one.jpg", "june/photos/two.jpg")]
    assert ("june/photos/two.jpg", "june") in place.rows()


def test_a_run_over_one_release_withdraws_nothing_of_another(place: Place) -> None:
    place.ingest("")
    shutil.rmtree(place.raw / "july")
    assert changes(place.ingest("june")) == []
    assert place.rows() == ALL
    assert changes(place.ingest("")) == ["withdrawn july/photos/one.jpg", "withdrawn july/release.toml"]


def test_a_release_without_description_stays_that_which_an_earlier_run_found(place: Place) -> None:
    (place.raw / "july/release.toml").unlink()
    place.ingest("")
    (place.raw / "july/more").mkdir()
    (place.raw / "july/more/new.jpg").write_bytes(picture(80, 60, 9))
    reports = place.ingest("july", "july")
    assert (changes(reports), reports[0].files) == ([], 2)
    assert [one for one in place.rows() if one[1] == "july"] == [
        ("july/more/new.jpg", "july"),
        ("july/photos/one.jpg", "july"),
    ]


@pytest.mark.parametrize("order", [("june",), ("june", ""), ("july", "june")])
def test_a_folder_in_raw_is_a_release_before_it_is_described(place: Place, order: tuple[str, ...]) -> None:
    (place.raw / "june/release.toml").unlink()
    reports = place.ingest(*order)
    assert (changes(reports), [one.state for one in reports]) == ([], ["completed"] * len(order))
    undescribed = [one for one in JUNE if one[0] != "june/release.toml"]
    assert [one for one in place.rows() if one[1] == "june"] == undescribed
    (place.raw / "june/release.toml").write_text('title = "Of june"\n')
    (report,) = place.ingest("june")
    assert ([one for one in place.rows() if one[1] == "june"], changes([report])) == (JUNE, [])


def test_a_folder_beside_releases_is_one_where_their_folder_was_taken_in_as_a_whole(place: Place) -> None:
    work = place.raw.rename(place.raw.with_name("work"))
    (work / "june/release.toml").unlink()
    alone = ingest(work / "june", place.store_folder, RECIPES)
    assert {release for _, release in place.rows()} == {"june", "photos", "声音 记录"}
    assert alone.state == "completed"
    shutil.rmtree(place.store_folder)
    shutil.move(work / "june", work.parent / "later")
    ingest(work, place.store_folder, RECIPES)
    shutil.move(work.parent / "later", work / "june")
    ingest(work / "june", place.store_folder, RECIPES)
    assert {release for _, release in place.rows()} == {"july", "june"}


def test_a_folder_of_releases_without_descriptions_stays_one(place: Place) -> None:
    for release in ("june", "july"):
        (place.raw / release / "release.toml").unlink()
    place.ingest("")
    assert {release for _, release in place.rows()} == {"june", "july"}


def test_a_release_inside_a_folder_of_releases_has_the_paths_of_the_widest_run(place: Place) -> None:
    (place.raw / "2021").mkdir()
    (place.raw / "june").rename(place.raw / "2021/june")
    place.ingest("2021/june")
    assert place.rows() == JUNE
    place.ingest("", "2021/june", "2021")
    assert place.rows() == sorted(
        (f"2021/{relative}" if release == "june" else relative, release) for relative, release in ALL
    )


def test_a_folder_that_gets_a_description_is_a_release_at_the_next_run(place: Place) -> None:
    place.ingest("")
    (place.raw / "june/photos/release.toml").write_text('title = "Photos"\n')
    (report,) = place.ingest("june")
    assert ("june/photos/one.jpg", "photos") in place.rows()
    assert report.message.startswith("1 file of june belongs to the release photos now; ")
    (place.raw / "june/photos/release.toml").unlink()
    place.ingest("")
    assert place.rows() == ALL


@pytest.mark.parametrize("name", ["raw", "incoming"])
def test_a_description_at_the_top_of_the_folder_of_releases_describes_all_of_them(place: Place, name: str) -> None:
    place.raw = place.raw.rename(place.raw.with_name(name))
    (place.raw / "release.toml").write_text('title = "All"\n')
    for release in ("june", "july"):
        (place.raw / release / "release.toml").unlink()
    expected = sorted([*(one for one in ALL if "toml" not in one[0]), ("release.toml", name)])
    reports = place.ingest("", "june", "")
    doubt = (
        f"{place.raw}/release.toml describes the releases july, june; if {place.raw} is one release, "
        "run `marsmedia ingest` on the folder that holds it; "
    )
    assert [doubt in report.message for report in reports] == [True, False, False]
    assert (changes(reports), place.rows()) == ([], expected)
    ingest(place.raw.parent, place.store_folder, RECIPES)
    ours = [one for one in place.rows() if one[0].startswith(f"{name}/")]
    assert ours == [(f"{name}/{relative}", name) for relative, _ in expected]


def test_a_known_folder_of_releases_stays_one_when_it_is_described_and_has_media(place: Place) -> None:
    (place.raw / "july/release.toml").unlink()
    (place.raw / "top.jpg").write_bytes(picture(80, 60, 9))
    place.ingest("")
    before = place.rows()
    (place.raw / "release.toml").write_text('title = "All"\n')
    reports = place.ingest("", "june", "july", "")
    assert (changes(reports), place.rows()) == ([], sorted([*before, ("release.toml", "raw")]))
    assert not any("release.toml describes" in report.message for report in reports)


def test_a_folder_that_an_earlier_version_took_for_a_folder_of_releases_stays_one_until_a_wider_run(
    place: Place,
) -> None:
    place.fill_as_before("june")
    before = place.rows()
    (report,) = place.ingest("june")
    assert (report.state, report.results.made, place.rows()) == ("completed", 0, before)
    place.ingest("", "june")
    assert place.rows() == ALL


@pytest.mark.parametrize("sign", ["in raw", "in RAW", "beside another", "beside one that runs have seen"])
def test_a_described_folder_with_media_in_folders_only_is_one_release(
    place: Place, sign: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place.raw / "june/cover.jpg").unlink()
    if sign != "in raw":
        place.raw = place.raw.rename(place.raw.with_name("releases"))
    if sign == "in RAW":
        monkeypatch.setenv("MARSMEDIA_RAW", str(place.raw))
    if sign == "beside one that runs have seen":
        place.ingest("july")
    if sign != "beside another":
        (place.raw / "july/release.toml").unlink()
    place.ingest("june")
    assert [one for one in place.rows() if one[0].startswith("june")] == [one for one in JUNE if "cover" not in one[0]]


def test_a_described_folder_with_described_folders_holds_releases(place: Place) -> None:
    place.raw = place.raw.rename(place.raw.with_name("releases"))
    (place.raw / "release.toml").write_text('title = "All"\n')
    (report,) = place.ingest("")
    assert report.message.startswith("completed")
    assert place.rows() == sorted([*ALL, ("release.toml", "releases")])


@pytest.mark.parametrize("is_known", [True, False])
def test_a_part_of_a_release_is_refused(place: Place, *, is_known: bool) -> None:
    place.ingest(*(("",) if is_known else ()))
    part, release = place.raw / "june/photos", place.raw / "june"
    for words in ((), ("--dry-run",)):
        done = in_this_process("ingest", part, "--store", place.store_folder, *words)
        assert (done.returncode, done.stderr.splitlines()[-1]) == (
            2,
            f"marsmedia: {part}: a part of the release {release}; name that folder, or the one that holds the releases",
        )
    if is_known:
        (place.raw / "july/release.toml").unlink()
        with pytest.raises(RequestError, match=r"july/photos: a part of the release .*july; name that folder"):
            place.ingest("july/photos")


def test_a_file_of_another_program_above_the_releases_does_not_describe_them(place: Place) -> None:
    (place.raw.parent / "release.toml").write_text('shared-version = true\n[[pre-release-replacements]]\nfile = "x"\n')
    (place.raw / "july/release.toml").unlink()
    place.ingest("")
    assert place.rows() == [one for one in ALL if one[0] != "july/release.toml"]


def test_shards_of_both_runs_have_the_same_files(place: Place) -> None:
    place.fill_as_before("june")
    for folder in ("june", ""):
        assert not changes(one for number in (1, 2, 3) for one in place.ingest(folder, shard=f"{number}/3"))
    assert place.rows() == ALL


def test_a_dry_run_plans_what_the_run_makes_and_corrects_nothing(place: Place) -> None:
    place.fill_as_before("june")
    before = place.rows()
    done = in_this_process("ingest", place.raw / "june", "--store", place.store_folder, "--dry-run")
    assert (done.returncode, place.rows()) == (0, before)


def test_runs_over_a_release_and_over_all_find_that_nothing_has_changed(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place.raw / "july/release.toml").unlink()
    place.ingest("", "june", "july", "", "june", "july")
    monkeypatch.setattr(prepare, "make_plan", lambda *_, **__: pytest.fail("nothing is to be planned"))
    assert [one.results.reused for one in place.ingest("", "june", "july")] == [12, 9, 3]


def test_watch_groups_files_by_the_releases_of_the_store(place: Place) -> None:
    (place.raw / "july/release.toml").unlink()
    place.ingest("")
    for folder in ("june", "july"):
        known = known_releases(place.raw / folder, place.store_folder)
        assert known == KnownReleases(names=frozenset([folder]), root=place.raw, border=place.raw)
        assert set(look(place.raw / folder, known.root, known.border)) == {folder}
    (place.raw / "june/photos/new.jpg").write_bytes(picture(80, 60, 9))
    assert changes(place.ingest("june", releases=("june",))) == []
    assert ("june/photos/new.jpg", "june") in place.rows()


def test_watch_knows_the_releases_of_an_earlier_version(place: Place) -> None:
    place.fill_as_before("june")
    assert known_releases(place.raw / "june", place.store_folder) == KnownReleases(
        names=frozenset(["june", "photos", "声音 记录"]), root=place.raw / "june", border=place.raw / "june"
    )


def test_only_the_release_that_was_ingested_counts_as_raw(place: Place) -> None:
    place.ingest("june")
    found, told = hash_all(place.store, which="raw"), place.raw.parent / "told"
    assert (found.masters, found.faults, found.new) == (4, [], []), "july is no concern of this store"
    (place.raw / "release.toml").write_text('title = "Of a folder that no run has surveyed"\n')
    words = ("pack", "release=june", "--audience", "press", "--title", "June", "--store", place.store_folder)
    assert in_this_process(*words, "-o", place.raw / "pack").stderr == ""
    inside = in_this_process(*words, "-o", place.raw / "june/pack")
    assert (inside.returncode, "inside the releases" in inside.stderr) == (2, True)
    (place.raw / "june").rename(told)
    failures = in_this_process("failures", "--store", place.store_folder).stdout
    assert f"{place.raw}/june" in failures
    assert "its 4 files were not found: mount it" in failures


def test_a_release_that_was_moved_or_renamed_keeps_its_history(place: Place) -> None:
    place.ingest("june")
    seen = sorted(row.seen_utc for row in Catalogue(place.store).sightings())
    (place.raw / "june").rename(place.raw / "june-2021")
    reports = place.ingest("june-2021")
    assert f"moved: {place.raw}/june is now {place.raw}/june-2021 (june: 4 files" in reports[0].message
    assert changes(reports) == []
    assert place.rows() == [(one.replace("june/", "june-2021/"), "june-2021") for one, _ in JUNE]
    assert place.view() == [f"june-2021/{name}" for name in ("cover.jpg", "photos/one.jpg", "声音 记录/02 火星.jpg")]
    assert sorted(row.seen_utc for row in Catalogue(place.store).sightings()) == seen
    other = place.raw.parent / "other"
    other.mkdir()
    (place.raw / "june-2021").rename(other / "june-2021")
    ingest(other, place.store_folder, RECIPES)
    assert [row.folder for row in Catalogue(place.store).sightings()] == [str(other)] * 4


def test_a_release_in_a_bucket_is_named_as_in_a_folder(place: Place, bucket: str, bucket_server: str) -> None:
    for path in place.raw.rglob("*.*"):
        key = f"mars/raw/{path.relative_to(place.raw)}"
        client(bucket_server).put_object(Bucket=bucket, Key=key, Body=path.read_bytes())
    address = f"s3://{bucket}/mars/raw"
    for number, order in enumerate((("/june", "", "/june/"), ("", "/june"), ("/june", "/july"))):
        store = place.store_folder.with_name(f"store{number}")
        reports = [ingest(address + folder, store, RECIPES) for folder in order]  # type: ignore[operator]
        rows = Catalogue(open_store(store)).sightings()
        assert sorted((row.relative, row.release) for row in rows) == ALL
        assert (changes(reports), sum(one.results.made for one in reports)) == ([], 12)
    with pytest.raises(RequestError, match=r"june/photos: a part of the release s3://.*/raw/june; name that"):
        ingest(f"{address}/june/photos", store, RECIPES)  # type: ignore[arg-type]


def test_a_whole_bucket_holds_releases(place: Place, bucket: str, bucket_server: str) -> None:
    for path in (place.raw / "june").rglob("*.*"):
        key = str(path.relative_to(place.raw / "june"))
        client(bucket_server).put_object(Bucket=bucket, Key=key, Body=path.read_bytes())
    ingest(f"s3://{bucket}", place.store_folder, RECIPES)  # type: ignore[arg-type]
    assert place.rows() == [
        ("cover.jpg", bucket),
        ("photos/one.jpg", "photos"),
        ("release.toml", bucket),
        ("声音 记录/02 火星.jpg", "声音 记录"),
    ]


def link_out_of_june(place: Place) -> None:
    (place.raw / "june/inside.jpg").symlink_to(place.raw / "june/cover.jpg")
    (place.raw / "june/link.jpg").symlink_to(place.raw / "july/photos/one.jpg")
    (place.raw / "june/outside.jpg").symlink_to(place.raw.parent / "elsewhere.jpg")
    (place.raw.parent / "elsewhere.jpg").write_bytes(picture(80, 60, 9))


def test_links_are_followed_inside_the_widest_folder_that_was_given_to_a_run(place: Place) -> None:
    link_out_of_june(place)
    refused = [{one.file: one.reason for one in report.problems} for report in place.ingest("june", "", "june")]
    outside = "link points outside the release: replace it with a copy of the file"
    assert refused[0] == {"june/link.jpg": outside, "june/outside.jpg": outside}
    assert refused[1:] == [{"june/outside.jpg": outside}] * 2
    assert {("june/inside.jpg", "june"), ("june/link.jpg", "june")} < set(place.rows())


def test_a_release_that_was_moved_takes_nothing_from_the_folders_around_its_new_place(place: Place) -> None:
    place.ingest("")
    home = place.raw.parent / "home"
    home.mkdir()
    (place.raw / "june").rename(home / "june")
    shutil.rmtree(place.raw)
    (home / "private.jpg").write_bytes(picture(80, 60, 9))
    (home / "june/link.jpg").symlink_to(home / "private.jpg")
    for _ in range(2):
        report = ingest(home / "june", place.store_folder, RECIPES)
        assert "june/link.jpg" in [one.file for one in report.problems]
    rows = [row for row in Catalogue(place.store).sources().values() if row.path.startswith(f"{home}/")]
    assert sorted((row.relative, row.raw_part) for row in rows) == [(relative, "june") for relative, _ in JUNE]
    known = known_releases(home / "june", place.store_folder)
    assert (known.root, known.border) == (home, home / "june")


def test_a_release_whose_folder_is_empty_or_missing_is_not_withdrawn(place: Place) -> None:
    place.ingest("june")
    shutil.move(place.raw / "june", place.raw.parent / "away")
    missing = in_this_process("ingest", place.raw / "june", "--store", place.store_folder)
    assert (missing.returncode, "the store knows 4 files from it: is its disk mounted?" in missing.stderr) == (2, True)
    (place.raw / "june").mkdir()
    (report,) = place.ingest("june")
    assert (report.state, changes([report])) == ("failed", [])
    assert f"0 files in {place.raw}/june, where an earlier run found 4: is it mounted?" in report.message
    assert place.rows() == JUNE
    (place.raw / "june").rmdir()
    shutil.move(place.raw.parent / "away", place.raw / "june")
    assert (changes(place.ingest("june")), place.rows()) == ([], JUNE)
