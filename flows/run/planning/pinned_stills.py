"""Check that each still pinned by a `release.toml` is a moment of its video."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from processors.decoding.open_media import open_container
from processors.errors import MediaError
from processors.identify import identify
from processors.metadata.release.release_file import Release
from processors.sources.source_file import SourceFile
from processors.video.reading.video_reader import VideoReader


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
