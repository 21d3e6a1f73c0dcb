"""Media of a pack: each selected file is written, and its bytes are verified against the store's record."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO

from PIL import Image

from processors.errors import RequestError, ResultCorrupt, ResultMissing
from processors.formats import PICTURE_READERS, media_type_of
from processors.imaging.image_writer import MEDIA_TYPES, SUFFIXES, encode
from processors.packs.archive.bagit import BLOCK_BYTES, BagWriter, Written
from processors.packs.contents.layout import Places
from processors.packs.contents.packed_file import Conversion, PackedFile
from processors.packs.contents.signing import Signer
from processors.packs.contents.subject import ItemRecord, SourceRecord
from processors.packs.embedded.file_credits import embedded_credits
from processors.packs.embedded.in_containers import can_be_tagged, write_tagged
from processors.packs.embedded.in_netcdf import MEDIA_TYPE as ARRAY_TYPE
from processors.packs.embedded.in_netcdf import write_with_attributes
from processors.packs.embedded.in_parquet import MEDIA_TYPE as TABLE_TYPE
from processors.packs.embedded.in_parquet import write_with_attributes as write_table
from processors.packs.embedded.in_pictures import credited_picture, own_xmp
from processors.packs.presentation import presentation_of
from processors.packs.recipe.audience import PRESETS
from processors.packs.recipe.pack_recipe import PackRecipe, Pictures
from processors.packs.records.pds4_bundle import can_be_labelled
from processors.photo.reading.to_srgb import in_8_bit
from processors.sources.source_file import sha256_of
from processors.store.bucket.raw_bucket import as_it_is
from processors.store.catalogue.source_row import SourceRow
from processors.store.manifest import size_in
from processors.tables import Table

BARS = (14, 12, 12)
"""Colour next to a picture in another shape, as on the cards of a highlight."""
MAX_SCALED_PIXELS = 200_000_000
"""Maximum number of pixels to resize: 0.6 GB as RGB, and as much again during the resizing."""


@dataclass(frozen=True, kw_only=True)
class MediaWriter:
    """Writer of selected files into a bag, each at a place of its own."""

    bag: BagWriter
    places: Places
    recipe: PackRecipe
    signer: Signer | None
    scratch: Path
    """Folder for copies that are tagged."""
    tables: Mapping[str, Sequence[Table]] = field(default_factory=dict)
    """Tables that each processor writes, by its name."""

    def original(self, subject: SourceRecord, size_px: tuple[int | None, int | None]) -> PackedFile:
        """Write a source as it was released.

        Raises
        ------
        ResultMissing, ResultCorrupt : it is no longer where it was seen, or its bytes differ.
        """
        path = self.places.original(subject)
        media_type = media_type_of(subject.format, subject.medium, subject.name)
        where = subject.relative
        written = self._copy(as_it_is(subject.path), path, subject.digest, where, media_type, is_original=True)
        return _packed(subject, None, path, media_type, written, None, size_px)

    def companion(self, subject: SourceRecord, row: SourceRow) -> str:
        """Write a label or sidecar as it was released, next to its source; return its path. Raises as `original`."""
        path = self.places.companion(subject, row.name, row.digest)
        self._copy(as_it_is(row.path), path, row.digest, row.relative, "", is_original=True)
        return path

    def release_file(self, row: SourceRow) -> str:
        """Write a file of a release that belongs to no single source; return its path. Raises as `original`."""
        path = self.places.release_file(row.relative, row.digest)
        self._copy(as_it_is(row.path), path, row.digest, row.relative, "", is_original=True)
        return path

    def item(self, entry: ItemRecord) -> Iterator[PackedFile]:
        """Write an item as stored or as the pack recipe requests: in other sizes, with credits in it, signed.

        Raises
        ------
        ResultMissing, ResultCorrupt : it is not in the store, or its bytes do not match its manifest.
        """
        is_picture, pictures = entry.media_type.startswith("image/"), self.recipe.pictures
        size_px = _size(entry)
        if is_picture and pictures is not None and not (_is_plot(entry) or _is_animated(entry)):
            yield from self._made(entry, pictures)
        elif (is_picture and self.recipe.credits_in_files) or self._signs(entry.media_type):
            yield self._finished(entry, _flat(entry.name), entry.media_type, _read(entry), Conversion(), size_px)
        elif self._is_tagged(entry.media_type):
            yield self._tagged(entry, size_px)
        else:
            path = self.places.item(entry, _flat(entry.name), _longest(size_px))
            written = self._copy(entry.path, path, entry.sha256, _where(entry), entry.media_type, is_original=False)
            yield _packed(entry.subject, entry, path, entry.media_type, written, None, size_px)

    def _is_tagged(self, media_type: str) -> bool:
        if media_type in (ARRAY_TYPE, TABLE_TYPE):
            return PRESETS[self.recipe.audience].has_words_in_arrays
        return bool(self.recipe.credits_in_files) and can_be_tagged(media_type)

    def _signs(self, media_type: str) -> bool:
        return self.signer is not None and self.signer.can_sign(media_type)

    def _made(self, entry: ItemRecord, pictures: Pictures) -> Iterator[PackedFile]:
        stored = _read(entry)
        with Image.open(io.BytesIO(stored), formats=PICTURE_READERS) as opened:
            if opened.width * opened.height > MAX_SCALED_PIXELS:
                size = f"{opened.width} x {opened.height} px"
                raise RequestError(f"{_where(entry)}: too large to resize ({size}); remove [pictures] from the recipe")
            whole = _in_shape(_eight_bit(opened), entry, pictures)
            longest = max(whole.size)
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
                    xmp=own_xmp(stored, entry.media_type),
                )
                made = Conversion(longest_side_px=side)
                name = f"{stem}_{side}{SUFFIXES[pictures.picture_format]}"
                yield self._finished(entry, name, media_type, data, made, picture.size)

    def _finished(
        self,
        entry: ItemRecord,
        name: str,
        media_type: str,
        data: bytes,
        made: Conversion,
        size_px: tuple[int | None, int | None],
    ) -> PackedFile:
        """Write bytes with their credits and their signature, as far as pack recipe and format allow."""
        if self.recipe.credits_in_files and (
            credited := credited_picture(data, media_type, embedded_credits(entry, self.recipe))
        ):
            data, made = credited, replace(made, has_credits=True)
        if self.signer is not None and self.signer.can_sign(media_type):
            made = replace(made, signed_of=hashlib.sha256(data).hexdigest())
            data = self.signer.sign(data, entry, media_type=media_type)
        path = self.places.item(entry, name, _longest(size_px))
        wants_md5 = can_be_labelled(media_type, path.rpartition("/")[2], is_original=False)
        written = self.bag.add(path, [data], md5=wants_md5)
        return _packed(entry.subject, entry, path, media_type, written, made if made != Conversion() else None, size_px)

    def _tagged(self, entry: ItemRecord, size_px: tuple[int | None, int | None]) -> PackedFile:
        """Write a copy of video, sound, an array or a table with tags."""
        digest = file_digest(entry)
        if digest != entry.sha256:
            raise _corrupt(_where(entry), digest, entry.sha256)
        copy, told = self.scratch / "tagged", embedded_credits(entry, self.recipe)
        try:
            if entry.media_type == ARRAY_TYPE:
                write_with_attributes(entry, copy, told)
            elif entry.media_type == TABLE_TYPE:
                write_table(entry, copy, self.tables.get(entry.manifest.ref.processor, ()))
            else:
                write_tagged(entry.path, copy, entry.media_type, told)
        except ValueError as error:
            how = "take other items, or set credits_in_files = false in the recipe"
            raise RequestError(f"{_where(entry)}: cannot be copied with its credits ({error}); {how}") from error
        path = self.places.item(entry, _flat(entry.name), _longest(size_px))
        wants_md5 = can_be_labelled(entry.media_type, path.rpartition("/")[2], is_original=False)
        with copy.open("rb", buffering=0) as file:
            written = self.bag.add(path, read_blocks(file), md5=wants_md5)
        copy.unlink()
        return _packed(entry.subject, entry, path, entry.media_type, written, Conversion(has_credits=True), size_px)

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


def _packed(
    subject: SourceRecord,
    entry: ItemRecord | None,
    path: str,
    media_type: str,
    written: Written,
    made: Conversion | None,
    size_px: tuple[int | None, int | None],
) -> PackedFile:
    return PackedFile(
        subject=subject,
        entry=entry,
        path=path,
        media_type=media_type,
        size_bytes=written.size_bytes,
        sha256=written.sha256,
        md5=written.md5 or "",
        width_px=size_px[0],
        height_px=size_px[1],
        duration_seconds=_duration(entry) if entry else subject.duration_seconds,
        made=made,
    )


def checked_bytes(entry: ItemRecord) -> io.BytesIO:
    """Return a stored item's bytes after verifying them; raises as `MediaWriter.item`."""
    return io.BytesIO(_read(entry))


def read_blocks(file: BinaryIO | io.FileIO) -> Iterator[bytes]:
    while block := file.read(BLOCK_BYTES):
        yield block


def file_digest(entry: ItemRecord) -> str:
    """Return the SHA-256 of a stored file, read in blocks.

    Raises
    ------
    ResultMissing : it is not in the store.
    """
    try:
        return sha256_of(entry.path)
    except FileNotFoundError as error:
        raise _missing(entry) from error


def _read(entry: ItemRecord) -> bytes:
    try:
        data = entry.path.read_bytes()
    except FileNotFoundError as error:
        raise _missing(entry) from error
    if (digest := hashlib.sha256(data).hexdigest()) != entry.sha256:
        raise _corrupt(_where(entry), digest, entry.sha256)
    return data


def _missing(entry: ItemRecord) -> ResultMissing:
    return ResultMissing(f"{_where(entry)}: missing; run `marsmedia verify`")


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


def _in_shape(picture: Image.Image, entry: ItemRecord, pictures: Pictures) -> Image.Image:
    """Return the picture in the aspect of the pack recipe, cropped or between bars; sheets and plots as they are."""
    aspect = pictures.width_to_height
    if aspect is None or presentation_of(entry.manifest.ref.processor).is_plot_or_sheet:
        return picture
    width, height = picture.size
    is_wider = width > height * aspect
    if is_wider == (pictures.fit == "pad"):
        size = width, max(1, round(width / aspect))
    else:
        size = max(1, round(height * aspect)), height
    shaped = Image.new("RGB", size, BARS)
    shaped.paste(picture, ((size[0] - width) // 2, (size[1] - height) // 2))
    return shaped


def _longest(size_px: tuple[int | None, int | None]) -> int | None:
    return max(size_px[0], size_px[1]) if size_px[0] and size_px[1] else None


def _flat(name: str) -> str:
    return name.replace("/", "_")


def _is_plot(entry: ItemRecord) -> bool:
    """Return True for a plot, whose facts give its axes in pixels: the player needs it unchanged."""
    return isinstance(entry.facts, dict) and "plot_left_px" in entry.facts


def _is_animated(entry: ItemRecord) -> bool:
    if entry.media_type not in ("image/webp", "image/gif"):
        return False
    with Image.open(checked_bytes(entry), formats=PICTURE_READERS) as opened:
        return getattr(opened, "n_frames", 1) > 1


def _size(entry: ItemRecord) -> tuple[int | None, int | None]:
    if stated := size_in(entry.facts):
        return stated
    if not entry.media_type.startswith("image/"):
        return None, None
    try:
        with Image.open(entry.path, formats=PICTURE_READERS) as opened:
            return opened.size
    except FileNotFoundError as error:
        raise _missing(entry) from error
    except OSError:  # Pillow does not read it: its digest will show that it is damaged
        return None, None


def _duration(entry: ItemRecord) -> float | None:
    if entry.media_type.partition("/")[0] not in ("audio", "video"):
        return None
    facts: Any = entry.facts if isinstance(entry.facts, dict) else {}
    if seconds := facts.get("duration_seconds"):
        return seconds
    if facts.get("frame_count") and facts.get("frame_rate_hz"):
        return facts["frame_count"] / facts["frame_rate_hz"]
    return entry.subject.duration_seconds
