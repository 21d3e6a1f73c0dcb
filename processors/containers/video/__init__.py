"""Layout of video files."""
