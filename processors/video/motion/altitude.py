"""Altitude of the camera over a shot, from the one that is stated for its first frame; or why it cannot be given."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from fractions import Fraction
from math import floor, radians, tan

from processors.video.motion.motion_curve import Curve
from processors.video.motion.shot_summary import ShotMotion
from processors.well_known_names import MOTION


@dataclass(frozen=True, kw_only=True)
class MeasuredPart:
    """In what a measurement differs from what an altitude is stated for."""

    is_part: bool
    """True if `region_px` names a part of the picture, and the altitude is of the whole."""
    begins_later_than: str | None
    """What begins with the frame that the altitude is of, the shot or the span, if the measurement begins later."""
    span_seconds: tuple[float, ...] | None
    """Span that was asked for."""


@dataclass(frozen=True, kw_only=True)
class StatedAltitude:
    """Altitude at the first frame of one shot, as the release or a person states it."""

    shot: int
    metres: float
    field_of_view_degrees: float
    """Field of view of the picture inside its bars, or of a chosen region."""

    def of_curve(self, curve: Curve) -> list[float]:
        """Return the altitude at each frame: inversely proportional to the scale of level ground seen from above."""
        return [self.metres / scale for scale in curve.scale]

    def metres_per_px(self, metres: float, width_px: int) -> float:
        """Return the size on level ground of one of the px that the field of view spans."""
        return 2 * metres * tan(radians(self.field_of_view_degrees) / 2) / width_px

    def refused_because(self, motion: ShotMotion, curves: list[Curve], measured: MeasuredPart) -> str | None:
        """Return why the altitude is not used, and what to do; None if it is, or if it belongs to another shot."""
        if motion.shot != self.shot:
            return None
        is_chosen = motion.whole_refused_because is not None and motion.region is not None
        if is_chosen:
            reason = self._of_other("a part of it was measured by itself", "name the part", motion, measured)
        elif motion.refused_because is not None:
            reason = motion.refused_because
        elif not curves[0].looks_along_motion:
            reason = "the picture does not grow steadily around a point inside it, as seen along the motion"
        elif measured.is_part or measured.begins_later_than:
            part = "region_px is a part of it" if measured.is_part else None
            reason = self._of_other(part, "set it on the command", motion, measured)
        else:
            return None
        return f"the altitude of shot {self.shot} is not used: {reason}"

    def _of_other(self, part: str | None, how: str, motion: ShotMotion, measured: MeasuredPart) -> str:
        """Return that it is of the whole picture, of an earlier frame, or both, and the command that sets another."""
        metres, degrees = f"{self.metres:.12g}", f"{self.field_of_view_degrees:.12g}"
        reasons, to_do = [], f"if it is of that part, {how}"
        if part:
            reasons.append(f"field_of_view_degrees is of the whole picture, and {part}")
        if first := measured.begins_later_than:
            reasons.append(f"altitude_metres is of the first frame of the {first}, and the measurement begins later")
            metres, degrees = "METRES", "DEGREES" if part else degrees
            to_do = "set both for that part, from its first frame on" if part else "set that of its first frame"
        values = {} if motion.region is None else {"region_px": ",".join(map(str, motion.region.region_px))}
        span = measured.span_seconds
        if motion.region is not None:
            span = motion.region.start_seconds, motion.region.end_seconds
        if span is not None:
            values["span_seconds"] = ",".join(map(_decimal, span))
        values |= {"altitude_metres": metres, "field_of_view_degrees": degrees, "altitude_shot": str(self.shot)}
        words = ["marsmedia", "reprocess", "FILE", "--processor", MOTION]
        for name, value in values.items():
            words += ["--set", f"{name}={value}"]
        return f"{'; '.join(reasons)}; {to_do}: {shlex.join(words)}"


def _decimal(seconds: float) -> str:
    """Return a time rounded down to a microsecond: a frame that begins at the end of a span stays out of it."""
    return f"{floor(Fraction(str(seconds)) * 1_000_000) / 1_000_000:.12g}"
