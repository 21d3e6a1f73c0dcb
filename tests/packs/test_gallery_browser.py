"""The gallery as a person meets it: opened from the disk in headless Chromium, clicked, typed at and read out."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import pytest
from PIL import Image

from processors.languages.text import Text
from processors.metadata.unused_streams import AudioTrack, LargerPicture, OtherAudio
from processors.packs.contents.recorded import Recorded
from processors.packs.gallery.page import write_gallery
from processors.video.frames.frames import Frames
from tests.conftest import PROJECT
from tests.helpers.chromium import Browser
from tests.helpers.gallery_pages import item, original, subject
from tests.helpers.sample_page import CARDS, PHOTO, SOUND, VIDEO, opened

pytestmark = pytest.mark.slow

VERSION = version("marsmedia")


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
        badges = "[...document.querySelectorAll('#viewer .side .badge')].map(badge => badge.textContent)"
        assert page.ask(badges) == [
            "All frames decoded",
            "Stop-motion",
            "Not usable for motion measurement",
            "Check for logos and captions",
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


def test_streams_that_a_pack_does_not_have_are_named_without_its_metadata(browser: Browser, tmp_path: Path) -> None:
    known = {"codec": "aac", "rate_hz": 48_000, "channel_count": 1, "title": None}
    played, other = (AudioTrack(stream=n, language=code, **known) for n, code in ((1, "chi"), (2, "eng")))
    larger = LargerPicture(stream=3, size_px=(480, 270), shown_size_px=(320, 180))
    told = subject(7, other_audio=OtherAudio(played=played, others=(other,)), larger_picture=larger)
    write_gallery(tmp_path, [original(told), original(subject(8))], title=Text(en="x"), languages=("en", "zh"))
    rows = "[...document.querySelectorAll('#viewer dt')].map(dt => [dt.textContent, dt.nextSibling.textContent])"
    with browser.page() as page:
        page.open(tmp_path / "index.html", "#open=" + told.digest)
        page.until("document.querySelector('#viewer[open] dl')")
        assert dict(page.ask(rows))["Streams not taken"] == (
            "The file has a larger picture too, 480 × 270 px (stream 3); pictures and video here are of the one that "
            "players show, 320 × 180 px. The file has other audio too: stream 2 (eng, aac, 48 kHz, 1 ch). Sound and "
            "video made from it have the audio that players play: stream 1 (chi, aac, 48 kHz, 1 ch)."
        )
        page.open(tmp_path / "index.html", "#open=" + subject(8).digest)
        page.until("document.querySelector('#viewer[open] dl')")
        assert "Streams not taken" not in dict(page.ask(rows))


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


@pytest.mark.parametrize("word", ["descent+stage", "吊降", "cnsa", "rope", "wang", "rovers", "lowering", "land"])
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
        assert page.ask(told) == "PTS 25 × 1/25 s · not from today's recipes"
        page.key("ArrowRight")
        assert page.ask(told) == "PTS 50 × 1/25 s · chosen still"
        assert page.ask("document.querySelector('.also').textContent") == "Also asPNG, not from today's recipes"
        saved = "[...document.querySelectorAll('.actions [download]')].map(a => a.download)"
        assert page.ask(saved) == ["photo-0000_1.jpg", "photo-0000_same.png"]
        folded = "[...document.querySelectorAll('[data-part=files] summary')].map(one => one.textContent)"
        assert page.ask(folded) == ["2 items", "2 not from today's recipes"]


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


def test_a_card_bears_an_embargo_and_is_found_by_it(browser: Browser, tmp_path: Path) -> None:
    Image.new("L", (64, 48), 90).save(tmp_path / "photo.jpg")
    long = f"{'Do not publish before the agency has checked the colours. ' * 3}Embargoed until 1 July 2031, 10:00"
    given = ((long, None), (None, "CC BY 4.0"), (None, "By agreement"))
    of = [
        subject(digest=f"{n}" * 64, redistribute=True, instructions=instructions, usage_terms=terms)
        for n, (instructions, terms) in enumerate(given)
    ]
    write_gallery(tmp_path, [original(one) for one in of], title=Text(en="June"), languages=("en", "zh"))
    with browser.page(width=390, height=844) as page:
        page.open(tmp_path / "index.html")
        badges = "[...document.querySelectorAll('.card')].map(c => c.querySelector('.badge.warn')?.textContent ?? null)"
        assert page.ask(badges) == [long, None, "By agreement"]
        cut = "[...document.querySelectorAll('.badge.said')].filter(b => b.clientHeight < b.scrollHeight).length"
        assert page.ask(cut) == 0, "shown to its last word"
        page.ask("location.hash = 'verdict=terms'")
        page.until("gallery.found.subjects.length === 2")
        assert page.errors == []


def test_a_card_says_that_logos_must_be_looked_for_and_is_found_by_it(browser: Browser, tmp_path: Path) -> None:
    Image.new("L", (64, 48), 90).save(tmp_path / "photo.jpg")
    found = {"words": "329 frames in 13.160 s. Burnt in throughout: 4 still overlays."}
    none = {"words": "329 frames in 13.160 s."}
    of = [
        subject(digest=f"{n}" * 64, redistribute=True, medium=medium, audit=audit)
        for n, (medium, audit) in enumerate((("video", found), ("video", none), ("video", None), ("photo", None)))
    ]
    write_gallery(tmp_path, [original(one) for one in of], title=Text(en="June"), languages=("en", "zh"))
    with browser.page() as page:
        page.open(tmp_path / "index.html")
        badges = "[...document.querySelectorAll('.card')].map(c => c.querySelector('.badge.warn')?.title ?? null)"
        assert page.ask(badges) == [
            "Burnt in throughout: 4 still overlays. Logos and captions of others may need the consent of their owners.",
            None,
            "Burnt-in overlays were not looked for: there is no audit. Look for logos and captions yourself.",
            None,
        ]
        page.ask("location.hash = 'verdict=overlays'")
        page.until("gallery.found.subjects.length === 2")
        assert page.errors == []


@pytest.mark.parametrize(
    ("language", "cards"),
    [
        ("en-GB", ["Around the landing · ", "Sol 32 or 33 · ", "", "", "81 or 82 sols before landing · "]),
        ("zh-CN", ["着陆前后 · ", "第 32 或 33 火星日 · ", "", "", "着陆前 81 或 82 个火星日 · "]),
    ],
)
def test_cards_name_no_sol_that_a_date_leaves_open(
    browser: Browser, tmp_path: Path, language: str, cards: list[str]
) -> None:
    def recorded(first: int, last: int) -> Recorded:
        return Recorded(
            written="2021",
            precision="year",
            source="release.toml",
            earliest_utc="2021-01-01T00:00:00Z",
            latest_utc="2022-01-01T00:00:00Z",
            first_sol=first,
            last_sol=last,
            solar_longitude_degrees=2.0,
            local_true_solar_time_hours=None,
        )

    spans = ((0, 1), (32, 33), (3, 5), (-130, 226), (-81, -80))
    of = [
        subject(digest=f"{n}" * 64, mission="tianwen-1", recorded=recorded(*span), release="")
        for n, span in enumerate(spans)
    ]
    Image.new("L", (64, 48), 90).save(tmp_path / "photo.jpg")
    write_gallery(tmp_path, [original(one) for one in of], title=Text(en="June"), languages=("en", "zh"))
    with browser.page(language=language) as page:
        page.open(tmp_path / "index.html")
        told = page.ask("[...document.querySelectorAll('.card .about')].map(one => one.textContent)")
        assert told == [f"{sol}2021" for sol in cards]
        page.ask(f"location.hash = 'open={of[2].digest[:12]}'")
        page.until("document.querySelector('.inner dl')")
        told = page.ask("[...document.querySelectorAll('.inner dd')].map(one => one.textContent)")
        assert "3–5" in told, "the whole span is in About"
        page.ask(f"location.hash = 'open={of[0].digest[:12]}'")
        page.until(f"document.querySelector('.inner dd')?.textContent && location.hash.includes('{of[0].digest[:12]}')")
        of_landing = "[...document.querySelectorAll('.inner dd')].map(one => one.textContent)"
        words = {"en-GB": "1 sol before landing to Sol 1", "zh-CN": "着陆前 1 个火星日至第 1 火星日"}[language]
        page.until(f"{of_landing}.includes({json.dumps(words)})")
        assert cards[0].removesuffix(" · ") in page.ask(of_landing)
        assert page.errors == []


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
            written="2021",
            precision="year",
            source="release.toml",
            earliest_utc="2021-01-01T00:00:00Z",
            latest_utc="2022-01-01T00:00:00Z",
            first_sol=sol,
            last_sol=sol,
            solar_longitude_degrees=2.0,
            local_true_solar_time_hours=6.5,
        )

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
