"""Credits, redistribution rights, and written overrides of missing rights."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from fnmatch import fnmatchcase

from processors.errors import RequestError
from processors.languages.language import phrase
from processors.languages.text import Text
from processors.metadata.release.licences import rights_address_of
from processors.packs.contents.subject import SourceRecord
from processors.packs.recipe.pack_recipe import Override, PackRecipe

Passing = Callable[[Sequence[SourceRecord]], Sequence[str]]


def check_rights(subjects: Sequence[SourceRecord], recipe: PackRecipe, passing: Passing) -> None:
    """Refuse a public pack with sources that may not be redistributed; report all of them at once.

    Parameters
    ----------
    passing : returns the words of a selection that leaves out the sources refused, given the cleared ones.

    Raises
    ------
    RequestError : names every source and its rights, or an override that matches no source.
    """
    idle = [one for one in recipe.overrides if not any(_means(one, subject) for subject in subjects)]
    if idle:
        raise RequestError(
            "\n".join(f"override for {one.source!r} matches no selected source; correct its name" for one in idle)
        )
    if recipe.audience != "public":
        return
    refused = [one for one in subjects if not is_cleared(one, recipe)]
    if refused:
        refusals = [f"  {_refusal(subject)}" for subject in refused]
        raise RequestError(
            "a public pack cannot contain sources that may not be redistributed:\n"
            + "\n".join(refusals)
            + f"\n{_remedy(passing([one for one in subjects if one not in refused]))}"
        )


def _remedy(words: Sequence[str]) -> str:
    override = "state in the recipe who allows it and why: [[override]]"
    if not words:
        return f"none of the selected sources may be redistributed; select others, or {override}"
    return f"this selection passes: selection = {json.dumps(list(words), ensure_ascii=False)}; or {override}"


def is_cleared(subject: SourceRecord, recipe: PackRecipe) -> bool:
    """Return whether a source may be passed on, by its rights or by a written override."""
    return bool(subject.redistribute) or override_of(subject, recipe.overrides) is not None


def override_of(subject: SourceRecord, overrides: Iterable[Override]) -> Override | None:
    """Return the first written override that matches this source."""
    return next((one for one in overrides if _means(one, subject)), None)


def notice(subject: SourceRecord, recipe: PackRecipe) -> Text:
    """Return the notice that a reader must see before use; empty if it may be redistributed."""
    if subject.redistribute:
        return Text()
    if one := override_of(subject, recipe.overrides):
        return phrase("passed_on", who=one.who, why=one.why)
    general = phrase(f"notice_{recipe.audience}")
    if subject.voices and subject.voices[0].own and subject.bound_by is None:
        return phrase("notice_own", notice=general)
    if subject.bound_by is None:
        return general
    return phrase("notice_bound", notice=general, place=subject.bound_by.place, why_not=subject.bound_by.why_not)


def credit(subject: SourceRecord) -> str:
    """Return the agency's preferred credit, else the agency, else a note that it is unknown."""
    return known_credit(subject) or "unknown: no credit line is given"


def known_credit(subject: SourceRecord) -> str | None:
    """Return the agency's preferred credit, else the agency, else the creator; None if none is named."""
    return subject.credit or subject.agency or subject.creator


def rights(subject: SourceRecord) -> str:
    """Return the rights in the words of the release; the strictest if several releases hold the same bytes."""
    return subject.rights or "unknown: no statement of rights is given"


def rights_address(subject: SourceRecord) -> str | None:
    """Return the standard URI of these rights; None if they are stated and no standard covers them."""
    return rights_address_of(subject.rights)


def _means(override: Override, subject: SourceRecord) -> bool:
    word = override.source
    return (
        fnmatchcase(subject.name, word)
        or word in (subject.name, f"{subject.release}/{subject.name}", subject.relative)
        or word in {voice.place for voice in subject.voices}
        or (bool(re.fullmatch(r"[0-9a-f]{6,64}", word)) and subject.digest.startswith(word))
    )


def _refusal(subject: SourceRecord) -> str:
    """Return the refused source and who refuses: its own path, or another with the same bytes."""
    name = f"{subject.release}/{subject.name} ({subject.digest[:8]})"
    if other := subject.bound_by:
        return f"{other.place} ({subject.digest[:8]}): {other.why_not}; selected is {subject.relative}, the same bytes"
    own = subject.voices[0] if subject.voices else None
    if own and (own.unread or own.own or own.past):
        return f"{name}: {own.why_not}"
    if subject.redistribute is not False:
        return f"{name}: no permission to redistribute it is stated (rights: {rights(subject)})"
    who = own.said_in if own and own.said_in and own.said_in != "its release.toml" else "its release"
    return f"{name}: {who} states redistribute = false (rights: {rights(subject)})"
