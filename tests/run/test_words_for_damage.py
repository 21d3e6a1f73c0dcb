"""Whatever is broken in a file, the reason is in words for people, and no fault is taken for one of the program."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from processors.audio.levels.levels import Levels
from processors.contract import Processor, Source
from processors.engine.derive import derive
from processors.identify import hash_and_identify
from processors.metadata.metadata import Metadata
from processors.photo.deep import DeepPhoto
from processors.photo.photo_preview import PhotoPreview
from processors.photo.tiles import Tiles
from processors.sources.source_file import SourceFile
from processors.store.store import Store
from processors.video.audit.measurements import Measurements
from tests.helpers.made_formats import SAMPLES

PROCESSORS: dict[str, tuple[Processor, ...]] = {
    "photo": (PhotoPreview(), DeepPhoto(), Tiles(least_pixels=1), Metadata()),
    "audio": (Levels(), Metadata()),
    "video": (Measurements(), Metadata()),
}
INNER = re.compile(
    r"vips|_source\b|decoder (error -|object)|Decoder plugin|Errno|Traceback|\(0 bytes|\bexp \d|AVERROR|libav"
    r"|0x[0-9a-f]{8}|/tmp/|scratch|out of order|Input/output|Invalid argument|Invalid data|patches welcome"
    r"|outside itself|0 channels|'IMAGE|look at the disk|tile cannot|object has no attribute|invalid literal"
)
"""Words of libraries, of the program's own parts and of the machine."""


def broken(data: bytes, seed: str) -> Iterator[bytes]:
    """Copies that are cut off, and copies with a wrong byte or a hole, mostly in the header."""
    chance = random.Random(seed)
    for part in (0.02, 0.1, 0.3, 0.6, 0.9):
        yield data[: max(1, int(len(data) * part))]
    for _ in range(6):
        copy = bytearray(data)
        place = chance.randrange(min(len(data), 300))
        copy[place] = chance.choice((0, 255, copy[place] ^ 1 << chance.randrange(8)))
        yield bytes(copy)
    for _ in range(3):
        copy, place = bytearray(data), chance.randrange(len(data))
        copy[place : place + 16] = bytes(min(16, len(data) - place))
        yield bytes(copy)


def reasons(data: bytes, folder: Path, suffix: str) -> Iterator[tuple[str | None, str]]:
    """Whom each refusal blames, and its reason."""
    folder.mkdir(exist_ok=True)
    path = folder / f"broken.{suffix}"
    path.write_bytes(data)
    file = SourceFile.at(path)
    digest, found = hash_and_identify(file, path.name)
    if found.kind != "media" or found.medium is None:
        yield None, found.note or ""
        return
    source = Source(
        digest=digest, size_bytes=len(data), name="p", medium=found.medium, format=found.format, has_sound=False
    )
    store = Store(folder / "store")
    for outcome in derive(source, file, "june", PROCESSORS[found.medium], store):
        manifest = store.manifest(outcome.ref)
        if manifest.verdict != "made":
            yield manifest.blame, manifest.reason or ""


@pytest.mark.parametrize("name", SAMPLES)
def test_every_reason_is_in_plain_words_and_says_what_to_do(name: str, tmp_path: Path) -> None:
    for number, data in enumerate(broken(SAMPLES[name](), name)):
        for blame, reason in reasons(data, tmp_path / str(number), name.partition(",")[0]):
            assert not INNER.search(reason), reason
            assert blame in (None, "file", "version"), reason
            assert blame is None or ": " in reason, reason


def test_a_film_cut_in_the_box_of_its_streams_is_damaged_and_not_of_another_kind(tmp_path: Path) -> None:
    data = SAMPLES["mov,mp4,m4a,3gp,3g2,mj2"]()
    (first, *_) = reasons(data[: len(data) * 9 // 10], tmp_path, "mp4")
    assert first == ("file", "no decodable video stream: download it again, or convert it with another tool")


@pytest.mark.parametrize("tag", [256, 257])
def test_a_tiff_whose_directory_lacks_its_size_is_no_fault_of_the_program(tag: int, tmp_path: Path) -> None:
    data = bytearray(SAMPLES["tiff"]())
    place = data.index(tag.to_bytes(2, "little") + b"\3\0" if tag.to_bytes(2, "little") + b"\3\0" in data else b"\0\1")
    data[place] ^= 255
    assert {blame for blame, _ in reasons(bytes(data), tmp_path, "tiff")} <= {"file"}


def test_a_sound_whose_header_names_no_stream_is_damaged(tmp_path: Path) -> None:
    data = bytearray(SAMPLES["w64"]())
    data[46] = 83
    (first, *_) = reasons(bytes(data), tmp_path, "w64")
    assert first[0] == "file"
    assert "telemetry" not in first[1]
