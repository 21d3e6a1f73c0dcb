"""Columns of `shots.csv`: the shots, which together are the whole video."""

from __future__ import annotations

from processors.tables import Column, Table

SHOTS = Table(
    item="shots.csv",
    title="Shots",
    row="a shot, in order of presentation; all together are the whole video",
    columns=(
        Column("number", "1", "number of the shot, from 1"),
        Column("first_frame", "1", "number of its first frame, counted in order of presentation from 0"),
        Column("end_frame", "1", "number of the first frame after it"),
        Column("start_pts", "ticks", "presentation time of its first frame"),
        Column("end_pts", "ticks", "presentation time of the first frame after it, or the video's end"),
        Column("time_base", "text", "seconds per tick, as a fraction"),
        Column("start_seconds", "s", "presentation time of its first frame"),
        Column("end_seconds", "s", "presentation time of the first frame after it, or the video's end"),
        Column("starts_with", "text", "start (of the video), cut or fade"),
        Column("distinct_pictures", "1", "number of frames that do not repeat the one before"),
    ),
)
