"""Decoding and damage of photos, format by format."""
