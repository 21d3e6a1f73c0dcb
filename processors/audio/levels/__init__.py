"""Levels, loudness and true peak, calibrated if the microphone is known."""
