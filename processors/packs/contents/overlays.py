"""The audit's findings on logos and captions burnt into a video, for those who want to publish it."""

from __future__ import annotations

import re

from processors.languages.language import phrase
from processors.languages.sentences import translated
from processors.languages.text import Text
from processors.packs.contents.subject import SourceRecord

SENTENCES = {
    "burnt_in": r"Burnt in throughout: [^.]*\.",
    "overlays_unknown": r"Burnt-in overlays could not .*?\.(?= |$)",
}
"""The audit's sentence behind each phrase."""


def burnt_in(subject: SourceRecord) -> Text:
    """Return the note on signs burnt into a video, also if they could not be looked for; empty for none."""
    if subject.medium == "video" and subject.audit is None:
        return phrase("overlays_not_looked_for")
    words = str((subject.audit or {}).get("words") or "")
    for name, sentence in SENTENCES.items():
        if found := re.search(sentence, words):
            return phrase(name, found=translated(found[0]))
    return Text()
