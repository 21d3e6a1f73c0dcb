"""Descriptions in a pack: RO-Crate, IIIF, PDS4, credits, captions, README."""
