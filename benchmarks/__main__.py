"""Runs benchmarks by name, or all of them, and prints each figure beside its promise."""

from __future__ import annotations

import argparse
import importlib
import pkgutil

import benchmarks

NOT_BENCHMARKS = {"__main__", "measure", "quick"}


def main() -> None:
    """Run what the command line names."""
    names = sorted({module.name for module in pkgutil.iter_modules(benchmarks.__path__)} - NOT_BENCHMARKS)
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"which to run, of: {', '.join(names)}; default: all")
    for name in parser.parse_args().names or names:
        if name not in names:
            parser.error(f"{name}: no such benchmark; there are: {', '.join(names)}")
        print(f"== {name}", flush=True)
        importlib.import_module(f"benchmarks.{name}").main()


main()
