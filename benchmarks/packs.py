"""10,000 items packed into a zip, against `zip -0` on the same files; memory at 1,000 and at 10,000 items.

Run it with `python -m benchmarks packs`.
"""

from __future__ import annotations

import hashlib
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.figures import tell
from benchmarks.measure import in_turn, process, python, ratio
from processors.store.catalogue.catalogue import Catalogue
from processors.store.catalogue.source_row import SourceRow
from processors.store.manifest import Manifest, ResultRef, StoredItem
from processors.store.store import Store

FRAMES = 100
"""Of each video."""
BYTES = (20_000, 300_000)
"""A JPEG frame of 360p and one of 1080p."""
ROUNDS = 5
BUILD = """
import sys
from pathlib import Path
from processors.packs.build import build
from processors.languages.text import Text
from processors.packs.recipe.pack_recipe import PackRecipe
from processors.store.store import Store
recipe = PackRecipe(title=Text(en="Frames"), selection=("*",), take=("frames",))
build(recipe, Path(sys.argv[2]), Store(Path(sys.argv[1])), asked=lambda row: frozenset(), force=True)
"""


def main() -> None:
    """Print the two ratios."""
    if not shutil.which("zip"):
        sys.exit("install zip to compare with")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        write_store(folder / "few", 1_000)
        write_store(folder / "many", 10_000)
        few = min(python(BUILD, folder / "few", folder / "few.zip").peak_mb for _ in range(2))
        peaks: list[float] = []

        def ours() -> float:
            used = python(BUILD, folder / "many", folder / "ours.zip")
            peaks.append(used.peak_mb)
            return used.wall_seconds

        def theirs() -> float:
            (folder / "theirs.zip").unlink(missing_ok=True)
            return process(["zip", "-0", "-q", "-r", folder / "theirs.zip", folder / "many" / "results"]).wall_seconds

        mine, other = in_turn(ROUNDS, ours, theirs)
        size = (folder / "ours.zip").stat().st_size / 1e6
        print(f"  10,000 frames, {size:.0f} MB: marsmedia {min(mine):.2f} s, zip -0 {min(other):.2f} s")
        tell("a pack of 10,000 items, times the time of zip -0", min(mine) / min(other), "", 2.0)
        tell("the same, median of rounds", ratio(mine, other), "", 2.0)
        tell(f"memory for 10,000 items ({min(peaks):.0f} MB), times that for 1,000", min(peaks) / few, "", 1.5)


def _video(name: str, digest: str) -> SourceRow:
    return SourceRow(
        path=f"/raw/{name}",
        digest=digest,
        release="raw",
        relative=f"raw/{name}",
        name=name,
        size_bytes=1,
        mtime_ns=1,
        kind="media",
        medium="video",
        format="mp4",
        codec="h264",
        has_sound=False,
        duration_seconds=100.0,
        note=None,
        seen_utc="2026-01-01T00:00:00Z",
    )


def write_store(root: Path, count: int) -> None:
    """A store of videos with frames of noise, which no packer can compress."""
    store, rng = Store(root), np.random.default_rng(1)
    catalogue = Catalogue(store)
    rows, manifests = [], []
    for video in range(count // FRAMES):
        digest = hashlib.sha256(f"{video}".encode()).hexdigest()
        rows.append(_video(f"{video}.mp4", digest))
        with store.scratch() as scratch:
            (scratch / "r").mkdir()
            items = []
            for number in range(FRAMES):
                data = rng.bytes(int(rng.integers(*BYTES)))
                (scratch / "r" / f"frame_{number:06}.jpg").write_bytes(data)
                items.append(
                    StoredItem(
                        name=f"frame_{number:06}.jpg",
                        media_type="image/jpeg",
                        size_bytes=len(data),
                        sha256=hashlib.sha256(data).hexdigest(),
                        facts={"time_seconds": float(number), "width_px": 1920, "height_px": 1080},
                    )
                )
            manifests.append(
                Manifest(
                    ref=ResultRef(source=digest, processor="video.frames", key=digest),
                    version=1,
                    parameters={},
                    verdict="made",
                    reason=None,
                    items=tuple(items),
                    source_name="x",
                    release="raw",
                    source_facts=None,
                    software={"python": "3.11"},
                    host="h",
                    started_utc="2026-01-01T00:00:00Z",
                    seconds=1.0,
                )
            )
            store.commit(scratch / "r", manifests[-1])
    catalogue.add_sources(rows)
    catalogue.add_results(manifests)


if __name__ == "__main__":
    main()
