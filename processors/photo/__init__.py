"""Photographs, upright and in sRGB, and the results made from them. Above metadata."""
