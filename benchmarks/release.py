"""A whole release, with the light and with the default recipe, against the separate tools that a user has.

    python -m benchmarks.release

Needs `../shared/samples/release` and `../shared/bench/tools.sh` beside the checkout, and the tools that it calls:
exiftool, ffmpeg, sox, ImageMagick; PySceneDetect comes with the environment.
"""

from __future__ import annotations

import os
import sys
import tempfile
from itertools import count
from pathlib import Path

from benchmarks.figures import tell
from benchmarks.measure import Used, in_turn, process, ratio

ROUNDS = 3
SHARED = Path(__file__).resolve().parents[2] / "shared"
SCENEDETECT = Path(sys.executable).parent / "scenedetect"
RECIPES = {"light": 0.6, "default": 2.0}
"""Recipes with the ratio of wall-clock time that each must reach."""
MORE_THAN_TOOLS = (
    "in addition to what the tools make, it makes {}evidence and tables, and it checks and commits each result"
)
MORE_IS_MADE = {
    "light": MORE_THAN_TOOLS.format("perceptual hashes, an audit of each frame, "),
    "default": MORE_THAN_TOOLS.format(
        "preview clips with sound, motion, tracks, tiles, sound in other formats, an audit of each frame, "
    ),
}
"""What takes the time beyond the promise."""


def main() -> None:
    """Wall-clock and processor time of all three, in turn; a first round, which compiles the sources, is left out."""
    release, tools = SHARED / "samples" / "release", SHARED / "bench" / "tools.sh"
    if not (release.is_dir() and tools.is_file()):
        print("  skipped: no ../shared/samples/release and ../shared/bench/tools.sh beside the checkout")
        return
    assert SCENEDETECT.is_file(), f"{SCENEDETECT}: without it tools.sh leaves the detection of shots out"
    runs: dict[str, list[Used]] = {name: [] for name in (*RECIPES, "tools")}
    with tempfile.TemporaryDirectory() as folder:
        number = count()

        def ours(recipe: str) -> float:
            store = Path(folder) / f"store{next(number)}"
            chosen = [] if recipe == "default" else ["--recipe", recipe]
            command = [sys.executable, "-m", "flows.cli", "ingest", release, "--store", store, "--quiet", *chosen]
            runs[recipe].append(process(command))
            assert runs[recipe][-1].exit_code == 0, runs[recipe][-1]
            return runs[recipe][-1].wall_seconds

        def theirs() -> float:
            environment = {"SCENEDETECT": os.fspath(SCENEDETECT)}
            out = Path(folder) / f"tools{next(number)}"
            runs["tools"].append(process(["bash", tools, release, out], environment=environment))
            assert any(out.glob("*/*-Scenes.csv")), "tools.sh found no shots: it did not run PySceneDetect"
            return runs["tools"][-1].wall_seconds

        light, default, other = (
            times[1:] for times in in_turn(1 + ROUNDS, lambda: ours("light"), lambda: ours("default"), theirs)
        )
    print(f"  fastest: light {min(light):.1f} s, default {min(default):.1f} s, tools {min(other):.1f} s")
    for (recipe, promise), times in zip(RECIPES.items(), (light, default), strict=True):
        tell(f"{recipe} recipe / separate tools", ratio(times, other), "", promise, if_missed=MORE_IS_MADE[recipe])
        spent = ([run.cpu_seconds for run in runs[name][1:]] for name in (recipe, "tools"))
        print(f"  the same in processor time: {ratio(*spent):.2f}")


if __name__ == "__main__":
    main()
