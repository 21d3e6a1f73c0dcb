"""Raw files are masters: what becomes of them is found out, told and kept."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import re
import shlex
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from flows.cli.main import main
from flows.run.checking.check_store import hash_all, hash_sample
from flows.run.planning.select import ReprocessRequest, prepare_chosen
from processors.engine.wanted_results import Recipes
from processors.errors import RequestError, StoreError
from processors.metadata import Metadata
from processors.metadata.evidence import Evidence
from processors.photo.photo_preview import PhotoPreview
from processors.store.catalogue.catalogue import Catalogue
from processors.store.catalogue.selection import parse, select
from processors.store.fixity.fixity_history import raw_checks
from processors.store.open_store import open_store
from processors.store.store import Store
from tests.helpers.made_media import MediaMaker
from tests.helpers.runs import ingest

RECIPES: Recipes = {"video": (), "audio": (), "photo": (Metadata(), PhotoPreview(), Evidence())}


class Raw:
    """A release with one photo, ingested."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.store = folder / "raw", folder / "store"
        (self.folder / "june").mkdir(parents=True)
        self.photo = MediaMaker(self.folder / "june").photo("photo.jpg", size=(80, 60))
        self.other = MediaMaker(folder).photo("other.jpg", size=(81, 60)).read_bytes()
        self.ingest()
        self.before = hashlib.sha256(self.photo.read_bytes()).hexdigest()
        self.after = hashlib.sha256(self.other).hexdigest()

    def ingest(self, **options: object) -> tuple[str, list[str]]:
        """State and what is told of changes."""
        report = ingest(self.folder, self.store, RECIPES, **options)
        return report.state, [str(change) for change in report.changes]

    def flip(self) -> str:
        """Change one byte and nothing that a look at the folder shows; gives the new digest."""
        seen = self.photo.stat()
        data = bytearray(self.photo.read_bytes())
        data[-10] ^= 1
        self.photo.write_bytes(data)
        os.utime(self.photo, ns=(seen.st_atime_ns, seen.st_mtime_ns))
        return hashlib.sha256(data).hexdigest()

    def replace(self) -> None:
        self.photo.write_bytes(self.other)

    def run(self, *words: str) -> tuple[int, list[str]]:
        """Exit code and lines of a command."""
        answer = CliRunner().invoke(main, [*words, "--store", str(self.store)])
        assert answer.exception is None or isinstance(answer.exception, SystemExit), answer.exception
        return answer.exit_code, answer.output.splitlines()


@pytest.fixture
def raw(tmp_path: Path) -> Raw:
    return Raw(tmp_path)


def test_verify_names_a_master_that_changed_with_its_old_date(raw: Raw) -> None:
    assert raw.run("verify")[0] == 0
    now = raw.flip()
    told = (
        f"changed: raw/june/photo.jpg: was {raw.before[:16]}... is {now[:16]}...; "
        "its size and date are unchanged: restore it from a copy"
    )
    for option in ("--raw-only", "--sample=100"):
        code, lines = raw.run("verify", option)
        assert (code, lines[0]) == (1, told)
    assert raw.run("verify", "--store-only")[0] == 0
    assert raw.run("verify", "--raw-only", "--store-only")[0] == 2


def test_verify_names_masters_that_are_missing_replaced_and_new(raw: Raw) -> None:
    (raw.folder / "june/second.jpg").write_bytes(raw.other)
    assert raw.run("verify") == (0, ["new: raw/june/second.jpg: not ingested yet", raw.run("verify")[1][-1]])
    raw.replace()
    assert "it was replaced after ingestion: run `marsmedia ingest` if this was intended" in raw.run("verify")[1][0]
    raw.photo.unlink()
    code, lines = raw.run("verify", "--raw-only")
    assert (code, lines[0].partition("...")[0]) == (1, f"missing: raw/june/photo.jpg: was {raw.before[:16]}")
    shutil.rmtree(raw.folder)
    code, lines = raw.run("verify", "--raw-only")
    assert (code, lines[0]) == (
        1,
        f"missing: {raw.folder}: its file was not found: "
        "mount it, or if it was moved, run `marsmedia ingest` on the new folder",
    )


def test_what_verify_finds_missing_or_replaced_is_a_problem_until_it_is_right(raw: Raw) -> None:
    (raw.folder / "june/second.jpg").write_bytes(raw.other)
    raw.ingest()
    whole, seen = raw.photo.read_bytes(), raw.photo.stat()
    (raw.folder / "june/second.jpg").unlink()
    raw.photo.write_bytes(b"x" + whole)
    since = f"first seen {Catalogue(Store(raw.store)).sources()[str(raw.photo)].seen_utc[:10]}"
    for option in ("--raw-only", "--sample=100"):
        assert raw.run("verify", option)[0] == 1
        assert [line for line in raw.run("failures")[1] if not line.startswith(" ")] == [
            f"missing: june/second.jpg: found missing by `marsmedia verify`; was {raw.after[:16]}..., {since}",
            f"replaced: june/photo.jpg: found replaced by `marsmedia verify`; was {raw.before[:16]}..., {since}",
            "2 files with problems",
        ]
        assert raw.run("failures")[1][2] == (
            "  to do: restore it from a copy, or mount its disk; if it was moved, remove its old folder where that is "
            "empty, and run `marsmedia ingest`; if it was removed on purpose, confirm it with `marsmedia release "
            "withdraw`"
        )
        assert "files with problems: 1 missing, 1 replaced; " in raw.run("status")[1][-2]
    raw.photo.write_bytes(whole)
    (raw.folder / "june/second.jpg").write_bytes(raw.other)
    assert raw.run("verify", "--raw-only")[0] == 0
    assert raw.run("failures")[1] == ["no files with problems"]
    raw.photo.unlink()
    assert raw.run("verify", "--raw-only")[0] == 1
    raw.photo.write_bytes(whole)
    os.utime(raw.photo, ns=(seen.st_atime_ns, seen.st_mtime_ns))
    restored = "restored: june/photo.jpg: its bytes are here again"
    assert raw.ingest() == ("completed", [restored])  # which looks, though size and date are the old ones
    assert raw.run("failures")[1] == ["no files with problems"]


def test_verify_resumes_the_masters_where_it_was_killed(raw: Raw) -> None:
    store = Store(raw.store)
    note = store.root / "checkups/unfinished.json"
    note.parent.mkdir()
    of = {"saved_utc": datetime.now(UTC).isoformat(), "of_store": str(raw.store.resolve())}
    state = {"after": "~", "results": 3, "after_master": str(raw.photo), "masters": 1, "faults": [], **of}
    raw.flip()
    note.write_text(json.dumps(state))
    done = hash_all(store)
    assert (done.results, done.masters, done.masters_before, done.faults) == (3, 1, 1, [])
    fault = {"path": "raw/june/photo.jpg", "kind": "changed", "reason": "x", "is_master": True}
    note.write_text(json.dumps({**state, "faults": [fault]}))
    assert [one.kind for one in hash_all(store).faults] == ["changed"]
    assert hash_sample(store, 100, 1, which="store").masters == 0


def test_hashing_all_reports_a_changed_master_and_makes_nothing_of_it(raw: Raw) -> None:
    now = raw.flip()
    told = f"changed: june/photo.jpg: was {raw.before[:16]}..., is {now[:16]}..."
    assert raw.ingest(hash_all=True) == ("failed", [told])
    assert raw.ingest(hash_all=True) == ("failed", [told])  # until somebody has looked at it
    assert [row.digest for row in Catalogue(Store(raw.store)).sightings()] == [raw.before]
    assert raw.ingest() == ("failed", [told])  # every run looks at it again
    os.utime(raw.photo)
    assert raw.ingest()[1] == [f"replaced: june/photo.jpg: was {raw.before[:16]}..., is {now[:16]}..."]


def test_every_command_names_a_changed_master_until_it_is_restored(raw: Raw) -> None:
    whole, now = raw.photo.read_bytes(), raw.flip()
    told = (
        f"its bytes have changed (was {raw.before[:16]}..., is {now[:16]}...), its size and date have not: "
        "restore it from a copy, or touch it so that it is ingested as a new file"
    )
    answer = CliRunner().invoke(
        main, ["ingest", str(raw.folder), "--store", str(raw.store), "--hash-all", "--dry-run", "--quiet"]
    )
    assert (answer.exit_code, answer.output.splitlines()[:2]) == (
        1,
        [f"changed: june/photo.jpg: {told}", "1 changed file, whose results are not counted here"],
    )
    raw.ingest(hash_all=True)
    assert raw.run("failures")[1] == [
        f"changed: june/photo.jpg: {told}",
        "  fault: of the file",
        "  to do: restore it from a copy, or touch it so that it is ingested as a new file",
        "1 file with problems",
    ]
    status = raw.run("status")[1]
    assert f"files with problems: 1 changed; for details: marsmedia failures --store {raw.store}" in status
    assert status[-1].startswith("last run: june/photo.jpg changed on disk; failed: of 0 results")
    assert f"  changed  {told}" in raw.run("show", "photo.jpg")[1]
    seen = raw.photo.stat()
    raw.photo.write_bytes(whole)
    os.utime(raw.photo, ns=(seen.st_atime_ns, seen.st_mtime_ns))
    assert raw.ingest() == ("completed", ["restored: june/photo.jpg: its bytes are here again"])
    assert raw.run("failures")[1] == ["no files with problems"]


@pytest.mark.parametrize("option", ["--raw-only", "--sample=100"])
def test_what_verify_finds_changed_is_known_to_every_command_until_it_is_restored(raw: Raw, option: str) -> None:
    whole, now = raw.photo.read_bytes(), raw.flip()
    told = (
        f"its bytes have changed (was {raw.before[:16]}..., is {now[:16]}...), its size and date have not: "
        "restore it from a copy, or touch it so that it is ingested as a new file"
    )
    assert raw.run("failures")[1] == ["no files with problems"]
    assert raw.run("verify", option)[0] == 1
    assert raw.run("failures")[1][0] == f"changed: june/photo.jpg: {told}"
    assert raw.ingest() == ("failed", [f"changed: june/photo.jpg: was {raw.before[:16]}..., is {now[:16]}..."])
    assert raw.run("verify", option)[0] == 1
    seen = raw.photo.stat()
    raw.photo.write_bytes(whole)
    os.utime(raw.photo, ns=(seen.st_atime_ns, seen.st_mtime_ns))
    assert raw.run("verify", option)[0] == 0
    assert raw.run("failures")[1] == ["no files with problems"]
    assert raw.ingest() == ("completed", [])


def test_nothing_is_made_of_a_changed_master_when_it_is_reprocessed(raw: Raw) -> None:
    now = raw.flip()
    raw.run("verify", "--raw-only")
    choice = ReprocessRequest(words=("photo.jpg",), processors=("photo.preview",), settings={"longest_sides_px": "40"})
    prepared = prepare_chosen(choice, Store(raw.store), retry_failed=False, remember=False)
    assert prepared.plan.all_due == []
    assert [(one.relative, one.reason) for one in prepared.unreadable] == [
        (
            "june/photo.jpg",
            f"its bytes have changed (was {raw.before[:16]}..., is {now[:16]}...), its size and date have not: restore "
            "it from a copy, or touch it so that it is ingested as a new file; then run `marsmedia ingest`",
        )
    ]
    (raw.folder / "july").mkdir()
    raw.flip()
    shutil.copy(raw.photo, raw.folder / "july/copy.jpg")
    raw.flip()
    raw.ingest()  # the same bytes, whole, at another place
    (one,) = prepare_chosen(choice, Store(raw.store), retry_failed=False, remember=False).plan.all_due
    assert one.file.path == raw.folder / "july/copy.jpg"


def test_a_replaced_file_is_reported_and_its_past_is_shown(raw: Raw) -> None:
    before = raw.photo.read_bytes()
    raw.replace()
    told = f"replaced: june/photo.jpg: was {raw.before[:16]}..., is {raw.after[:16]}..."
    assert raw.ingest() == ("completed", [told])
    assert raw.ingest() == ("completed", [])
    lines = raw.run("show", "photo.jpg")[1]
    assert f"  sha256   {raw.after}" in lines
    (past,) = [line for line in lines if line.startswith("  here ")]
    assert past.startswith(f"  here     also {raw.before} (20")
    assert " until 20" in past
    lines = raw.run("show", raw.before[:8])[1]
    assert "  gone     no longer in raw" in lines
    assert any(line.startswith(f"  here     now {raw.after} (since 20") for line in lines)
    raw.photo.write_bytes(before)
    told = f"replaced: june/photo.jpg: was {raw.after[:16]}..., is {raw.before[:16]}..., which was here before"
    assert raw.ingest() == ("completed", [told])


def test_selections_still_work_after_a_file_was_replaced(raw: Raw) -> None:
    raw.replace()
    raw.ingest()
    catalogue = Catalogue(Store(raw.store))
    for words in ("medium=photo", "release=june", "sql=size_bytes > 0", "photo.jpg", "june/*"):
        assert [row.digest for row in select(parse([words]), catalogue)] == [raw.after]
    for words in ("sol=1", "camera=x", "date=2021-06"):
        with pytest.raises(RequestError, match="no source matches the selection; "):
            select(parse([words]), catalogue)
    for name in ("release", "mission", "event"):
        with pytest.raises(RequestError, match=f"{name}=x: no such {name} in the store; "):
            select(parse([f"{name}=x"]), catalogue)
    assert [row.digest for row in select(parse([raw.before[:8]]), catalogue)] == [raw.before]


def test_a_withdrawn_file_is_reported_and_selected_only_by_its_own_name(raw: Raw) -> None:
    (raw.folder / "june/second.jpg").write_bytes(raw.other)
    raw.ingest()
    raw.photo.unlink()
    told = f"withdrawn: june/photo.jpg is no longer there (was {raw.before[:16]}...)"
    assert raw.ingest() == ("completed with warnings", [told])
    catalogue = Catalogue(Store(raw.store))
    assert [row.name for row in select(parse([]), catalogue)] == ["second.jpg"]
    assert [row.name for row in select(parse(["photo.jpg"]), catalogue)] == ["photo.jpg"]
    with pytest.raises(RequestError, match=r"photo\*: no longer in raw: june/photo\.jpg \([0-9a-f]{8}\); select by"):
        select(parse(["photo*"]), catalogue)
    assert "  gone     missing from raw, not confirmed as withdrawn" in raw.run("show", "photo.jpg")[1]
    assert raw.run("verify")[0] == 1
    choice = ReprocessRequest(words=("photo.jpg",), processors=("photo.preview",), settings={"longest_sides_px": "64"})
    (unreadable,) = prepare_chosen(choice, Store(raw.store), retry_failed=False).unreadable
    assert unreadable.reason.startswith("no longer in raw since 20")


def test_a_master_that_is_gone_is_told_until_a_person_confirms_it(raw: Raw) -> None:
    (raw.folder / "june/second.jpg").write_bytes(raw.other)
    (raw.folder / "june/note.txt").write_text("a note\n")
    (raw.folder / "june/release.toml").write_text('[[file]]\npath = "photo.jpg"\ntitle = "A"\n')
    raw.ingest()
    whole = raw.photo.read_bytes()
    for name in ("photo.jpg", "note.txt"):
        (raw.folder / "june" / name).unlink()
    told = "not confirmed; its bytes ({}...) were here until {}: restore it from a copy, or run `{}`"
    do, day = "marsmedia release withdraw june/", ""
    for _ in range(3):
        assert raw.ingest()[0] == "completed with warnings"
        gone_utc = {row.name: row.gone_utc for row in Catalogue(Store(raw.store)).sightings()}
        day = str(gone_utc["photo.jpg"])[:10]
        note = hashlib.sha256(b"a note\n").hexdigest()
        lines = [
            f"june/note.txt: {told.format(note[:16], day, f'{do}note.txt')}",
            f"june/photo.jpg: {told.format(raw.before[:16], day, f'{do}photo.jpg')}",
        ]
        unmatched = "unmatched: june/release.toml: line 2 names 'photo.jpg', which was there until {}: {}"
        assert [line for line in raw.run("failures")[1] if not line.startswith(" ")] == [
            f"withdrawn: {lines[0]}",
            f"withdrawn: {lines[1]}",
            unmatched.format(day, f"restore it, or run `{do}photo.jpg`"),
            f"2 withdrawn files in june: if that was intended, confirm them at once with `{do[:-5]}'june/*'`",
            "3 files with problems",
        ]
        to_do = "  to do: restore it from a copy; if it was intended, confirm it with the given command"
        assert [line for line in raw.run("failures")[1] if line.startswith("  to do")] == [to_do] * 3
        code, found = raw.run("verify", "--raw-only")
        faults = [f"missing: raw/{line}".replace(": not", ": withdrawn, not", 1) for line in lines]
        assert (code, found[:2]) == (1, faults)
        assert "files with problems: 1 unmatched, 2 withdrawn; " in raw.run("status")[1][-2]
    assert raw.ingest(strict=True)[0] == "failed"
    assert raw.run("release", "withdraw", "second.jpg")[1] == [
        "marsmedia: second.jpg: not withdrawn: it is there, or its folder is empty or not there, as where a disk is "
        "not mounted; take the file out of raw, and the folder too if that leaves it empty"
    ]
    assert raw.run("release", "withdraw", "june/x.jpg")[1] == [
        "marsmedia: june/x.jpg: no such withdrawn file; not confirmed yet: june/note.txt, june/photo.jpg"
    ]
    assert raw.run("release", "withdraw", "june/photo.jpg", "*.txt") == (
        0,
        [f"confirmed: june/photo.jpg: withdrawn since {day}", f"confirmed: june/note.txt: withdrawn since {day}"],
    )
    assert raw.run("rebuild")[0] == 0
    assert raw.ingest(strict=True) == ("completed", [])
    assert raw.run("verify", "--raw-only")[0] == 0
    assert raw.run("failures")[1] == ["no files with problems"]
    raw.photo.write_bytes(whole)
    raw.ingest()
    raw.photo.unlink()
    assert raw.ingest()[0] == "completed with warnings"  # what came back and is gone again is not confirmed


def test_a_planned_withdrawal_is_confirmed_as_soon_as_the_file_is_out_of_raw(
    raw: Raw, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, data in {"second.jpg": raw.other, "third.jpg": raw.other + b"\0", "copy.jpg": raw.other + b"\0"}.items():
        (raw.folder / "june" / name).write_bytes(data)
    raw.ingest()
    monkeypatch.chdir(raw.folder.parent)
    assert raw.run("release", "withdraw", "raw/june/photo.jpg")[0] == 2  # it is still there
    whole = raw.photo.read_bytes()
    raw.photo.unlink()
    code, lines = raw.run("release", "withdraw", "raw/june/photo.jpg", "--reason", "recalled by the agency")
    row = next(one for one in Catalogue(Store(raw.store)).sightings() if one.path == str(raw.photo))
    day = str(row.gone_utc)[:10]
    assert (code, lines) == (0, [f"confirmed: june/photo.jpg: withdrawn since {day}: recalled by the agency"])
    assert row.gone_utc == row.confirmed_utc
    assert sorted(one.name for one in (raw.store / "by-name/june").iterdir()) == ["copy.jpg", "second.jpg", "third.jpg"]
    assert f"  gone     withdrawn, confirmed on {day}: recalled by the agency" in raw.run("show", "photo.jpg")[1]
    assert raw.run("release", "withdraw", "photo.jpg") == (0, ["confirmed before; nothing was changed"])
    again = raw.run("release", "withdraw", "photo.jpg", "--reason", "recalled by CNSA")
    assert again == (0, [f"confirmed: june/photo.jpg: withdrawn since {day}: recalled by CNSA"])
    corrected = next(one for one in Catalogue(Store(raw.store)).sightings() if one.path == str(raw.photo))
    assert corrected == dataclasses.replace(row, confirmed_reason="recalled by CNSA")
    row = corrected
    assert raw.run("rebuild")[0] == 0
    assert raw.run("verify", "--raw-only")[0] == 0
    assert raw.ingest(strict=True) == ("completed", [])
    assert row == next(one for one in Catalogue(Store(raw.store)).sightings() if one.path == str(raw.photo))
    (raw.folder / "june/third.jpg").unlink()
    assert raw.run("release", "withdraw", "june/third.jpg")[1] == [
        "marsmedia: june/third.jpg: not withdrawn: june/copy.jpg has the same bytes; the next `marsmedia ingest` "
        "records that this one is gone"
    ]
    raw.photo.write_bytes(whole)
    raw.ingest()
    raw.photo.unlink()
    assert raw.ingest()[0] == "completed with warnings"  # the confirmation was of the earlier withdrawal
    assert raw.run("show", "photo.jpg")[1].count("  gone     missing from raw, not confirmed as withdrawn") == 1


def test_nothing_is_confirmed_in_a_folder_that_may_be_unmounted(raw: Raw) -> None:
    (raw.folder / "july").mkdir()
    (raw.folder / "july/second.jpg").write_bytes(raw.other)
    raw.ingest()
    raw.photo.unlink()
    assert raw.run("release", "withdraw", "june/photo.jpg")[0] == 2  # which leaves its folder empty
    (raw.folder / "june").rmdir()
    raw.folder.rename(raw.folder.with_name("unmounted"))
    assert raw.run("release", "withdraw", "june/*")[0] == 2
    raw.folder.with_name("unmounted").rename(raw.folder)
    code, lines = raw.run("release", "withdraw", "june/*")
    assert (code, [line.partition(": withdrawn since 20")[0] for line in lines]) == (0, ["confirmed: june/photo.jpg"])


def test_a_release_that_is_gone_is_told_in_one_line(raw: Raw) -> None:
    (raw.folder / "july").mkdir()
    for name, data in {"a.jpg": raw.other, "b.jpg": raw.photo.read_bytes() + b"\0", "c.txt": b"c"}.items():
        (raw.folder / "july" / name).write_bytes(data)
    raw.ingest()
    shutil.rmtree(raw.folder / "july")
    raw.ingest()
    (line, *_) = raw.run("failures")[1]
    assert line.startswith("withdrawn: july: not confirmed; all its 3 files were here until 20")
    assert line.endswith(": restore them from a copy, or run `marsmedia release withdraw 'july/*'`")
    assert len(raw.run("release", "withdraw", "july/*")[1]) == 3
    assert raw.ingest(strict=True)[0] == "completed"


def test_what_confirms_the_withdrawal_of_a_release_means_no_other_one(raw: Raw) -> None:
    for release in ("img[2]", "img2"):
        (raw.folder / release).mkdir()
        for name in ("a.txt", "b.txt", "kept.txt"):
            (raw.folder / release / name).write_text(f"{release} {name}")
    raw.ingest()
    for release in ("img[2]", "img2"):
        for name in ("a.txt", "b.txt"):
            (raw.folder / release / name).unlink()
    raw.ingest()
    (command,) = (line.partition("`")[2].rstrip("`") for line in raw.run("failures")[1] if " files in img[2]: " in line)
    assert command == "marsmedia release withdraw 'img[[]2]/*'"
    lines = raw.run(*shlex.split(command)[1:])[1]
    assert [line.partition(": withdrawn since 20")[0] for line in lines] == [
        "confirmed: img[2]/a.txt", "confirmed: img[2]/b.txt",
    ]  # fmt: skip


def test_the_withdrawn_files_of_a_release_can_be_confirmed_at_once(raw: Raw) -> None:
    july = raw.folder / "july"
    (july / "rear").mkdir(parents=True)
    for name in ("a.txt", "rear/b.txt", "c.txt", "rear/kept.txt"):
        (july / name).write_text(name)
    raw.ingest()
    (july / "c.txt").unlink()
    raw.ingest()
    for name in ("july/a.txt", "july/rear/b.txt", "june/photo.jpg"):
        (raw.folder / name).unlink()
    (raw.folder / "june/left.txt").write_text("left")
    raw.ingest()
    at_once = (
        "3 withdrawn files in july: if that was intended, confirm them at once with "
        "`marsmedia release withdraw 'july/*'`"
    )
    assert raw.run("failures")[1][-2:] == [at_once, "4 files with problems"]
    new = "3 new files with problems; 1 known before: `marsmedia failures` lists all"
    assert raw.run("failures", "--new")[1][-2:] == [at_once, new]
    assert len(raw.run("release", "withdraw", "july/*")[1]) == 3
    assert raw.run("failures")[1][-2:] == [
        "  to do: restore it from a copy; if it was intended, confirm it with the given command",
        "1 file with problems",
    ]


def test_a_file_that_was_withdrawn_and_came_back_keeps_its_earlier_times(raw: Raw) -> None:
    (raw.folder / "june/second.jpg").write_bytes(raw.other)
    raw.ingest()
    whole, spans = raw.photo.read_bytes(), list[str]()
    for _ in range(2):
        raw.photo.unlink()
        raw.ingest()
        (gone,) = [row for row in Catalogue(Store(raw.store)).sightings() if row.path == str(raw.photo)]
        spans.append(f"{gone.seen_utc[:19]}Z until {str(gone.gone_utc)[:19]}Z")
        raw.photo.write_bytes(whole)
        raw.ingest()
    row = Catalogue(Store(raw.store)).sources()[str(raw.photo)]
    (seen,) = [line for line in raw.run("show", "june/photo.jpg")[1] if line.startswith("  seen ")]
    assert seen == f"  seen     {raw.photo} ({spans[0]}, {spans[1]}, again since {row.seen_utc[:19]}Z)"
    raw.replace()  # and back from other bytes
    raw.ingest()
    raw.photo.write_bytes(whole)
    raw.ingest()
    row = Catalogue(Store(raw.store)).sources()[str(raw.photo)]
    assert len((row.earlier_utc or "").split()) == 3
    assert raw.run("rebuild")[0] == 0
    assert Catalogue(Store(raw.store)).sources()[str(raw.photo)] == row


def test_a_missing_file_was_first_seen_on_the_first_day_of_all_its_times(raw: Raw) -> None:
    catalogue = Catalogue(Store(raw.store))
    row = catalogue.sources()[str(raw.photo)]
    catalogue.add_sources([dataclasses.replace(row, earlier_utc="2026-01-02T03:04:05Z/2026-01-03T03:04:05Z")])
    (raw.folder / "june/second.jpg").write_bytes(raw.other)
    raw.ingest()
    raw.photo.unlink()
    code, lines = raw.run("verify", "--raw-only")
    assert (code, lines[0]) == (1, f"missing: raw/june/photo.jpg: was {raw.before[:16]}..., first seen 2026-01-02")


def test_a_renamed_file_has_moved_and_makes_nothing_due(raw: Raw) -> None:
    raw.photo.rename(raw.folder / "june/renamed.jpg")
    by_name = raw.store / "by-name/june"
    assert [one.name for one in by_name.iterdir()] == ["photo.jpg"]
    assert raw.ingest() == ("completed", ["moved: june/photo.jpg is now june/renamed.jpg"])
    assert [one.name for one in by_name.iterdir()] == ["renamed.jpg"]
    lines = [line for line in raw.run("show", "renamed.jpg")[1] if line.startswith("  seen ")]
    assert [" until " in line for line in lines] == [True, False]
    raw.photo.write_bytes((raw.folder / "june/renamed.jpg").read_bytes())
    assert raw.ingest() == ("completed", [])
    raw.photo.unlink()
    told = (
        f"withdrawn: june/photo.jpg is no longer there (was {raw.before[:16]}...; june/renamed.jpg has the same bytes)"
    )
    assert raw.ingest() == ("completed", [told])


def test_a_moved_file_that_is_replaced_later_is_not_missing_at_its_old_place(raw: Raw) -> None:
    renamed = raw.photo.with_name("renamed.jpg")
    raw.photo.rename(renamed)
    raw.ingest()
    renamed.write_bytes(raw.other)
    told = f"replaced: june/renamed.jpg: was {raw.before[:16]}..., is {raw.after[:16]}..."
    assert raw.ingest() == ("completed", [told])
    assert raw.run("verify", "--raw-only")[0] == 0
    assert raw.run("failures") == (0, ["no files with problems"])
    (raw.folder / "june").rename(raw.folder / "july")
    (raw.folder / "july/release.toml").write_text('title = "July"\n')
    raw.ingest()
    (raw.folder / "july").rename(raw.folder / "2021年7月")
    raw.ingest()
    (raw.folder / "2021年7月/release.toml").write_text('title = "July 2021"\n')
    assert raw.ingest()[0] == "completed"
    renamed = raw.folder / "2021年7月/renamed.jpg"
    renamed.unlink()
    raw.ingest()
    assert [line.partition(", not confirmed")[0] for line in raw.run("verify", "--raw-only")[1][:-1]] == [
        "missing: raw/2021年7月/renamed.jpg: withdrawn"
    ]


def test_equal_names_are_shown_with_more_of_their_path(raw: Raw) -> None:
    (raw.folder / "june/sub").mkdir()
    (raw.folder / "june/sub/photo.jpg").write_bytes(raw.other)
    raw.ingest()
    catalogue = Catalogue(Store(raw.store))
    with pytest.raises(RequestError, match=r"photo\.jpg: several sources have this name: june/photo\.jpg \(.*digest"):
        select(parse(["photo.jpg"]), catalogue)
    assert [row.digest for row in select(parse(["june/photo.jpg"]), catalogue)] == [raw.before]
    assert [row.digest for row in select(parse(["sub/photo.jpg"]), catalogue)] == [raw.after]
    with pytest.raises(RequestError, match="foo=bar: no such key; use one of medium, release"):
        select(parse(["foo=bar"]), catalogue)
    with pytest.raises(RequestError, match="9f: no such source in the store; give at least 4 characters of a digest"):
        select(parse(["9f"]), catalogue)


def test_nothing_is_made_of_a_master_that_changed_unnoticed(raw: Raw) -> None:
    whole = raw.photo.read_bytes()
    now = raw.flip()
    words = (
        f"its bytes have changed (was {raw.before[:16]}..., is {now[:16]}...), its size and date have not: "
        "restore it from a copy, or touch it so that it is ingested as a new file"
    )
    again = ("reprocess", "photo.jpg", "--processor", "photo.preview", "--set", "longest_sides_px=40", "--quiet")
    code, lines = raw.run(*again)
    assert code == 1
    assert any(line.startswith(f"  failed: june/photo.jpg: {words}") for line in lines), lines
    assert raw.run("reproduce", "photo.jpg", "processor=photo.preview")[1][0] == (
        f"not rebuilt: photo.jpg photo.preview: {words}"
    )
    more: Recipes = {**RECIPES, "photo": (*RECIPES["photo"], PhotoPreview(longest_sides_px=(64,)))}
    report = ingest(raw.folder, raw.store, more)
    assert (report.state, [problem.reason for problem in report.problems]) == ("failed", [words])
    assert raw.run("failures")[1][0] == f"changed: june/photo.jpg: {words}"
    assert raw.ingest() == ("failed", [f"changed: june/photo.jpg: was {raw.before[:16]}..., is {now[:16]}..."])
    seen = raw.photo.stat()
    raw.photo.write_bytes(whole)
    os.utime(raw.photo, ns=(seen.st_atime_ns, seen.st_mtime_ns))
    assert raw.ingest() == ("completed", ["restored: june/photo.jpg: its bytes are here again"])
    reason = (
        f"changed: was {raw.before[:16]}... is {now[:16]}...; its size and date are unchanged: restore it from a copy"
    )
    found, restored = sorted(raw_checks(Store(raw.store)), key=lambda check: check.ended_utc)
    assert [(one.place, one.sha256, one.reason) for one in found.failed] == [("june/photo.jpg", raw.before, reason)]
    assert (restored.failed, restored.sample) == ((), ("june/photo.jpg",))
    assert raw.run(*again)[0] == 0
    assert {manifest.ref.source for manifest in Store(raw.store).manifests()} == {raw.before}


def test_changed_words_of_a_release_read_no_master_again(raw: Raw) -> None:
    raw.flip()
    (raw.folder / "june/release.toml").write_text('title = "Another"\n')
    assert raw.ingest()[0] == "completed"


def test_a_store_that_lost_its_catalogue_is_not_taken_for_an_empty_one(raw: Raw, tmp_path: Path) -> None:
    shutil.move(raw.store / "catalogue", tmp_path / "lost")
    said = f"{raw.store}: has results, but no catalogue; run `marsmedia rebuild` first"
    for words in (["verify"], ["verify", "--raw-only"], ["failures"], ["status"], ["show", "photo.jpg"], ["packs"]):
        ended = CliRunner().invoke(main, [*words, "--store", str(raw.store)])
        assert (ended.exit_code, ended.stderr) == (2, f"marsmedia: {said}\n"), words
    with pytest.raises(StoreError, match=re.escape(said)):
        open_store(raw.store, writes=False)
    assert CliRunner().invoke(main, ["rebuild", "--store", str(raw.store)]).exit_code == 0
    assert ", 1 raw file, " in CliRunner().invoke(main, ["verify", "--store", str(raw.store)]).stdout
