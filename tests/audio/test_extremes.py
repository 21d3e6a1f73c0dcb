"""Sounds at the edges of what a file can hold give results or a refusal with its reason, never a fault."""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from flows.recipes import SOUND
from processors.audio.envelope import Envelope
from processors.audio.events.events import Events
from processors.audio.levels.levels import Levels
from processors.audio.marks import Marks
from processors.audio.reading.audio_reader import FileReader
from processors.audio.renditions.renditions import Renditions
from processors.audio.spectrogram.spectra import Spectra
from processors.audio.spectrogram.spectrogram import Spectrogram
from processors.contract import Processor
from processors.decoding.open_media import open_container
from processors.errors import DamagedMedia, RefusedMedia, UnsupportedMedia
from processors.sources.source_file import SourceFile
from tests.helpers.audio_sessions import Bench

MADE_OF_SAMPLES = [processor for processor in SOUND if not isinstance(processor, Marks)]


@pytest.mark.parametrize("rate_hz", [1, 2, 11, 16, 50, 100, 3999, 768_000])
def test_every_sampling_rate_gives_results(tmp_path: Path, rate_hz: int) -> None:
    samples = np.random.default_rng(0).normal(0, 0.1, (2, min(8 * rate_hz, 100_000)))
    bench = Bench(tmp_path, samples, rate_hz)
    for processor in MADE_OF_SAMPLES:
        assert bench.run(processor).items, processor.name


@pytest.mark.parametrize("count", [1, 3, 1000])
@pytest.mark.parametrize("channels", [1, 9])
def test_every_length_gives_results(tmp_path: Path, count: int, channels: int) -> None:
    bench = Bench(tmp_path, np.random.default_rng(0).normal(0, 0.1, (channels, count)), 48_000)
    for processor in MADE_OF_SAMPLES:
        assert bench.run(processor).items, processor.name


@pytest.mark.parametrize("value", [1e4, 1e10, 1e-30, 1e-44, np.nan, np.inf, 0.0])
def test_every_value_gives_results(tmp_path: Path, value: float) -> None:
    samples = np.full((2, 24_000), value, np.float32)
    samples[:, ::7] *= np.float32(-0.5)
    bench = Bench(tmp_path, samples, codec="float")
    for processor in MADE_OF_SAMPLES:
        assert bench.run(processor).items, processor.name


def test_samples_far_beyond_full_scale_have_levels_and_no_spectrum(tmp_path: Path) -> None:
    samples = np.full((1, 48_000), 1e30, np.float32)
    samples[0, ::2] *= -1
    bench = Bench(tmp_path, samples, codec="float")
    (channel,) = bench.run(Levels()).facts("levels.json")["channels"]
    assert channel["peak_dbfs"] == pytest.approx(600, abs=0.01)
    assert channel["rms_dbfs"] == pytest.approx(600, abs=0.01)
    assert bench.run(Renditions()).items
    reason = "samples reach 1e+30 times full scale; their power exceeds 32-bit numbers: scale the recording"
    too_much: list[Processor] = [Spectrogram(), Envelope()]
    for processor in too_much:
        with pytest.raises(RefusedMedia) as refusal:
            bench.run(processor)
        assert str(refusal.value).startswith(reason)


@pytest.mark.parametrize("rate_hz", [1, 16, 100, 199])
def test_loudness_is_refused_where_it_is_not_defined(tmp_path: Path, rate_hz: int) -> None:
    tone = 0.1 * np.sin(2 * np.pi * 0.04 * rate_hz * np.arange(8 * rate_hz) / rate_hz)
    loudness = Bench(tmp_path, tone, rate_hz).run(Levels()).facts("levels.json")["loudness"]
    assert loudness == {
        "integrated_lufs": None,
        "range_lu": None,
        "highest_momentary_lufs": None,
        "highest_short_term_lufs": None,
        "reason": f"loudness is not defined for a recording at {rate_hz} Hz: it needs 200 Hz or more",
        "loudspeakers": [],
        "are_loudspeakers_assumed": False,
    }


@pytest.mark.parametrize("rate_hz", [200, 1000, 2000, 3500, 8000, 22_050])
def test_loudness_at_a_low_rate_is_that_at_48_khz(tmp_path: Path, rate_hz: int) -> None:
    def integrated(rate: int) -> float:
        tone = 0.1 * np.sin(2 * np.pi * 40 * np.arange(8 * rate) / rate)
        return Bench(tmp_path / str(rate), tone, rate).run(Levels()).facts("levels.json")["loudness"]["integrated_lufs"]

    assert integrated(rate_hz) == pytest.approx(integrated(48_000), abs=0.05)


def test_channels_in_antiphase_are_not_silence(tmp_path: Path) -> None:
    tone = 0.1 * np.sin(2 * np.pi * 1000 * np.arange(5 * 48_000) / 48_000)
    one, both = Bench(tmp_path / "one", tone), Bench(tmp_path / "both", np.stack([tone, -tone]))
    for bench in (one, both):
        assert bench.run(Spectrogram()).facts("spectrogram.nc")["peak_dbfs"] == pytest.approx(-23.637, abs=0.01)
        (channel,) = bench.run(Spectra()).facts("spectra.csv")["channels"]
        octave = next(b for b in channel["bands"] if b["octave_fraction"] == 1 and round(b["middle_hz"]) == 1000)
        assert octave["rms_dbfs"] == pytest.approx(-23.01, abs=0.02)
        assert channel["strongest_tone"]["peak_dbfs"] == pytest.approx(-20, abs=0.01)
        (event,) = bench.run(Events()).facts("events.csv")["events"]
        assert (event["kind"], event["level_dbfs"]) == ("tone", pytest.approx(-23.01, abs=0.05))


def test_the_mean_over_channels_is_of_power(tmp_path: Path) -> None:
    noise = np.random.default_rng(3).normal(0, 0.1, (6, 48_000)).astype(np.float32)
    noise[3] = 0
    each = Bench(tmp_path / "each", noise).run(Spectra(spectrogram=Spectrogram(channels="each")))
    mean = Bench(tmp_path / "mean", noise).run(Spectra())
    columns = [np.genfromtxt(result.path("spectra.csv"), delimiter=",", skip_header=1)[:, 2] for result in (each, mean)]
    power = np.nan_to_num(10 ** (columns[0].reshape(6, -1) / 10)).mean(axis=0)
    assert np.allclose(10 * np.log10(power), columns[1], atol=0.002)


def test_an_impulse_in_antiphase_is_heard(tmp_path: Path) -> None:
    samples = np.random.default_rng(5).normal(0, 1e-4, 4 * 48_000)
    samples[96_000:96_040] += 0.5
    facts = Bench(tmp_path, np.stack([samples, -samples])).run(Events()).facts("events.csv")
    assert facts["impulse_count"] == 1
    assert facts["events"][0]["start_seconds"] == pytest.approx(2.0, abs=0.002)


def test_an_inaudible_rate_has_only_the_original_and_the_reason(tmp_path: Path) -> None:
    result = Bench(tmp_path, np.random.default_rng(0).normal(0, 0.1, 300), 1).run(Renditions())
    assert list(result.items) == ["original.flac"]
    assert result.facts("original.flac")["others_missing_because"] == (
        "at 1 Hz there is nothing to hear: filters and the web begin at 200 Hz; play the original faster"
    )


@pytest.mark.parametrize("rate_hz", [1, 3, 12, 25, 100, 1000])
def test_noise_at_a_low_rate_has_no_impulses_and_the_reason_is_given(tmp_path: Path, rate_hz: int) -> None:
    noise = np.random.default_rng(5).normal(0, 0.1, 120 * rate_hz)
    facts = Bench(tmp_path, noise, rate_hz).run(Events()).facts("events.csv")
    assert facts["impulse_count"] == 0
    assert facts["not_found_because"][0] == (f"impulses are not looked for at {rate_hz} Hz: they rise within 4 ms")


def test_a_window_too_long_for_a_tone_is_reported(tmp_path: Path) -> None:
    def facts_of(rate_hz: int, seconds: int, window_samples: int | None = None) -> dict[str, Any]:
        events = Events(spectrogram=Spectrogram(window_samples=window_samples))
        tone = 0.1 * np.sin(2 * np.pi * 40 * np.arange(seconds * rate_hz) / rate_hz)
        return Bench(tmp_path / f"{rate_hz}-{seconds}-{window_samples}", tone, rate_hz).run(events).facts("events.csv")

    short, long = facts_of(200, 20, 2048), facts_of(200, 150, 2048)
    assert (short["tone_count"], short["not_found_because"][1]) == (
        0,
        "a window of 2048 samples is 10.2 s at 200 Hz: no tone is found in 20 s: it takes 123 s",
    )
    assert long["not_found_because"][1] == (
        "a window of 2048 samples is 10.2 s at 200 Hz: only tones of 123 s or more are found"
    )
    assert long["tone_count"] == 1
    assert facts_of(8000, 5)["not_found_because"] == []
    assert facts_of(200, 20)["tone_count"] == 1  # the default window is shorter at low rates


@pytest.mark.parametrize(("rate_hz", "seconds"), [(100, 1800), (250, 1200), (500, 600), (1000, 300)])
@pytest.mark.parametrize("is_wind", [False, True])
def test_noise_at_a_low_rate_has_no_tones(tmp_path: Path, rate_hz: int, seconds: int, is_wind: bool) -> None:
    rng = np.random.default_rng(7)
    noise = rng.normal(0, 0.06, seconds * rate_hz)
    if is_wind:  # its power falls with the frequency to the power of -5/3
        frequency_hz = np.fft.rfftfreq(len(noise), 1 / rate_hz)
        phases = rng.normal(0, 1, len(frequency_hz)) + 1j * rng.normal(0, 1, len(frequency_hz))
        wind = np.fft.irfft(phases / np.maximum(frequency_hz, 0.5) ** (5 / 6), len(noise))
        noise = 0.09 * wind / wind.std()
    facts = Bench(tmp_path, noise, rate_hz).run(Events()).facts("events.csv")
    assert facts["tone_count"] == 0
    assert facts["not_found_because"][-1] == (
        f"no tone is looked for below {4 * rate_hz / 256:.3g} Hz: with a window of {256 / rate_hz:.3g} s wind looks "
        "like one"
    )


@pytest.mark.parametrize("rate_hz", [250, 500])
def test_a_tone_in_noise_at_a_low_rate_is_found(tmp_path: Path, rate_hz: int) -> None:
    seconds = np.arange(60 * rate_hz) / rate_hz
    tone = 0.1 * np.sin(2 * np.pi * 31.7 * seconds) * ((seconds >= 16) & (seconds < 40))
    noise = np.random.default_rng(7).normal(0, 0.02, len(seconds))
    facts = Bench(tmp_path, tone + noise, rate_hz).run(Events()).facts("events.csv")
    (found,) = (event for event in facts["events"] if event["kind"] == "tone")
    assert found["fundamental_hz"] == pytest.approx(31.7, abs=0.05)
    assert (found["start_seconds"], found["end_seconds"]) == pytest.approx((16, 40), abs=2.5)


@pytest.mark.parametrize("gain_db", [40, 90, 360, 700])
def test_loudness_above_10_lufs_is_measured(tmp_path: Path, gain_db: int) -> None:
    noise = np.random.default_rng(2).normal(0, 0.1, 5 * 48_000) * np.repeat([1, 0.2, 0.5, 1, 0.1], 48_000)
    quiet, loud = (
        Bench(tmp_path / name, noise * gain, codec="float").run(Levels()).facts("levels.json")["loudness"]
        for name, gain in (("quiet", 1.0), ("loud", 10 ** (gain_db / 20)))
    )
    for name in ("integrated_lufs", "highest_momentary_lufs", "highest_short_term_lufs"):
        assert loud[name] == pytest.approx(quiet[name] + gain_db, abs=0.1), name
    assert loud["range_lu"] == pytest.approx(quiet["range_lu"], abs=0.01)


def test_one_sample_at_the_end_of_32_bits_has_a_loudness(tmp_path: Path) -> None:
    samples = np.random.default_rng(2).normal(0, 0.1, 5 * 48_000).astype(np.float32)
    samples[100_000] = 3e38
    loudness = Bench(tmp_path, samples, codec="float").run(Levels()).facts("levels.json")["loudness"]
    assert loudness["integrated_lufs"] > 700


@pytest.mark.parametrize(("suffix", "value"), [("wav", 1e199), ("aiff", -1e40), ("w64", 3.5e38), ("caf", 1e300)])
def test_floats_beyond_32_bits_are_refused_and_not_called_infinite(tmp_path: Path, suffix: str, value: float) -> None:
    samples = np.full(1000, 0.25)
    samples[500] = value
    path = tmp_path / f"sound.{suffix}"
    soundfile.write(path, samples, 48_000, "DOUBLE")
    reader = FileReader(SourceFile.at(path), suffix)
    with pytest.raises(RefusedMedia, match="times full scale, more than 32-bit numbers hold"):
        list(reader.blocks())


@pytest.mark.parametrize("suffix", ["wav", "w64"])
def test_integers_of_64_bits_are_divided_by_their_full_scale(suffix: str, tmp_path: Path) -> None:
    tone = (np.sin(np.arange(4800) / 20) / 2 * 2**63).astype("<i8")
    data = np.stack([tone, -tone], axis=1).tobytes()
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 2, 48000, 48000 * 16, 16, 64)
    wav = tmp_path / "sound.wav"
    wav.write_bytes(
        struct.pack("<4sI4s", b"RIFF", 36 + len(data), b"WAVE") + form + struct.pack("<4sI", b"data", len(data)) + data
    )
    path = tmp_path / f"other.{suffix}"
    subprocess.run(["ffmpeg", "-v", "error", "-i", str(wav), "-c:a", "pcm_s64le", str(path)], check=True)
    reader = FileReader(SourceFile.at(path), suffix)
    samples = np.concatenate([block.samples for block in reader.blocks()], axis=1)
    assert samples.tolist() == np.stack([tone / 2.0**63, -tone / 2.0**63]).astype(np.float32).tolist()
    assert reader.report().damage is None


def test_a_rate_above_what_ffmpeg_prints_is_the_rate_of_the_header(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, np.zeros(1000), 48_000, subtype="PCM_16")
    data = bytearray(path.read_bytes())
    data[24:28] = struct.pack("<I", 4_000_000_000)
    path.write_bytes(data)
    with path.open("rb") as file, pytest.raises(DamagedMedia, match="Invalid sample rate: 4000000000 "):
        open_container(file)


def test_a_codec_without_a_decoder_is_unsupported_and_no_fault_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, np.zeros(48_000), 48_000, subtype="PCM_16")
    data = bytearray(path.read_bytes())
    data[20:22] = struct.pack("<H", 0x1234)
    path.write_bytes(data)
    with pytest.raises(UnsupportedMedia) as refused:
        FileReader(SourceFile.at(path), "wav")
    assert str(refused.value) == (
        "the sound is compressed with WAVE format 0x1234, for which FFmpeg has no decoder: convert it with a tool that"
        " has one"
    )
