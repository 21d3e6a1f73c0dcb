"""What goes into a pack: sources, items, names, rights."""
