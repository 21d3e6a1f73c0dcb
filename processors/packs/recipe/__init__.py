"""Pack recipe: contents of a pack, and how it is built."""
