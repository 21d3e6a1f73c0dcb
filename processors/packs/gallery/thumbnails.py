"""Thumbnails for the list, made only from stored pictures, and kept from one `browse` to the next.

Originals are not opened here: untrusted files are decoded only in resource-limited workers.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from processors.errors import MediaError, ResultCorrupt
from processors.packs.contents.subject import ItemRecord
from processors.packs.gallery.gallery_file import ShareBox
from processors.packs.presentation import presentation_of

MAX_SIDE_PX = 480
"""Longest side of a thumbnail: a card is 240 CSS pixels wide, which is 480 px on a screen of double density."""
READ = ("image/jpeg", "image/png", "image/webp")
PixelBox = tuple[int, int, int, int]
"""Left, upper, right and lower edge, in px."""


def seen_from(folder: Path, path: Path) -> str:
    """Return the relative URL of a file from a folder."""
    relative = os.path.relpath(path.absolute(), folder.absolute())
    return quote(Path(relative).as_posix().encode("utf-8", "surrogateescape"))


class Thumbnails:
    """Thumbnails below one page's folder."""

    def __init__(
        self, folder: Path, url: Callable[[ItemRecord], str] | None = None, *, when_asked: bool = False
    ) -> None:
        """Write into a folder.

        Parameters
        ----------
        url : gives the URL of an item from that folder; None: that of its file on this disk.
        when_asked : make each thumbnail when `asked` wants it, so that a page in a bucket's store fetches no pictures.
        """
        self._folder = folder
        self._url = url or (lambda entry: seen_from(folder, entry.path))
        self._when_asked = when_asked
        self._to_make: dict[str, ItemRecord] = {}
        self._making = threading.Lock()

    def of_result(self, entries: Sequence[ItemRecord]) -> dict[str, str]:
        """Return URLs by item name; if a result has small pictures of its own, these are used and no others are made.

        Raises
        ------
        ResultCorrupt : a stored picture cannot be read.
        """
        shown = [entry for entry in entries if presentation_of(entry.manifest.ref.processor).face is not None]
        pictures = [entry for entry in shown if entry.media_type in READ]
        if small := [entry for entry in pictures if _is_small(entry)]:
            return {entry.name: self._url(entry) for entry in small}
        return {entry.name: self._made(entry) for entry in pictures}

    def asked(self, name: str) -> None:
        """Make a thumbnail unless it exists; the name is relative to the folder, and another one is passed over.

        Raises
        ------
        StoreError : its picture cannot be fetched or read.
        """
        if entry := self._to_make.get(name):
            with self._making:
                self._make(entry)

    def _made(self, entry: ItemRecord) -> str:
        if self._when_asked:
            self._to_make[self._target(entry).relative_to(self._folder).as_posix()] = entry
        else:
            self._make(entry)
        return seen_from(self._folder, self._target(entry))

    def _target(self, entry: ItemRecord) -> Path:
        return self._folder / "thumbnails" / entry.sha256[:2] / f"{entry.sha256[:24]}.jpg"

    def _make(self, entry: ItemRecord) -> None:
        target = self._target(entry)
        if not target.exists():
            from PIL import ImageOps

            from processors.decoding.open_media import decoder_errors, open_picture
            from processors.imaging.image_writer import encode
            from processors.photo.reading.to_srgb import in_8_bit

            try:
                with entry.path.open("rb") as file, open_picture(file) as image, decoder_errors("shrinking it"):
                    image.draft("RGB", (MAX_SIDE_PX, MAX_SIDE_PX))
                    box = _plot(entry)
                    small = in_8_bit(image.crop(box) if box else ImageOps.exif_transpose(image)).convert("RGB")
                    small.thumbnail((MAX_SIDE_PX, MAX_SIDE_PX), reducing_gap=2.0)
            except MediaError as error:
                raise ResultCorrupt(f"{entry.path}: {error.what}; run `marsmedia verify`") from error
            target.parent.mkdir(parents=True, exist_ok=True)
            partial = target.with_suffix(".part")
            partial.write_bytes(encode(small, "jpeg", quality=80))
            partial.replace(target)


def _facts(entry: ItemRecord) -> dict[str, Any]:
    return entry.facts if isinstance(entry.facts, dict) else {}


def _is_small(entry: ItemRecord) -> bool:
    width, height = (_facts(entry).get(name) for name in ("width_px", "height_px"))
    return width is not None and height is not None and max(width, height) <= MAX_SIDE_PX and not _plot(entry)


def plot_shares(entry: ItemRecord) -> ShareBox | None:
    """Return the box of a spectrogram without its axes, as shares of a picture of any size."""
    if (box := _plot(entry)) is None:
        return None
    width, height = _facts(entry)["width_px"], _facts(entry)["height_px"]
    return box[0] / width, box[1] / height, box[2] / width, box[3] / height


def _plot(entry: ItemRecord) -> PixelBox | None:
    """Return the box of a spectrogram without its axes."""
    facts = _facts(entry)
    if "plot_left_px" not in facts:
        return None
    left, top, right, bottom = (round(facts[f"plot_{side}_px"]) for side in ("left", "top", "right", "bottom"))
    return left, top, right, bottom
