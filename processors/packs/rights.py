"""Who must be named, what may be passed on, and who has said so in writing where the rights do not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from processors.errors import RequestError
from processors.packs.entry import Subject, Text
from processors.packs.recipe import Override, Recipe

RIGHTS_ADDRESSES = (
    (r"CC0([- ]1\.0)?", "http://creativecommons.org/publicdomain/zero/1.0/"),
    (r"CC[- ]BY[- ](?P<version>[234]\.0)", "http://creativecommons.org/licenses/by/{version}/"),
    (r"CC[- ]BY-SA[- ](?P<version>[234]\.0)", "http://creativecommons.org/licenses/by-sa/{version}/"),
    (r"CC[- ]BY-NC[- ](?P<version>[234]\.0)", "http://creativecommons.org/licenses/by-nc/{version}/"),
    (r"CC[- ]BY-NC-SA[- ](?P<version>[234]\.0)", "http://creativecommons.org/licenses/by-nc-sa/{version}/"),
    (r"public domain", "http://creativecommons.org/publicdomain/mark/1.0/"),
    (r"unresolved", "http://rightsstatements.org/vocab/UND/1.0/"),
)
"""The addresses that IIIF Presentation 3 allows as `rights`: Creative Commons and rightsstatements.org."""
NOT_EVALUATED = "http://rightsstatements.org/vocab/CNE/1.0/"
NOTICES = {
    "internal": Text(en="For internal use: not cleared for passing on.", zh="仅供内部使用：未获转发许可。"),
    "press": Text(
        en="Not cleared for passing on: ask the rights holder before publishing.",
        zh="未获转发许可：发布前请征得权利人同意。",
    ),
}


def check_rights(subjects: Sequence[Subject], recipe: Recipe) -> None:
    """Refuse a public pack of what may not be passed on, all of it at once.

    Raises
    ------
    RequestError : names every source and what its rights say, or an override that means no source.
    """
    idle = [one for one in recipe.overrides if not any(_means(one, subject) for subject in subjects)]
    if idle:
        raise RequestError(
            "\n".join(f"override for {one.source!r}: no selected source is called that: correct it" for one in idle)
        )
    if recipe.audience != "public":
        return
    refused = [one for one in subjects if not one.redistribute and override_of(one, recipe.overrides) is None]
    if refused:
        told = [
            f"  {subject.release}/{subject.name} ({subject.digest[:8]}): {_why_not(subject)}" for subject in refused
        ]
        raise RequestError(
            "a public pack may not hold what may not be passed on:\n"
            + "\n".join(told)
            + "\nleave it out of the selection, or say in the recipe who allows it and why: [[override]]"
        )


def override_of(subject: Subject, overrides: Iterable[Override]) -> Override | None:
    """The first override in writing that means this source."""
    return next((one for one in overrides if _means(one, subject)), None)


def notice(subject: Subject, recipe: Recipe) -> Text:
    """What a reader must be told before using it; empty where it may be passed on."""
    if subject.redistribute:
        return Text()
    if one := override_of(subject, recipe.overrides):
        return Text(en=f"Passed on by decision of {one.who}: {one.why}", zh=f"转发决定人：{one.who}；理由：{one.why}")
    return NOTICES[recipe.audience]


def credit(subject: Subject) -> str:
    """As the agency wants to be named, else the agency, else that nobody says."""
    return subject.credit or subject.agency or subject.creator or "unknown: nobody says whom to credit"


def rights(subject: Subject) -> str:
    """In the words of the release."""
    return subject.rights or "unknown: nobody says under which rights it was released"


def rights_address(subject: Subject) -> str | None:
    """The standard address of these rights; None where they are stated and no standard has them."""
    if subject.rights is None:
        return NOT_EVALUATED
    for pattern, address in RIGHTS_ADDRESSES:
        if found := re.fullmatch(pattern, subject.rights.strip(), re.IGNORECASE):
            return address.format(**found.groupdict())
    return None


def _means(override: Override, subject: Subject) -> bool:
    word = override.source
    return (
        fnmatchcase(subject.name, word)
        or word in (subject.name, f"{subject.release}/{subject.name}")
        or (bool(re.fullmatch(r"[0-9a-f]{6,64}", word)) and subject.digest.startswith(word))
    )


def _why_not(subject: Subject) -> str:
    if subject.redistribute is False:
        return f"its release says redistribute = false (rights: {rights(subject)})"
    if subject.evidence is None:
        return "its rights are unknown: it has no evidence record (processor `evidence`)"
    return f"nobody says that it may be passed on (rights: {rights(subject)})"
