"""Files of a release whose labels name a different mission than `release.toml`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from processors.errors import MediaError
from processors.metadata.label_statements import mission_words
from processors.metadata.release.release_file import Release
from processors.metadata.release.release_template import media_below
from processors.metadata.tags.label import label_tags
from processors.metadata.tags.photograph import read_photograph
from processors.metadata.tags.tag_records import Tag
from processors.mission.profile import profile_called
from processors.mission.release_statements import mission_of_file
from processors.planetary.labels import MAX_LABEL_BYTES
from processors.planetary.open_image import attached_format

SUFFIXES = (".lbl", ".xml")


def other_missions(folder: Path, described: Release) -> Iterator[str]:
    """Yield a sentence for each such file; unreadable labels are reported by a run."""
    for path in media_below(folder):
        mission = mission_of_file(described.head, described.files.get(path, {}))
        words = [word for word, _ in mission_words(_tags(folder / path))] if mission else []
        named = [profile.name if (profile := profile_called(word)) else "" for word in words]
        if words and mission not in named:
            other = next(filter(None, named), "")
            yield (
                f"{path}: {mission} by release.toml, but its label names {', '.join(dict.fromkeys(words))}: give its "
                f'[[file]] mission = "{other}"{"" if other else ", for a mission without a profile"}'
            )


def _tags(file: Path) -> tuple[Tag, ...]:
    """Return the tags of the first label next to a file, else of the label at its beginning."""
    stems = (file.name.casefold(), file.stem.casefold())
    beside = [one for one in file.parent.iterdir() if one.suffix.lower() in SUFFIXES and one.stem.casefold() in stems]
    try:
        if beside:
            with min(beside).open("rb") as opened:
                return label_tags(opened.read(MAX_LABEL_BYTES + 1))
        with file.open("rb") as opened:
            if attached_format(opened, file.name):
                size_bytes = file.stat().st_size
                return read_photograph(opened, sha256="", size_bytes=size_bytes, medium="photo").tags
    except (OSError, MediaError):
        pass
    return ()
