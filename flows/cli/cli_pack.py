"""The command group `marsmedia pack`; what is heavy is imported inside the commands."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from flows.cli.options import JSON, STORE


class _PackGroup(click.Group):
    """`marsmedia pack RECIPE` builds; only the names of its own commands mean these."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in (*self.commands, *ctx.help_option_names):
            args = ["build", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_PackGroup)
def pack() -> None:
    """Bundle chosen items for someone: BagIt, RO-Crate, IIIF and PDS4 in one folder or zip.

    \b
    marsmedia pack june.toml -o june.zip         by a recipe
    marsmedia pack medium=photo -o photos        by a selection
    marsmedia pack build --help                  all options of the two
    """


@pack.command("build")
@click.argument("recipe", nargs=-1, required=True)
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, help="A folder, or a file FILE.zip.")
@click.option("--audience", type=click.Choice(["internal", "press", "public"]), help="In place of the recipe's.")
@click.option("--title", help="In place of the recipe's, or of the selection's words.")
@click.option("--force", is_flag=True, help="Replace a pack that is there.")
@STORE
@JSON
def pack_build(recipe: tuple[str, ...], output: Path, store_folder: Path, **options: Any) -> None:
    """Build a pack by RECIPE, a TOML file or the words of a selection (see `marsmedia items`).

    \b
    Exit code 0: the pack is whole; 1: a stored file is damaged, and there is no pack; 2: it could not start;
    130: interrupted, and there is no pack.

    \b
    marsmedia pack june.toml -o june.zip
    marsmedia pack sol=1..20 medium=photo -o photos --audience press --title "Photos of the first sols"
    """
    from flows.cli import pack as run

    sys.exit(run.build(recipe, output, store_folder, **options))


@pack.command("verify")
@click.argument("pack", type=click.Path(path_type=Path))
@JSON
def pack_verify(pack: Path, as_json: bool) -> None:
    """Hash every file of PACK, a folder or a zip; names each that is missing, changed or extra. Exit code 1 then."""
    from flows.cli import pack as run

    sys.exit(run.verify(pack, as_json=as_json))


@pack.command("init")
@click.argument("recipe", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Replace a file that is there.")
def pack_init(recipe: Path, force: bool) -> None:
    """Write a template RECIPE.toml that explains every key."""
    from flows.cli import pack as run

    run.init(recipe, force=force)


@pack.command("forget")
@click.argument("pack")
@STORE
def pack_forget(pack: str, store_folder: Path) -> None:
    """Forget PACK, a path or name: `prune` may then remove what only it was made of. The pack itself stays."""
    from flows.cli import pack as run

    run.forget_pack(pack, store_folder)
