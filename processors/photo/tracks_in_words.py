"""Why no wheel tracks were found in a photo, in words and with the figures that decided it."""

from __future__ import annotations

from processors.photo.grousers import MIN_BARS, MIN_SIDE_PX, Attempt

NOT_SEARCHED = (
    "not searched: neither the release nor a label says that this is a rear camera's photo; "
    'cameras="any" searches every photo'
)
SEEN_FROM_ABOVE = (
    "Only prints of grousers are searched for, seen from above: for a camera that looks along the ground give "
    "ground_corners_px, and look at the photo for tracks without bars"
)


def why_no_tracks(attempt: Attempt, *, least_contrast: float, least_correlation: float) -> str:
    """Return the reason of a search that ended without tracks."""
    return f"no wheel tracks found: {_missing(attempt, least_contrast, least_correlation)}. {SEEN_FROM_ABOVE}"


def _missing(attempt: Attempt, least_contrast: float, least_correlation: float) -> str:
    contrast, correlation = attempt.contrast or 0.0, attempt.correlation or 0.0
    match attempt.ended_at:
        case "size":
            return f"the picture is too small, its shorter side must be at least {MIN_SIDE_PX} px"
        case "contrast":
            return f"no row of bars stands out (highest contrast {contrast:.0f}, {least_contrast:g} needed)"
        case "width":
            return f"a pattern repeats (contrast {contrast:.0f}), but not as bars across a band"
        case "correlation":
            return (
                f"a pattern repeats (contrast {contrast:.0f}), but its bars are not evenly spaced "
                f"(autocorrelation {correlation:.2f}, {least_correlation:g} needed)"
            )
        case "bars" | "tracks":
            bars = f"{attempt.bar_count} bar" + ("s" if attempt.bar_count != 1 else "")
            return (
                f"a row of bars stands out (contrast {contrast:.0f}, autocorrelation {correlation:.2f}), "
                f"but it is too short ({bars}, {MIN_BARS} needed)"
            )
