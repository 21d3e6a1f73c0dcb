"""A run accounts for every file, makes each thing once, and one bad file never stops the others."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pytest

from flows.options import Options
from flows.report import Report, markdown
from flows.run import Answer, Work, in_threads, run_ingest
from processors.audio.reader import AudioBlock, AudioInfo
from processors.contract import Item, Need, Reads, Using
from processors.errors import DamagedMedia
from processors.metadata import Metadata
from processors.photo.preview import Preview
from processors.plan import Due, Recipes, why
from processors.store.catalogue import Catalogue
from processors.store.results import Store
from tests.first_recipes import RECIPES
from tests.made_media import MediaMaker


def ingest(raw: Path, store: Path, recipes: Recipes = RECIPES, **options: object) -> Report:
    return run_ingest(raw, store, recipes, Options(**options), in_threads, name=f"test-{time.monotonic_ns()}")  # type: ignore[arg-type]


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    folder = tmp_path / "raw" / "june"
    folder.mkdir(parents=True)
    return folder.parent


@pytest.fixture
def maker(raw: Path) -> MediaMaker:
    return MediaMaker(raw / "june")


def counts(report: Report) -> tuple[int, int, int, int, int]:
    results = report.results
    assert results.inputs == results.made + results.reused + results.refused + results.failed + results.not_reached
    return results.due, results.made, results.reused, results.refused, results.failed


def test_every_medium_end_to_end_and_nothing_twice(raw: Path, maker: MediaMaker, tmp_path: Path) -> None:
    maker.video("clip.mp4", list(range(60)), sound_hz=440)
    maker.tone("tone.wav")
    maker.photo("photo.jpg")
    (raw / "june/README.txt").write_text("the release of June")
    (raw / "june/thing.bin").write_bytes(b"\x93\x00\x01" * 9)
    report = ingest(raw, tmp_path / "store")
    assert (report.state, report.files, report.sources, report.companions, report.unsupported) == (
        "completed",
        5,
        3,
        1,
        1,
    )
    assert counts(report) == (8, 8, 0, 0, 0)
    again = ingest(raw, tmp_path / "store")
    assert counts(again) == (0, 0, 8, 0, 0)
    store = Store(tmp_path / "store")
    names = {item["name"] for item in Catalogue(store).table("items").to_pylist()}
    assert names >= {
        "frame_000002.jpg",
        "frames.csv",
        "contact_sheet.jpg",
        "spectrogram.nc",
        "preview_320.jpg",
        "metadata.json",
    }
    assert list((store.root / "scratch").iterdir()) == []


def test_same_bytes_at_two_places_are_worked_on_once(raw: Path, maker: MediaMaker, tmp_path: Path) -> None:
    shutil.copy(maker.photo("a.jpg"), raw / "june/b.jpg")
    report = ingest(raw, tmp_path / "store")
    assert (report.sources, report.duplicates, report.results.made) == (1, 1, 2)


def test_a_bad_file_fails_alone_once_and_for_all(raw: Path, maker: MediaMaker, tmp_path: Path) -> None:
    maker.photo("good.jpg")
    bad = raw / "june/bad.jpg"
    bad.write_bytes(maker.photo("whole.jpg").read_bytes()[:-3000])
    report = ingest(raw, tmp_path / "store")
    assert (report.state, report.exit_code) == ("failed", 1)
    assert counts(report) == (4, 3, 0, 0, 1)
    (problem,) = report.problems
    assert (problem.file, problem.processor, problem.is_new) == ("june/bad.jpg", "photo.preview", True)
    assert "truncated" in problem.reason
    again = ingest(raw, tmp_path / "store")
    assert (again.state, again.exit_code, counts(again)) == ("completed with warnings", 0, (0, 0, 3, 0, 1))
    assert not again.problems[0].is_new
    assert ingest(raw, tmp_path / "store", strict=True).exit_code == 1
    assert counts(ingest(raw, tmp_path / "store", retry_failed=True)) == (1, 0, 3, 0, 1)
    bad.write_bytes((raw / "june/good.jpg").read_bytes())
    mended = ingest(raw, tmp_path / "store")
    assert (mended.state, mended.results.failed) == ("completed", 0)


HARD_NAMES = [
    "with space.jpg",
    'it\'s "quoted".jpg',
    "-v.jpg",
    "line\nbreak.jpg",
    "火星.jpg",
    "%s$HOME;.jpg",
    "[red].jpg",
]


def test_names_of_every_kind_are_only_names(raw: Path, maker: MediaMaker, tmp_path: Path) -> None:
    for number, name in enumerate(HARD_NAMES):
        maker.photo("x.jpg", size=(64 + number, 64)).rename(raw / "june" / name)
    (raw / "june" / os.fsdecode(b"not-utf8-\xff.jpg")).write_bytes(maker.photo("y.jpg", size=(99, 64)).read_bytes())
    (raw / "june/y.jpg").unlink()
    report = ingest(raw, tmp_path / "store")
    assert (report.state, report.sources, report.results.made) == ("completed", 8, 16)
    assert counts(ingest(raw, tmp_path / "store")) == (0, 0, 16, 0, 0)


def test_links_pipes_and_folders_with_media_names(raw: Path, maker: MediaMaker, tmp_path: Path) -> None:
    photo = maker.photo("photo.jpg")
    outside = tmp_path / "secret.jpg"
    shutil.copy(photo, outside)
    june = raw / "june"
    (june / "out.jpg").symlink_to(outside)
    (june / "in.jpg").symlink_to(photo)
    (june / "nowhere.jpg").symlink_to(june / "missing.jpg")
    (june / "again").symlink_to(june)
    os.mkfifo(june / "pipe.wav")
    (june / "x.mp4").mkdir()
    report = ingest(raw, tmp_path / "store")
    assert (report.state, report.exit_code) == ("completed with warnings", 0)
    assert (report.sources, report.duplicates, report.not_taken) == (1, 1, 4)
    reasons = {problem.file: problem.reason.partition(":")[0] for problem in report.problems}
    assert reasons == {
        "june/again": "a link to a folder",
        "june/nowhere.jpg": "a link to nothing",
        "june/out.jpg": "a link that leads out of the release",
        "june/pipe.wav": "not a regular file (a pipe, socket or device)",
    }


def test_an_empty_file_is_told_and_does_not_fail(raw: Path, tmp_path: Path) -> None:
    (raw / "june/empty.mp4").write_bytes(b"")
    report = ingest(raw, tmp_path / "store")
    assert (report.state, report.unsupported, report.problems[0].reason) == (
        "completed", 1, "empty file: it holds no bytes: fetch it again",
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Misbehaving:
    """Does something terrible to the process that it runs in."""

    name: ClassVar[str] = "misbehaving"
    version: ClassVar[int] = 1
    reads: ClassVar[Reads] = "file"
    deed: str

    def needs(self, info: object) -> Need:
        return Need()

    def start(self, info: object, scratch: Path) -> Misbehaving:
        return self

    def feed(self, unit: object) -> tuple[Item, ...]:
        return ()

    def finish(self) -> tuple[Item, ...]:
        if self.deed == "crash":
            os.kill(os.getpid(), 11)
        if self.deed == "killed from outside":
            os.kill(os.getpid(), 9)
        if self.deed == "memory":
            return (Item(name="x", media_type="x", data=bytes(bytearray(3 << 30))),)
        if self.deed == "bug":
            return ({}["no such"],)
        if self.deed == "damage":
            raise DamagedMedia("the bytes are bad")
        raise AssertionError(self.deed)


@pytest.mark.parametrize(
    ("deed", "reason", "is_stored"),
    [
        ("crash", "crashed the decoder (SIGSEGV), twice", True),
        ("memory", "needs more than the 1500 MB that one file may use, twice", True),
        ("damage", "the bytes are bad: fetch the file again, or convert it with another tool", True),
        ("killed from outside", "its worker was killed from outside (SIGKILL; out of memory?): run again", False),
        ("bug", "a fault in marsmedia: KeyError: 'no such': please report it", False),
    ],
)
def test_what_kills_a_worker_is_one_files_failure(
    raw: Path, maker: MediaMaker, tmp_path: Path, deed: str, reason: str, is_stored: bool
) -> None:
    maker.tone("bad.wav")
    maker.photo("good.jpg")
    recipes: Recipes = {"audio": (Misbehaving(deed=deed),), "photo": (Metadata(), Preview()), "video": ()}
    report = ingest(raw, tmp_path / "store", recipes, memory_mb=1500)
    assert counts(report) == (3, 2, 0, 0, 1)
    (problem,) = report.problems
    assert problem.reason == reason
    again = ingest(raw, tmp_path / "store", recipes, memory_mb=1500)
    assert again.results.due == (0 if is_stored else 1)


def test_a_changed_recipe_makes_only_what_changed_and_says_why(raw: Path, maker: MediaMaker, tmp_path: Path) -> None:
    maker.photo("photo.jpg")
    ingest(raw, tmp_path / "store", {"photo": (Metadata(), Preview())})
    smaller: Recipes = {"photo": (Metadata(), Preview(longest_sides_px=(100,)))}
    store = Store(tmp_path / "store")
    source = next(iter(Catalogue(store).sources().values())).source()
    reason = why(source, smaller["photo"][1], store)
    assert reason.startswith("due: since the result of 20")
    assert reason.endswith(": longest_sides_px [320, 1024, 2048] -> [100]")
    assert counts(ingest(raw, tmp_path / "store", smaller)) == (1, 1, 1, 0, 0)
    assert why(source, smaller["photo"][1], store).startswith("not due: made on ")


def test_results_that_the_catalogue_missed_are_found_again(raw: Path, maker: MediaMaker, tmp_path: Path) -> None:
    maker.photo("photo.jpg")
    ingest(raw, tmp_path / "store")
    shutil.rmtree(tmp_path / "store/catalogue")
    assert counts(ingest(raw, tmp_path / "store")) == (0, 0, 2, 0, 0)
    assert Catalogue(Store(tmp_path / "store")).table("results").num_rows == 2


def test_only_a_changed_file_is_hashed_again(raw: Path, maker: MediaMaker, tmp_path: Path) -> None:
    maker.photo("a.jpg")
    b = maker.photo("b.jpg", size=(100, 100))
    ingest(raw, tmp_path / "store")
    seen = b.stat()
    b.write_bytes(b.read_bytes()[::-1])
    os.utime(b, ns=(seen.st_atime_ns, seen.st_mtime_ns))
    assert counts(ingest(raw, tmp_path / "store"))[2] == 4  # size and date are unchanged: believed
    found = ingest(raw, tmp_path / "store", hash_all=True)  # and found out on request
    assert (found.sources, found.unsupported) == (1, 1)


def test_the_report_shows_hostile_names_as_text(raw: Path, maker: MediaMaker, tmp_path: Path) -> None:
    (raw / "june/<b>[x](y)|.bin").write_bytes(b"\x93\x00")
    text = markdown(ingest(raw, tmp_path / "store"))
    assert "<b>" not in text
    assert "&lt;b&gt;&#91;x](y)&#124;.bin" in text


@dataclass(frozen=True, kw_only=True)
class Measured:
    """Counts the units that it is fed, once."""

    name: ClassVar[str] = "measured"
    version: ClassVar[int] = 1
    reads: ClassVar[Reads] = "audio"
    unit_samples: int = 1

    def needs(self, info: object) -> Need:
        return Need()

    def start(self, info: AudioInfo, scratch: Path) -> Measured.Session:
        return Measured.Session(self)

    class Session:
        def __init__(self, processor: Measured) -> None:
            self._unit, self._count = processor.unit_samples, 0

        def feed(self, block: AudioBlock) -> tuple[Item, ...]:
            self._count += block.samples.shape[1]
            return ()

        def finish(self) -> tuple[Item, ...]:
            return (Item(name="count.txt", media_type="text/plain", data=str(self._count // self._unit).encode()),)


@dataclass(frozen=True, kw_only=True)
class Decided:
    """Decides something from what was measured, without the source."""

    name: ClassVar[str] = "decided"
    version: ClassVar[int] = 1
    reads: ClassVar[Reads] = "results"
    above: int
    measured: Measured = Measured()

    def uses(self) -> tuple[Measured, ...]:
        return (self.measured,)

    def needs(self, info: Using) -> Need:
        return Need()

    def start(self, info: Using, scratch: Path) -> Decided.Session:
        return Decided.Session(self, info)

    class Session:
        def __init__(self, processor: Decided, info: Using) -> None:
            count = int(info.results["measured"].path("count.txt").read_text())
            self._answer = b"yes" if count > processor.above else b"no"

        def feed(self, unit: object) -> tuple[Item, ...]:
            return ()

        def finish(self) -> tuple[Item, ...]:
            return (Item(name="answer.txt", media_type="text/plain", data=self._answer),)


def test_what_is_decided_again_is_not_measured_again(raw: Path, maker: MediaMaker, tmp_path: Path) -> None:
    maker.tone("tone.wav", seconds=1.0)

    def decide(above: int, unit: int = 1) -> tuple[Report, list[bytes]]:
        report = ingest(
            raw, tmp_path / "store", {"audio": (Decided(above=above, measured=Measured(unit_samples=unit)),)}
        )
        return report, sorted(path.read_bytes() for path in (tmp_path / "store/results").rglob("answer.txt"))

    report, answers = decide(40_000)
    assert (counts(report), answers) == ((2, 2, 0, 0, 0), [b"yes"])  # the processor that it uses is made too, first
    report, answers = decide(50_000)
    assert (counts(report), answers) == ((1, 1, 1, 0, 0), [b"no", b"yes"])
    report, answers = decide(40_000, unit=2)
    assert (counts(report), answers) == ((2, 2, 0, 0, 0), [b"no", b"no", b"yes"])  # other measurements, another key


def test_what_builds_on_a_failure_fails_and_says_on_which(raw: Path, tmp_path: Path) -> None:
    (raw / "june/bad.wav").write_bytes(b"RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00")
    report = ingest(raw, tmp_path / "store", {"audio": (Decided(above=1),)})
    assert counts(report) == (2, 0, 0, 0, 2)
    reason = next(problem.reason for problem in report.problems if problem.processor == "decided")
    assert reason.startswith("it needs measured, which failed (")


def test_hashing_everything_again_changes_no_record(raw: Path, maker: MediaMaker, tmp_path: Path) -> None:
    maker.photo("a.jpg")
    ingest(raw, tmp_path / "store")
    before = {path: path.read_bytes() for path in (tmp_path / "store/results").rglob("*") if path.is_file()}
    ingest(raw, tmp_path / "store", hash_all=True)
    assert {path: path.read_bytes() for path in (tmp_path / "store/results").rglob("*") if path.is_file()} == before


def test_a_file_that_changes_while_it_is_read_is_told_and_made_the_next_time(
    raw: Path, maker: MediaMaker, tmp_path: Path
) -> None:
    changing, vanishing = maker.photo("changing.jpg", size=(400, 300)), maker.photo("vanishing.jpg", size=(300, 200))

    def meddle(batches: Sequence[list[Due]], work: Work) -> Iterable[Answer]:
        changing.write_bytes(changing.read_bytes() + b"more")
        vanishing.unlink()
        return in_threads(batches, work)

    report = run_ingest(raw, tmp_path / "store", RECIPES, Options(), meddle, name="meddled")
    assert (report.state, counts(report)) == ("failed", (4, 0, 0, 0, 4))
    assert {problem.reason for problem in report.problems} == {
        "changed during the run: run again when it has stopped changing",
        "vanished during the run: put it back and run again",
    }
    assert list((tmp_path / "store/results").rglob("manifest.json")) == []
    assert counts(ingest(raw, tmp_path / "store")) == (2, 2, 0, 0, 0)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_fails_the_run_until_it_can_be_read(raw: Path, maker: MediaMaker, tmp_path: Path) -> None:
    maker.photo("closed.jpg").chmod(0)
    report = ingest(raw, tmp_path / "store")
    assert (report.state, report.not_taken) == ("failed", 1)
    assert report.problems[0].reason == "permission denied: make it readable for this user and run again"


def test_a_read_only_release_is_all_that_is_needed(raw: Path, maker: MediaMaker, tmp_path: Path) -> None:
    maker.photo("a.jpg")
    before = sorted(raw.rglob("*"))
    for path in (*before, raw):
        path.chmod(path.stat().st_mode & ~0o222)
    assert ingest(raw, tmp_path / "store").state == "completed"
    assert sorted(raw.rglob("*")) == before
    for path in (raw, *before):
        path.chmod(path.stat().st_mode | 0o200)
