"""Traffic between a process and the bucket of its store."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(kw_only=True)
class Traffic:
    """What a process has asked of the bucket of a store, without what was repeated."""

    requests: int = 0
    sent_bytes: int = 0
    received_bytes: int = 0
