"""Presentation times of frames: `reading/__init__` says which of these modules gives a frame's time."""
