"""One small photo, from nothing running to the last result: the shortest possible run.

python -m benchmarks.small_photo
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from itertools import count
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.figures import tell
from benchmarks.measure import process

ROUNDS = 5


def main() -> None:
    """Print the median of several runs, each into a new store; the first is not counted."""
    with tempfile.TemporaryDirectory() as folder:
        raw, number = Path(folder) / "raw" / "june", count()
        raw.mkdir(parents=True)
        noise = np.random.default_rng(1).integers(0, 255, (48, 64, 3), np.uint8)
        Image.fromarray(noise).resize((640, 480)).save(raw / "photo.jpg")

        def run() -> float:
            store = Path(folder) / f"store{next(number)}"
            used = process([sys.executable, "-m", "flows.cli", "ingest", raw.parent, "--store", store, "--quiet"])
            assert used.exit_code == 0, used
            return used.wall_seconds

        run()
        tell("a run of one small photo, from nothing running", statistics.median(run() for _ in range(ROUNDS)), " s", 4)


if __name__ == "__main__":
    main()
