"""What is chosen without the results it builds on is fed in the pass that makes them."""

from __future__ import annotations

from pathlib import Path

from processors.contract import Processor
from processors.engine.stages import stages_of
from processors.video.audit.integrity import Integrity
from processors.video.audit.measurements import Measurements
from processors.video.frames.contact_sheet import ContactSheet
from processors.video.shots.shots import Shots
from processors.video.shots.stills import Stills
from tests.helpers.derived import derived
from tests.helpers.video_scenes import scene, write

SHEET = ContactSheet(shots=Shots())
DUE: tuple[Processor, ...] = (Measurements(), Integrity(), Shots(), SHEET, Stills())


def named(processors: tuple[Processor, ...]) -> list[str]:
    return [one.name for one in processors]


def test_a_sheet_begins_with_the_measurements_and_ends_after_the_shots() -> None:
    stages = stages_of(DUE)
    assert [named(stage.begun) for stage in stages] == [
        ["video.measurements", "video.contact_sheet"],
        ["video.integrity"],
        ["video.shots"],
        ["video.stills"],
    ]
    assert [named(stage.ended) for stage in stages] == [
        ["video.measurements"],
        ["video.integrity"],
        ["video.shots"],
        ["video.contact_sheet", "video.stills"],
    ]


def test_a_sheet_with_nothing_to_be_fed_beside_begins_when_its_inputs_are_there() -> None:
    shots, sheet = stages_of((Shots(), SHEET))
    assert (named(shots.begun), named(sheet.begun), named(sheet.ended)) == (
        ["video.shots"],
        ["video.contact_sheet"],
        ["video.contact_sheet"],
    )
    (alone,) = stages_of((SHEET,))
    assert (alone.begun, alone.ended) == ((SHEET,), (SHEET,))


def test_a_sheet_is_the_same_whether_fed_in_the_first_pass_or_later(tmp_path: Path) -> None:
    path = write(tmp_path / "cuts.mp4", [scene(seed, step, (320, 180)) for seed in (3, 8, 5) for step in range(12)])
    measured, sheet = derived(path, tmp_path / "one", Measurements(), SHEET)
    derived(path, tmp_path / "two", Shots())
    (later,) = derived(path, tmp_path / "two", SHEET)
    passes = [one.manifest.cost.reading_seconds for one in (measured, sheet) if one.manifest.cost]
    assert len(passes) == 2
    assert passes[0] == passes[1] > 0
    assert sheet.manifest.started_utc == measured.manifest.started_utc != later.manifest.started_utc
    assert sheet.facts("contact_sheet.jpg")["shots"] == later.facts("contact_sheet.jpg")["shots"] is not None
    assert sheet.manifest.items == later.manifest.items
