"""The catalogue: its tables, what is asked of them, and how they are rebuilt."""
