"""Checks of a release and its `release.toml`: missions of labels, labels without files, dates, times of stills."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

from processors.decoding.open_media import open_container
from processors.engine.label_pairing import IMAGE_LABELS
from processors.errors import MediaError
from processors.identify import identify
from processors.metadata.other_mission import settle_in_words, unsettled_mission
from processors.metadata.release.release_file import Release
from processors.metadata.release.release_template import media_below
from processors.metadata.tags.label import INSIDE, label_inside, label_tags
from processors.metadata.tags.photograph import read_photograph
from processors.metadata.tags.tag_records import Tag
from processors.metadata.times.late_dates import late_date
from processors.metadata.times.times import dates_of_release
from processors.planetary.labels import MAX_LABEL_BYTES
from processors.planetary.open_image import attached_format, files_named
from processors.sources.source_file import SourceFile
from processors.sources.unicode_forms import folded
from processors.store.findings.undelivered import undelivered_note
from processors.video.reading.video_reader import VideoReader

LABEL_SUFFIXES = (".lbl", ".xml")


def other_missions(folder: Path, described: Release) -> Iterator[str]:
    """Yield a sentence for each such file; unreadable labels are reported by a run.

    A [[file]] with a mistake is left out: nothing that it says is known, and the mistake is told.
    """
    for path in media_below(folder):
        if path in described.lines and path not in described.files:
            continue
        mission, entry = str(described.head.get("mission", "")), described.files.get(path, {})
        if not mission or "mission" in entry:
            continue
        if other := unsettled_mission(described.head, entry, _labels(folder / path)):
            yield f"{path}: {settle_in_words(mission, other)}"


def _labels(file: Path) -> dict[str, tuple[Tag, ...]]:
    """Return the tags of each label next to a file, and as `inside` those of the label at its beginning, if any."""
    found: dict[str, tuple[Tag, ...]] = {}
    stems = (folded(file.name), folded(file.stem))
    beside = [
        one for one in file.parent.iterdir() if one.suffix.lower() in LABEL_SUFFIXES and folded(one.stem) in stems
    ]
    try:
        for label in sorted(beside):
            with label.open("rb") as opened:
                found[label.name] = label_tags(opened.read(MAX_LABEL_BYTES + 1))
        with file.open("rb") as opened:
            if attached_format(opened, file.name):
                size_bytes = file.stat().st_size
                tags = read_photograph(opened, sha256="", size_bytes=size_bytes, medium="photo").tags
                found[INSIDE] = label_inside(tags)
    except (OSError, MediaError):
        pass
    return found


def undelivered(folder: Path, there: Collection[str]) -> Iterator[str]:
    """Yield a sentence for each label none of whose files is in the release; unreadable ones are reported by a run.

    Parameters
    ----------
    there : paths of the files in the release.
    """
    names = {folded(path.rpartition("/")[2]) for path in there}
    for path in sorted(there):
        if not path.lower().endswith((*LABEL_SUFFIXES, "l")):  # CNSA's have the name of their file and an L
            continue
        try:
            with (folder / path).open("rb") as opened:
                if identify(opened, path.rpartition("/")[2]).format not in IMAGE_LABELS:
                    continue
                opened.seek(0)
                named = files_named(opened.read(MAX_LABEL_BYTES + 1))
        except (OSError, MediaError):
            continue
        if named and names.isdisjoint(map(folded, named)):
            yield f"{path}: {undelivered_note(named)}"


def late_dates(described: Release) -> Iterator[str]:
    """Yield a sentence for each date of a recording that cannot be true, and for a release of the future."""
    now = datetime.now(UTC)
    for path, entry in described.files.items():
        dates = [date for date, _ in dates_of_release(described.head, entry, [])]
        recorded = (date for date in dates if date.meaning == "recorded")
        yield from (f"{path}: {late}" for date in recorded if (late := late_date(date, dates, now)))
    for date, when in dates_of_release(described.head, {}, []):
        if when.earliest_utc > now:
            said = f"published {date.written} ({date.source})"
            yield f"{said}, which is in the future: correct the date unless it is planned"


def dates_without_zone(described: Release) -> Iterator[str]:
    """Yield a sentence for each date of a recording to the minute or finer whose moment is unknown."""
    for path, entry in described.files.items():
        for date, when in dates_of_release({}, entry, []):
            if when.precision in ("minute", "second", "subsecond") and not when.zone_known:
                yield (
                    f"{path}: the time zone of {date.written} is unknown, so that UTC and time on Mars are; write "
                    'Z or its offset behind the time, or give date_zone = "UTC" or "Beijing"'
                )


def misplaced_stills(folder: Path, described: Release) -> list[tuple[int, str]]:
    """Return the line and a description of each `still_seconds` at which its file shows no picture.

    Files that are missing or cannot be opened are reported elsewhere, and so are videos whose length is known only
    after decoding.
    """
    found = []
    for path, entry in described.files.items():
        seconds, line = entry.get("still_seconds"), described.lines[path]
        if not isinstance(seconds, int | float) or not (folder / path).is_file():
            continue
        try:
            wrong = _wrong(folder / path, seconds)
        except MediaError:
            continue
        if wrong:
            found.append((line, f"release.toml, line {line}: still_seconds of {path!r}: {wrong}"))
    return found


def _wrong(path: Path, seconds: float) -> str | None:
    """Return the problem with the time of a still; None if the video shows a picture then, or if that is unknown."""
    file = SourceFile.at(path)
    with file.open() as opened:
        if identify(opened, path.name).medium != "video":
            return "it is not a video; remove the key"
    with (
        file.open() as first,
        file.open() as second,
        open_container(first) as container,
        open_container(second) as other,
    ):
        info = VideoReader(container, other).info
    start, end = info.start, info.end
    if start is None or end is None or start <= Fraction(str(seconds)) < end:
        return None
    return f"{seconds} s is not in the video, which is from {float(start):.3f} to {float(end):.3f} s; correct the time"
