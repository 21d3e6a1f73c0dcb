"""Measurement of one shot, and the pictures that are made of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from processors.contract import Item
from processors.imaging.image_writer import encode
from processors.video.motion.mosaic import Mosaic, MosaicFacts
from processors.video.motion.motion_curve import Curve
from processors.video.motion.shot_summary import ShotMotion
from processors.video.motion.track import Row


@dataclass(frozen=True, kw_only=True)
class MeasuredShot:
    """Summary of a shot or of a region of it, with the rows and curves of its segments."""

    summary: ShotMotion
    rows: list[Row] = field(default_factory=list)
    curves: list[Curve] = field(default_factory=list)
    px: float = 1.0
    mosaic: Mosaic | None = None
    region_picture: bytes | None = None
    begins_later: bool = False
    """Whether the first frame is later than the one that a stated altitude is of."""


def pictures_of(measured: MeasuredShot) -> Iterator[Item]:
    """Yield the frame with the region, and the mosaic, of one shot."""
    number, mosaic = measured.summary.shot, measured.mosaic
    if measured.region_picture:
        facts = measured.summary.region
        yield Item(name=f"region_{number:04d}.jpg", media_type="image/jpeg", data=measured.region_picture, facts=facts)
    if mosaic and measured.summary.looks_along_motion:
        shown = MosaicFacts(shot=number, total_scale=mosaic.scale, pictures=mosaic.pictures)
        data = encode(mosaic.picture, "jpeg", quality=92)
        yield Item(name=f"mosaic_{number:04d}.jpg", media_type="image/jpeg", data=data, facts=shown)
