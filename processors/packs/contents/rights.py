"""Credit and rights of a source in words, and written overrides of missing rights."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase

from processors.languages.language import phrase
from processors.languages.text import Text
from processors.metadata.release.licences import rights_address_of
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


def _means(override: Override, subject: SourceRecord) -> bool:
    word = override.source
    return (
        fnmatchcase(subject.name, word)
        or word in (subject.name, f"{subject.release}/{subject.name}", subject.relative)
        or word in {voice.place for voice in subject.voices}
        or (bool(re.fullmatch(r"[0-9a-f]{6,64}", word)) and subject.digest.startswith(word))
    )
