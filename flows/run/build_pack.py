"""Building a pack from a pack recipe or a selection, for the command and the flow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from flows.run.folder_defaults import recipe_file
from flows.run.planning.current_results import CurrentResults
from flows.run.planning.select import ReprocessRequest
from flows.run.recipe_changes.load_recipes import every_processor, known_processors
from processors.engine.own_companions import OwnCompanions
from processors.engine.recipe_book import RecipeBook
from processors.engine.release_index import ReleaseIndex
from processors.engine.wanted_results import WantedResult, WantedResults, all_inputs
from processors.errors import NoSuchSource, RequestError, SelectionError, closest, meant
from processors.languages.text import FALLBACK, Text
from processors.linking.find_links import same_pictures
from processors.packs.build import build
from processors.packs.built import Built
from processors.packs.contents.reservations import reservations
from processors.packs.contents.selected_sources import SHOWN
from processors.packs.contents.subject import subjects
from processors.packs.gallery.store_gallery import release_titles, selection_title
from processors.packs.presentation import presentation_of, takes_any
from processors.packs.recipe.audience import AUDIENCES, Audience
from processors.packs.recipe.pack_recipe import PackRecipe
from processors.packs.recipe.pack_recipe_file import read_recipe
from processors.packs.recipe.recipe_template import TITLE
from processors.packs.registry import remember
from processors.store.catalogue.catalogue import Catalogue
from processors.store.catalogue.selection import parse, select
from processors.store.catalogue.source_row import SourceRow
from processors.store.manifest import ResultRef
from processors.store.open_store import Location
from processors.store.progress_steps import Steps, silently
from processors.store.store import Store
from processors.tables import Table

NAMES_SHOWN = 4
"""Number of processors named whose results no run has made yet."""


def recipe_of(words: Sequence[str], *, audience: Audience | None = None, title: str | None = None) -> PackRecipe:
    """Return the pack recipe from a TOML file, or a default one for a selection.

    A selection has no title of its own: `build_pack` gives it that of its releases.

    Raises
    ------
    RequestError : the pack recipe has mistakes, the message lists them all; or no such audience.
    """
    if audience is not None and audience not in AUDIENCES:
        raise RequestError(f"audience is {audience!r}: {meant(str(audience), AUDIENCES)}")
    if _is_recipe(words):
        if not Path(words[0]).is_file():
            raise RequestError(_no_such_recipe(words[0]) or f"{words[0]}: no such file")
        recipe = read_recipe(Path(words[0]), processor_names())
    else:
        recipe = PackRecipe(title=Text(), selection=tuple(words))
    if audience:
        recipe = replace(recipe, audience=audience)
    return replace(recipe, title=Text(en=title)) if title else recipe


def _is_recipe(words: Sequence[str]) -> bool:
    """Return whether the words are the path of a pack recipe, not those of a selection."""
    return len(words) == 1 and words[0].endswith(".toml")


@contextmanager
def naming_recipe(words: Sequence[str]) -> Iterator[None]:
    """Name the pack recipe in an error of its selection; of one word that no source has, say if it is almost a recipe.

    Parameters
    ----------
    words : the path of a pack recipe or the words of a selection, as for `recipe_of`.
    """
    try:
        yield
    except SelectionError as error:
        if _is_recipe(words):
            raise RequestError(f"{words[0]}: selection: {error}") from error
        if isinstance(error, NoSuchSource) and len(words) == 1 and (message := _no_such_recipe(words[0])):
            raise RequestError(message) from error
        raise


def _no_such_recipe(word: str) -> str | None:
    """Return a message if a word is almost the name of a pack recipe in its folder; None if it is not."""
    if not closest(Path(word).suffix, [".toml"]):
        return None
    near = closest(Path(word).name, [path.name for path in Path(word).parent.glob("*.toml")])
    return f"{word}: no such pack recipe; did you mean {Path(word).with_name(near)}?" if near else None


def title_warnings(recipe: PackRecipe) -> list[str]:
    """Return a line if a title of the pack recipe is still that of the template."""
    if TITLE not in recipe.title.values():
        return []
    return [f'the title is still that of the template, "{TITLE}": write the pack\'s own in its pack recipe']


def titled_by_folders(recipe: PackRecipe, store: Store) -> list[str]:
    """Return the releases whose folder names are the pack's title, as neither pack recipe nor release has one."""
    if recipe.title:
        return []
    catalogue = Catalogue(store)
    releases = list(dict.fromkeys(row.release for row in select(parse(recipe.selection), catalogue)))
    titles = release_titles(releases, catalogue)
    return [name for name, title in zip(releases, titles, strict=True) if title == Text({FALLBACK: name})]


def processor_names() -> frozenset[str]:
    """Return the name of every processor that a pack recipe may name."""
    every = [processors for recipes in known_processors() for processors in recipes.values()]
    return frozenset(processor.name for processors in every for processor in processors)


def due_for(recipe: PackRecipe, store: Store) -> ReprocessRequest | None:
    """Return the request for results that the pack recipe needs and that do not exist yet; None if nothing is missing.

    They are those that no run makes by default, and those whose parameters the recipe file sets.

    A pack that will be refused needs nothing.

    Raises
    ------
    SelectionError : the selection matches nothing.
    """
    take, catalogue = _taken(recipe), Catalogue(store)
    rows = select(parse(recipe.selection), catalogue)
    wanted, own = _WantedForPacks(catalogue), OwnCompanions(catalogue.sightings)
    processors: set[str] = set()
    digests: set[str] = set()
    for row in rows:
        needed = [one for one in wanted.of(row) if takes_any(one.processor, take)]
        known = [one.ref for one in own.counting(store.manifests(row.digest), row)] if needed else []
        missing = {one.processor for one in needed if not one.is_in(known)}
        processors |= missing
        digests |= {row.digest} if missing else set()
    if not digests:
        return None
    due = list(subjects([row for row in rows if row.digest in digests], store, catalogue))
    if any(one.is_refused(recipe.audience) for one in reservations(due, recipe, catalogue)):
        return None
    return ReprocessRequest(words=tuple(sorted(digests)), processors=tuple(sorted(processors)), settings={})


def _taken(recipe: PackRecipe) -> tuple[str, ...]:
    """Return the words for everything that a pack uses: what it takes, and what its highlight shows."""
    return (*recipe.completed().take, *(SHOWN if recipe.highlight else ()))


@dataclass(frozen=True, kw_only=True)
class _PackResult:
    """Result of one source that a pack needs: only packs need it, or the recipe file requests it."""

    ref: ResultRef
    is_exact: bool
    """True if the recipe file sets its parameters, or those of its inputs; otherwise any result of the processor will
    do."""

    @property
    def processor(self) -> str:
        return self.ref.processor

    def is_in(self, known: Iterable[ResultRef]) -> bool:
        """Return whether the known results of its source have such a result, or a failure of it."""
        return any(one == self.ref if self.is_exact else one.processor == self.processor for one in known)


class _WantedForPacks:
    """Results that packs need but no run makes by default, and those to which the recipe file gives parameters."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._releases = ReleaseIndex(catalogue.sources().values())
        self._books = [(book, WantedResults(book, self._releases)) for book in every_processor()]

    def of(self, row: SourceRow) -> list[_PackResult]:
        """Return the results needed of one source."""
        return [
            _PackResult(ref=one.ref, is_exact=is_exact)
            for book, wanted in self._books
            for one, is_exact in (self._named(row, book, wanted) if row.medium else ())
            if is_exact or (book is self._books[-1][0] and presentation_of(one.ref.processor).is_made_for_packs)
        ]

    def _named(self, row: SourceRow, book: RecipeBook, wanted: WantedResults) -> Iterator[tuple[WantedResult, bool]]:
        """Yield each result that recipes name, and whether the recipe file sets its parameters or its inputs'."""
        set_by_file = book.set_for(row.release, self._releases.camera_of(row) if book.asks_camera else None)
        for one in wanted.of(row):
            if one.is_named:
                names = {one.ref.processor, *(used.name for used in all_inputs(one.processor))}
                yield one, not names.isdisjoint(set_by_file)


class _OfRecipeFile:
    """Results of a pack to which the recipe file gives parameters: none with other parameters takes their place."""

    def __init__(self, recipe: PackRecipe, store: Store, catalogue: Catalogue) -> None:
        self._take, self._store = _taken(recipe), store
        self._wanted = _WantedForPacks(catalogue)

    def _of(self, row: SourceRow) -> list[_PackResult]:
        return [one for one in self._wanted.of(row) if one.is_exact and takes_any(one.processor, self._take)]

    def processors(self, row: SourceRow) -> frozenset[str]:
        """Return the names of their processors."""
        return frozenset(one.processor for one in self._of(row))

    def not_made(self, rows: Iterable[SourceRow]) -> Iterator[str]:
        """Yield in words each of them that was not made, and why."""
        file = recipe_file()
        for row in rows:
            known = {one.ref: one for one in self._store.manifests(row.digest)}
            for one in self._of(row):
                found = known.get(one.ref)
                if found is None:
                    reason = f"not made: run `marsmedia ingest --recipes {file}`"
                else:
                    reason = f"{found.verdict}: {found.reason}"
                if found is None or found.verdict != "made":
                    yield f"{one.processor} of {row.relative} with the parameters of {file}: {reason}"


def _not_made_yet(recipe: PackRecipe, rows: Iterable[SourceRow], store: Store, catalogue: Catalogue) -> Iterator[str]:
    """Yield one line on results of the full recipe that the pack takes and no run has tried, as after a light one."""
    take, wanted = _taken(recipe), WantedResults(every_processor()[0], ReleaseIndex(catalogue.sources().values()))
    missing, own = dict[str, set[str]](), OwnCompanions(catalogue.sightings)
    for row in rows:
        if row.medium:
            tried = {one.ref.processor for one in own.counting(store.manifests(row.digest), row)}
            named = {one.ref.processor for one in wanted.of(row) if one.is_named and takes_any(one.ref.processor, take)}
            missing |= {row.digest: named - tried} if named - tried else {}
    if missing:
        names = sorted(set[str]().union(*missing.values()))
        others = f" and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else ""
        sources = f"{len(missing)} source{'' if len(missing) == 1 else 's'}"
        yield (
            f"{', '.join(names[:NAMES_SHOWN])}{others} of {sources}: not made yet: run `marsmedia ingest`, "
            "then build the pack again"
        )


def _tables() -> dict[str, tuple[Table, ...]]:
    """Return the tables that each processor writes, by its name."""
    every = [one for recipes in known_processors() for processors in recipes.values() for one in processors]
    return {one.name: getattr(one, "tables", ()) for one in every}


def build_pack(
    recipe: PackRecipe, output: Location, store: Store, *, force: bool = False, steps: Steps = silently
) -> Built:
    """Build a pack and record its sources; without a title it gets that of its releases. Raises as `build`."""
    catalogue = Catalogue(store)
    rows = select(parse(recipe.selection), catalogue)
    asked = CurrentResults(catalogue).of
    of_file = _OfRecipeFile(recipe, store, catalogue) if recipe_file() else None
    if not recipe.title:
        recipe = replace(recipe, title=selection_title(rows, catalogue))
    built = build(
        recipe,
        output,
        store,
        asked=asked,
        only_asked=of_file.processors if of_file else None,
        compared=same_pictures,
        has_page=True,
        tables=_tables(),
        force=force,
        steps=steps,
    )
    not_made = [*(of_file.not_made(rows) if of_file else ()), *_not_made_yet(recipe, rows, store, catalogue)]
    built = replace(built, left_out=(*built.left_out, *not_made))
    remember(store, built)
    return built
