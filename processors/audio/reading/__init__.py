"""Decoding of audio: blocks of samples with their times, and every loss counted."""
