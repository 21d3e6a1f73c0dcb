"""Caption, credit, rights, source and date of one file, for its embedded metadata."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from processors.languages.language import LANGUAGES
from processors.languages.text import FALLBACK, Text
from processors.packs.contents.overlays import burnt_in
from processors.packs.contents.rights import known_credit, notice, rights_address
from processors.packs.contents.subject import ItemRecord
from processors.packs.presentation import presentation_of
from processors.packs.recipe.pack_recipe import PackRecipe
from processors.packs.records.captions import as_given, words

SOURCE_TYPES = "http://cv.iptc.org/newscodes/digitalsourcetype/"
DATE = re.compile(r"\d{4}(-\d\d(-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?)?)?")
"""Dates that XMP takes (ISO 16684-1, 8.2.1.3)."""
ENDS = ".!?:;…。！？：；"
CLOSING = "\"')]”’»）」』》"
"""Marks that may follow the end of a sentence."""
FIRST_CHINESE = "\u2e80"


@dataclass(frozen=True, kw_only=True)
class FileCredits:
    """Statements to embed in one file; None and empty texts are unknown and left out."""

    title: Text
    caption: Text
    """Caption by the agency, else the record's description of the file."""
    alternative: Text
    """Alternative text, for those who cannot see it."""
    creator: str | None
    """Creator as the file or its label names it, else the agency."""
    credit: str | None
    source: str | None
    """Agency that released it."""
    rights: str | None
    rights_address: str | None
    """Standard URI of these rights."""
    notice: Text
    """Notice to read before publishing, or who decided to redistribute it and why, and whether signs are burnt in."""
    date: str | None
    """Date of the recording in ISO 8601, as precise as it is known."""
    digital_source_type: str | None
    """IPTC NewsCode; None if the release states none: only the agency may claim a capture."""
    published_at: str | None
    source_sha256: str | None
    """SHA-256 of the source; None for a clip of several."""
    usage_terms: str | None = None
    """Terms of use, in the words of the release or the file."""
    instructions: str | None = None
    """Instructions to editors, in the words of the release or the file."""
    keywords: tuple[str, ...] = ()
    languages: tuple[str, ...] = LANGUAGES
    """Languages of the pack; what holds a text in a single one has the first of them."""

    def first(self, text: Text) -> str | None:
        """Return one of its texts in the first language of the pack that it has; None for an empty one."""
        return text.first(self.languages)

    @property
    def terms_of_use(self) -> Text:
        """Return the terms of use, and the notice."""
        return _with_notice([self.usage_terms], self.notice)

    @property
    def to_read(self) -> Text:
        """Return all that is to be read before publishing: instructions, terms of use, and the notice."""
        return _with_notice([self.instructions, self.usage_terms], self.notice)


def embedded_credits(entry: ItemRecord, recipe: PackRecipe) -> FileCredits:
    """Return the statements to embed in an item, in the pack's languages."""
    subject = entry.subject
    said = words(subject, entry)
    written = subject.recorded.iso if subject.recorded else ""

    if subject.synthetic:
        source_type = SOURCE_TYPES + "algorithmicMedia"
    else:
        kind = presentation_of(entry.manifest.ref.processor).digital_source_type
        source_type = SOURCE_TYPES + kind if kind else None
    return FileCredits(
        title=(subject.title or subject.event_title).within(recipe.languages),
        caption=as_given(said.description, subject).within(recipe.languages),
        alternative=as_given(said.alternative, subject).within(recipe.languages),
        creator=subject.creator or subject.agency,
        credit=known_credit(subject),
        source=subject.agency,
        rights=subject.rights,
        rights_address=rights_address(subject) if subject.rights else None,
        usage_terms=subject.usage_terms,
        instructions=subject.instructions,
        keywords=subject.keywords,
        notice=_notice(entry, recipe).within(recipe.languages),
        languages=recipe.languages,
        date=written if DATE.fullmatch(written) else None,
        digital_source_type=source_type,
        published_at=subject.published_at,
        source_sha256=subject.digest,
    )


def sentences(parts: Iterable[str]) -> str:
    """Return parts one after the other, with a full stop behind each that another follows and that has no end."""
    known = [stripped for one in parts if (stripped := one.strip())]
    return " ".join([*map(ended, known[:-1]), *known[-1:]])


def fitting(words: Iterable[str], most_bytes: int, *, overhead_bytes: int = 5) -> Iterator[str]:
    """Yield the first of some words that fit into a number of bytes, each with an overhead."""
    size = 0
    for word in words:
        size += len(word.encode(errors="replace")) + overhead_bytes
        if size > most_bytes:
            return
        yield word


def ended(part: str) -> str:
    """Return a part with a full stop, unless it has an end."""
    bare = part.rstrip(CLOSING) or part
    if bare[-1] in ENDS:
        return part
    return part + ("。" if bare[-1] >= FIRST_CHINESE else ".")


def _with_notice(stated: Sequence[str | None], notice: Text) -> Text:
    """Return what is stated, each once, in front of a notice in each language; neither is repeated in the other."""
    own = sentences(dict.fromkeys(filter(None, stated)))
    if not own:
        return notice
    if not notice:
        return Text({FALLBACK: own})
    return Text({code: own if told in own else sentences([own, told]) for code, told in notice.items()})


def _notice(entry: ItemRecord, recipe: PackRecipe) -> Text:
    """Return what to read before publishing an item; what is burnt into a video is in all pictures of it."""
    said = [notice(entry.subject, recipe)]
    if entry.manifest.ref.processor.startswith("video."):
        said.append(burnt_in(entry.subject))
    return Text({code: sentences(one[code] for one in said if code in one) for code in LANGUAGES})
