"""Damage of a source that a result has from the results it is made of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from processors.contract import Processor, inputs_of
from processors.engine.parameters import from_parameters
from processors.errors import RequestError
from processors.store.manifest import Manifest, ResultRef


def inherited_damage(manifest: Manifest, every: Iterable[Manifest]) -> str | None:
    """Return the damage that the results report of which one is made, at all levels; None if they report none.

    None of a result whose processor read the source itself, which reports its own, or no longer exists.

    Parameters
    ----------
    every : the results of the source, of all versions and verdicts.
    """
    from flows.run.recipe_changes.load_recipes import processor_class

    try:
        kind = processor_class(manifest.ref.processor)
        processor = from_parameters(kind, manifest.parameters)
    except RequestError:
        return None
    if kind.reads != "results":
        return None
    made = [one for one in every if one.verdict == "made"]
    used = [one for below in _used(processor) for one in _results_of(below, manifest, made)]
    return "; ".join(dict.fromkeys(one.reason for one in used if one.reason)) or None


def _used(processor: Processor) -> Iterator[Processor]:
    for one in inputs_of(processor):
        yield one
        yield from _used(one)


def _results_of(processor: Processor, user: Manifest, made: Iterable[Manifest]) -> list[Manifest]:
    """Return a processor's result; if it is no longer there, all of its name."""
    named = [one for one in made if one.ref.processor == processor.name]
    ref = ResultRef.of(processor, user.digests)
    return [one for one in named if one.ref == ref] or named
