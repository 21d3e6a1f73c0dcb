"""The original comes out bit for bit, the chain is declared in the file, and the gain is the one declared."""

from __future__ import annotations

import json
import re
import struct
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from processors.audio.levels.levels import Levels
from processors.audio.renditions.renditions import Renditions
from processors.audio.waveform import Waveform
from tests.helpers.audio_sessions import Bench
from tests.helpers.made_media import MediaMaker

WEB_ONLY_FLAC = Renditions(web=())


@pytest.mark.parametrize("subtype", ["PCM_S8", "PCM_16", "PCM_24", "FLOAT"])
@pytest.mark.parametrize("channels", [1, 2, 6, 16])
def test_the_original_comes_out_bit_for_bit(tmp_path: Path, subtype: str, channels: int) -> None:
    noise = np.random.default_rng(1).normal(0, 0.3, (5000, channels)).clip(-1, 0.99)
    path = tmp_path / "source.aiff"
    soundfile.write(path, noise, 96000, subtype=subtype, format="AIFF")
    result = Bench.of(tmp_path / "made", path, "aiff").run(WEB_ONLY_FLAC)
    name = "original.wav" if subtype == "FLOAT" or channels > 8 else "original.flac"
    expected, _ = soundfile.read(path, dtype="float32")
    made, rate_hz = soundfile.read(result.path(name), dtype="float32")
    assert rate_hz == 96000
    assert np.array_equal(made, expected)
    assert result.facts(name)["is_exact"]


def test_an_inexact_rendition_gives_the_reason(tmp_path: Path) -> None:
    bench = Bench(tmp_path, np.array([0.1, np.nan] * 500), codec="float")
    facts = bench.run(WEB_ONLY_FLAC).facts("original.wav")
    assert (facts["is_exact"], facts["reason"]) == (False, "NaN, infinities and missing samples were taken as zero")


@pytest.mark.parametrize(
    ("suffix", "codec", "dtype"),
    [
        ("wav", "pcm_s32le", "<i4"),
        ("mov", "pcm_s32le", "<i4"),
        ("mkv", "pcm_s32le", "<i4"),
        ("mkv", "flac", "<i4"),
        ("wav", "pcm_f64le", "<f8"),
        ("mkv", "pcm_f64le", "<f8"),
        ("nut", "pcm_s64le", "<i8"),
        ("wv", "wavpack", "<i4"),
    ],
)
@pytest.mark.parametrize("is_wide", [False, True])
def test_a_copy_is_exact_unless_a_sample_was_rounded(
    tmp_path: Path, suffix: str, codec: str, dtype: str, *, is_wide: bool
) -> None:
    full = {"<i4": 2**31, "<i8": 2**63, "<f8": 1}[dtype]
    low = {"<i4": 1, "<i8": 1, "<f8": 2.0**-40}[dtype] if is_wide else 0
    samples = np.array([0, full // 4 if full > 1 else 0.25, full // 2 + low if full > 1 else 0.5 + low] * 1000, dtype)
    path = tmp_path / f"sound.{suffix}"
    write_sound(path, codec, samples)
    kind = {"mkv": "matroska,webm", "mov": "mov,mp4,m4a,3gp,3g2,mj2"}.get(suffix, suffix)
    facts = Bench.of(tmp_path / "made", path, kind).run(WEB_ONLY_FLAC).facts("original.wav")
    reason = "samples with more than 24 significant bits were rounded to 32-bit floats" if is_wide else None
    assert (facts["is_exact"], facts["reason"]) == (not is_wide, reason)


def write_sound(path: Path, codec: str, samples: np.ndarray) -> None:
    """Write these numbers, of one channel, as they are."""
    form = {"<i4": "s32", "<i8": "s64", "<f8": "dbl"}[samples.dtype.str]
    options = {"strict": "experimental"} if codec == "flac" else {}
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=48_000, layout="mono", options=options)
        assert isinstance(stream, av.AudioStream)
        context = stream.codec_context
        context.format = form if codec.startswith("pcm") or codec == "flac" else "s32p"
        if codec == "flac":
            context.options = options
        for first in range(0, len(samples), 1000):
            part = samples[first : first + 1000]
            frame = av.AudioFrame(format=context.format.name, layout="mono", samples=len(part))
            frame.planes[0].update(part.tobytes().ljust(frame.planes[0].buffer_size, b"\0"))
            frame.sample_rate, frame.pts = 48_000, first
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def test_the_declared_chain_is_in_every_file(make: MediaMaker, tmp_path: Path) -> None:
    result = Bench.of(tmp_path / "made", make.tone("tone.wav", peak=0.01), "wav").run(Renditions(hum_hz=(118.0,)))
    chain = result.facts("audible.flac")["chain"]
    assert chain[1:3] == ["highpass=f=20:p=2", "bandreject=f=118:t=h:w=4"]
    for name in ("audible.flac", "audible.m4a", "audible.opus"):
        with av.open(str(result.path(name))) as container:
            tags = {**container.metadata, **container.streams.audio[0].metadata}
            comment = {key.lower(): value for key, value in tags.items()}["comment"]
        assert comment == "marsmedia audible: " + " -> ".join(chain)


def test_audible_has_its_loudness_and_stays_below_its_ceiling(sample_release: Path, tmp_path: Path) -> None:
    result = Bench.of(tmp_path / "a", sample_release / "drive-off-sound.wav", "wav").run(WEB_ONLY_FLAC)
    (gain,) = [step for step in result.facts("audible.flac")["chain"] if step.startswith("volume")]
    assert re.fullmatch(r"volume=13\.\d\ddB:precision=float", gain)
    levels = Bench.of(tmp_path / "b", result.path("audible.flac"), "flac").run(Levels()).facts("levels.json")
    assert levels["loudness"]["integrated_lufs"] == pytest.approx(-16, abs=1.5)  # the limiter takes some
    assert levels["channels"][0]["true_peak_dbtp"] <= -1.0
    restored = Bench.of(tmp_path / "c", result.path("restored.flac"), "flac").run(Levels()).facts("levels.json")
    assert abs(restored["channels"][0]["dc_offset"]) < 1e-5


def test_every_rendition_has_as_many_samples_as_the_source_and_is_not_shifted(tmp_path: Path) -> None:
    click = np.zeros(100_001)
    click[50_000] = 0.5
    result = Bench(tmp_path, click + 1e-4 * np.random.default_rng(1).normal(0, 1, 100_001)).run(WEB_ONLY_FLAC)
    for name in ("original.flac", "restored.flac", "audible.flac"):
        samples, _ = soundfile.read(result.path(name))
        assert len(samples) == 100_001
        assert int(np.argmax(np.abs(samples))) == 50_000


def test_silence_is_not_raised(tmp_path: Path) -> None:
    result = Bench(tmp_path, np.zeros(48000)).run(Renditions())
    assert not [step for step in result.facts("audible.flac")["chain"] if step.startswith("volume")]
    assert not soundfile.read(result.path("audible.flac"))[0].any()


@pytest.mark.parametrize("blocks", [5, 211])
def test_the_same_sound_gives_the_same_bytes(tmp_path: Path, blocks: int) -> None:
    noise = np.random.default_rng(2).normal(0, 0.1, (2, 150_001))
    whole, parts = (Bench(tmp_path / str(n), noise, blocks=n).run(Renditions()) for n in (1, blocks))
    assert len(whole.items) == 9
    for name in whole.items:
        assert whole.path(name).read_bytes() == parts.path(name).read_bytes(), name


@pytest.mark.parametrize(("field", "value"), [("target_lufs", 3.0), ("web", ("mp3",)), ("hum_hz", (0.0,))])
def test_wrong_parameters_are_named(field: str, value: object) -> None:
    with pytest.raises(ValueError, match=f"^{field} is"):
        Renditions(**{field: value})  # type: ignore[arg-type]


def test_the_waveform_is_audiowaveforms(tmp_path: Path) -> None:
    noise = np.random.default_rng(3).normal(0, 0.2, (2, 10_000))
    result = Bench(tmp_path, noise).run(Waveform())
    described = json.loads(result.path("waveform.json").read_text())
    assert {key: described[key] for key in ("version", "channels", "sample_rate", "samples_per_pixel", "bits")} == {
        "version": 2,
        "channels": 2,
        "sample_rate": 48000,
        "samples_per_pixel": 512,
        "bits": 16,
    }
    assert described["length"] == 20
    expected = []
    for first in range(0, 10_000, 512):
        for channel in noise.astype(np.float32)[:, first : first + 512]:
            expected += [round(float(channel.min()) * 32768), round(float(channel.max()) * 32768)]
    assert described["data"] == np.clip(expected, -32768, 32767).tolist()
    data = result.path("waveform.dat").read_bytes()
    assert struct.unpack("<iIiiIi", data[:24]) == (2, 0, 48000, 512, 20, 2)
    assert np.frombuffer(data[24:], "<i2").tolist() == described["data"]


def test_a_point_may_be_longer_than_what_is_read_at_once(tmp_path: Path) -> None:
    """At 8 Hz a step is one sample, so that a minute of sound is more than one run of steps."""
    rng = np.random.default_rng(4)
    sound = np.round(rng.uniform(-1, 1, (1, 200_000)) * 32767) / 32768
    result = Bench(tmp_path, sound, 8).run(Waveform(least_samples_per_point=70_000))
    described = json.loads(result.path("waveform.json").read_text())
    spans = [sound[0, first : first + 70_000] for first in (0, 70_000, 140_000)]
    assert (described["samples_per_pixel"], described["length"]) == (70_000, 3)
    assert described["data"] == [round(float(end) * 32768) for span in spans for end in (span.min(), span.max())]
    data = result.path("waveform.dat").read_bytes()
    assert struct.unpack("<iIiiIi", data[:24]) == (2, 0, 8, 70_000, 3, 1)
    for too_large in (0, (1 << 30) + 1):
        with pytest.raises(ValueError, match=r"^least_samples_per_point is .*: must be from 1 to 1073741824"):
            Waveform(least_samples_per_point=too_large)


def test_our_waveform_is_the_one_that_audiowaveform_made(samples: Path, tmp_path: Path) -> None:
    path = samples / "formats/audio/audiowaveform/test_file_stereo.wav"
    result = Bench.of(tmp_path, path, "wav").run(Waveform(least_samples_per_point=64))
    described = json.loads(result.path("waveform.json").read_text())
    assert (described["sample_rate"], described["channels"], described["samples_per_pixel"]) == (16000, 2, 64)
    assert described["length"] == -(-113_519 // 64)
