"""Identification of files by their bytes: medium and format, companion, or unsupported. Above decoding."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from typing import BinaryIO

import av
import av.container
import av.stream

from processors.containers.audio.wave_layout import is_wave_list
from processors.containers.behind_junk import first_beginning
from processors.containers.frame_sync import has_mpeg_audio
from processors.containers.photo.camera_raw import is_camera_raw
from processors.containers.text.sidecar import SIDECAR, is_sidecar
from processors.containers.text.subtitle_names import is_subtitle_file
from processors.containers.text.text_file import text_of
from processors.containers.video.motion_jpeg import is_motion_jpeg
from processors.containers.video.mp4_boxes import is_movie_cut
from processors.contract import FileKind, Medium
from processors.decoding.open_media import open_container, open_picture
from processors.decoding.repaired_view import mending_of
from processors.decoding.stated_length import media_seconds
from processors.errors import NO_KNOWN_FORMAT, MediaError, note_of
from processors.formats import BY_NAME, FORMATS, MEDIA_SUFFIXES, Format, belongs, misnamed_note, title_of
from processors.planetary.labels import IMAGE_LABELS
from processors.planetary.open_image import attached_format, files_named_in, is_pds3_label, other_data
from processors.sources.source_file import SourceFile

HEAD_BYTES = 1 << 16
CHUNKED = ("wav", "w64", "caf", "aiff")
"""Formats of sound alone: without a sound stream their header is damaged."""
"""Bytes read: enough for junk before an MP3 and several frames of every headerless format."""
LABEL_MARKS = (b"LBLSIZE=", b"NJPL1I00", b"PDS_VERSION_ID", b"ODL_VERSION_ID", b"CCSD3ZF")
LABEL_MARK_BYTES = 4096
PLAYLISTS = (
    ("#EXTM3U", "HLS playlist"),
    ("ffconcat", "concat script"),
    ("v=0\r\n", "session description"),
    ("v=0\n", "session description"),
    ("[playlist]", "PLS playlist"),
)
READ_BY_HEADER = ("jpeg", "png", "tiff", "gif", "bmp")
"""Photos whose size is read without decoding them."""
FILM_WITHOUT_TIMES = (
    "not supported: JPEG pictures one after another, a video without times: put it into a container with its rate, "
    "for example `ffmpeg -f mjpeg -r 25 -i FILE -c copy FILE.mkv`"
)
NOT_MEDIA = "contains text, not media (file extension is misleading); download it again"


@dataclass(frozen=True, kw_only=True)
class Identity:
    kind: FileKind
    medium: Medium | None = None
    """Medium; set only for media."""
    format: str
    """`jpeg`, `wav`, `mov,mp4,m4a,3gp,3g2,mj2`, `PDS4 label`, `text`, `empty file` ..."""
    codec: str | None = None
    has_sound: bool = False
    has_subtitles: bool = False
    duration_seconds: float | None = None
    """Duration claimed by the container's header; for estimates only."""
    frame_pixels: int | None = None
    """Pixels of a video frame or of a photo claimed by the header; for estimates only, None if not read."""
    note: str | None = None
    """Note for the user: why it is unsupported, or that the suffix is misleading."""
    files_named: tuple[str, ...] | None = None
    """Names of the files that a PDS label describes, none of one that cannot be read; None for other files."""


def hash_and_identify(file: SourceFile, name: str) -> tuple[str, Identity]:
    """Return the SHA-256 of a file's bytes, and what they are.

    Raises
    ------
    SourceChanged : the file changed or vanished meanwhile.
    OSError : the file cannot be read.
    """
    with file.open() as opened:
        digest = hashlib.file_digest(opened, "sha256").hexdigest()  # type: ignore[arg-type]
        opened.seek(0)
        identity = identify(opened, name)
    file.check_unchanged()
    return digest, identity


def identify(file: BinaryIO, name: str) -> Identity:
    """Identify an open file; `name` only helps to recognise text, and is compared with the identified format.

    Opening a container lists its streams without decoding; call this where a crash does no harm.

    Raises
    ------
    OSError : the file cannot be read.
    """
    head = file.read(HEAD_BYTES)
    if not head:
        return Identity(kind="unsupported", format="empty file", note="it contains no bytes: download it again")
    found = _planetary(file, name) or (_behind_junk(file) if head.startswith(b"ID3") else None)
    found = found or _known(file, head) or _mpeg_audio(file, head) or _text(file, name)
    found = found or _behind_junk(file) or _unknown(file, head, name)
    suffix = name.rpartition(".")[2].lower() if "." in name else ""
    if found.kind == "media" and not belongs(suffix, found.format):
        return replace(found, note=misnamed_note(suffix, found.format))
    return found


def _planetary(file: BinaryIO, name: str) -> Identity | None:
    """Identify a file that begins with the label of its data; None for a label alone."""
    try:
        if found := attached_format(file, name):
            return Identity(kind="media", medium="photo", format=found)
        if data := other_data(file):
            return Identity(
                kind="unsupported",
                format="PDS3 product",
                note=f"not supported: its label describes {data}, not an image",
            )
    except MediaError as error:
        return Identity(kind="unsupported", format="PDS3 product", note=note_of(error))
    return None


def _known(file: BinaryIO, head: bytes) -> Identity | None:
    """Return the first matching format of the table, confirmed by its reader if in doubt."""
    for row in FORMATS:
        if row.begins(head) and (found := _as_format(file, row)):
            return found
    return None


def _as_format(file: BinaryIO, row: Format) -> Identity | None:
    if row.name == "wav" and is_wave_list(file):
        note = "not supported: its sound is a list of pieces and silences (LIST wavl); save it as one piece"
        return Identity(kind="unsupported", format=row.title, note=note)
    if row.reader == "FFmpeg":
        return _opened(file, row)
    if row.name == "tiff" and (raw := is_camera_raw(file)):
        return Identity(kind="unsupported", format=raw, note="not supported: develop it and save it as TIFF or JPEG")
    if row.name == "jpeg" and is_motion_jpeg(file):
        return Identity(kind="unsupported", format="Motion JPEG", note=FILM_WITHOUT_TIMES)
    if row.reader is None:
        return Identity(kind="unsupported", format=row.title, note=f"not supported: {row.todo}")
    pixels = _picture_pixels(file) if row.name in READ_BY_HEADER else None
    return Identity(kind="media", medium=row.medium, format=row.name, frame_pixels=pixels)


def _picture_pixels(file: BinaryIO) -> int | None:
    """Return the pixels that a photo's header claims; None if it cannot be read."""
    file.seek(0)
    try:
        with open_picture(file) as picture:
            return picture.width * picture.height
    except MediaError:  # its reader reports why
        return None


def _opened(file: BinaryIO, row: Format) -> Identity | None:
    try:
        with open_container(file) as container:
            if not row.is_certain and not set(container.format.name.split(",")) & set(row.readers):
                return None
            found = _listed(container)
            is_mp4 = "mp4" in row.name.split(",")
            is_damaged = row.name in CHUNKED or (is_mp4 and is_movie_cut(file, file.seek(0, 2)))
            if found.kind == "unsupported" and is_damaged:  # its reader reports why
                return Identity(kind="media", medium=row.medium, format=row.name)
            return found
    except MediaError:  # its reader reports why
        return Identity(kind="media", medium=row.medium, format=row.name) if row.is_certain else None


def _listed(container: av.container.InputContainer) -> Identity:
    pictures = [s for s in container.streams.video if not s.disposition & av.stream.Disposition.attached_pic]
    sounds = list(container.streams.audio)
    if not pictures and not sounds:
        title = title_of(container.format.name)
        return Identity(kind="unsupported", format=title, note=_without_media(container))
    medium: Medium = "video" if pictures else "audio"
    first = (pictures or sounds)[0]
    claimed = _claimed_seconds(container, [*pictures, *sounds])
    return Identity(
        kind="media",
        medium=medium,
        format=container.format.name,
        codec=first.codec_context.name if first.codec_context else None,
        has_sound=bool(sounds),
        has_subtitles=bool(container.streams.subtitles),
        duration_seconds=claimed if claimed and 0 < claimed < 1e8 else None,
        frame_pixels=max((_pixels(stream) for stream in pictures), default=0) or None,
    )


def _claimed_seconds(container: av.container.InputContainer, shown: list[av.stream.Stream]) -> float | None:
    """Return the container's duration; next to data such as time codes, that of picture and sound if stated."""
    spans = [
        ((one.start_time or 0) * one.time_base, one.duration * one.time_base)
        for one in shown
        if one.duration and one.time_base
    ]
    if len(shown) < len(container.streams) and len(spans) == len(shown):
        return float(max(start + length for start, length in spans) - min(start for start, _ in spans))
    seconds = media_seconds(container)
    return None if seconds is None else float(seconds)


def _pixels(stream: av.VideoStream) -> int:
    """Return the pixels of a frame; 0 without a decoder, which reads the size."""
    codec = stream.codec_context
    return codec.width * codec.height if codec else 0


def _without_media(container: av.container.InputContainer) -> str:
    data = "data such as telemetry or time codes"
    kinds = {"subtitle": "subtitles", "data": data, "attachment": "attachments", "video": "a cover"}
    held = list(dict.fromkeys(kinds.get(str(stream.type), data) for stream in container.streams))
    if not held:
        return "no video or audio stream found: the file may be truncated"
    told = ", ".join(held[:-1]) + (" and " if len(held) > 1 else "") + held[-1]
    return f"not supported: holds {told} only, no video or audio; add the media to which they belong to the release"


def _mpeg_audio(file: BinaryIO, head: bytes) -> Identity | None:
    """Identify MP3 and similar formats, which begin with any frame; junk before it is accepted."""
    behind = _behind_tags(file, head)
    if not has_mpeg_audio(behind):
        return None
    return _opened(file, BY_NAME["mp3"])


def _behind_junk(file: BinaryIO) -> Identity | None:
    """Return the identity of an audio file that begins after junk; its reader reports the length of the junk."""
    mending = mending_of(file)
    return _opened(file, BY_NAME[mending.format]) if mending and mending.format else None


def _behind_tags(file: BinaryIO, head: bytes) -> bytes:
    """Return `HEAD_BYTES` after an APE tag, or the file's head if there is none. ID3 is a separate mark."""
    if not head.startswith(b"APETAGEX"):
        return head
    file.seek(32 + min(int.from_bytes(head[12:16], "little"), 1 << 28))  # APEv2: 32-byte header plus the size
    return file.read(HEAD_BYTES)


def _text(file: BinaryIO, name: str) -> Identity | None:
    text = text_of(file, name)
    if text is None:
        return None
    stripped = text.lstrip("\ufeff \t\r\n")
    start = stripped[:4096]
    root = _root_element(start)
    for mark, what in PLAYLISTS:
        if stripped.startswith(mark) or root == "MPD":
            what = "DASH manifest" if root == "MPD" else what
            note = "not supported: it only refers to other files or addresses; put the media themselves in the release"
            return Identity(kind="unsupported", format=what, note=note)
    is_misnamed = name.lower().endswith(MEDIA_SUFFIXES)
    if re.match(r"(?><\?xml[^>]*>|<!--.*?-->|\s)*+<(!doctype html|html|head|body|script|title)\b", start, re.I | re.S):
        note = "a web page, not media: download it again, from the file's own address" if is_misnamed else _SCRIPTS
        return Identity(kind="unsupported", format="web page", note=note)
    if root is not None and root.lower() == "svg":
        return Identity(kind="unsupported", format="SVG drawing", note=_SCRIPTS)
    if name.casefold().endswith(".xmp"):  # also a damaged one: its reader reports the problem
        return _companion_as(SIDECAR)
    if not stripped:
        return (
            Identity(kind="unsupported", format="blank text", note=NOT_MEDIA) if is_misnamed else _companion_as("text")
        )
    if is_misnamed:
        what = "JSON" if start[:1] in ("{", "[") else "XML" if start.startswith("<?xml") else "text"
        return Identity(kind="unsupported", format=what, note=NOT_MEDIA)
    what = _companion(start, name)
    return replace(_companion_as(what), files_named=files_named_in(file) if what in IMAGE_LABELS else None)


def _root_element(start: str) -> str | None:
    """Return the local name of the first element of a markup document; None for other text, whatever it mentions."""
    if not start.startswith("<"):
        return None
    found = re.search(r"<(?:[\w.-]+:)?([a-zA-Z_][\w.-]*)", re.sub(r"<!--.*?(?:-->|\Z)", "", start, flags=re.S))
    return found and found[1]


_SCRIPTS = "not supported: it can hold scripts and references"


def _companion_as(what: str) -> Identity:
    return Identity(kind="companion", format=what)


def _companion(text: str, name: str) -> str:
    if name == "release.toml":
        return "release description"
    if "pds.nasa.gov/pds4" in text:
        return "PDS4 label"
    if is_pds3_label(text):
        return "PDS3 label"
    if is_sidecar(name, text):
        return SIDECAR
    if text.startswith("<?xml"):
        return "XML label"
    if is_subtitle_file(name):
        return "subtitles"
    if re.search(r"inventory|collection.*\.(csv|tab)$", name, re.IGNORECASE):
        return "inventory"
    return "read-me" if name.upper().startswith("README") else "text"


def _unknown(file: BinaryIO, head: bytes, name: str) -> Identity:
    if begins := first_beginning(file):
        note = f"{begins.what} begins at byte {begins.place}, behind bytes that do not belong to it: cut them off"
        return Identity(kind="unsupported", format="unknown", note=note)
    if not head.strip(b"\0"):
        where = f" in its first {HEAD_BYTES} bytes" if len(head) == HEAD_BYTES else ""
        note = f"nothing but zeros{where}: download it again unless this is intended"
        return Identity(kind="unsupported", format="unknown", note=note)
    if any(mark in head[:LABEL_MARK_BYTES] for mark in LABEL_MARKS):
        note = "not supported: its label describes no supported image; export it as TIFF or PNG"
        return Identity(kind="unsupported", format="PDS3 product", note=note)
    if is_subtitle_file(name):
        note = "not text in a known encoding: save it as UTF-8"
        return Identity(kind="unsupported", format="subtitles", note=note)
    note = f"{NO_KNOWN_FORMAT} {head[:8].hex(' ')}"
    return Identity(kind="unsupported", format="unknown", note=note)
