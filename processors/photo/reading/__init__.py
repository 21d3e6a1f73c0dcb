"""Decoding of photos: pixels, colours and damage."""
