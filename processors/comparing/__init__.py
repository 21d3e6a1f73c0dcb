"""Comparison of two results of one processor, and provenance."""
