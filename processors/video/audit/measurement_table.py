"""Columns of `measurements.parquet`: measurements of every frame of a video."""

from __future__ import annotations

import pyarrow as pa

from processors.tables import Column, Table

THUMBNAIL_PX = (32, 18)
"""Width and height of each frame's luma thumbnail in the table, whatever the video's own shape."""

REDUCED = "upright picture reduced to `longest_side_px` (320 by default)"

MEASUREMENTS = Table(
    item="measurements.parquet",
    title="Measurements of every frame",
    row="a frame, in order of presentation",
    columns=(
        Column("pts", "ticks", "presentation time", pa.int64()),
        Column("end_pts", "ticks", "end of the frame: the next one is shown from then on", pa.int64()),
        Column("time_seconds", "s", "presentation time, as printed by ffprobe", pa.float64()),
        Column("is_keyframe", "1", "true if the frame decodes without others", pa.bool_()),
        Column("is_corrupt", "1", "true if the decoder marked the frame as damaged", pa.bool_()),
        Column("is_interlaced", "1", "true if the stream says that the frame is interlaced", pa.bool_()),
        Column("brightness_levels", "levels", f"mean luma of the {REDUCED}", pa.float32()),
        Column("contrast_levels", "levels", f"standard deviation of the luma of the {REDUCED}", pa.float32()),
        Column("dark_share", "1", f"share of pixels with luma below 16 in the {REDUCED}", pa.float32()),
        Column("bright_share", "1", f"share of pixels with luma above 239 in the {REDUCED}", pa.float32()),
        Column(
            "sharpness",
            "levels2",
            "variance of the Laplacian (Pech-Pacheco 2000, doi:10.1109/ICPR.2000.903548) of the luma of the "
            f"{REDUCED}; at full size it is another number",
            pa.float32(),
        ),
        Column(
            "difference_levels",
            "levels",
            f"mean absolute difference of luma to the frame before, of the {REDUCED}; null for the first and after a "
            "change of size",
            pa.float32(),
        ),
        Column(
            "block_difference_levels",
            "levels",
            "the same difference in the block of 8 px, of that reduced picture, where it is largest",
            pa.float32(),
        ),
        Column("perceptual_hash", "1", "64 bits that are alike for pictures that look alike", pa.uint64()),
        Column(
            "histogram", "1", f"pixels in 16 equal bins of luma, in 1/65535 of the {REDUCED}", pa.list_(pa.uint16(), 16)
        ),
        Column(
            "thumbnail",
            "levels",
            "luma of the picture at 32 x 18 px, one unsigned byte a pixel, row by row",
            pa.binary(THUMBNAIL_PX[0] * THUMBNAIL_PX[1]),
        ),
    ),
)
