"""Presentation times of frames."""
