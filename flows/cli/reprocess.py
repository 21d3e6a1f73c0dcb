"""`marsmedia reprocess`: chosen results of chosen sources, with other parameters."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from flows.cli.look import open_store
from flows.cli.print_plan import tell_plan
from flows.cli.run_flow import conduct
from flows.run.options import Options
from flows.run.prepare import Prepared
from flows.run.progress import RunProgress
from flows.run.select import ReprocessRequest, prepare_chosen
from processors.engine.parameters import parse_settings
from processors.store.store import Store


def reprocess(
    words: tuple[str, ...],
    processors: tuple[str, ...],
    settings: tuple[str, ...],
    store_folder: Path,
    options: Options,
    *,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Run it; gives the exit code."""
    options = replace(options, quiet=options.quiet or as_json)
    choice = ReprocessRequest(words=words, processors=processors, settings=parse_settings(settings))
    store = open_store(store_folder)
    if dry_run:
        prepared = prepare_chosen(choice, store, retry_failed=options.retry_failed, remember=False)
        return tell_plan(prepared, store, options.worker_count, as_json=as_json)

    def look(store: Store, progress: RunProgress) -> Prepared:
        return prepare_chosen(choice, store, retry_failed=options.retry_failed)

    def flow() -> Any:
        from flows.reprocess import reprocess as flow

        return flow(  # type: ignore[call-overload]
            selection=list(words),
            processors=list(processors),
            settings=dict(choice.settings),
            store=str(store_folder),
            strict=options.strict,
            retry_failed=options.retry_failed,
            workers=options.workers,
            memory_mb=options.memory_mb,
            time_limit_factor=options.time_limit_factor,
            quiet=options.quiet,
            return_state=True,
        )

    return conduct(look, store_folder, options, flow, asked=str(choice), as_json=as_json)
