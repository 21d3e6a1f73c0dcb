"""Output of a pack on a disk: built in scratch next to it, put in place by one rename."""

from __future__ import annotations

import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

from processors.errors import RequestError

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
        """Put the finished pack in place and return True; the previous content goes with the scratch folder."""
        _finished(made, self.location, scratch)
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
    _sweep(output)
    scratch = Path(tempfile.mkdtemp(prefix=f".{output.name}.making-{os.getpid()}-", dir=output.parent))
    try:
        yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _finished(made: Path, output: Path, scratch: Path) -> None:
    """Put the finished pack in place; the previous content goes with the scratch folder."""
    if made.is_file() and not output.is_dir():
        made.replace(output)
        return
    old = scratch / "replaced"
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
    try:
        if place.is_symlink():
            return False
        if place.is_dir():
            return AGENT in (place / "bag-info.txt").read_text(encoding="utf-8")
        with zipfile.ZipFile(place) as archive:
            names = [name for name in archive.namelist() if name.count("/") == 1 and name.endswith("/bag-info.txt")]
            return any(AGENT in archive.read(name)[:1_000_000].decode("utf-8", "replace") for name in names)
    except (OSError, ValueError, zipfile.BadZipFile):
        return False


def _sweep(output: Path) -> None:
    """Remove leftovers of killed builds of this output, but not those of live processes on this machine."""
    start = f".{output.name}.making-"
    for left in output.parent.iterdir():
        owner = left.name.removeprefix(start).partition("-")[0] if left.name.startswith(start) else ""
        if owner.isdigit() and not Path(f"/proc/{owner}").exists():
            shutil.rmtree(left, ignore_errors=True)
