"""Detection of rows of bars that bend and converge, as a wheel's grousers print them on ground seen in perspective.

The strongest wave is measured in small windows. Windows side by side with nearly the same wave form a region, and a
walk along the wave through the region counts its bars. Neither horizon nor camera need be known: only that direction
and pitch change slowly along a track. Fences and louvres are short rows of bars too: a track has more.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from processors.photo.tracks.grousers import at_scales, blurred, flattened

MAX_SIDE_PX = 1024
"""Maximum side in the search, for which the thresholds were measured."""
WINDOW_PX, STEP_PX, SPECTRUM_PX = 48, 16, 64
"""Side of a window, distance between windows, and side of a window's spectrum."""
LONGEST_WAVE_PX = 25.0
"""Longest wave that counts in a window's power: slower changes are light and shade."""
MIN_PITCH_PX, MAX_PITCH_PX = 3.4, 13.0
"""Limits of the pitch in the searched picture: above, a window holds too few bars."""
MIN_DETAIL = 0.008
"""Minimum standard deviation of fine detail, as a share of the picture's range; less is noise, as in a sky."""
MIN_STRENGTH, SEED_STRENGTH = 0.40, 0.55
"""Minimum share of the power in a window's wave, to belong to a region and to begin a walk."""
MAX_TURN_DEGREES, MAX_PITCH_RATIO = 22.0, 1.28
"""Maximum change between neighbouring windows."""
MAX_WALKS = 6
"""Walks through one region; the one with the most bars counts."""
MAX_COVERED = 0.3
"""Maximum share of a row that rows already found may cover."""


@dataclass(frozen=True, kw_only=True)
class BarRow:
    """Row of bars; in px of the picture that was searched."""

    outline_px: tuple[tuple[float, float], ...]
    """Corners x, y of the region in which the bars repeat."""
    bar_count: int
    """Bars followed along the row; blurred prints and stones can end the count before the row ends."""
    shortest_pitch_px: float
    longest_pitch_px: float
    """Limits of the pitch along the row, 5th and 95th percentile: it changes with the distance from the camera."""
    direction_degrees: float
    """Direction where the row is lowest in the picture, from +x (right) towards +y (down), 0 to 180."""
    strength: float
    """Mean share of the power in the wave of the bars, 0 to 1."""


@dataclass(frozen=True, kw_only=True)
class BarRowSearch:
    rows: tuple[BarRow, ...]
    """Rows with enough bars, the longest first."""
    longest_bar_count: int
    """Bars of the longest row, whether or not they are enough; 0 if there is no row."""


@dataclass(frozen=True)
class _Waves:
    """Strongest wave of each window; arrays of shape (rows, columns) of windows."""

    strength: np.ndarray
    angle: np.ndarray
    """Radians, of the wave's direction; a wave has two opposite ones."""
    pitch: np.ndarray
    is_usable: np.ndarray


@dataclass(frozen=True)
class _Step:
    """Position on a walk: y and x in windows, direction in radians, pitch in px, and the wave's strength."""

    y: float
    x: float
    direction: float
    pitch: float
    strength: float


@dataclass(frozen=True)
class _Walk:
    """Walk along a row of bars, in steps of one window."""

    steps: tuple[_Step, ...]

    @property
    def bars(self) -> float:
        return sum(STEP_PX / step.pitch for step in self.steps)


def find_bar_rows(grey: np.ndarray, *, least_bars: int) -> BarRowSearch:
    """Detect rows of at least this many bars.

    Parameters
    ----------
    grey : float32, shape (height, width), any scale; not larger than `MAX_SIDE_PX` on a side.
    """
    rows, longest = list[BarRow](), 0.0
    covered = np.zeros(grey.shape, bool)
    for small, times in at_scales(grey, 2 * WINDOW_PX):
        waves = _waves(small)
        for region in _regions(waves):
            walk = _longest_walk(waves, region)
            longest = max(longest, walk.bars)
            if walk.bars < least_bars:
                continue
            row = scaled_row(_row(region, walk), times)
            filled = filled_outline(row.outline_px, grey.shape)
            if (filled & covered).sum() <= MAX_COVERED * filled.sum():
                rows.append(row)
                covered |= filled
    ordered = sorted(rows, key=lambda row: -row.bar_count)
    return BarRowSearch(rows=tuple(ordered), longest_bar_count=int(longest))


def scaled_row(row: BarRow, scale: float) -> BarRow:
    """Return the row scaled to a picture this many times as large, rounded to 0.01 px."""
    return replace(
        row,
        outline_px=tuple((round(x * scale, 2), round(y * scale, 2)) for x, y in row.outline_px),
        shortest_pitch_px=round(row.shortest_pitch_px * scale, 2),
        longest_pitch_px=round(row.longest_pitch_px * scale, 2),
    )


def filled_outline(outline_px: tuple[tuple[float, float], ...], shape: tuple[int, ...]) -> np.ndarray:
    """Return a mask of the pixels in an outline; bool, of this shape."""
    import cv2

    mask = np.zeros(shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.round(outline_px).astype(np.int32)], 1)
    return mask.astype(bool)


def _waves(grey: np.ndarray) -> _Waves:
    """Measure the strongest wave of each window."""
    flat = flattened(grey)
    windows = np.lib.stride_tricks.sliding_window_view(flat, (WINDOW_PX, WINDOW_PX))[::STEP_PX, ::STEP_PX]
    strength, angle, pitch = (np.stack(one) for one in zip(*map(_waves_of, windows), strict=True))
    low, high = np.percentile(grey, (0.5, 99.5))
    level = ((grey - low) / max(high - low, 1e-6)).astype(np.float32)
    fine = level - blurred(level, 8)
    middle = slice(WINDOW_PX // 2, None, STEP_PX)
    detail = np.sqrt(blurred(fine * fine, WINDOW_PX / 5))[middle, middle]
    detail = detail[: strength.shape[0], : strength.shape[1]]
    is_usable = (pitch >= MIN_PITCH_PX) & (pitch <= MAX_PITCH_PX) & (detail > MIN_DETAIL) & (strength >= MIN_STRENGTH)
    return _Waves(strength, angle, pitch, is_usable)


def _waves_of(windows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return strength, angle and pitch of a row of windows, shape (count, `WINDOW_PX`, `WINDOW_PX`)."""
    import scipy.fft

    bell = np.hanning(WINDOW_PX + 2)[1:-1].astype(np.float32)
    weights = bell[:, None] * bell
    weighted = windows * weights
    weighted -= weighted.sum(axis=(1, 2), keepdims=True) / weights.sum() * weights
    spectrum = np.asarray(scipy.fft.rfft2(weighted, (SPECTRUM_PX, SPECTRUM_PX)))
    power = np.square(np.real(spectrum)) + np.square(np.imag(spectrum))
    y, x = np.fft.fftfreq(SPECTRUM_PX)[:, None], np.fft.rfftfreq(SPECTRUM_PX)[None]
    power *= (np.hypot(y, x) >= 1 / LONGEST_WAVE_PX).astype(np.float32)
    twice = np.where((x == 0) | (x == 0.5), 1, 2).astype(np.float32)  # the half of the spectrum that is not stored
    total = (power * twice).sum(axis=(1, 2)) + 1e-6
    count, columns = np.arange(len(windows)), power.shape[2]
    row, column = np.divmod(power.reshape(len(windows), -1).argmax(axis=1), columns)
    near, near_y, near_x = np.zeros((3, len(windows)))
    for down, right in [(d, r) for d in range(-2, 3) for r in range(-2, 3) if d * d + r * r <= 5]:
        is_mirrored = column + right < 0
        place = np.where(is_mirrored, -(row + down), row + down) % SPECTRUM_PX
        share = power[count, place, np.minimum(np.abs(column + right), columns - 1)]
        near, near_y, near_x = near + share, near_y + share * (row + down), near_x + share * (column + right)
    wave_y, wave_x = near_y / (near + 1e-9), near_x / (near + 1e-9)
    wave_y = np.where(wave_y > SPECTRUM_PX / 2, wave_y - SPECTRUM_PX, wave_y)
    pitch = SPECTRUM_PX / np.maximum(np.hypot(wave_y, wave_x), 1e-3)
    return np.minimum(1, 2 * near / total), np.arctan2(wave_y, wave_x), pitch


def _turn(one: np.ndarray, other: np.ndarray | float) -> np.ndarray:
    """Return the angle between two waves, radians, -pi/2 to pi/2."""
    return (one - other + np.pi / 2) % np.pi - np.pi / 2


JOINED = ((0, 1), (1, 0), (1, 1), (1, -1), (0, 2), (2, 0))
"""Offsets, down and right, of windows that may be joined; those two windows apart bridge a stone or a blurred bar."""


def _regions(waves: _Waves) -> list[np.ndarray]:
    """Return masks of windows that are joined by nearly equal waves, where a walk can begin."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    rows, columns = waves.pitch.shape
    number = np.arange(rows * columns).reshape(rows, columns)
    pairs = []
    for down, right in JOINED:
        here = slice(None, rows - down), slice(max(0, -right), columns - max(0, right))
        there = slice(down, None), slice(max(0, right), columns - max(0, -right))
        turn = np.abs(_turn(waves.angle[here], waves.angle[there]))
        ratio = np.abs(np.log(waves.pitch[here] / waves.pitch[there]))
        is_joined = waves.is_usable[here] & waves.is_usable[there]
        is_joined &= (turn < np.radians(MAX_TURN_DEGREES)) & (ratio < np.log(MAX_PITCH_RATIO))
        pairs.append((number[here][is_joined], number[there][is_joined]))
    start, end = (np.concatenate(side) for side in zip(*pairs, strict=True))
    graph = coo_array((np.ones(len(start), np.int8), (start, end)), shape=(number.size, number.size))
    labels = connected_components(graph, directed=False)[1].reshape(number.shape)
    seeds = labels[waves.is_usable & (waves.strength >= SEED_STRENGTH)]
    return [labels == label for label in np.unique(seeds)]


def _longest_walk(waves: _Waves, region: np.ndarray) -> _Walk:
    """Return the walk with the most bars, of up to `MAX_WALKS` that begin where the wave is strongest."""
    left, best = np.where(region, waves.strength, 0), _Walk(())
    for _ in range(MAX_WALKS):
        row, column = divmod(int(left.argmax()), left.shape[1])
        if left[row, column] < SEED_STRENGTH:
            break
        angle, pitch, strength = (float(one[row, column]) for one in (waves.angle, waves.pitch, waves.strength))
        seed = _Step(float(row), float(column), angle, pitch, strength)
        back = _half_walk(waves, region, replace(seed, direction=angle + np.pi))
        turned = [replace(step, direction=step.direction + np.pi) for step in reversed(back)]
        walk = _Walk((*turned, seed, *_half_walk(waves, region, seed)))
        best = max(best, walk, key=lambda one: one.bars)
        for step in walk.steps:  # walks that begin next to this one would follow it
            y, x = round(step.y), round(step.x)
            left[max(0, y - 3) : y + 4, max(0, x - 3) : x + 4] = 0
    return best


def _half_walk(waves: _Waves, region: np.ndarray, seed: _Step) -> list[_Step]:
    """Return the steps after a seed, along its direction to the end of the region."""
    y, x, direction, pitch = seed.y, seed.x, seed.direction, seed.pitch
    steps, missed = list[_Step](), 0
    for _ in range(sum(region.shape)):
        y, x = y + np.sin(direction), x + np.cos(direction)
        place = round(y), round(x)
        if not _is_inside(region, place):
            break
        turn = float(_turn(waves.angle[place], direction))
        ratio = float(waves.pitch[place]) / pitch
        is_far = abs(turn) > np.radians(MAX_TURN_DEGREES) or abs(np.log(ratio)) > np.log(MAX_PITCH_RATIO)
        if not region[place] or is_far:
            missed += 1
            if missed > 1:
                break
            continue
        missed = 0
        direction, pitch = direction + 0.5 * turn, pitch * ratio**0.5
        side = _stronger_side(waves, y, x, direction)
        y, x = y + side * np.cos(direction), x - side * np.sin(direction)
        steps.append(_Step(y, x, direction, pitch, float(waves.strength[place])))
    return steps


def _stronger_side(waves: _Waves, y: float, x: float, direction: float) -> float:
    """Return the step to the side that keeps a walk in the middle of the bars: -0.25, 0 or 0.25 windows."""
    down, right = np.cos(direction), -np.sin(direction)
    places = [(round(y + way * down), round(x + way * right)) for way in (1, -1)]
    one, other = (float(waves.strength[place]) if _is_inside(waves.strength, place) else 0.0 for place in places)
    return 0.25 * float(np.sign(one - other)) if abs(one - other) > 0.05 else 0.0


def _is_inside(array: np.ndarray, place: tuple[int, int]) -> bool:
    return 0 <= place[0] < array.shape[0] and 0 <= place[1] < array.shape[1]


def _row(region: np.ndarray, walk: _Walk) -> BarRow:
    import cv2

    mask = cv2.morphologyEx(np.pad(region, 2).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    mask = cv2.resize(mask.astype(np.float32), None, fx=STEP_PX, fy=STEP_PX, interpolation=cv2.INTER_LINEAR)
    mask = cv2.GaussianBlur(mask, (0, 0), STEP_PX)
    mask = (mask > mask.max() / 2).astype(np.uint8)  # a row one window wide does not reach 1
    contours = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[0]
    outline = cv2.approxPolyDP(max(contours, key=cv2.contourArea), STEP_PX / 2, closed=True)[:, 0]
    outline = outline + (WINDOW_PX - 5 * STEP_PX) / 2  # from the padded mask's corner to the windows' centres
    lowest = max(walk.steps, key=lambda step: step.y)
    pitches = [step.pitch for step in walk.steps]
    return BarRow(
        outline_px=tuple((float(x), float(y)) for x, y in outline),
        bar_count=int(walk.bars),
        shortest_pitch_px=float(np.percentile(pitches, 5)),
        longest_pitch_px=float(np.percentile(pitches, 95)),
        direction_degrees=round(float(np.degrees(lowest.direction)) % 180, 2),
        strength=round(float(np.mean([step.strength for step in walk.steps])), 3),
    )
