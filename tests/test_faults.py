"""One fault never takes the rest with it: a processor's is its own result's, a reader's that of those who read."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import pytest

from processors import derive as derive_module
from processors import plan
from processors.audio.info import AudioReport
from processors.audio.reader import FileReader
from processors.contract import Processor, Source
from processors.derive import derive
from processors.inspect import inspect
from processors.metadata import Metadata
from processors.outcome import Outcome, software
from processors.source_file import SourceFile
from processors.store.catalogue import Catalogue, SourceRow
from processors.store.manifest import Manifest
from processors.store.results import Store
from processors.survey import survey
from tests.fault_processors import Dependent, Faulty, FaultyPhoto, FaultyPicture, FaultySound, SecondDependent
from tests.made_media import MediaMaker
from tests.runs import counts, ingest


def made(path: Path, store: Path, *due: Processor) -> tuple[dict[str, Outcome], dict[str, Manifest]]:
    """Outcome and manifest of each processor on that file."""
    file, home = SourceFile.at(path), Store(store)
    digest, identity = inspect(file, path.name)
    assert identity.medium is not None
    source = Source(
        digest=digest, size_bytes=file.size_bytes, name=path.name, medium=identity.medium,
        format=identity.format, has_sound=identity.has_sound,
    )  # fmt: skip
    outcomes = {outcome.ref.processor: outcome for outcome in derive(source, file, "june", due, home)}
    return outcomes, {name: home.manifest(outcome.ref) for name, outcome in outcomes.items()}


def told(outcomes: dict[str, Outcome]) -> dict[str, tuple[str, str | None, str | None]]:
    return {name: (one.verdict, one.reason, one.blame) for name, one in outcomes.items()}


def half_missing(read: object) -> str | None:
    """What a report of damaged sound says."""
    return "half of it is missing" if isinstance(read, AudioReport) else None


WHOLE = ("made", None, None)
BUG = ("failed", "a fault in marsmedia: KeyError: 'no such': please report it", "marsmedia")


@pytest.mark.parametrize("step", ["needs", "start", "feed", "finish"])
def test_bug_in_a_processor_fails_its_own_result_only(make: MediaMaker, tmp_path: Path, step: str) -> None:
    outcomes, manifests = made(
        make.photo("a.jpg"), tmp_path / "store", Metadata(), FaultyPhoto(deed="bug", step=step), Faulty()
    )
    assert told(outcomes) == {"metadata": WHOLE, "photo.faulty": BUG, "faulty": WHOLE}
    assert "raise KeyError" in (manifests["photo.faulty"].traceback or "")
    assert manifests["metadata"].traceback is None
    assert all(outcome.is_stored for outcome in outcomes.values())


def test_fact_that_is_no_number_fails_its_own_result_only(make: MediaMaker, tmp_path: Path) -> None:
    outcomes, _ = made(make.photo("a.jpg"), tmp_path / "store", Metadata(), FaultyPhoto(deed="infinite fact"))
    reason = (
        "a fault in marsmedia: ValueError: inf is not a number that can be stored: use None for unknown: "
        "please report it"
    )
    assert told(outcomes) == {"metadata": WHOLE, "photo.faulty": ("failed", reason, "marsmedia")}


@pytest.mark.parametrize("step", ["needs", "start", "feed", "finish"])
def test_bug_among_the_pictures_leaves_the_sound_of_a_video(make: MediaMaker, tmp_path: Path, step: str) -> None:
    clip = make.video("clip.mp4", list(range(10)), sound_hz=440).path
    due = (Metadata(), FaultyPicture(deed="bug", step=step), FaultySound())
    outcomes, _ = made(clip, tmp_path / "store", *due)
    assert told(outcomes) == {"metadata": WHOLE, "video.faulty": BUG, "audio.faulty": WHOLE}


def test_bug_in_a_reader_fails_those_who_read_its_units_only(
    make: MediaMaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken(FileReader):
        def blocks(self):  # type: ignore[no-untyped-def]
            raise KeyError("no such")

    monkeypatch.setattr(derive_module, "FileReader", Broken)
    outcomes, _ = made(make.tone("a.wav"), tmp_path / "store", Metadata(), FaultySound(), Faulty())
    assert told(outcomes) == {"metadata": WHOLE, "audio.faulty": BUG, "faulty": WHOLE}


@pytest.mark.parametrize(
    ("deed", "raised", "words"),
    [("no thread", OSError, "the machine has no thread or memory left"), ("no memory", MemoryError, "^$")],
)
def test_what_the_machine_lacks_is_no_results_fault(
    make: MediaMaker, tmp_path: Path, deed: str, raised: type[Exception], words: str
) -> None:
    with pytest.raises(raised, match=words):
        made(make.photo("a.jpg"), tmp_path / "store", FaultyPhoto(deed=deed))
    assert list(Store(tmp_path / "store").manifests()) == []


@pytest.mark.parametrize(
    ("reader", "damage", "expected"),
    [
        (
            FaultyPhoto,
            None,
            ("refused", "gave nothing: there is nothing in this file that it could be made of", "file"),
        ),
        (
            FaultySound,
            "half of it is missing",
            (
                "failed",
                "gave nothing: half of it is missing: fetch the file again, or convert it with another tool",
                "file",
            ),
        ),
    ],
)
def test_result_without_an_item_is_never_made(
    make: MediaMaker,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    reader: type[Faulty],
    damage: str | None,
    expected: tuple[str, str, str],
) -> None:
    monkeypatch.setattr(derive_module, "_damage", half_missing if damage else lambda read: None)
    path = make.photo("a.jpg") if reader is FaultyPhoto else make.tone("a.wav")
    outcomes, _ = made(path, tmp_path / "store", reader(deed="no item"))
    assert list(told(outcomes).values()) == [expected]


def test_damage_of_the_source_is_the_reason_of_what_was_made_of_it(
    make: MediaMaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(derive_module, "_damage", half_missing)
    sound = FaultySound()
    outcomes, _ = made(make.tone("a.wav"), tmp_path / "store", Metadata(), sound, Dependent(of=(sound,)))
    assert told(outcomes) == {
        "metadata": WHOLE, "audio.faulty": ("made", "half of it is missing", None), "dependent": WHOLE
    }  # fmt: skip


@pytest.mark.parametrize(
    ("deed", "verdict", "blame", "root"),
    [
        ("refusal", "refused", "file", "too large: make it smaller"),
        ("damage", "failed", "file", "the bytes are bad: fetch the file again, or convert it with another tool"),
        ("bug", "failed", "marsmedia", BUG[1]),
    ],
)
def test_chain_of_dependents_names_the_root_once(
    make: MediaMaker, tmp_path: Path, deed: str, verdict: str, blame: str, root: str
) -> None:
    first = FaultyPhoto(deed=deed)
    second = Dependent(of=(first,))
    outcomes, _ = made(make.photo("a.jpg"), tmp_path / "store", first, second, SecondDependent(of=(second,)))
    which = "was refused" if verdict == "refused" else "failed"
    because = (verdict, f"needs photo.faulty, which {which}: {root}", blame)
    assert told(outcomes) == {
        "photo.faulty": (verdict, root, blame), "dependent": because, "second dependent": because
    }  # fmt: skip


def test_bug_is_tried_again_by_another_version_and_not_by_the_same(
    raw: Path, maker: MediaMaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    maker.photo("a.jpg")
    first = FaultyPhoto(deed="bug")
    recipes: plan.Recipes = {"photo": (first, Dependent(of=(first,)), Metadata()), "audio": (), "video": ()}
    assert counts(ingest(raw, tmp_path / "store", recipes)) == (3, 1, 0, 0, 2)
    assert counts(ingest(raw, tmp_path / "store", recipes)) == (0, 0, 1, 0, 2)
    monkeypatch.setattr(plan, "software", lambda: {**software(), "marsmedia": "another"})
    assert counts(ingest(raw, tmp_path / "store", recipes)) == (2, 0, 1, 0, 2)
    monkeypatch.undo()
    assert counts(ingest(raw, tmp_path / "store", recipes, retry_failed=True)) == (2, 0, 1, 0, 2)


def test_plan_lists_reused_results_of_a_damaged_source(
    make: MediaMaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(derive_module, "_damage", half_missing)
    (tmp_path / "raw/june").mkdir(parents=True)
    maker, home = MediaMaker(tmp_path / "raw/june"), Store(tmp_path / "store")
    due: Sequence[Processor] = (FaultySound(), Metadata())
    _, manifests = made(maker.tone("a.wav"), tmp_path / "store", *due)
    (found,) = survey(tmp_path / "raw")
    digest, identity = inspect(SourceFile.at(tmp_path / "raw/june/a.wav"), "a.wav")
    row = SourceRow.of(found, digest, identity, "2021-05-15T00:00:00")  # type: ignore[arg-type]
    recipes: plan.Recipes = {"photo": (), "audio": due, "video": ()}
    for verdicts in ({}, None):  # by the manifests, then by the catalogue
        Catalogue(home).add_results(list(manifests.values()))
        planned = plan.make_plan([row], recipes, home, verdicts if verdicts is not None else Catalogue(home).verdicts())
        assert (planned.reused, planned.earlier, len(planned.due)) == (2, [], 0)
        assert [dataclasses.astuple(one)[2:] for one in planned.damaged] == [("made", "half of it is missing", None)]
