"""Sound: exact samples and what is made of them."""
