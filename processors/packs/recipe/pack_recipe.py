"""Pack recipe: contents, audience, texts and sizes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Literal

from processors.languages.language import LANGUAGES
from processors.languages.text import Text
from processors.packs.recipe.audience import PRESETS, Audience, Layout

PackPicture = Literal["jpeg", "webp", "png"]
PictureFit = Literal["pad", "crop"]


@dataclass(frozen=True, kw_only=True)
class Pictures:
    """Sizes and format of pictures; none is enlarged."""

    longest_side_px: tuple[int, ...]
    picture_format: PackPicture = "jpeg"
    quality: int = 88
    aspect: str | None = None
    """Width to height, such as `4:5`, of photos, stills and frames; None: as they are."""
    fit: PictureFit = "pad"
    """`pad` shows the whole picture between bars, `crop` its middle."""

    @property
    def width_to_height(self) -> float | None:
        if self.aspect is None:
            return None
        width, _, height = self.aspect.partition(":")
        return int(width) / int(height)


@dataclass(frozen=True, kw_only=True)
class Highlight:
    """Clip of the selection: stills and shots with titles, credits and audio."""

    seconds_each: float = 3.0
    longest_side_px: int = 1280
    sound: str | None = None
    """Name, pattern or first characters of the digest of the recording under the clip; None: each shot's own sound."""
    font: Path | None = None
    """Font for letters that are not Latin; None: the one that OpenCV carries."""


@dataclass(frozen=True, kw_only=True)
class Signature:
    """Paths of the user's certificate chain and private key (PEM) for C2PA."""

    certificate: Path
    key: Path


@dataclass(frozen=True, kw_only=True)
class Override:
    """Written declaration by which someone takes responsibility for redistributing a source."""

    source: str
    """Name, pattern, or first characters of the digest."""
    who: str
    why: str


@dataclass(frozen=True, kw_only=True)
class BagInfo:
    """Elements of `bag-info.txt` that RFC 8493, 2.2.2, reserves and only people know; None: left out."""

    organization_address: str | None = None
    contact_name: str | None = None
    contact_phone: str | None = None
    contact_email: str | None = None
    bag_group_identifier: str | None = None
    bag_count: str | None = None
    """Place in its group: `2 of 5`."""
    internal_sender_identifier: str | None = None
    internal_sender_description: str | None = None

    def lines(self) -> Iterator[tuple[str, str]]:
        """Yield name, as `Contact-Name`, and value of each."""
        for field_ in fields(self):
            if value := getattr(self, field_.name):
                yield "-".join(part.capitalize() for part in field_.name.split("_")), value


@dataclass(frozen=True, kw_only=True)
class PackRecipe:
    """Everything besides the store on which a pack's bytes depend."""

    title: Text
    text: Text = field(default_factory=Text)
    audience: Audience = "internal"
    selection: tuple[str, ...] = ()
    take: tuple[str, ...] = ()
    """Kinds of items; empty: those of the audience."""
    layout: Layout | None = None
    """Layout of the pack; None: that of the audience."""
    credits_in_files: bool | None = None
    """Whether files carry their credit line; None: as the audience's preset says."""
    languages: tuple[str, ...] = LANGUAGES
    publisher: str | None = None
    date: str | None = None
    """Date stated on the pack; None: that of `SOURCE_DATE_EPOCH`, else of its latest result."""
    web_address: str | None = None
    """URL at which the pack's `data` folder will be published; IIIF identifies everything by URL."""
    pictures: Pictures | None = None
    highlight: Highlight | None = None
    signature: Signature | None = None
    overrides: tuple[Override, ...] = ()
    bag_info: BagInfo | None = None

    def completed(self) -> PackRecipe:
        """Return the pack recipe with the defaults of its audience filled in."""
        preset = PRESETS[self.audience]
        return replace(
            self,
            take=self.take or preset.take,
            layout=self.layout or preset.layout,
            credits_in_files=preset.credits_in_files if self.credits_in_files is None else self.credits_in_files,
        )
