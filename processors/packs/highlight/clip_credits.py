"""Credits and rights of a highlight clip: those of every source in it, the strictest first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from processors.languages.language import LANGUAGES, phrase
from processors.languages.text import Text
from processors.packs.contents.joint_statements import by_statement, texts_with_names, with_names, with_names_of_some
from processors.packs.contents.overlays import burnt_in
from processors.packs.contents.rights import credit, is_cleared, known_credit, notice, rights
from processors.packs.contents.rights_by_path import strictness
from processors.packs.contents.subject import SourceRecord
from processors.packs.embedded.file_credits import SOURCE_TYPES, FileCredits
from processors.packs.recipe.pack_recipe import PackRecipe


def clip_credits(shown: Sequence[SourceRecord], sounds: Sequence[SourceRecord], recipe: PackRecipe) -> FileCredits:
    """Return the statements to embed in a clip of the pictures of some sources, with sound of others under them."""
    sources = [*shown, *(one for one in sounds if one not in shown)]
    binding = strictest_first(sources, recipe)
    of_rights = by_statement(rights, binding)
    of_notice = by_statement(lambda one: notice(one, recipe), binding)
    names = Text({code: f"{', '.join(dict.fromkeys(_title(one, code) for one in sources))}." for code in LANGUAGES})
    return FileCredits(
        title=recipe.title.within(recipe.languages),
        caption=phrase("described", kind=phrase("highlight"), caption=names).within(recipe.languages),
        alternative=Text(),
        creator=recipe.publisher,
        credit=each_once(known_credit(one) for one in sources) or None,
        source=each_once(one.agency for one in sources) or None,
        rights="; ".join(with_names_of_some(of_rights, sources)),
        rights_address=None,
        usage_terms="; ".join(with_names(by_statement(lambda one: one.usage_terms, binding))) or None,
        instructions="; ".join(with_names(by_statement(lambda one: one.instructions, binding))) or None,
        keywords=tuple(dict.fromkeys(word for one in sources for word in one.keywords)),
        notice=_on_one_line([*texts_with_names(of_notice), *overlay_notes(shown)]).within(recipe.languages),
        languages=recipe.languages,
        date=None,
        digital_source_type=SOURCE_TYPES + "algorithmicMedia" if all(one.synthetic for one in sources) else None,
        published_at=None,
        source_sha256=None,
    )


def credit_lines(sources: Iterable[SourceRecord]) -> list[str]:
    """Return each different credit once, in the order given."""
    return list(dict.fromkeys(credit(one) for one in sources))


def strictest_first(sources: Iterable[SourceRecord], recipe: PackRecipe) -> list[SourceRecord]:
    """Return the sources, those that allow the least first; those that an override clears come after the uncleared."""
    return sorted(
        sources, key=lambda one: (not is_cleared(one, recipe), strictness(one.redistribute, one.rights)), reverse=True
    )


def overlay_notes(shown: Iterable[SourceRecord]) -> list[Text]:
    """Return each different note on signs burnt into what a clip shows, with the files that it is about."""
    return texts_with_names(by_statement(burnt_in, shown))


def notices(sources: Iterable[SourceRecord], recipe: PackRecipe) -> list[Text]:
    """Return what is to be read before use, and who decided to pass sources on and why; each once."""
    return list(dict.fromkeys(filter(None, (notice(one, recipe) for one in sources))))


def _on_one_line(texts: Sequence[Text]) -> Text:
    return Text({code: "; ".join(one[code] for one in texts if code in one) for code in LANGUAGES})


def _title(subject: SourceRecord, code: str) -> str:
    return (subject.title or subject.event_title).best(code) or subject.name


def each_once(values: Iterable[str | None]) -> str:
    """Return the known values on one line, each once."""
    return "; ".join(dict.fromkeys(filter(None, values)))
