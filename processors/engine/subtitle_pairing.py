"""Pairing of subtitle files with the videos whose names they have."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from processors.containers.text.subtitle_names import described_names, is_subtitle_file
from processors.store.catalogue.source_row import SourceRow


@dataclass(frozen=True, kw_only=True)
class SubtitlePairing:
    """Subtitle files with their videos, and those that may belong to several."""

    of_video: dict[str, tuple[SourceRow, ...]]
    """Subtitle files by the path of their video, in order of names."""
    strays: tuple[tuple[SourceRow, str], ...]
    """Subtitle files that two videos could claim, and how to fix it."""


def paired_with_videos(rows: Iterable[SourceRow]) -> SubtitlePairing:
    """Find the video of each subtitle file: the one in its folder that has its name.

    `descent.srt` and `descent.zh.srt` belong to `descent.mp4`, and `descent.mp4.srt` does where `descent.mov` exists as
    well. A subtitle file without a video is any other text of its release.
    """
    rows = list(rows)
    files = [row for row in rows if row.kind == "companion" and is_subtitle_file(row.name)]
    videos: dict[tuple[str, str], list[SourceRow]] = {}
    for row in rows if files else ():
        if row.medium == "video":
            for name in {row.name.casefold(), row.name.rpartition(".")[0].casefold()}:
                videos.setdefault((_folder(row), name), []).append(row)
    found: dict[str, list[SourceRow]] = {}
    strays: list[tuple[SourceRow, str]] = []
    for file in sorted(files, key=lambda row: row.name):
        named = (videos.get((_folder(file), name.casefold())) for name in described_names(file.name))
        meant = next(filter(None, named), [])
        if len(meant) == 1:
            found.setdefault(meant[0].path, []).append(file)
        elif meant:
            names = sorted(row.name for row in meant)
            suffix = file.name.rpartition(".")[2]
            others = " or ".join(f"{name}.{suffix}" for name in names)
            strays.append((file, f"may belong to {' or '.join(names)}: rename it to {others}"))
    return SubtitlePairing(of_video={path: tuple(some) for path, some in found.items()}, strays=tuple(strays))


def _folder(row: SourceRow) -> str:
    return row.path.rpartition("/")[0]
