"""Preparation of a run: survey every file, hash and identify the new ones, plan what is due. Needs no Prefect."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from pathlib import Path

from flows.run.checking.damaged_results import DamagedResult, damaged_results, remove_to_make_again
from flows.run.options import Options
from flows.run.planning.completeness import find_complete
from flows.run.planning.corrected_releases import correct_releases, in_words, is_named_otherwise
from flows.run.planning.emptied_folders import advice_on_empty, emptied_folders_of
from flows.run.planning.fixity_of_run import check_of_run, restorations
from flows.run.planning.inspection import Identified, inspect_all, read_by, unread
from flows.run.planning.moved_folders import MovedFolders, follow_moves
from flows.run.planning.raw_survey import RawSurvey, survey_raw
from flows.run.planning.shard import Shard
from flows.run.planning.unchanged import LastRun, unchanged
from flows.run.planning.whole_releases import in_doubt, survey_of_releases
from flows.run.progress import RunProgress
from flows.run.recipe_changes.unmatched_sections import unmatched_sections
from flows.run.reporting.file_change import Change
from flows.run.reporting.since_last_run import (
    changes_of_missing,
    gone_from,
    known_again,
    with_recorded_permissions,
    with_statements,
    withdrawn_releases,
    without_ended,
)
from flows.run.working.workers import warm_up
from processors.engine.fingerprint import Fingerprints, recipes_digest
from processors.engine.label_pairing import pair_with_labels, with_named_files
from processors.engine.plan import Plan, make_plan
from processors.engine.recipe_book import processors_of
from processors.engine.release_calibrations import unused_calibrations
from processors.engine.release_index import ReleaseIndex
from processors.engine.wanted_results import Recipes, WantedResults
from processors.errors import NO_SPACE, StoreError, machine_reason
from processors.formats import may_have_sound
from processors.sources.scan import FoundFile, SkippedFile, storable
from processors.store.bucket.raw_bucket import at_hand, local_path
from processors.store.by_name_view import ByNameEntry
from processors.store.catalogue.catalogue import Catalogue
from processors.store.catalogue.lost_records import restore_noted
from processors.store.catalogue.source_row import SourceRow, oldest_first, utc_now
from processors.store.findings.moves import Moves
from processors.store.findings.withdrawn import Withdrawal, past_withdrawals, unconfirmed, where_gone
from processors.store.fixity.fixity_history import RawCheck, record_check
from processors.store.open_store import Location
from processors.store.store import Store


@dataclass(kw_only=True)
class Prepared:
    """All files of a survey, and the plan for those that are media."""

    rows: list[SourceRow]
    """Every file that could be read: media, companions and unsupported ones."""
    unreadable: list[SkippedFile]
    """Files that could not be read."""
    plan: Plan
    survey: RawSurvey | None = None
    """Everything below the raw folder; None for a selection."""
    recipe_files: str | None = None
    """Digest of the files from which the recipes were loaded, if the caller knows it."""
    unchanged: LastRun | None = None
    """Findings of the last run, if nothing has changed since: then nothing was planned."""
    fingerprints: Fingerprints | None = None
    """Fingerprints of the sources of a whole run, used at its end to record those that have all their results."""
    descriptions_without_file: list[SkippedFile] = field(default_factory=list)
    """Descriptions, among `rows`, of files that are missing, once for each; and calibrations that apply to none."""
    remarks: tuple[str, ...] = ()
    """Where files are now, or what replaced them, that the selection names at a place where they no longer are."""
    unmatched_sections: tuple[str, ...] = ()
    """Sections of the recipe file that apply to no source that the run knows, in words."""
    hashed: int = 0
    """Number of files that had to be read to identify them."""
    duplicates: list[tuple[SourceRow, SourceRow]] = field(default_factory=list)
    """Media with the same bytes as another: (this one, the one processed)."""
    gone_files: list[SourceRow] = field(default_factory=list)
    """Files no longer at the path where the last run found them."""
    earlier_names: list[SourceRow] = field(default_factory=list)
    """Rows of files as they were until this run found them to be of another release."""
    changes: list[Change] = field(default_factory=list)
    """Differences from the last run."""
    restated: frozenset[str] = frozenset()
    """Sources that are new at a path, or of which release.toml or a label says something else than in the last run."""
    damaged_results: list[DamagedResult] = field(default_factory=list)
    """Results that a check has found damaged in the store; those that are due again are in the plan."""
    passed_over: Sequence[str] = ()
    """Hidden and unfinished files, relative to the raw folder."""
    unconfirmed: list[Withdrawal] = field(default_factory=list)
    """Files and releases of the run that are gone from raw without confirmation."""
    gone_releases: Mapping[str, int] = field(default_factory=dict)
    """Releases whose folder is gone, with the number of their files that are nowhere else."""
    moved_folders: MovedFolders = field(default_factory=MovedFolders)
    """Folders of releases that were moved since the last run."""
    corrected_releases: tuple[str, ...] = ()
    """One sentence for each release to which files belong that were known as those of another, and one if it is in
    doubt whether the raw folder holds releases or is one."""
    emptied_folders: tuple[str, ...] = ()
    """Messages on folders that are empty now but held files in an earlier run."""
    is_empty: str | None = None
    """Advice for a folder that has always been empty."""
    is_unusual_folder: bool = False
    """Whether it has always been empty, while the store's files are from another folder."""
    is_whole: bool = True
    """False: a selection, perhaps with parameters other than the recipe's."""
    asked_for: list[ByNameEntry] = field(default_factory=list)
    """Files of a selection with their requested results, under their names in the by-name view."""

    @property
    def view(self) -> list[ByNameEntry]:
        """Return entries of the by-name view: media files with their results, or the results that a selection requests.

        Complete sources are left out: the view already shows them.
        """
        if not self.is_whole:
            return self.asked_for
        return [
            ByNameEntry.at(row.relative, row.release, self.plan.shown_at(row))
            for row in self.rows
            if row.kind == "media" and row.digest not in self.plan.complete
        ] + [
            ByNameEntry.at(row.relative, row.release, is_gone=True, digest=row.digest)
            for row in (*self.gone_files, *self.earlier_names)
            if row.kind == "media"
        ]

    def of_kind(self, kind: str) -> list[SourceRow]:
        return [row for row in self.rows if row.kind == kind]


def prepare(
    raw: Location,
    store: Store,
    recipes: Recipes,
    progress: RunProgress,
    options: Options,
    *,
    remember: bool = True,
    surveyed: RawSurvey | None = None,
    recipe_files: str | None = None,
) -> Prepared:
    """Survey `raw`, identify new files, and plan; with `remember` false nothing is written.

    Parameters
    ----------
    surveyed : survey of `raw`, if already made.
    recipe_files : digest of the files from which the recipes were loaded.

    Raises
    ------
    FileNotFoundError, NotADirectoryError, PermissionError : `raw` cannot be listed.
    StoreError : the store cannot be trusted.
    """
    if surveyed is None:
        surveyed, digest = survey_raw(raw, options), recipes_digest(recipes)
        if remember and (last := unchanged(surveyed, store, options, lambda one: one.recipes == digest)):
            return Prepared(rows=[], unreadable=[], plan=Plan(), survey=surveyed, unchanged=last)
    prepared = _Preparation(raw, store, recipes, options, surveyed).prepared(progress, remember=remember)
    prepared.recipe_files = recipe_files
    return prepared


class _Preparation:
    """Identification of the files of one survey, and the plan for them or, in a shard of a run, for its part."""

    def __init__(self, raw: Location, store: Store, recipes: Recipes, options: Options, surveyed: RawSurvey) -> None:
        self._raw, self._store, self._recipes, self._options, self._surveyed = raw, store, recipes, options, surveyed
        self._shard = Shard.parse(options.shard)
        store.look_at_all()
        self._catalogue = Catalogue(store)
        sightings = self._catalogue.sightings()
        self._surveyed = surveyed = survey_of_releases(surveyed, sightings, raw, options)
        moved = follow_moves(sightings, surveyed, is_whole=options.shard is None)
        self._corrected = correct_releases(moved.sightings, surveyed)
        self._moved = replace(moved, sightings=self._corrected.sightings)
        self._known = self._moved.present
        self._paths = {storable(file.path): file for file in surveyed.found}

    def prepared(self, progress: RunProgress, *, remember: bool) -> Prepared:
        """Identify the new files, and plan; with `remember` false nothing is written."""
        surveyed, shard, known, releases_asked = self._surveyed, self._shard, self._known, self._options.releases
        unlisted = [entry.relative for entry in (*surveyed.unreadable, *surveyed.empty)]
        identified = self._identify(progress, is_followed_by_work=remember and self._options.runner == "local")
        gone = gone_from(known.values(), surveyed, unlisted, releases_asked, identified.found_utc)
        gone_files = shard.own(gone)
        corrected = [(before, row) for before, row in self._corrected.corrected if self._is_of_run(row)]
        earlier_names = [before for before, row in corrected if is_named_otherwise(before, row)]
        found = (*self._moved.sightings, *gone, *identified.rows)
        moves = Moves(oldest_first({(row.path, row.digest): row for row in found}.values()))
        changes = [*identified.changes, *changes_of_missing(gone_files, identified.rows, moves)]
        withdrawals = past_withdrawals(self._moved.sightings)
        changes += restorations(identified.learned, known, self._moved.past, withdrawals)
        changes = _with_packs([one for one in changes if shard.has(one.file)], self._store)
        rows, releases = self._in_releases(identified, moves, {row.path for row in gone})
        duplicates = duplicates_of(_unaltered_media(rows, identified.changes))
        rows = shard.own(rows)
        fingerprints = Fingerprints(self._recipes, releases)
        plan = self._plan(
            _unaltered_media(rows, changes), gone_files, earlier_names, fingerprints, releases, identified.fresh
        )
        rows = with_statements(rows, plan, releases, self._store, identified.found_utc)
        if remember:
            check = check_of_run(shard.own(identified.learned), known, identified.started_utc)
            earlier = {(one.path, one.digest): one for one in (*self._moved.sightings, *gone_files)}
            asked = with_recorded_permissions(earlier.values(), rows, self._store)
            changed = (one for one in rows if one != known.get(one.path))
            placed = (row for _, row in corrected)
            learned = {(one.path, one.digest): one for one in (*placed, *gone_files, *asked, *changed)}
            self._remember(list(learned.values()), plan, check)
        unreadable = shard.own([*surveyed.unreadable, *identified.lost])
        now = list({(row.path, row.digest): row for row in (*self._moved.sightings, *gone_files, *rows)}.values())
        of_run = [row.path for row in known.values() if releases_asked is None or row.release in releases_asked]
        emptied_folders = emptied_folders_of(self._raw, surveyed, of_run)
        empty = not (surveyed.found or unreadable or emptied_folders)
        elsewhere = min((one.raw_folder for one in known.values()), default=None)
        return Prepared(
            rows=rows,
            unreadable=unreadable,
            plan=plan,
            survey=surveyed,
            fingerprints=fingerprints,
            descriptions_without_file=shard.own(self._without_file(releases, plan, where_gone(now))),
            unmatched_sections=self._unmatched_sections(rows, releases),
            hashed=identified.hashed,
            duplicates=[(one, first) for one, first in duplicates if shard.has(one.relative)],
            gone_files=gone_files,
            earlier_names=earlier_names,
            changes=changes,
            restated=frozenset(row.digest for row in rows if _is_restated(row, known.get(row.path))),
            damaged_results=[one for one in damaged_results(self._catalogue, plan.remade) if self._is_of_run(one.row)],
            passed_over=surveyed.passed_over if shard.number == 1 else (),
            unconfirmed=self._unconfirmed(now),
            gone_releases=withdrawn_releases(gone_files, rows, changes),
            emptied_folders=emptied_folders,
            moved_folders=self._moved,
            corrected_releases=(*in_words(corrected), *in_doubt(surveyed, known.values())),
            is_empty=advice_on_empty(self._raw, elsewhere) if empty else None,
            is_unusual_folder=empty and elsewhere is not None,
        )

    def _identify(self, progress: RunProgress, *, is_followed_by_work: bool) -> Identified:
        """Return the row of each file; read those whose size or date differs from the last run, and those to hash."""
        found, before, past = self._surveyed.found, self._known, self._moved.past
        rows, new = self._known_and_unknown()
        unknown = read_by(self._shard, new, found)
        others = unread(new, unknown)
        if not unknown:
            return Identified(rows=rows, unread=others)
        warm_up(has_sound=is_followed_by_work and any(may_have_sound(file.name) for file in unknown))
        started_utc = utc_now()
        identified, lost = inspect_all(unknown, progress, self._options.worker_count)
        changes: list[Change] = []
        now = utc_now()
        rows_read = (SourceRow.of(file, digest, identity, now) for file, digest, identity in identified)
        read = [replace(row, raw_part=self._corrected.raw_part) for row in rows_read]
        past = {(one.path, one.digest): one for one in without_ended(past, self._moved.sightings)}
        learned = [known_again(row, before.get(row.path), past.get((row.path, row.digest)), changes) for row in read]
        return Identified(
            rows=rows + learned,
            learned=learned,
            lost=lost,
            hashed=len(unknown),
            changes=changes,
            unread=others,
            started_utc=started_utc,
            found_utc=now,
        )

    def _known_and_unknown(self) -> tuple[list[SourceRow], list[FoundFile]]:
        """Return the rows of files with the same size and date as in the last run, and the files that must be read."""
        known = {path: row for path, row in self._known.items() if path not in self._moved.to_hash}
        rows: list[SourceRow] = []
        unknown: list[FoundFile] = []
        for file in self._surveyed.found:
            row = known.get(storable(file.path))
            same = row and (row.size_bytes, row.mtime_ns) == (file.size_bytes, file.mtime_ns)
            if row and same and not self._options.hash_all and row.changed_to is None and row.check_fault is None:
                rows.append(row)
            else:
                unknown.append(file)
        return rows, unknown

    def _in_releases(
        self, identified: Identified, moves: Moves, gone: Set[str]
    ) -> tuple[list[SourceRow], ReleaseIndex]:
        """Return the rows in path order, classified by their labels if they have any, and the index of releases."""

        def to_read(row: SourceRow) -> Path:
            file = self._paths[row.path]
            return at_hand(file.path, file.size_bytes, file.mtime_ns)

        read = {row.path: row for row in with_named_files(identified.rows, to_read)}
        rows = sorted((read.get(row.path, row) for row in identified.rows), key=lambda row: row.relative)
        named = [*rows, *identified.unread]

        def to_read_with_labels(row: SourceRow) -> Path:
            for label in releases.labels_of(row):
                to_read(label)
            return to_read(row)

        elsewhere = (row for path, row in self._known.items() if path not in self._paths and path not in gone)
        releases = ReleaseIndex(named, to_read, moves, elsewhere)

        def labels_of_read(row: SourceRow) -> list[SourceRow]:
            return releases.labels_of(row) if row.digest else []  # files of other shards are not classified here

        weighed = pair_with_labels(named, labels_of_read, to_read_with_labels, identified.fresh | read.keys())
        by_path = {row.path: row for row in weighed}
        rows = [by_path.get(one.path, one) for one in rows]
        return [_as_described(row, releases) for row in rows], releases

    def _plan(
        self,
        media: list[SourceRow],
        gone_files: list[SourceRow],
        earlier_names: list[SourceRow],
        fingerprints: Fingerprints,
        releases: ReleaseIndex,
        fresh: Set[str],
    ) -> Plan:
        """Plan the media that are not complete; results of the complete ones count as reused."""
        complete = find_complete(media, gone_files, earlier_names, fingerprints, self._store)
        rest = [row for row in media if row.digest not in complete]
        plan = make_plan(
            rest,
            WantedResults(self._recipes, releases),
            self._store,
            self._catalogue.verdicts({row.digest for row in rest}),
            retry_failed=self._options.retry_failed,
            fresh=fresh,
            local_path=lambda row: local_path(self._paths[row.path].path),
        )
        plan.complete = frozenset(complete)
        plan.reused += sum(one.result_count for one in complete.values())
        return plan

    def _remember(self, new: list[SourceRow], plan: Plan, check: RawCheck | None) -> None:
        """Write what was learned into the catalogue; a full or failing disk is an error of the store, not of a file."""
        try:
            if check:
                record_check(check, self._store)
            restore_noted(self._store)
            self._catalogue.move_sources(self._moved.before, self._moved.now)
            self._catalogue.add_sources(new)
            self._catalogue.add_results(plan.not_catalogued)
            remove_to_make_again(plan, self._store)
        except OSError as error:
            if error.errno not in NO_SPACE:
                raise
            raise StoreError(f"{self._store.address}: {machine_reason(error)}") from error

    def _is_of_run(self, row: SourceRow) -> bool:
        releases = self._options.releases
        return self._shard.has(row.relative) and (releases is None or row.release in releases)

    def _unconfirmed(self, now: list[SourceRow]) -> list[Withdrawal]:
        here = f"{storable(self._surveyed.folder)}/"
        return [one for one in unconfirmed(now) if one.rows[0].path.startswith(here) and self._is_of_run(one.rows[0])]

    def _unmatched_sections(self, rows: list[SourceRow], releases: ReleaseIndex) -> tuple[str, ...]:
        """Return the sections of the recipe file without a source; none in a run over some releases or a shard."""
        if self._options.releases is not None or self._options.shard is not None:
            return ()
        here = f"{storable(self._surveyed.folder)}/"
        others = [one for one in self._known.values() if not one.path.startswith(here)]
        return unmatched_sections(self._recipes, rows, releases, others)

    def _without_file(self, releases: ReleaseIndex, plan: Plan, gone: Mapping[str, str | None]) -> list[SkippedFile]:
        """Return the entries of releases, and calibrations of the recipes, that apply to no file of the run."""
        places = releases.strays(gone)
        if self._options.releases is None and self._options.shard is None:
            wanted = (one.processor for ours in plan.wanted.values() for one in ours)
            places += (("recipes", what) for what in unused_calibrations(processors_of(self._recipes), wanted))
        return [SkippedFile(relative=place, reason=what, is_refused=True) for place, what in places]


def _as_described(row: SourceRow, releases: ReleaseIndex) -> SourceRow:
    entry_path, described_at = releases.entry_path(row), releases.described_at(row)
    if (row.entry_path, row.described_at) == (entry_path, described_at):
        return row
    return replace(row, entry_path=entry_path, described_at=described_at)


def _is_restated(row: SourceRow, before: SourceRow | None) -> bool:
    return before is None or (row.digest, row.evidence_key) != (before.digest, before.evidence_key)


def _with_packs(changes: list[Change], store: Store) -> list[Change]:
    """Return the changes with the packs that hold what was replaced or withdrawn."""
    lost = {one.was for one in changes if one.kind in ("replaced", "withdrawn")}
    if not lost:
        return changes
    from processors.packs.registry import packs_with

    packs = packs_with(store, lost)
    return [replace(one, packs=packs.get(one.was, ())) if one.was in lost else one for one in changes]


def _unaltered_media(rows: Iterable[SourceRow], changes: Iterable[Change]) -> list[SourceRow]:
    """Return the media, without files whose bytes changed but not their size and date."""
    altered = {change.path for change in changes if change.kind == "changed"}
    return [row for row in rows if row.kind == "media" and row.path not in altered]


def duplicates_of(media: list[SourceRow]) -> list[tuple[SourceRow, SourceRow]]:
    """Return the files with the same bytes as another: (this one, the first)."""
    first: dict[tuple[str, ...], SourceRow] = {}
    found = ((row, first.setdefault(row.digests, row)) for row in media)
    return [(row, one) for row, one in found if row is not one]
