"""Note of a check on sources whose records are lost, which the next run writes again; one digest a line.

It is the disposable file `catalogue/lost-records`.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from processors.store.flush import replace_file
from processors.store.store import Store

FILE = "lost-records"


def note_lost(store: Store, digests: Sequence[str]) -> None:
    """Note these sources in place of those noted before."""
    if digests:
        replace_file(store.catalogue_folder / FILE, "".join(f"{digest}\n" for digest in digests).encode())
    else:
        (store.catalogue_folder / FILE).unlink(missing_ok=True)


def noted_lost(store: Store) -> list[str]:
    """Return the digests of the sources noted."""
    with suppress(FileNotFoundError):
        return (store.catalogue_folder / FILE).read_text("ascii", errors="replace").split()
    return []
