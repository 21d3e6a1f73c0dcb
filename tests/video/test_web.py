"""The web copy is the whole video: each frame at its own time, the sound in step."""

from __future__ import annotations

import json
import subprocess
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from processors.video.frames.web import WebVideo
from tests.helpers.derived import derived
from tests.helpers.made_media import MediaMaker, number_of


def test_every_frame_keeps_its_own_time_and_a_rate_that_varies_stays_so(make: MediaMaker, tmp_path: Path) -> None:
    ticks = [30, 31, 32, 40, 41, 60, 61, 62, 90]
    made = make.video("variable.mp4", ticks, time_base=Fraction(1, 30))
    (result,) = derived(made.path, tmp_path / "store", WebVideo())
    with av.open(str(result.path("video.mp4"))) as container:
        frames = [
            (number_of(one.to_ndarray(format="rgb24")), Fraction(one.pts or 0) * (one.time_base or 0))
            for one in container.decode(video=0)
        ]
    assert frames == [(number, Fraction(tick - 30, 30)) for number, tick in enumerate(ticks)]
    facts = result.facts("video.mp4")
    assert (facts["frame_count"], facts["frames_left_out"], facts["sound_rate_hz"]) == (9, 0, None)


@pytest.mark.parametrize("rate_hz", [44100, 100000])
def test_the_sound_of_a_long_video_is_whole_and_in_step(tmp_path: Path, rate_hz: int) -> None:
    """A click at each whole second is heard there, beyond the first ten seconds too."""
    source = tmp_path / "clicks.mkv"
    clicks = f"aevalsrc=if(lt(mod(t\\,1)\\,0.005)\\,0.9*sin(2*PI*2000*t)\\,0):s={rate_hz}:d=14"
    picture = "color=red:s=64x48:r=5:d=14"
    command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", clicks]
    subprocess.run([*command, "-c:a", "pcm_s16le", "-c:v", "mpeg4", source], check=True)
    results = [derived(source, tmp_path / store, WebVideo())[0] for store in ("one", "two")]
    paths = [one.path("video.mp4") for one in results]
    assert paths[0].read_bytes() == paths[1].read_bytes()
    facts = results[0].facts("video.mp4")
    assert (facts["duration_seconds"], facts["frame_count"], facts["sound_missing_seconds"]) == (14.0, 70, 0.0)
    with av.open(str(paths[0])) as container:
        stream = container.streams.audio[0]
        assert (stream.codec_context.name, stream.rate) == ("aac", min(rate_hz, 96000))
    assert clicks_of(paths[0]) == pytest.approx(np.arange(14), abs=0.01)
    assert durations(paths[0]) == pytest.approx([14, 14], abs=0.002)


def with_clicks(path: Path, *shape: str, clicks_seconds: int, rate_hz: int = 48000) -> Path:
    """A video of the shape given to ffmpeg, and a click in the middle of each second of its sound."""
    clicks = f"aevalsrc=if(between(mod(t\\,1)\\,0.5\\,0.505)\\,0.9*sin(2*PI*2000*t)\\,0):s={rate_hz}:d={clicks_seconds}"
    codecs = {".webm": ("libvpx", "libopus"), ".avi": ("mpeg4", "pcm_s16le"), ".ogv": ("libtheora", "libvorbis")}
    video, audio = codecs.get(path.suffix, ("libx264", "aac"))
    command = ["ffmpeg", "-v", "error", *shape, "-f", "lavfi", "-i", clicks, "-map", "0:v", "-map", "1:a"]
    subprocess.run(
        [*command, "-pix_fmt", "yuv420p", "-fps_mode", "passthrough", "-c:v", video, "-c:a", audio, path], check=True
    )
    return path


def pictures(seconds: float, rate_hz: int = 25) -> tuple[str, ...]:
    return "-f", "lavfi", "-i", f"testsrc=s=64x48:r={rate_hz}:d={seconds}"


def clicks_of(copy: Path) -> list[float]:
    """Times at which clicks are heard, s."""
    with av.open(str(copy)) as container:
        stream = container.streams.audio[0]
        blocks = [
            (Fraction(one.pts or 0) * (one.time_base or 0), one.to_ndarray()[0]) for one in container.decode(stream)
        ]
    sound = np.concatenate([block for _, block in blocks])
    loud = np.flatnonzero(np.abs(sound) > 0.3) / stream.rate + float(blocks[0][0])
    return [float(one) for one in loud[np.flatnonzero(np.diff(loud, prepend=-1.0) > 0.5)]]


def shown_seconds(copy: Path) -> list[float]:
    """Times at which pictures are shown, s."""
    with av.open(str(copy)) as container:
        return [float((one.pts or 0) * (one.time_base or 0)) for one in container.decode(video=0)]


def durations(copy: Path) -> list[float]:
    """Durations of the streams, video first, s."""
    asked = ["ffprobe", "-v", "error", "-show_entries", "stream=duration", "-of", "json", copy]
    probed = subprocess.run(asked, check=True, capture_output=True)
    return [float(one["duration"]) for one in json.loads(probed.stdout)["streams"]]


@pytest.mark.parametrize("suffix", ["mp4", "mov", "mkv", "webm", "ts", "avi", "ogv"])
def test_the_last_picture_stands_until_longer_sound_ends(tmp_path: Path, suffix: str) -> None:
    source = with_clicks(tmp_path / f"long.{suffix}", *pictures(1), clicks_seconds=4)
    (result,) = derived(source, tmp_path / "store", WebVideo())
    copy, facts = result.path("video.mp4"), result.facts("video.mp4")
    assert durations(copy) == pytest.approx([4, 4], abs=0.05)
    assert clicks_of(copy) == pytest.approx([0.5, 1.5, 2.5, 3.5], abs=0.02)
    assert len(shown_seconds(copy)) == facts["frame_count"] == 25
    assert facts["duration_seconds"] == pytest.approx(4, abs=0.05)
    assert facts["pictures_start_seconds"] == facts["start_seconds"]
    assert facts["pictures_end_seconds"] - facts["start_seconds"] == pytest.approx(1, abs=0.001)
    assert facts["sound_missing_seconds"] == 0


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_one_picture_stands_for_all_of_its_sound(tmp_path: Path, suffix: str) -> None:
    source = with_clicks(tmp_path / f"photo.{suffix}", *pictures(0.04), clicks_seconds=5)
    (result,) = derived(source, tmp_path / "store", WebVideo())
    copy = result.path("video.mp4")
    assert durations(copy) == pytest.approx([5, 5], abs=0.05)
    assert clicks_of(copy) == pytest.approx([0.5, 1.5, 2.5, 3.5, 4.5], abs=0.02)
    assert (shown_seconds(copy), result.facts("video.mp4")["frame_count"]) == ([0], 1)


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts"])
def test_the_first_picture_is_shown_from_where_earlier_sound_begins(tmp_path: Path, suffix: str) -> None:
    source = with_clicks(tmp_path / f"late.{suffix}", "-itsoffset", "1.5", *pictures(1), clicks_seconds=4)
    (result,) = derived(source, tmp_path / "store", WebVideo())
    copy, facts = result.path("video.mp4"), result.facts("video.mp4")
    lead = facts["pictures_start_seconds"] - facts["start_seconds"]
    assert lead == pytest.approx(1.5, abs=0.05)
    assert shown_seconds(copy) == pytest.approx([0, *(lead + number / 25 for number in range(1, 25))], abs=0.0001)
    assert clicks_of(copy) == pytest.approx([0.5, 1.5, 2.5, 3.5], abs=0.03)
    assert durations(copy) == pytest.approx([4, 4], abs=0.05)
    assert facts["sound_left_out_seconds"] == 0


def test_an_encoders_delay_and_a_few_packets_more_leave_the_rate_of_frames_as_it_is(tmp_path: Path) -> None:
    """AAC in MPEG-TS begins 0.021 s before the picture; the sound goes on for 0.06 s after it."""
    source = with_clicks(tmp_path / "usual.ts", *pictures(3.96), clicks_seconds=4)
    (result,) = derived(source, tmp_path / "store", WebVideo())
    facts = result.facts("video.mp4")
    assert shown_seconds(result.path("video.mp4")) == pytest.approx([number / 25 for number in range(99)], abs=1e-5)
    video, sound = durations(result.path("video.mp4"))
    assert (video, facts["duration_seconds"]) == (3.96, pytest.approx(sound, abs=0.001))
    assert sound > 4
    assert facts["start_seconds"] == facts["pictures_start_seconds"]
    assert facts["sound_left_out_seconds"] == pytest.approx(0.0213, abs=0.0001)


def test_a_gap_before_sound_that_begins_after_the_last_picture_is_silent(tmp_path: Path) -> None:
    source = with_clicks(tmp_path / "gap.mkv", *pictures(1), "-itsoffset", "3", clicks_seconds=2)
    (result,) = derived(source, tmp_path / "store", WebVideo())
    assert durations(result.path("video.mp4")) == pytest.approx([5, 5], abs=0.05)
    assert clicks_of(result.path("video.mp4")) == pytest.approx([3.5, 4.5], abs=0.03)
    assert result.facts("video.mp4")["sound_missing_seconds"] == pytest.approx(3, abs=0.05)


def test_sound_on_another_clock_does_not_lengthen_a_copy(tmp_path: Path) -> None:
    for number, offsets in enumerate([((), ("-itsoffset", "4000")), (("-itsoffset", "4000"), ())]):
        shape = (*offsets[0], *pictures(1), *offsets[1])
        source = with_clicks(tmp_path / f"{number}.mkv", *shape, clicks_seconds=2)
        (result,) = derived(source, tmp_path / f"store{number}", WebVideo())
        assert result.facts("video.mp4")["duration_seconds"] == 1
        assert durations(result.path("video.mp4")) == [1]


def test_sound_of_a_joined_recording_with_another_clock_does_not_lengthen_a_copy(tmp_path: Path) -> None:
    source = tmp_path / "joined.ts"
    with source.open("wb") as joined:
        for at in ("0", "3000"):
            part = tmp_path / f"{at}.ts"
            subprocess.run(
                ["ffmpeg", "-v", "error", *pictures(2), "-f", "lavfi", "-i", "sine=d=2", "-pix_fmt", "yuv420p",
                 "-c:v", "libx264", "-c:a", "aac", "-output_ts_offset", at, part], check=True,
            )  # fmt: skip
            joined.write(part.read_bytes())
    (result,) = derived(source, tmp_path / "store", WebVideo())
    facts = result.facts("video.mp4")
    assert facts["duration_seconds"] == pytest.approx(4, abs=0.05)
    assert facts["sound_missing_seconds"] == pytest.approx(2, abs=0.1)


def test_a_picture_that_stands_longer_than_mp4_allows_in_its_ticks_is_coded_again(tmp_path: Path) -> None:
    """2^24 ticks of 0.1 µs are 1.7 s."""
    source = with_clicks(tmp_path / "a.mp4", *pictures(1), "-itsoffset", "0", clicks_seconds=9)
    fine = tmp_path / "fine.mp4"
    retimed = ["-c", "copy", "-video_track_timescale", "10000000", fine]
    subprocess.run(["ffmpeg", "-v", "error", "-i", source, *retimed], check=True)
    (result,) = derived(fine, tmp_path / "store", WebVideo())
    times = shown_seconds(result.path("video.mp4"))
    assert times == pytest.approx([*(n / 25 for n in range(25)), *(0.96 + n * 1.6777216 for n in range(1, 5))])
    assert clicks_of(result.path("video.mp4")) == pytest.approx(np.arange(9) + 0.5, abs=0.02)
    assert result.facts("video.mp4")["frame_count"] == 25
