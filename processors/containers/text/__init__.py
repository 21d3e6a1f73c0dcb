"""Text files, and texts whose encoding is not declared."""
