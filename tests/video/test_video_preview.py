"""The preview shows, at each moment, the frame that the video shows then."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

import av
import numpy as np
import pytest
import soundfile
from PIL import Image

from processors.engine import audio_of_video
from processors.engine.audio_of_video import sound_between
from processors.errors import RefusedMedia
from processors.sources.source_file import SourceFile
from processors.video.frames.sound_of_copy import write_sound
from processors.video.frames.video_preview import VideoPreview
from processors.video.reading.video_info import Sound
from tests.helpers.derived import derived
from tests.helpers.made_media import MediaMaker, number_of, numbered


def test_irregular_frames_are_shown_when_the_video_shows_them(make: MediaMaker, tmp_path: Path) -> None:
    ticks = [0, 1, 2, 10, 11, 30, 31, 32, 60]
    made = make.video("variable.mp4", ticks, time_base=Fraction(1, 30))
    (result,) = derived(made.path, tmp_path / "store", VideoPreview(frame_rate_hz=30))
    with av.open(str(result.path("preview.mp4"))) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.colorspace) == ("h264", 1)
        numbers = [number_of(frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)]
    expected = [max(i for i, tick in enumerate(ticks) if tick <= moment) for moment in range(len(numbers))]
    assert numbers == expected
    assert result.facts("preview.mp4")["frame_count"] == len(numbers)
    assert result.names == ["preview.mp4", "preview.webp"]
    assert not list(result.path("preview.mp4").parent.glob("*.raw"))


def test_the_web_picture_moves_as_long_as_the_clip(make: MediaMaker, tmp_path: Path) -> None:
    made = make.video("steady.mp4", list(range(50)))
    (result,) = derived(made.path, tmp_path / "store", VideoPreview(from_seconds=0.4, length_seconds=1.0))
    facts = result.facts("preview.mp4")
    assert (facts["start_seconds"], facts["end_seconds"], facts["frame_count"]) == (0.4, 1.4, 25)
    with Image.open(result.path("preview.webp")) as picture:
        lasts = 0
        for number in range(picture.n_frames):  # type: ignore[attr-defined]
            picture.seek(number)
            picture.load()
            lasts += picture.info["duration"]
    assert lasts == 1000


def test_the_time_is_burnt_in_on_request(make: MediaMaker, tmp_path: Path) -> None:
    made = make.video("steady.mp4", list(range(10)))
    plain, marked = (
        derived(made.path, tmp_path / "store", VideoPreview(burn_in_time=marked))[0].path("preview.mp4")
        for marked in (False, True)
    )
    first, second = (next(av.open(str(path)).decode(video=0)).to_ndarray(format="gray") for path in (plain, marked))
    changed = np.argwhere(np.abs(first.astype(int) - second) > 60)
    assert changed.size
    assert changed[:, 0].min() > 60


def colour_bars(path: Path, *arguments: str) -> Path:
    bars = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "smptebars=size=320x180:rate=5", "-frames:v", "2"]
    subprocess.run([*bars, "-crf", "5", *arguments, path], check=True)
    return path


@pytest.mark.parametrize(
    "coding",
    [
        ("-pix_fmt", "yuv420p", "-colorspace", "smpte170m"),
        ("-pix_fmt", "yuv420p", "-vf", "scale=out_color_matrix=bt709", "-colorspace", "bt709"),
        ("-pix_fmt", "yuvj420p"),
        ("-pix_fmt", "yuv444p10le"),
        ("-pix_fmt", "yuv444p", "-s", "321x181"),
    ],
    ids=["BT.601", "BT.709", "full range", "10 bit", "odd sides"],
)
def test_colours_are_those_of_the_video_whatever_its_coding(tmp_path: Path, coding: tuple[str, ...]) -> None:
    source = colour_bars(tmp_path / "bars.mkv", "-c:v", "libx264", *coding)
    (result,) = derived(source, tmp_path / "store", VideoPreview())
    with av.open(str(source)) as container:
        frame = next(container.decode(video=0))
        matrix = 1 if frame.colorspace == 1 else 5
        expected = frame.reformat(format="rgb24", src_colorspace=matrix).to_ndarray()[:180, :320].astype(int)
    with av.open(str(result.path("preview.mp4"))) as container:
        found = next(container.decode(video=0)).to_ndarray(format="rgb24").astype(int)
    with Image.open(result.path("preview.webp")) as picture:
        small = np.asarray(picture.convert("RGB").resize((320, 180))).astype(int)
    for column in range(22, 320, 45):
        bar = slice(40, 80), slice(column - 8, column + 8)
        for shown in (found, small):
            assert shown[bar].mean((0, 1)) == pytest.approx(expected[bar].mean((0, 1)), abs=6)


def test_a_turned_video_is_shown_upright(tmp_path: Path) -> None:
    flat, turned = colour_bars(tmp_path / "flat.mp4", "-pix_fmt", "yuv420p"), tmp_path / "turned.mp4"
    command = ["ffmpeg", "-v", "error", "-i", flat, "-c", "copy", "-metadata:s:v", "rotate=90", turned]
    subprocess.run(command, check=True)
    (result,) = derived(turned, tmp_path / "store", VideoPreview())
    facts = result.facts("preview.mp4")
    assert (facts["width_px"], facts["height_px"]) == (180, 320)
    subprocess.run(["ffmpeg", "-v", "error", "-i", turned, "-frames:v", "1", tmp_path / "upright.png"], check=True)
    expected = np.asarray(Image.open(tmp_path / "upright.png").convert("RGB")).astype(int)
    with av.open(str(result.path("preview.mp4"))) as container:
        found = next(container.decode(video=0)).to_ndarray(format="rgb24").astype(int)
    assert np.abs(found - expected).mean() < 6


def test_the_same_video_gives_the_same_bytes(tmp_path: Path) -> None:
    source = clip_with_click(tmp_path / "click.mov", 0.5)
    results = [derived(source, tmp_path / store, VideoPreview())[0] for store in ("one", "two")]
    for name in ("preview.mp4", "preview.webp"):
        first, second = (one.path(name).read_bytes() for one in results)
        assert first == second


def test_sound_of_many_channels_is_put_into_two_at_a_rate_of_aac(tmp_path: Path) -> None:
    source = tmp_path / "six.mkv"
    picture, sound = "color=red:s=64x48:r=5:d=2", "sine=frequency=1000:sample_rate=11000:duration=2"
    inputs = ["-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound]
    coded = ["-c:v", "mpeg4", "-c:a", "pcm_s16le", "-af", "pan=5.1|FL=c0|FR=c0|FC=c0|LFE=c0|BL=c0|BR=c0"]
    subprocess.run(["ffmpeg", "-v", "error", *inputs, *coded, source], check=True)
    (result,) = derived(source, tmp_path / "store", VideoPreview())
    facts = result.facts("preview.mp4")
    with av.open(str(result.path("preview.mp4"))) as container:
        stream = container.streams.audio[0]
        assert (stream.rate, stream.channels) == (facts["sound_rate_hz"], facts["sound_channels"]) == (11025, 2)


PACKET_SAMPLES = 1200


def clip_with_click(
    path: Path, click_seconds: float, sound_starts_seconds: float = 0.0, codec: str = "pcm_s16le"
) -> Path:
    """Four seconds at 25 Hz with a sound that is silent but for a tone from `click_seconds` on."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        sound = container.add_stream(codec, rate=48000, layout="mono")
        assert isinstance(stream, av.VideoStream)
        assert isinstance(sound, av.AudioStream)
        stream.width, stream.height, stream.pix_fmt = 128, 96, "yuv420p"
        for number in range(100):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(numbered(number), format="rgb24")))
        container.mux(stream.encode(None))
        times = sound_starts_seconds + np.arange(round((4 - sound_starts_seconds) * 48000)) / 48000
        wave = np.where(times >= click_seconds, np.sin(2 * np.pi * 3000 * times) * 16000, 0).astype(np.int16)
        for first in range(0, wave.size, PACKET_SAMPLES):
            block = av.AudioFrame.from_ndarray(wave[None, first : first + PACKET_SAMPLES], format="s16", layout="mono")
            block.sample_rate, block.time_base = 48000, Fraction(1, 48000)
            block.pts = round(sound_starts_seconds * 48000) + first
            container.mux(sound.encode(block))
        container.mux(sound.encode(None))
    return path


def heard_from(path: Path) -> float:
    """Presentation time, in a written clip, of the first sample louder than a tenth of full scale."""
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            loud = np.flatnonzero(np.abs(frame.to_ndarray()[0]) > 0.1)
            if loud.size:
                assert frame.pts is not None
                return frame.pts / frame.sample_rate + int(loud[0]) / frame.sample_rate
    raise AssertionError("nothing is heard")


@pytest.mark.parametrize(("from_seconds", "sound_starts_seconds"), [(0.0, 0.0), (1.32, 0.0), (0.0, 0.6), (2.0, 0.6)])
def test_the_sound_is_where_the_source_has_it(tmp_path: Path, from_seconds: float, sound_starts_seconds: float) -> None:
    source = clip_with_click(tmp_path / "click.mov", 2.5, sound_starts_seconds)
    (result,) = derived(source, tmp_path / "store", VideoPreview(from_seconds=from_seconds))
    # a tone that sets in at once rings for some samples before it in any transform codec
    assert heard_from(result.path("preview.mp4")) == pytest.approx(2.5 - from_seconds, abs=0.0015)
    with av.open(str(result.path("preview.mp4"))) as container:
        assert [(stream.type, stream.codec_context.name) for stream in container.streams] == [
            ("video", "h264"),
            ("audio", "aac"),
        ]
    facts = result.facts("preview.mp4")
    assert (facts["sound_rate_hz"], facts["sound_channels"]) == (48000, 1)
    assert facts["sound_missing_seconds"] == pytest.approx(max(0.0, sound_starts_seconds - from_seconds), abs=1e-4)


@pytest.mark.parametrize(("name", "codec"), [("click.flv", "aac"), ("click.mkv", "aac"), ("click.ts", "mp2")])
def test_sound_is_heard_whole_whatever_the_container(tmp_path: Path, name: str, codec: str) -> None:
    (result,) = derived(clip_with_click(tmp_path / name, 2.5, codec=codec), tmp_path / "store", VideoPreview())
    # the codecs give a tone that sets in at once a little before, twice here
    assert heard_from(result.path("preview.mp4")) == pytest.approx(2.5, abs=0.01)
    assert result.facts("preview.mp4")["sound_missing_seconds"] < 0.01


def test_a_span_of_sound_is_exact_to_the_sample(tmp_path: Path) -> None:
    source = clip_with_click(tmp_path / "click.mov", 2.5)
    (found,) = sound_between(SourceFile.at(source), Fraction(2), Fraction(3))
    assert (found.samples.shape, found.rate_hz, found.silent_samples) == ((48000, 1), 48000, 0)
    expected = np.sin(2 * np.pi * 3000 * (2 + np.arange(48000) / 48000)) * 16000
    expected[:24000] = 0
    assert np.array_equal(found.samples[:, 0] * 32768, expected.astype(np.int16))


def test_what_the_source_has_no_sound_for_is_silent_and_counted(tmp_path: Path) -> None:
    file = SourceFile.at(clip_with_click(tmp_path / "click.mov", 0, 0.6))
    (before,), (behind,) = (sound_between(file, Fraction(start), Fraction(start + 1)) for start in (0, 3.5))
    assert (before.silent_samples, behind.silent_samples) == (28800, 24000)
    assert not before.samples[:28800].any()
    assert not behind.samples[24000:].any()
    (nothing,) = sound_between(file, Fraction(4), Fraction(5))
    assert (nothing.silent_samples, nothing.samples.any()) == (48000, False)


def test_lost_sound_is_silent_in_its_place(tmp_path: Path) -> None:
    whole, holed = clip_with_click(tmp_path / "whole.mkv", 0), tmp_path / "holed.mkv"
    with av.open(str(whole)) as container, av.open(str(holed), "w") as written:
        streams = [written.add_stream_from_template(stream) for stream in container.streams]
        for packet in container.demux():
            if packet.pts is None or packet.time_base is None:
                continue
            if packet.stream.type == "audio" and 1 <= packet.pts * packet.time_base < 1.2:
                continue
            packet.stream = streams[packet.stream.index]
            written.mux(packet)
    (all_of_it,), (rest,) = (sound_between(SourceFile.at(path), Fraction(0), Fraction(2)) for path in (whole, holed))
    assert (all_of_it.silent_samples, rest.silent_samples) == (0, 9600)
    assert not rest.samples[48000:57600].any()
    rest.samples[48000:57600] = all_of_it.samples[48000:57600]
    assert np.array_equal(rest.samples, all_of_it.samples)


@dataclass(frozen=True)
class CountedFile(SourceFile):
    """A source that counts how often it is opened, and how many bytes are read."""

    opened: list[int] = field(default_factory=list)

    def open(self) -> BinaryIO:
        self.opened.append(1)
        return super().open()


def test_pieces_of_a_span_are_the_whole_span_and_the_file_is_read_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = SourceFile.at(clip_with_click(tmp_path / "click.mov", 1.5, 0.6))
    (whole,) = sound_between(seen, Fraction(1, 4), Fraction(5))
    monkeypatch.setattr(audio_of_video, "PIECE_VALUES", 10_000)
    file = CountedFile(path=seen.path, size_bytes=seen.size_bytes, mtime_ns=seen.mtime_ns)
    pieces = list(sound_between(file, Fraction(1, 4), Fraction(5)))
    few = len(file.opened)
    assert [len(one.samples) for one in pieces] == [10_000] * 18 + [0]
    assert sum(one.silent_samples for one in pieces) == whole.silent_samples == 16_800 + 48_000
    assert np.array_equal(np.concatenate([one.samples for one in pieces]), whole.samples[:180_000])
    assert not whole.samples[180_000:].any()
    list(sound_between(file, Fraction(1, 4), Fraction(1)))
    assert len(file.opened) == 2 * few, "it is not opened more often for more pieces"


@pytest.mark.parametrize(
    ("channels", "rate_hz", "seconds", "words"),
    [
        (24, 1_000_000, 10, "24 channels of 1000000 Hz for 10 s are too much sound for a copy: set with_sound=False"),
        (1, 8000, 10**9, "1 channels of 8000 Hz for 1000000000 s are too much sound for a copy: set with_sound=False"),
    ],
)
def test_sound_of_an_impossible_size_is_refused_before_memory_is_taken(
    tmp_path: Path, channels: int, rate_hz: int, seconds: int, words: str
) -> None:
    path = tmp_path / "sound.avi"
    layout = {1: "mono", 24: "22.2"}[channels]
    sound = ["-f", "lavfi", "-i", f"anullsrc=r={rate_hz}:cl={layout}:d=0.01"]
    picture = ["-f", "lavfi", "-i", "color=red:s=64x48:r=5:d=1"]
    subprocess.run(["ffmpeg", "-v", "error", *picture, *sound, "-c:a", "pcm_u8", "-c:v", "mpeg4", path], check=True)
    with pytest.raises(RefusedMedia) as refused:
        next(sound_between(SourceFile.at(path), Fraction(0), Fraction(seconds)))
    assert str(refused.value) == words


def test_sound_written_for_a_copy_may_be_longer_than_4_gb(tmp_path: Path) -> None:
    loud, silent = np.full((10, 2), 0.5, np.float32), np.zeros((10, 2), np.float32)
    first = Sound(samples=silent, rate_hz=8, layout="stereo", are_loudspeakers_assumed=False, silent_samples=10)
    pieces = [first, replace(first, samples=loud, silent_samples=0)]
    behind = replace(first, samples=silent[:0], silent_samples=6)
    written = write_sound(tmp_path, [*pieces, behind])
    assert written is not None
    assert (written.rate_hz, written.channel_count, written.missing_seconds) == (8, 2, 2.0)
    assert written.path.read_bytes()[:4] == b"riff", "Wave64, whose lengths have 64 bits"
    assert soundfile.read(written.path)[0].tolist() == [[0.0, 0.0]] * 10 + [[0.5, 0.5]] * 10
    written.path.unlink()
    for nothing in ([], [pieces[0], behind]):
        assert write_sound(tmp_path, nothing) is None
        assert list(tmp_path.iterdir()) == []


def test_audio_is_left_out_on_request_and_where_the_source_has_none(make: MediaMaker, tmp_path: Path) -> None:
    silent = make.video("silent.mp4", list(range(10))).path
    for path, processor in (
        (silent, VideoPreview()),
        (clip_with_click(tmp_path / "c.mov", 1), VideoPreview(with_sound=False)),
    ):
        (result,) = derived(path, tmp_path / "store", processor)
        assert result.facts("preview.mp4")["sound_rate_hz"] is None
        with av.open(str(result.path("preview.mp4"))) as container:
            assert not container.streams.audio


@pytest.mark.parametrize("value", [0, 121])
def test_a_wrong_length_is_named(value: float) -> None:
    with pytest.raises(ValueError, match=f"length_seconds is {value}: must be above 0, up to 120"):
        VideoPreview(length_seconds=value)
