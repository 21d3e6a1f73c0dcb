"""Raw files: finding and safely opening them. Above errors."""
