"""Checks of a store: fixity, and results made again for comparison."""
