"""Findings from all records of a file: its verdict, conflicts, and whether its master is gone."""
