"""Motion of the camera between frames, and what is made from it."""
