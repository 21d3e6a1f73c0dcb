"""Video: exact frames and the results made of them."""
