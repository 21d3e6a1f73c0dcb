"""Traffic between a process and the bucket of its store."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(kw_only=True)
class Traffic:
    """Requests of a process to its store's bucket, not counting retries."""

    requests: int = 0
    sent_bytes: int = 0
    received_bytes: int = 0
