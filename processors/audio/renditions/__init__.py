"""Audio files for listening, and the original audio stream of a video."""
