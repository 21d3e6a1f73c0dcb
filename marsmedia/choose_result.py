"""Choice among several results of a processor for a notebook: parameters not named default to today's recipe."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from marsmedia.named_parameters import NamedParameter, NamePath, at, differences, grafted, named_parameters, short_text
from processors.contract import Processor, parameters
from processors.engine.parameters import changed, from_parameters
from processors.engine.plan import changes
from processors.engine.wanted_results import applies, lacks_sound
from processors.errors import RequestError
from processors.json_records import Json
from processors.store.catalogue.latest import current, latest
from processors.store.manifest import Manifest, ResultRef

if TYPE_CHECKING:
    from flows.run.planning.current_results import CurrentResults
    from processors.store.catalogue.source_row import SourceRow

SHOWN = 3
"""Maximum number of differing parameters in a message."""


class ResultChoice:
    """Choice among the results of one processor for one file.

    Parameters
    ----------
    every : its results for this file, of all versions and verdicts.
    """

    def __init__(self, row: SourceRow, processor: str, every: Sequence[Manifest], asked: CurrentResults) -> None:
        self._row, self._processor, self._asked = row, processor, asked
        self._every = every
        made = [one for one in every if one.verdict == "made"]
        self._made = asked.companions.counting(made, row)
        self._of_ended = [one for one in made if one not in self._made]
        self._entries = asked.entries(row, processor)

    def of(self, given: Mapping[str, object]) -> Manifest:
        """Return the one with the given parameters whose other parameters match today's release and recipes.

        One that only an earlier version made is returned with a warning, as is the newest if nothing is requested: of
        a processor that no longer exists, or of a release whose description is gone.

        Raises
        ------
        RequestError : no such parameter, or a value that is not allowed; or there is none, and the message names the
            command that makes it; or all were made of companions that are none of the file any more.
        """
        kind = type(self._entries[0]) if self._entries else None
        recorded = [one.parameters for one in self._made]
        named = named_parameters(kind, given, recorded, self._processor) if kind or recorded else []
        found = [one for one in self._made if all(want.is_in(one.parameters) for want in named)]
        if not found:
            raise self._missing(named)
        if not self._entries:
            self._warn(
                "is the newest; what today's release and recipes request is not known, as its release.toml or its "
                "processor is gone"
            )
            return latest(found)
        return self._as_asked(found, named)

    def _missing(self, named: Sequence[NamedParameter]) -> RequestError:
        """Return the error where no result has the named parameters: `reprocess` does what it says."""
        paths = [want.path for want in named]
        if not self._entries and not self._made and self._of_ended:
            why = self._asked.companions.why_ended(latest(self._of_ended), self._row)
            raise RequestError(f"{self._row.name}: no result of {self._processor} counts now: {why}")
        not_made = [one for one in self._every if one.verdict != "made"]
        if not self._made and not named and not_made:
            return self._was(latest(not_made))
        self._refuse_not_allowed(named)
        others = (one for one in not_made if all(want.is_in(one.parameters) for want in named))
        for one in others if self._entries else ():
            if ResultRef.of(self._nearest(one, paths)[0], self._row.digests) == one.ref:
                return self._was(one)
        self._refuse_what_the_release_sets(named)
        if not named:
            return RequestError(f"{self._row.name}: has no result of {self._processor}; {self._command(named)}")
        return RequestError(
            f"{self._row.name}: no result of {self._processor} has {_given(named)}; {self._command(named)}"
        )

    def _refuse_not_allowed(self, named: Sequence[NamedParameter]) -> None:
        """Raise the `RequestError` with which `reprocess` would answer these parameters."""
        settings = {".".join(want.path): want.text for want in named if not want.is_file}
        errors: list[RequestError] = []
        for entry in self._entries:
            try:
                changed(entry, settings)
            except RequestError as error:
                errors.append(error)
        if errors and len(errors) == len(self._entries):
            raise RequestError(f"{self._row.name}: {errors[0]}") from errors[0]

    def _refuse_what_the_release_sets(self, named: Sequence[NamedParameter]) -> None:
        """Raise `RequestError` for a parameter that the release gives, so that `reprocess` cannot make another."""
        settings = {".".join(want.path): want.text for want in named if not want.is_file}
        for entry in self._entries if settings else ():
            asked = changed(entry, settings)
            before, made = parameters(asked), parameters(self._asked.configured(asked, self._row))
            for want in named:
                if want.is_in(before) and not want.is_in(made):
                    raise self._set_by_the_release(want, at(made, want.path))

    def _set_by_the_release(self, want: NamedParameter, value: Json) -> RequestError:
        """Return the error for a parameter that the release gives, or for `None` does not give, to this file."""
        given = "the release does not give it to this file"
        if value is not None:
            given = f"the release gives {short_text(value)}"
        return RequestError(
            f"{self._row.name}: {self._processor}: {'.'.join(want.path)} is {want.given!r}: {given}; leave it out, or "
            "change release.toml"
        )

    def _was(self, one: Manifest) -> RequestError:
        return RequestError(f"{self._row.name}: {self._processor} was {one.verdict}: {one.reason}")

    def _as_asked(self, found: Sequence[Manifest], named: Sequence[NamedParameter]) -> Manifest:
        paths = [want.path for want in named]
        wanted = {one.ref: self._nearest(one, paths) for one in found}
        equal = [one for one in found if not wanted[one.ref][1]]
        if not equal:
            raise self._stale(found, wanted, named)
        newest = max(one.version for one in equal)
        one = latest(current([one for one in equal if one.version == newest], self._asked.chosen(self._row)))
        processor = wanted[one.ref][0]
        if one.ref != ResultRef.of(processor, self._row.digests):
            made = f"by an earlier version: {changes(one.version, one.parameters, processor)}"
            self._warn(f"was made {made}; {self._command(named)}")
        return one

    def _nearest(self, one: Manifest, paths: Sequence[NamePath]) -> tuple[Processor, list[tuple[NamePath, Json, Json]]]:
        """Return the requested processor that a result is nearest to, and the parameters in which it differs."""
        compared = []
        for entry in self._entries:
            asked = self._asked.configured(self._with(entry, one, paths), self._row)
            is_same = one.version == asked.version
            found = differences(one.parameters, parameters(asked), paths, is_same_version=is_same)
            compared.append((asked, list(found)))
        return min(compared, key=lambda pair: len(pair[1]))

    def _with(self, entry: Processor, one: Manifest, paths: Sequence[NamePath]) -> Processor:
        """Return a recipe's processor with the named parameters as a result has them.

        Some are only allowed with others that the release gives, as an altitude with its shot.
        """
        for base in (entry, self._asked.configured(entry, self._row)) if paths else ():
            with suppress(RequestError):  # an earlier version's
                return from_parameters(type(entry), grafted(parameters(base), one.parameters, paths))
        return entry

    def _stale(
        self,
        found: Sequence[Manifest],
        wanted: Mapping[ResultRef, tuple[Processor, list[tuple[NamePath, Json, Json]]]],
        named: Sequence[NamedParameter],
    ) -> RequestError:
        """Return the error where every result differs in a parameter that is not named."""
        one = latest(found)
        processor, differing = wanted[one.ref]
        ref = ResultRef.of(processor, self._row.digests)
        if known := next((other for other in self._every if other.ref == ref), None):
            others = (want for want in named if not want.is_in(known.parameters))
            if known.verdict == "made" and (want := next(others, None)):
                return self._set_by_the_release(want, at(known.parameters, want.path))
            return self._was(known)
        told = [
            f"{'.'.join(path)} {short_text(ours)}, today {short_text(theirs)}"
            for path, ours, theirs in differing[:SHOWN]
        ]
        more = f" and {len(differing) - SHOWN} more" if len(differing) > SHOWN else ""
        having = f" with {_given(named)}" if named else ""
        return RequestError(
            f"{self._row.name}: no result of {self._processor}{having} matches today's release and recipes; "
            f"{self._command(named)}. The newest has {'; '.join(told)}{more}; specify what differs to get it"
        )

    def _command(self, named: Sequence[NamedParameter]) -> str:
        settings = "".join(f" {want.setting}" for want in named)
        return f"make it with `marsmedia reprocess {self._row.digest[:8]} --processor {self._processor}{settings}`"

    def _warn(self, what: str) -> None:
        warnings.warn(f"{self._row.name}: this result of {self._processor} {what}", stacklevel=6)


def choose_result(
    row: SourceRow, processor: str, manifests: Sequence[Manifest], asked: CurrentResults, given: Mapping[str, object]
) -> Manifest:
    """Return the result of a processor with the given parameters, among all results of a file; see `ResultChoice.of`.

    Raises
    ------
    RequestError : also if the processor does not apply to the file's medium.
    """
    from flows.run.recipe_changes.load_recipes import every_processor, named

    every = [one for one in manifests if one.ref.processor == processor]
    if not every:
        media = named(processor, *every_processor()).items()
        ours = [one for medium, some in media if medium == (row.medium or row.kind) for one in some]
        if not ours:
            raise RequestError(f"{row.name}: {processor} does not apply to {row.medium or row.kind}")
        if not any(applies(asked.configured(one, row), row.source()) for one in ours):
            has_no = "no sound" if lacks_sound(ours[0], row.source()) else "nothing that it could be made from"
            raise RequestError(f"{row.name}: {processor} does not apply to it; it has {has_no}")
    return ResultChoice(row, processor, every, asked).of(given)


def difference_from_today(one: Manifest, row: SourceRow, asked: CurrentResults) -> str | None:
    """Return how a result differs from today's request, for its attributes; None if it does not."""
    if one.ref in asked.of(row):
        return None
    entries = asked.entries(row, one.ref.processor)
    how = changes(one.version, one.parameters, asked.configured(entries[0], row)) if entries else "nothing is known"
    return f"not as today's release and recipes request (made -> requested): {how}"


def _given(named: Sequence[NamedParameter]) -> str:
    return " and ".join(f"{'.'.join(want.path)}={want.given!r}" for want in named)
