"""Altitude of the camera over a shot, from the one that is stated for its first frame; or why it cannot be given."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from fractions import Fraction
from math import floor, radians, tan

from processors.video.motion.motion_curve import Curve
from processors.video.motion.region import RegionFacts
from processors.video.motion.shot_summary import ShotMotion
from processors.well_known_names import MOTION


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

    def refused_because(self, motion: ShotMotion, curves: list[Curve], source_name: str) -> str | None:
        """Return why the altitude is not used, and what to do; None if it is, or if it belongs to another shot."""
        if motion.shot != self.shot:
            return None
        if motion.whole_refused_because is not None and motion.region is not None:
            reason = (
                "field_of_view_degrees is of the whole picture, and a part of it was measured by itself; if it is of "
                f"that part, name the part: {self._command(motion.region, source_name)}"
            )
        elif motion.refused_because is not None:
            reason = motion.refused_because
        elif not curves[0].looks_along_motion:
            reason = "the picture does not grow steadily around a point inside it, as seen along the motion"
        else:
            return None
        return f"the altitude of shot {self.shot} is not used: {reason}"

    def _command(self, region: RegionFacts, source_name: str) -> str:
        values = {
            "region_px": ",".join(map(str, region.region_px)),
            "span_seconds": ",".join(map(_decimal, (region.start_seconds, region.end_seconds))),
            "altitude_metres": f"{self.metres:.12g}",
            "field_of_view_degrees": f"{self.field_of_view_degrees:.12g}",
            "altitude_shot": str(self.shot),
        }
        words = ["marsmedia", "reprocess", source_name, "--processor", MOTION]
        for name, value in values.items():
            words += ["--set", f"{name}={value}"]
        return shlex.join(words)


def _decimal(seconds: float) -> str:
    """Return a time rounded down to a microsecond: a frame that begins at the end of a span stays out of it."""
    return f"{floor(Fraction(str(seconds)) * 1_000_000) / 1_000_000:.12g}"
