"""Events are found where they are, and nothing is found where there is nothing."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import scipy.signal

from processors.audio.av_frames import audio_frame
from processors.audio.events.events import Events
from processors.audio.events.tones import ToneTrack, harmonic_series
from processors.audio.spectrogram.spectral_lines import Line
from tests.helpers.audio_sessions import Bench


def events_of(result_facts: Any, kind: str) -> list[dict[str, Any]]:
    return [event for event in result_facts["events"] if event["kind"] == kind]


@pytest.mark.parametrize(
    ("name", "file_format", "clock"),
    [("drive-off-sound.wav", "wav", "wav_seconds"), ("drive-off.mp4", "mov,mp4", "clip_seconds")],
)
def test_every_impact_of_the_sample_and_no_other(
    sample_release: Path, tmp_path: Path, name: str, file_format: str, clock: str
) -> None:
    truth = json.loads((sample_release / "truth.json").read_text())["files"]["drive-off-sound.wav"]["sound"]
    facts = Bench.of(tmp_path, sample_release / name, file_format).run(Events()).facts("events.csv")
    starts = [event["start_seconds"] for event in events_of(facts, "impulse")]
    assert starts == pytest.approx([impact[clock] for impact in truth["impacts"]], abs=0.005)
    levels = [event["level_dbfs"] for event in events_of(facts, "impulse")]
    assert levels == pytest.approx([impact["peak_dbfs"] for impact in truth["impacts"]], abs=2)  # hum and wind add
    (tone,) = events_of(facts, "tone")
    assert tone["fundamental_hz"] == pytest.approx(truth["hum_fundamental_hz"], abs=0.1)
    assert tone["harmonic_numbers"] == [sine["number"] for sine in truth["hum"]]
    assert tone["level_dbfs"] == pytest.approx(max(sine["rms_dbfs"] for sine in truth["hum"]), abs=0.5)


def test_a_tone_has_its_times(tmp_path: Path) -> None:
    seconds = np.arange(12 * 48000) / 48000
    tone = 0.1 * np.sin(2 * np.pi * 1234.5 * seconds) * ((seconds >= 3) & (seconds < 9))
    noise = np.random.default_rng(1).normal(0, 0.001, len(seconds))
    facts = Bench(tmp_path, tone + noise).run(Events()).facts("events.csv")
    (found,) = events_of(facts, "tone")
    assert (found["start_seconds"], found["end_seconds"]) == pytest.approx((3, 9), abs=0.6)
    assert found["fundamental_hz"] == pytest.approx(1234.5, abs=0.5)
    assert found["level_dbfs"] == pytest.approx(-23.01, abs=0.1)


@pytest.mark.parametrize("rate_hz", [8000, 16_000, 44_100, 48_000, 96_000])
def test_a_tone_is_as_long_at_every_rate_and_a_sound_too_short_for_one_says_so(rate_hz: int, tmp_path: Path) -> None:
    tone = 0.1 * np.sin(2 * np.pi * 440 * np.arange(4 * rate_hz) / rate_hz)
    for seconds, count in ((2, 0), (4, 1)):
        facts = Bench(tmp_path / str(seconds), tone[: seconds * rate_hz], rate_hz).run(Events()).facts("events.csv")
        found = events_of(facts, "tone")
        assert [one["fundamental_hz"] for one in found] == pytest.approx([440] * count, abs=0.1)
        words = ["no tone is listed in 2 s: it must last 3 s"] if seconds == 2 else []
        assert facts["not_found_because"] == words


def test_a_gust_has_its_times(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    spectrum = np.fft.rfft(rng.normal(0, 1, 30 * 48000))
    frequency_hz = np.fft.rfftfreq(30 * 48000, 1 / 48000)
    wind = np.fft.irfft(spectrum * (frequency_hz < 90) * (frequency_hz > 5)) * 0.05
    wind[12 * 48000 : 16 * 48000] *= 6
    facts = Bench(tmp_path, wind + rng.normal(0, 1e-4, len(wind))).run(Events()).facts("events.csv")
    (gust,) = events_of(facts, "gust")
    assert (gust["start_seconds"], gust["end_seconds"]) == pytest.approx((12, 16), abs=0.5)


@pytest.mark.parametrize("missing_samples", [1000, 2500, 25_000])
def test_missing_samples_are_no_gust(tmp_path: Path, missing_samples: int) -> None:
    rate_hz = 25_000  # the gap lies in the middle of a step of 0.25 s
    rng = np.random.default_rng(0)
    sound = 0.3 * np.sin(2 * np.pi * 1000 * np.arange(12 * rate_hz) / rate_hz) + rng.normal(0, 0.001, 12 * rate_hz)
    sound[4 * rate_hz : 4 * rate_hz + missing_samples] = np.nan
    assert Bench(tmp_path, sound, rate_hz).run(Events()).facts("events.csv")["gust_count"] == 0


def test_a_gust_ends_where_samples_are_missing(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    wind = np.cumsum(rng.normal(0, 1, 30 * 8000))
    wind = (wind - np.convolve(wind, np.ones(800) / 800, "same")) / 2000
    wind[12 * 8000 : 16 * 8000] *= 6
    wind[14 * 8000 : 18 * 8000] = np.nan
    (gust,) = events_of(Bench(tmp_path, wind, 8000).run(Events()).facts("events.csv"), "gust")
    assert (gust["start_seconds"], gust["end_seconds"]) == pytest.approx((12, 14), abs=0.5)


@pytest.mark.parametrize(
    ("lost", "seconds", "times"),
    [
        ((14, 22), 22, [(12, 14)]),
        ((14, 29.9), 30, [(12, 14)]),
        ((0, 13), 40, [(13, 16)]),
        ((0, 13), 30, [(13, 16)]),
        ((0.1, 13), 30, [(13, 16)]),
        ((28, 30), 30, [(12, 16)]),
        ((12, 16), 30, []),
    ],
)
def test_what_is_missing_at_an_end_is_neither_a_gust_nor_counted(
    tmp_path: Path, lost: tuple[float, float], seconds: int, times: list[tuple[float, float]]
) -> None:
    rng = np.random.default_rng(2)
    wind = np.cumsum(rng.normal(0, 1, seconds * 8000))
    wind = (wind - np.convolve(wind, np.ones(800) / 800, "same")) / 2000
    wind[12 * 8000 : 16 * 8000] *= 6
    wind[int(lost[0] * 8000) : int(lost[1] * 8000)] = np.nan
    found = events_of(Bench(tmp_path, wind, 8000).run(Events()).facts("events.csv"), "gust")
    assert [(one["start_seconds"], one["end_seconds"]) for one in found] == [
        pytest.approx(one, abs=0.5) for one in times
    ]


def test_a_clipped_tone_is_one_tone_with_all_its_harmonics_and_no_gust(tmp_path: Path) -> None:
    tone = np.clip(2 * np.sin(2 * np.pi * 200 * np.arange(10 * 48_000) / 48_000), -0.99, 0.99)
    facts = Bench(tmp_path, np.round(tone * 2**15) / 2**15).run(Events()).facts("events.csv")
    (found,) = facts["events"]
    assert found["fundamental_hz"] == pytest.approx(200, abs=0.01)
    assert {3, 5, 13, 15, 17, 101} < set(found["harmonic_numbers"])


def test_the_edges_of_a_tone_are_no_gusts(tmp_path: Path) -> None:
    seconds = np.arange(10 * 48_000) / 48_000
    tone = np.sin(2 * np.pi * 1003 * seconds) / 2
    for name, samples in (("whole", tone), ("inside", tone * (seconds > 3) * (seconds < 8))):
        facts = Bench(tmp_path / name, np.round(samples * 2**15) / 2**15).run(Events()).facts("events.csv")
        assert facts["gust_count"] == 0


def test_noise_and_silence_have_no_events(tmp_path: Path) -> None:
    noise = np.random.default_rng(3).normal(0, 0.1, 20 * 48000)
    for name, samples in (("noise", noise), ("silence", np.zeros(48000)), ("one", np.ones(1))):
        result = Bench(tmp_path / name, samples).run(Events())
        assert result.facts("events.csv")["events"] == []
        assert result.path("events.vtt").read_text() == "WEBVTT\n"


@pytest.mark.parametrize("blocks", [2, 333])
def test_events_do_not_depend_on_blocks(sample_release: Path, tmp_path: Path, blocks: int) -> None:
    whole = Bench.of(tmp_path / "whole", sample_release / "drive-off-sound.wav", "wav")
    parts = Bench(tmp_path / "parts", whole.samples, blocks=blocks)
    for name in ("events.csv", "events.labels.txt", "events.vtt"):
        assert whole.run(Events()).path(name).read_bytes() == parts.run(Events()).path(name).read_bytes()


def test_labels_are_audacitys_and_captions_are_webvtt(sample_release: Path, tmp_path: Path) -> None:
    result = Bench.of(tmp_path, sample_release / "drive-off-sound.wav", "wav").run(Events())
    labels = result.path("events.labels.txt").read_text().splitlines()
    assert labels[0].startswith("0.000000\t11.280000\ttone 118.0 Hz with harmonics 2, 3, 4, 6, −32.8 dBFS")
    assert labels[1].startswith("\\\t106.")
    assert result.path("events.vtt").read_text().startswith("WEBVTT\n\n1\n00:00:00.000 --> 00:00:11.280\ntone 118.0 Hz")


def test_another_threshold_is_another_decision(tmp_path: Path) -> None:
    samples = np.random.default_rng(4).normal(0, 0.01, 3 * 48000)
    samples[72000:72400] += np.random.default_rng(5).normal(0, 0.1, 400)
    bench = Bench(tmp_path, samples)
    assert bench.run(Events(impulse_db=15)).facts("events.csv")["impulse_count"] == 1
    assert bench.run(Events(impulse_db=30)).facts("events.csv")["impulse_count"] == 0
    with pytest.raises(ValueError, match="impulse_db is 0: must be from 3 to 60"):
        Events(impulse_db=0)


def test_impulses_are_found_up_to_both_ends(tmp_path: Path) -> None:
    sound = np.random.default_rng(1).normal(0, 1e-3, 3 * 48_000)
    for seconds in (0.008, 2.985):
        place = round(seconds * 48_000)
        sound[place : place + 96] += 0.5 * np.exp(-np.arange(96) / 30)
    facts = Bench(tmp_path, sound).run(Events()).facts("events.csv")
    starts = [event["start_seconds"] for event in facts["events"] if event["kind"] == "impulse"]
    assert starts == pytest.approx([0.008, 2.985], abs=0.005)


def test_a_recording_that_begins_loud_begins_with_no_impulse(tmp_path: Path) -> None:
    sound = 0.3 * np.random.default_rng(1).normal(0, 1, 2 * 48_000) * np.exp(-np.arange(2 * 48_000) / 4800)
    assert Bench(tmp_path, sound).run(Events()).facts("events.csv")["impulse_count"] == 0


@pytest.mark.parametrize("rate_hz", [8000, 11_025])
def test_the_ends_of_a_recording_at_a_low_rate_are_no_gusts(tmp_path: Path, rate_hz: int) -> None:
    tone = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(5 * rate_hz) / rate_hz)
    dither = np.random.default_rng(0).uniform(-0.5, 0.5, len(tone)) / 32768
    facts = Bench(tmp_path, tone + dither, rate_hz).run(Events()).facts("events.csv")
    assert [event["kind"] for event in facts["events"]] == ["tone"]


@pytest.mark.parametrize(("codec", "suffix"), [("libmp3lame", "mp3"), ("libopus", "opus"), ("pcm_s24le", "wav")])
def test_a_pure_tone_is_its_own_fundamental_despite_codec_artefacts(tmp_path: Path, codec: str, suffix: str) -> None:
    path = tmp_path / f"tone.{suffix}"
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=48_000, layout="mono")
        assert isinstance(stream, av.AudioStream)
        tone = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(5 * 48_000) / 48_000)
        resampler = av.AudioResampler(format=stream.codec_context.format, layout="mono", rate=48_000)
        frame = audio_frame(tone[None].astype(np.float32), rate_hz=48_000, layout="mono", first_sample=0)
        for part in (frame, None):
            for ready in resampler.resample(part):
                container.mux(stream.encode(ready))
        container.mux(stream.encode(None))
    bench = Bench.of(tmp_path / "made", path, {"opus": "ogg"}.get(suffix, suffix))
    (found,) = bench.run(Events()).facts("events.csv")["events"]
    assert (found["kind"], found["harmonic_numbers"]) == ("tone", [1])
    assert found["fundamental_hz"] == pytest.approx(1000, abs=0.05)


def test_where_sound_stops_and_begins_around_what_is_missing_is_no_impulse(tmp_path: Path) -> None:
    seconds = np.arange(6 * 48_000) / 48_000
    sound = (0.4 * np.sin(2 * np.pi * 1000 * seconds) + np.random.default_rng(3).normal(0, 0.002, len(seconds))).astype(
        "f4"
    )
    sound[96_000:144_000] = np.nan
    events = Bench(tmp_path / "made", sound, 48_000).run(Events())
    assert "impulse" not in events.path("events.csv").read_text()


@pytest.mark.parametrize("hz", [30, 60, 100, 200, 400, 800, 1600, 4000])
def test_a_thump_of_any_pitch_is_an_impulse(tmp_path: Path, hz: int) -> None:
    seconds = np.arange(8 * 48_000) / 48_000
    sound = np.random.default_rng(3).normal(0, 0.003, len(seconds))
    onsets = (1.5, 3.7, 6.2)
    for onset in onsets:
        since = np.maximum(seconds - onset, 0)
        sound += 0.3 * np.exp(-since / 0.008) * np.sin(2 * np.pi * hz * since)
    table = Bench(tmp_path / "made", sound.astype(np.float32), 48_000).run(Events()).path("events.csv")
    rows = list(csv.DictReader(table.open()))
    assert [row["kind"] for row in rows] == ["impulse"] * 3
    assert [float(row["start_seconds"]) for row in rows] == pytest.approx(onsets, abs=0.005)


def test_wind_and_hum_are_no_impulses(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    seconds = np.arange(10 * 48_000) / 48_000
    below_60_hz = np.asarray(scipy.signal.butter(2, 60 / 24_000, output="sos"))
    low = np.asarray(scipy.signal.sosfilt(below_60_hz, rng.normal(0, 1, len(seconds))))
    swell_db = -40 + 25 * np.exp(-((seconds - 5) ** 2))
    wind = low / low.std() * 10 ** (swell_db / 20) + rng.normal(0, 0.0005, len(seconds))
    hum = 0.2 * np.sin(2 * np.pi * 50 * seconds) + rng.normal(0, 0.001, len(seconds))
    for name, sound in (("wind", wind), ("hum", hum)):
        events = Bench(tmp_path / name, sound.astype(np.float32), 48_000).run(Events())
        assert "impulse" not in events.path("events.csv").read_text()


def test_a_constant_has_no_events(tmp_path: Path) -> None:
    # whose rounding is hundreds of lines in the spectrum, each a tone of its own to whoever listens at −160 dBFS
    facts = Bench(tmp_path, np.full((1, 5 * 48_000), 0.25)).run(Events()).facts("events.csv")
    assert facts["events"] == []


def test_hundreds_of_tones_are_sorted_into_the_same_series_as_a_few() -> None:
    rng = np.random.default_rng(0)
    line = {"power": 1e-4, "excess_db": 20.0}
    tracks = [
        ToneTrack(first_segment=0, last_segment=4, lines=[Line(hz=float(hz), **line)] * 5)
        for hz in (*(300.0 * number for number in range(1, 9)), *rng.uniform(3000, 24_000, 400))
    ]
    fundamental_hz, members = harmonic_series(tracks, 23.4)[0]
    assert fundamental_hz == pytest.approx(300, abs=1)
    assert set(members) >= set(range(1, 9))
    assert sum(len(found) for _, found in harmonic_series(tracks, 23.4)) == len(tracks)
