"""The command `marsmedia`."""
