"""Decoding of video: frames with exact presentation times, and every loss counted."""
