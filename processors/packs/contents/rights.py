"""Credit, rights and terms of a source in words, and written overrides of missing rights."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

from processors.languages.language import phrase
from processors.languages.text import Text
from processors.metadata.release.licences import rights_address_of
from processors.packs.contents.rights_by_path import is_idle
from processors.packs.contents.subject import SourceRecord
from processors.packs.recipe.pack_recipe import Override, PackRecipe


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


def terms(subject: SourceRecord) -> dict[str, str]:
    """Return its terms of use and its instructions in the words of the release or the file, under the names of their
    phrases (`usage_terms`, `instructions`); without what is not stated.
    """
    stated = {"usage_terms": subject.usage_terms, "instructions": subject.instructions}
    return {name: words for name, words in stated.items() if words}


def restrictions(subject: SourceRecord) -> dict[str, str]:
    """Return those of its `terms` that add anything to its rights."""
    return {name: words for name, words in terms(subject).items() if not is_idle(words, subject.rights)}


def named_in_english(stated: Mapping[str, str]) -> list[str]:
    """Return statements, each with the English name of its phrase in front: `Terms of use: Non-commercial only`."""
    return [f"{phrase(name).best()}: {words}" for name, words in stated.items()]


def _means(override: Override, subject: SourceRecord) -> bool:
    word = override.source
    return (
        fnmatchcase(subject.name, word)
        or word in (subject.name, f"{subject.release}/{subject.name}", subject.relative)
        or word in {voice.place for voice in subject.voices}
        or (bool(re.fullmatch(r"[0-9a-f]{6,64}", word)) and subject.digest.startswith(word))
    )
