"""Raw files: finding, identifying and safely opening them."""
