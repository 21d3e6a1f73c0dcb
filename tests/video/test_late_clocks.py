"""A clock that starts late changes neither the length of a file nor the verdict on it, whatever its headers count."""

from __future__ import annotations

import subprocess
from fractions import Fraction
from pathlib import Path

import pytest

from processors.contract import as_json
from processors.decoding.open_media import open_container
from processors.decoding.stated_length import media_seconds
from processors.identify import identify
from processors.metadata.properties import properties
from processors.metadata.tags.container import read_container
from processors.sources.source_file import SourceFile
from processors.video.audit.integrity import Integrity
from tests.audio.test_audio_reader import read as read_sound
from tests.helpers.derived import derived
from tests.video.test_video_reader import read

FILMS = {
    "mkv": ("libx264", "aac"), "webm": ("libvpx", "libvorbis"), "ts": ("libx264", "aac"), "mp4": ("libx264", "aac"),
    "mov": ("libx264", "aac"), "ogv": ("libtheora", "libvorbis"), "flv": ("flv", "libmp3lame"),
    "nut": ("libx264", "aac"), "mpg": ("mpeg2video", "mp2"), "wmv": ("wmv2", "wmav2"),
}  # fmt: skip
SOUNDS = {
    "mka": ("matroska,webm", "aac"), "m4a": ("mov,mp4,m4a,3gp,3g2,mj2", "aac"), "wma": ("asf", "wmav2"),
    "ogg": ("ogg", "libvorbis"), "opus": ("ogg", "libopus"), "weba": ("matroska,webm", "libopus"),
}  # fmt: skip
PICTURE = ("-f", "lavfi", "-i", "testsrc2=size=160x120:rate=25:duration=2")
SOUND = ("-f", "lavfi", "-i", "sine=frequency=1000:sample_rate=48000:duration=2")


def made(path: Path, *arguments: str) -> Path:
    form = {".weba": "webm"}.get(path.suffix)
    more = ("-f", form) if form else ()
    subprocess.run(["ffmpeg", "-v", "error", "-y", *arguments, *more, str(path)], check=True)
    return path


def film(path: Path, start: str, *, seconds: int = 2) -> Path:
    picture, sound = FILMS[path.suffix[1:]]
    source = [one.replace("duration=2", f"duration={seconds}") for one in (*PICTURE, *SOUND)]
    rate = ("-ar", "44100") if path.suffix == ".flv" else ()
    return made(path, *source, "-c:v", picture, "-c:a", sound, *rate, "-output_ts_offset", start)


def lengths(path: Path) -> tuple[float | None, float | None]:
    """The lengths that the catalogue and `show` take from the headers."""
    with path.open("rb") as file:
        known = identify(file, path.name).duration_seconds
    with path.open("rb") as file:
        record = as_json(read_container(file, sha256="", size_bytes=1, medium="video"))
    assert isinstance(record, dict)
    return known, properties(record).duration_seconds


@pytest.mark.parametrize("suffix", FILMS)
@pytest.mark.parametrize("start", ["0", "1.5", "100"])
def test_a_film_has_its_own_length_and_is_whole(suffix: str, start: str, tmp_path: Path) -> None:
    path = film(tmp_path / f"film.{suffix}", start)
    assert lengths(path) == (pytest.approx(2, abs=0.1), pytest.approx(2, abs=0.1))
    frames, report = read(path)
    assert (len(frames), report.damage, report.truncated_because) == (50, None, None)
    (audit,) = derived(path, tmp_path / "store", Integrity())
    assert audit.json("integrity.json")["audit"]["words"].startswith("50 frames in 2.000 s. Every frame")


@pytest.mark.parametrize("suffix", SOUNDS)
@pytest.mark.parametrize("start", ["0", "1.5", "100"])
def test_a_sound_has_its_own_length_and_is_whole(suffix: str, start: str, tmp_path: Path) -> None:
    file_format, codec = SOUNDS[suffix]
    path = made(tmp_path / f"sound.{suffix}", *SOUND, "-c:a", codec, "-output_ts_offset", start)
    assert lengths(path) == (pytest.approx(2, abs=0.1), pytest.approx(2, abs=0.1))
    samples, report = read_sound(path, file_format)
    assert (report.missing_sample_count, report.truncated_because, report.damage) == (0, None, None)
    assert samples.shape[1] == pytest.approx(96000, abs=3000)


@pytest.mark.parametrize("suffix", ["mkv", "wmv", "mp4", "nut"])
@pytest.mark.parametrize("start", ["0", "100"])
def test_a_cut_film_is_cut_whenever_it_begins(suffix: str, start: str, tmp_path: Path) -> None:
    path = tmp_path / f"film.{suffix}"
    if suffix == "mp4":  # its tables before its pictures
        made(path, *PICTURE, "-c:v", "libx264", "-movflags", "faststart", "-output_ts_offset", start)
    else:
        film(path, start, seconds=12)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    (audit,) = derived(path, tmp_path / "store", Integrity())
    findings = audit.json("integrity.json")
    assert not findings["audit"]["is_complete"]
    assert findings["is_truncated"]


def test_segments_from_the_middle_of_a_stream_are_whole(tmp_path: Path) -> None:
    source = [one.replace("duration=2", "duration=4") for one in (*PICTURE, *SOUND)]
    made(tmp_path / "a.mpd", *source, "-c:v", "libx264", "-g", "25", "-c:a", "aac", "-f", "dash", "-seg_duration", "1")
    for stream, name in enumerate(("film.mp4", "sound.m4a")):
        parts = [
            tmp_path / f"init-stream{stream}.m4s",
            *(tmp_path / f"chunk-stream{stream}-0000{n}.m4s" for n in (3, 4)),
        ]
        (tmp_path / name).write_bytes(b"".join(part.read_bytes() for part in parts))
        assert lengths(tmp_path / name) == (pytest.approx(2, abs=0.1), pytest.approx(2, abs=0.1))
    frames, report = read(tmp_path / "film.mp4")
    assert (len(frames), frames[0].time, report.damage) == (50, 2, None)
    samples, heard = read_sound(tmp_path / "sound.m4a", "mov,mp4,m4a,3gp,3g2,mj2")
    assert (samples.shape[1], heard.damage) == (pytest.approx(96000, abs=2048), None)


def test_a_length_of_matroskas_own_writer_is_a_length(tmp_path: Path) -> None:
    path = film(tmp_path / "film.mkv", "1.5", seconds=4)
    data = path.read_bytes()
    assert data.count(b"Lavf") >= 2
    name = b"Lavf59.27.100"
    other = b"libebml v1.40"
    assert name in data
    path.write_bytes(data.replace(name, other))
    with open_container(SourceFile.at(path).open()) as container:
        assert media_seconds(container) == Fraction(container.duration or 0, 1_000_000) == Fraction(11, 2)


def test_nothing_is_missing_before_a_late_start_that_no_bytes_could_hold(tmp_path: Path) -> None:
    path = film(tmp_path / "film.mkv", "100", seconds=12)
    data = bytearray(path.read_bytes())
    first = data.index(b"\x1f\x43\xb6\x75")
    data[first : first + 60] = bytes(60)
    path.write_bytes(data)
    (audit,) = derived(path, tmp_path / "store", Integrity())
    findings = audit.json("integrity.json")
    assert not findings["audit"]["is_complete"]
    assert findings["frame_count_gone"] <= 125
