"""Raw files: finding and safely opening them. On the ground, above errors."""
