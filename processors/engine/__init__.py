"""One source, one pass, all due processors: what is due, and how it is made."""
