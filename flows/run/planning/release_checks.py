"""Checks of a release and its `release.toml`: missions of labels, labels without files, dates, times of stills."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

from processors.decoding.open_media import open_container
from processors.engine.labels_of_files import LABELS, LabelsOfFiles
from processors.errors import MediaError
from processors.identify import Identity, identify
from processors.metadata.other_mission import settle_in_words, unsettled_mission
from processors.metadata.release.release_file import Release
from processors.metadata.release.release_template import media_below
from processors.metadata.tags.label import INSIDE, label_inside, label_tags
from processors.metadata.tags.photograph import read_photograph
from processors.metadata.tags.tag_records import Tag
from processors.metadata.times.late_dates import late_date
from processors.metadata.times.times import dates_of_release
from processors.planetary.labels import MAX_LABEL_BYTES, is_named_as_label
from processors.planetary.open_image import attached_format
from processors.sources.scan import FoundFile, survey
from processors.sources.source_file import SourceFile
from processors.sources.unicode_forms import folded
from processors.store.catalogue.source_row import SourceRow
from processors.store.findings.undelivered import undelivered_note
from processors.video.reading.video_reader import VideoReader


def other_missions(folder: Path, described: Release) -> Iterator[str]:
    """Yield a sentence for each such file; unreadable labels are reported by a run.

    A [[file]] with a mistake is left out: nothing that it says is known, and the mistake is told.
    """
    if not (mission := str(described.head.get("mission", ""))):
        return
    rows = {row.relative: row for row in _rows(folder)}
    labels = LabelsOfFiles(rows.values())
    for path in media_below(folder):
        if path in described.lines and path not in described.files:
            continue
        entry = described.files.get(path, {})
        if "mission" in entry:
            continue
        of_file = [folder / label.relative for label in labels.of(rows[path])]
        if other := unsettled_mission(described.head, entry, _tags(folder / path, of_file)):
            yield f"{path}: {settle_in_words(mission, other)}"


def _rows(folder: Path) -> Iterator[SourceRow]:
    """Yield a row for each file below a folder: of labels what they are and name, of others only where they are."""
    for file in survey(folder):
        if isinstance(file, FoundFile):
            identity = Identity(kind="media", format="")
            if is_named_as_label(file.name):
                with suppress(OSError, MediaError), (folder / file.relative).open("rb") as opened:
                    found = identify(opened, file.name)
                    identity = found if found.format in LABELS else identity
            yield SourceRow.of(file, "", identity, "")


def _tags(file: Path, labels: Iterable[Path]) -> dict[str, tuple[Tag, ...]]:
    """Return the tags of each of these labels of a file, and as `inside` those of one at its beginning, if any."""
    found: dict[str, tuple[Tag, ...]] = {}
    try:
        for label in labels:
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


def undelivered(folder: Path) -> Iterator[str]:
    """Yield a sentence for each label none of whose files is in the release; unreadable ones are reported by a run."""
    rows = list(_rows(folder))
    names = {folded(row.name) for row in rows}
    for row in sorted(rows, key=lambda one: one.relative):
        if row.files_named and names.isdisjoint(map(folded, row.files_named)):
            yield f"{row.relative}: {undelivered_note(row.files_named)}"


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
