"""Pixels, rates and length of a medium, from the record in its `metadata.json`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Properties:
    """Basic properties of a file; None if unknown or not applicable to the medium."""

    container: str | None = None
    width_px: int | None = None
    """Width as players and viewers show it, upright and in square pixels; as coded if nothing was decoded."""
    height_px: int | None = None
    frame_rate_hz: float | None = None
    """Average, as the header states it."""
    duration_seconds: float | None = None
    """As the header states it."""
    picture_codec: str | None = None
    picture_mode: str | None = None
    """Mode of a photo, such as RGB, or I;16 for 16-bit grey."""
    sound_codec: str | None = None
    sample_rate_hz: int | None = None
    channel_count: int | None = None


def properties(record: Mapping[str, Any], shown_size_px: tuple[int, int] | None = None) -> Properties:
    """Return the properties of the first video and the first audio stream, or of the picture.

    Parameters
    ----------
    shown_size_px : width and height of the upright picture; None if it was not decoded.
    """
    streams: list[Mapping[str, Any]] = record.get("streams") or []
    video = next((one for one in streams if one["kind"] == "video"), {})
    sound = next((one for one in streams if one["kind"] == "audio"), {})
    picture = record.get("picture") or {}
    rate = video.get("average_rate_hz")
    coded = video if video.get("width_px") else picture
    width, height = shown_size_px or (coded.get("width_px"), coded.get("height_px"))
    return Properties(
        container=record.get("container"),
        width_px=width,
        height_px=height,
        frame_rate_hz=float(Fraction(rate)) if rate else None,
        duration_seconds=record.get("container_duration_seconds"),
        picture_codec=video.get("codec") or picture.get("format"),
        picture_mode=picture.get("mode"),
        sound_codec=sound.get("codec"),
        sample_rate_hz=sound.get("rate_hz"),
        channel_count=sound.get("channel_count"),
    )
