"""A pack's recipe: what to take, for whom, in which words and sizes."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from processors.languages.language import LANGUAGES
from processors.languages.text import Text

Audience = Literal["internal", "press", "public"]
AUDIENCES: tuple[Audience, ...] = get_args(Audience)
PackPicture = Literal["jpeg", "webp", "png"]

DEFAULT_TAKE = ("stills", "contact sheets", "spectrograms", "clips", "web sound", "metadata")


@dataclass(frozen=True, kw_only=True)
class Pictures:
    """Pictures are made in these sizes and this format; none is enlarged."""

    longest_side_px: tuple[int, ...]
    picture_format: PackPicture = "jpeg"
    quality: int = 88


@dataclass(frozen=True, kw_only=True)
class Highlight:
    """A clip over the selection: stills and shots with titles, credits and the sound."""

    seconds_each: float = 3.0
    longest_side_px: int = 1280


@dataclass(frozen=True, kw_only=True)
class Signature:
    """Where the user's certificate chain and private key lie (PEM), for C2PA."""

    certificate: Path
    key: Path


@dataclass(frozen=True, kw_only=True)
class Override:
    """Someone takes it on themselves, in writing, that a source may be passed on."""

    source: str
    """A name, a pattern, or the first characters of the digest."""
    who: str
    why: str


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """All that a pack's bytes depend on besides the store."""

    title: Text
    text: Text = field(default_factory=Text)
    audience: Audience = "internal"
    selection: tuple[str, ...] = ()
    take: tuple[str, ...] = DEFAULT_TAKE
    languages: tuple[str, ...] = LANGUAGES
    publisher: str | None = None
    date: str | None = None
    """Day of the pack, as written on it; None: the day of its latest result."""
    web_address: str | None = None
    """Where the pack's `data` folder will be published; IIIF names everything by its address."""
    pictures: Pictures | None = None
    highlight: Highlight | None = None
    signature: Signature | None = None
    overrides: tuple[Override, ...] = ()
