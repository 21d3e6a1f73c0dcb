"""Frames at chosen times, contact sheet and preview."""
