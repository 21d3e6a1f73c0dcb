"""Recipe of a pack: what it contains and how it is built."""
