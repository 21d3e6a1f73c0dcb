"""Subtitles by their names: codecs that hold text, files next to a video, and the language in a file's name."""

from __future__ import annotations

import re

from processors.sources.unicode_forms import folded

TEXT_CODECS = frozenset({"mov_text", "srt", "subrip", "ass", "ssa", "webvtt", "text"})
"""Names of FFmpeg's decoders of subtitles whose text is taken."""
SIDECAR_FORMATS = {".srt": "srt", ".vtt": "webvtt"}
"""FFmpeg's readers of the subtitle files that are taken, by suffix."""
_LANGUAGE = re.compile(r"[a-z]{2,3}([-_][a-z0-9]{2,8}){0,2}", re.IGNORECASE)


def is_subtitle_file(name: str) -> bool:
    """Return whether a file's name is that of subtitles."""
    return name.lower().endswith(tuple(SIDECAR_FORMATS))


def described_names(name: str) -> tuple[str, ...]:
    """Return how the video of a subtitle file may be called, with or without its suffix, the likeliest first.

    `descent.srt` and `descent.zh-Hans.srt` belong to `descent.mp4`, and so does `descent.mp4.srt`.
    """
    base = name.rpartition(".")[0]
    before, _, last = base.rpartition(".")
    return (base, before) if before and _LANGUAGE.fullmatch(last) else (base,)


def language_in_name(name: str, video_name: str) -> str | None:
    """Return the language tag between a video's name and the suffix of its subtitle file: `zh-Hans`; None without."""
    base = name.rpartition(".")[0]
    before, _, last = base.rpartition(".")
    stem = video_name.rpartition(".")[0] or video_name
    is_named = folded(before) in (folded(video_name), folded(stem)) and folded(base) != folded(video_name)
    return last.replace("_", "-") if is_named and _LANGUAGE.fullmatch(last) else None
