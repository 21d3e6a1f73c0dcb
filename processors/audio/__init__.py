"""Audio: exact samples and the results made from them. Above metadata."""
