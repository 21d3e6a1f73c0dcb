"""Colour, levels and encoding of pictures; shared by photos and videos. Above contract, processor_names."""
