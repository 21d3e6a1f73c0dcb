"""Layout of audio files."""
