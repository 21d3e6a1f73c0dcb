"""Every real and hostile video ends in a stated result or failure, in bounded time."""

from __future__ import annotations

import csv
import subprocess
import time
from pathlib import Path

import pytest

from processors.audio.levels import Levels
from processors.contract import Json, Processor
from processors.errors import MediaError
from processors.inspect import inspect
from processors.source_file import SourceFile
from processors.video.frames import Frames
from processors.video.integrity import Audited
from processors.video.motion import Motion
from processors.video.shots import Shots
from processors.video.stills import Stills
from tests.conftest import SAMPLES
from tests.made_media import MediaMaker
from tests.video_derived import derived

SECONDS_AT_MOST = 90


def videos() -> list[Path]:
    """Real and hostile files that are taken for video."""
    if not SAMPLES.is_dir():
        return []
    found = []
    for path in sorted([*(SAMPLES / "formats/video").rglob("*"), *(SAMPLES / "hostile").rglob("*")]):
        if path.is_file() and path.stat().st_size < 200_000:
            try:
                if inspect(SourceFile.at(path), path.name)[1].medium == "video":
                    found.append(path)
            except MediaError:
                continue
    return found


@pytest.mark.parametrize("path", videos(), ids=lambda path: path.name[:40])
def test_every_video_ends_in_a_stated_result(path: Path, tmp_path: Path) -> None:
    started = time.monotonic()
    (stills,) = derived(path, tmp_path / "store", Stills(per_shot=1))
    assert time.monotonic() - started < SECONDS_AT_MOST
    manifest = stills.manifest
    if manifest.verdict == "made":
        assert manifest.source_facts is not None
        audit = stills.facts("stills.json")["audit"]
        assert audit["words"]
    else:
        assert manifest.reason is not None
        assert ": " in manifest.reason


@pytest.mark.parametrize("name", ["formats/video/decord/corrupted.mp4", "hostile/mp4parse/no_timescale.mp4"])
def test_a_damaged_video_gives_the_same_bytes_each_time_whatever_else_is_made(
    name: str, samples: Path, tmp_path: Path
) -> None:
    """In several threads, FFmpeg fills in what is damaged from pictures that happen to be ready."""
    frames = Frames(choice="all")

    def bytes_of(store: str, *others: Processor) -> tuple[tuple[str, ...], Json]:
        made = derived(samples / name, tmp_path / store, frames, *others)[0].manifest
        return tuple(item.sha256 for item in made.items), made.source_facts

    alone = bytes_of("alone")
    assert [bytes_of(f"again-{number}") for number in range(3)] == [alone] * 3
    assert bytes_of("with-others", Audited()) == alone


def test_damage_that_few_frames_need_is_met_and_the_rest_is_as_in_a_whole_reading(
    make: MediaMaker, tmp_path: Path
) -> None:
    whole = make.video("whole.mp4", list(range(100)), keyframe_every=10, options={"crf": "12"})
    data = bytearray(whole.path.read_bytes())
    middle = (data.index(b"mdat") + data.index(b"moov")) // 2
    data[middle : middle + 200] = bytes(200)
    bad = make.folder / "bad.mp4"
    bad.write_bytes(data)
    few, every = (
        derived(bad, tmp_path / name, Frames(choice="nth", every_nth=nth))[0] for name, nth in (("few", 20), ("all", 1))
    )
    assert few.manifest.source_facts == every.manifest.source_facts
    digests, of_few = (
        {row["pts"]: row["sha256"] for row in csv.DictReader(result.path("frames.csv").open())}
        for result in (every, few)
    )
    assert (few.manifest.source_facts or {})["decoder_errors"] > 0  # type: ignore[index, operator]
    assert len(of_few) == 4, "the fifth is lost"
    assert of_few.items() <= digests.items()


def test_a_matroska_file_that_is_cut_is_told_for_its_film_and_its_sound(make: MediaMaker, tmp_path: Path) -> None:
    whole, cut = tmp_path / "whole.mkv", tmp_path / "cut.mkv"
    said = "-f lavfi -i testsrc2=d=4 -f lavfi -i sine=d=4 -c:v libx264 -c:a aac"
    subprocess.run(["ffmpeg", "-v", "error", *said.split(), str(whole)], check=True)
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size * 6 // 10])
    for path, is_complete in ((whole, True), (cut, False)):
        audit, levels = derived(path, tmp_path / "store", Audited(), Levels())
        found = audit.json("integrity.json")
        assert (found["audit"]["is_complete"], found["is_truncated"]) == (is_complete, not is_complete)
        facts = levels.manifest.source_facts
        assert isinstance(facts, dict)
        lost = whole.stat().st_size - path.stat().st_size
        assert facts["truncated_because"] == (None if is_complete else f"{lost} bytes of the segment are not there")


def test_a_film_without_any_time_ends_in_words(tmp_path: Path) -> None:
    path = tmp_path / "raw.h264"
    said = "-f lavfi -i testsrc2=d=1 -c:v libx264 -f h264"
    subprocess.run(["ffmpeg", "-v", "error", *said.split(), str(path)], check=True)
    frames, audit, shots, motion = derived(path, tmp_path / "store", Frames(), Audited(), Shots(), Motion())
    assert audit.json("integrity.json")["audit"]["words"] == (
        "Not one frame can be used: 25 frames decoded, none with a time."
    )
    assert shots.json("shots.json")["shots"] == []
    assert frames.facts("frames.csv")["frame_count"] == 0
    assert (motion.manifest.verdict, motion.manifest.reason) == (
        "refused",
        "motion may not be measured: only 0 frames show anything; 25 of 25 frames are damaged or missing: use the "
        "instrument's own frames, or raise the audit's limits and say so",
    )
