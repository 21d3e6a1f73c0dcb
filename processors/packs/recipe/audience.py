"""Audiences of a pack, and the defaults that the pack recipe may override."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

Audience = Literal["internal", "press", "public", "research", "archive"]
AUDIENCES: tuple[Audience, ...] = get_args(Audience)
Layout = Literal["kind", "source"]
"""`kind`: photos, videos, sound and documents under readable names; `source`: by source and by processor."""


@dataclass(frozen=True, kw_only=True)
class Preset:
    take: tuple[str, ...]
    layout: Layout = "source"
    credits_in_files: bool = False
    """True to write caption, credit and rights into copies; False to keep the stored bytes."""
    has_words_in_arrays: bool = True
    """True to write title, credit, rights and provenance into copies of netCDF and Parquet files; False to keep the
    stored bytes."""
    has_premis: bool = False
    """True to record objects, events, agents and rights in PREMIS."""


FOR_READERS = ("stills", "full video", "contact sheets", "web sound", "spectrograms")
PRESETS: Mapping[Audience, Preset] = {
    "internal": Preset(take=("stills", "contact sheets", "spectrograms", "clips", "web sound", "metadata")),
    "press": Preset(take=FOR_READERS, layout="kind", credits_in_files=True),
    "public": Preset(take=FOR_READERS, layout="kind", credits_in_files=True),
    "research": Preset(take=("measurements", "stills", "frames", "spectrograms", "sound", "metadata")),
    "archive": Preset(
        take=("originals", "stills", "contact sheets", "metadata"), has_premis=True, has_words_in_arrays=False
    ),
}
