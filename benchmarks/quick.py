"""This checkout against another commit: processor time of a run over the built-in sample, in turn; under 3 minutes.

    python -m benchmarks.quick [commit]      by default the commit before

Processor time of all processes counts, which other work on the machine changes little.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from itertools import count
from pathlib import Path

from benchmarks.figures import tell
from benchmarks.measure import in_turn, process, ratio

ROUNDS = 2
MOST = 1.05
"""Greatest ratio: two runs of one commit differ by up to 3 %."""
HERE = Path(__file__).resolve().parents[1]


def main(commit: str = "HEAD~1") -> None:
    """Print the ratio; exit with 1 if this checkout is slower."""
    with tempfile.TemporaryDirectory() as folder:
        home, number = Path(folder), count()
        base, raw = home / "base", home / "raw" / "sample"
        subprocess.run(["git", "-C", HERE, "worktree", "add", "--quiet", "--detach", base, commit], check=True)
        try:
            code = "import sys; from pathlib import Path; from processors.sample import write_release;"
            made = process(
                [sys.executable, "-P", "-c", code + "write_release(Path(sys.argv[1]))", raw],
                environment={"PYTHONPATH": str(HERE)},
            )
            assert made.exit_code == 0, made
            for tree in (HERE, base):  # else the first run compiles
                process([sys.executable, "-m", "compileall", "-q", tree / "flows", tree / "processors"])

            def run(tree: Path) -> float:
                store = home / f"store{next(number)}"
                used = process(
                    [sys.executable, "-P", "-m", "flows.cli", "ingest", raw.parent, "--store", store, "--quiet"],
                    environment={"PYTHONPATH": str(tree)},
                )
                assert used.exit_code == 0, (tree, used)
                return used.cpu_seconds

            new, old = in_turn(ROUNDS, lambda: run(HERE), lambda: run(base))
        finally:
            subprocess.run(["git", "-C", HERE, "worktree", "remove", "--force", base], check=True)
    print(f"  {min(new):.1f} s now, {min(old):.1f} s at {commit}")
    now_to_then = ratio(new, old)
    tell(f"now / {commit}", now_to_then, "", MOST)
    if now_to_then > MOST:
        sys.exit(1)


if __name__ == "__main__":
    main(*sys.argv[1:2])
