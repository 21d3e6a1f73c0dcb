"""Pictures of a search for wheel tracks: the photo with bands or outlines, or with the reason below it."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from processors.imaging.lettering import load_font, wrapped_to_width
from processors.photo.tracks.bar_rows import BarRow
from processors.photo.tracks.grousers import GrouserBand

EDGE = (255, 140, 0)
EDGE_PX = 2
BACKGROUND, INK = (18, 18, 20), (236, 232, 226)
TEXT_PX, LINE_PX, MARGIN_PX = 15, 21, 10
MIN_WIDTH_PX = 480
"""Minimum width of a picture with text, so that it is legible."""


def draw_bands(grey: np.ndarray, direction_degrees: float, bands: tuple[GrouserBand, ...]) -> np.ndarray:
    """Return the photo with both edges of every band; uint8, shape (height, width, 3)."""
    import cv2

    picture = _stretched(grey)
    angle = np.radians(direction_degrees)
    along, across = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
    centre, reach = np.array([(grey.shape[1] - 1) / 2, (grey.shape[0] - 1) / 2]), sum(grey.shape)
    for band in bands:
        for edge in (band.offset_px - band.width_px / 2, band.offset_px + band.width_px / 2):
            start, end = (centre + across * edge + along * way for way in (-reach, reach))
            ends = [tuple(int(v) for v in point) for point in (start, end)]
            cv2.line(picture, ends[0], ends[1], EDGE, EDGE_PX, cv2.LINE_AA)
    return picture


def draw_rows(grey: np.ndarray, rows: tuple[BarRow, ...]) -> np.ndarray:
    """Return the photo with the outline of every row of bars; uint8, shape (height, width, 3)."""
    import cv2

    outlines = [np.round(row.outline_px).astype(np.int32) for row in rows]
    return cv2.polylines(_stretched(grey), outlines, True, EDGE, EDGE_PX, cv2.LINE_AA)


def draw_reason(grey: np.ndarray, reason: str) -> np.ndarray:
    """Return the photo with this text below it; uint8, shape (height, width, 3)."""
    picture = Image.fromarray(_stretched(grey))
    width_px = max(picture.width, MIN_WIDTH_PX)
    lines = wrapped_to_width(reason, width_px - 2 * MARGIN_PX, TEXT_PX)
    sheet = Image.new("RGB", (width_px, picture.height + 2 * MARGIN_PX + LINE_PX * len(lines)), BACKGROUND)
    sheet.paste(picture, ((width_px - picture.width) // 2, 0))
    draw = ImageDraw.Draw(sheet)
    for number, line in enumerate(lines):
        draw.text((MARGIN_PX, picture.height + MARGIN_PX + number * LINE_PX), line, INK, load_font(TEXT_PX))
    return np.asarray(sheet)


def _stretched(grey: np.ndarray) -> np.ndarray:
    """Return the photo as RGB with its brightness spread over the whole range."""
    low, high = np.percentile(grey, (0.5, 99.5))
    level = np.clip((grey - low) / max(high - low, 1e-6), 0, 1)
    return np.repeat(np.round(level * 255).astype(np.uint8)[:, :, None], 3, axis=2)
