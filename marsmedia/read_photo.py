"""Reading the pixels of a photo: from its file in raw, or from a picture of a result."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from marsmedia.raw_file import file_in_raw
from processors.errors import MediaError, RequestError, SourceChanged

if TYPE_CHECKING:
    from PIL.Image import Image

    from marsmedia.result_view import ResultView
    from processors.planetary.image_object import ImageObject
    from processors.store.catalogue.source_row import SourceRow

VALUES = "photo_values()"


def read_photo(row: SourceRow) -> Image:
    """Return the picture of a file of 8 bits, uncompressed; raises as `SourceView.photo`."""
    from processors.containers.photo.sample_bits import sample_bits
    from processors.photo.reading.photo_reader import MAX_PIXELS, PhotoReader, refuse_larger

    with _opened(row) as (file, described):
        reader = PhotoReader(file, described)
        refuse_larger(reader.info, MAX_PIXELS)
        photo = reader.photo()
        bits = 8 if described else sample_bits(file) or 8
    if photo.deep is not None and photo.deep.dtype != np.uint8:
        kind = str(photo.deep.dtype)
    else:
        kind = f"of {bits} bits" if bits > 8 else None
    if kind:
        raise RequestError(f"{row.name}: its samples are {kind}, more than a picture of 8 bits holds; take {VALUES}")
    if photo.shrunk_by > 1:
        size = f"{photo.info.width_px} x {photo.info.height_px}"
        raise RequestError(f"{row.name}: {size} pixels are only read at 1/{photo.shrunk_by} of each side")
    if photo.damage:
        warnings.warn(f"{row.name}: {photo.damage.sentence}", stacklevel=3)
    return photo.image


def read_values(row: SourceRow) -> np.ndarray:
    """Return the numbers of a photo as its file has them; raises as `SourceView.photo_values`."""
    from processors.photo.reading.stored_values import stored_values

    with _opened(row) as (file, described):
        found = stored_values(file, described)
    if found.damage:
        warnings.warn(f"{row.name}: {found.damage}", stacklevel=3)
    return found.values


def read_picture(result: ResultView, paths: Mapping[str, Path], name: str) -> Image:
    """Return the largest picture of a result of the source of this name, with a warning of its damage.

    Raises
    ------
    RequestError : it has no picture, or its colours have 16 bits, of which Pillow would give the upper 8.
    """
    from PIL import Image

    from processors.containers.photo.sample_bits import sample_bits

    if not paths:
        reasons = [facts["reason"] for facts in result.facts.values() if facts and facts.get("reason")]
        instead = f"{VALUES} has the values of its file; photo.preview is compressed"
        why = f": {reasons[0]}; {instead}" if reasons else f"; its items are {', '.join(result.items)}"
        raise RequestError(f"{name}: {result.processor} has no picture{why}")
    item = max(paths, key=lambda one: _pixel_count(paths[one]))
    with paths[item].open("rb") as file, Image.open(file) as picture:
        is_deep = sample_bits(file) == 16
        if is_deep and not picture.mode.startswith("I"):
            raise RequestError(
                f"{name}: its colours have 16 bits, and a Pillow image would hold the upper 8; {VALUES} has the values "
                f'of its file, and item("{result.processor}", "{item}") the path of this picture'
            )
        facts = result.facts[item] or {}
        black, white = facts.get("black_level"), facts.get("white_level")
        if is_deep and black is not None and (black, white) != (0, 65535):
            warnings.warn(
                f"{name}: 0 is {black:g} and 65535 is {white:g} in this picture; {VALUES} has the values of its file",
                stacklevel=3,
            )
        if result.damage:
            warnings.warn(f"{name}: {result.damage}", stacklevel=3)
        return picture.copy()


def _pixel_count(path: Path) -> int:
    from PIL import Image

    with Image.open(path) as picture:
        return picture.width * picture.height


@contextmanager
def _opened(row: SourceRow) -> Iterator[tuple[BinaryIO, ImageObject | None]]:
    """Open the file of a photo, with the image that its label describes, if any; turn errors into `RequestError`."""
    from processors.planetary.open_image import described_image
    from processors.store.bucket.raw_bucket import label_at_hand

    if row.medium != "photo":
        raise RequestError(f"{row.name}: not a photo; `frame(seconds)` has the pictures of a video")
    file = file_in_raw(row)
    try:
        if row.label is not None:
            label_at_hand(row.path, row.label)
        with file.open() as opened:
            yield opened, described_image(row.source(), file)
    except SourceChanged as error:
        raise RequestError(f"{row.path}: {error.strerror}") from error
    except MediaError as error:
        raise RequestError(f"{row.name}: {error}") from error
