"""Layout of photo files."""
