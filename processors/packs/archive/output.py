"""Output of a pack on a disk: built in scratch next to it, put in place by one rename."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

from processors.errors import RequestError
from processors.packs.archive.pack_reader import bag_info
from processors.store.scratch_folders import scratch_folder, sweep_scratch_folders

AGENT = "Bag-Software-Agent: marsmedia"


def is_zip(output: Path) -> bool:
    """Return True if the name is that of a zip."""
    return output.suffix.lower() == ".zip"


class DiskOutput:
    """A pack as a folder, or as a zip."""

    def __init__(self, path: Path, *, force: bool) -> None:
        self.location = path.absolute()
        self.name = path.name
        self._force = force

    def scratch(self) -> AbstractContextManager[Path]:
        """Give a folder for building the pack; raises as `scratch_beside`."""
        return scratch_beside(self.location, force=self._force)

    def put_in_place(self, made: Path, scratch: Path) -> bool:
        """Put the finished pack in place and return True; the previous pack goes with the scratch folder.

        Raises
        ------
        RequestError : as `check_place`, of what has appeared there while the pack was being built.
        """
        check_place(self.location, force=self._force)
        if self._force:
            _replace(self.location, made, scratch / "replaced")
        else:
            made.rename(self.location)
        return True


def check_place(output: Path, *, force: bool) -> None:
    """Raise `RequestError` if the output exists and is not to be replaced, or is not a pack; or its folder does not."""
    if not output.name:
        raise RequestError(f"{output}: not a pack's name; give -o FOLDER or -o FILE.zip")
    if not output.parent.is_dir():
        raise RequestError(f"{output.parent}: no such folder; create it first")
    if os.path.lexists(output):
        if not force:
            raise RequestError(f"{output}: already exists; choose another name, or replace it with --force")
        if not is_pack(output):
            raise RequestError(f"{output}: already exists and is not a marsmedia pack; --force does not replace it")


@contextmanager
def scratch_beside(output: Path, *, force: bool) -> Iterator[Path]:
    """Yield a folder on the output's file system, which is removed at the end in any case; raises as `check_place`."""
    check_place(output, force=force)
    start = f".{output.name}.making-"
    sweep_scratch_folders(output.parent, start)
    with scratch_folder(output.parent, start) as scratch:
        yield scratch


def _replace(output: Path, made: Path, old: Path) -> None:
    """Put a finished pack in place; the pack that it replaces, if there is one, goes to `old`."""
    if made.is_file() and not output.is_dir():
        made.replace(output)
        return
    if os.path.lexists(output):
        output.rename(old)
    try:
        made.rename(output)
    except OSError:
        if os.path.lexists(old):
            with suppress(OSError):
                old.rename(output)
        raise


def is_pack(place: Path) -> bool:
    """Return True if marsmedia made this folder or zip; nothing else is ever replaced."""
    return not place.is_symlink() and AGENT.encode() in bag_info(place)
