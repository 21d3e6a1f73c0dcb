"""Places of files in a pack: by source and processor, or by kind under readable names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from processors.packs.contents.names import NAME_BYTES, UniqueNames
from processors.packs.contents.subject import ItemRecord, SourceRecord
from processors.packs.presentation import presentation_of
from processors.packs.recipe.audience import Layout

MEDIA, RELEASES = "media", "releases"
DOCUMENTS, TECHNICAL = "documents", "technical"
FOLDERS = {"image": "photos", "video": "videos", "audio": "sound"}
"""Folder of each kind of media type; files of other kinds are technical."""
TITLE_CHARACTERS = 48
LONGEST_REST_BYTES = 24
"""Room for what follows the title in most names: `_contact-sheet_1648.jpg`."""
LEAST_WORDS_BYTES = 12
"""Minimum bytes of a file's own name that are meaningful."""
LEAST_BASE_BYTES = 24
"""Room for date and title, however long the words are that distinguish a source from others."""


@dataclass(frozen=True)
class BySource:
    """`media/SOURCE/PROCESSOR/ITEM`, under the names that the store knows."""

    names: UniqueNames

    def original(self, subject: SourceRecord) -> str:
        """Return the path of a source as it was released, relative to `data/`, as are all that follow."""
        return self.companion(subject, subject.name, subject.digest)

    def companion(self, subject: SourceRecord, name: str, digest: str) -> str:
        """Return the path of a label or sidecar of this name next to a source."""
        folder = self._folder(subject, "original")
        return f"{folder}/{self.names.name(folder, name, f'{name} {digest}')}"

    def release_file(self, relative: str, digest: str) -> str:
        """Return the path of a file that belongs to a release but to no single source, given its path below `raw`."""
        place, above = RELEASES, ""
        *folders, name = relative.split("/")
        for part in folders:
            above = f"{above}/{part}"
            place = f"{place}/{self.names.name(place, part, above)}"
        return f"{place}/{self.names.name(place, name, f'{above}/{name} {digest}')}"

    def item(self, entry: ItemRecord, name: str, longest_side_px: int | None) -> str:
        """Return the path of an item to be called `name`; for a picture, also its size if known."""
        folder = self._folder(entry.subject, entry.manifest.ref.processor, entry.manifest.ref.key)
        return f"{folder}/{self.names.name(folder, name, f'{entry.name} as {name}')}"

    def document(self, name: str) -> str:
        """Return the path of a text for people, such as the credits."""
        return name

    def record(self, name: str) -> str:
        """Return the path of a record for machines."""
        return name

    def made(self, folder: str, name: str) -> str:
        """Return the path of a file that the pack itself makes for people."""
        return name

    def _folder(self, subject: SourceRecord, kind: str, key: str = "") -> str:
        folder = f"{MEDIA}/{self.names.name(MEDIA, subject.name, subject.digest)}"
        return f"{folder}/{self.names.name(folder, kind, kind + key)}"


@dataclass(frozen=True, kw_only=True)
class Apart:
    """Words that distinguish a source from others of the same date and title."""

    words: str
    longest_bytes: int
    """Length of the longest such words among these sources, with `_`: their common title is cut alike."""


@dataclass(frozen=True)
class ByKind:
    """`photos/2021-05-15_touchdown_01_1024.jpg`: date, title, kind, number and longest side."""

    names: UniqueNames
    apart: Mapping[str, Apart] = field(default_factory=dict)
    """Words that distinguish sources of the same date and title, by digest."""

    def original(self, subject: SourceRecord) -> str:
        folder = {"photo": "photos", "video": "videos", "audio": "sound"}[subject.medium]
        suffix = subject.name.rpartition(".")[2].lower()
        return self._named(folder, [*self._start(subject), "original"], f".{suffix}", subject.digest)

    def companion(self, subject: SourceRecord, name: str, digest: str) -> str:
        return f"{TECHNICAL}/{self.names.name(TECHNICAL, name, f'{name} {digest}')}"

    def release_file(self, relative: str, digest: str) -> str:
        return f"{TECHNICAL}/{self.names.name(TECHNICAL, relative.rpartition('/')[2], f'{relative} {digest}')}"

    def item(self, entry: ItemRecord, name: str, longest_side_px: int | None) -> str:
        how = presentation_of(entry.manifest.ref.processor)
        kind = entry.media_type.partition("/")[0]
        folder = (how.folder or FOLDERS[kind]) if kind in FOLDERS else how.text_folder or TECHNICAL
        parts = [
            *self._start(entry.subject),
            _kind(entry),
            _language(entry),
            _number(entry),
            str(longest_side_px or ""),
        ]
        return self._named(
            folder, parts, f".{name.rpartition('.')[2]}", f"{entry.manifest.ref.key} {entry.name} {name}"
        )

    def document(self, name: str) -> str:
        return f"{DOCUMENTS}/{name}"

    def record(self, name: str) -> str:
        return f"{TECHNICAL}/{name}"

    def made(self, folder: str, name: str) -> str:
        return f"{folder}/{name}"

    def _start(self, subject: SourceRecord) -> list[str]:
        """Return date and title, and the words that distinguish the source from others; all its files start alike."""
        base, found = _base(subject), self.apart.get(subject.digest)
        if not found:
            return [base]
        cut = _cut(base, max(LEAST_BASE_BYTES, NAME_BYTES - LONGEST_REST_BYTES - found.longest_bytes))
        return [base if cut == base else _cut_at_word(base, len(cut.encode())), found.words]

    def _named(self, folder: str, parts: list[str], suffix: str, thing: str) -> str:
        rest = "".join(f"_{part}" for part in parts[1:] if part) + suffix
        return f"{folder}/{self.names.name(folder, _cut(parts[0], NAME_BYTES - len(rest.encode())) + rest, thing)}"


Places = BySource | ByKind
"""Layout of a pack: it gives each file its path."""


def places_of(layout: Layout, names: UniqueNames, subjects: Iterable[SourceRecord] = ()) -> Places:
    return ByKind(names, apart(subjects)) if layout == "kind" else BySource(names)


def _cut(text: str, room_bytes: int) -> str:
    """Return the text, cut to the available room: a long title is cut, not the words that distinguish files."""
    return text.encode()[:room_bytes].decode(errors="ignore").rstrip("-_ ")


def _cut_at_word(text: str, room_bytes: int) -> str:
    cut = _cut(text, room_bytes)
    return cut.rpartition("-")[0] or cut


def _base(subject: SourceRecord) -> str:
    """Return date and title of a source, `2021-05-15_parachute-descent-and-touchdown`; its name without a title."""
    title = slug(subject.title.best() or subject.name.rpartition(".")[0] or subject.name)
    return "_".join(filter(None, [subject.recorded.day if subject.recorded else "", title]))


def apart(subjects: Iterable[SourceRecord]) -> dict[str, Apart]:
    """Return words that distinguish sources of the same date, title and medium, by digest; others have none.

    They are the file's name, else its suffix, else its folder; numbers, in the order of these, where the title would
    have to be cut for them. If none of these distinguishes all of them, files get a hash.
    """
    alike: dict[tuple[str, str], list[SourceRecord]] = {}
    for one in subjects:
        alike.setdefault((one.medium, _base(one).casefold()), []).append(one)
    found: dict[str, Apart] = {}
    for group in alike.values():
        for words_of in (_stem_words, _suffix_words, _folder_words) if len(group) > 1 else ():
            words = [words_of(one) for one in group]
            if all(words) and len(set(words)) == len(words):
                words = _fitting(words, _base(group[0]))
                longest = max(len(f"_{word}".encode()) for word in words)
                found |= {
                    one.digest: Apart(words=word, longest_bytes=longest) for one, word in zip(group, words, strict=True)
                }
                break
    return found


def _fitting(words: list[str], base: str) -> list[str]:
    """Return the words as they fit behind the whole title: cut if they still distinguish the files, else numbers."""
    room = NAME_BYTES - LONGEST_REST_BYTES - len(f"{base}_".encode())
    if all(len(word.encode()) <= room for word in words):
        return words
    cut = [word if len(word.encode()) <= room else _cut_at_word(word, max(room, 0)) for word in words]
    if room >= LEAST_WORDS_BYTES and len(set(cut)) == len(cut):
        return cut
    places = sorted(words)
    return [f"{places.index(word) + 1:0{len(str(len(words)))}}" for word in words]


def _stem_words(subject: SourceRecord) -> str:
    return slug(subject.name.rpartition(".")[0] or subject.name)


def _suffix_words(subject: SourceRecord) -> str:
    return slug(subject.name.rpartition(".")[2])


def _folder_words(subject: SourceRecord) -> str:
    return slug(subject.relative.rpartition("/")[0])


def slug(text: str) -> str:
    """Return letters and digits of any script in lower case, words joined with `-`, cut at a word."""
    whole = "-".join(re.findall(r"[^\W_]+", re.sub(r"['’]", "", text.lower())))
    return (
        whole
        if len(whole) <= TITLE_CHARACTERS
        else whole[: TITLE_CHARACTERS + 1].rpartition("-")[0] or whole[:TITLE_CHARACTERS]
    )


def _kind(entry: ItemRecord) -> str:
    """Return the word for a processor's results; empty for those that need none, such as a photo or a still."""
    processor = entry.manifest.ref.processor
    how = presentation_of(processor)
    if how.file_word is not None:
        return how.file_word
    if entry.media_type.partition("/")[0] == "audio" or how.take == {}:
        return slug(entry.name.rpartition(".")[0])
    return slug(processor.rpartition(".")[2])


def _language(entry: ItemRecord) -> str:
    """Return the language of subtitles; empty for other items, and where it is not stated."""
    language = entry.facts.get("language") if isinstance(entry.facts, dict) else None
    return slug(language) if isinstance(language, str) else ""


def _number(entry: ItemRecord) -> str:
    """Return the number of a picture among those of its result, in order of names; empty for a single one."""
    if presentation_of(entry.manifest.ref.processor).is_in_sizes or not entry.media_type.startswith("image/"):
        return ""
    pictures = sorted({item.name for item in entry.manifest.items if item.media_type == entry.media_type})
    if len(pictures) < 2:
        return ""
    return f"{pictures.index(entry.name) + 1:0{max(2, len(str(len(pictures))))}}"
