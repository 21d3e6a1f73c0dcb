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
        blocks = [
            (Fraction(one.pts or 0) * (one.time_base or 0), one.to_ndarray()[0]) for one in container.decode(stream)
        ]
    sound = np.concatenate([block for _, block in blocks])
    loud = np.flatnonzero(np.abs(sound) > 0.3) / stream.rate + float(blocks[0][0])
    begins = loud[np.flatnonzero(np.diff(loud, prepend=-1.0) > 0.5)]
    assert begins == pytest.approx(np.arange(14), abs=0.01)
    probed = subprocess.run(
        ["ffprobe", "-v", "error", "-show_streams", "-of", "json", paths[0]], check=True, capture_output=True
    )
    assert [float(one["duration"]) for one in json.loads(probed.stdout)["streams"]] == pytest.approx(
        [14, 14], abs=0.002
    )
