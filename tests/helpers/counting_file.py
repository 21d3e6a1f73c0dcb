"""A file in memory that counts what is read of it, for tests of bounds that a slow machine must not move."""

from __future__ import annotations

import io


class CountingFile(io.BytesIO):
    """Counts the calls of `read`, and the bytes that they return."""

    read_count = 0
    read_bytes = 0

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self.read_count += 1
        self.read_bytes += len(data)
        return data
