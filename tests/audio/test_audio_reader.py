"""Samples are exact, levels are in dBFS, and the array is the same whatever the blocks."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import librosa
import numpy as np
import pytest
import soundfile
import xarray

from processors.audio.reading.audio_info import AudioInfo, AudioReport
from processors.audio.reading.audio_reader import FileReader
from processors.audio.reading.block import AudioBlock
from processors.audio.spectrogram.column_pool import ColumnPool, means_of_runs
from processors.audio.spectrogram.spectrogram import Spectrogram
from processors.audio.spectrogram.stft import BATCH_FRAMES
from processors.contract import Item
from processors.errors import DamagedMedia, RefusedMedia
from processors.sources.source_file import SourceFile
from tests.helpers.made_media import MediaMaker


def read(path: Path, file_format: str) -> tuple[np.ndarray, AudioReport]:
    reader = FileReader(SourceFile.at(path), file_format)
    blocks = [block.samples for block in reader.blocks()]
    report = reader.report()
    return np.concatenate(blocks, axis=1), report


def info_of(samples: np.ndarray, rate_hz: int = 48000) -> AudioInfo:
    return AudioInfo(
        codec="test",
        rate_hz=rate_hz,
        channel_count=samples.shape[0],
        sample_count_from_header=None,
        start=Fraction(0),
        decoder="test",
    )


def spectrogram_of(
    samples: np.ndarray, folder: Path, blocks: int = 1, rate_hz: int = 48000
) -> tuple[list[Item], xarray.Dataset]:
    folder.mkdir(exist_ok=True)
    session = Spectrogram().start(info_of(samples, rate_hz), folder)
    first = 0
    for block in np.array_split(samples, blocks, axis=1):
        session.feed(AudioBlock(samples=block, first_sample=first))
        first += block.shape[1]
    items = list(session.finish())
    with xarray.open_dataset(folder / "spectrogram.nc", engine="h5netcdf") as opened:
        return items, opened.isel(channel=0).load()


@pytest.mark.parametrize("suffix", ["wav", "flac", "aiff"])
def test_integers_come_out_divided_by_their_full_scale(make: MediaMaker, suffix: str) -> None:
    path = make.folder / f"steps.{suffix}"
    values = np.array([-(2**23), -1, 0, 1, 2**23 - 1], np.int32)
    soundfile.write(path, values << 8, 48000, subtype="PCM_24")
    samples, report = read(path, suffix)
    assert samples[0].tolist() == (values / 2**23).tolist()
    assert (report.sample_count_from_header, report.sample_count_decoded) == (5, 5)


def test_the_level_of_a_tone_is_right(make: MediaMaker, tmp_path: Path) -> None:
    # 1500 Hz is the middle of band 64 of 2048 at 48 kHz, so the window loses nothing
    samples, _ = read(make.tone("tone.wav", hz=1500.0, peak=0.5), "wav")
    items, array = spectrogram_of(samples, tmp_path / "scratch")
    middle = array.power.isel(time=len(array.time) // 2)
    assert float(middle.frequency[int(np.argmax(middle.data))]) == 1500.0
    assert 10 * np.log10(float(middle.max())) == pytest.approx(-9.0309, abs=0.01)
    assert items[0].facts.peak_dbfs == pytest.approx(-9.0309, abs=0.05)


def test_the_array_is_librosas_of_windows_without_their_mean(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).standard_normal((1, 48000)).astype(np.float32) / 4
    _, array = spectrogram_of(noise, tmp_path / "scratch")
    hann = librosa.filters.get_window("hann", 2048)
    windows = librosa.util.frame(np.pad(noise[0].astype(np.float64), 1024), frame_length=2048, hop_length=512)
    spectrum = np.fft.rfft((windows - windows.mean(axis=0)) * hann[:, None], axis=0)
    expected = np.abs(spectrum) ** 2 * 2 / hann.sum() ** 2
    expected[[0, -1]] /= 2
    assert array.power.shape == expected.T.shape
    whole = np.asarray(array.padded_share) == 0
    assert whole.sum() == len(whole) - 4
    assert np.allclose(array.power[whole], expected.T[whole], rtol=1e-5, atol=1e-12)
    as_librosa = librosa.stft(noise[0], n_fft=2048, hop_length=512, center=True, pad_mode="constant")
    assert np.allclose(np.abs(spectrum)[3:], np.abs(as_librosa)[3:], rtol=1e-3, atol=1e-3)
    assert np.array_equal(array.frequency, librosa.fft_frequencies(sr=48000, n_fft=2048))
    assert np.allclose(array.time, librosa.frames_to_time(np.arange(expected.shape[1]), sr=48000, hop_length=512))
    assert (array.power.attrs["units"], array.time.attrs["units"], array.frequency.attrs["units"]) == ("1", "s", "Hz")
    assert array.attrs["Conventions"] == "CF-1.11, ACDD-1.3"


@pytest.mark.parametrize("blocks", [2, 7, 301])
def test_blocks_of_any_size_give_the_same_bits(tmp_path: Path, blocks: int) -> None:
    noise = np.random.default_rng(2).standard_normal((2, (BATCH_FRAMES * 2 + 77) * 512 + 5)).astype(np.float32)
    whole, _ = spectrogram_of(noise, tmp_path / "whole")
    parts, _ = spectrogram_of(noise, tmp_path / "parts", blocks=blocks)
    assert (tmp_path / "whole/spectrogram.nc").read_bytes() == (tmp_path / "parts/spectrogram.nc").read_bytes()
    assert whole[0].facts == parts[0].facts
    assert (tmp_path / "whole/overview.nc").read_bytes() == (tmp_path / "parts/overview.nc").read_bytes()


def test_silence_has_no_level(tmp_path: Path) -> None:
    items, array = spectrogram_of(np.zeros((1, 4800), np.float32), tmp_path / "scratch")
    assert items[0].facts.peak_dbfs is None
    assert float(array.power.max()) == 0


def test_a_single_sample_is_enough(tmp_path: Path) -> None:
    items, array = spectrogram_of(np.full((1, 1), 0.5, np.float32), tmp_path / "scratch")
    assert len(array.time) == items[0].facts.frame_count == 1


def test_samples_that_are_no_numbers_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "nan.wav"
    soundfile.write(path, np.array([0.1, np.nan, np.inf, 0.2] * 1000), 48000, subtype="FLOAT")
    samples, report = read(path, "wav")
    assert report.non_finite_sample_count == 2000
    items, array = spectrogram_of(samples, tmp_path / "scratch")
    assert items[0].facts.non_finite_samples_taken_as_zero == 2000
    assert np.isfinite(array.power).all()


def test_a_long_recording_fits_a_picture_of_constant_width() -> None:
    pool = ColumnPool(10, (3,))
    for i in range(1000):
        pool.add(np.full((1, 3), float(i), np.float32))
    columns = pool.columns()
    assert 10 <= len(columns) <= 20
    assert columns[0, 0] == pytest.approx(31.5)  # the mean of 0 to 63
    at_once = ColumnPool(10, (3,))
    at_once.add(np.arange(1000, dtype=np.float32)[:, None].repeat(3, axis=1))
    assert np.array_equal(at_once.columns(), columns)


def test_runs_whose_mean_is_known_make_the_same_columns() -> None:
    frames = np.arange(1000, dtype=np.float32)[:, None]
    one_by_one, in_runs = ColumnPool(10, (1,)), ColumnPool(10, (1,))
    one_by_one.add(frames)
    in_runs.add(frames[:200])
    assert in_runs.frames_per_column == 16
    in_runs.add(means_of_runs(frames[200:], 8), frames_each=8)
    assert np.array_equal(in_runs.columns(), one_by_one.columns())
    assert in_runs.mean() == one_by_one.mean() == 499.5


def test_an_empty_file_fails_with_a_message(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "empty.wav", np.zeros(0), 48000)
    with pytest.raises(DamagedMedia, match=r"\(the file holds none\): take it out of the release, unless another"):
        read(tmp_path / "empty.wav", "wav")


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("rate_hz", 0, "the sampling rate is missing"),
        ("rate_hz", 2**31, "sampling rate 2147483648 Hz is not between 1 and 10000000"),
        ("channel_count", 0, "the number of channels is missing"),
        ("channel_count", 65, "the number of channels, 65, is not between 1 and 64"),
    ],
)
def test_absurd_headers_are_refused(field: str, value: int, words: str) -> None:
    good = {"codec": "x", "rate_hz": 48000, "channel_count": 1, "sample_count_from_header": 1, "start": Fraction(0)}
    with pytest.raises(RefusedMedia if value else DamagedMedia, match=words):
        AudioInfo(**{**good, field: value}, decoder="x")  # type: ignore[arg-type]


def test_an_mp3_without_a_length_header_is_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "no-xing.mp3"
    seconds = 10
    wave = np.sin(np.arange(seconds * 44100) / 20) * np.linspace(0, 0.5, seconds * 44100)
    with av.open(str(path), "w", options={"write_xing": "0"}) as container:
        stream = container.add_stream("libmp3lame", rate=44100, layout="mono", options={"q": "9"})
        assert isinstance(stream, av.AudioStream)
        frame = av.AudioFrame.from_ndarray(wave.astype(np.float32)[None], format="fltp", layout="mono")
        frame.sample_rate = 44100
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    decoded, report = read(path, "mp3")
    assert report.sample_count_decoded == decoded.shape[1]
    assert decoded.shape[1] / 44100 == pytest.approx(seconds, abs=0.06)  # an encoder's delay and padding


def test_an_mp3_longer_than_its_header_says_is_read_whole_and_reported(tmp_path: Path) -> None:
    path = tmp_path / "half.mp3"
    soundfile.write(path, np.sin(np.arange(96_000) / 20) * 0.5, 48_000)
    data = bytearray(path.read_bytes())
    place = max(data.find(b"Xing"), data.find(b"Info")) + 8
    assert read(path, "mp3")[1].doubted_because is None
    frames = int.from_bytes(data[place : place + 4], "big")
    data[place : place + 4] = (frames // 2).to_bytes(4, "big")
    path.write_bytes(data)
    decoded, report = read(path, "mp3")
    assert decoded.shape[1] >= 96_000
    declared = report.sample_count_from_header
    assert declared is not None
    assert declared < 50_000
    assert report.doubted_because == f"the header declares {declared} samples, {decoded.shape[1]} are present"


def test_an_aiff_longer_than_its_header_says_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "more.aiff"
    soundfile.write(path, np.sin(np.arange(4800) / 20) * 0.5, 48_000)
    data = bytearray(path.read_bytes())
    place = data.index(b"COMM") + 10
    data[place : place + 4] = (1200).to_bytes(4, "big")
    assert read(path, "aiff")[1].doubted_because is None
    path.write_bytes(data)
    assert read(path, "aiff")[1].doubted_because == "the header declares 1200 samples, 4800 are present"


def test_a_flac_whose_header_and_frames_differ_in_rate_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "rate.flac"
    soundfile.write(path, np.sin(np.arange(4800) / 20) * 0.5, 48_000)
    data = bytearray(path.read_bytes())
    assert read(path, "flac")[1].doubted_because is None
    data[18:21] = (32_000 << 4 | data[20] & 15).to_bytes(3, "big")
    path.write_bytes(data)
    assert read(path, "flac")[1].doubted_because == (
        "the header says 32000 Hz, and its first frame 48000 Hz: what is heard may be too high or low"
    )


def test_a_truncated_file_is_found_out_with_the_range_that_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "cut.flac"
    soundfile.write(path, np.random.default_rng(1).normal(0, 0.1, 96000), 48000)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    decoded, report = read(path, "flac")
    assert report.sample_count_from_header == 96000
    assert 0 < decoded.shape[1] < 96000
    assert report.damaged[0].start_seconds == decoded.shape[1] / 48000
    assert report.damaged[-1].end_seconds == 2.0


@pytest.mark.parametrize("kind", ["WAV", "WAVEX", "RF64"])
def test_a_truncated_wave_file_is_found_out_by_the_size_of_its_data(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "cut.wav"
    soundfile.write(path, np.zeros((96_000, 2)), 48_000, format=kind, subtype="PCM_24")
    path.write_bytes(path.read_bytes()[: -48_000 * 6])
    decoded, report = read(path, "wav")
    assert (report.sample_count_from_header, decoded.shape[1]) == (96_000, 48_000)
    (missing,) = report.damaged
    assert (missing.start_seconds, missing.end_seconds) == (1.0, 2.0)


@pytest.mark.parametrize(("size", "declared"), [(0x7FFFFFFF, 0x7FFFFFFF // 2), (0xFFFFFFFF, None)])
def test_a_wave_file_that_claims_more_than_it_holds(tmp_path: Path, size: int, declared: int | None) -> None:
    path = tmp_path / "claims.wav"
    soundfile.write(path, np.zeros(48_000), 48_000)
    whole = path.read_bytes()
    path.write_bytes(whole[:40] + size.to_bytes(4, "little") + whole[44:])
    assert whole[36:40] == b"data"
    decoded, report = read(path, "wav")
    assert (report.sample_count_from_header, decoded.shape[1]) == (declared, 48_000)
    assert len(report.damaged) == (1 if declared else 0)


def test_two_readers_are_compared(tmp_path: Path) -> None:
    path = tmp_path / "tone.ogg"
    soundfile.write(path, np.sin(np.arange(48000) / 20) / 2, 48000, format="OGG", subtype="VORBIS")
    decoded, report = read(path, "ogg")
    assert decoded.shape[1] == report.sample_count_from_second_reader == 48000


def test_microphone_files_read_as_they_are(samples: Path) -> None:
    path = samples / "release/edl-microphone/mic_00000170_000_000000.wav"
    decoded, report = read(path, "wav")
    expected, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
    assert rate_hz == 48000
    assert np.array_equal(decoded, expected.T)
    assert report.sample_count_decoded == report.sample_count_from_header == len(expected)
