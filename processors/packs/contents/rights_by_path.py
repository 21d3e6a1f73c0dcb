"""Statements on rights at all paths that hold the same bytes, and the one that binds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from processors.metadata.release.licences import is_open_licence, strictness_of
from processors.metadata.release.own_terms import UNREAD, permission_of
from processors.store.findings.stored_evidence import OF_RELEASE


@dataclass(frozen=True, kw_only=True)
class PathRights:
    place: str
    """Path relative to the folder of releases."""
    credit: str | None
    rights: str | None
    redistribute: bool | None
    """Permission to redistribute it; None if this is not stated."""
    said_in: str | None
    """Place of that statement, such as `its release.toml`."""
    speaks: bool
    """False if a release states nothing on rights; also True if its statements could not be read."""
    unread: str | None = None
    """Reason why the statement is unknown."""
    own: str | None = None
    """Statement of the file that contradicts one about all files, which is then no permission; None if none."""
    instructions: str | None = None
    """Instructions to editors in the words of the release or the file."""
    usage_terms: str | None = None
    """Terms of use in the words of the release or the file."""
    past: str | None = None
    """When its prohibition was stated, if it no longer is, though nothing has replaced it; None if it is current."""
    is_gone: bool = False
    """Whether the path no longer holds the bytes: its prohibition still counts, its rights and terms do not."""

    @property
    def strictness(self) -> tuple[int, int]:
        """Return a rank, higher if less is allowed; missing permission is stricter than permission."""
        return strictness(self.redistribute, self.rights)

    @property
    def terms(self) -> tuple[str, ...]:
        """Return its instructions and terms of use."""
        return tuple(filter(None, (self.instructions, self.usage_terms)))

    @property
    def why_not(self) -> str:
        """Return the reason why it may not be redistributed; if it may, that its rights are the strictest."""
        if self.unread:
            return f"its rights are unknown: {self.unread}"
        if self.redistribute:
            return f"the strictest of the rights stated ({self.rights}); it may be redistributed"
        if self.own:
            return self.own
        rights = f"(rights: {self.rights or 'unknown'})"
        if self.redistribute is False:
            past = f", {self.past}" if self.past else ""
            return f"redistribute = false in {self.said_in} {rights}{past}"
        return f"no permission to redistribute it is stated {rights}"

    def still_forbidden_by(self, earlier: PathRights) -> PathRights:
        """Return the current statement of the path with an earlier prohibition there; its rights count if none are
        stated now.
        """
        if self.unread:
            return replace(earlier, unread=self.unread)
        return replace(
            self,
            rights=self.rights or earlier.rights,
            redistribute=False,
            said_in=earlier.said_in,
            speaks=True,
            own=None,
            past=earlier.past,
        )


def strictness(redistribute: bool | None, rights: str | None) -> tuple[int, int]:
    """Return a rank of stated rights, higher if less is allowed."""
    return {True: 0, None: 1, False: 2}[redistribute], strictness_of(rights)


def voice(
    place: str, record: Mapping[str, Any] | None, failure: str | None = None, *, entry_path: str | None = None
) -> PathRights:
    """Return the statement of a path.

    Parameters
    ----------
    record : its evidence record; None without one.
    failure : reason why there is none.
    entry_path : earlier path by which its `release.toml` still names it.
    """
    if record is None:
        because = failure or "it has no evidence record (processor `evidence`)"
        return PathRights(
            place=place, credit=None, rights=None, redistribute=None, said_in=None, speaks=True, unread=because
        )
    statements: Sequence[Mapping[str, Any]] = record["statements"]
    apart: Sequence[Mapping[str, Any]] = record.get("against_general") or ()
    own = _own_in_words(apart)
    said = _first(statements, "marsmedia:redistribute")
    rights = _first(statements, "dc:rights")
    credit = _first(statements, "photoshop:Credit")
    instructions = _first(statements, "photoshop:Instructions")
    terms = _first(statements, "xmpRights:UsageTerms")
    return PathRights(
        place=place,
        credit=str(credit["value"]) if credit else None,
        rights=str(rights["value"]) if rights else None,
        redistribute=permission_of(said["value"], str(said["source"]), apart) if said else None,
        own=own,
        instructions=str(instructions["value"]) if instructions else None,
        usage_terms=str(terms["value"]) if terms else None,
        said_in=_file_of(str(said["source"]), entry_path) if said else None,
        speaks=bool(said or (rights and str(rights["source"]).startswith(OF_RELEASE))),
    )


def binding(voices: Sequence[PathRights]) -> PathRights:
    """Return the strictest voice; the first, which is the path's own, if the others are no stricter."""
    return max((one for one in voices if one is voices[0] or one.speaks), key=lambda one: one.strictness)


def rights_of(voices: Sequence[PathRights]) -> str | None:
    """Return the rights to print: the binding ones of the paths that hold the bytes, else those of a path that did."""
    here = [one for one in voices if not one.is_gone]
    return binding(here).rights or binding(voices).rights


def instructions_of(voices: Sequence[PathRights]) -> str | None:
    """Return the instructions of all paths that hold the bytes, each once, the path's own first; None without any."""
    return _of_all_paths([one.instructions for one in voices if not one.is_gone], rights_of(voices))


def usage_terms_of(voices: Sequence[PathRights]) -> str | None:
    """Return the terms of use of all paths that hold the bytes, each once, the path's own first; None without any."""
    return _of_all_paths([one.usage_terms for one in voices if not one.is_gone], rights_of(voices))


def is_idle(terms: str, rights: str | None) -> bool:
    """Return True for terms that add nothing: the rights once more, an open licence, or the word "none"."""
    return terms.casefold() in ((rights or "").casefold(), "none") or is_open_licence(terms)


def _of_all_paths(terms: Sequence[str | None], rights: str | None) -> str | None:
    """Return terms as one text; idle ones are left out beside others."""
    said = list(dict.fromkeys(filter(None, terms)))
    return "; ".join([one for one in said if not is_idle(one, rights)] or said[:1]) or None


def _first(statements: Iterable[Mapping[str, Any]], term: str) -> Mapping[str, Any] | None:
    return next((one for one in statements if one["term"] == term), None)


def _own_in_words(apart: Iterable[Mapping[str, Any]]) -> str | None:
    """Return what a file states against statements about all files, and where to settle it; None if nothing."""
    said, unread = list[str](), list[str]()
    for one in apart:
        (own, own_source), (general, source) = one["says"]
        if one["about"] == UNREAD:
            unread.append(f"its own terms cannot be read ({own}), {_against(general, source)}")
        else:
            said.append(f"{one['about']} {own!r} ({own_source}), {_against(general, source)}")
    if not said and not unread:
        return None
    parts = [*(["the file itself says " + "; ".join(said)] if said else ()), *unread]
    return f"{'; '.join(parts)}: settle it in its [[file]] of release.toml"


def _against(general: str, source: str) -> str:
    """Return the statement about all files that a file contradicts: a permission, or other words on the same matter."""
    file, _, key = source.rpartition(":")
    return f"although {file} says {key} = true" if key == "redistribute" else f"against {general!r} ({source})"


def _file_of(source: str, entry_path: str | None) -> str:
    """Return the file in a source such as `release.toml:file.redistribute` or `profile tianwen-1:redistribute`."""
    name, _, key = source.partition(":")
    by_earlier_path = f" under the earlier path {entry_path!r}" if entry_path and key.startswith("file.") else ""
    return f"its {name}{by_earlier_path}" if name == "release.toml" else f"the {name}"
