"""Damaged files of 13 formats, the same each time: damage that a format can know of is never passed on as whole."""
