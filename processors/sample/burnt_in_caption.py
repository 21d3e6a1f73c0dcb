"""Caption SYNTHETIC burnt into every picture, with a built-in font."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from processors.sample.truth import KnownBox

TEXT = "SYNTHETIC"

_LETTERS = {
    "S": ".####/#..../#..../.###./....#/....#/####.",
    "Y": "#...#/#...#/.#.#./..#../..#../..#../..#..",
    "N": "#...#/##..#/#.#.#/#.#.#/#..##/#...#/#...#",
    "T": "#####/..#../..#../..#../..#../..#../..#..",
    "H": "#...#/#...#/#...#/#####/#...#/#...#/#...#",
    "E": "#####/#..../#..../####./#..../#..../#####",
    "I": "#####/..#../..#../..#../..#../..#../#####",
    "C": ".####/#..../#..../#..../#..../#..../.####",
}
_DOT_PX = 2
_PADDING_PX = 4
_MARGIN_PX = 8
_BOX_LEVEL = 24
_LETTER_LEVEL = 224


def caption_box(picture: KnownBox) -> KnownBox:
    """Return the caption's box, just inside the lower right corner of the picture."""
    height_px, width_px = _plate().shape
    right_px, bottom_px = picture.right_px - _MARGIN_PX, picture.bottom_px - _MARGIN_PX
    return KnownBox(left_px=right_px - width_px, top_px=bottom_px - height_px, right_px=right_px, bottom_px=bottom_px)


def burn_caption(image: NDArray[np.uint8], box: KnownBox) -> None:
    """Write the caption into a grey or RGB image in place."""
    plate = _plate()
    image[box.slices] = plate if image.ndim == 2 else plate[:, :, None]


def _plate() -> NDArray[np.uint8]:
    """Return light letters on a dark box, uint8, shape (rows, columns)."""
    letters = [np.array([[dot == "#" for dot in row] for row in _LETTERS[one].split("/")]) for one in TEXT]
    dots = np.concatenate([np.pad(letter, ((0, 0), (0, 1))) for letter in letters], axis=1)[:, :-1]
    dots = np.pad(np.kron(dots, np.ones((_DOT_PX, _DOT_PX), bool)), _PADDING_PX)
    return np.where(dots, _LETTER_LEVEL, _BOX_LEVEL).astype(np.uint8)
