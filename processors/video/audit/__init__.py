"""Measurements of every frame, and the integrity verdict made from them."""
