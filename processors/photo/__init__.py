"""Photographs: upright, in sRGB, and what is made of them."""
