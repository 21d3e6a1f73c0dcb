"""Colour, levels and encoding of pictures and clips; shared by all media. Above tables."""
