"""`reprocess --dry-run` over many sources, and how close its estimates come to the actual time."""

from __future__ import annotations

import statistics
import sys
import tempfile
from datetime import datetime, timedelta
from pathlib import Path

from benchmarks.figures import tell
from benchmarks.measure import process
from benchmarks.scale import made_store
from flows.run.options import Options
from flows.run.planning.select import ReprocessRequest, prepare_chosen
from flows.run.run import in_threads, run, run_ingest
from processors.engine.estimate import estimate, reads_of
from processors.store.catalogue.catalogue import Catalogue
from processors.store.catalogue.history import History
from processors.store.store import Store
from tests.helpers.first_recipes import RECIPES
from tests.helpers.made_media import MediaMaker

SOURCES = 10_000


def main() -> None:
    """Three promises."""
    with tempfile.TemporaryDirectory() as folder:
        dry_run(Path(folder))
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder) / "raw"
        raw.mkdir()
        for number in range(40):
            MediaMaker(raw).photo(f"{number}.jpg", size=(4000, 3000 + number))
        estimates(
            Path(folder),
            "40 photos",
            ReprocessRequest(words=(), processors=("photo.preview",), settings={"quality": "80"}),
        )
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder) / "raw"
        raw.mkdir()
        for number in range(8):
            MediaMaker(raw).video(f"{number}.mp4", list(range(8000 + number)))
        estimates(
            Path(folder),
            "8 videos",
            ReprocessRequest(words=(), processors=("video.frames",), settings={"every_seconds": "0.8"}),
        )


def estimates(folder: Path, what: str, choice: ReprocessRequest) -> None:
    """Make all once, then the chosen ones with other parameters: seconds expected against seconds taken."""
    store = Store(folder / "store")
    run_ingest(folder / "raw", store.root, RECIPES, Options(), in_threads, name="first")
    before = {m.ref for m in store.manifests()}
    due = prepare_chosen(choice, store, retry_failed=False).plan.due
    expected = estimate(due, History(Catalogue(store), reads_of(due)), Options().worker_count).seconds
    run(
        lambda store, _: prepare_chosen(choice, store, retry_failed=False),
        store.root,
        Options(),
        in_threads,
        name="again",
        asked=str(choice),
    )
    made = [m for m in store.manifests() if m.ref not in before]
    starts = [datetime.fromisoformat(m.started_utc) for m in made]
    ends = [start + timedelta(seconds=m.seconds) for start, m in zip(starts, made, strict=True)]
    took = (max(ends) - min(starts)).total_seconds()
    print(f"  {what}: {expected:.1f} s expected, {took:.1f} s taken")
    tell(f"estimate for {what}, the larger over the smaller", max(expected / took, took / expected), "", 2)


def dry_run(folder: Path) -> None:
    """What would be made of many sources, why, and how long it should take."""
    store = made_store(folder / "many", SOURCES) / "store"
    assert process([sys.executable, "-m", "flows.cli", "rebuild", "--store", store]).exit_code == 0
    words = ["reprocess", "medium=photo", "--processor", "photo.preview", "--set", "quality=80", "--dry-run"]
    runs = [process([sys.executable, "-m", "flows.cli", *words, "--store", store, "--json"]) for _ in range(5)]
    assert all(run.exit_code == 0 for run in runs)
    print(f"  peak memory: {max(run.peak_mb for run in runs):.0f} MB")
    times = [run.wall_seconds for run in runs]
    print(f"  fastest {min(times):.2f} s, slowest {max(times):.2f} s")
    tell(f"reprocess --dry-run over {SOURCES} sources", statistics.median(times), " s", 3.0)


if __name__ == "__main__":
    main()
