"""Plot of a shot's motion: scale, rotation and time to contact over presentation time."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np

from processors.video.motion.motion_curve import Curve


def draw_curve(title: str, curves: Sequence[Curve], refused_because: str | None) -> bytes:
    """Return a PNG of three panels, one line per segment; the reason is written above a refused shot."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 7), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(3, 1, sharex=True)
    panels = (
        ("scale since the first frame", True, [curve.scale for curve in curves]),
        ("rotation (degrees)", False, [curve.rotation_degrees for curve in curves]),
        ("time to contact (s)", False, [curve.time_to_contact_seconds for curve in curves]),
    )
    for axis, (label, is_log, lines) in zip(axes, panels, strict=True):
        for curve, line in zip(curves, lines, strict=True):
            values = np.array([np.nan if value is None else value for value in line], float)
            axis.plot(curve.time_seconds, values, color="#31688e", linewidth=1.6)
        axis.set_ylabel(label)
        axis.grid(alpha=0.3)
        if is_log:
            axis.set_yscale("log")
            axis.yaxis.set_major_formatter("{x:g}")
            axis.yaxis.set_minor_formatter("{x:g}")
    if not any(value is not None for curve in curves for value in curve.time_to_contact_seconds):
        axes[2].text(0.5, 0.5, "the camera does not look along its motion", transform=axes[2].transAxes, ha="center")
        axes[2].set_yticks([])
    axes[2].set_xlabel("presentation time (s)")
    axes[0].set_title(f"Motion in {title}")
    if refused_because:
        axes[0].set_title(
            f"{title}: not the motion of one picture: {refused_because}", fontsize=8, color="#b00020", wrap=True
        )
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110, metadata={"Software": None})
    return buffer.getvalue()
