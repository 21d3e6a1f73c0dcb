"""Every real and hostile video ends in a stated result or failure, in bounded time."""

from __future__ import annotations

import csv
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest

from processors.audio.levels.levels import Levels
from processors.contract import Processor
from processors.errors import MediaError
from processors.identify import hash_and_identify
from processors.json_records import Json
from processors.sources.source_file import SourceFile
from processors.video.audit.integrity import Integrity
from processors.video.frames.frames import Frames
from processors.video.shots.shots import Shots
from processors.video.shots.stills import Stills
from tests.conftest import SAMPLES
from tests.helpers.derived import derived
from tests.helpers.made_media import MediaMaker

SECONDS_AT_MOST = 90


def videos() -> list[Path]:
    """Real and hostile files that are taken for video."""
    if not SAMPLES.is_dir():
        return []
    found = []
    for path in sorted([*(SAMPLES / "formats/video").rglob("*"), *(SAMPLES / "hostile").rglob("*")]):
        if path.is_file() and path.stat().st_size < 200_000:
            try:
                if hash_and_identify(SourceFile.at(path), path.name)[1].medium == "video":
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
    assert bytes_of("with-others", Integrity()) == alone


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


def test_a_truncated_matroska_file_is_reported_for_video_and_audio(make: MediaMaker, tmp_path: Path) -> None:
    whole, cut = tmp_path / "whole.mkv", tmp_path / "cut.mkv"
    said = "-f lavfi -i testsrc2=d=4 -f lavfi -i sine=d=4 -c:v libx264 -c:a aac"
    subprocess.run(["ffmpeg", "-v", "error", *said.split(), str(whole)], check=True)
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size * 6 // 10])
    for path, is_complete in ((whole, True), (cut, False)):
        audit, levels = derived(path, tmp_path / "store", Integrity(), Levels())
        found = audit.json("integrity.json")
        assert (found["audit"]["is_complete"], found["is_truncated"]) == (is_complete, not is_complete)
        facts = levels.manifest.source_facts
        assert isinstance(facts, dict)
        lost = whole.stat().st_size - path.stat().st_size
        assert facts["truncated_because"] == (None if is_complete else f"{lost} bytes of the segment are missing")


def test_frames_that_depend_on_damage_are_reported_and_give_no_stills_and_no_cut(tmp_path: Path) -> None:
    whole, broken = tmp_path / "whole.mp4", tmp_path / "broken.mp4"
    said = "-f lavfi -i testsrc2=d=6:s=640x360,rotate=t/4 -c:v libx264 -g 50 -sc_threshold 0 -bf 0"
    subprocess.run(["ffmpeg", "-v", "error", *said.split(), str(whole)], check=True)
    data = bytearray(whole.read_bytes())
    with av.open(str(whole)) as container:
        packet = next(one for one in container.demux(video=0) if one.pts == 60 * (one.duration or 0))
    assert packet.pos is not None
    middle = packet.pos + packet.size // 2
    data[middle : middle + 20] = bytes(20)
    broken.write_bytes(data)

    audit, shots, stills = derived(broken, tmp_path / "store", Integrity(), Shots(), Stills(per_shot=3))
    found = audit.json("integrity.json")
    assert not found["audit"]["is_complete"]
    (span,) = found["damaged_or_missing"]
    assert (span["start_seconds"], span["end_seconds"]) == (2.4, 4.0)  # up to the next keyframe
    assert found["frame_count_after_damage"] == 39
    assert "39 frames after damage (up to the next keyframe) may be corrupted." in found["audit"]["words"]
    wrong = [time for time, off in _differences(whole, broken) if off > 0]
    assert wrong
    assert all(2.4 <= time < 4.0 for time in wrong)
    assert [shot["starts_with"] for shot in shots.json("shots.json")["shots"]] == ["start"]
    times = [still["identity"]["time_seconds"] for still in stills.json("stills.json")]
    assert times
    assert not [time for time in times if 2.4 <= time < 4.0]


def _differences(first: Path, second: Path) -> Iterator[tuple[float, float]]:
    """Mean difference of the frames of one time, in levels of luma."""
    pictures: list[dict[float, np.ndarray]] = []
    for path in (first, second):
        with av.open(str(path)) as container:
            container.streams.video[0].codec_context.thread_count = 1
            frames = container.decode(video=0)
            pictures.append({frame.time or 0.0: frame.to_ndarray(format="gray").astype(int) for frame in frames})
    for moment in sorted(pictures[0].keys() & pictures[1].keys()):
        yield moment, float(np.abs(pictures[0][moment] - pictures[1][moment]).mean())


@pytest.mark.parametrize(
    ("code", "matrix"), [(8, "YCgCo"), (10, "BT.2020, constant luminance"), (12, "of code 12 in H.273"), (14, "ICtCp")]
)
def test_a_matrix_that_ffmpeg_cannot_convert_is_unsupported_and_no_damage(
    code: int, matrix: str, make: MediaMaker, tmp_path: Path
) -> None:
    tagged = tmp_path / "tagged.mp4"
    tag = ("-c", "copy", "-bsf:v", f"h264_metadata=matrix_coefficients={code}", str(tagged))
    subprocess.run(["ffmpeg", "-v", "error", "-i", str(make.video("a.mp4", [0, 1, 2, 3]).path), *tag], check=True)
    frames, integrity = derived(tagged, tmp_path / "store", Frames(), Integrity())
    assert (frames.manifest.verdict, frames.manifest.blame) == ("refused", "version")
    assert frames.manifest.reason == (
        f"FFmpeg does not support converting a frame with the matrix {matrix} to rgb24:"
        " convert it with the program that made it"
    )
    assert (integrity.manifest.verdict, integrity.manifest.reason) == ("made", None)


def test_tables_that_disagree_are_the_reason_where_no_frame_decodes(make: MediaMaker, tmp_path: Path) -> None:
    data = bytearray(make.video("a.mp4", list(range(25))).path.read_bytes())
    place = data.index(b"stsz") + 12
    data[place : place + 4] = (1025).to_bytes(4, "big")
    lying = tmp_path / "lying.mp4"
    lying.write_bytes(data)
    (integrity,) = derived(lying, tmp_path / "store", Integrity())
    reason = str(integrity.manifest.reason)
    assert "the video's table of durations (stts) lists 25 samples, that of sizes 1025" in reason
    assert "the stream is empty" not in reason


def test_a_video_without_a_decoder_is_unsupported(make: MediaMaker, tmp_path: Path) -> None:
    data = make.video("a.mp4", [0, 1, 2, 3]).path.read_bytes()
    odd = tmp_path / "odd.mp4"
    odd.write_bytes(data.replace(b"avc1", b"zzzz").replace(b"avcC", b"zzzC"))
    (frames,) = derived(odd, tmp_path / "store", Frames())
    assert (frames.manifest.verdict, frames.manifest.blame) == ("refused", "version")
    assert frames.manifest.reason == (
        "the video is compressed with zzzz, for which FFmpeg has no decoder: convert it with a tool that has one"
    )
