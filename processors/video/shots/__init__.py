"""Shots, fades and stills, with the edit lists that editors open."""
