"""Common records of the sample's truth."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class KnownBox:
    """A rectangle of whole pixels, half open: `right_px` and `bottom_px` are the first ones outside."""

    left_px: int
    top_px: int
    right_px: int
    bottom_px: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """Return row and column slices to index an array."""
        return slice(self.top_px, self.bottom_px), slice(self.left_px, self.right_px)


@dataclass(frozen=True, kw_only=True)
class LinkTruth:
    """Two files with common content."""

    kind: str
    here: str
    there: str
    offset_seconds: float
    """Offset: time t there corresponds to t + offset here."""


@dataclass(frozen=True, kw_only=True)
class KnownShot:
    """Frames of one camera from `first_frame` up to but not including `end_frame`."""

    camera: str
    first_frame: int
    end_frame: int
    start_seconds: float
    end_seconds: float


def shots(cameras_and_lengths: list[tuple[str, int]], frames_per_second: int) -> list[KnownShot]:
    """Return consecutive shots in the order given; lengths are in frames."""
    found: list[KnownShot] = []
    first = 0
    for camera, length in cameras_and_lengths:
        end = first + length
        found.append(
            KnownShot(
                camera=camera,
                first_frame=first,
                end_frame=end,
                start_seconds=first / frames_per_second,
                end_seconds=end / frames_per_second,
            )
        )
        first = end
    return found


@dataclass(frozen=True, kw_only=True)
class ClipTruth:
    width_px: int
    height_px: int
    frames_per_second: int
    frame_count: int
    shots: list[KnownShot]
    cut_frames: list[int]
    """First frame of every shot except the first."""

    cut_seconds: list[float]
    picture_box: KnownBox
    """Box of the picture; outside it is the black letterbox."""

    letterbox_bar_height_px: int
    """Height of each of the two bars; 0 if there are none."""

    caption_text: str
    caption_box: KnownBox


def clip_truth(
    *, picture: KnownBox, shots: list[KnownShot], frames_per_second: int, caption: KnownBox, caption_text: str
) -> ClipTruth:
    """Return the truth common to all clips, for a picture with equal bars above and below."""
    return ClipTruth(
        width_px=picture.right_px,
        height_px=picture.bottom_px + picture.top_px,
        frames_per_second=frames_per_second,
        frame_count=shots[-1].end_frame,
        shots=shots,
        cut_frames=[shot.first_frame for shot in shots[1:]],
        cut_seconds=[shot.start_seconds for shot in shots[1:]],
        picture_box=picture,
        letterbox_bar_height_px=picture.top_px,
        caption_text=caption_text,
        caption_box=caption,
    )
