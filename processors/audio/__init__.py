"""Audio: exact samples and the results made of them."""
