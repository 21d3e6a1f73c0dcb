"""Traffic between a process and buckets."""

from __future__ import annotations

import threading
from dataclasses import dataclass

_counting = threading.Lock()


@dataclass(kw_only=True)
class Traffic:
    """Requests of a process to a bucket, not counting retries; several threads may add to it."""

    requests: int = 0
    sent_bytes: int = 0
    received_bytes: int = 0

    def add(self, *, requests: int = 0, sent_bytes: int = 0, received_bytes: int = 0) -> None:
        with _counting:
            self.requests += requests
            self.sent_bytes += sent_bytes
            self.received_bytes += received_bytes

    def add_all(self, other: Traffic) -> None:
        """Add the traffic of another process."""
        self.add(requests=other.requests, sent_bytes=other.sent_bytes, received_bytes=other.received_bytes)

    def since(self, before: Traffic) -> Traffic:
        """Return what has been added since an earlier state."""
        return Traffic(
            requests=self.requests - before.requests,
            sent_bytes=self.sent_bytes - before.sent_bytes,
            received_bytes=self.received_bytes - before.received_bytes,
        )


RELEASES = Traffic()
"""Traffic of this process, and of others for it, with releases in buckets."""
