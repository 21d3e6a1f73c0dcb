"""Decoding of photos: pixels, colours, and what is damaged."""
