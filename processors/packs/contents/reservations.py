"""The one list of what stands against passing a pack's sources on: it is refused for them, or warned of."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from processors.errors import RequestError
from processors.packs.contents.changed_descriptions import changed_descriptions
from processors.packs.contents.rights import is_cleared, override_of, rights
from processors.packs.contents.rights_by_path import is_idle
from processors.packs.contents.subject import SourceRecord
from processors.packs.recipe.audience import Audience
from processors.packs.recipe.pack_recipe import PackRecipe
from processors.sources.scan import printable
from processors.store.catalogue.catalogue import Catalogue
from processors.store.catalogue.named_sources import where_moved

Kind = Literal["changed description", "not cleared", "terms", "earlier path"]
Passing = Callable[[Sequence[SourceRecord]], Sequence[str]]

REFUSED: Mapping[Kind, tuple[Audience, ...]] = {
    "changed description": ("public", "research", "archive"),
    "not cleared": ("public",),
    "terms": (),
    "earlier path": (),
}
"""Audiences to whom no pack goes with such a reservation; packs for others are built, with a warning."""
SHOWN = 20
"""Maximum number of files listed in a warning of one kind."""


@dataclass(frozen=True, kw_only=True)
class Reservation:
    """Reason to think before a pack is passed on."""

    kind: Kind
    """`changed description`: rights are the earlier ones; `not cleared`: no permission, or the file's own words against
    a general one; `terms`: terms of use or instructions, such as an embargo, which only a person can weigh;
    `earlier path`: an entry of `release.toml` that names an earlier path of the file counts for it."""
    about: str
    """Source or description, as a path relative to the folder of releases."""
    words: str
    remedy: str = ""
    """Command that settles it; empty where none does."""
    states: str = ""
    """What the store has of a changed description as it was before."""

    def is_refused(self, audience: Audience) -> bool:
        return audience in REFUSED[self.kind]


def reservations(subjects: Sequence[SourceRecord], recipe: PackRecipe, catalogue: Catalogue) -> tuple[Reservation, ...]:
    """Return every reservation about these sources, by kind, in their order."""
    return (
        *_of_descriptions(subjects, catalogue),
        *_of_rights(subjects, recipe),
        *_of_terms(subjects),
        *_of_entries(subjects),
    )


def _of_descriptions(subjects: Sequence[SourceRecord], catalogue: Catalogue) -> Iterator[Reservation]:
    for one in changed_descriptions(subjects, catalogue):
        yield Reservation(
            kind="changed description", about=one.relative, words=str(one), remedy=one.remedy, states=one.states
        )


def _of_rights(subjects: Sequence[SourceRecord], recipe: PackRecipe) -> Iterator[Reservation]:
    for one in subjects:
        if not is_cleared(one, recipe):
            yield Reservation(kind="not cleared", about=one.relative, words=_not_cleared(one))


def _of_terms(subjects: Sequence[SourceRecord]) -> Iterator[Reservation]:
    for one in subjects:
        if words := terms_of(one):
            yield Reservation(kind="terms", about=one.relative, words=words)


def _of_entries(subjects: Sequence[SourceRecord]) -> Iterator[Reservation]:
    for one in subjects:
        if one.entry_path:
            words = f"{one.relative} (named {one.entry_path!r})"
            yield Reservation(kind="earlier path", about=one.relative, words=words)


def terms_of(subject: SourceRecord) -> str:
    """Return its instructions and terms of use at every path of its bytes, its own first; empty without any.

    Terms that are its rights once more, an open licence, or the word "none" are left out.
    """
    here = [one for one in subject.voices if not one.is_gone]
    said = [*(one.instructions for one in here), *(one.usage_terms for one in here)]
    each = dict.fromkeys(filter(None, said if here else (subject.instructions, subject.usage_terms)))
    return "; ".join(one for one in each if not is_idle(one, subject.rights))


def refuse(
    found: Sequence[Reservation],
    subjects: Sequence[SourceRecord],
    recipe: PackRecipe,
    catalogue: Catalogue,
    passing: Passing,
) -> None:
    """Refuse a pack to whose audience nothing goes with one of these reservations.

    Parameters
    ----------
    passing : returns the words of a selection that leaves out the sources refused, given the others.

    Raises
    ------
    RequestError : names every reason of the gravest kind, and what to do; or an override that matches no source.
    """
    idle = [one for one in recipe.overrides if not any(override_of(subject, [one]) for subject in subjects)]
    if idle:
        todo = {one.source: where_moved(one.source, catalogue) or "correct its name" for one in idle}
        raise RequestError(
            "\n".join(f"override for {source!r} matches no selected source; {what}" for source, what in todo.items())
        )
    refused = [one for one in found if one.is_refused(recipe.audience)]
    if not refused:
        return
    first = [one for one in refused if one.kind == refused[0].kind]
    lines = "".join(f"  {one.words}\n" for one in first)
    if first[0].kind == "changed description":
        article = "an" if recipe.audience[0] in "aeiou" else "a"
        remedies = "; ".join(dict.fromkeys(one.remedy for one in first))
        earlier = ", and ".join(dict.fromkeys(one.states for one in first))
        raise RequestError(
            f"{article} {recipe.audience} pack cannot be built: the store still has the earlier {earlier}:\n"
            f"{lines}{remedies} first"
        )
    names = {one.about for one in first}
    remedy = _remedy(passing([one for one in subjects if one.relative not in names]))
    raise RequestError(
        f"a {recipe.audience} pack cannot contain sources that may not be redistributed:\n{lines}{remedy}"
    )


def warnings(found: Iterable[Reservation], source_count: int) -> Iterator[str]:
    """Yield what whoever passes the pack on must know, a line for each changed description and each other kind."""
    by_kind: dict[Kind, list[Reservation]] = {}
    for one in found:
        by_kind.setdefault(one.kind, []).append(one)
    for one in by_kind.get("changed description", ()):
        yield f"{one.words}: the pack has the earlier {one.states}: {one.remedy} and build it again"
    of = f"of {source_count} source{'' if source_count == 1 else 's'}"
    if uncleared := by_kind.get("not cleared"):
        named = _some([one.about for one in uncleared], ", ")
        asked = "CREDITS.txt says why: ask the rights holder before publishing"
        yield f"rights are not cleared for {len(uncleared)} {of}: {named}; {asked}"
    if bound := by_kind.get("terms"):
        by_words: dict[str, list[str]] = {}
        for one in bound:
            by_words.setdefault(one.words, []).append(one.about)
        said = [f'{_some(names, ", ")}: "{printable(words)}"' for words, names in by_words.items()]
        yield f"instructions or terms of use of {len(bound)} {of}: {_some(said, '; ')}: heed them before publishing"
    if renamed := by_kind.get("earlier path"):
        named = _some([one.words for one in renamed], ", ")
        yield f"release.toml names {len(renamed)} {of} by an earlier path, and its entry counts: {named}: correct it"


def _some(names: Sequence[str], separator: str) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return separator.join(map(printable, names[:SHOWN])) + more


def _remedy(words: Sequence[str]) -> str:
    override = "state in the recipe who allows it and why: [[override]]"
    if not words:
        return f"none of the selected sources may be redistributed; select others, or {override}"
    return f"this selection passes: selection = {json.dumps(list(words), ensure_ascii=False)}; or {override}"


def _not_cleared(subject: SourceRecord) -> str:
    """Return the source and who withholds the permission: its own path, or another with the same bytes."""
    name = f"{subject.relative} ({subject.digest[:8]})"
    if other := subject.bound_by:
        place = f"{other.place} ({subject.digest[:8]})"
        return f"{place}: {other.why_not}; selected is {subject.relative}, the same bytes"
    own = subject.voices[0] if subject.voices else None
    if own and (own.unread or own.own or own.past):
        return f"{name}: {own.why_not}"
    if subject.redistribute is not False:
        return f"{name}: no permission to redistribute it is stated (rights: {rights(subject)})"
    who = own.said_in if own and own.said_in and own.said_in != "its release.toml" else "its release"
    return f"{name}: {who} states redistribute = false (rights: {rights(subject)})"
