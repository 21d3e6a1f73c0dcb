"""Ogg: each page's checksum is looked at, a loss is at its place, every recording is decoded from its start."""

from __future__ import annotations

import itertools
import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

from processors.audio.reading.audio_info import AudioReport, Damaged
from processors.audio.reading.audio_reader import FileReader
from processors.containers.audio.ogg import Page, checksum, pages
from processors.decoding.open_media import open_container
from processors.errors import DamagedMedia
from processors.sources.source_file import SourceFile

RATE_HZ = 48_000
CODERS = {
    "vorbis": ("ogg", "libvorbis"),
    "opus": ("opus", "libopus"),
    "flac": ("oga", "flac"),
    "speex": ("spx", "libspeex"),
}
SAME = {"vorbis": 1e-6, "opus": 1e-6, "flac": 0}


def read(path: Path) -> tuple[np.ndarray, FileReader, AudioReport]:
    reader = FileReader(SourceFile.at(path), "ogg")
    blocks = [block.samples for block in reader.blocks()]
    return np.concatenate(blocks, axis=1), reader, reader.report()


def made(
    folder: Path,
    codec: str,
    seconds: float = 6.0,
    *,
    name: str = "whole",
    channels: int = 1,
    seed: int = 1,
    rate_hz: int = RATE_HZ,
) -> Path:
    """Noise that no two stretches of which are alike."""
    suffix, coder = CODERS[codec]
    wav, path = folder / f"{name}.wav", folder / f"{name}.{suffix}"
    noise = np.random.default_rng(seed).normal(0, 0.1, (round(seconds * rate_hz), channels)).clip(-1, 1)
    soundfile.write(wav, noise, rate_hz, subtype="PCM_16")
    said = ["ffmpeg", "-v", "error", "-y", "-i", wav, "-c:a", coder, "-page_duration", "500000", path]
    subprocess.run([str(one) for one in said], check=True)
    return path


def split(path: Path) -> list[Page]:
    with path.open("rb") as opened:
        return [part for part in pages(opened) if isinstance(part, Page)]


def written(page: Page, **changes: int) -> bytes:
    """A page's bytes with another granule, sequence or flags, and the checksum that fits."""
    granule = changes.get("granule", -1 if page.granule is None else page.granule)
    head = struct.pack(
        "<4sBBqIIIB",
        b"OggS",
        0,
        changes.get("flags", page.flags),
        granule,
        changes.get("serial", page.serial),
        changes.get("sequence", page.sequence),
        0,
        len(page.lengths),
    )
    whole = head + page.lengths + page.body
    return whole[:22] + struct.pack("<I", checksum(whole)) + whole[26:]


def with_a_flipped_bit(path: Path, page: Page) -> Path:
    data = bytearray(path.read_bytes())
    data[page.place + page.size_bytes // 2] ^= 1
    damaged = path.with_name(f"damaged{path.suffix}")
    damaged.write_bytes(data)
    return damaged


def test_checksums_are_those_that_encoders_write(tmp_path: Path) -> None:
    for codec in SAME:
        assert all(page.is_whole for page in split(made(tmp_path, codec, 1.0)))


@pytest.mark.parametrize("codec", SAME)
@pytest.mark.parametrize("where", ["first", "second", "middle", "last but one"])
def test_a_damaged_page_is_a_loss_at_its_place(tmp_path: Path, codec: str, where: str) -> None:
    path = made(tmp_path, codec)
    whole, _, report = read(path)
    assert (report.damage, report.sample_count_from_header) == (None, None)
    sound = [page for page in split(path) if page.granule]
    number = {"first": 0, "second": 1, "middle": len(sound) // 2, "last but one": len(sound) - 2}[where]
    samples, _, report = read(with_a_flipped_bit(path, sound[number]))
    missing = np.flatnonzero(np.isnan(samples[0]))
    assert samples.shape == whole.shape
    assert 0 < len(missing) == report.missing_sample_count < 60_000
    assert report.sample_count_decoded == whole.shape[1] - len(missing)
    assert np.array_equal(missing, np.arange(missing[0], missing[-1] + 1))
    begins = (sound[number - 1].granule or 0) - 312 * (codec == "opus") if number else 0
    assert abs(int(missing[0]) - max(0, begins)) <= 8192  # a packet that goes on in the page is lost with it
    gap = Damaged(start_seconds=missing[0] / RATE_HZ, end_seconds=(missing[-1] + 1) / RATE_HZ)
    assert (report.damaged, report.truncated_because) == ((gap,), None)
    assert report.first_error == f"the checksum of the Ogg page at byte {sound[number].place} does not match"
    assert report.damage == (
        f"{len(missing)} of {whole.shape[1]} samples are missing, from {gap.start_seconds:.3f} s to"
        f" {gap.end_seconds:.3f} s"
    )
    assert np.allclose(samples[:, : missing[0]], whole[:, : missing[0]], rtol=0, atol=SAME[codec])
    behind = missing[-1] + 1 + {"flac": 0, "vorbis": 0, "opus": 9600}[codec]  # Opus settles in 80 ms (RFC 7845, 4.6)
    if behind < whole.shape[1] - 4800:
        assert np.corrcoef(samples[0, behind:], whole[0, behind:])[0, 1] > 0.99
    if codec != "opus":
        assert np.allclose(samples[:, behind:], whole[:, behind:], rtol=0, atol=SAME[codec])


@pytest.mark.parametrize("codec", SAME)
def test_a_damaged_last_page_says_what_is_missing_at_the_end(tmp_path: Path, codec: str) -> None:
    path = made(tmp_path, codec)
    whole = read(path)[0]
    samples, _, report = read(with_a_flipped_bit(path, split(path)[-1]))
    lost = whole.shape[1] - samples.shape[1]
    assert 0 < lost < 60_000
    assert np.allclose(samples, whole[:, : samples.shape[1]], rtol=0, atol=SAME[codec])
    assert report.damaged == (Damaged(start_seconds=samples.shape[1] / RATE_HZ, end_seconds=6.0),)
    assert (report.missing_sample_count, report.truncated_because) == (lost, "the last page is damaged")
    assert report.damage == (
        f"{lost} of {whole.shape[1]} samples are missing, from {samples.shape[1] / RATE_HZ:.3f} s to 6.000 s; the last"
        " page is damaged"
    )


@pytest.mark.parametrize("codec", SAME)
def test_a_missing_page_is_a_loss_at_its_place(tmp_path: Path, codec: str) -> None:
    path, cut = made(tmp_path, codec), tmp_path / "hole.ogg"
    whole, parts = read(path)[0], split(path)
    gone = parts.pop(len(parts) // 2)
    cut.write_bytes(b"".join(written(page) for page in parts))
    samples, _, report = read(cut)
    assert samples.shape == whole.shape
    assert report.missing_sample_count == np.isnan(samples[0]).sum() > 0
    assert report.first_error == (
        f"found page {gone.sequence + 1} at byte {gone.place}, where page {gone.sequence} was expected"
    )


@pytest.mark.parametrize("codec", SAME)
def test_a_gap_between_granules_is_a_loss_where_no_page_is_missing(tmp_path: Path, codec: str) -> None:
    path, paused = made(tmp_path, codec), tmp_path / "paused.ogg"
    whole, parts = read(path)[0], split(path)
    half = len(parts) // 2
    later = (written(page, granule=(page.granule or 0) + RATE_HZ) for page in parts[half:])
    paused.write_bytes(b"".join(itertools.chain(map(written, parts[:half]), later)))
    samples, _, report = read(paused)
    assert samples.shape[1] == whole.shape[1] + RATE_HZ
    missing = np.flatnonzero(np.isnan(samples[0]))
    assert len(missing) == report.missing_sample_count == RATE_HZ
    there = np.delete(samples, missing, axis=1)
    assert np.allclose(there, whole, rtol=0, atol=SAME[codec])


@pytest.mark.parametrize("codec", SAME)
def test_a_recording_cut_out_of_a_stream_is_the_same_sound(tmp_path: Path, codec: str) -> None:
    path, cropped = made(tmp_path, codec), tmp_path / "cropped.ogg"
    whole, parts = read(path)[0], split(path)
    headers = [page for page in parts if not page.granule]
    sound = (written(page, granule=(page.granule or 0) + 480_000) for page in parts[len(headers) :])
    cropped.write_bytes(b"".join(itertools.chain(map(written, headers), sound)))
    samples, reader, report = read(cropped)
    assert samples.shape == whole.shape
    assert np.allclose(samples, whole, rtol=0, atol=SAME[codec])
    assert (report.damage, reader.info.start) == (None, 0)


@pytest.mark.parametrize("codec", SAME)
@pytest.mark.parametrize("channels", [1, 2])
def test_chained_recordings_are_each_decoded_from_their_start(tmp_path: Path, codec: str, channels: int) -> None:
    links = [
        made(tmp_path, codec, seconds, name=f"{number}", channels=channels, seed=number)
        for number, seconds in enumerate((1.0, 2.345, 0.5))
    ]
    chained = tmp_path / "chained.ogg"
    chained.write_bytes(b"".join(link.read_bytes() for link in links))
    samples, _, report = read(chained)
    alone = np.concatenate([read(link)[0] for link in links], axis=1)
    assert samples.shape == alone.shape == (channels, round(3.845 * RATE_HZ))
    assert np.allclose(samples, alone, rtol=0, atol=SAME[codec])
    assert report.damage is None


def test_a_second_recording_with_other_channels_is_reported(tmp_path: Path) -> None:
    links = [made(tmp_path, "vorbis", 1.0, name=f"{n}", channels=n, rate_hz=RATE_HZ // n) for n in (1, 2)]
    chained = tmp_path / "chained.ogg"
    chained.write_bytes(b"".join(link.read_bytes() for link in links))
    samples, _, report = read(chained)
    assert samples.shape == (1, RATE_HZ)
    assert report.damage == "another recording, of 24000 Hz and 2 channels, follows at 1.000 s"


def test_a_damaged_end_of_one_recording_does_not_move_the_next(tmp_path: Path) -> None:
    links = [made(tmp_path, "vorbis", 1.0, name=f"{number}", seed=number) for number in (1, 2)]
    whole = np.concatenate([read(link)[0] for link in links], axis=1)
    first = with_a_flipped_bit(links[0], split(links[0])[-1])
    chained = tmp_path / "chained.ogg"
    chained.write_bytes(first.read_bytes() + links[1].read_bytes())
    samples, _, report = read(chained)
    assert samples.shape == whole.shape
    assert np.allclose(samples[:, RATE_HZ:], whole[:, RATE_HZ:], rtol=0, atol=1e-6)
    assert report.damaged[0].end_seconds == 1.0


@pytest.mark.parametrize("codec", SAME)
def test_a_damaged_header_is_reported_in_a_sentence(tmp_path: Path, codec: str) -> None:
    path = made(tmp_path, codec, 1.0)
    first, second = split(path)[:2]
    with pytest.raises(
        DamagedMedia, match="the Ogg page at byte 0, which says what the file holds, has a wrong checksum"
    ):
        read(with_a_flipped_bit(path, first))
    damaged = with_a_flipped_bit(path, second)
    if codec == "vorbis":
        with pytest.raises(DamagedMedia, match="which hold what a vorbis decoder must have, are damaged"):
            read(damaged)
    else:  # it holds no more than tags
        samples, _, report = read(damaged)
        assert np.allclose(samples, read(path)[0], rtol=0, atol=SAME[codec])
        assert report.missing_sample_count == 0
        assert report.damage == (
            f"an error occurred while reading it: the checksum of the Ogg page at byte {second.place} does not match"
        )


def test_bytes_after_the_last_page_are_reported(tmp_path: Path) -> None:
    path = made(tmp_path, "vorbis", 1.0)
    path.write_bytes(path.read_bytes() + b"\x55" * 300)
    samples, _, report = read(path)
    assert samples.shape == (1, RATE_HZ)
    assert report.damage == "300 bytes after the last page do not belong to any page"


@pytest.mark.parametrize("codec", SAME)
def test_any_byte_of_an_ogg_file_may_be_wrong(tmp_path: Path, codec: str) -> None:
    path, broken = made(tmp_path, codec, 1.5), tmp_path / "broken.ogg"
    whole, data = read(path)[0].shape[1], path.read_bytes()
    chance = np.random.default_rng(7)
    for _ in range(40):
        damaged = bytearray(data)
        damaged[int(chance.integers(len(data)))] ^= 1 << int(chance.integers(8))
        broken.write_bytes(damaged)
        try:
            samples, _, report = read(broken)
        except DamagedMedia:
            continue
        assert report.damage is not None
        assert samples.shape[1] <= whole


def test_a_container_that_ends_within_its_header_is_reported_in_a_sentence(tmp_path: Path) -> None:
    path = made(tmp_path, "vorbis", 1.0)
    damaged = with_a_flipped_bit(path, split(path)[0])
    with damaged.open("rb") as opened, pytest.raises(DamagedMedia, match="its header is damaged or cut off"):
        open_container(opened)


@pytest.mark.parametrize("subtype", ["VORBIS", "OPUS"])
@pytest.mark.parametrize("count", [240_000, 240_001, 240_777])
def test_a_last_page_after_a_damaged_one_keeps_its_place(tmp_path: Path, subtype: str, count: int) -> None:
    path = tmp_path / "whole.ogg"
    soundfile.write(path, np.random.default_rng(6).normal(0, 0.1, count), RATE_HZ, format="OGG", subtype=subtype)
    whole, parts = read(path)[0], split(path)
    samples, _, report = read(with_a_flipped_bit(path, parts[-2]))
    assert samples.shape == whole.shape == (1, count)
    behind = np.flatnonzero(np.isnan(samples[0]))[-1] + 1
    assert report.missing_sample_count > 0
    if subtype == "VORBIS":
        assert np.allclose(samples[:, behind:], whole[:, behind:], rtol=0, atol=1e-6)
    elif behind + 9600 < count:
        assert np.corrcoef(samples[0, behind + 4800 :], whole[0, behind + 4800 :])[0, 1] > 0.99
