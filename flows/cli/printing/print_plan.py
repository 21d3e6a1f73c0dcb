"""Output of `--dry-run`: due results, the reasons, and the estimated time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import click

from flows.cli.common import counted, print_json
from flows.run.planning.prepare import Prepared
from processors.contract import LabelRef, Processor
from processors.engine.estimate import Estimate, estimate, reads_of
from processors.engine.plan import Due, Plan, changes, explain_retry, label_change
from processors.errors import ResultCorrupt, ResultMissing
from processors.sources.scan import printable
from processors.store.catalogue.catalogue import Catalogue
from processors.store.catalogue.history import History
from processors.store.manifest import ResultRef
from processors.store.store import Store

SHOWN = 40
NAMES_SHOWN = 3


def print_plan(prepared: Prepared, store: Store, workers: int, *, as_json: bool) -> int:
    """Print the plan; return the exit code: 1 if raw files have changed without a new date."""
    plan = prepared.plan
    altered = [change for change in prepared.changes if change.kind == "changed"]
    code = 1 if altered else 0
    catalogue = Catalogue(store)
    history = History(catalogue, reads_of(plan.all_due))
    expected = estimate(plan.all_due, history, workers)
    reasons = _Reasons(plan, history, catalogue.damage(), store)
    entries = [(one, processor, *reasons.of(one, processor)) for one in plan.all_due for processor in one.processors]
    counts = {"due": plan.due_count, "reused": plan.reused, "earlier": len(plan.earlier)}
    if as_json:
        due = [
            {"file": one.relative, "source": one.source.digest, "processor": processor.name, "why": since + why}
            for one, processor, since, why in entries
        ]
        summary = {
            "plan": due,
            "results": counts,
            "not_taken": prepared.unreadable,
            "unmatched": prepared.descriptions_without_file,
            "advice": prepared.unmatched_sections,
            "changes": prepared.changes,
            "estimate": expected,
        }
        print_json(summary)
        return code
    _print_entries(entries)
    for lost in prepared.unreadable:
        click.echo(f"not taken: {printable(lost.relative)}: {lost.reason}")
    for stray in prepared.descriptions_without_file:
        click.echo(f"unmatched: {printable(stray.relative)}: {printable(stray.reason)}")
    for line in prepared.unmatched_sections:
        click.echo(printable(line))
    for change in prepared.changes:
        click.echo(f"changed: {printable(change.file)}: {change.reason}" if change in altered else str(change))
    if altered:
        click.echo(f"{counted(len(altered), 'changed file')}, whose results are not counted here")
    click.echo(
        f"{counted(plan.due_count, 'result')} due, {plan.reused} reused, {len(plan.earlier)} refused or failed before"
    )
    if plan.due:
        click.echo(_words(expected))
    return code


class _Reasons:
    """Reasons why results are due, each worded once."""

    def __init__(self, plan: Plan, history: History, damage: Mapping[ResultRef, str], store: Store) -> None:
        self._retried, self._history, self._damage, self._store = plan.retried, history, damage, store
        self._completed = plan.completed
        self._worded: dict[Any, str] = {}

    def of(self, one: Due, processor: Processor) -> tuple[str, str]:
        """Return the beginning of a sentence, which may name a time, and the reason."""
        ref = ResultRef.of(processor, one.source.digests)
        if found := self._damage.get(ref):
            return "due: ", f"a check of the store found {found}"
        if before := self._retried.get(ref):
            when, why = explain_retry(before)
            return f"due: {when}", why
        past = self._history.latest(one.source.digest, processor.name)
        if past is None:
            return "due: ", "no result of this processor exists for these bytes"
        since = f"due: since the result of {past.started_utc}: "
        if lacking := self._completed.get(ref):
            return since, f"it was made without {lacking}, which has been made since or is tried again"
        if past.ref == ref:
            return since, "it is gone from the store"
        if one.source.label and (change := self._label_change(past.ref, one.source.label)):
            return since, change
        asked = processor, past.version, past.parameters
        if asked not in self._worded:
            self._worded[asked] = changes(past.version, past.values(), processor)
        return since, self._worded[asked]

    def _label_change(self, past: ResultRef, now: LabelRef) -> str | None:
        """Return how the label differs from that of the latest result, as far as its record can be read."""
        with suppress(ResultCorrupt, ResultMissing):
            return label_change(self._store.manifest(past).label, now)
        return None


def _print_entries(entries: list[tuple[Due, Processor, str, str]]) -> None:
    """Print one line per result, or one line per reason if there are many."""
    if len(entries) <= SHOWN:
        for one, processor, since, why in entries:
            click.echo(f"{printable(one.relative)}  {processor.name}  {printable(since + why)}")
        return
    for (name, why), count in Counter((processor.name, why) for _, processor, _, why in entries).most_common():
        click.echo(f"{counted(count, 'source')}  {name}  due: {printable(why)}")


def _words(expected: Estimate) -> str:
    workers = f"with {counted(expected.workers, 'worker')}"
    if not expected.is_rough:
        return f"estimated: {_span(expected.seconds)} {workers}, based on earlier runs"
    why = "files of a size of which nothing has been made yet"
    if expected.unknown:
        some = expected.unknown[:NAMES_SHOWN]
        more = f" and {len(expected.unknown) - len(some)} others" if len(expected.unknown) > len(some) else ""
        why = f"no earlier results of {', '.join(some)}{more}"
    return f"estimated: between {_span(expected.least_seconds)} and {_span(expected.most_seconds)} {workers}: {why}"


def _span(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
