"""Introduction of a pack on its own page: text, publisher, highlight clip and credits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from processors.contract import require
from processors.languages.text import Text
from processors.packs.gallery.gallery_file import is_relative


@dataclass(frozen=True, kw_only=True)
class BoundSource:
    """Source in a clip that is not cleared, or has terms of use or overlays: what its card says, without its card."""

    name: str
    title: Text
    redistribute: bool | None
    """True where it may be passed on, also by an override; None if nobody states it."""
    terms: str | None
    """Terms of use and instructions; None without any."""
    overlays: Text
    """Note on logos and captions burnt into its pictures; empty for none, or where only its sound is in the clip."""

    def record(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "title": self.title.record(),
            "redistribute": self.redistribute,
            "terms": self.terms,
            "overlays": self.overlays.record() if self.overlays else None,
        }


@dataclass(frozen=True, kw_only=True)
class PageClip:
    href: str
    poster_href: str
    """URL of the picture that stands for it before it plays."""
    width_px: int
    height_px: int
    duration_seconds: float
    bound: tuple[BoundSource, ...] = ()
    """Sources seen or heard in it that must be clarified before publishing."""

    def __post_init__(self) -> None:
        for name in ("href", "poster_href"):
            require(
                is_relative(getattr(self, name)), name, getattr(self, name), "must be a relative, percent-encoded URL"
            )


@dataclass(frozen=True, kw_only=True)
class Introduction:
    """Introduction of a pack; missing parts are empty or None."""

    text: Text
    publisher: str | None
    credits_href: str
    """URL of `CREDITS.txt`."""
    clip: PageClip | None
    is_for_readers: bool = False
    """True to leave out everything that only serves measuring or maintaining the store."""
    order: tuple[str, ...] = ()
    """SHA-256 of every source in the order in which the pack recipe names them; empty if it names none."""

    def __post_init__(self) -> None:
        href = self.credits_href
        require(is_relative(href), "credits_href", href, "must be a relative, percent-encoded URL")

    def record(self, shown: Sequence[str]) -> dict[str, Any]:
        """Return the record for a page that shows the sources of these SHA-256, which its order counts."""
        clip = self.clip
        numbers = {digest: number for number, digest in enumerate(shown)}
        return {
            "text": self.text.record(),
            "publisher": self.publisher,
            "is_for_readers": self.is_for_readers,
            "credits": self.credits_href,
            "order": [numbers[digest] for digest in self.order if digest in numbers] or None,
            "clip": clip
            and {
                "href": clip.href,
                "poster": clip.poster_href,
                "width": clip.width_px,
                "height": clip.height_px,
                "duration_seconds": clip.duration_seconds,
                "bound": [one.record() for one in clip.bound],
            },
        }
