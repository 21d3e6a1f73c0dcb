"""Video: exact frames and the results made from them. Above metadata."""
