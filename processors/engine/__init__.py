"""One source: its due results, planned with the media and the store, and made in one pass. Above video."""
