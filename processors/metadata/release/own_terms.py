"""Credit, rights and terms that a file itself carries, against statements about all files at once.

A statement of a release, or of a mission's profile, about all files need not have considered this one: where the
file contradicts it, nothing is permitted until its own entry in `release.toml` says so. The mission that its label
names is weighed in the same way (`other_mission.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from processors.metadata.release.licences import is_open_licence, rights_address_of, strictness_of
from processors.metadata.statements import TERMS, TERMS_OF_USE, Contradiction, Statement, folded

OF_ENTRY = "release.toml:file."
OF_ALL = ("release.toml:", "profile ")
UNREAD = "metadata"
"""Subject of the contradiction of a file whose own metadata cannot be read; what it says of itself is the reason."""
OF_FILE = ("file:", "label ", "XMP sidecar ")


class _Said:
    """First statement of each kind on one term."""

    def __init__(self, statements: Iterable[Statement], meaning: str) -> None:
        ours = [one for one in statements if one.term == TERMS[meaning][0]]
        of_entry = [one for one in ours if one.source.startswith(OF_ENTRY)]
        self.entry = next(iter(of_entry), None)
        self.general = next((one for one in ours if one.source.startswith(OF_ALL) and one not in of_entry), None)
        self.own = next((one for one in ours if one.source.startswith(OF_FILE)), None)


def against_general(statements: Sequence[Statement], unread: str | None = None) -> tuple[Contradiction, ...]:
    """Return what a file states about itself against those about all files, its own words first; none if they agree.

    A permission in the file's own entry settles all of it, and any other statement there settles its own term.

    Parameters
    ----------
    unread : reason why the file's own metadata, and so its own terms, cannot be read; None if they can.
    """
    permission = _Said(statements, "redistribute")
    if permission.entry:
        return ()
    return (
        *_credit_apart(statements),
        *_rights_apart(statements, permission.general),
        *_terms_apart(statements, permission.general),
        *_unread(unread, permission.general),
    )


def permission_of(redistribute: object, source: str, apart: Collection[object]) -> bool | None:
    """Return whether a statement permits redistribution; None for a permission of all files that a file contradicts.

    Parameters
    ----------
    redistribute : value of the statement, `true` or `false`.
    source : where it is stated, such as `release.toml:file.redistribute`.
    apart : what the file states against statements about all files.
    """
    may = redistribute == "true"
    return None if may and apart and not source.startswith(OF_ENTRY) else may


def own_terms_in_words(apart: Sequence[Contradiction]) -> str | None:
    """Return what a file states against statements about all files, and where to settle it; None for nothing.

    Its mission, and that its metadata cannot be read, are left out: a run says more of these.
    """
    terms = [one.about for one in apart if one.about not in ("mission", UNREAD)]
    if not terms:
        return None
    *before, last = dict.fromkeys(terms)
    about = f"{', '.join(before)} and {last}" if before else last
    return (
        f"the file itself states {about} against what is stated for all files: ask the rights holder, and settle it in "
        "the [[file]] of release.toml; `marsmedia show` has both"
    )


def _credit_apart(statements: Sequence[Statement]) -> Iterator[Contradiction]:
    """Yield the file's credit if the general one does not contain it."""
    said = _Said(statements, "credit")
    if said.own and said.general and not said.entry and folded(said.own.value) not in folded(said.general.value):
        yield _apart("credit", said.own, said.general)


def _rights_apart(statements: Sequence[Statement], permission: Statement | None) -> Iterator[Contradiction]:
    """Yield the file's rights if they are as strict as the general ones, or stricter, in other words."""
    said = _Said(statements, "rights")
    if not said.own or said.entry:
        return
    own = str(said.own.value)
    if said.general is None:
        if permission and not _is_open(said.own):
            yield _apart("rights", said.own, permission)
        return
    general = str(said.general.value)
    is_same = folded(own) == folded(general) or rights_address_of(own) in (rights_address_of(general),) != (None,)
    if not is_same and strictness_of(own) >= strictness_of(general):
        yield _apart("rights", said.own, said.general)


def _terms_apart(statements: Sequence[Statement], permission: Statement | None) -> Iterator[Contradiction]:
    """Yield terms of use and instructions against a general permission, unless they are stated about all files too."""
    if permission is None or permission.value != "true":
        return
    general = {
        folded(said.general.value)
        for meaning in (*TERMS_OF_USE, "rights", "credit")
        if (said := _Said(statements, meaning)).general
    }
    for meaning in TERMS_OF_USE:
        said = _Said(statements, meaning)
        if said.own and not said.entry and not (folded(said.own.value) in general or _is_open(said.own)):
            yield _apart(meaning.replace("_", " "), said.own, permission)


def _unread(reason: str | None, permission: Statement | None) -> Iterator[Contradiction]:
    """Yield that nobody knows the file's own terms, against a general permission."""
    if reason and permission and permission.value == "true":
        yield Contradiction(about=UNREAD, says=((reason, "file"), (str(permission.value), permission.source)))


def _is_open(one: Statement) -> bool:
    return is_open_licence(str(one.value))


def _apart(about: str, own: Statement, general: Statement) -> Contradiction:
    return Contradiction(about=about, says=((str(own.value), own.source), (str(general.value), general.source)))
