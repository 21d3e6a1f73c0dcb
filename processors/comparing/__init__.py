"""Comparison of results, and their provenance."""
