"""Decoding of video: frames with exact presentation times, and every loss counted.

`times/frame_times.py` gives each frame its time, from one of four modules beside it: `packet_index` (the container's
packets; nearly always), `timestamp_fallback` (packets without presentation times), `steady_clock` (elementary streams:
the declared frame rate) and `joined_recordings` (files put end to end, each with times of its own). A fifth,
`times_behind_lost_pictures`, moves the times behind a picture that an AVI has lost.
"""
