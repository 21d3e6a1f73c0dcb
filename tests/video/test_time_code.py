"""Edit lists and timelines begin at the file's own time code, and name its file."""

from __future__ import annotations

import re
import subprocess
from fractions import Fraction
from pathlib import Path

import av
import opentimelineio
import pytest

from processors.video.reading.time_code import TimeCode, parsed, usual_rate
from processors.video.shots.edl import edit_decision_list, reel
from processors.video.shots.shots import Shots
from processors.video.shots.timeline import Timeline
from tests.helpers.derived import derived
from tests.video.test_video_reader import read

TWO_O_CLOCK = ("-timecode", "02:00:00:00")
MPEG = ("-c:v", "mpeg2video")
NTSC = Fraction(30000, 1001)

EVENT = re.compile(
    r"\d{3}  [A-Z0-9]{1,8} {0,8}  ?V     C        "
    r"(\d\d:\d\d:\d\d[:;]\d\d) (\d\d:\d\d:\d\d[:;]\d\d) (\d\d:\d\d:\d\d[:;]\d\d) (\d\d:\d\d:\d\d[:;]\d\d)"
)


def film(path: Path, rate: str, *arguments: str, frames: int = 60) -> Path:
    source = f"testsrc2=size=160x96:rate={rate}"
    coding = ["-f", "lavfi", "-i", source, "-frames:v", str(frames), "-pix_fmt", "yuv420p", *arguments]
    subprocess.run(["ffmpeg", "-v", "error", "-y", *coding, str(path)], check=True)
    return path


@pytest.mark.parametrize(
    ("text", "rate", "number"),
    [
        ("00:00:00;00", NTSC, 0),
        ("00:00:59;29", NTSC, 1799),
        ("00:01:00;02", NTSC, 1800),
        ("00:09:59;29", NTSC, 17981),
        ("00:10:00;00", NTSC, 17982),
        ("01:00:00;00", NTSC, 107892),
        ("01:00:00:00", NTSC, 108000),
        ("23:59:59;29", NTSC, 2589407),
        ("00:01:00;04", Fraction(60000, 1001), 3600),
        ("01:00:00;00", Fraction(60000, 1001), 215784),
        ("10:00:00:24", Fraction(25), 900024),
        ("01:02:03:04", Fraction(24000, 1001), 89356),
    ],
)
def test_a_time_code_is_a_count_of_pictures(text: str, rate: Fraction, number: int) -> None:
    code = parsed(text, rate)
    assert code is not None
    assert (code.frame_number, str(code)) == (number, text)


def test_dropped_numbers_do_not_occur() -> None:
    codes = [str(TimeCode(frame_number=number, rate_hz=NTSC, is_drop=True)) for number in range(2 * 17982)]
    assert len(set(codes)) == len(codes)
    assert not [code for code in codes if code[6:] in ("00;00", "00;01") and code[4] != "0"]


@pytest.mark.parametrize("text", ["", "None", "01:00:00", "25:00:00:00", "00:00:00:25", "00:61:00:00", "1:2:3:4:5"])
def test_an_invalid_time_code_is_none(text: str) -> None:
    assert parsed(text, Fraction(25)) is None


def test_a_rounded_rate_is_the_usual_one() -> None:
    assert usual_rate(Fraction(29970, 1000)) == NTSC
    assert usual_rate(Fraction(2500, 100)) == 25
    assert usual_rate(Fraction(27)) == 27
    assert (usual_rate(Fraction(24009, 1000)), usual_rate(Fraction(24009, 1000), Fraction(1, 1000))) == (
        Fraction(24009, 1000),
        24,
    )


@pytest.mark.parametrize(
    ("name", "rate", "arguments", "first", "end", "kind"),
    [
        ("drop.mov", "30000/1001", ("-timecode", "01:00:00;00"), "01:00:00;00", "01:00:02;00", "DROP FRAME"),
        ("minute.mov", "30000/1001", ("-timecode", "00:00:59;00"), "00:00:59;00", "00:01:01;02", "DROP FRAME"),
        ("full.mov", "30000/1001", ("-timecode", "01:00:00:00"), "01:00:00:00", "01:00:02:00", "NON-DROP FRAME"),
        ("fast.mov", "60000/1001", ("-timecode", "01:00:00;00"), "01:00:00;00", "01:00:01;00", "DROP FRAME"),
        ("pal.mp4", "25", ("-timecode", "10:00:00:10"), "10:00:00:10", "10:00:02:20", "NON-DROP FRAME"),
        ("film.mkv", "24", ("-metadata", "TIMECODE=09:59:58:23"), "09:59:58:23", "10:00:01:11", "NON-DROP FRAME"),
        ("broadcast.mxf", "25", ("-c:v", "mpeg2video", *TWO_O_CLOCK), "02:00:00:00", "02:00:02:10", "NON-DROP FRAME"),
        ("group.mpg", "25", ("-c:v", "mpeg2video", *TWO_O_CLOCK), "02:00:00:00", "02:00:02:10", "NON-DROP FRAME"),
        (
            "group.ts",
            "25",
            ("-c:v", "mpeg2video", "-timecode", "10:11:12:13"),
            "10:11:12:13",
            "10:11:14:23",
            "NON-DROP FRAME",
        ),
        ("group.m2v", "25", ("-c:v", "mpeg2video", *TWO_O_CLOCK), "02:00:00:00", "02:00:02:10", "NON-DROP FRAME"),
        (
            "drop.mpg",
            "30000/1001",
            ("-c:v", "mpeg2video", "-timecode", "01:00:00;00"),
            "01:00:00;00",
            "01:00:02;00",
            "DROP FRAME",
        ),
        ("none.mp4", "30000/1001", (), "00:00:00;00", "00:00:02;00", "DROP FRAME"),
        ("none.mov", "25", (), "00:00:00:00", "00:00:02:10", "NON-DROP FRAME"),
    ],
)
def test_both_lists_count_from_the_files_own_time_code(
    name: str, rate: str, arguments: tuple[str, ...], first: str, end: str, kind: str, tmp_path: Path
) -> None:
    (made,) = derived(film(tmp_path / name, rate, *arguments), tmp_path / "store", Timeline(file_name=name))
    lines = made.path("shots.edl").read_text().splitlines()
    assert lines[:2] == [f"TITLE: {name}", f"FCM: {kind}"]
    events = [found.groups() for line in lines if (found := EVENT.fullmatch(line))]
    assert (events[0][0], events[-1][1]) == (first, end)
    assert lines[3] == f"* FROM CLIP NAME: {name}"

    opened = opentimelineio.adapters.read_from_string(made.path("shots.otio").read_text(), "otio_json")
    (track,) = opened.tracks
    assert (opened.name, track.name) == (name, name)
    start = track[0].source_range.start_time
    assert start.rate == pytest.approx(float(Fraction(rate)), abs=1e-9)
    code = parsed(first, Fraction(rate))
    assert code is not None
    assert start.value == code.frame_number
    assert sum(clip.source_range.duration.value for clip in track) == pytest.approx(60)
    assert track[0].media_reference.target_url == name
    assert track[0].media_reference.available_range.start_time.value == code.frame_number


@pytest.mark.parametrize(
    ("name", "coding"),
    [
        ("lost.mov", ("-c:v", "mjpeg", "-timecode", "10:00:00:00")),
        ("lost.mxf", ("-c:v", "mpeg2video", "-g", "12", "-bf", "0", "-timecode", "10:00:00:00")),
        ("lost.mkv", ("-c:v", "mjpeg", "-metadata", "TIMECODE=10:00:00:00")),
    ],
)
def test_the_code_is_that_of_the_first_picture_even_if_it_does_not_decode(
    name: str, coding: tuple[str, ...], tmp_path: Path
) -> None:
    path = film(tmp_path / name, "25", *coding)
    with av.open(str(path)) as container:
        packets = [(one.pos, one.size) for one in container.demux(video=0) if one.size]
    data = bytearray(path.read_bytes())
    for place, size in packets[:12]:
        assert place is not None
        data[place + 24 : place + size] = bytes(size - 24)
    path.write_bytes(data)
    _, report = read(path)
    assert (report.start_time_code, report.start_time_code_seconds) == ("10:00:00:00", 0)
    shots, made = derived(path, tmp_path / "store", Shots(), Timeline())
    first = shots.json("shots.json")["shots"][0]
    assert first["start_seconds"] == pytest.approx(12 / 25)
    lines = made.path("shots.edl").read_text().splitlines()
    events = [found.groups() for line in lines if (found := EVENT.fullmatch(line))]
    assert (events[0], events[-1][1]) == (("10:00:00:12", events[0][1], "00:00:00:00", events[0][3]), "10:00:02:10")
    opened = opentimelineio.adapters.read_from_string(made.path("shots.otio").read_text(), "otio_json")
    assert opened.tracks[0][0].source_range.start_time.value == 10 * 3600 * 25 + 12


def test_zeros_in_a_group_of_pictures_are_no_time_code(tmp_path: Path) -> None:
    _, report = read(film(tmp_path / "zeros.mpg", "25", *MPEG))
    assert (report.start_time_code, report.start_time_code_seconds) == (None, None)
    _, report = read(film(tmp_path / "code.mpg", "25", *MPEG, "-bf", "2", *TWO_O_CLOCK))
    assert (report.start_time_code, report.start_time_code_seconds) == ("02:00:00:00", None)
    frames, report = read(film(tmp_path / "code.ts", "25", *MPEG, "-bf", "2", *TWO_O_CLOCK))
    assert (report.start_time_code, report.start_time_code_seconds) == ("02:00:00:00", frames[0].time)


def test_each_event_is_as_long_on_both_sides() -> None:
    spans = [(Fraction(number, 7), Fraction(number + 1, 7)) for number in range(1, 40)]
    first = TimeCode(frame_number=1795, rate_hz=NTSC, is_drop=True)
    text = edit_decision_list(spans, first, Fraction(1, 7), "x.mov")
    last = ""
    for line in text.splitlines():
        if found := EVENT.fullmatch(line):
            codes = [parsed(code, NTSC) for code in found.groups()]
            assert None not in codes
            numbers = [code.frame_number for code in codes if code]
            assert numbers[1] - numbers[0] == numbers[3] - numbers[2]
            assert not last or found[3] == last
            last = found[4]
    assert last


def test_a_reel_has_up_to_eight_letters_and_digits() -> None:
    assert (reel("descent-camera_1.mov"), reel("着陆.mp4"), reel("a")) == ("DESCENTC", "AX", "A")


def test_a_name_cannot_add_lines_to_the_list() -> None:
    first = TimeCode(frame_number=0, rate_hz=Fraction(25), is_drop=False)
    text = edit_decision_list([(Fraction(0), Fraction(1))], first, Fraction(0), "a\nFCM: DROP FRAME\r\n.mov")
    assert text.splitlines()[:2] == ["TITLE: a FCM: DROP FRAME  .mov", "FCM: NON-DROP FRAME"]


def test_a_coded_picture_may_carry_the_time_code(tmp_path: Path) -> None:
    """HEVC's time code message, which x265 does not write: the same message, made by hand, before the first picture."""
    path = film(tmp_path / "plain.hevc", "25", "-c:v", "libx265", "-x265-params", "log-level=0:bframes=0")
    bits = "01" + "1" + "0" + "00000" + "1" + "0" + "0" + f"{7:09b}" + f"{13:06b}" + f"{12:06b}" + f"{11:05b}" + "00000"
    payload = int((bits + "1").ljust(-(-(len(bits) + 1) // 8) * 8, "0"), 2).to_bytes(-(-(len(bits) + 1) // 8), "big")
    message = b"\x00\x00\x01\x4e\x01" + bytes([136, len(payload)]) + payload + b"\x80"
    data = path.read_bytes()
    place = next(at for at in range(len(data)) if data[at : at + 3] == b"\0\0\1" and data[at + 3] >> 1 & 63 in (19, 20))
    coded = tmp_path / "coded.hevc"
    coded.write_bytes(data[:place] + message + data[place:])
    report = read(coded)[1]
    assert (report.start_time_code, report.start_time_code_seconds) == ("11:12:13:07", None)
    wrapped = tmp_path / "coded.ts"
    subprocess.run(
        ["ffmpeg", "-v", "error", "-fflags", "+genpts", "-i", str(coded), "-c", "copy", str(wrapped)], check=True
    )
    frames, report = read(wrapped)
    assert (report.start_time_code, report.start_time_code_seconds) == ("11:12:13:07", frames[0].time)
