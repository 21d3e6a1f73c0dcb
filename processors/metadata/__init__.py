"""What a file says of itself, complete, and what of it has a known meaning."""

from processors.metadata.metadata import Metadata

__all__ = ["Metadata"]
