"""One detected event, and the file formats for lists of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from processors.containers.text.webvtt import HEADER, timestamp
from processors.tables import Column, Table, csv_text

EVENTS = Table(
    item="events.csv",
    title="Sound events",
    row="an event, half open in time and frequency",
    columns=(
        Column("kind", "text", "impulse, tone or gust"),
        Column("start_seconds", "s", "start, in presentation time"),
        Column("end_seconds", "s", "end, in presentation time"),
        Column("lowest_hz", "Hz", "lower edge"),
        Column("highest_hz", "Hz", "upper edge"),
        Column(
            "level_dbfs",
            "dBFS",
            "of an impulse its highest sample, of a tone the RMS of its strongest sine, of a gust the highest RMS in "
            "its band; the result's facts say what 0 is",
        ),
        Column("confidence", "1", "0 right at the threshold, towards 1 above it: e / (e + 6 dB) for an excess e"),
        Column("excess_db", "dB", "level above the surroundings"),
        Column("fundamental_hz", "Hz", "fundamental of a tone with harmonics, or the tone itself; empty for others"),
        Column("harmonic_numbers", "1", "detected multiples of the fundamental, separated by spaces; empty for others"),
    ),
)
MAX_NAMED = 11
"""Maximum number of harmonics in a label."""
EventKind = Literal["impulse", "tone", "gust"]


@dataclass(frozen=True, kw_only=True)
class DetectedEvent:
    """Event, half open in time and frequency."""

    kind: EventKind
    start_seconds: float
    """Presentation time in the source, in s."""
    end_seconds: float
    lowest_hz: float
    highest_hz: float
    level_dbfs: float
    """Impulse: highest sample. Tone: RMS of its strongest sine. Gust: highest RMS in its band."""
    confidence: float
    """Confidence from 0 to 1: excess e over the threshold, in dB, as e/(e + 6); 0 right at the threshold."""
    excess_db: float
    """Level above the surroundings, in dB."""
    fundamental_hz: float | None = None
    """Fundamental of a tone with harmonics, or the tone itself, in Hz."""
    harmonic_numbers: tuple[int, ...] = ()
    """Detected multiples of the fundamental."""


def confidence(excess_db: float, threshold_db: float) -> float:
    """Return a confidence that rises from 0 at the threshold to 1."""
    over = max(0.0, excess_db - threshold_db)
    return over / (over + 6)


def as_csv(events: list[DetectedEvent]) -> bytes:
    """Return one row per event; harmonics are separated by spaces."""
    return csv_text(EVENTS.names, ([_cell(getattr(event, name)) for name in EVENTS.names] for event in events))


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.6f}".rstrip("0").rstrip(".")
    return " ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def as_audacity_labels(events: list[DetectedEvent]) -> bytes:
    """Return a label track with frequency ranges: two lines per event, as in Audacity 2.3 and later."""
    lines = []
    for event in events:
        lines.append(f"{event.start_seconds:.6f}\t{event.end_seconds:.6f}\t{caption(event)}")
        lines.append(f"\\\t{event.lowest_hz:.3f}\t{event.highest_hz:.3f}")
    return "".join(f"{line}\n" for line in lines).encode()


def events_as_webvtt(events: list[DetectedEvent]) -> bytes:
    """Return captions for players (W3C WebVTT)."""
    ends = [max(event.end_seconds, event.start_seconds + 0.001) for event in events]
    cues = [
        f"{number}\n{timestamp(event.start_seconds)} --> {timestamp(end)}\n{caption(event)}\n"
        for number, (event, end) in enumerate(zip(events, ends, strict=True), 1)
    ]
    return "\n".join([f"{HEADER}\n", *cues]).encode()


def caption(event: DetectedEvent) -> str:
    """Return a one-line description for people."""
    level = f"{event.level_dbfs:.1f} dBFS".replace("-", "−")
    if event.kind == "tone" and event.fundamental_hz is not None:
        harmonics = [str(n) for n in event.harmonic_numbers if n > 1]
        further = f" and {len(harmonics) - MAX_NAMED} more" if len(harmonics) > MAX_NAMED else ""
        more = f" with harmonics {', '.join(harmonics[:MAX_NAMED])}{further}" if harmonics else ""
        return f"tone {event.fundamental_hz:.1f} Hz{more}, {level}"
    return f"{event.kind}, {level}"
