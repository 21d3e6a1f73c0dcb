"""`README.txt` at the top of a pack, in the pack's languages: what to open first."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from fnmatch import fnmatchcase

from processors.languages.language import joined, phrase
from processors.packs.contents.layout import places_of
from processors.packs.contents.left_out import LeftOut
from processors.packs.contents.names import UniqueNames
from processors.packs.contents.packed_file import PackIdentity
from processors.packs.recipe.pack_recipe import PackRecipe
from processors.packs.records.iiif import FILE
from processors.sources.scan import printable
from processors.store.catalogue.source_row import SourceRow
from processors.store.findings.withdrawn import why_withdrawn


def readme(
    recipe: PackRecipe,
    identity: PackIdentity,
    paths: Collection[str],
    left_out: LeftOut,
    withdrawn: Sequence[SourceRow] = (),
    damaged: Sequence[str] = (),
    undelivered: Sequence[str] = (),
    missing: Sequence[SourceRow] = (),
    elsewhere: Sequence[str] = (),
    returned: Sequence[str] = (),
    too_large: Sequence[str] = (),
    lost_when_restored: Sequence[str] = (),
) -> bytes:
    """Return the file, one language after the other; it names only what the pack has.

    Parameters
    ----------
    paths : paths of the files in the pack, without those that every bag has.
    left_out : what the pack lacks of its selection.
    withdrawn : files that were withdrawn from the releases, and are not in the pack.
    missing : files that are gone from the releases too, which nobody has confirmed.
    elsewhere : files that are gone from the releases, and in others, each with its place there.
    too_large : files of the releases that are left out because of their size, each with the limit.
    lost_when_restored : what a store made from the pack would not know of its files, each with the reason.
    damaged : files of the selection that are damaged, each with the verdict.
    returned : files of the pack that were withdrawn and are back, each with day and reason of the withdrawal.
    undelivered : files that a label describes but that are not in the release, each with the label.
    """
    path = places_of(recipe.layout or "source", UniqueNames()).record(FILE)
    iiif = recipe.web_address + path if recipe.web_address else phrase("iiif_here")
    text = phrase(
        "readme_by_kind" if recipe.layout == "kind" else "readme",
        title=recipe.title,
        urn=identity.urn,
        day=identity.day,
        audience=recipe.audience,
        iiif=iiif,
    )
    if sources := left_out.sources:
        text = joined([text, phrase("readme_absent", count=str(len(sources)), files=_lines(sources))])
    if left_out.results:
        text = joined([text, phrase("readme_not_made", files=_lines(left_out.results))])
    if too_large:
        text = joined([text, phrase("readme_too_large", files=_lines(too_large))])
    if withdrawn:
        days = [(row, (row.confirmed_utc or "")[:10] + why_withdrawn(row)) for row in withdrawn]
        files = "".join(printable(f"{row.relative} ({day})") + "\n" for row, day in days)
        text = joined([text, phrase("readme_withdrawn", files=files)])
    if missing:
        files = "".join(printable(f"{row.relative} ({(row.gone_utc or '')[:10]})") + "\n" for row in missing)
        text = joined([text, phrase("readme_missing", files=files)])
    if elsewhere:
        text = joined([text, phrase("readme_elsewhere", files=_lines(elsewhere))])
    if returned:
        text = joined([text, phrase("readme_returned", files=_lines(returned))])
    if undelivered:
        text = joined([text, phrase("readme_undelivered", files=_lines(undelivered))])
    if lost_when_restored:
        text = joined([text, phrase("readme_lost_when_restored", files=_lines(lost_when_restored))])
    if damaged:
        text = joined([text, phrase("readme_damaged", files=_lines(damaged))])
    return "\n".join(_without_absent(text[code], paths) for code in recipe.languages).encode()


def _lines(names: Iterable[str]) -> str:
    return "".join(f"{printable(one)}\n" for one in names)


def _without_absent(text: str, paths: Collection[str]) -> str:
    """Return a text without the lines that begin with a path or pattern below `data/` of which the pack has no file."""

    def is_there(line: str) -> bool:
        named = line.partition(" ")[0]
        return not named.startswith("data/") or any(fnmatchcase(path, f"{named}*") for path in paths)

    return "".join(line for line in text.splitlines(keepends=True) if is_there(line))
