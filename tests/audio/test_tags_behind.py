"""Tags behind and before the frames of an MP3 are no sound, and their texts are read."""

from __future__ import annotations

import random
import struct
from pathlib import Path

import pytest

from processors.containers.audio.tags_behind import tags_behind
from processors.metadata.tags.container import read_container
from tests.helpers.coded_sound import click, encoded, read

ID3V1 = b"TAG" + b"\0" * 125
LYRICS_2 = b"LYRICSBEGININD0000200LYR00005hello000034LYRICS200"
LYRICS_1 = b"LYRICSBEGINHello\r\nLYRICSEND"
COVER = random.Random(1).randbytes(6000)


def ape(version: int, *, has_header: bool) -> bytes:
    """An APE tag of two texts and a picture."""
    items = ((b"Title", b"Touchdown", 0), (b"Artist", b"CNSA", 0), (b"Cover Art (Front)", COVER, 2))
    body = b"".join(struct.pack("<II", len(value), flags) + key + b"\0" + value for key, value, flags in items)
    ends = struct.pack("<8sIII", b"APETAGEX", version, len(body) + 32, len(items))
    flags = 1 << 31 if has_header else 0
    header = ends + struct.pack("<I8x", flags | 1 << 29) if has_header else b""
    return header + body + ends + struct.pack("<I8x", flags)


TAGS = {
    "APEv2": ape(2000, has_header=True),
    "APEv2 without header": ape(2000, has_header=False),
    "APEv1 and ID3v1": ape(1000, has_header=False) + ID3V1,
    "Lyrics3v2 and ID3v1": LYRICS_2 + ID3V1,
    "Lyrics3v1 and ID3v1": LYRICS_1 + ID3V1,
    "all": ape(2000, has_header=True) + LYRICS_2 + ID3V1,
}


@pytest.mark.parametrize("kind", TAGS)
def test_tags_behind_an_mp3_are_no_damage(kind: str, tmp_path: Path) -> None:
    path = encoded(tmp_path / "a.mp3", "libmp3lame", 48_000)
    whole = path.read_bytes()
    before, _, _ = read(path, "mp3")
    path.write_bytes(whole + TAGS[kind])
    samples, _, report = read(path, "mp3")
    assert (report.decoder_errors, report.damaged, report.unread_because) == (0, (), None)
    assert samples.shape == before.shape == (1, click().size)
    with path.open("rb") as file:
        assert tags_behind(file).start == len(whole)
        known = read_container(file, sha256="0" * 64, size_bytes=1, medium="audio").known
    told = (known.title and known.title.value, known.creator and known.creator.value)
    assert told == (("Touchdown", "CNSA") if b"APETAGEX" in TAGS[kind] else (None, None))


def test_a_tag_with_an_impossible_size_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.mp3"
    for size in (0, 31, 1000, 1 << 31):
        path.write_bytes(bytes(100) + struct.pack("<8sIIII8x", b"APETAGEX", 2000, size, 5, 0))
        with path.open("rb") as file:
            assert (tags_behind(file).start, tags_behind(file).ape) == (132, ())


@pytest.mark.parametrize("kind", ["APE", "ID3 then APE", "APE then ID3", "APE at both ends", "cut"])
def test_a_tag_before_an_mp3_leaves_its_delay_trimmed(kind: str, tmp_path: Path) -> None:
    whole = encoded(tmp_path / "a.mp3", "libmp3lame", 48_000).read_bytes()
    begin = 10 + sum(byte << shift for byte, shift in zip(whole[6:10], (21, 14, 7, 0), strict=True))
    tag, id3, frames = ape(2000, has_header=True), whole[:begin], whole[begin:]
    assert id3.startswith(b"ID3")
    before, _, _ = read(tmp_path / "a.mp3", "mp3")
    path = tmp_path / "b.mp3"
    data = {
        "APE": tag + frames,
        "ID3 then APE": id3 + tag + frames,
        "APE then ID3": tag + id3 + frames,
        "APE at both ends": tag + frames + tag,
        "cut": tag + frames[: len(frames) // 2],
    }
    path.write_bytes(data[kind])
    samples, _, report = read(path, "mp3")
    with path.open("rb") as file:
        record = read_container(file, sha256="0" * 64, size_bytes=1, medium="audio")
    assert record.known.title
    assert (record.known.title.value, record.problems) == ("Touchdown", ())
    if kind == "cut":
        assert report.truncated_because == f"the header declares {click().size} samples, {samples.shape[1]} are present"
        return
    assert (report.decoder_errors, report.damage, samples.shape) == (0, None, (1, click().size))
    assert (samples == before).all()
