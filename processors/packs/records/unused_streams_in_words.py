"""Sentences on streams of a file that people may want, and of which a pack has nothing, or less."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from processors.languages.language import LANGUAGES, phrase
from processors.languages.text import Text
from processors.metadata.unused_streams import AudioTrack
from processors.packs.contents.subject import SourceRecord


def unused_streams_in_words(subject: SourceRecord) -> Iterator[Text]:
    """Yield a sentence on a larger picture of a source, and one on its other audio."""
    if larger := subject.larger_picture:
        yield phrase(
            "larger_picture_packed" if larger.is_packed else "larger_picture",
            stream=str(larger.stream),
            size=_by(larger.size_px),
            shown=_by(larger.shown_size_px),
        )
    if audio := subject.other_audio:
        yield phrase("other_audio", others=_tracks(audio.others), played=_tracks([audio.played]))


def _tracks(tracks: Sequence[AudioTrack]) -> Text:
    named = [phrase("audio_track", stream=str(one.stream), details=one.details) for one in tracks]
    return Text({code: "; ".join(one[code] for one in named) for code in LANGUAGES})


def _by(size_px: tuple[int, int]) -> str:
    return f"{size_px[0]} × {size_px[1]} px"
