"""Highlight clip of a pack, with its title cards."""
