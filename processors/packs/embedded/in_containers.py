"""Tags in the containers of video and audio: packets are copied, nothing is encoded again."""

from __future__ import annotations

from pathlib import Path

import av

from processors.packs.embedded.file_credits import FileCredits

FORMATS = {"video/mp4": "mp4", "audio/mp4": "ipod", "audio/flac": "flac", "audio/wav": "wav"}
"""FFmpeg's writer for each media type that is tagged."""
OPTIONS = {"fflags": "+bitexact"}
FOR_WEB = {**OPTIONS, "movflags": "+faststart"}


def can_be_tagged(media_type: str) -> bool:
    """Return whether the container of this media type takes tags."""
    return media_type in FORMATS


def write_tagged(source: Path, target: Path, media_type: str, told: FileCredits) -> None:
    """Write a copy of `source` with title, artist, copyright, date and comment; the same credits give the same bytes.

    Raises
    ------
    InvalidDataError : it is not of this media type.
    OSError : it cannot be written.
    """
    form = FORMATS[media_type]
    options = FOR_WEB if form in ("mp4", "ipod") else OPTIONS
    with av.open(str(source)) as read, av.open(str(target), "w", format=form, options=options) as written:
        written.metadata.update(_tags(told, form))
        streams = {
            one.index: written.add_stream_from_template(one) for one in read.streams if one.type in ("video", "audio")
        }
        for packet in read.demux([one for one in read.streams if one.index in streams]):
            if packet.dts is not None:
                packet.stream = streams[packet.stream.index]
                written.mux(packet)


def _tags(told: FileCredits, form: str) -> dict[str, str]:
    """Return the tags by FFmpeg's names, which it writes as each container calls them."""
    caption, instructions = told.caption.best(), told.instructions.best()
    said = {
        "title": told.title.best(),
        "artist": told.credit,
        "copyright": told.rights,
        "date": told.date,
        "comment": " ".join(filter(None, [caption, instructions])),
        # FLAC has one field for both
        "description": None if form == "flac" else caption,
        "publisher": told.source,
    }
    return {name: " ".join(value.split()) for name, value in said.items() if value}
