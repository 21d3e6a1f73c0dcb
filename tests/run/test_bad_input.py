"""What lies in a raw folder and is no sound media file: told by its name, and never in the way of the rest."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

from flows.cli.main import main
from flows.run.options import Options
from flows.run.reporting.report_as_markdown import markdown
from flows.run.run import BatchOutcome, in_threads, run_ingest
from flows.run.working.batches import Batch
from processors.video.frames.frames import Frames
from tests.helpers.first_recipes import RECIPES
from tests.helpers.made_media import MediaMaker
from tests.helpers.runs import counts, ingest

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
        "june/again": "link to a folder",
        "june/nowhere.jpg": "broken link",
        "june/out.jpg": "link points outside the release",
        "june/pipe.wav": "not a regular file (a pipe, socket or device)",
    }


def test_a_file_of_no_use_warns_and_fails_a_strict_run(raw: Path, tmp_path: Path) -> None:
    (raw / "june/empty.mp4").write_bytes(b"")
    (raw / "june/page.mp4").write_text("<!DOCTYPE html><title>404</title>")
    report = ingest(raw, tmp_path / "store")
    assert (report.state, report.exit_code, report.unsupported) == ("completed with warnings", 0, 2)
    assert [(one.file, one.verdict, one.is_new) for one in report.problems] == [
        ("june/empty.mp4", "unsupported", True),
        ("june/page.mp4", "unsupported", True),
    ]
    again = ingest(raw, tmp_path / "store", strict=True)
    assert (again.state, again.exit_code) == ("failed", 1)
    assert not any(one.is_new for one in again.problems)


def test_the_report_shows_hostile_names_as_text(raw: Path, maker: MediaMaker, tmp_path: Path) -> None:
    (raw / "june/<b>[x](y)|.bin").write_bytes(b"\x93\x00")
    text = markdown(ingest(raw, tmp_path / "store"))
    assert "<b>" not in text
    assert r"\<b\>\[x\](y)\|.bin" in text


def test_a_file_that_changes_while_it_is_read_is_reported_and_made_the_next_time(
    raw: Path, maker: MediaMaker, tmp_path: Path
) -> None:
    changing, vanishing = maker.photo("changing.jpg", size=(400, 300)), maker.photo("vanishing.jpg", size=(300, 200))

    def meddle(batches: Sequence[Batch]) -> Iterable[BatchOutcome]:
        changing.write_bytes(changing.read_bytes() + b"more")
        vanishing.unlink()
        return in_threads(batches)

    report = run_ingest(raw, tmp_path / "store", RECIPES, Options(), meddle, name="meddled")
    assert (report.state, counts(report)) == ("failed", (4, 0, 0, 0, 4))
    assert {problem.reason for problem in report.problems} == {
        "changed during the run: run again when it no longer changes",
        "vanished during the run: restore it and run again",
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


def test_show_reports_what_a_truncated_file_has_lost(tmp_path: Path) -> None:
    whole, cut = tmp_path / "whole.wav", tmp_path / "raw/cut.wav"
    soundfile.write(whole, np.zeros(96_000), 48_000)
    cut.parent.mkdir()
    cut.write_bytes(whole.read_bytes()[: 44 + 2 * 48_000])
    ingest(tmp_path / "raw", tmp_path / "store")
    shown = CliRunner().invoke(main, ["show", "cut.wav", "--store", str(tmp_path / "store")]).output
    assert "  damaged: 1.000 s to 2.000 s\n" in shown
    assert "  truncated_because: the header declares 96000 samples, 48000 are present\n" in shown
    assert "first_error" not in shown  # what there is nothing to say of


def test_show_names_the_times_at_which_no_frame_is_shown(raw: Path, maker: MediaMaker, tmp_path: Path) -> None:
    maker.video("short.mp4", list(range(10))).path.rename(raw / "june/short.mp4")
    frames = Frames(choice="times", times_seconds=(0.1, 500.0, 0.2, 7.5))
    assert ingest(raw, tmp_path / "store", {"video": (frames,)}).results.made == 1
    shown = CliRunner().invoke(main, ["show", "short.mp4", "--store", str(tmp_path / "store")]).output
    assert "  no frame is shown at 7.5, 500 s\n" in shown
