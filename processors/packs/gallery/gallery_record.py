"""JSON records of a subject and its files for the page: a light one for the list, the rest on opening."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from processors.errors import ResultCorrupt
from processors.formats import BY_NAME
from processors.json_records import Json
from processors.languages.sentences import translated
from processors.languages.text import Text
from processors.metadata.properties import properties
from processors.packs.contents.overlays import burnt_in
from processors.packs.contents.reservations import terms_of
from processors.packs.contents.subject import ItemRecord, SourceRecord
from processors.packs.gallery.gallery_file import GalleryFile, PageCopy
from processors.packs.gallery.waveform_peaks import peaks
from processors.packs.presentation import faces, is_deep, presentation_of
from processors.packs.records.unused_streams_in_words import unused_streams_in_words
from processors.video.audit.not_detected import DISSOLVES
from processors.well_known_names import PHOTO_PREVIEW

DARK_LEVEL = 40
"""Level, of 255, below which a picture's bright end (`photo.quality`) looks black on a screen. In a release
with 16-bit photos that fill little of their range, those have 7 and all others 117 or more."""
VERDICTS = ("is_complete", "motion_may_be_measured", "is_stop_motion")


@dataclass(frozen=True, kw_only=True)
class Group:
    """Subject with all its files that are shown."""

    subject: SourceRecord
    shown: list[GalleryFile] = field(default_factory=list)

    def page_data(self, what: str) -> Iterator[tuple[int, ItemRecord]]:
        """Yield the items from which the page draws this data, each with its index among the shown files."""
        for place, shown in enumerate(self.shown):
            if shown.entry and shown.counts:
                named = presentation_of(shown.entry.manifest.ref.processor).page_data.get(what)
                if named and fnmatchcase(shown.entry.name, named):
                    yield place, shown.entry


def grouped(shown: Iterable[GalleryFile]) -> list[Group]:
    """Group files by subject, in the order of their first occurrence."""
    groups: dict[str, Group] = {}
    for one in shown:
        groups.setdefault(one.subject.digest, Group(subject=one.subject)).shown.append(one)
    return list(groups.values())


def list_record(group: Group, shots: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the list record of a subject: the values to filter by, and one line of text."""
    subject = group.subject
    at = subject.recorded
    face = _face(group)
    return {
        "digest": subject.digest,
        "name": subject.name,
        "medium": subject.medium,
        "title": subject.title.record(),
        "said": _said(subject),
        "release": subject.release,
        "mission": subject.mission,
        "event": subject.event,
        "event_title": subject.event_title.record(),
        "camera": subject.camera,
        "place": subject.place,
        "duration_seconds": subject.duration_seconds,
        "sols": _sols(subject),
        "earliest_utc": at.earliest_utc if at else None,
        "date": at.day if at else None,
        "date_is_of_event": at.is_of_event if at else False,
        "month": at.day[:7] if at else None,
        "audit": {name: audit.get(name) for name in VERDICTS} if (audit := _audit(group)) else None,
        "disagreement_count": len(subject.disagreements),
        "has_failures": any(failure.verdict == "failed" for failure in subject.failures),
        "redistribute": True if _passed_on(group) else subject.redistribute,
        "terms": terms_of(subject) or None,
        "overlays": overlays.record() if (overlays := burnt_in(subject)) else None,
        "synthetic": subject.synthetic,
        "shot_count": len(shots),
        "thumbnail": face and face.thumbnail_href,
        "thumbnail_box": face and face.thumbnail_box,
        "elsewhere": [{"release": one.release, "path": one.relative} for one in subject.elsewhere],
    }


def _said(subject: SourceRecord) -> list[str]:
    """Return what to search besides titles and names: captions, alternative texts, keywords, credits, and the date."""
    texts = [
        *subject.caption.values(),
        *subject.alternative.values(),
        *subject.keywords,
        subject.credit,
        subject.creator,
        subject.agency,
    ]
    texts += [subject.recorded.written, subject.recorded.day] if subject.recorded else []
    return list(dict.fromkeys(text for text in texts if text))


def _sols(subject: SourceRecord) -> list[int | None] | None:
    """Return first and last sol: of the date, or of a label without a date."""
    if subject.recorded and subject.recorded.first_sol is not None:
        return [subject.recorded.first_sol, subject.recorded.last_sol]
    evidence = subject.evidence or {}
    return [evidence["first_sol"], evidence["last_sol"]] if evidence.get("first_sol") is not None else None


def _face(group: Group) -> GalleryFile | None:
    """Return the file whose thumbnail stands for a subject; None if none has one."""
    pictures = [one for one in group.shown if one.thumbnail_href and one.counts]
    for processor in faces(is_dark=_is_dark(group)):
        found = [one for one in pictures if one.entry and one.entry.manifest.ref.processor == processor]
        best = [one for one in found if one.entry and _fact(one.entry.facts, "rank") == 1]
        if found:
            return (best or found[len(found) // 2 :])[0]
    return pictures[0] if pictures else None


def _audit(group: Group) -> dict[str, Any] | None:
    """Return the audit of a video, with the outcome of `video.motion`, or the decoder's report on a damaged photo."""
    subject = group.subject
    if subject.audit and subject.motion_refused_because:
        found = f"Motion was refused in every shot: {'; '.join(subject.motion_refused_because)}."
        words = " ".join(filter(None, (subject.audit.get("words"), found)))
        return {**subject.audit, "motion_may_be_measured": False, "words": translated(words).record()}
    if subject.audit:
        said = [subject.audit.get("words"), DISSOLVES if subject.audit.get("motion_may_be_measured") else None]
        return {**subject.audit, "words": translated(" ".join(filter(None, said))).record()}
    for one in group.shown:
        facts = one.entry.manifest.source_facts if one.entry and one.counts else None
        if _fact(facts, "condition") in ("damaged", "truncated"):
            return {"is_complete": False, "words": translated(f"{_fact(facts, 'damage_sentence')}.").record()}
    return None


def _is_dark(group: Group) -> bool:
    """Return whether it is too dark for a screen, or has more than 8 bits: it is shown enhanced."""
    levels = [_fact(entry.facts, "bright_level") for _, entry in group.page_data("levels")]
    entries = [one.entry for one in group.shown if one.entry and one.entry.manifest.ref.processor == PHOTO_PREVIEW]
    return is_deep(one.facts for one in entries) or any(level is not None and level < DARK_LEVEL for level in levels)


def _fact(facts: Json, name: str) -> Any:
    return facts.get(name) if isinstance(facts, dict) else None


def shot_records(group: Group) -> list[dict[str, Any]]:
    """Return the shots of a video, half open, in order; empty if no list of shots is shown.

    Raises
    ------
    ResultCorrupt : the stored list is invalid.
    """
    names = ("number", "start_seconds", "end_seconds", "starts_with")
    for _, entry in group.page_data("shots"):
        try:
            return [{name: shot[name] for name in names} for shot in json.loads(entry.path.read_bytes())["shots"]]
        except (ValueError, KeyError, TypeError) as error:
            raise ResultCorrupt(f"{entry.path}: not a list of shots; run `marsmedia verify`") from error
    return []


def detail_record(group: Group, shots: list[dict[str, Any]], tiles: dict[str, Any] | None) -> dict[str, Any]:
    """Return the detail record of a subject, read when the user opens it."""
    subject = group.subject
    results: list[dict[str, Any]] = []
    numbers: dict[Any, int] = {}
    for one in group.shown:
        if one.entry and one.entry.manifest.ref not in numbers:
            numbers[one.entry.manifest.ref] = len(results)
            results.append(_made(one.entry))
    return {
        **{
            name: getattr(subject, name)
            for name in (
                "creator",
                "agency",
                "credit",
                "rights",
                "usage_terms",
                "instructions",
                "published_at",
                "format",
                "size_bytes",
                "keywords",
            )
        },
        "caption": subject.caption.record(),
        "place": translated(subject.place).record() if subject.place else None,
        "properties": next(
            (_properties(entry, subject.shown_size_px) for _, entry in group.page_data("properties")), None
        ),
        "unused_streams": [said.record() for said in unused_streams_in_words(subject)],
        "recorded": asdict(subject.recorded) if subject.recorded else None,
        "event_written": ((subject.evidence or {}).get("event") or {}).get("written"),
        "disagreements": [translated(one).record() for one in subject.disagreements],
        "failures": [asdict(failure) for failure in subject.failures],
        "audit": _audit(group),
        "passed_on": passed_on.record() if (passed_on := _passed_on(group)) else None,
        "unnoticed": _unnoticed(group),
        "shots": shots,
        "subtitles": [_subtitles(entry) for _, entry in group.page_data("subtitles")],
        "results": results,
        "files": [_file(one, numbers) for one in group.shown],
        "waveform": next((_waveform(entry) for _, entry in group.page_data("waveform")), None),
        "tiles": tiles,
        "tiles_file": next((place for place, _ in group.page_data("tiles")), None),
        "is_dark": _is_dark(group),
    }


def _passed_on(group: Group) -> Text | None:
    """Return who allows a pack to redistribute this although its rights are not cleared; None without an override."""
    return next((one.passed_on for one in group.shown if one.passed_on), None)


def _unnoticed(group: Group) -> list[str | int] | None:
    """Return format and share of unnoticed changes (per cent) of a photo whose undamaged verdict proves little."""
    row = BY_NAME.get(group.subject.format)
    if row is None or not row.unnoticed_percent:
        return None
    reports = [one.entry.manifest.source_facts for one in group.shown if one.entry and one.counts]
    is_whole = any(_fact(report, "condition") == "complete" for report in reports)
    return [row.title, row.unnoticed_percent] if is_whole else None


def _properties(entry: ItemRecord, shown_size_px: tuple[int, int] | None) -> dict[str, Any]:
    """Return pixels, rates and codecs of the source.

    Raises
    ------
    ResultCorrupt : the stored metadata are invalid.
    """
    try:
        return asdict(properties(json.loads(entry.path.read_bytes()), shown_size_px))
    except (ValueError, KeyError, TypeError) as error:
        raise ResultCorrupt(f"{entry.path}: not the metadata of a source; run `marsmedia verify`") from error


def _subtitles(entry: ItemRecord) -> dict[str, Any]:
    """Return subtitles with their text: browsers let a page on a disk read no file of its own."""
    names = ("language", "title", "file_name", "is_for_hard_of_hearing", "zero_seconds")
    return {**{name: _fact(entry.facts, name) for name in names}, "text": entry.path.read_text(encoding="utf-8")}


def _waveform(entry: ItemRecord) -> dict[str, Any]:
    """Return the peaks without the channels' offsets, if the result states those."""
    return peaks(entry.path, _fact(entry.facts, "dc_offsets") or ())


def _made(entry: ItemRecord) -> dict[str, Any]:
    """Describe how a result was made, without machine or time, so that the page is the same everywhere."""
    manifest = entry.manifest
    return {
        "processor": manifest.ref.processor,
        "key": manifest.ref.key,
        "version": manifest.version,
        "parameters": manifest.parameters,
        "software": manifest.software,
    }


def _file(one: GalleryFile, numbers: dict[Any, int]) -> dict[str, Any]:
    entry, size_px = one.entry, one.size_px
    facts = {name: value for name, value in one.facts.items() if name != "audit"}
    if size_px and "width_px" in facts:
        facts |= {"width_px": size_px[0], "height_px": size_px[1]}
    there = one.copy or PageCopy(
        name=entry.name if entry else one.subject.name,
        size_bytes=entry.size_bytes if entry else one.subject.size_bytes,
        sha256=entry.sha256 if entry else one.subject.digest,
        width_px=None,
        height_px=None,
    )
    return {
        "href": one.href,
        "media_type": one.media_type,
        "thumbnail": one.thumbnail_href,
        "name": there.name,
        "saved_as": _saved_as(one, there.name),
        "size_bytes": there.size_bytes,
        "sha256": there.sha256,
        "width_px": size_px and size_px[0],
        "height_px": size_px and size_px[1],
        "counts": one.counts,
        "result": numbers[entry.manifest.ref] if entry else None,
        "unit": translated(str(unit)).record() if (unit := _fact(facts, "unit")) else None,
        "facts": facts,
    }


def _saved_as(one: GalleryFile, name: str) -> str:
    """Return the name under which a browser saves it: an item of the store is called alike for every source."""
    if one.entry is None or one.copy:
        return name
    return f"{one.subject.name.rpartition('.')[0] or one.subject.name}_{name.replace('/', '_')}"
