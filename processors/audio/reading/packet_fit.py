"""Packets of a bare stream, compared with the frames in them: where they do not fit, bytes were lost or changed.

Decoders silently complete a frame that another interrupts, and FFmpeg's parsers silently skip bytes between frames.
"""

from __future__ import annotations

import av

from processors.containers.frame_sync import misfit_of

UNBROKEN = frozenset({"mlp", "truehd", "dts", "ac3", "eac3"})
"""Formats whose frames follow one another without tags between them."""


class PacketFit:
    """Comparison of each packet but the last of a file, which may be cut off, with its frames and its place."""

    def __init__(self, file_format: str) -> None:
        self._format = file_format
        self._last: av.Packet | None = None

    def misfit_before(self, packet: av.Packet) -> tuple[str, av.Packet] | None:
        """Return what is wrong up to this packet, in words, and the packet concerned; None if nothing is."""
        last, self._last = self._last, packet
        if last is None:
            return None
        if misfit := misfit_of(bytes(last), self._format):
            return misfit, last
        if self._format not in UNBROKEN or last.pos is None or packet.pos is None:
            return None
        skipped = packet.pos - last.pos - last.size
        return (f"{skipped} bytes between two frames belong to neither", packet) if skipped > 0 else None
