"""Checks of what a store has: fixity, and results made again for comparison."""
