"""Where and when the bytes of a source were seen, checked and replaced, as lines for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from processors.sources.source_file import changed_reason

if TYPE_CHECKING:
    from processors.store.catalogue.source_row import SourceRow
    from processors.store.fixity.fixity_history import FixityHistory


def history_lines(
    row: SourceRow, seen: Sequence[SourceRow], before: Sequence[SourceRow], checks: FixityHistory
) -> Iterator[str]:
    """Yield where and when these bytes were seen and hashed again, and other contents of this path."""
    if all(one.gone_utc for one in seen):
        is_replaced = any(one.gone_utc is None for one in before)
        yield f"gone     {'no longer in raw' if is_replaced else _gone(max(seen, key=lambda one: one.gone_utc or ''))}"
    for one in seen:
        yield f"seen     {one.path} ({_span(one)})"
        for check in checks.of_row(one):
            whole = "restored: whole" if check.failed_utc else "whole"
            yield f"checked  {check.ended_utc[:19]}Z: {check.reason or whole}"
        if one.changed_to is not None and one.gone_utc is None:
            yield f"changed  {changed_reason(one.digest, one.changed_to)}"
    for one in before:
        yield f"here     {'also' if one.gone_utc else 'now'} {one.digest} ({_span(one)})"


def _gone(last: SourceRow) -> str:
    if last.confirmed_utc is None:
        return "missing from raw, not confirmed as withdrawn"
    why = f": {last.confirmed_reason}" if last.confirmed_reason else ""
    return f"withdrawn, confirmed on {last.confirmed_utc[:10]}{why}"


def _span(row: SourceRow) -> str:
    """Return the times at which runs first and last saw these bytes at this path, and earlier such spans."""
    ended = [
        f"{stay.seen_utc[:19]}Z until {stay.gone_utc[:19]}Z"
        + (f" ({stay.withdrawn_in_words})" if stay.confirmed_utc else "")
        for stay in row.stays
        if stay.gone_utc
    ]
    return ", ".join(ended if row.gone_utc else [*ended, f"{'again ' if ended else ''}since {row.seen_utc[:19]}Z"])
