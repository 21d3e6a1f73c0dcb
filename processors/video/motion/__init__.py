"""Motion of the camera between frames, and results made from it."""
