"""Sound of a copy of a video, written piece by piece into a file for the copy's encoder."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from processors.video.reading.video_info import Sound


@dataclass(frozen=True, kw_only=True)
class WrittenSound:
    """A file of samples as 32-bit floats; the format cannot state their loudspeakers."""

    path: Path
    rate_hz: int
    layout: str
    """Loudspeakers of its channels, as FFmpeg names them together."""
    channel_count: int
    are_loudspeakers_assumed: bool
    """True if the source does not state its loudspeakers."""
    missing_seconds: float
    """Duration of silence because the source has no audio there, or it does not decode."""
    seconds: Fraction
    """Duration with the silence at its end."""


def write_sound(folder: Path, pieces: Iterable[Sound]) -> WrittenSound | None:
    """Write pieces of sound one after another as Wave64, which may be longer than 4 GB.

    None, and no file, if there are no pieces, or nothing is heard in any of them.
    """
    import soundfile

    path, count, silent, first = folder / "sound.w64", 0, 0, None
    with ExitStack() as opened:
        file: soundfile.SoundFile | None = None
        for piece in pieces:
            if file is None:
                first, channels = piece, piece.samples.shape[1]
                written = soundfile.SoundFile(path, "w", piece.rate_hz, channels, subtype="FLOAT", format="W64")
                file = opened.enter_context(written)
            file.write(piece.samples)
            count += max(len(piece.samples), piece.silent_samples)
            silent += piece.silent_samples
    if first is None or silent == count:
        path.unlink(missing_ok=True)
        return None
    return WrittenSound(
        path=path,
        rate_hz=first.rate_hz,
        layout=first.layout,
        channel_count=first.samples.shape[1],
        are_loudspeakers_assumed=first.are_loudspeakers_assumed,
        missing_seconds=silent / first.rate_hz,
        seconds=Fraction(count, first.rate_hz),
    )
