"""Subtitles of a video as text for the web."""
