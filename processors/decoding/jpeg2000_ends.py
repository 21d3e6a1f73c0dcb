"""FFmpeg's JPEG 2000 decoder logs damage: a coding pass that does not end where its header says."""

from __future__ import annotations

import re

_MISMATCH = re.compile(r"End mismatch (\d+)")
WHOLE_MISMATCH = 1
"""Bytes left of a coding pass that intact files of some encoders have too."""


def is_wrong_end(words: str) -> bool:
    """Return whether a logged warning is of a part that does not end where it should."""
    found = _MISMATCH.search(words)
    return found is not None and int(found[1]) > WHOLE_MISMATCH
