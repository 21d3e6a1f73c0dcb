"""Metadata of files, complete, and the part of it that has a known meaning. Above identify."""

from processors.metadata.metadata import Metadata

__all__ = ["Metadata"]
