"""Decoding of video: frames with exact presentation times, and every loss counted.

A frame's time is from a module of `times/`: `packet_index` (the packets; nearly always), `timestamp_fallback`
(packets without presentation times), `steady_clock` (elementary streams: the declared frame rate) or
`joined_recordings` (files put end to end, each with times of its own). `times_behind_lost_pictures` then moves those
behind a picture that an AVI has lost.
"""
