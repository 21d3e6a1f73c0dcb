"""Detection of tones, impulses and gusts in a power spectrogram."""
