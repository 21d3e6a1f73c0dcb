"""What the store knows of packed files but a store made from the bag would not, as its files do not state it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from processors.packs.contents.release_files import releases_of
from processors.packs.contents.selected_sources import SelectedSource
from processors.packs.contents.sightings import Sightings
from processors.packs.contents.subject import SourceRecord
from processors.sources.scan import printable


def lost_when_restored(chosen: Sequence[SelectedSource], sightings: Sightings) -> tuple[str, ...]:
    """Return a line for each entry that names an earlier path of an original, and each prohibition that is only stated
    outside the releases of the pack, or no longer, if nothing in them forbids it.
    """
    releases = releases_of(chosen)
    found = list[str]()
    for one in chosen:
        rows = [row for row in sightings.present(one.subject.digest) if row.release in releases]
        entries = {row.relative: row.entry_path for row in sorted(rows, key=lambda row: row.relative)}
        found += _of_entries(entries)
        found += _of_prohibitions(one.subject, entries)
    return tuple(map(printable, dict.fromkeys(found)))


def _of_entries(entries: Mapping[str, str | None]) -> Iterator[str]:
    for relative, earlier in entries.items():
        if earlier:
            todo = "correct the path there, run `marsmedia ingest`, and build the pack again"
            yield f"{relative}: all that its entry in release.toml states, which names it {earlier!r}: {todo}"


def _of_prohibitions(subject: SourceRecord, entries: Mapping[str, str | None]) -> Iterator[str]:
    """Yield the prohibitions that the bag does not state, if it states none.

    Parameters
    ----------
    entries : earlier path by which an entry names the source, or None, by each of its paths in the bag's releases.
    """
    forbidding = [voice for voice in subject.voices if voice.redistribute is False]
    lost = [voice for voice in forbidding if voice.past or voice.place not in entries]
    if any(voice not in lost and not entries[voice.place] for voice in forbidding):
        return
    earlier = [path for path in entries.values() if path]
    for voice in lost:
        if not (voice.is_gone and any(voice.place.endswith(f"/{path}") for path in earlier)):
            yield f"{voice.place}: {voice.why_not}"
