"""Video: exact frames and what is made of them."""
