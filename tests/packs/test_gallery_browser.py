"""The gallery as a person meets it: opened from the disk in headless Chromium, clicked, typed at and read out."""

from __future__ import annotations

import gzip
import json
import time
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from flows.cli.main import main
from processors.languages.text import Text
from processors.packs.build import build
from processors.packs.contents.recorded import Recorded
from processors.packs.gallery.introduction import Introduction, PageClip
from processors.packs.gallery.page import write_gallery
from processors.packs.gallery.thumbnails import plot_shares
from processors.packs.recipe.pack_recipe import PackRecipe, Pictures
from processors.store.manifest import ResultRef
from processors.video.frames.frames import Frames
from tests.conftest import PROJECT
from tests.helpers.chromium import Browser, Page, executable, started
from tests.helpers.gallery_pages import item, original, sample_store, subject
from tests.helpers.made_media import MediaMaker, number_of
from tests.helpers.pack_store import filled
from tests.packs.test_page_files import pictured

pytestmark = pytest.mark.slow
VERSION = version("marsmedia")
PLAYHEAD = "document.querySelector('.head').getBoundingClientRect()"
CARDS = "[...document.querySelectorAll('#list .name')].map(name => name.textContent)"
VIDEO, SOUND, PHOTO = (
    "The rover drives off the lander",
    "Sound of the rover driving off",
    "Wheel tracks behind the rover",
)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    command = executable() or pytest.skip("no Chromium on this machine: install the package chromium")
    with started(command, tmp_path_factory.mktemp("profile")) as running:
        yield running


@pytest.fixture(scope="module")
def index(sample_release: Path, tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Path:
    """The page over a store of the sample's video, sound and photo, as `browse` writes it."""
    store = sample_store(sample_release, tmp_path_factory.mktemp("gallery"))
    answer = CliRunner().invoke(main, ["browse", "--no-open", "--store", str(store)], catch_exceptions=False)
    assert answer.exit_code == 0, answer.output
    return store / "gallery" / "index.html"


def opened(page: Page, index: Path, title: str, more: str = "") -> None:
    """Open the page at one subject."""
    page.open(index)
    digest = page.ask(f"gallery.subjects.find(s => s.title.en === {json.dumps(title)}).digest.slice(0, 12)")
    page.ask(f"location.hash = 'open={digest}{more}'")
    page.until("document.querySelector('#viewer[open] .stage')")


@pytest.fixture(params=["light", "dark"])
def dark(request: pytest.FixtureRequest) -> bool:
    return request.param == "dark"


@pytest.mark.parametrize(
    ("title", "tab"),
    [(None, ""), (VIDEO, "play"), (VIDEO, "frames"), (VIDEO, "pictures"), (SOUND, "play"), (PHOTO, "pictures")],
)
def test_it_opens_without_complaint_asks_nobody_and_is_accessible(
    browser: Browser, index: Path, title: str | None, tab: str, dark: bool
) -> None:
    axe = gzip.decompress((PROJECT / "tests" / "vendored" / "axe.min.js.gz").read_bytes()).decode()
    with browser.page(dark=dark) as page:
        page.open(index)
        if title:
            opened(page, index, title, f"&tab={tab}")
            page.until("document.querySelector('#viewer .shown section')")
        if tab == "pictures":
            page.until("gallery.zoomed?.world.getItemCount() === 1")
        page.ask(f"{axe};0")
        found = page.ask(
            "axe.run({preload: false}).then(({violations}) => violations.map(v => [v.id, v.nodes.map(n => n.html)]))"
        )
        assert found == []
        assert page.errors == []
        away = [url for url in page.requests if not url.startswith(("file:", "data:", "about:"))]
        assert away == []
        assert sum(url.startswith("file:") for url in page.requests) > 15


def test_filters_narrow_the_list_and_count_what_is_left(browser: Browser, index: Path) -> None:
    with browser.page() as page:
        page.open(index)
        assert page.ask("document.getElementById('count').textContent") == "3 items"
        assert sorted(page.ask(CARDS)) == [SOUND, VIDEO, PHOTO]
        page.click("[data-heading=medium] input[value=photo]")
        page.until("document.getElementById('count').textContent === '1 of 3 items'")
        assert page.ask(CARDS) == [PHOTO]
        assert page.ask("location.hash") == "#medium=photo"
        events = "[...document.querySelectorAll('[data-heading=event] label')].map(l => l.lastChild.textContent)"
        assert sorted(page.ask(events)) == ["0", "1"]
        page.click("#facets .clear")
        page.until("document.querySelectorAll('#list .card').length === 3")
        page.click("#timeline summary")
        page.click("#timeline .column")
        page.until("document.querySelectorAll('#list .card').length === 2")
        assert page.ask(CARDS) == [SOUND, VIDEO]
        assert page.ask("location.hash") == "#sol=tianwen-1%3A8..8"
        page.click("#asked")
        for letter in "wav":
            page.key(letter)
        page.until("document.querySelectorAll('#list .card').length === 1")
        assert page.ask(CARDS) == [SOUND]
        assert "q=wav" in page.ask("location.hash")


def test_an_address_brings_back_what_was_asked(browser: Browser, index: Path) -> None:
    with browser.page() as page:
        page.open(index, "#view=frames&q=drive-off.mp4")
        assert page.ask("document.getElementById('count').textContent") == "10 items"
        shots = page.ask("[...document.querySelectorAll('[data-heading=shot] .what')].map(w => w.textContent)")
        assert shots == ["drive-off.mp4 · Shot 1", "drive-off.mp4 · Shot 2"]
        page.click("[data-heading=shot] input")
        page.until("document.querySelectorAll('#list .card').length === 5")
        assert page.ask(CARDS)[:2] == ["0.000 s", "1.000 s"]


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


def test_who_wants_no_motion_sees_none(browser: Browser, index: Path) -> None:
    durations = {}
    for still in (False, True):
        with browser.page(still=still) as page:
            opened(page, index, PHOTO)
            page.until("Boolean(gallery.zoomed)")
            card = "getComputedStyle(document.querySelector('.card')).transitionDuration"
            durations[still] = (page.ask("gallery.zoomed.animationTime"), page.ask(card))
    assert durations == {False: (0.5, "0.12s, 0.12s, 0.12s"), True: (0, "0s")}


def test_the_keyboard_is_enough(browser: Browser, index: Path) -> None:
    with browser.page() as page:
        page.open(index)
        page.key("/")
        assert page.ask("document.activeElement.id") == "asked"
        page.key("Escape")
        page.key("ArrowRight")
        page.key("ArrowRight")
        assert page.ask("document.activeElement.dataset.number") == "1"
        page.key("Enter")
        page.until("document.querySelector('#viewer').open")
        first = page.until("document.querySelector('#viewer h2')?.textContent")
        page.key("n")
        page.until(f"document.querySelector('#viewer h2').textContent !== {json.dumps(first)}")
        page.key("p")
        page.until(f"document.querySelector('#viewer h2').textContent === {json.dumps(first)}")
        page.key("Escape")
        page.until("!document.querySelector('#viewer').open && location.hash === ''")
        assert page.ask("document.activeElement.dataset.number") == "1"
        page.key("?")
        assert page.ask("document.querySelector('#help').open") is True
        page.key("Escape")
        page.until("!document.querySelector('#help').open")


def test_it_speaks_the_browsers_language_and_remembers_another(browser: Browser, index: Path) -> None:
    with browser.page(language="zh-CN") as page:
        page.open(index)
        assert page.ask("document.documentElement.lang") == "zh-Hans"
        assert "火星车驶离着陆平台（合成样例）" in page.ask(CARDS)
        assert page.ask("document.getElementById('asked').placeholder") == "搜索标题、说明、署名"
        page.click("#language")
        assert page.ask("document.documentElement.lang") == "en"
        assert VIDEO in page.ask(CARDS)
        page.open(index)
        assert page.ask("document.documentElement.lang") == "en"
        words = "Object.keys(gallery.words().{}).filter(name => !(name in gallery.words().{}))"
        assert page.ask(words.format("en", "zh")) == []
        assert page.ask(words.format("zh", "en")) == ["precisions"]  # English says them as they are written


def test_every_item_says_how_it_was_made_and_how_to_cite_it(browser: Browser, index: Path) -> None:
    with browser.page() as page:
        opened(page, index, VIDEO, "&tab=frames&at=4")
        made = page.until("document.querySelector('[data-part=provenance] p')?.textContent")
        assert made == f"Made from drive-off.mp4 by video.frames, version {Frames.version}, with marsmedia {VERSION}."
        leaves = "[...document.querySelectorAll('[data-part=provenance] details')].map(d => d.textContent)"
        assert "every_seconds1" in page.ask(leaves)[1]
        assert "av" in page.ask(leaves)[2]
        digest = page.ask("gallery.subjects.find(s => s.name === 'drive-off.mp4').digest")
        cited = page.ask("document.querySelector('.citation').textContent")
        assert cited.startswith(
            "marsmedia (no space agency: the sample is synthetic). “The rover drives off the lander”. drive-off.mp4. "
            "Tianwen-1, Sol 8, The rover drives off the lander, front and rear hazard-avoidance cameras; "
            "recording device. 2021-05-22T02:40Z. Release sample-release. "
            f"Frame at 4.000 s (PTS 61440, time base 1/15360 s). SHA-256 {digest}. "
            f"Derived with marsmedia {VERSION}, video.frames version {Frames.version}, result "
        )
        assert cited.endswith(". Synthetic, not recorded on Mars.")
        badges = "[...document.querySelectorAll('#viewer .badge')].map(badge => badge.textContent)"
        assert page.ask(badges) == [
            "All frames decoded",
            "Stop-motion",
            "Not usable for motion measurement",
            "Synthetic",
        ]
        page.click(".copy")
        page.until("document.querySelector('.copy').textContent === 'Copied'")


def test_the_release_is_called_by_its_title_and_its_cameras_by_its_own_words(browser: Browser, index: Path) -> None:
    with browser.page(language="zh-CN") as page:
        page.open(index)
        assert page.ask("document.title") == "合成样例：仿天问一号2021年6月27日发布的着陆和巡视探测影像"
        assert page.ask("document.querySelector('#timeline h2').textContent") == "天问一号"
    with browser.page() as page:
        page.open(index, "#q=rear hazard")
        assert page.ask("document.title") == "Synthetic sample in the shape of the Tianwen-1 release of 27 June 2021"
        page.until("document.querySelectorAll('#list .card').length === 2")
        assert sorted(page.ask(CARDS)) == [VIDEO, PHOTO]
        opened(page, index, VIDEO)
        about = page.ask("document.querySelector('[data-part=about]').textContent")
        assert "Picture640 × 360 px, 30 fps, h264" in about
        assert page.ask("document.querySelector('a.download').getAttribute('download')") == "drive-off.mp4"


def test_the_list_is_sorted_and_narrowed_by_date(browser: Browser, index: Path) -> None:
    with browser.page() as page:
        page.open(index, "#sort=newest")
        assert page.ask(CARDS) == [PHOTO, SOUND, VIDEO]
        page.ask("location.hash = 'sort=name'")
        page.until(
            f"JSON.stringify({CARDS}) === {json.dumps(json.dumps([SOUND, VIDEO, PHOTO], separators=(',', ':')))}"
        )
        page.click("[data-heading=month] input[value='2021-06']")
        page.until("document.querySelectorAll('#list .card').length === 1")
        assert page.ask(CARDS) == [PHOTO]


def test_what_is_listed_or_chosen_becomes_a_recipe_that_builds(browser: Browser, index: Path, tmp_path: Path) -> None:
    with browser.page() as page:
        page.open(index, "#medium=photo")
        page.click("#make-pack")
        page.until("document.querySelector('#packing[open] pre')")
        (tmp_path / "listed.toml").write_text(page.ask("document.querySelector('#packing pre').textContent"))
        page.click("#packing .buttons button:last-child")
        page.ask("location.hash = ''")
        page.until("document.querySelectorAll('#list .card').length === 3")
        page.click(".pick input")
        assert page.ask("document.getElementById('make-pack').textContent") == "Make a pack of 1 chosen"
        chosen = page.ask("gallery.packing.recipe([0, 1, 2])")
    recipe = tomllib.loads(chosen)
    assert (recipe["audience"], len(recipe["selection"])) == ("press", 3)
    words = ["pack", str(tmp_path / "listed.toml"), "-o", str(tmp_path / "pack"), "--store", str(index.parents[1])]
    answer = CliRunner().invoke(main, words, catch_exceptions=False)
    assert answer.exit_code == 0, answer.output


def test_a_long_index_is_loaded_in_parts_while_the_page_is_in_use(browser: Browser, tmp_path: Path) -> None:
    shown = [original(subject(number, title=Text(en=f"Photo {number}"))) for number in range(2500)]
    write_gallery(tmp_path, shown, title=Text(en="Many"), languages=("en",))
    Image.new("RGB", (30, 20)).save(tmp_path / "photo.jpg")
    with browser.page() as page:
        page.open(tmp_path / "index.html", "#open=" + subject(2400).digest)
        page.until("document.getElementById('count').textContent === '2,500 items'")
        assert page.until("document.querySelector('#viewer[open] h2')?.textContent") == "Photo 2400"
        page.ask("location.hash = 'q=photo+2400'")
        page.until(f"JSON.stringify({CARDS}) === '[\"Photo 2400\"]'")
        assert page.errors == []


def test_a_pack_shows_its_text_its_highlight_and_its_credits(browser: Browser, tmp_path: Path) -> None:
    clip = MediaMaker(tmp_path).video("highlight.mp4", list(range(25)))
    said = Introduction(
        text=Text(en="Landing.", zh="着陆。"),
        publisher="Museum",
        credits_href="CREDITS.txt",
        clip=PageClip(href=clip.path.name, width_px=128, height_px=96, duration_seconds=1.0),
    )
    shown = [original(subject())]
    write_gallery(tmp_path, shown, title=Text(en="x"), languages=("en", "zh"), introduction=said)
    with browser.page(language="zh-CN") as page:
        page.open(tmp_path / "index.html")
        page.until("document.querySelector('#introduction video').readyState >= 1")
        assert page.ask("document.querySelector('#introduction video').duration") == pytest.approx(1.0)
        assert page.ask("document.querySelector('#introduction .words').textContent") == "着陆。Museum署名与权利"
        addresses = "[...document.querySelectorAll('#introduction a')].map(a => a.getAttribute('href'))"
        assert page.ask(addresses) == ["highlight.mp4", "CREDITS.txt"]
        assert page.errors == []


def test_a_thumbnail_of_a_sound_in_a_pack_is_its_spectrogram_without_title_and_axes(
    browser: Browser, tmp_path: Path
) -> None:
    plot = np.full((80, 100, 3), 255, np.uint8)
    plot[20:60, 10:90] = (200, 0, 0)  # what is inside the axes
    Image.fromarray(plot).save(tmp_path / "spectrogram.png")
    facts = {"width_px": 200, "height_px": 160, "plot_left_px": 20, "plot_right_px": 180}
    facts |= {"plot_top_px": 40, "plot_bottom_px": 120}
    one = item(subject(medium="audio"), tmp_path / "spectrogram.png", "audio.spectrogram_picture", "image/png", facts)
    assert one.entry
    box = plot_shares(one.entry)
    assert box == (0.1, 0.25, 0.9, 0.75)
    shown = [replace(one, href="spectrogram.png", thumbnail_href="spectrogram.png", thumbnail_box=box)]
    write_gallery(tmp_path, shown, title=Text(en="x"), languages=("en", "zh"))
    with browser.page() as page:
        page.open(tmp_path / "index.html")
        page.until("document.querySelector('.face img')?.complete")
        page.screenshot(tmp_path / "seen.png")
        box = "(b => [b.x, b.y, b.right, b.bottom])(document.querySelector('.face').getBoundingClientRect())"
        left, top, right, bottom = (round(edge) for edge in page.ask(box))
        assert page.errors == []
    seen = np.asarray(Image.open(tmp_path / "seen.png").convert("RGB"), int)[top + 4 : bottom - 4, left + 4 : right - 4]
    red = np.abs(seen - (200, 0, 0)).max(2) < 12
    middle, centre = red.shape[0] // 2, red.shape[1] // 2
    assert red[:middle, :centre].all()  # the other corners have the choice and the word for the medium
    assert red[middle:, centre:].all()


@pytest.mark.parametrize("width", [1280, 390])
def test_the_first_screen_shows_media(browser: Browser, index: Path, width: int) -> None:
    with browser.page(width=width, height=800) as page:
        page.open(index)
        faces = "[...document.querySelectorAll('#list .face')].map(face => face.getBoundingClientRect().bottom)"
        assert page.ask(f"{faces}.some(bottom => bottom < 600)")
        page.click("#timeline summary")
        page.until("document.querySelector('#timeline .column').getBoundingClientRect().height > 40")
        page.open(index, "#sol=tianwen-1%3A8..8")
        assert page.ask("document.getElementById('when').open") is True, "what narrows the list can be seen"


@pytest.mark.parametrize("word", ["descent+stage", "吊降", "cnsa", "rope", "wang"])
def test_captions_alternative_texts_and_credits_are_searched(browser: Browser, tmp_path: Path, word: str) -> None:
    told = subject(
        7,
        title=Text(en="Landing"),
        caption=Text(en="The descent stage lowers the rover.", zh="吊降"),
        alternative=Text(en="A rope"),
        credit="CNSA",
        creator="Wang",
    )
    write_gallery(tmp_path, [original(told), original(subject(8))], title=Text(en="x"), languages=("en", "zh"))
    with browser.page() as page:
        page.open(tmp_path / "index.html", f"#q={word}")
        assert page.ask(CARDS) == ["Landing"]
        assert page.ask("document.getElementById('asked').title") == (
            "Searches titles, captions, alternative texts, credits, missions, events, dates, cameras and file names"
        )


@pytest.mark.parametrize(
    ("written", "precision", "is_of_event", "about", "words"),
    [
        ("2021-06-01", "day", False, "2021-06-01 · Drive-off · rear camera", ("2021-06-01", "2021-06")),
        ("2021:06:01 10:00:05", "second", False, "2021-06-01 · Drive-off · rear camera", ("2021-06-01", "2021:06:01")),
        ("1 June 2021", "day", False, "2021-06-01 · Drive-off · rear camera", ("2021-06-01", "1+june")),
        ("2021-152", "day", False, "2021-06-01 · Drive-off · rear camera", ("2021-06-01", "2021-152")),
        ("June 2021", "month", False, "2021-06 · Drive-off · rear camera", ("2021-06",)),
        ("2021-06-01", "day", True, "Drive-off (2021-06-01) · rear camera", ("2021-06-01",)),
    ],
)
def test_a_card_has_the_date_and_the_search_finds_it(
    browser: Browser,
    tmp_path: Path,
    written: str,
    precision: str,
    is_of_event: bool,
    about: str,
    words: tuple[str, ...],
) -> None:
    span = ("2021-05-31T16:00:00Z", "2021-06-01T16:00:00Z")  # a day in Beijing
    earliest, latest = span if precision != "month" else ("2021-05-31T16:00:00Z", "2021-06-30T16:00:00Z")
    at = Recorded(
        written=written, precision=precision, source="release.toml", earliest_utc=earliest, latest_utc=latest,
        first_sol=None, last_sol=None, solar_longitude_degrees=None, local_true_solar_time_hours=None,
        is_of_event=is_of_event,
    )  # fmt: skip
    shown = subject(recorded=at, event="drive-off", event_title=Text(en="Drive-off"), camera="rear camera")
    write_gallery(tmp_path, [original(shown), original(subject(8))], title=Text(en="x"), languages=("en",))
    with browser.page() as page:
        for word in words:
            page.open(tmp_path / "index.html", f"#q={word}")
            page.until("document.querySelectorAll('#list .card').length === 1")
            assert page.ask("document.querySelector('#list .about').textContent") == about


@pytest.mark.parametrize(("is_for_readers", "badges"), [(True, ["Incomplete or damaged"]), (False, None)])
def test_a_pack_for_readers_leaves_out_what_serves_those_who_measure(
    browser: Browser, tmp_path: Path, is_for_readers: bool, badges: list[str] | None
) -> None:
    audit = {"is_complete": False, "motion_may_be_measured": True, "is_stop_motion": True}
    audited = subject(medium="video", title=Text(en="Descent"), audit=audit, redistribute=True)
    said = Introduction(
        text=Text(en="x"), publisher=None, credits_href="CREDITS.txt", clip=None, is_for_readers=is_for_readers
    )
    write_gallery(tmp_path, [original(audited)], title=Text(en="x"), languages=("en",), introduction=said)
    with browser.page() as page:
        opened(page, tmp_path / "index.html", "Descent")
        shown = page.ask("[...document.querySelectorAll('#viewer .badge')].map(badge => badge.textContent)")
        rows = page.ask("[...document.querySelectorAll('[data-part=about] > dl dt')].map(one => one.textContent)")
        assert (shown == badges) if badges else (len(shown) == 3)
        assert ("Mission" in rows) is not is_for_readers
        assert page.ask("document.querySelectorAll('#make-pack, .pick').length") == 0, "its reader has no store"


@pytest.mark.parametrize(
    ("language", "facet", "badges"),
    [
        ("en-GB", "Rights not cleared", ["", "Rights not cleared", "Rights not cleared (not stated)"]),
        ("zh-CN", "未获转载授权", ["", "未获转载授权", "未获转载授权（未说明）"]),
    ],
)
def test_the_page_of_a_pack_marks_and_finds_what_the_pack_counts_as_not_cleared(
    browser: Browser, tmp_path: Path, language: str, facet: str, badges: list[str]
) -> None:
    made = filled(tmp_path)
    recipe = PackRecipe(title=Text(en="T", zh="题"), selection=("*",), audience="archive", languages=("en", "zh"))
    built = build(recipe, tmp_path / "pack", made.store, asked=lambda row: frozenset(), gallery=write_gallery)
    assert built.uncleared == ("june/descent.mp4", "june/wind.wav")
    with browser.page(language=language) as page:
        page.open(tmp_path / "pack/data/index.html")
        shown = "gallery.subjects.map(s => [s.name, gallery.badges(s).map(one => one.textContent).join()])"
        names = ("tracks.jpg", "descent.mp4", "wind.wav")
        assert dict(page.ask(shown)) == dict(zip(names, badges, strict=True))
        page.click("[data-heading=verdict] input[value=notCleared]")
        page.until("document.querySelectorAll('#list .card').length === 2")
        said = "document.querySelector('[data-heading=verdict] input[value=notCleared]').closest('label').textContent"
        assert page.ask(said) == f"{facet}2"


def test_the_page_of_a_pack_offers_every_size_as_it_lies_there_the_largest_first(
    browser: Browser, tmp_path: Path
) -> None:
    sizes = Pictures(longest_side_px=(200, 500), picture_format="webp")
    recipe = PackRecipe(title=Text(en="T"), selection=("*",), take=("stills",), layout="kind", pictures=sizes)
    asked = frozenset[ResultRef]()
    build(recipe, tmp_path / "pack", pictured(tmp_path).store, asked=lambda row: asked, gallery=write_gallery)
    names = {
        title: [f"2021-06-16_{title.lower().replace(' ', '-')}_{side}.webp" for side in (500, 200)]
        for title in ("Descent", "Wheel tracks")
    }
    with browser.page() as page:
        opened(page, tmp_path / "pack/data/index.html", "Wheel tracks")
        page.until("document.querySelector('.zoom .plain, .zoom canvas')")
        choices = "[...document.querySelectorAll('.stage .which option')].map(one => one.textContent)"
        assert page.ask(choices) == ["Photograph, 500 px, WEBP", "Photograph, 200 px, WEBP"]
        saved = "[...document.querySelectorAll('.actions [download]')].map(a => [a.download, a.getAttribute('href')])"
        assert page.ask(saved) == [[names["Wheel tracks"][0], f"photos/{names['Wheel tracks'][0]}"]]
        opened(page, tmp_path / "pack/data/index.html", "Descent")
        page.until("document.querySelector('.film')")
        assert page.ask(saved) == [[name, f"photos/{name}"] for name in names["Descent"]]
        assert page.ask("document.querySelector('.also').textContent") == "Also as200 px, WEBP"
        assert page.ask("[...document.querySelectorAll('.tabs button')].length") == 0, "sizes of frames are no pictures"
        assert page.errors == []


def test_results_that_todays_recipes_do_not_ask_for_are_marked_and_folded(browser: Browser, tmp_path: Path) -> None:
    one = subject(medium="video", title=Text(en="Descent"))
    at = [{"pts": n, "time_base": "1/25", "time_seconds": n / 25, "rank": 1} for n in (25, 50)]
    stills = [item(one, tmp_path / f"{n}.jpg", "video.stills", "image/jpeg", facts) for n, facts in enumerate(at)]
    same = item(one, tmp_path / "same.png", "video.frames", "image/png", at[1] | {"rank": None}, parameters={})
    shown = [original(one), replace(stills[0], counts=False), stills[1], replace(same, counts=False)]
    write_gallery(tmp_path, shown, title=Text(en="x"), languages=("en", "zh"))
    with browser.page() as page:
        opened(page, tmp_path / "index.html", "Descent", "&tab=frames")
        film = "[...document.querySelectorAll('.film button')].map(one => one.textContent)"
        assert page.ask(film) == ["1.000 s", "★ 2.000 s"]
        told = "document.querySelector('.when .ticks').textContent"
        assert page.ask(told) == "PTS 25 × 1/25 s · not of today's recipes"
        page.key("ArrowRight")
        assert page.ask(told) == "PTS 50 × 1/25 s · chosen still"
        assert page.ask("document.querySelector('.also').textContent") == "Also asPNG, not of today's recipes"
        saved = "[...document.querySelectorAll('.actions [download]')].map(a => a.download)"
        assert page.ask(saved) == ["photo-0000_1.jpg", "photo-0000_same.png"]
        folded = "[...document.querySelectorAll('[data-part=files] summary')].map(one => one.textContent)"
        assert page.ask(folded) == ["2 items", "2 not of today's recipes"]


@pytest.mark.parametrize("tab", ["", "play", "frames", "pictures"])
def test_a_phone_need_not_scroll_sideways(browser: Browser, index: Path, tab: str) -> None:
    with browser.page(width=360, height=740) as page:
        page.open(index)
        if tab:
            opened(page, index, VIDEO, f"&tab={tab}")
        widths = "[document.documentElement, document.body, document.querySelector('.inner')].filter(Boolean)"
        assert page.ask(f"{widths}.map(e => e.scrollWidth).filter(width => width > 360)") == []
        if tab == "pictures":
            page.until("gallery.zoomed?.world.getItemAt(0)?.getFullyLoaded()")
            assert page.ask("gallery.zoomed.viewport.getContainerSize().y") > 300
        small = page.ask(
            "[...document.querySelectorAll('.round, .quiet, .tabs button')].map(b => b.getBoundingClientRect().height)"
        )
        assert [height for height in small if height < 32] == []
        switch = "[...document.querySelectorAll('#views button')].map(b => b.getBoundingClientRect())"
        assert page.ask(f"{switch}.every(b => b.right <= 360 && b.height < 44)"), "cut off, or its words broken in two"


@pytest.mark.parametrize(
    ("language", "columns"),
    [
        ("en-GB", ["81 sols before landing", "1 sol before landing", "Sol 8", "Date unknown"]),
        ("zh-CN", ["着陆前 81 个火星日", "着陆前 1 个火星日", "第 8 火星日", "日期未知"]),
    ],
)
def test_what_is_earlier_than_the_landing_is_counted_back_from_it(
    browser: Browser, tmp_path: Path, language: str, columns: list[str]
) -> None:
    def recorded(sol: int) -> Recorded:
        return Recorded(
            written="2021", precision="year", source="release.toml", earliest_utc="2021-01-01T00:00:00Z",
            latest_utc="2022-01-01T00:00:00Z", first_sol=sol, last_sol=sol, solar_longitude_degrees=2.0,
            local_true_solar_time_hours=6.5,
        )  # fmt: skip

    sols = (8, 0, None, -80)
    of = [
        subject(digest=f"{n}" * 64, mission="tianwen-1", recorded=None if sol is None else recorded(sol))
        for n, sol in enumerate(sols)
    ]
    Image.new("L", (64, 48), 90).save(tmp_path / "photo.jpg")
    write_gallery(tmp_path, [original(one) for one in of], title=Text(en="June"), languages=("en", "zh"))
    with browser.page(language=language) as page:
        page.open(tmp_path / "index.html")
        names = "[...document.querySelectorAll('.column .sol')].map(one => one.textContent)"
        assert page.ask(names) == columns
        page.click("#timeline summary")
        page.click("#timeline .column")
        page.until("gallery.found.subjects.length === 1")
        assert page.ask("gallery.found.subjects") == [3]
        page.ask(f"location.hash = 'open={of[3].digest[:12]}'")
        page.until("document.querySelector('.inner dl')")
        told = page.ask("[...document.querySelectorAll('.inner dd')].map(one => one.textContent)")
        assert columns[0] in told
        assert "06:30" not in told, "there is no local time where nothing had landed"
        assert page.errors == []


HOSTILE = (
    '<img src=x onerror="window.ran=1">', "</script><script>window.ran=1</script>", '"><svg onload=window.ran=1>',
    "javascript:window.ran=1", "{{constructor.constructor('window.ran=1')()}}", "‮\u2028<b>",
)  # fmt: skip


def test_nothing_of_a_hostile_release_runs(browser: Browser, tmp_path: Path) -> None:
    for number, text in enumerate(HOSTILE):
        said = Text(en=text, zh=text)
        one = subject(
            number,
            name=text,
            title=said,
            caption=said,
            release=text,
            mission=text,
            event=text,
            event_title=said,
            camera=text,
            place=text,
            creator=text,
            agency=text,
            credit=text,
            rights=text,
            published_at=text,
            disagreements=(text,),
            audit={"words": text, "is_complete": True},
            format=text,
        )
        folder = tmp_path / str(number)
        write_gallery(folder, [original(one)], title=said, languages=("en", "zh"))
        with browser.page() as page:
            page.open(folder / "index.html", f"#open={one.digest[:12]}")
            page.until("document.querySelector('#viewer .caption')")
            assert page.ask("window.ran") is None
            assert page.ask("document.querySelector('#viewer .caption').textContent") == text
            assert page.ask("document.querySelector('#title').textContent") == text
            assert (
                page.ask("document.querySelectorAll('#viewer [data-part=about] :is(img, script, svg, b)').length") == 0
            )
            assert page.ask("[...document.querySelectorAll('a')].map(a => a.protocol)").count("javascript:") == 0


def test_addresses_that_lead_out_are_dropped_and_the_policy_forbids_the_network(
    browser: Browser, tmp_path: Path
) -> None:
    write_gallery(tmp_path, [original(replace(subject(), name="a"))], title=Text(en="x"), languages=("en",))
    for path in (tmp_path / "data").iterdir():
        path.write_text(path.read_text().replace('"photo.jpg"', '"http://127.0.0.1:9/a.jpg"'))
    with browser.page() as page:
        page.open(tmp_path / "index.html", "#open=000000000000")
        page.until("document.querySelector('#viewer .files')")
        assert page.ask("[...document.querySelectorAll('#viewer a')].length") == 0
        assert [url for url in page.requests if url.startswith("http")] == []
        page.errors.clear()
        page.ask("document.body.append(Object.assign(new Image(), {src: 'http://127.0.0.1:9/b.jpg'}))")
        page.ask("fetch('http://127.0.0.1:9/c').catch(() => 0)")
        page.until("true")
        assert len([error for error in page.errors if "Content Security Policy" in error]) >= 2


def test_a_file_that_no_browser_plays_is_reported(browser: Browser, tmp_path: Path) -> None:
    one = subject(medium="audio", name="a.wav")
    (tmp_path / "photo.jpg").write_bytes(b"no sound")
    shown = replace(original(one), media_type="audio/wav")
    write_gallery(tmp_path, [shown], title=Text(en="x"), languages=("en",))
    with browser.page() as page:
        page.open(tmp_path / "index.html", "#open=000000000000")
        page.until("document.querySelector('#viewer .failed:not([hidden])')")
        assert "This browser plays none of the files." in page.ask("document.querySelector('.failed').textContent")
