"""Figures of benchmarks next to the promised ones: printed, and recorded in a file for the page of all figures."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

FIGURES_FILE = "MARSMEDIA_FIGURES"
"""Environment variable with the path of the file, one JSON object a line; figures are only printed without it."""


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One figure and its promise."""

    benchmark: str
    what: str
    figure: float
    unit: str
    promise: float
    at_least: bool = False
    if_missed: str = ""
    """Why the promise cannot be kept, as far as it is known."""

    @property
    def is_reached(self) -> bool:
        """Return whether the promise is kept."""
        return self.figure >= self.promise if self.at_least else self.figure <= self.promise

    @property
    def rule(self) -> str:
        """Return the promise in words."""
        return f"{'at least' if self.at_least else 'at most'} {self.promise:g}{self.unit}"


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a benchmark ended."""

    name: str
    how: Literal["ended", "failed", "cut off", "left out"]
    seconds: float


def tell(what: str, figure: float, unit: str, promise: float, *, at_least: bool = False, if_missed: str = "") -> None:
    """Print one line: the figure, the promise, and whether it was reached; record it in the file if there is one."""
    one = Figure(
        benchmark=_benchmark(),
        what=what,
        figure=figure,
        unit=unit,
        promise=promise,
        at_least=at_least,
        if_missed=if_missed,
    )
    print(
        f"  {what}: {figure:.2f}{unit} (promised: {one.rule}) {'reached' if one.is_reached else 'MISSED'}", flush=True
    )
    if path := os.environ.get(FIGURES_FILE):
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(one)) + "\n")


def read_figures(file: Path) -> Sequence[Figure]:
    """Return the figures recorded in a file, in that order; nothing if there is none."""
    return (
        [Figure(**json.loads(line)) for line in file.read_text(encoding="utf-8").splitlines()] if file.exists() else []
    )


def _benchmark() -> str:
    """Return the name of the benchmark that runs in this process."""
    import __main__

    spec = getattr(__main__, "__spec__", None)
    return spec.name.rpartition(".")[2] if spec else ""
