"""Links between sources: the same picture, a crop, a still of a video, the same sound. Above engine."""
