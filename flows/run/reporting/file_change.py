"""Change of a raw file since the last run, as shown in reports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from processors.sources.scan import printable
from processors.sources.source_file import changed_reason


def in_packs(names: Sequence[str]) -> str:
    """Return in which packs a file is, as continuation of a sentence; empty for none."""
    return f"; in the pack{'s' if len(names) > 1 else ''} {printable(', '.join(names))}" if names else ""


@dataclass(frozen=True, kw_only=True)
class Change:
    """Path whose content differs from that of the last run."""

    file: str
    """Path relative to the raw folder."""
    path: str
    kind: Literal["changed", "replaced", "moved", "withdrawn", "restored", "returned"]
    """`changed`: other bytes with the same size and date, so certainly unintended; `restored`: its bytes are back;
    `returned`: so they are, though their withdrawal was confirmed."""
    was: str
    """SHA-256 of the previous bytes."""
    now: str | None
    """SHA-256 of the present bytes; None if the file is gone."""
    was_here_before: bool = False
    """Whether the present bytes of a replaced file were there before the previous ones, as those of a restored one."""
    elsewhere: str | None = None
    """Another path with the previous bytes, relative to the raw folder."""
    withdrawn: str | None = None
    """Day and reason of the withdrawal of what has returned."""
    packs: tuple[str, ...] = ()
    """Names of the packs that hold the previous bytes, or what was made of them."""

    def __str__(self) -> str:
        name, was = printable(self.file), self.was[:16]
        held = in_packs(self.packs)
        if self.kind == "moved":
            return f"moved: {name} is now {printable(self.elsewhere or '')}"
        if self.kind == "restored":
            return f"restored: {name}: its bytes are here again"
        if self.kind == "returned":
            return f"back: {name}: though {printable(self.withdrawn or '')}"
        if self.now is None:
            still = f"; {printable(self.elsewhere)} has the same bytes" if self.elsewhere else ""
            return f"withdrawn: {name} is no longer there (was {was}...{still}){held}"
        before = ", which was here before" if self.was_here_before else ""
        return f"{self.kind}: {name}: was {was}..., is {self.now[:16]}...{before}{held}"

    @property
    def reason(self) -> str:
        """Return what is wrong with a changed file and how to fix it."""
        return changed_reason(self.was, str(self.now))
