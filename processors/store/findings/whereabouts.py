"""Where the bytes of a place are that no longer has them: moved, at other places too, or replaced by others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from processors.store.catalogue.source_row import SourceRow, by_source
from processors.store.findings.moves import Moves


class Whereabouts:
    """Present places of bytes that have left another, and the bytes that are in their place."""

    def __init__(self, sightings: Iterable[SourceRow], every: Callable[[], Iterable[SourceRow]] | None = None) -> None:
        """Take present and past contents, oldest first, of every path that holds or held the bytes in question.

        Parameters
        ----------
        every : returns those of every path, as `Moves` needs them; None if `sightings` has them all.
        """
        rows = list(sightings)
        self._moves, self._places = Moves(rows, every), by_source(rows)
        self._last = {row.path: row for row in rows}

    def now(self, row: SourceRow) -> list[SourceRow]:
        """Return the places where the bytes of a gone file are now; empty if they are nowhere.

        They are where the file was moved, else where it was found later, else where a copy is.
        """
        return self.moved_to(row) or [one for one in self._places.get(row.digest, ()) if one.gone_utc is None]

    def moved_to(self, row: SourceRow) -> list[SourceRow]:
        """Return the places of `now` to which the bytes came as they left this one or later; empty if only copies are
        left, which were there before.
        """
        later = (one for one in self._moves.found_later(row) if one.gone_utc is None)
        return self._moves.present(row) or list(later)[:1]

    def last(self, row: SourceRow) -> SourceRow:
        """Return the place that held the bytes of a gone file last, of those to which they came after they left this
        one; the row itself if they came to none.
        """
        return max([row, *self._moves.found_later(row)], key=lambda one: one.gone_utc or "9")

    def withdrawn_from(self, row: SourceRow) -> SourceRow | None:
        """Return the place, this one or their last, from which the bytes of a gone file were withdrawn, as a user has
        confirmed; None if nobody has.
        """
        return next((one for one in (row, self.last(row)) if one.confirmed_utc), None)

    def replaced_by(self, row: SourceRow) -> SourceRow | None:
        """Return the content that was found last at the place of a gone file; None if nothing was since."""
        last = self._last.get(row.path, row)
        return last if row.gone_utc and last.digest != row.digest and last.seen_utc >= row.gone_utc else None

    def in_words(self, row: SourceRow, here: SourceRow) -> str:
        """Return where the bytes of a gone file are, as `now` or `last` give it."""
        if here.gone_utc is not None:
            return f"{row.relative} was {here.relative} last"
        if any(one.path == here.path for one in self._moves.found_later(row)):
            return f"{row.relative} is now {here.relative}"
        return f"{row.relative} is gone, and {here.relative} has the same bytes"

    def replaced_in_words(self, row: SourceRow) -> str | None:
        """Return by which bytes a gone file was replaced; None if it was not."""
        if (new := self.replaced_by(row)) is None:
            return None
        since_utc = next(stay.seen_utc for stay in new.stays if stay.seen_utc >= (row.gone_utc or ""))
        return (
            f"{row.relative} was replaced by {new.digest[:16]}... on {since_utc[:10]}; select that, unless the old "
            "one is meant"
        )


def places_in_words(word: str, rows: Sequence[SourceRow], withdrawn: int) -> str:
    """Return in which folders the files are now that a release or a pattern means, and how many were withdrawn."""
    folders = sorted({one.relative.rpartition("/")[0] for one in rows})
    more = f" and {len(folders) - 3} more folders" if len(folders) > 3 else ""
    files = "its file is" if len(rows) == 1 else f"its {len(rows)} files are"
    others = f", and {withdrawn} other{' was' if withdrawn == 1 else 's were'} withdrawn" if withdrawn else ""
    return f"{word}: {files} in {', '.join(folders[:3])}{more} now{others}"
