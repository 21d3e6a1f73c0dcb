"""The long form: `python -m tests.fuzz [--count 40] [--seed 11] [--keep FOLDER] [SUFFIX ...]`."""

from __future__ import annotations

import argparse
import sys
import tempfile
from contextlib import nullcontext
from pathlib import Path

from tests.fuzz.run import run
from tests.fuzz.wholes import WHOLES


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("suffixes", nargs="*", metavar="SUFFIX", help=f"formats to try: {', '.join(WHOLES)}")
    parser.add_argument("--count", type=int, default=40, help="damaged copies of each format (default: 40)")
    parser.add_argument("--seed", type=int, default=11, help="another seed gives other damage (default: 11)")
    parser.add_argument("--keep", type=Path, help="folder that keeps the damaged files")
    given = parser.parse_args()
    if given.keep:
        given.keep.mkdir(parents=True, exist_ok=True)
    known = silent = told = faulty = 0
    with nullcontext(given.keep) if given.keep else tempfile.TemporaryDirectory() as folder:
        for finding in run(Path(folder), given.suffixes or WHOLES, given.count, given.seed):
            known, told = known + (finding.known is not None), told + (finding.told is not None)
            silent, faulty = silent + finding.is_silent, faulty + bool(finding.faults)
            if finding.is_silent or finding.faults or (finding.name == "whole" and finding.told):
                print(
                    f"{finding.name}: known: {finding.known}; told: {finding.told}; faults: {finding.faults}",
                    flush=True,
                )
    print(f"{known} known to be damaged, {told} told, {silent} silent, {faulty} with a fault in marsmedia")
    return 1 if silent or faulty else 0


if __name__ == "__main__":
    sys.exit(main())
