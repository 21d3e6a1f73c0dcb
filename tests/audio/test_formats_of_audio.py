"""Every format, width, rate and number of channels that is promised reads exactly, and lossy ones are not shifted."""

from __future__ import annotations

import struct
import subprocess
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from processors.audio.reading.audio_info import AudioReport, Damaged
from processors.audio.reading.audio_reader import FileReader
from processors.audio.reading.declared_length import Declared, declared_length
from processors.audio.reading.end_padding import EndPadding
from processors.audio.renditions.audio_writers import WebWriter
from processors.errors import DamagedMedia, MediaError, RefusedMedia, UnsupportedMedia
from processors.identify import identify
from processors.sources.source_file import SourceFile


def read(path: Path, file_format: str) -> tuple[np.ndarray, FileReader, AudioReport]:
    reader = FileReader(SourceFile.at(path), file_format)
    blocks = [block.samples for block in reader.blocks()]
    report = reader.report()
    return np.concatenate(blocks, axis=1), reader, report


def steps(bits: int, channels: int, count: int = 5000) -> np.ndarray:
    """int32, shape (count, channels), left-justified: every value that the width holds may come."""
    whole = np.random.default_rng(bits).integers(-(1 << (bits - 1)), 1 << (bits - 1), (count, channels))
    whole[:2] = [[-(1 << (bits - 1))], [(1 << (bits - 1)) - 1]]
    return (whole << (32 - bits)).astype(np.int32)


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


def click(rate_hz: int = 48_000) -> np.ndarray:
    """A second and a bit of faint noise with a click at half a second."""
    sound = np.random.default_rng(2).normal(0, 1e-3, rate_hz + 777).astype(np.float32)
    sound[rate_hz // 2 : rate_hz // 2 + 2] = (0.8, -0.8)
    return sound


def encoded(path: Path, codec: str, rate_hz: int, samples: np.ndarray | None = None) -> Path:
    samples = click(rate_hz) if samples is None else samples
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate_hz, layout="mono")
        assert isinstance(stream, av.AudioStream)
        stream.codec_context.bit_rate = 192_000
        frame = av.AudioFrame.from_ndarray(samples[None], format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = rate_hz, 0, Fraction(1, rate_hz)
        resampler = av.AudioResampler(format=stream.codec_context.format, layout="mono", rate=rate_hz)
        for part in (*resampler.resample(frame), *resampler.resample(None)):
            container.mux(stream.encode(part))
        container.mux(stream.encode(None))
    return path


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


DAMAGED = [
    ("a.flac", "flac", "flac", 0), ("a.m4a", "aac", "mov,mp4", 3000), ("a.opus", "libopus", "ogg", None),
    ("a.mkv", "flac", "matroska", 0), ("a.wv", "wavpack", "wv", 0), ("a.tta", "tta", "tta", 0),
]  # fmt: skip
"""Name, codec, format, and for how many samples behind the damage the decoder settles; None: about what it was."""


@pytest.mark.parametrize(("name", "codec", "file_format", "settling"), DAMAGED)
def test_what_is_behind_damage_keeps_its_time(
    tmp_path: Path, name: str, codec: str, file_format: str, settling: int | None
) -> None:
    path = tmp_path / name
    encoded(path, codec, 48_000, np.random.default_rng(5).uniform(-0.5, 0.5, 288_000).astype(np.float32))
    whole = read(path, file_format)[0]
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 3000] = bytes(3000)
    path.write_bytes(data)
    samples, _, report = read(path, file_format)
    missing = np.flatnonzero(np.isnan(samples[0]))
    assert samples.shape == whole.shape
    assert len(missing) == report.missing_sample_count > 0
    assert report.sample_count_decoded == whole.shape[1] - len(missing)
    assert report.non_finite_sample_count == 0
    (gap,) = report.damaged
    assert gap == Damaged(start_seconds=missing[0] / 48_000, end_seconds=(missing[-1] + 1) / 48_000)
    assert gap.start_seconds < 3.1
    end = missing[0] - (960 if codec == "libopus" else 0)  # a packet that went on in the page that is lost
    assert np.allclose(samples[:, :end], whole[:, :end], rtol=0, atol=1e-6 if file_format == "ogg" else 0)
    behind, truly = (sound[0, missing[-1] + 1 + (settling or 48_000) :] for sound in (samples, whole))
    assert np.array_equal(behind, truly) if settling is not None else np.corrcoef(behind, truly)[0, 1] > 0.99


@pytest.mark.parametrize("share", [1 / 8, 1 / 50])  # the second is shorter than an encoder's delay and padding
def test_damage_in_an_mp3_is_told_and_that_what_follows_is_early(tmp_path: Path, share: float) -> None:
    noise = np.random.default_rng(5).uniform(-0.5, 0.5, 288_000).astype(np.float32)
    path = encoded(tmp_path / "a.mp3", "libmp3lame", 48_000, noise)
    whole = read(path, "mp3")[2].sample_count_decoded
    data = bytearray(path.read_bytes())
    hole = round(len(data) * share)
    data[len(data) // 2 : len(data) // 2 + hole] = bytes(hole)
    path.write_bytes(data)
    samples, _, report = read(path, "mp3")
    assert 0 < np.isfinite(samples).sum() == report.sample_count_decoded < whole
    (damage,) = report.damaged
    assert damage.start_seconds == pytest.approx(3.0, abs=0.1)
    assert damage.end_seconds is None
    assert report.truncated_because == (
        f"{288_000 - samples.shape[1]} samples are missing at {damage.start_seconds:.3f} s or behind it; packets of"
        " this format do not say when they are, so that what follows is early by as much"
    )


def wave_with(path: Path, **fields: int) -> Path:
    """A short 16-bit WAV whose header says something else."""
    soundfile.write(path, np.full(1000, 0.1), 48_000)
    data = bytearray(path.read_bytes())
    places = {"channels": (22, "<H"), "rate": (24, "<I"), "data_bytes": (40, "<I")}
    for name, value in fields.items():
        place, code = places[name]
        struct.pack_into(code, data, place, value)
    path.write_bytes(data)
    return path


def test_no_rate_and_no_channels_are_failures_in_words(tmp_path: Path) -> None:
    for fields in ({"rate": 0}, {"channels": 0}):
        with pytest.raises(MediaError) as failure:
            read(wave_with(tmp_path / "bad.wav", **fields), "wav")
        assert isinstance(failure.value, DamagedMedia | RefusedMedia)


@pytest.mark.parametrize("data_bytes", [4_000_000_000, 0xFFFFFFFF])
def test_a_size_that_lies_is_found_out(tmp_path: Path, data_bytes: int) -> None:
    samples, _, report = read(wave_with(tmp_path / "lie.wav", data_bytes=data_bytes), "wav")
    assert samples.shape == (1, 1000)
    assert report.sample_count_decoded == 1000


def test_a_wrong_suffix_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "sound.mp3"
    soundfile.write(path, np.full(1000, 0.5), 48_000, format="FLAC", subtype="PCM_16")
    with path.open("rb") as file:
        found = identify(file, path.name)
    assert (found.medium, found.format) == ("audio", "flac")
    assert np.array_equal(read(path, found.format)[0], np.full((1, 1000), 0.5, np.float32))


@pytest.mark.parametrize("suffix", ["aiff", "mp3", "wav", "w64", "caf", "au"])
def test_a_cut_file_says_how_much_is_missing(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"whole.{suffix}"
    soundfile.write(path, np.random.default_rng(2).normal(0, 0.1, 144_000), 48_000)
    cut = tmp_path / f"cut.{suffix}"
    cut.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    assert read(path, suffix)[2].damaged == ()
    samples, _, report = read(cut, suffix)
    (missing,) = report.damaged
    assert missing.start_seconds == pytest.approx(samples.shape[1] / 48_000)
    assert missing.end_seconds == pytest.approx(3.0, abs=0.03)
    assert report.truncated_because
    assert report.truncated_because.endswith(f" samples, {samples.shape[1]} are there")


@pytest.mark.parametrize("subtype", ["VORBIS", "OPUS"])
def test_an_ogg_file_without_its_last_page_is_cut_off(tmp_path: Path, subtype: str) -> None:
    path, cut = tmp_path / "whole.ogg", tmp_path / "cut.ogg"
    soundfile.write(path, np.random.default_rng(2).normal(0, 0.1, 144_000), 48_000, format="OGG", subtype=subtype)
    whole, _, report = read(path, "ogg")
    assert (report.damaged, report.truncated_because) == ((), None)
    for kept_bytes in (path.stat().st_size * 2 // 3, path.stat().st_size - 1):
        cut.write_bytes(path.read_bytes()[:kept_bytes])
        samples, _, report = read(cut, "ogg")
        assert samples.shape[1] < whole.shape[1]
        assert report.damaged == (Damaged(start_seconds=samples.shape[1] / 48_000, end_seconds=None),)
        assert report.truncated_because == "no page is marked as the last"


@pytest.mark.parametrize(("suffix", "codec"), [("wv", "wavpack"), ("tta", "tta"), ("mka", "flac")])
def test_a_cut_file_of_ffmpegs_says_how_much_is_missing(tmp_path: Path, suffix: str, codec: str) -> None:
    path, cut = tmp_path / f"whole.{suffix}", tmp_path / f"cut.{suffix}"
    encoded(path, codec, 48_000, np.random.default_rng(2).normal(0, 0.1, 144_000).astype(np.float32))
    assert read(path, suffix)[2].damaged == ()
    cut.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    samples, _, report = read(cut, suffix)
    assert report.damaged[0].start_seconds == pytest.approx(samples.shape[1] / 48_000)
    assert report.damaged[-1].end_seconds == pytest.approx(3.0)


def test_the_padding_at_the_end_of_aac_in_mp4_is_left_out_but_for_a_tick_of_the_movie(tmp_path: Path) -> None:
    path = tmp_path / "sound.m4a"
    writer = WebWriter(path, "aac", rate_hz=48_000, layout="mono", comment="")
    writer.write(np.random.default_rng(3).normal(0, 0.1, (1, 144_000)).astype(np.float32))
    writer.close()
    samples, _, report = read(path, "mov,mp4")
    assert (samples.shape[1], report.sample_count_from_header, report.damaged) == (144_048, 144_000, ())
    assert report.end_padding_sample_count == 144_384 - 144_048


def test_a_length_that_is_too_short_cuts_nothing_off() -> None:
    padding, sound = EndPadding(1000, 2048), np.arange(6000, dtype=np.float32)[None]
    given = [padding.without(sound[:, first : first + 1024]) for first in range(0, 6000, 1024)]
    assert np.array_equal(np.concatenate(given, axis=1), sound)


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


def test_the_end_of_an_ogg_file_is_there_although_its_middle_is_damaged(tmp_path: Path) -> None:
    path = encoded(
        tmp_path / "a.opus", "libopus", 48_000, np.random.default_rng(5).normal(0, 0.1, 288_000).astype("f4")
    )
    data = bytearray(path.read_bytes())
    middle = data.find(b"OggS", len(data) // 2)
    data[middle : middle + 3000] = bytes(3000)
    path.write_bytes(data)
    _, _, report = read(path, "ogg")
    assert report.truncated_because is None
    assert [span.end_seconds is None for span in report.damaged] == [False]


def test_a_recording_whose_size_was_never_written_is_read(tmp_path: Path) -> None:
    samples, _, report = read(wave_with(tmp_path / "cut.wav", data_bytes=0), "wav")
    assert samples.shape == (1, 1000)
    assert report.sample_count_decoded == 1000


@pytest.mark.parametrize("size", [0, 24, 1 << 40, (1 << 63) + 5, (1 << 64) - 1])
def test_a_size_of_wave64_or_caf_that_lies_leads_nowhere(tmp_path: Path, size: int) -> None:
    path = tmp_path / "lie.w64"
    path.write_bytes(b"riff" + bytes(36) + b"junk" + bytes(12) + struct.pack("<Q", size) + bytes(400_000))
    assert declared_length(SourceFile.at(path), "w64") == Declared()
    path.write_bytes(b"caff" + bytes(4) + b"junk" + struct.pack(">Q", size) + bytes(400_000))
    assert declared_length(SourceFile.at(path), "caf") == Declared()


def test_time_stamps_that_jump_again_and_again_do_not_become_a_day_of_nothing(tmp_path: Path) -> None:
    path = tmp_path / "jumps.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("flac", rate=48_000, layout="mono")
        assert isinstance(stream, av.AudioStream)
        packets = []
        for number in range(40):
            frame = av.AudioFrame.from_ndarray(np.ones((1, 4608), np.int16), format="s16", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = 48_000, number * 4608, Fraction(1, 48_000)
            packets += stream.encode(frame)
        for number, packet in enumerate([*packets, *stream.encode(None)]):
            packet.pts = packet.dts = number * 3000 * 48_000
            container.mux(packet)
    reader = FileReader(SourceFile.at(path), "mov,mp4")
    given = sum(block.samples.shape[1] for block in reader.blocks())
    report = reader.report()
    assert report.sample_count_decoded == 40 * 4608
    assert given == report.sample_count_decoded + report.missing_sample_count < 1.1 * (1 << 28)
    assert report.first_error == "the time stamps jump by 2999.9 s"


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


def test_what_stands_behind_the_sound_is_told(tmp_path: Path) -> None:
    values = steps(16, 1)
    for kind in ("wav", "flac"):
        path = tmp_path / f"one.{kind}"
        soundfile.write(path, values, 48_000, subtype="PCM_16")
        whole = path.read_bytes()
        assert read(path, kind)[2].unread_because is None
        joined = tmp_path / f"joined.{kind}"
        joined.write_bytes(whole + whole)
        samples, _, report = read(joined, kind)
        assert samples.shape[1] == 5000
        name = "another WAVE file" if kind == "wav" else "another FLAC stream"
        assert report.unread_because == f"{name} follows at byte {len(whole)}"
    data = bytearray((tmp_path / "one.wav").read_bytes())
    struct.pack_into("<I", data, data.index(b"data") + 4, 4000)
    (tmp_path / "small.wav").write_bytes(data)
    report = read(tmp_path / "small.wav", "wav")[2]
    assert (report.sample_count_decoded, report.unread_because) == (
        2000,
        "6000 bytes after the audio data are not part of any chunk",
    )
