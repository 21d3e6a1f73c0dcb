"""`marsmedia show`: one source, its history, what is stated about it, and its results."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flows.cli.common import counted, open_existing_store, print_json
from flows.cli.completion import complete_sources
from flows.cli.printing.fact_words import fact_lines, fullest
from flows.cli.printing.print_evidence import evidence_lines, said_lines
from flows.cli.printing.print_history import history_lines
from flows.cli.printing.print_links import sentence
from flows.cli.printing.print_table import length, picture, size, sound
from flows.cli.shared_options import JSON, STORE
from flows.run.reporting.command_for_file import with_file_named
from flows.run.reporting.problems import FAULT_OF
from processors.errors import blame_for_unopened, displayed_verdict
from processors.metadata.properties import Properties, properties
from processors.sources.scan import printable
from processors.store.by_name_view import ByNameEntry
from processors.store.catalogue.decoded_length import decoded_length
from processors.store.findings.stored_metadata import metadata_in
from processors.video.audit.not_detected import DISSOLVES
from processors.well_known_names import EVIDENCE, METADATA

if TYPE_CHECKING:
    from processors.json_records import Json
    from processors.store.catalogue.catalogue import Catalogue
    from processors.store.catalogue.source_row import SourceRow
    from processors.store.findings.disagreements import Disagreement
    from processors.store.findings.shared_starts import SharedStart
    from processors.store.manifest import Manifest, ResultRef
    from processors.store.store import Store

MISSING_SHOWN = 10
"""Maximum number of places with missing pictures that are listed."""
NOTABLE_DRIFT = 0.2
"""Change of the moment of contact, in s per s, from which a changing speed is shown, if its error is less than half."""
LEAST_START_SECONDS = 0.0005
"""Starts of less than half a millisecond are shown as 0."""


@click.command()
@click.argument("source", shell_complete=complete_sources)
@STORE
@JSON
def show(source: str, store_folder: Path, as_json: bool) -> None:
    """Show what is known about SOURCE.

    SOURCE is a path, a name, or the first characters of a digest; or the path of an original, a label or
    another file of a release in a pack, or of a copy. Shows what the file is, where it was seen, what its
    release says about it, and its results.

    \b
    marsmedia show raw/june/descent.mp4
    marsmedia show 3fa94c --json
    """
    from flows.cli.find_item import find_shown
    from processors.engine.own_companions import OwnCompanions
    from processors.store.catalogue.catalogue import Catalogue
    from processors.store.findings.file_verdict import file_verdict
    from processors.store.fixity.fixity_history import FixityHistory, raw_checks

    store = open_existing_store(store_folder)
    catalogue = Catalogue(store)
    row = find_shown(source, store)
    manifests = list(store.manifests(row.digest))
    links = (store.source(row.digest) or {}).get("links", [])
    rows = catalogue.seen({row.digest, *(link["there"]["source"] for link in links)})
    seen = [one for one in rows if one.digest == row.digest]
    before = [one for one in rows if one.path == row.path and one.digest != row.digest]
    own, apart, shown_size, shared = _from_catalogue(row, catalogue)
    known = _known_properties(row, manifests, shown_size, store)
    checks = FixityHistory(raw_checks(store, {one.relative for one in seen}))
    if as_json:
        record = {
            **asdict(row),
            "seen": [{**_place(one), "fixity_checks": checks.of_row(one)} for one in seen],
            "also_at_this_path": [{"digest": one.digest, **_place(one)} for one in before],
            "properties": known,
            "disagreements": [asdict(one) for one in apart],
            "shared_starts": [{**asdict(one), "digests": sorted(one.digests)} for one in shared],
            "links": links,
            "results": [{**asdict(m), "folder": store.where(m.ref)} for m in manifests],
        }
        print_json(record)
        return
    _print_source(row, known, history_lines(row, seen, before, checks))
    names = {other.digest: other.name for other in rows}
    for link in links:
        click.echo(f"  link     {printable(sentence(link, names))}")
    results = [m for m in manifests if m.ref.processor != EVIDENCE or m.ref.key in own]
    own = OwnCompanions(catalogue.sightings)
    verdict = file_verdict(own.counting(results, row), row.format)
    if verdict.words:
        click.echo(f"  verdict  {printable(verdict.words)}")
    for one in apart:
        says = "; ".join(f"{value} ({place})" for value, place in one.says)
        click.echo(f"  paths disagree about {one.about}: {printable(says)}")
    if withheld := _withheld(row, seen, store, catalogue):
        click.echo(f"  rights   may not be passed on: {printable(withheld)}")
    for one in shared:
        click.echo(f"  start    {printable(str(one))}")
    ended = {one.ref: why for one in results if (why := own.why_ended(one, row))}
    _print_results(results, row.relative, store, _links(row, store), ended, is_damaged=verdict.is_damaged)


def _print_source(row: SourceRow, known: Properties, history: Iterable[str]) -> None:
    click.echo(f"{printable(row.name)}: {row.medium or f'{row.kind}, {row.format}'}")
    for name, words in _properties(row, known):
        click.echo(f"  {name:8} {printable(words)}")
    click.echo(f"  sha256   {row.digest}\n  size     {size(row.size_bytes)}\n  release  {printable(row.release)}")
    for line in history:
        click.echo(f"  {printable(line)}")
    if row.entry_path:
        click.echo(printable(f"  entry    release.toml still names it {row.entry_path!r}: correct the path there"))
    if row.note:
        click.echo(f"  note     {printable(row.note)}")
    if row.kind == "unsupported":
        click.echo(f"  fault    {FAULT_OF[blame_for_unopened(row.note or '')]}")


def _from_catalogue(
    row: SourceRow, catalogue: Catalogue
) -> tuple[set[str | None], tuple[Disagreement, ...], tuple[int, int] | None, list[SharedStart]]:
    """Return the keys of the evidence for this path, the disagreements between paths of the same bytes, their size as
    shown, and the recordings that begin at the same instant.
    """
    from processors.store.catalogue.sql import connect, shown_sizes
    from processors.store.findings.disagreements import disagreements
    from processors.store.findings.shared_starts import shared_starts

    with connect(catalogue) as connection:
        asked = "SELECT evidence_key FROM sightings WHERE path = ? AND source = ?"
        found = connection.execute(asked, [row.path, row.digest]).fetchall()
        apart = disagreements(connection).get(row.digest, ())
        shown_size = shown_sizes(connection).get(row.digest)
        shared = shared_starts(connection, [row.release]) if row.medium in ("audio", "video") else []
    own = {row.evidence_key, *(key for (key,) in found)}
    return own, apart, shown_size, [one for one in shared if row.digest in one.digests]


def _withheld(row: SourceRow, seen: Sequence[SourceRow], store: Store, catalogue: Catalogue) -> str | None:
    """Return in words what forbids passing it on, though the statements at its path permit it; None without that."""
    if len(seen) == 1 and row.entry_permission is not False:
        return None
    from processors.packs.contents.rights_by_path import binding
    from processors.packs.contents.subject import subjects
    from processors.store.findings.stored_evidence import redistribution

    for one in subjects([row] if row.kind == "media" else [], store, catalogue):
        if not one.redistribute and redistribution(one.evidence) == "true":
            binds = binding(one.voices)
            return f"{binds.place}: {binds.why_not}"
    return None


def _place(row: SourceRow) -> dict[str, Any]:
    record = {name: value for name, value in asdict(row).items() if name != "digest"}
    return {**record, "times": [stay._asdict() for stay in row.stays]}


def _properties(row: SourceRow, known: Properties) -> Iterator[tuple[str, str]]:
    """Describe pixels, rates and length, as players do."""
    if words := picture(known):
        yield "picture", words
    elif row.medium == "photo":
        yield "format", row.format
    if words := sound(known):
        yield "sound", words
    if known.other_streams:
        how = (
            "; `video.stream_frames` makes frames of the other pictures"
            if any(" video " in one for one in known.other_streams)
            else ""
        )
        yield "streams", f"not taken: {'; '.join(known.other_streams)}{how}"
    if known.duration_seconds:
        stated = known.duration_seconds_from_header
        others = f" ({length(stated)} by its headers)" if stated and stated != known.duration_seconds else ""
        yield "length", length(known.duration_seconds) + others
    if (starts := known.picture_starts_seconds) and abs(starts) >= LEAST_START_SECONDS:
        yield "clock", f"times below are the file's, {starts:.3f} s at the first picture; players count from it"


def _known_properties(
    row: SourceRow, manifests: Sequence[Manifest], shown_size: tuple[int, int] | None, store: Store
) -> Properties:
    """Return what the headers state, with the size and length of what was decoded."""
    record = metadata_in(manifests, store)
    stated = record.get("container_duration_seconds") or row.duration_seconds
    decoded = None if row.medium == "photo" else decoded_length(store, row.digest, stated, row.format)
    return properties({**record, "container_duration_seconds": stated}, shown_size, decoded)


def _links(row: SourceRow, store: Store) -> dict[Path, Path]:
    """Return the links of the by-name view to a source's results, by target folder."""
    folder = ByNameEntry.at(row.relative, row.release).links_folder(store)
    return {link.resolve(): link for link in sorted(folder.glob("*")) if link.is_symlink()}


def _print_results(
    manifests: Sequence[Manifest],
    file: str,
    store: Store,
    links: Mapping[Path, Path],
    ended: Mapping[ResultRef, str],
    *,
    is_damaged: bool,
) -> None:
    """Print results of a file, by its path below the releases; `ended` says why some of them do not count."""
    told: list[dict[str, Json]] = []
    if links:
        click.echo(f"results in {printable(str(next(iter(links.values())).parent))}:")
    made = {manifest.ref.processor for manifest in manifests if manifest.items}
    teller = EVIDENCE if EVIDENCE in made else METADATA  # evidence has the problems of the metadata, too
    names = [_name(manifest, store, links) for manifest in manifests]
    wide = max(map(len, names), default=0)
    for name, manifest in zip(names, manifests, strict=True):
        why_not = f": {printable(manifest.reason)}" if manifest.reason and manifest.verdict != "made" else ""
        space = size(sum(item.size_bytes for item in manifest.items))
        what = (
            f"{counted(len(manifest.items), 'item'):>11}  {space:>8}"
            if manifest.items
            else f"{displayed_verdict(manifest.verdict, manifest.blame)}{why_not}"
        )
        of_ended = f"  does not count: {why}" if (why := ended.get(manifest.ref)) else ""
        click.echo(printable(f"  {name:{wide}}  {what}{of_ended}"))
        if manifest.ref.processor == EVIDENCE and manifest.items:
            record_of = json.loads(store.item_path(manifest.ref, manifest.items[0].name).read_text())
            for line in [*said_lines(record_of), *evidence_lines(record_of)]:
                click.echo(f"    {printable(line)}")
        known = [line for item in manifest.items for line in _known(item.facts)]
        if manifest.ref.processor == teller:
            known += [line for item in manifest.items for line in _problems(item.facts)]
        for line in dict.fromkeys(known):
            click.echo(f"    {printable(with_file_named(line, file))}")
        if isinstance(manifest.source_facts, dict) and manifest.source_facts not in told:
            told.append(manifest.source_facts)
    for facts in fullest(told):
        if lines := fact_lines(facts):
            click.echo(f"Decoding report{_of_what(facts)} (all of it: --json):")
        if is_damaged and lines.get("condition") == "complete":
            lines["condition"] = "no damage noticed by the decoder"
        for name, words in lines.items():
            click.echo(f"  {name}: {printable(words)}")


def _of_what(facts: Mapping[str, Json]) -> str:
    """Return which part of a video was decoded, from the counts of its report."""
    counts = {"frame_count_decoded": " of the picture", "sample_count_decoded": " of the sound"}
    return next((words for name, words in counts.items() if name in facts), "")


def _name(manifest: Manifest, store: Store, links: Mapping[Path, Path]) -> str:
    """Return the name of a result in the by-name view; if it has none, its processor and key."""
    link = links.get(store.folder(manifest.ref).resolve())
    return link.name if link else f"{manifest.ref.processor} ({manifest.ref.key[:8]})"


def _why_not(reason: str) -> str:
    """Return why nothing was found; many reasons already say that nothing was found, or that no search was made."""
    return reason if reason.startswith(("no ", "not ")) else f"not found: {reason}"


def _problems(facts: Any) -> list[str]:
    """Return which metadata could not be read, in words."""
    told = facts.get("problems") if isinstance(facts, dict) else None
    return [f"problem: {one}" for one in told or ()]


def _uneven(shot: dict[str, Any]) -> Iterator[str]:
    """Yield what disturbs a shot's motion: missing pictures, uneven steps, an unused altitude, a changing speed."""
    if missing := shot.get("missing_before_seconds"):
        more = f" and {len(missing) - MISSING_SHOWN} more" if len(missing) > MISSING_SHOWN else ""
        places = ", ".join(f"{seconds:.2f}" for seconds in missing[:MISSING_SHOWN])
        yield (
            f"shot {shot['shot']}: pictures seem to be missing before {places} s{more}: "
            "the step there is a multiple of those around it"
        )
    if weak := shot.get("weak_because"):
        yield f"shot {shot['shot']}: {weak}"
    if altitude := shot.get("altitude_refused_because"):
        yield altitude
    if frames := shot.get("steps_repeat_after_frames"):
        yield (
            f"shot {shot['shot']}: its steps repeat every {frames} frames and swing by {shot['steps_swing_share']:.1%} "
            "(rms), as after a conversion of the rate, or as a codec with B-frames does it: standard errors of rates "
            "hold it"
        )
    drift, sigma = shot.get("contact_drift"), shot.get("contact_drift_sigma")
    if drift is not None and sigma is not None and abs(drift) > max(NOTABLE_DRIFT, 2 * sigma):
        how = "slows down" if drift > 0 else "speeds up"
        yield (
            f"shot {shot['shot']}: the camera {how}: the moment of contact moves by {drift:+.1f} s in a second, "
            "and time_to_contact_seconds is for the speed at the last frame"
        )


def _known(facts: Any) -> list[str]:
    """Return a result's findings in words: metadata values, the audit's verdict, refusals of motion."""
    if not isinstance(facts, dict):
        return []
    known, verdict = facts.get("known"), facts.get("words")
    lines = [f"{name}: {v['value']} (from {v['source']})" for name, v in known.items() if v] if known else []
    if verdict:
        lines.append(f"verdict: {verdict}{f' {DISSOLVES}' if facts.get('motion_may_be_measured') else ''}")
    if missing := facts.get("missing_times_seconds"):
        lines.append(f"no frame is shown at {', '.join(f'{seconds:g}' for seconds in missing)} s")
    why_not = facts.get("not_found_because") or ()
    lines += [_why_not(why) for why in ([why_not] if isinstance(why_not, str) else why_not)]
    shots = [shot for shot in facts.get("shots") or () if isinstance(shot, dict)]  # a contact sheet has numbers alone
    lines += [f"shot {shot['shot']} refused: {why}" for shot in shots if (why := shot.get("refused_because"))]
    lines += [line for shot in shots for line in _uneven(shot)]
    return lines
