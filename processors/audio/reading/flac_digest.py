"""Comparison of a FLAC file's samples with the MD5 in its header (RFC 9639, 8.2)."""

from __future__ import annotations

import hashlib

import numpy as np

from processors.containers.audio.flac import StreamInfo, stream_info
from processors.sources.source_file import SourceFile


class FlacDigest:
    """Digest of all samples, added in order."""

    def __init__(self, info: StreamInfo) -> None:
        self._info = info
        self._md5 = hashlib.md5(usedforsecurity=False)

    @classmethod
    def of(cls, file: SourceFile) -> FlacDigest | None:
        """Return a digest for a file; None if its header has no MD5."""
        with file.open() as opened:
            info = stream_info(opened)
        return cls(info) if info and info.md5 else None

    def add(self, samples: np.ndarray) -> None:
        """Add integers whose highest bits hold the sample, shape (samples, channels)."""
        spare = samples.dtype.itemsize * 8 - self._info.bits
        width = (self._info.bits + 7) // 8
        shifted = samples >> spare if spare else samples
        whole = np.ascontiguousarray(shifted, dtype=f"<i{width if width != 3 else 4}")
        if width == 3:
            whole = np.ascontiguousarray(whole.view(np.uint8).reshape(-1, 4)[:, :3])
        self._md5.update(whole.data)

    def mismatch(self) -> str | None:
        """Return the mismatch, in words; None if the samples match the header."""
        assert self._info.md5 is not None
        if self._md5.digest() == self._info.md5:
            return None
        return f"the samples' MD5 is {self._md5.hexdigest()}, its header names {self._info.md5.hex()}"
