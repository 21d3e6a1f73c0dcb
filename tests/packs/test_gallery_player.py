"""The player of the gallery in headless Chromium: sound, frames, subtitles and tiles at exact times and places."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from processors.languages.text import Text
from processors.packs.gallery.page import write_gallery
from tests.helpers.chromium import Browser
from tests.helpers.gallery_pages import item, original, subject
from tests.helpers.made_media import MediaMaker, number_of
from tests.helpers.sample_page import PHOTO, SOUND, VIDEO, opened

pytestmark = pytest.mark.slow

PLAYHEAD = "document.querySelector('.head').getBoundingClientRect()"


@pytest.mark.parametrize("title", [VIDEO, SOUND])
def test_a_click_on_the_spectrogram_seeks_and_the_playhead_follows(browser: Browser, index: Path, title: str) -> None:
    with browser.page() as page:
        opened(page, index, title)
        page.until("gallery.playing.readyState >= 1")
        length = page.ask("gallery.playing.duration")
        page.click(".tracks", across=0.5, down=0.8)
        at = page.until("!gallery.playing.seeking && gallery.playing.currentTime")
        assert at == pytest.approx(length / 2, rel=0.01)
        box = page.ask("(b => [b.left, b.width])(document.querySelector('.tracks').getBoundingClientRect())")
        assert page.ask(f"{PLAYHEAD}.left + 1") == pytest.approx(box[0] + box[1] * at / length, abs=2)
        page.ask("document.activeElement.blur()")
        page.key("ArrowRight")
        page.until(f"Math.abs(gallery.playing.currentTime - {at} - 1) < 0.05")
        assert page.ask("document.querySelector('.tracks').ariaValueText") == f"{at + 1:.2f} s in the source"


def test_the_playhead_runs_while_it_plays(browser: Browser, index: Path) -> None:
    with browser.page() as page:
        opened(page, index, SOUND)
        page.until("gallery.playing.readyState >= 1")
        before = page.ask(f"{PLAYHEAD}.left")
        page.key(" ")
        page.until(f"!gallery.playing.paused && {PLAYHEAD}.left > {before} + 5")
        page.key(" ")
        page.until("gallery.playing.paused")
        assert page.ask(f"{PLAYHEAD}.left") > before + 5


def test_frames_show_their_exact_times_one_by_one(browser: Browser, index: Path) -> None:
    with browser.page() as page:
        opened(page, index, VIDEO, "&tab=frames&at=3")
        told = "[...document.querySelectorAll('.when > *')].map(e => e.textContent)"
        assert page.ask(told) == ["3.000 s", "PTS 46080 × 1/15360 s · shown until 3.033333 s · Shot 1"]
        page.key("ArrowRight")
        assert page.ask(told)[0] == "4.000 s"
        assert page.ask("document.querySelector('.frames [role=status]').textContent") == "Frame 5 of 10"
        assert "at=4" in page.ask("location.hash")
        assert page.until("document.querySelector('.plate img').naturalWidth") == 640
        page.click(".shots button:last-child")
        assert page.ask(told)[0] == "5.000 s"
        page.click(".controls .quiet")
        page.until("gallery.playing?.currentTime === 5")


def test_a_video_that_starts_late_plays_the_frame_of_the_time_asked(browser: Browser, tmp_path: Path) -> None:
    video = MediaMaker(tmp_path).video("late.mp4", list(range(50, 150)))
    one = subject(medium="video", name="late.mp4")
    times = [
        {"pts": tick, "time_base": "1/25", "time_seconds": tick / 25, "end_seconds": (tick + 1) / 25}
        for tick in (50, 75, 149)
    ]
    frames = [item(one, tmp_path / f"{n}.jpg", "video.frames", "image/jpeg", at) for n, at in enumerate(times)]
    shown = [replace(original(one, href=video.path.name), media_type="video/mp4"), *frames]
    write_gallery(tmp_path, shown, title=Text(en="x"), languages=("en",))
    with browser.page() as page:
        page.open(tmp_path / "index.html", "#open=000000000000&tab=play&at=3")
        page.until("gallery.playing?.readyState > 1 && !gallery.playing.seeking && gallery.playing.currentTime > 2")
        assert page.ask("document.querySelector('.controls .time').textContent") == "3.00 s in the source"
        place = "position: fixed; inset: 0 auto auto 0; width: 128px; height: 96px; z-index: 9"
        page.ask(f"gallery.playing.controls = false; gallery.playing.style = {json.dumps(place)}")
        time.sleep(0.3)  # until it is painted there
        page.screenshot(tmp_path / "seen.png")
        with Image.open(tmp_path / "seen.png") as seen:
            assert number_of(np.asarray(seen.convert("RGB"))[:96, :128]) == 25


@pytest.mark.parametrize(("language", "code"), [("en", "eng"), ("zh", "chi")])
def test_subtitles_of_the_pages_language_are_shown_in_step_with_a_video_that_starts_late(
    language: str, code: str, browser: Browser, tmp_path: Path
) -> None:
    MediaMaker(tmp_path).video("late.mp4", list(range(50, 150)))  # from 2 s on
    one = subject(medium="video", name="late.mp4")
    (tmp_path / "subtitles_1.vtt").write_text("WEBVTT\n\n00:00.500 --> 00:01.500\n<i>Touchdown</i>\n")
    (tmp_path / "subtitles_2.vtt").write_text("WEBVTT\n\n00:00.500 --> 00:01.500\nother\n")
    others = {"title": None, "file_name": None, "is_for_hard_of_hearing": False, "zero_seconds": 2.0}
    texts = [
        item(one, tmp_path / f"subtitles_{number}.vtt", "video.subtitles", "text/vtt", {"language": said, **others})
        for number, said in ((1, code), (2, "deu"))
    ]
    times = {"pts": 50, "time_base": "1/25", "time_seconds": 2.0, "end_seconds": 6.0}
    frame = item(one, tmp_path / "0.jpg", "video.frames", "image/jpeg", times)
    shown = [replace(original(one, href="late.mp4"), media_type="video/mp4"), frame, *texts]
    write_gallery(tmp_path, shown, title=Text(en="x"), languages=(language,))
    with browser.page() as page:
        page.open(tmp_path / "index.html", "#open=000000000000&tab=play&at=3")
        page.until("gallery.playing?.textTracks[0].activeCues?.length === 1")
        tracks = "[...gallery.playing.textTracks].map(track => [track.language, track.mode])"
        assert page.ask(tracks) == [[language, "showing"], ["de", "disabled"]]
        assert page.ask("gallery.playing.textTracks[0].activeCues[0].text") == "<i>Touchdown</i>"
        assert page.ask("gallery.playing.textTracks[0].label") == {"en": "English", "zh": "中文"}[language]


def test_a_panorama_zooms_into_its_tiles(browser: Browser, index: Path) -> None:
    with browser.page() as page:
        opened(page, index, PHOTO)
        page.until("gallery.zoomed?.world.getItemAt(0)?.getFullyLoaded()")
        assert any("/gallery/tiles/" in url for url in page.requests)
        before = page.ask("gallery.zoomed.viewport.getZoom()")
        page.click("[data-zoom=zoomIn]")
        assert page.ask("gallery.zoomed.viewport.getZoom()") == pytest.approx(before * 1.5)
        page.ask("document.activeElement.blur()")
        page.key("0")
        assert page.ask("gallery.zoomed.viewport.getZoom()") == pytest.approx(before)
        for _ in range(4):
            page.key("+")
        loaded = len(page.requests)
        page.until("gallery.zoomed.world.getItemAt(0).getFullyLoaded()")
        page.until("gallery.zoomed.viewport.getZoom(true) > 3")
        assert len(page.requests) >= loaded
        assert page.errors == []


def test_a_file_that_no_browser_plays_is_reported(browser: Browser, tmp_path: Path) -> None:
    one = subject(medium="audio", name="a.wav")
    (tmp_path / "photo.jpg").write_bytes(b"no sound")
    shown = replace(original(one), media_type="audio/wav")
    write_gallery(tmp_path, [shown], title=Text(en="x"), languages=("en",))
    with browser.page() as page:
        page.open(tmp_path / "index.html", "#open=000000000000")
        page.until("document.querySelector('#viewer .failed:not([hidden])')")
        assert "This browser plays none of the files." in page.ask("document.querySelector('.failed').textContent")
