"""Columns of `motion.parquet`: motion from frame to frame, and since the start of a segment."""

from __future__ import annotations

import pyarrow as pa

from processors.tables import Column, Table

MOTION = Table(
    item="motion.parquet",
    title="Motion inside each shot",
    row="a frame of a measured shot, or of the time in which a region of it is measured, in order of presentation",
    columns=(
        Column("shot", "1", "number of the shot, from 1", pa.int32()),
        Column(
            "segment", "1", "number of the segment, from 0; it ends where two frames cannot be registered", pa.int32()
        ),
        Column("pts", "ticks", "presentation time", pa.int64()),
        Column("time_seconds", "s", "presentation time, as printed by ffprobe", pa.float64()),
        Column("scale", "1", "size of the scene relative to the segment's first frame", pa.float64()),
        Column("scale_sigma", "1", "standard error of the scale", pa.float64()),
        Column(
            "rotation_degrees", "degrees", "rotation since the segment's first frame, from right to down", pa.float64()
        ),
        Column("rotation_sigma_degrees", "degrees", "standard error of the rotation", pa.float64()),
        Column(
            "scale_change_per_second",
            "s-1",
            "d ln(scale) / dt: slope of the least squares line through 5 frames of the segment, the frame in their "
            "middle; at its first 2 and last 2, slope there of the parabola through 9",
            pa.float64(),
        ),
        Column(
            "scale_change_sigma_per_second",
            "s-1",
            "standard error of the rate of scale change, with the scatter of the steps about the fit, and with steps "
            "that repeat",
            pa.float64(),
        ),
        Column(
            "time_to_contact_seconds",
            "s",
            "time to contact at a steady speed, 1 / scale_change_per_second; null where the camera does not look along "
            "its motion or the picture does not grow",
            pa.float64(),
        ),
        Column("time_to_contact_sigma_seconds", "s", "standard error of the time to contact", pa.float64()),
        Column(
            "altitude_metres",
            "m",
            "altitude of the camera; null without a stated altitude, and where `altitude_refused_because` in "
            "motion.json says why it was not used",
            pa.float64(),
        ),
        Column("metres_per_px", "m/px", "size of a pixel on level ground; null where altitude_metres is", pa.float64()),
        Column("step_scale", "1", "scale relative to the frame before; null for a segment's first", pa.float64()),
        Column("step_rotation_degrees", "degrees", "rotation from the frame before, from right to down", pa.float64()),
        Column(
            "step_shift_x_px", "px", "shift of the picture's centre from the frame before, to the right", pa.float64()
        ),
        Column("step_shift_y_px", "px", "shift of the picture's centre from the frame before, downwards", pa.float64()),
        Column(
            "missing_pictures",
            "1",
            "number of pictures that seem to be missing before the frame: its step is 2 to 5 times that of its "
            "neighbours in the same time; rates around it are too large, and their standard errors hold that",
            pa.int32(),
        ),
        Column("inliers", "1", "number of followed features that agree on the motion", pa.int32()),
        Column(
            "inlier_share",
            "1",
            "share of the followed features that agree on the motion; below 0.5 scale and rotation may be off by more "
            "than their standard errors",
            pa.float64(),
        ),
        Column("residual_px", "px", "deviation of these features from the motion", pa.float64()),
        Column("other_motion_share", "1", "share of the followed features that agree on another motion", pa.float64()),
    ),
)
