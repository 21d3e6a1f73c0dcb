"""Credits and rights of a highlight clip: those of every source in it; the strictest applies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from processors.languages.language import LANGUAGES, phrase
from processors.languages.text import Text
from processors.packs.contents.rights import is_cleared, known_credit, notice, override_of, rights
from processors.packs.contents.rights_by_path import strictness
from processors.packs.contents.subject import SourceRecord
from processors.packs.embedded.file_credits import SOURCE_TYPES, FileCredits
from processors.packs.recipe.pack_recipe import PackRecipe


def clip_credits(sources: Sequence[SourceRecord], recipe: PackRecipe) -> FileCredits:
    """Return the statements to embed in a clip of these sources: of its pictures, and of the sound under them."""
    binds = strictest(sources, recipe)
    names = Text({code: f"{', '.join(dict.fromkeys(_title(one, code) for one in sources))}." for code in LANGUAGES})
    return FileCredits(
        title=recipe.title,
        caption=phrase("described", kind=phrase("highlight"), caption=names),
        alternative=Text(),
        creator=recipe.publisher,
        credit=each_once(known_credit(one) for one in sources) or None,
        source=each_once(one.agency for one in sources) or None,
        rights=rights(binds),
        rights_address=None,
        instructions=notice(binds, recipe) if not is_cleared(binds, recipe) else _decisions(sources, recipe),
        date=None,
        digital_source_type=SOURCE_TYPES + "algorithmicMedia" if all(one.synthetic for one in sources) else None,
        published_at=None,
        source_sha256=None,
    )


def strictest(sources: Sequence[SourceRecord], recipe: PackRecipe) -> SourceRecord:
    """Return the source that allows the least; one cleared by a written override comes after those not cleared."""

    return max(sources, key=lambda one: (not is_cleared(one, recipe), strictness(one.redistribute, one.rights)))


def _decisions(sources: Sequence[SourceRecord], recipe: PackRecipe) -> Text:
    """Return who redistributes the sources that only a written override clears, and why; each once."""
    said = dict.fromkeys(notice(one, recipe) for one in sources if override_of(one, recipe.overrides))
    return Text({code: "; ".join(one[code] for one in said if code in one) for code in LANGUAGES})


def _title(subject: SourceRecord, code: str) -> str:
    return (subject.title or subject.event_title).best(code) or subject.name


def each_once(values: Iterable[str | None]) -> str:
    """Return the known values on one line, each once."""
    return "; ".join(dict.fromkeys(filter(None, values)))
