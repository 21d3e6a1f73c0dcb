"""Steady tones and their harmonics, detected segment by segment in the power spectrogram."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from processors.audio.spectrogram.spectral_lines import Line

SEGMENT_SECONDS = 1.0
"""Length of a segment, unless windows are so long that it has fewer than `MIN_FRAMES`."""
FRAMES_APART = 4
"""Distance of the frames used, in frames: they overlap, and every 4th is sufficient for a median over time."""
MIN_FRAMES = 4 * FRAMES_APART
"""Minimum number of frames in a segment, so that a median is of 4 windows or more: in an hour of noise, windows alone
rise 10 dB above their neighbours in up to 9 places for three segments, medians of 4 in none."""
LOWEST_BANDS = 4
"""Lowest tone, in bands, where `MIN_FRAMES` take longer than a second, so that bands are of 4 Hz or less: wind falls so
steeply there that its lowest bands rise above their neighbours."""
MISSED_SEGMENTS = 1
"""Number of segments for which a tone may fade and still continue as the same."""
HARMONIC_TOLERANCE_BANDS = 0.3
MAX_HARMONICS = 12
"""Highest harmonic that the lowest tone's own frequency identifies."""
MIN_MEMBERS = 3
"""Minimum number of members for a fundamental precise enough to join higher harmonics, up to the highest band."""
HIGH_TOLERANCE_SHARE = 0.1
"""Tolerance as a share of the fundamental: chance joins at most a fifth of unrelated tones."""
MIN_FUNDAMENTAL = 1e-4
"""Minimum power relative to the strongest member: a line 40 dB below a tone is codec residue, no fundamental."""
MIN_HARMONIC = 1e-9
"""Minimum power relative to the fundamental: 90 dB below it, in 16 bit, there is only rounding noise."""


@dataclass(kw_only=True)
class ToneTrack:
    """Tone over time; its medians are computed once, when it is complete."""

    first_segment: int
    last_segment: int
    lines: list[Line] = field(default_factory=list)

    @cached_property
    def hz(self) -> float:
        return float(np.median([line.hz for line in self.lines]))

    @cached_property
    def power(self) -> float:
        return float(np.median([line.power for line in self.lines]))

    @property
    def excess_db(self) -> float:
        return float(np.median([line.excess_db for line in self.lines]))


def typical_spectrum(power: np.ndarray) -> np.ndarray:
    """Return the median over one segment's frames: float64, shape (bands,), of float32, shape (frames, bands)."""
    return np.median(power[::FRAMES_APART], axis=0).astype(np.float64)


class Tracker:
    """Tracker that joins the tones of consecutive segments."""

    def __init__(self, band_hz: float) -> None:
        self._band_hz = band_hz
        self._open: list[ToneTrack] = []
        self._closed: list[ToneTrack] = []
        self._segment = 0
        self._short_segment: int | None = None

    def add(self, lines: Iterable[Line], *, is_short: bool = False) -> None:
        """Continue with the tones of a segment, the last of which may be `is_short`: less than half of one."""
        left = list(lines)
        self._short_segment = self._segment if is_short else None
        for track in sorted(self._open, key=lambda track: -track.lines[-1].power):
            near = [line for line in left if abs(line.hz - track.lines[-1].hz) <= self._band_hz / 2]
            if near:
                line = max(near, key=lambda line: line.power)
                left.remove(line)
                track.lines.append(line)
                track.last_segment = self._segment
        going_on = [track for track in self._open if self._segment - track.last_segment <= MISSED_SEGMENTS]
        self._closed += [track for track in self._open if track not in going_on]
        new = [ToneTrack(first_segment=self._segment, last_segment=self._segment, lines=[line]) for line in left]
        self._open = going_on + new
        self._segment += 1

    def tracks(self, least_segments: int) -> list[ToneTrack]:
        """Return all tones of sufficient length, in the order of their start; a short last segment does not count."""
        lasting = [
            track
            for track in self._closed + self._open
            if len(track.lines) - (track.last_segment == self._short_segment) >= least_segments
        ]
        return sorted(lasting, key=lambda track: (track.first_segment, track.hz))


def beside_louder(track: ToneTrack, tracks: list[ToneTrack], range_db: float) -> bool:
    """Return True if it is this far below another tone of the same time."""
    return any(
        track.power < other.power * 10 ** (-range_db / 10)
        and other.first_segment <= track.last_segment
        and track.first_segment <= other.last_segment
        for other in tracks
    )


def harmonic_series(tracks: list[ToneTrack], band_hz: float) -> list[tuple[float, dict[int, ToneTrack]]]:
    """Return groups of tones, a fundamental and its detected multiples; a lone tone is its own group."""
    left, series = list(tracks), []
    above = {id(track): _multiples(track, left, band_hz) for track in left}
    while left:
        best: tuple[float, dict[int, ToneTrack]] = (left[0].hz, {1: left[0]})
        for lowest in left:
            members = above[id(lowest)]
            strongest = max(member.power for member in members.values())
            if len(members) > len(best[1]) and lowest.power >= MIN_FUNDAMENTAL * strongest:
                best = (_fundamental(members), members)
        series.append(best)
        gone = {id(member) for member in best[1].values()}
        left = [track for track in left if id(track) not in gone]
        for track in left:
            if any(id(member) in gone for member in above[id(track)].values()):
                above[id(track)] = _multiples(track, left, band_hz)
    return series


def _multiples(lowest: ToneTrack, tracks: list[ToneTrack], band_hz: float) -> dict[int, ToneTrack]:
    members = {1: lowest}
    tracks = [track for track in tracks if track.power >= MIN_HARMONIC * lowest.power]
    for track in tracks:
        number = round(track.hz / lowest.hz)
        together = track.first_segment <= lowest.last_segment and lowest.first_segment <= track.last_segment
        # the error of the fundamental grows with the number
        tolerance_hz = HARMONIC_TOLERANCE_BANDS * band_hz * max(1.0, number / 4)
        fits = abs(track.hz - number * lowest.hz) <= tolerance_hz
        if 2 <= number <= MAX_HARMONICS and together and fits and number not in members:
            members[number] = track
    return members if len(members) < MIN_MEMBERS else _with_high(members, tracks, band_hz)


def _with_high(members: dict[int, ToneTrack], tracks: list[ToneTrack], band_hz: float) -> dict[int, ToneTrack]:
    """Add the multiples above the 12th, from the lowest: each refines the fundamental for the next."""
    lowest, members = members[1], dict(members)
    for track in sorted(tracks, key=lambda track: track.hz):
        fundamental_hz = _fundamental(members)
        number = round(track.hz / fundamental_hz)
        together = track.first_segment <= lowest.last_segment and lowest.first_segment <= track.last_segment
        tolerance_hz = min(HARMONIC_TOLERANCE_BANDS * band_hz, HIGH_TOLERANCE_SHARE * fundamental_hz)
        fits = abs(track.hz - number * fundamental_hz) <= tolerance_hz
        if number > MAX_HARMONICS and together and fits and number not in members:
            members[number] = track
    return members


def _fundamental(members: dict[int, ToneTrack]) -> float:
    """Return the fundamental from the highest multiple, which is the most accurate."""
    weights = np.array(list(members), float)
    return float(np.sum(weights * [track.hz for track in members.values()]) / np.sum(weights**2))
