"""What the places that hold the same bytes say of their rights, and which of them binds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from processors.packs.contents.licences import strictness_of

OF_RELEASE = ("release.toml", "label ", "XMP sidecar ", "profile ")
"""How the sources of those statements begin that are not in the file itself."""


@dataclass(frozen=True, kw_only=True)
class Voice:
    """What is said of the rights at one place."""

    place: str
    """Below the folder of releases."""
    credit: str | None
    rights: str | None
    redistribute: bool | None
    """None where nobody says whether it may be passed on."""
    said_in: str | None
    """Where that is said: `its release.toml`."""
    speaks: bool
    """False where a release says nothing at all of rights; True, too, where what it says could not be read."""
    unread: str | None = None
    """Why what is said there is unknown."""
    past: str | None = None
    """Why it is not said there any more, though nobody has said otherwise since; None where it is."""

    @property
    def strictness(self) -> tuple[int, int]:
        """The higher, the less is allowed; what nobody allows is stricter than what is allowed."""
        return {True: 0, None: 1, False: 2}[self.redistribute], strictness_of(self.rights)

    @property
    def why_not(self) -> str:
        """What keeps it from being passed on."""
        if self.unread:
            return f"its rights are unknown: {self.unread}"
        rights = f"(rights: {self.rights or 'unknown'})"
        if self.redistribute is False:
            past = f", {self.past}" if self.past else ""
            return f"redistribute = false in {self.said_in} {rights}{past}"
        return f"nobody says that it may be passed on {rights}"


def voice(place: str, statements: Sequence[Mapping[str, Any]] | None, failure: str | None = None) -> Voice:
    """The voice of a place.

    Parameters
    ----------
    statements : of its evidence record; None where there is none.
    failure : why there is none.
    """
    if statements is None:
        because = failure or "it has no evidence record (processor `evidence`)"
        return Voice(
            place=place, credit=None, rights=None, redistribute=None, said_in=None, speaks=True, unread=because
        )
    said = _first(statements, "marsmedia:redistribute")
    rights = _first(statements, "dc:rights")
    credit = _first(statements, "photoshop:Credit")
    return Voice(
        place=place,
        credit=str(credit["value"]) if credit else None,
        rights=str(rights["value"]) if rights else None,
        redistribute=said["value"] == "true" if said else None,
        said_in=_file_of(str(said["source"])) if said else None,
        speaks=bool(said or (rights and str(rights["source"]).startswith(OF_RELEASE))),
    )


def binding(voices: Sequence[Voice]) -> Voice:
    """The strictest of them; the first, which is the place's own, where others are no stricter."""
    return max((one for one in voices if one is voices[0] or one.speaks), key=lambda one: one.strictness)


def _first(statements: Iterable[Mapping[str, Any]], term: str) -> Mapping[str, Any] | None:
    return next((one for one in statements if one["term"] == term), None)


def _file_of(source: str) -> str:
    """`release.toml:file.redistribute` and `profile tianwen-1:redistribute` name a file and an entry in it."""
    name = source.partition(":")[0]
    return f"its {name}" if name == "release.toml" else f"the {name}"
