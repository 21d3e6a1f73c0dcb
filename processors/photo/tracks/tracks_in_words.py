"""Reasons why no wheel tracks were found in a photo, in words, with the figures that decided it."""

from __future__ import annotations

from processors.photo.tracks.grousers import MIN_BARS, MIN_SIDE_PX, Attempt

NOT_SEARCHED = (
    "not searched: neither the release nor a label says that this is a rear camera's photo; "
    'cameras="any" searches every photo'
)
ONLY_GROUSERS = "Only prints of grousers are searched for: look at the photo for tracks without bars"


def why_no_tracks(
    attempt: Attempt,
    longest_row_bar_count: int,
    *,
    least_contrast: float,
    least_correlation: float,
    least_row_bars: int,
) -> str:
    """Return the reason of a search that ended without tracks.

    Parameters
    ----------
    attempt : search for tracks seen from above.
    longest_row_bar_count : bars of the longest row in the search for tracks in perspective.
    """
    above = _missing(attempt, least_contrast, least_correlation)
    if longest_row_bar_count:
        along = f"the longest row has {_bars(longest_row_bar_count)}, {least_row_bars} needed"
    else:
        along = "no row of bars"
    return f"no wheel tracks found. Seen from above: {above}. In perspective: {along}. {ONLY_GROUSERS}"


def _bars(count: int | None) -> str:
    return f"{count} bar" if count == 1 else f"{count} bars"


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
            return (
                f"a row of bars stands out (contrast {contrast:.0f}, autocorrelation {correlation:.2f}), "
                f"but it is too short ({_bars(attempt.bar_count)}, {MIN_BARS} needed)"
            )
