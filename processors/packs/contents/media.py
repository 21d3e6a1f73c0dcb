"""Media of a pack: each selected file is written, and its bytes are verified against the store's record."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from PIL import Image

from processors.errors import RequestError, ResultCorrupt, ResultMissing
from processors.formats import PICTURE_READERS, media_type_of
from processors.imaging.image_writer import MEDIA_TYPES, SUFFIXES, encode
from processors.packs.archive.bagit import BLOCK_BYTES, BagWriter, Written
from processors.packs.contents.names import UniqueNames
from processors.packs.contents.packed_file import Conversion, PackedFile
from processors.packs.contents.signing import Signer
from processors.packs.contents.subject import ItemRecord, SourceRecord
from processors.packs.recipe.pack_recipe import Pictures
from processors.packs.records.pds4_bundle import can_be_labelled
from processors.photo.reading.to_srgb import in_8_bit

FOLDER = "media"
MAX_SCALED_PIXELS = 200_000_000
"""Maximum number of pixels to resize: 0.6 GB as RGB, and as much again during the resizing."""


@dataclass(frozen=True, kw_only=True)
class MediaWriter:
    """Writer of selected files into a bag, each with a unique name."""

    bag: BagWriter
    names: UniqueNames
    pictures: Pictures | None
    signer: Signer | None

    def original(self, subject: SourceRecord, size_px: tuple[int | None, int | None]) -> PackedFile:
        """Write a source as it was released.

        Raises
        ------
        ResultMissing, ResultCorrupt : it is no longer where it was seen, or its bytes differ.
        """
        name = self.names.name(self._folder(subject, "original"), subject.name, subject.digest)
        path = f"{self._folder(subject, 'original')}/{name}"
        media_type = media_type_of(subject.format, subject.medium, subject.name)
        where = f"{subject.release}/{subject.name}"
        written = self._copy(Path(subject.path), path, subject.digest, where, media_type, is_original=True)
        return PackedFile(
            subject=subject,
            entry=None,
            path=path,
            media_type=media_type,
            size_bytes=written.size_bytes,
            sha256=written.sha256,
            md5=written.md5 or "",
            width_px=size_px[0],
            height_px=size_px[1],
            duration_seconds=subject.duration_seconds,
            made=None,
        )

    def item(self, entry: ItemRecord) -> Iterator[PackedFile]:
        """Write an item as stored, or in the sizes that the recipe asks for.

        Raises
        ------
        ResultMissing, ResultCorrupt : it is not in the store, or its bytes do not match its manifest.
        """
        is_picture = entry.media_type.startswith("image/")
        if is_picture and self.pictures is not None and not (_is_plot(entry) or _is_animated(entry)):
            yield from self._made(entry, self.pictures)
            return
        if self.signer is not None and self.signer.can_sign(entry.media_type):
            data = self.signer.sign(_read(entry), entry)
            made = Conversion(signed_of=entry.sha256)
            yield self._write(entry, _flat(entry.name), entry.media_type, data, made, _size(entry))
            return
        path = self._path(entry, _flat(entry.name))
        written = self._copy(entry.path, path, entry.sha256, _where(entry), entry.media_type, is_original=False)
        yield _packed(entry, path, entry.media_type, written, None, _size(entry))

    def _made(self, entry: ItemRecord, pictures: Pictures) -> Iterator[PackedFile]:
        with Image.open(checked_bytes(entry), formats=PICTURE_READERS) as opened:
            if opened.width * opened.height > MAX_SCALED_PIXELS:
                size = f"{opened.width} x {opened.height} px"
                raise RequestError(f"{_where(entry)}: too large to resize ({size}); remove [pictures] from the recipe")
            longest, whole = max(opened.size), _eight_bit(opened)
            stem = _flat(entry.name).rpartition(".")[0]
            media_type = MEDIA_TYPES[pictures.picture_format]
            for side in sorted({min(side, longest) for side in pictures.longest_side_px}):
                picture = whole.copy()
                picture.thumbnail((side, side), Image.Resampling.LANCZOS)
                data = encode(
                    picture,
                    pictures.picture_format,
                    quality=pictures.quality,
                    icc_profile=opened.info.get("icc_profile"),
                )
                signed_of = None
                if self.signer is not None and self.signer.can_sign(media_type):
                    signed_of = hashlib.sha256(data).hexdigest()
                    data = self.signer.sign(data, entry, media_type=media_type)
                made = Conversion(longest_side_px=side, signed_of=signed_of)
                name = f"{stem}_{side}{SUFFIXES[pictures.picture_format]}"
                yield self._write(entry, name, media_type, data, made, picture.size)

    def _write(
        self,
        entry: ItemRecord,
        name: str,
        media_type: str,
        data: bytes,
        made: Conversion,
        size_px: tuple[int | None, int | None],
    ) -> PackedFile:
        path = self._path(entry, name)
        wants_md5 = can_be_labelled(media_type, path.rpartition("/")[2], is_original=False)
        return _packed(entry, path, media_type, self.bag.add(path, [data], md5=wants_md5), made, size_px)

    def _copy(self, place: Path, path: str, digest: str, where: str, media_type: str, *, is_original: bool) -> Written:
        wants_md5 = can_be_labelled(media_type, path.rpartition("/")[2], is_original=is_original)
        try:
            file = place.open("rb", buffering=0)
        except FileNotFoundError as error:
            raise ResultMissing(f"{where}: missing; restore it, or remove it from the selection") from error
        with file:
            written = self.bag.add(path, read_blocks(file), md5=wants_md5)
        if written.sha256 != digest:
            raise _corrupt(where, written.sha256, digest)
        return written

    def _path(self, entry: ItemRecord, name: str) -> str:
        folder = self._folder(entry.subject, entry.manifest.ref.processor, entry.manifest.ref.key)
        return f"{folder}/{self.names.name(folder, name, f'{entry.name} as {name}')}"

    def _folder(self, subject: SourceRecord, kind: str, key: str = "") -> str:
        folder = f"{FOLDER}/{self.names.name(FOLDER, subject.name, subject.digest)}"
        return f"{folder}/{self.names.name(folder, kind, kind + key)}"


def _packed(
    entry: ItemRecord,
    path: str,
    media_type: str,
    written: Written,
    made: Conversion | None,
    size_px: tuple[int | None, int | None],
) -> PackedFile:
    return PackedFile(
        subject=entry.subject,
        entry=entry,
        path=path,
        media_type=media_type,
        size_bytes=written.size_bytes,
        sha256=written.sha256,
        md5=written.md5 or "",
        width_px=size_px[0],
        height_px=size_px[1],
        duration_seconds=_duration(entry),
        made=made,
    )


def checked_bytes(entry: ItemRecord) -> io.BytesIO:
    """Return a stored item's bytes after verifying them; raises as `MediaWriter.item`."""
    return io.BytesIO(_read(entry))


def read_blocks(file: BinaryIO | io.FileIO) -> Iterator[bytes]:
    """Yield a file in blocks."""
    while block := file.read(BLOCK_BYTES):
        yield block


def _read(entry: ItemRecord) -> bytes:
    try:
        data = entry.path.read_bytes()
    except FileNotFoundError as error:
        raise ResultMissing(f"{_where(entry)}: missing; run `marsmedia verify`") from error
    if (digest := hashlib.sha256(data).hexdigest()) != entry.sha256:
        raise _corrupt(_where(entry), digest, entry.sha256)
    return data


def _corrupt(where: str, found: str, recorded: str) -> ResultCorrupt:
    return ResultCorrupt(
        f"{where}: SHA-256 is {found[:16]}..., not the recorded {recorded[:16]}...; run `marsmedia verify`"
    )


def _where(entry: ItemRecord) -> str:
    return f"{entry.subject.name}: {entry.manifest.ref.processor}/{entry.name}"


def _eight_bit(opened: Image.Image) -> Image.Image:
    """Return the picture in RGB: 16 bit is scaled, not truncated, and transparency becomes white."""
    if opened.has_transparency_data:
        plain = Image.new("RGBA", opened.size, "white")
        plain.alpha_composite(opened.convert("RGBA"))
        return plain.convert("RGB")
    return in_8_bit(opened).convert("RGB")


def _flat(name: str) -> str:
    return name.replace("/", "_")


def _is_plot(entry: ItemRecord) -> bool:
    """Return True for a plot, whose facts give its axes in pixels: the player needs it unchanged."""
    return isinstance(entry.facts, dict) and "plot_left_px" in entry.facts


def _is_animated(entry: ItemRecord) -> bool:
    if entry.media_type not in ("image/webp", "image/gif"):
        return False
    with Image.open(entry.path, formats=PICTURE_READERS) as opened:
        return getattr(opened, "n_frames", 1) > 1


def _size(entry: ItemRecord) -> tuple[int | None, int | None]:
    facts: Any = entry.facts if isinstance(entry.facts, dict) else {}
    width, height = facts.get("width_px"), facts.get("height_px")
    if isinstance(width, int) and isinstance(height, int):
        return width, height
    if not entry.media_type.startswith("image/"):
        return None, None
    with Image.open(entry.path, formats=PICTURE_READERS) as opened:
        return opened.size


def _duration(entry: ItemRecord) -> float | None:
    if entry.media_type.partition("/")[0] not in ("audio", "video"):
        return None
    facts: Any = entry.facts if isinstance(entry.facts, dict) else {}
    if seconds := facts.get("duration_seconds"):
        return seconds
    if facts.get("frame_count") and facts.get("frame_rate_hz"):
        return facts["frame_count"] / facts["frame_rate_hz"]
    return entry.subject.duration_seconds
