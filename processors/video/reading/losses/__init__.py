"""What is lost or damaged in a video, and where."""
