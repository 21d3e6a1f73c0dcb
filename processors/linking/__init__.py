"""What two sources have in common: the same picture, a crop, a still of a video, the same sound."""
