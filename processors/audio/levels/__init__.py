"""Levels, loudness and true peak, calibrated where the microphone is known."""
