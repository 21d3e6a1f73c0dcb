"""Fixity of stored and raw files."""
