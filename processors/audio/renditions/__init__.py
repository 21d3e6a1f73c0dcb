"""Audio files to listen to, and the original audio stream of a video."""
