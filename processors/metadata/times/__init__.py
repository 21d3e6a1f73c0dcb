"""Dates and clocks of a recording."""
