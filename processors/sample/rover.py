"""Model of a rover like Zhurong in simple shapes: six wheels, a body, four solar wings and a mast."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from processors.sample.solids import FRONT, TOP, Face, box, turned_to_azimuth, wheel

_WHEEL_RADIUS_M, _WHEEL_WIDTH_M = 0.16, 0.22
_DECK_M = 0.86
_WHITE, _GOLD, _STEEL, _DARK, _CELLS = (236, 232, 224), (206, 168, 96), (176, 172, 168), (44, 42, 44), (52, 60, 104)


def make_rover(heading_degrees: float) -> list[list[Face]]:
    """Build a rover at the origin, in groups to draw in order; the heading counts from north over east.

    Seen from above its deck, no group hides a later one.
    """

    def block(across: float, along: float, up: float, size: Sequence[float], colour: Sequence[float]) -> list[Face]:
        centre = turned_to_azimuth(np.array([[across, along, up]]), heading_degrees)[0]
        return box(centre, size, colour, heading_degrees)

    below: list[Face] = []
    eyes: list[Face] = []
    for side in (-1, 1):
        for along in (-0.92, 0.0, 0.92):
            hub = turned_to_azimuth(np.array([[side * 0.82, along, _WHEEL_RADIUS_M]]), heading_degrees)[0]
            below += wheel(hub, _WHEEL_RADIUS_M, _WHEEL_WIDTH_M, heading_degrees, 0.0, _STEEL)
            below += block(side * 0.66, along, 0.32, (0.06, 0.06, 0.34), _STEEL)
        below += block(side * 0.66, 0.0, 0.48, (0.07, 1.90, 0.07), _STEEL)
        eyes += block(side * 0.14, 0.56, 1.64, (0.11, 0.0, 0.11), _DARK)[FRONT]
    body = block(0, 0, 0.62, (1.00, 1.30, 0.40), _GOLD)
    deck = block(0, -0.05, 0.84, (0.90, 1.10, 0.06), _WHITE)
    window = block(0.12, -0.20, 0.87, (0.42, 0.42, 0.0), _DARK)[TOP]
    mast = block(0, 0.48, 1.22, (0.09, 0.09, 0.72), _WHITE)
    head = block(0, 0.48, 1.64, (0.46, 0.16, 0.17), _WHITE)
    frames, cells = _wings(heading_degrees)
    return [below, body, deck, window, frames, cells, mast, head, eyes]


def _wings(heading_degrees: float) -> tuple[list[Face], list[Face]]:
    """Return the frames and cells of four panels spread like a butterfly's wings."""
    frames: list[Face] = []
    cells: list[Face] = []
    for side in (-1, 1):
        front = np.array([[0.50, 0.06], [1.36, 0.12], [1.22, 1.06], [0.50, 0.72]])
        back = np.array([[0.50, -0.92], [1.50, -1.32], [1.50, -0.20], [0.50, -0.06]])
        for panel in (front, back):
            outline = (panel * np.array([side, 1]))[::side]
            frames.append(_flat(outline, _WHITE, heading_degrees))
            cells += [_flat(cell, _CELLS, heading_degrees) for cell in _cells(outline)]
    return frames, cells


def _cells(panel: np.ndarray) -> list[np.ndarray]:
    """Return a panel's 4 by 5 cells with gaps between them."""
    found: list[np.ndarray] = []
    for column in range(4):
        for row in range(5):
            u = (column + np.array([0.06, 0.94, 0.94, 0.06])) / 4
            v = (row + np.array([0.06, 0.06, 0.94, 0.94])) / 5
            weights = np.stack([(1 - u) * (1 - v), u * (1 - v), u * v, (1 - u) * v], axis=1)
            found.append(weights @ panel)
    return found


def _flat(outline: np.ndarray, colour: Sequence[float], heading_degrees: float) -> Face:
    corners = np.column_stack([outline, np.full(len(outline), _DECK_M)])
    return Face(corners_m=turned_to_azimuth(corners, heading_degrees), colour=colour)
