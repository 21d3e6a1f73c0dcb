"""Offline gallery: one static page over a store or a pack, opened from a disk without a server."""
