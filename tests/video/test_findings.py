"""The words about a video are so: of held pictures, black films, bars, slides, tiny pictures and edits."""

from __future__ import annotations

import re
import struct
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from processors.video.audit.bars_and_overlays import Box, picture_box
from processors.video.audit.integrity import Integrity
from processors.video.audit.measurements import Measurements
from processors.video.frames.contact_sheet import ContactSheet
from processors.video.frames.frames import Frames
from processors.video.frames.video_preview import VideoPreview
from processors.video.motion.motion import Motion
from processors.video.motion.stabilised import Stabilised
from processors.video.shots.shots import Shots
from processors.video.shots.stills import Stills
from tests.helpers.derived import derived
from tests.helpers.made_media import MediaMaker
from tests.helpers.video_scenes import scene, write


def ffmpeg(*arguments: object) -> None:
    subprocess.run(["ffmpeg", "-v", "error", "-y", *map(str, arguments)], check=True)


def found(path: Path, store: Path) -> dict[str, Any]:
    return derived(path, store, Integrity())[0].json("integrity.json")


def test_pictures_that_an_avi_holds_are_not_missing(tmp_path: Path) -> None:
    path = tmp_path / "held.avi"
    every_sixth = ("-vf", "select='not(mod(n,6))'", "-vsync", "vfr", "-time_base", "1/15")
    ffmpeg("-f", "lavfi", "-i", "testsrc2=size=160x96:rate=15:duration=6", *every_sixth, "-c:v", "mjpeg", path)
    result = found(path, tmp_path / "store")
    assert (result["frame_count_declared"], result["frame_count_decoded"]) == (85, 15)
    assert (result["truncated_because"], result["audit"]["is_complete"]) == (None, True)
    assert "Cut off" not in result["audit"]["words"]


def test_an_avi_without_its_end_is_cut_off(tmp_path: Path) -> None:
    path, cut = tmp_path / "whole.avi", tmp_path / "cut.avi"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=size=160x96:rate=15:duration=6", "-c:v", "mjpeg", path)
    cut.write_bytes(path.read_bytes()[: path.stat().st_size * 6 // 10])
    result = found(cut, tmp_path / "store")
    assert re.fullmatch(r"the header declares 90 frames, 4\d are present", result["truncated_because"])


def test_the_last_pictures_of_an_avi_with_reordered_ones_have_times(tmp_path: Path) -> None:
    path = tmp_path / "reordered.avi"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=size=160x96:rate=25:duration=2", "-c:v", "libx264", "-bf", "2", path)
    result = found(path, tmp_path / "store")
    assert (result["frame_count_decoded"], result["frame_count_without_time"]) == (50, 0)
    assert (result["duration_decoded_seconds"], result["audit"]["is_complete"]) == (2.0, True)


def test_a_black_video_is_reported_as_black_and_has_no_stills(tmp_path: Path) -> None:
    path = write(tmp_path / "black.mp4", [np.zeros((96, 160), np.uint8)] * 30)
    stills, audit = derived(path, tmp_path / "store", Stills(), Integrity())
    assert audit.json("integrity.json")["audit"]["words"] == (
        "30 frames in 1.200 s. Every frame is black. Motion may not be measured: no frame shows anything."
    )
    assert (stills.manifest.verdict, stills.manifest.reason) == (
        "refused",
        "no frame is fit for a still: each is black, damaged or in a fade: choose frames with video.frames",
    )


def test_something_small_in_a_black_picture_is_seen(tmp_path: Path) -> None:
    pictures = []
    for frame in range(20):
        picture = np.zeros((180, 320), np.uint8)
        picture[80:90, 40 + 8 * frame : 50 + 8 * frame] = 220
        pictures.append(picture)
    result = found(write(tmp_path / "moon.mp4", pictures), tmp_path / "store")
    assert result["frame_count_black"] == 0
    assert result["audit"]["motion_may_be_measured"]


def test_a_globe_on_black_is_no_picture_in_bars(tmp_path: Path) -> None:
    y, x = np.mgrid[0:180, 0:320]
    globe = (y - 90) ** 2 + (x - 160) ** 2 < 70**2
    pictures = [np.where(globe, scene(3, frame), 0).astype(np.uint8) for frame in range(40)]
    result = found(write(tmp_path / "globe.mp4", pictures), tmp_path / "store")
    assert result["still"]["picture_box"] == {"left_px": 0, "top_px": 0, "right_px": 320, "bottom_px": 180}
    assert "bars" not in result["audit"]["words"]


def test_one_of_a_pair_of_bars_may_be_next_to_a_dark_scene() -> None:
    picture = np.full((180, 320), 120, np.uint8)
    picture[:, :40] = picture[:, 280:] = 0
    assert picture_box(picture) == Box(left_px=40, top_px=0, right_px=280, bottom_px=180)
    picture[60:, 200:] = 0
    picture[50:55, 278:280] = 130
    box = picture_box(picture)
    assert box is not None
    assert box.left_px == 40


def test_slides_are_shots_and_stop_motion_is_not(tmp_path: Path) -> None:
    slides = write(tmp_path / "slides.mp4", [scene(30 + frame // 50, 0) for frame in range(400)])
    (shots,) = derived(slides, tmp_path / "store", Shots())
    assert [shot["first_frame"] for shot in shots.json("shots.json")["shots"]] == list(range(0, 400, 50))
    steps = write(tmp_path / "steps.mp4", [scene(30, 5 * (frame // 5)) for frame in range(200)])
    (shots,) = derived(steps, tmp_path / "store", Shots())
    assert len(shots.json("shots.json")["shots"]) == 1


@pytest.mark.parametrize("opacity", [1.0, 0.4])
def test_a_logo_and_a_caption_over_several_shots_are_found(opacity: float, tmp_path: Path) -> None:
    layer = Image.new("L", (320, 180), 0)
    draw, font = ImageDraw.Draw(layer), ImageFont.load_default(14)
    draw.text((240, 8), "SPACE.com", 255, font)
    draw.text((20, 160), "Shuttle launch", 255, font)
    share = np.asarray(layer) / 255 * opacity
    under = [scene(50 + frame // 40, frame % 40 + frame // 40 * 7) for frame in range(200)]
    pictures = [(one * (1 - share) + 255 * share).astype(np.uint8) for one in under]
    overlays = found(write(tmp_path / "logo.mp4", pictures), tmp_path / "store")["still"]["overlays"]
    assert sorted((box["left_px"] // 10, box["top_px"] // 10) for box in overlays) == [(2, 16), (24, 1)]


@pytest.mark.parametrize("size", ["1x64", "64x1", "1x1", "2x2", "3x17", "16x16"])
def test_a_tiny_picture_gives_results_or_refusals(size: str, tmp_path: Path) -> None:
    path = tmp_path / "tiny.mkv"
    width, height = size.split("x")
    picture = f"testsrc2=size=320x240:rate=25,crop={width}:{height}:150+10*n:100:exact=1,format=gray"
    ffmpeg("-f", "lavfi", "-i", picture, "-frames:v", "20", "-c:v", "ffv1", path)
    processors = (
        Measurements(),
        Frames(choice="all"),
        ContactSheet(),
        VideoPreview(),
        Integrity(),
        Shots(),
        Stills(),
        Motion(),
        Stabilised(),
    )
    for result in derived(path, tmp_path / "store", *processors):
        assert result.manifest.verdict in ("made", "refused"), result.manifest
        assert result.names or result.manifest.reason
    measured, frames = derived(path, tmp_path / "store", Measurements(), Frames(choice="all"))
    assert measured.facts("measurements.parquet")["frame_count"] == 20
    assert frames.facts("frames.csv")["frame_count"] == 20


def test_a_preview_of_a_tiny_picture_is_refused_with_a_message(tmp_path: Path) -> None:
    path = tmp_path / "tiny.mkv"
    ffmpeg(
        "-f", "lavfi", "-i", "testsrc2=size=64x64:rate=25,crop=1:64,format=gray", "-frames:v", "5", "-c:v", "ffv1", path
    )
    (preview,) = derived(path, tmp_path / "store", VideoPreview())
    assert (preview.manifest.verdict, preview.manifest.reason) == (
        "refused",
        "a clip of 1 × 64 px is too small for H.264: use video.frames",
    )


def with_edits(path: Path, target: Path, edits: list[tuple[int, int, int]]) -> Path:
    """The same MP4 with another edit list, of the same or fewer bytes: duration, media time and 16.16 rate of each."""
    data = bytearray(path.read_bytes())
    place = data.index(b"elst") - 4
    (size,) = struct.unpack_from(">I", data, place)
    table = struct.pack(">I", len(edits)) + b"".join(struct.pack(">IiI", *edit) for edit in edits)
    box = struct.pack(">I4sI", 12 + len(table), b"elst", 0) + table
    grown = len(box) - size
    for name in (b"moov", b"trak", b"edts"):
        at = data.index(name) - 4
        struct.pack_into(">I", data, at, struct.unpack_from(">I", data, at)[0] + grown)
    assert data.index(b"mdat") < data.index(b"moov"), "offsets of samples stay"
    data[place : place + size] = box
    target.write_bytes(data)
    return target


@pytest.mark.parametrize(
    ("edits", "told"),
    [
        ([(2000, 0, 1 << 16)], None),
        ([(500, -1, 1 << 16), (2000, 0, 1 << 16)], None),
        ([(4000, 0, 1 << 15)], "an edit plays the media at 0.5 of their rate"),
        ([(2000, 0, 1 << 16), (1000, 12800, 0)], "an edit plays the media at 0 of their rate"),
        ([(1000, 13824, 1 << 16), (1000, 1024, 1 << 16)], None),
        ([(400, 1024, 1 << 16), (400, 13824, 1 << 16)], "2 edits take 0.800 s, and the pictures end at 1.440 s"),
        ([(1000, 0, 1 << 16), (500, -1, 1 << 16), (1000, 12800, 1 << 16)], "an edit in the middle shows nothing"),
    ],
    ids=["plain", "delayed", "half speed", "dwell", "swapped", "parts", "empty in the middle"],
)
def test_edits_that_are_not_followed_are_reported(
    edits: list[tuple[int, int, int]], told: str | None, make: MediaMaker, tmp_path: Path
) -> None:
    made = make.video("whole.mp4", list(range(50)), options={"crf": "12", "bf": "2"})
    result = found(with_edits(made.path, tmp_path / "edited.mp4", edits), tmp_path / "store")
    assert result["edits_not_followed"] == told
    words = result["audit"]["words"]
    assert ("The edit list is not followed" in words) == (told is not None)
    assert told is None or f"The edit list is not followed: {told}; the times are those of the media." in words


SEEN = "Partly transparent: only the colours are looked at; what changes in the transparency alone is not seen."


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("vp8.webm", ("-c:v", "libvpx", "-pix_fmt", "yuva420p", "-auto-alt-ref", "0")),
        ("vp9.webm", ("-c:v", "libvpx-vp9", "-pix_fmt", "yuva420p")),
        ("ffv1.mkv", ("-c:v", "ffv1", "-pix_fmt", "yuva420p")),
        ("png.mov", ("-c:v", "png", "-pix_fmt", "rgba")),
        ("prores.mov", ("-c:v", "prores_ks", "-profile:v", "4444", "-pix_fmt", "yuva444p10le")),
    ],
)
def test_a_film_that_moves_in_its_transparency_alone_says_what_was_looked_at(
    name: str, options: tuple[str, ...], tmp_path: Path
) -> None:
    moves = "format=rgba,geq=r=200:g=40:b=40:a='255*lt(hypot(X-20-2*N,Y-60),20)'"
    ffmpeg("-f", "lavfi", "-i", "color=red:size=160x120:rate=25:duration=2", "-vf", moves, *options, tmp_path / name)
    result = found(tmp_path / name, tmp_path / "store")
    assert (result["frame_count_held"], result["frame_count_black"], result["has_alpha"]) == (49, 0, True)
    assert SEEN in result["audit"]["words"]


def test_an_opaque_film_says_nothing_of_transparency(tmp_path: Path) -> None:
    ffmpeg("-f", "lavfi", "-i", "testsrc2=size=160x120:rate=25:duration=1", tmp_path / "a.mp4")
    result = found(tmp_path / "a.mp4", tmp_path / "store")
    assert (result["has_alpha"], "transparen" in result["audit"]["words"]) == (False, False)
