"""Figures of results in one file a medium: what differs in them, and which of them may be written anew."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.helpers.figures import Figure, Figures

HINT = "raise the version or mend the change"
ABOUT = {
    "rms_of_parts": (2e-3, 1e-5), "levels_": (0, 0.06), "steps": (3e-3, 3e-3), "about_kilobytes": (0.02, 0.05),
    "_over_rms": (0, 2e-5), "least_and_most": (1e-4, 1e-4), "mean_log10": (0, 1e-3), ".picture_": (0.01, 0.3),
}  # fmt: skip
"""Relative and absolute tolerance of a figure whose name holds the words; the last that fits is taken."""
EXACT = (1e-5, 1e-9)
"""Of any other number that is not whole."""


@dataclass(frozen=True, kw_only=True)
class Golden:
    """What one processor made of one source."""

    version: int
    uses: Mapping[str, int]
    """Versions of the processors whose results it is made of, theirs as well."""
    verdict: str
    reason: str | None
    items: Mapping[str, Figures]


Results = dict[str, Golden]
"""By `source: processor`."""
Looser = Mapping[str, tuple[float, float]]
"""Tolerance of a processor's numbers, and of an item's as `processor item`, at the least."""


def read(path: Path) -> Results:
    if not path.exists():
        return {}
    return {name: Golden(**entry) for name, entry in json.loads(path.read_text()).items()}


def write(path: Path, results: Results) -> None:
    """One figure a line."""
    path.write_text(_text({name: asdict(result) for name, result in results.items()}) + "\n")


def _text(value: Any, indent: int = 0) -> str:
    if not isinstance(value, dict) or not value:
        return json.dumps(value, ensure_ascii=False)
    edge = " " * indent
    rows = [f"{edge} {json.dumps(key, ensure_ascii=False)}: {_text(entry, indent + 1)}" for key, entry in value.items()]
    return "{\n" + ",\n".join(rows) + f"\n{edge}}}"


def rewritten(old: Results, new: Results, order: str | None) -> Results:
    """What the file shall hold.

    Parameters
    ----------
    order : None or empty: what it holds. `all`: all that is new. Anything else: of what is new, the results of
        processors that the file has not, or whose version, or one that they use, has been raised.
    """
    if not order:
        return old
    return {
        name: result if order == "all" or _is_raised(old.get(name), result) else old[name]
        for name, result in new.items()
    }


def _is_raised(old: Golden | None, new: Golden) -> bool:
    if old is None:
        return True
    before = {"": old.version, **old.uses}
    return any(version > before.get(name, 0) for name, version in {"": new.version, **new.uses}.items())


def differences(old: Results, new: Results, looser: Looser) -> list[str]:
    """One sentence a figure that differs: where it stands, what it was and what it is."""
    found = [f"{name}: no longer made" for name in old if name not in new]
    for name, result in new.items():
        if name not in old:
            found.append(f"{name}: new: write it with MARSMEDIA_WRITE_GOLDEN=1")
        elif (result.version, dict(result.uses)) != (old[name].version, dict(old[name].uses)):
            found.append(
                f"{name}: version {_versions(old[name])} in the file, {_versions(result)} in the code: "
                "write its figures with MARSMEDIA_WRITE_GOLDEN=1"
            )
        else:
            found += [f"{name}: {words}: {HINT}" for words in _of_result(name, old[name], result, looser)]
    return found


def _versions(result: Golden) -> str:
    used = ", ".join(f"{name} {version}" for name, version in result.uses.items())
    return f"{result.version} ({used})" if used else str(result.version)


def _of_result(name: str, old: Golden, new: Golden, looser: Looser) -> list[str]:
    found = [
        f"{what} was {before!r}, is {after!r}"
        for what, before, after in (("verdict", old.verdict, new.verdict), ("reason", old.reason, new.reason))
        if before != after
    ]
    found += [f"{item}: no longer made" for item in old.items if item not in new.items]
    found += [f"{item}: a new item" for item in new.items if item not in old.items]
    processor = name.split(": ")[-1]
    for item in (item for item in old.items if item in new.items):
        least = looser.get(f"{processor} {item}", looser.get(processor, (0.0, 0.0)))
        before, after = old.items[item], new.items[item]
        for figure in [*before, *(figure for figure in after if figure not in before)]:
            if figure not in before or figure not in after:
                found.append(f"{item}: {figure} is {'gone' if figure in before else 'new'}")
            elif not _is_same(before[figure], after[figure], _tolerance(figure, least)):
                found.append(f"{item}: {figure} was {before[figure]!r}, is {after[figure]!r}")
    return found


def _tolerance(figure: str, least: tuple[float, float]) -> tuple[float, float]:
    own = next((about for words, about in reversed(ABOUT.items()) if words in figure), EXACT)
    return max(own[0], least[0]), max(own[1], least[1])


def _is_same(old: Figure, new: Figure, tolerance: tuple[float, float]) -> bool:
    if isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and all(_is_same(a, b, tolerance) for a, b in zip(old, new, strict=True))
    if isinstance(old, float) or isinstance(new, float):
        if any(isinstance(value, bool) or not isinstance(value, int | float) for value in (old, new)):
            return False
        return math.isclose(old, new, rel_tol=tolerance[0], abs_tol=tolerance[1])  # type: ignore[arg-type]
    return type(old) is type(new) and old == new
