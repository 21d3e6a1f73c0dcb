"""PDS3, VICAR and PDS4 labels as one model of an image, and its reader. Above tables."""
