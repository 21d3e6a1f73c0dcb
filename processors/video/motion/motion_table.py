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
        Column(
            "rotation_degrees", "degrees", "rotation since the segment's first frame, from right to down", pa.float64()
        ),
        Column("scale_change_per_second", "s-1", "d ln(scale) / dt", pa.float64()),
        Column(
            "time_to_contact_seconds",
            "s",
            "time to contact at a steady speed, 1 / scale_change_per_second; null where the camera does not look along "
            "its motion or the picture does not grow",
            pa.float64(),
        ),
        Column("altitude_metres", "m", "altitude of the camera; null without a stated altitude", pa.float64()),
        Column(
            "metres_per_px", "m/px", "size of a pixel on level ground; null without a stated altitude", pa.float64()
        ),
        Column("step_scale", "1", "scale relative to the frame before; null for a segment's first", pa.float64()),
        Column("step_rotation_degrees", "degrees", "rotation from the frame before, from right to down", pa.float64()),
        Column(
            "step_shift_x_px", "px", "shift of the picture's centre from the frame before, to the right", pa.float64()
        ),
        Column("step_shift_y_px", "px", "shift of the picture's centre from the frame before, downwards", pa.float64()),
        Column("inliers", "1", "number of followed features that agree on the motion", pa.int32()),
        Column("inlier_share", "1", "share of the followed features that agree on the motion", pa.float64()),
        Column("residual_px", "px", "deviation of these features from the motion", pa.float64()),
        Column("other_motion_share", "1", "share of the followed features that agree on another motion", pa.float64()),
    ),
)
