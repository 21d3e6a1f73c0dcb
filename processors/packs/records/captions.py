"""Texts of an item in each language: label, caption, and alternative text for those who cannot see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from processors.languages.language import joined, label, phrase
from processors.languages.text import FALLBACK, Text
from processors.mission.sol_words import sol_words
from processors.packs.contents.subject import ItemRecord, SourceRecord
from processors.packs.presentation import DEFAULT, presentation_of

LONGEST_ACRONYM = 3
"""Letters of a word in capitals that stays so among others."""
RENDITIONS = ("original", "restored", "audible")


@dataclass(frozen=True, kw_only=True)
class Words:
    label: Text
    """Kind of item and its subject, in every language."""
    caption: Text
    """Caption by the agency; empty without one."""
    description: Text
    """Caption for print: the agency's in the languages in which it has one, else title and facts.

    Only that of a plot or sheet begins with its kind.
    """
    alternative: Text
    """Text for those who cannot see or hear it: as stated, else from the caption, else generated and marked so.

    That of a plot is always generated: the others tell what its source shows. That of a still which nobody has chosen
    says that it is the one of the whole video.
    """


def words(subject: SourceRecord, entry: ItemRecord | None) -> Words:
    """Return label, caption, description and alternative text of an item, or of the original."""
    kind, facts = _kind(subject, entry), _facts(subject)
    named = phrase("label", kind=kind, title=subject.title or subject.name)
    how = presentation_of(entry.manifest.ref.processor) if entry else DEFAULT
    captioned, stated = _after(kind, subject.caption), subject.alternative
    if how.is_plot_or_sheet:
        description = Text({**phrase("stated", label=named, facts=facts), **captioned})
        stated = _after(kind, stated)
    else:
        description = subject.caption or _for_print(subject, facts)
        if entry and time_of(entry) is not None and not entry.is_pinned:
            stated = _after(kind, stated, "of_video")
    if how.is_plot:
        alternative = phrase("built", label=named, facts=facts)
    else:
        generated = phrase("stated" if stated else "built", label=named, facts=facts)
        alternative = Text({**generated, **captioned, **stated})
    return Words(label=named, caption=subject.caption, description=description, alternative=alternative)


def as_given(text: Text, subject: SourceRecord) -> Text:
    """Return a text of an item, without languages that have no title, caption or alternative text."""
    title = subject.title or subject.event_title
    given = {FALLBACK, *title, *subject.caption, *subject.alternative}
    return Text({code: said for code, said in text.items() if code in given}) if title else text


def _after(kind: Text, text: Text, how: str = "described") -> Text:
    """Return a text preceded by the kind of the item, in the languages in which the text exists."""
    said = phrase(how, kind=kind, caption=text)
    return Text({code: said[code] for code in text if code in said})


def _for_print(subject: SourceRecord, facts: Text) -> Text:
    """Return title, or that of the event, and facts; a file name is no caption."""
    title = subject.title or subject.event_title
    said = phrase("stated", label=title, facts=facts) if title else facts
    return Text({code: text.strip() for code, text in said.items()})


def _kind(subject: SourceRecord, entry: ItemRecord | None) -> Text:
    if entry is None:
        return phrase(f"original_{subject.medium}")
    kind = label(entry.manifest.ref.processor)
    rendition = entry.facts.get("rendition") if isinstance(entry.facts, dict) else None
    if rendition in RENDITIONS:
        kind = phrase("kind_named", kind=kind, which=phrase(f"rendition_{rendition}"))
    time_seconds = time_of(entry)
    return kind if time_seconds is None else phrase("kind_at_time", kind=kind, seconds=f"{time_seconds:.3f}")


def time_of(entry: ItemRecord | None) -> float | None:
    """Return the presentation time of a picture, in seconds; None if it has none."""
    facts: Any = entry.facts if entry and isinstance(entry.facts, dict) else {}
    identity: Any = facts.get("identity")
    found = facts.get("time_seconds", identity.get("time_seconds") if isinstance(identity, dict) else None)
    return float(found) if isinstance(found, int | float) else None


def _facts(subject: SourceRecord) -> Text:
    said: list[Text] = []
    if camera := camera_in_words(subject):
        said.append(phrase("recorded_by", camera=camera))
    if recorded := subject.recorded:
        first, last = recorded.first_sol, recorded.last_sol
        sols = Text() if first is None or last is None else sol_words(subject.mission, first, last)
        written = phrase("with_sol", written=recorded.in_words, sol=sols) if sols else recorded.in_words
        said.append(phrase("recorded_on" if recorded.is_to_the_day else "recorded_in", written=written))
    if subject.synthetic:
        said.append(phrase("synthetic"))
    return joined(said)


def camera_in_words(subject: SourceRecord) -> str | None:
    """Return the camera as release or file write it, but `Navigation Camera Left` for the capitals of a label.

    There one word may be an acronym; capitals in the tags of a file are its maker's own spelling, `SONY ILCE-7M3`.
    """
    camera = subject.camera
    is_of_label = (subject.camera_source or "").startswith("label ")
    if not camera or not is_of_label or camera != camera.upper() or len(words := camera.split()) < 2:
        return camera
    return " ".join(word if len(word) <= LONGEST_ACRONYM else word.title() for word in words)
