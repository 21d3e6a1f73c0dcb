"""Columns of `frames.csv`: the frames that were kept as pictures."""

from __future__ import annotations

from processors.tables import Column, Table

FRAMES = Table(
    item="frames.csv",
    title="Kept frames",
    row="a kept frame, in order of presentation",
    columns=(
        Column("file", "text", "name of the picture, next to the table"),
        Column("source_digest", "text", "SHA-256 of the source's bytes"),
        Column("stream_index", "1", "index of the video stream in its container, from 0"),
        Column("pts", "ticks", "presentation time"),
        Column("time_base", "text", "seconds per tick, as a fraction"),
        Column("time_seconds", "s", "presentation time, as printed by ffprobe"),
        Column("end_seconds", "s", "end of the frame: the next one of the video is shown from then on"),
        Column("is_keyframe", "1", "true if the frame decodes without others"),
        Column("is_interlaced", "1", "true if the stream says that the frame is interlaced"),
        Column("is_tone_mapped", "1", "true if high dynamic range was mapped to an ordinary screen's (BT.2390)"),
        Column("transfer", "text", "PQ or HLG, of a high-dynamic-range picture kept as it is; empty for others"),
        Column("width_px", "px", "width of the picture"),
        Column("height_px", "px", "height of the picture"),
        Column("depth_bits", "1", "bits per channel in the picture's file"),
        Column("size_bytes", "bytes", "size of the picture's file"),
        Column("sha256", "text", "SHA-256 of the picture's file"),
    ),
)
