"""Recipes as an operator changes them, and the names of results that other parameters give."""
