"""Contents of a pack: sources, items, names, rights."""
