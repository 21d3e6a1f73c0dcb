"""Comparison of results, and their provenance. Above engine."""
