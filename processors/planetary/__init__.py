"""Planetary images: PDS3, VICAR and PDS4 labels fill one model of an image, and one reader reads its samples."""
