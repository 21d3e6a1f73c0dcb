"""Structure of audio and video containers: declared lengths, damage and trailing data; nothing is decoded."""
