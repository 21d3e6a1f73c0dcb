"""`marsmedia pack`: build, check, forget and describe packs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click

from flows.cli.look import open_store
from flows.run.build_pack import build_pack, recipe_of
from processors.errors import RequestError, ResultCorrupt, ResultMissing, machine_reason
from processors.packs.archive.verify_pack import verify_pack
from processors.packs.recipe.pack_recipe import Audience
from processors.packs.recipe.recipe_template import TEMPLATE
from processors.packs.registry import forget
from processors.sources.scan import printable


def build(
    words: Sequence[str],
    output: Path,
    store_folder: Path,
    *,
    audience: Audience | None,
    title: str | None,
    force: bool,
    as_json: bool,
) -> int:
    """Build a pack; 1 where a file in the store is damaged or the disk takes no more, 130 where it was interrupted."""
    recipe = recipe_of(words, audience=audience, title=title)
    try:
        built = build_pack(recipe, output, open_store(store_folder), force=force)
    except (ResultCorrupt, ResultMissing) as error:
        click.echo(f"marsmedia: the pack was not made: {printable(str(error))}", err=True)
        return 1
    except KeyboardInterrupt:
        click.echo("marsmedia: interrupted: there is no pack; run the same command again", err=True)
        return 130
    except OSError as error:
        if error.errno is None or error.filename is not None:  # the command itself names the file
            raise
        click.echo(f"marsmedia: the pack was not made: {output}: {machine_reason(error)}", err=True)
        return 1
    if as_json:
        told = {
            "pack": str(built.path),
            "identifier": built.identity.urn,
            "files": built.file_count,
            "size_bytes": built.size_bytes,
            "results": [asdict(ref) for ref in built.results],
        }
        click.echo(json.dumps(told, ensure_ascii=False))
    else:
        click.echo(f"{built.path}: {built.file_count} files, {built.size_bytes / 1e6:.1f} MB")
        click.echo(f"{built.identity.urn}, {recipe.audience}, made of {len(built.results)} results")
    return 0


def verify(place: Path, *, as_json: bool) -> int:
    """Check a pack; 1 where a file is missing, changed or extra."""
    checked = verify_pack(place)
    if as_json:
        click.echo(json.dumps(asdict(checked), ensure_ascii=False))
    else:
        for fault in checked.faults:
            click.echo(f"{fault.kind}: {printable(fault.path)}: {printable(fault.reason)}")
        size = checked.size_bytes / 1e6
        click.echo(f"{place}: {checked.file_count} files, {size:.1f} MB: {len(checked.faults) or 'no'} faults")
    return 1 if checked.faults else 0


def forget_pack(word: str, store_folder: Path) -> None:
    """Let `prune` remove what only this pack was made of."""
    for path in forget(open_store(store_folder), word):
        click.echo(f"{path}: forgotten; the pack itself stays")


def init(target: Path, *, force: bool) -> None:
    """Write a template of a recipe."""
    if target.exists() and not force:
        raise RequestError(f"{target}: there already: edit it, or replace it with --force")
    target.write_text(TEMPLATE, encoding="utf-8", newline="\n")
    click.echo(f"wrote {target}: edit it, then `marsmedia pack {target} -o FOLDER`")
