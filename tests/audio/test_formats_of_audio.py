"""Every format, width, rate and number of channels that is promised reads exactly; lossy ones are not shifted."""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

from processors.audio.reading.audio_reader import FileReader
from processors.audio.reading.loudspeakers import Layout
from processors.audio.renditions.audio_writers import WebWriter
from processors.containers.audio.ogg import checksum
from processors.errors import UnsupportedMedia
from processors.identify import identify
from processors.sources.source_file import SourceFile
from tests.helpers.coded_sound import click, encoded, read, steps

WIDTHS = {"PCM_16": 16, "PCM_24": 24}
LOSSLESS = [
    *(("WAV", subtype, "wav") for subtype in ("PCM_16", "PCM_24")), ("WAVEX", "PCM_24", "wav"),
    ("RF64", "PCM_24", "wav"), ("W64", "PCM_16", "w64"), ("AIFF", "PCM_24", "aiff"), ("FLAC", "PCM_16", "flac"),
    ("FLAC", "PCM_24", "flac"), ("CAF", "PCM_16", "caf"),
]  # fmt: skip


@pytest.mark.parametrize("channels", [1, 2, 6, 16])
@pytest.mark.parametrize(("kind", "subtype", "file_format"), LOSSLESS)
def test_lossless_formats_read_to_the_last_bit(
    tmp_path: Path, kind: str, subtype: str, file_format: str, channels: int
) -> None:
    channels = min(channels, 8) if kind == "FLAC" else channels  # the most that FLAC holds
    values = steps(WIDTHS[subtype], channels)
    path = tmp_path / "sound"
    soundfile.write(path, values, 96_000, format=kind, subtype=subtype)
    samples, reader, report = read(path, file_format)
    assert np.array_equal(samples, (values.T / 2.0**31).astype(np.float32))
    assert (reader.info.rate_hz, reader.info.channel_count, reader.info.decoder) == (96_000, channels, "libsndfile")
    assert (report.sample_count_from_header, report.sample_count_decoded, report.damaged) == (5000, 5000, ())


@pytest.mark.parametrize("rate_hz", [8000, 11_025, 44_100, 192_000, 500_000])
@pytest.mark.parametrize("kind", ["WAV", "W64", "AIFF", "RF64"])
def test_float_reads_exactly_at_every_rate(tmp_path: Path, rate_hz: int, kind: str) -> None:
    values = np.random.default_rng(1).normal(0, 1, (999, 2)).astype(np.float32)
    path = tmp_path / "sound"
    soundfile.write(path, values, rate_hz, format=kind, subtype="FLOAT")
    samples, reader, _ = read(path, kind.lower() if kind in ("W64", "AIFF") else "wav")
    assert np.array_equal(samples, values.T)
    assert reader.info.rate_hz == rate_hz


def test_broadcast_wave_and_bw64_read_as_wave(tmp_path: Path) -> None:
    values = steps(24, 2)
    path = tmp_path / "sound.wav"
    soundfile.write(path, values, 48_000, format="WAV", subtype="PCM_24")
    plain = path.read_bytes()
    bext = b"bext" + struct.pack("<I", 602) + b"descent".ljust(602, b"\0")
    path.write_bytes(plain[:4] + struct.pack("<I", len(plain) + 602) + plain[8:12] + bext + plain[12:])
    assert np.array_equal(read(path, "wav")[0], (values.T / 2.0**31).astype(np.float32))
    soundfile.write(path, values, 48_000, format="RF64", subtype="PCM_24")
    path.write_bytes(path.read_bytes().replace(b"RF64", b"BW64", 1))
    with path.open("rb") as file:
        assert identify(file, path.name).format == "wav"
    assert np.array_equal(read(path, "wav")[0], (values.T / 2.0**31).astype(np.float32))


LOSSY = [
    ("a.mp3", "libmp3lame", "mp3", 44_100), ("a.mp3", "libmp3lame", "mp3", 48_000), ("a.m4a", "aac", "mov,mp4", 44_100),
    ("a.m4a", "aac", "mov,mp4", 48_000), ("a.opus", "libopus", "ogg", 48_000), ("a.mkv", "aac", "matroska", 48_000),
    ("a.wv", "wavpack", "wv", 48_000), ("a.m4a", "alac", "mov,mp4", 48_000),
]  # fmt: skip


@pytest.mark.parametrize(("name", "codec", "file_format", "rate_hz"), LOSSY)
def test_an_encoders_delay_and_padding_are_taken_off(
    tmp_path: Path, name: str, codec: str, file_format: str, rate_hz: int
) -> None:
    samples, reader, report = read(encoded(tmp_path / name, codec, rate_hz), file_format)
    place = int(np.argmax(np.abs(samples[0])))
    start = round(float(reader.info.start) * rate_hz)
    assert place + start in (rate_hz // 2, rate_hz // 2 + 1)
    assert report.decoder_errors == 0
    most_added = {"mov,mp4": rate_hz // 1000 + 1, "matroska": 1023}.get(file_format, 0)  # as exactly as they say it
    assert 0 <= report.sample_count_decoded - (rate_hz + 777) <= most_added


@pytest.mark.parametrize("subtype", ["VORBIS", "OPUS"])
def test_ogg_has_exactly_the_samples_that_went_in(tmp_path: Path, subtype: str) -> None:
    path = tmp_path / "a.ogg"
    soundfile.write(path, click(), 48_000, format="OGG", subtype=subtype)
    samples, _, report = read(path, "ogg")
    assert report.sample_count_decoded == 48_777
    assert int(np.argmax(np.abs(samples[0]))) in (24_000, 24_001)


@pytest.mark.parametrize("subtype", ["VORBIS", "OPUS"])
def test_a_chained_ogg_is_read_to_its_end(tmp_path: Path, subtype: str) -> None:
    # two streams one after the other are one legal file (RFC 3533, 4); libsndfile alone reads 1 of these 3 seconds
    parts = []
    for number, seconds in enumerate((1, 2)):
        path = tmp_path / f"{number}.ogg"
        sound = np.sin(np.arange(48_000 * seconds) * 0.05) / (number + 2)
        soundfile.write(path, sound, 48_000, format="OGG", subtype=subtype)
        parts.append(path.read_bytes())
    chained = tmp_path / "chained.ogg"
    chained.write_bytes(b"".join(parts))
    samples, reader, report = read(chained, "ogg")
    assert reader.info.decoder == "FFmpeg"
    assert report.sample_count_decoded == pytest.approx(3 * 48_000, abs=1024)  # a block between the two
    for part, peak in ((samples[0, 10_000:40_000], 1 / 2), (samples[0, 60_000:130_000], 1 / 3)):
        assert np.sqrt(2 * np.mean(part**2)) == pytest.approx(peak, rel=0.05)


def test_a_wrong_suffix_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "sound.mp3"
    soundfile.write(path, np.full(1000, 0.5), 48_000, format="FLAC", subtype="PCM_16")
    with path.open("rb") as file:
        found = identify(file, path.name)
    assert (found.medium, found.format) == ("audio", "flac")
    assert np.array_equal(read(path, found.format)[0], np.full((1, 1000), 0.5, np.float32))


def test_the_padding_at_the_end_of_aac_in_mp4_is_left_out_but_for_a_tick_of_the_movie(tmp_path: Path) -> None:
    path = tmp_path / "sound.m4a"
    mono = Layout(name="mono", channels=(0,), encoded="mono", is_assumed=True)
    writer = WebWriter(path, "aac", rate_hz=48_000, layout=mono, comment="")
    writer.write(np.random.default_rng(3).normal(0, 0.1, (1, 144_000)).astype(np.float32))
    writer.close()
    samples, _, report = read(path, "mov,mp4")
    assert (samples.shape[1], report.sample_count_from_header, report.damaged) == (144_048, 144_000, ())
    assert report.end_padding_sample_count == 144_384 - 144_048


@pytest.mark.parametrize(
    ("subtype", "channels"), [("VORBIS", 3), *((one, many) for one in ("VORBIS", "OPUS") for many in (5, 6, 7, 8))]
)
def test_channels_of_ogg_are_in_the_order_of_wave(tmp_path: Path, subtype: str, channels: int) -> None:
    seconds = np.arange(48_000) / 48_000
    tones_hz = 300.0 * np.arange(1, channels + 1)
    wav, ogg = tmp_path / "a.wav", tmp_path / "a.ogg"
    layout = {3: "3.0", 5: "5.0(back)", 6: "5.1(back)", 7: "6.1", 8: "7.1"}[channels]
    soundfile.write(wav, 0.2 * np.sin(2 * np.pi * seconds[:, None] * tones_hz), 48_000)
    coder = {"VORBIS": "libvorbis", "OPUS": "libopus"}[subtype]
    said = ["-channel_layout", layout, "-i", wav, "-c:a", coder, "-b:a", "512k", "-mapping_family", "1"]
    said = said[:-2] if subtype == "VORBIS" else said
    subprocess.run(["ffmpeg", "-v", "error", *map(str, said), str(ogg)], check=True)
    samples, reader, _ = read(ogg, "ogg")
    assert reader.info.decoder == "libsndfile"
    found_hz = np.abs(np.fft.rfft(samples[:, 4800:43_200], axis=1)).argmax(axis=1) * 48_000 / 38_400
    low = {6: 3, 7: 3, 8: 3}.get(channels)  # the channel of low frequencies, which an encoder may take the tone out of
    for number in range(channels):
        assert number == low or found_hz[number] == pytest.approx(tones_hz[number], abs=3)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "pcmwaveformat-24bit-4byte-48kHz-stereo",
            "24-bit samples in 4 bytes each, with alignment not stated in the header",
        ),
        ("waveformatextensible-24bit-4byte-48kHz-stereo", "24-bit samples right-justified in 4 bytes"),
    ],
)
def test_samples_that_both_libraries_misread_are_refused(samples: Path, name: str, message: str) -> None:
    with pytest.raises(UnsupportedMedia, match=message):
        FileReader(SourceFile.at(samples / f"formats/audio/hound/{name}.wav"), "wav")


def test_24_bits_at_the_upper_end_of_4_bytes_are_exact(tmp_path: Path) -> None:
    values, path = steps(24, 2), tmp_path / "sound.wav"
    soundfile.write(path, values, 48_000, format="WAVEX", subtype="PCM_32")
    data = bytearray(path.read_bytes())
    assert struct.unpack_from("<H", data, 38) == (32,)  # the valid bits
    struct.pack_into("<H", data, 38, 24)
    path.write_bytes(data)
    assert np.array_equal(read(path, "wav")[0], (values.T / 2.0**31).astype(np.float32))


@pytest.mark.parametrize("suffix", ["mp4", "opus", "mkv", "webm"])
def test_the_padding_of_opus_is_left_out_in_every_container(tmp_path: Path, suffix: str) -> None:
    path = encoded(tmp_path / f"a.{suffix}", "libopus", 48_000)
    with path.open("rb") as file:
        found = identify(file, path.name)
    samples, _, report = read(path, found.format)
    assert report.damage is None
    if suffix != "webm":  # Matroska gives it in whole milliseconds
        assert samples.shape == (1, 48_777)
    assert np.argmax(np.abs(samples[0])) in range(23_998, 24_004)


@pytest.mark.parametrize("gain_db", [-10.0, 6.0])
def test_the_output_gain_of_an_opus_header_is_applied(tmp_path: Path, gain_db: float) -> None:
    """RFC 7845, 5.1: in steps of 1/256 dB."""
    plain = encoded(tmp_path / "plain.opus", "libopus", 48_000)
    data = bytearray(plain.read_bytes())
    struct.pack_into("<h", data, data.index(b"OpusHead") + 16, round(gain_db * 256))
    end = data.index(b"OggS", 4)
    struct.pack_into("<I", data, 22, 0)
    struct.pack_into("<I", data, 22, checksum(bytes(data[:end])))
    louder = tmp_path / "louder.opus"
    louder.write_bytes(data)
    right = read(plain, "ogg")[0] * 10 ** (gain_db / 20)
    samples, _, report = read(louder, "ogg")
    assert report.damage is None
    assert np.abs(samples - right).max() < 1e-3
