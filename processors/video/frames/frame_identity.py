"""Identity of a frame and its source, in its facts and inside its file."""

from __future__ import annotations

from dataclasses import dataclass
from xml.sax.saxutils import quoteattr

from processors.video.reading.frame import VideoFrame
from processors.video.reading.video_info import VideoInfo

NAMESPACE = "https://marsmedia.example/ns/frame/1.0/"
"""Name of our XMP properties, not an address: nothing can be fetched there."""


@dataclass(frozen=True, kw_only=True)
class FrameIdentity:
    """Permanent identity of one frame."""

    source_digest: str | None
    """SHA-256 of the source; None if a file was read on its own."""
    stream_index: int
    pts: int
    """Presentation time in ticks of the time base."""
    time_base: str
    """Seconds per tick, as a fraction: `1/90000`."""
    time_seconds: float
    """Product of `pts` and the time base, as printed by ffprobe."""


def identity_of(frame: VideoFrame, info: VideoInfo) -> FrameIdentity:
    return FrameIdentity(
        source_digest=info.source_digest,
        stream_index=info.stream_index,
        pts=frame.pts,
        time_base=str(frame.time_base),
        time_seconds=float(frame.time),
    )


def xmp_of(identity: FrameIdentity) -> bytes:
    """Return an XMP packet (ISO 16684-1) with the identity, and the source as `dc:source`."""
    values = {
        "dc:source": f"sha256:{identity.source_digest}" if identity.source_digest else None,
        "marsmedia:SourceDigest": identity.source_digest,
        "marsmedia:StreamIndex": identity.stream_index,
        "marsmedia:Pts": identity.pts,
        "marsmedia:TimeBase": identity.time_base,
        "marsmedia:TimeSeconds": f"{identity.time_seconds:.6f}",
    }
    attributes = "".join(f"\n   {name}={quoteattr(str(value))}" for name, value in values.items() if value is not None)
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">\n'
        ' <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">\n'
        f'  <rdf:Description rdf:about=""\n   xmlns:dc="http://purl.org/dc/elements/1.1/"\n'
        f'   xmlns:marsmedia="{NAMESPACE}"{attributes}/>\n'
        ' </rdf:RDF>\n</x:xmpmeta>\n<?xpacket end="w"?>'
    ).encode()
