"""Picture that stands for a highlight clip before it plays: the middle of its first scene, not its title card."""

from __future__ import annotations

import av

from processors.imaging.image_writer import encode
from processors.packs.embedded.in_pictures import credited_picture
from processors.packs.highlight.highlight import HighlightClip
from processors.video.reading.frame import TO_8_BITS

POSTER = "data/highlight.jpg"
"""Path in a pack."""


def poster(clip: HighlightClip) -> bytes:
    """Return the frame in the middle of the first scene as JPEG, in the size of the clip, with that scene's credits."""
    with av.open(str(clip.path)) as container:
        late = (frame for frame in container.decode(video=0) if (frame.time or 0.0) >= clip.poster_seconds)
        bare = encode(next(late).to_ndarray(format="rgb24", interpolation=TO_8_BITS), "jpeg", quality=85)
    credited = credited_picture(bare, "image/jpeg", clip.poster_credits)
    assert credited is not None, "a JPEG of our own takes them"
    return credited
