"""`marsmedia release`: write and check what a release's agency says about its files."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import click

from flows.cli.common import counted, no_such_folder, open_existing_store
from flows.cli.shared_options import STORE, FolderType
from processors.sources.scan import printable

if TYPE_CHECKING:
    from processors.audio.levels.calibration import Calibration
    from processors.metadata.release.release_file import Release

NAMED = 40
"""Maximum number of undescribed files that are listed."""


@click.group()
def release() -> None:
    """Describe a release: what its agency says about each file.

    \b
    marsmedia release init raw/june --mission tianwen-1
    marsmedia release check raw/june
    marsmedia release withdraw june/descent.mp4
    """


@release.command()
@click.argument("folder", type=FolderType(path_type=Path))
@click.option("--mission", help="Name of a mission profile, such as tianwen-1.")
@click.option("--force", is_flag=True, help="Write a new template; the old file is kept as release.toml.bak.")
@STORE
def init(folder: Path, mission: str | None, force: bool, store_folder: Path) -> None:
    """Write a template FOLDER/release.toml that lists its files.

    Titles, dates and cameras that labels, EXIF and other tags give are filled in, each with its source.
    To a release.toml that exists, only the files that it does not list are added, at its end, and --mission if it
    names none. A file that it lists by an earlier path, which the store knows by its bytes, is named and not added.

    \b
    marsmedia release init raw/june --mission tianwen-1
    """
    from flows.run.release_suggestions import suggestions
    from processors.metadata.release.release_template import backup_path, template
    from processors.mission.mission_time import mission_named
    from processors.store.flush import replace_file

    target = folder / "release.toml"
    if not folder.is_dir():
        raise click.UsageError(no_such_folder(folder))
    if not target.exists() and (inside := _releases_in(folder)):
        raise click.UsageError(f"{folder}: holds releases, such as {printable(str(inside[0]))}; name one of them")
    try:
        named = mission_named(mission).name if mission else None
        if target.exists() and not force:
            _add_missing(folder, named, store_folder)
            return
        found = suggestions(folder, mission=named)
        text = template(folder, mission=found.mission, known=found.known)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    if target.exists():
        kept = backup_path(target)
        target.rename(kept)
        click.echo(f"kept the old one as {kept}")
    replace_file(target, text.encode())
    filled = sum(bool(said) for said in found.known.values())
    facts = f"labels and tags describe {filled}" if filled else "no label or tag describes any"
    click.echo(f"wrote {target}: {counted(len(found.known), 'file')}; {facts}")
    if others := found.other_missions:
        of = ", ".join(sorted(set(others.values())))
        click.echo(
            f"labels of {counted(len(others), 'file')} name another mission ({of}), such as {printable(min(others))}: "
            f"{target.name} gives each its own mission, so that statements about {found.mission} do not apply to it",
            err=True,
        )
    click.echo("fill in what the agency says, and run `marsmedia ingest`")


def _releases_in(folder: Path) -> list[Path]:
    """Return the releases in a folder: those described there, or all folders of a folder of releases without media."""
    from processors.metadata.release.release_template import media_below

    folders = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    described = [path for path in folders if (path / "release.toml").is_file()]
    raw = Path(os.environ.get("MARSMEDIA_RAW", "raw"))
    is_raw = raw.is_dir() and folder.samefile(raw)
    has_media = is_raw and any("/" not in path for path in media_below(folder))
    return described or (folders if is_raw and not has_media else [])


def _add_missing(folder: Path, mission: str | None, store: Path) -> None:
    """Add the files that a release.toml does not list at its end, and a missing mission; the rest stays byte for byte.

    Raises
    ------
    ValueError : nothing can be added to it.
    """
    from flows.run.planning.renamed_files import in_words, renamed_files
    from flows.run.release_suggestions import suggestions
    from processors.metadata.release.release_file import read_release
    from processors.metadata.release.release_template import file_sections, media_below, with_entries, with_mission
    from processors.sources.scan import files_below
    from processors.store.flush import replace_file

    target = folder / "release.toml"
    data = target.read_bytes()
    described = read_release(data).spelt_as(files_below(folder))
    stated = described.head.get("mission")
    is_without = mission is not None and not stated and not any(one.path is None for one in described.problems)
    if mission is not None and is_without:
        data = with_mission(data, mission)
        replace_file(target, data)
        click.echo(f'{target}: mission = "{mission}" filled in')
    elif mission is not None and stated and stated != mission:
        click.echo(f'{target}: its mission stays "{stated}"; correct it there', err=True)
    renamed = renamed_files(folder, described, store)
    for path, now in renamed.items():
        click.echo(printable(in_words(described.lines[path], path, now)), err=True)
    listed = described.lines.keys() | {one for now in renamed.values() for one in now}
    missing = [path for path in media_below(folder) if path not in listed]
    if not missing and (is_without or renamed):
        return
    if not missing:
        click.echo(f"{target}: nothing is missing, and nothing was changed; a new template: --force")
        return
    try:
        with_entries(data, file_sections(missing, {}))
        replace_file(target, with_entries(data, file_sections(missing, suggestions(folder, mission=mission).known)))
    except ValueError as error:
        raise ValueError(f"{target}: {error}") from error
    click.echo(f"{target}: {counted(len(missing), 'file')} added at its end; the rest is unchanged")


def _with_source_of_release(described: Release) -> Iterator[str]:
    """Yield a sentence on files of other agencies that take the release's address as theirs."""
    from processors.mission.release_statements import is_of_others

    source = described.head.get("source")
    others = [
        path for path, one in described.files.items() if is_of_others(described.head, one) and "source" not in one
    ]
    if source and others:
        what = f"{counted(len(others), 'file')} of another agency or mission, such as {others[0]}"
        yield f"{what}: published at {source} by release.toml; give each a source of its own"


def _mistakes(
    folder: Path, described: Release, there: Collection[str], renamed: Mapping[str, list[str]]
) -> Iterator[str]:
    """Yield what is wrong in a release.toml, in the order of its lines; entries without a file name its new paths."""
    from flows.run.planning.release_checks import misplaced_stills
    from flows.run.planning.renamed_files import in_words

    mistakes = [(problem.line, str(problem)) for problem in described.problems]
    for path, line in described.lines.items():
        if path in renamed:
            mistakes.append((line, in_words(line, path, renamed[path])))
        elif path not in there:
            mistakes.append((line, f"release.toml, line {line}: {path!r} is not in the release"))
    mistakes += misplaced_stills(folder, described)
    yield from (mistake for _, mistake in sorted(mistakes))


def _mistakes_of_calibrations(folder: Path, described: Release, there: Collection[str]) -> Iterator[str]:
    """Yield what is wrong with the calibrations that a release names, as a run finds them among the files there."""
    from processors.engine.release_calibrations import calibration_in, calibration_problems
    from processors.sources.unicode_forms import as_spelt

    def read(name: str) -> Calibration | str:
        path = str(PurePosixPath(name))
        path = as_spelt([path], there).get(path, path)
        return calibration_in(folder / path if path in there else None, name)

    yield from calibration_problems(described, read)


@release.command()
@click.argument("folder", type=FolderType(path_type=Path))
@STORE
def check(folder: Path, store_folder: Path) -> None:
    """Check FOLDER/release.toml and name every mistake with its line.

    Exit code 1 if there is a mistake, also one in a calibration that it names, or a calibration without effect. Media
    that it does not describe are listed too, those whose labels name another mission, those of another agency that
    have the release's source, dates in the future or after the release was published, and labels none of whose files
    is in the release. Of a file that was renamed, which the store knows by its bytes, the new path is named.

    \b
    marsmedia release check raw/june
    """
    from flows.run.planning.release_checks import dates_without_zone, late_dates, other_missions, undelivered
    from flows.run.planning.renamed_files import renamed_files
    from processors.metadata.release.release_file import read_release
    from processors.metadata.release.release_template import media_below
    from processors.sources.scan import files_below

    if folder.name == "release.toml":
        folder = folder.parent
    if not folder.is_dir():
        raise click.UsageError(no_such_folder(folder))
    if not (folder / "release.toml").is_file():
        raise click.UsageError(f"{folder}: has no release.toml; write one with `marsmedia release init {folder}`")
    there = files_below(folder)
    described = read_release((folder / "release.toml").read_bytes()).spelt_as(there)
    if not described.is_toml:  # it may describe everything
        for problem in described.problems:
            click.echo(printable(str(problem)))
        sys.exit(1)
    renamed = renamed_files(folder, described, store_folder)
    told = [*_mistakes(folder, described, there, renamed), *_mistakes_of_calibrations(folder, described, there)]
    others = (*other_missions(folder, described), *late_dates(described), *dates_without_zone(described))
    for line in (*told, *others, *_with_source_of_release(described), *undelivered(folder)):
        click.echo(printable(line))
    listed = described.lines.keys() | {one for now in renamed.values() for one in now}
    left_out = [path for path in media_below(folder) if path not in listed]
    for path in left_out[:NAMED]:
        click.echo(printable(f"not described: {path}"))
    if len(left_out) > NAMED:
        click.echo(f"... and {len(left_out) - NAMED} more that are not described")
    empty = sum(map(described.is_bare, described.files))
    if not told:
        bare = f"; {counted(empty, 'file')} with nothing but a path" if empty else ""
        click.echo(f"{folder / 'release.toml'}: {counted(len(described.files), 'file')} described, no mistakes{bare}")
    sys.exit(1 if told else 0)


@release.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--reason", metavar="TEXT", help="Why, for `show` and the records of packs.")
@STORE
def withdraw(files: tuple[str, ...], reason: str | None, store_folder: Path) -> None:
    """Confirm that files were taken out of raw on purpose.

    FILE is a path, a path below the folder of releases, a name, or a pattern of these. Take the files out of
    raw first; a run between is not needed. A file that a run finds gone, and whose bytes are nowhere else, is
    reported by every run, `failures`, `status` and `verify` until it is back or confirmed.

    \b
    marsmedia release withdraw june/descent.mp4 --reason "recalled by the agency"
    marsmedia release withdraw 'june/*'
    """
    from flows.run.reporting.at_work import announced
    from flows.run.withdrawal import withdraw as withdrawn
    from processors.store.findings.withdrawn import why_withdrawn

    store = open_existing_store(store_folder)
    with announced(store, "withdrawal"):
        confirmed = withdrawn(files, store, reason=reason)
    for row in confirmed:
        since = f"withdrawn since {(row.gone_utc or '')[:10]}{why_withdrawn(row)}"
        click.echo(printable(f"confirmed: {row.relative}: {since}"))
    if not confirmed:
        click.echo("confirmed before; nothing was changed")
