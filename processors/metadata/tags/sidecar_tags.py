"""XMP sidecars as tags."""

from __future__ import annotations

from processors.errors import DamagedMedia, RefusedMedia
from processors.metadata.tags.tag_records import Tag
from processors.metadata.tags.xmp import xmp_tags
from processors.planetary.labels import MAX_LABEL_BYTES


def voice_of_sidecar(name: str) -> str:
    """Return the name of a sidecar as the source of statements."""
    return f"XMP sidecar {name}"


def sidecar_tags(name: str, data: bytes) -> tuple[Tag, ...]:
    """Return every property of a sidecar.

    Raises
    ------
    DamagedMedia : it is no XMP.
    RefusedMedia : it is over the limit.
    """
    if len(data) > MAX_LABEL_BYTES:
        limit = f"{MAX_LABEL_BYTES >> 20} MB"
        raise RefusedMedia(f"{voice_of_sidecar(name)} is over the limit of {limit}", "shorten or remove it")
    try:
        tags = tuple(xmp_tags(data))
    except ValueError as error:
        raise DamagedMedia(f"{voice_of_sidecar(name)}: {error}", "correct or remove it and run again") from error
    if not tags:
        raise DamagedMedia(f"{voice_of_sidecar(name)} holds no XMP property", "correct or remove it and run again")
    return tags
