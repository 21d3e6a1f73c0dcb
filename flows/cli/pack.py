"""`marsmedia pack`: build packs, check them, forget them, and write a template of a pack recipe."""

from __future__ import annotations

import shlex
import sys
from contextlib import redirect_stdout
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flows.cli.common import (
    counted,
    megabytes,
    open_existing_store,
    print_json,
    print_remarks,
    print_some,
    traffic_in_words,
)
from flows.cli.printing.print_highlight import print_highlight, sound_of_highlight
from flows.cli.shared_options import FORCE, JSON, RECIPES, STORE, PlaceType, run_options
from processors.errors import RequestError, ResultCorrupt, ResultMissing, SourceChanged, machine_reason
from processors.packs.recipe.audience import AUDIENCES, Audience
from processors.sources.scan import in_words, printable
from processors.store.open_store import Location, is_address

if TYPE_CHECKING:
    from processors.packs.built import Built
    from processors.packs.contents.subject import SourceRecord
    from processors.packs.recipe.pack_recipe import PackRecipe
    from processors.packs.registry import BuiltPack
    from processors.store.bucket.bucket_traffic import Traffic


REPEATED_SHOWN = 5
DAMAGED_SHOWN = 10
LEFT_OUT_SHOWN = 20
OTHER_AUDIO_SHOWN = 5


class _PackGroup(click.Group):
    """`marsmedia pack RECIPE` builds; only the names of its own commands mean these."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in (*self.commands, *ctx.help_option_names):
            args = ["build", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_PackGroup)
def pack() -> None:
    """Bundle selected items for someone.

    A pack is a folder or a zip that archives (BagIt), researchers (RO-Crate), web viewers (IIIF) and
    planetary archives (PDS4) can open.

    \b
    marsmedia pack june.toml -o june.zip         by a pack recipe
    marsmedia pack medium=photo -o photos        by a selection
    marsmedia pack build --help                  all options of the two
    """


@pack.command()
@click.argument("recipe", nargs=-1, required=True)
@click.option(
    "-o",
    "--output",
    type=PlaceType(path_type=Path),
    required=True,
    help="Folder, or file FILE.zip; also in a bucket: s3://bucket/FILE.zip.",
)
@click.option(
    "--audience", type=click.Choice(AUDIENCES), help="For whom: decides contents, layout and credits in files."
)
@click.option("--title", help="Override the title of the pack recipe.  [default for a selection: that of its releases]")
@FORCE
@run_options("quiet")
@STORE
@RECIPES
@JSON
def build(
    recipe: tuple[str, ...],
    output: Location,
    audience: Audience | None,
    title: str | None,
    force: bool,
    quiet: bool,
    store_folder: Path,
    as_json: bool,
) -> None:
    """Build a pack.

    RECIPE is a pack recipe (a TOML file), or the words of a selection as in `marsmedia items`. The audience
    decides what it does not: press and public packs hold photos/ videos/ sound/ and documents/, with caption,
    credit and rights in each file; the others are arranged by source. Whole videos that the pack takes
    and that do not exist yet are made first.

    Of several results of one processor, the pack takes those of today's recipes: --recipes names a file
    that changes them, as for `marsmedia ingest`.

    \b
    Exit codes:
      0    the pack is complete
      1    a stored file is damaged or the disk is full; there is no pack
      2    the build could not start
      130  interrupted; there is no pack

    \b
    marsmedia pack june.toml -o june.zip
    marsmedia pack sol=1..20 medium=photo -o photos --audience press \\
      --title "Photos of the first sols"
    """
    from flows.run.build_pack import build_pack, naming_recipe, recipe_of, title_warnings, titled_by_folders
    from flows.run.progress import RunProgress
    from processors.packs.archive.output import check_place

    quiet = quiet or as_json
    try:
        chosen = recipe_of(recipe, audience=audience, title=title)
        if not is_address(output):  # before work of a minute or more
            check_place(Path(output).absolute(), force=force)
        with naming_recipe(recipe):
            _make_what_is_due(chosen, store_folder, quiet=quiet)
        store = open_existing_store(store_folder)
        with RunProgress(quiet=quiet) as progress:
            built = build_pack(chosen, output, store, force=force, steps=progress.each)
    except (ResultCorrupt, ResultMissing, SourceChanged) as error:
        click.echo(f"marsmedia: no pack was built: {printable(in_words(error))}", err=True)
        sys.exit(1)
    except KeyboardInterrupt:
        click.echo("marsmedia: interrupted; no pack was built; run the same command again", err=True)
        sys.exit(130)
    except OSError as error:
        if error.errno is None or error.filename is not None:  # the command itself names the file
            raise
        click.echo(f"marsmedia: no pack was built: {output}: {machine_reason(error)}", err=True)
        sys.exit(1)
    _print_built(built, chosen, store.traffic, as_json=as_json)
    for one in () if as_json else title_warnings(chosen):
        click.echo(f"marsmedia: {one}", err=True)
    if not as_json and (untitled := titled_by_folders(chosen, open_existing_store(store_folder))):
        click.echo(f"no title for {', '.join(map(printable, untitled))}; give the pack one with --title", err=True)


def _print_built(built: Built, recipe: PackRecipe, traffic: Traffic | None, *, as_json: bool) -> None:
    """Print a summary of the pack, and warn of what its author should check."""
    from processors.packs.contents.reservations import warnings

    if as_json:
        print_json(
            {
                "pack": str(built.path),
                "identifier": built.identity.urn,
                "unchanged": built.is_unchanged,
                "files": built.file_count,
                "size_bytes": built.size_bytes,
                "not_cleared": built.about("not cleared"),
                "terms": {one.about: one.words for one in built.reservations if one.kind == "terms"},
                "results": built.results,
                "highlight": built.highlight and sound_of_highlight(built.highlight),
                "moved": built.moved,
                "replaced": built.replaced,
                "withdrawn": built.withdrawn,
                "returned": built.returned,
                "misdated": built.misdated,
                "labels_apart": built.labels_apart,
                "lost_when_restored": built.lost_when_restored,
                "damaged": built.damaged,
                "changed_descriptions": built.about("changed description"),
                "repeated": built.repeated,
                "larger_pictures": {one.relative: one.larger_picture for one in built.sources if one.larger_picture},
                "other_audio": {one.relative: one.other_audio for one in built.sources if one.other_audio},
                "smaller_photos": built.smaller,
                "left_out": built.left_out,
                "absent": built.absent,
                "traffic": traffic,
                "pack_traffic": built.pack_traffic,
            }
        )
        return
    more = "marsmedia: ... and {} more damaged files; README.txt of the pack lists them"
    print_some([f"marsmedia: {printable(one)}" for one in built.damaged], DAMAGED_SHOWN, more, err=True)
    for one in warnings(built.reservations, len(built.sources)):
        click.echo(f"marsmedia: {one}", err=True)
    if built.highlight:
        print_highlight(built.highlight)
    if recipe.audience != "archive":
        _advise_on_choice(built, recipe)
    print_remarks((*built.moved, *built.replaced))
    for one in (*built.withdrawn, *built.returned, *built.misdated, *built.labels_apart):
        click.echo(f"marsmedia: {printable(one)}", err=True)
    for told in (built.lost_in_words, built.left_out_in_words):
        lines = [f"marsmedia: {one}" for one in told]
        print_some(lines, LEFT_OUT_SHOWN, "marsmedia: ... and {} more; --json lists all", err=True)
    known = "; unchanged, was there already" if built.is_unchanged else ""
    click.echo(f"{built.path}: {counted(built.file_count, 'file')}, {megabytes(built.size_bytes)}{known}")
    click.echo(f"{built.identity.urn}, {recipe.audience}, made from {counted(len(built.results), 'result')}")
    if traffic:
        click.echo(f"bucket: {traffic_in_words(traffic)}")
    if built.pack_traffic:
        click.echo(f"bucket of the pack: {traffic_in_words(built.pack_traffic)}")


def _advise_on_choice(built: Built, recipe: PackRecipe) -> None:
    """Report duplicate pictures, and larger ones and audio that were left out: an archive keeps all."""
    from processors.packs.contents.smaller_photos import smaller_in_words

    told = "leave one of them out of the selection if one is enough"
    lines = [f"marsmedia: {printable(one)}: {told}" for one in built.repeated]
    print_some(lines, REPEATED_SHOWN, "marsmedia: ... and {} more; `marsmedia links` lists them", err=True)
    for one in (video for video in built.sources if video.larger_picture and not video.larger_picture.is_packed):
        click.echo(f"marsmedia: {printable(_larger_in_words(one))}", err=True)
    lines = [f"marsmedia: {printable(_other_audio_in_words(one))}" for one in built.sources if one.other_audio]
    print_some(lines, OTHER_AUDIO_SHOWN, "marsmedia: ... and {} more; CREDITS.txt names them", err=True)
    if built.smaller:
        click.echo(f"marsmedia: {printable(smaller_in_words(built.smaller, recipe))}", err=True)


def _larger_in_words(video: SourceRecord) -> str:
    larger = video.larger_picture
    assert larger is not None
    size, shown = (f"{width} x {height} px" for width, height in (larger.size_px, larger.shown_size_px))
    return (
        f"{video.relative}: has a larger picture too, {size} (stream {larger.stream}); the pack has the one that "
        f"players show, {shown}: "
        '`stream = "largest"` under [video.web] in a file for --recipes makes the whole video of the larger one'
    )


def _other_audio_in_words(source: SourceRecord) -> str:
    audio = source.other_audio
    assert audio is not None
    played, *others = (f"stream {one.stream} ({one.details})" for one in (audio.played, *audio.others))
    name, wanted = Path(source.name), audio.others[0].stream
    maps = f"{'-map 0:V ' if source.medium == 'video' else ''}-map 0:{wanted}"
    copy = f"{name.stem}_stream-{wanted}{name.suffix}"
    command = f"ffmpeg -i {shlex.quote(source.name)} {maps} -c copy {shlex.quote(copy)}"
    return (
        f"{source.relative}: has other audio too, {', '.join(others)}; sound and video of the pack have the audio that "
        f"players play, {played}: `{command}` writes a copy with stream {wanted}, which can be released too"
    )


def _make_what_is_due(recipe: PackRecipe, store_folder: Path, *, quiet: bool) -> None:
    """Make the pack's items that no run makes by default; report those that cannot be made, and leave them out."""
    from flows.cli.plan_and_run import reprocess_chosen
    from flows.run.build_pack import due_for
    from flows.run.options import Options

    request = due_for(recipe, open_existing_store(store_folder))
    if request is None:
        return

    names = ", ".join(request.processors)
    click.echo(f"making {names} of {counted(len(request.words), 'source')} for the pack", err=True)
    with redirect_stdout(sys.stderr):
        reprocess_chosen(request, store_folder, Options(quiet=quiet), as_json=False)


@pack.command()
@click.argument("pack", type=PlaceType(path_type=Path))
@click.option(
    "--store",
    "store_folder",
    type=PlaceType(path_type=Path),
    help="Store from which it was built: also name its sources that have changed since.",
)
@run_options("quiet")
@JSON
def verify(pack: Location, store_folder: Location | None, quiet: bool, as_json: bool) -> None:
    """Hash every file of PACK, a folder or a zip, also in a bucket.

    Names each file that is missing, changed or extra; exit code 1 if there is one. With --store, it also
    names the sources that were corrected, replaced or withdrawn since the pack was built, and what has changed in
    their descriptions since the last ingest; exit code 1 too if one may no longer be passed on, and 2 if the store
    has no record of the pack.

    \b
    marsmedia pack verify june.zip
    marsmedia pack verify s3://bucket/june.zip
    marsmedia pack verify june.zip --store processed
    """
    from flows.run.progress import RunProgress
    from flows.run.recipe_changes.load_recipes import wanted_today
    from processors.packs.archive.verify_pack import verify_pack
    from processors.packs.registry import built_pack
    from processors.store.catalogue.catalogue import Catalogue

    built = None
    if store_folder:
        store = open_existing_store(store_folder)
        built = built_pack(store, str(pack), wanted_today(Catalogue(store).sources().values()).of)
    with RunProgress(quiet=quiet or as_json) as progress:
        checked = verify_pack(pack, progress.each)
    if as_json:
        since = built.record() if built else {"changed": None, "changed_descriptions": None}
        told = {"changed_since": since["changed"], "changed_descriptions": since["changed_descriptions"]}
        print_json({**asdict(checked), **told})
    else:
        for fault in checked.faults:
            click.echo(f"{fault.kind}: {printable(fault.path)}: {printable(fault.reason)}")
        faults = counted(len(checked.faults), "fault", zero="no")
        click.echo(f"{pack}: {counted(checked.file_count, 'file')}, {megabytes(checked.size_bytes)}: {faults}")
        if built:
            for line in _since(built):
                click.echo(line)
    if is_unknown := store_folder is not None and built is None:
        click.echo(
            f"marsmedia: no pack of this path or name was built from {store_folder}, so whether its sources have "
            f"changed is unknown; `marsmedia packs --store {shlex.quote(str(store_folder))}` lists those that were",
            err=True,
        )
    is_forbidden = built is not None and any(one.kind == "forbidden" for one in built.changed)
    sys.exit(1 if checked.faults or is_forbidden else 2 if is_unknown else 0)


def _since(built: BuiltPack) -> list[str]:
    """Return what has changed since a pack was built, as the last ingest found it, and what it has not read yet."""
    from processors.packs.changed_sources import changes_in_words

    changed = [printable(changes_in_words(built.changed, built.source_count))] if built.changed else []
    return [*changed, *(one.told_of_packs for one in built.changed_descriptions)] or [
        "no source has changed since it was built"
    ]


@pack.command()
@click.argument("recipe", type=click.Path(path_type=Path))
@FORCE
def init(recipe: Path, force: bool) -> None:
    """Write a template of a pack recipe that explains every key.

    Its folder is made if it is missing.
    """
    from processors.packs.recipe.recipe_template import TEMPLATE

    if recipe.exists() and not force:
        raise RequestError(f"{recipe}: already exists; edit it, or replace it with --force")
    recipe.parent.mkdir(parents=True, exist_ok=True)
    recipe.write_text(TEMPLATE, encoding="utf-8", newline="\n")
    click.echo(f"wrote {recipe}; edit it, then run `marsmedia pack {recipe} -o FOLDER`")


@pack.command()
@click.argument("pack")
@STORE
def forget(pack: str, store_folder: Path) -> None:
    """Forget PACK, a path or a name.

    `marsmedia prune` may then remove results that only this pack holds. The pack itself stays.
    """
    from processors.packs.registry import forget_packs as forgotten

    for path in forgotten(open_existing_store(store_folder), pack):
        click.echo(f"{path}: forgotten; the pack itself stays")
