"""What must be known before a source is used stands wherever the page shows it: on cards of frames, and when opened."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from PIL import Image

from processors.languages.text import Text
from processors.packs.gallery.gallery_file import GalleryFile
from processors.packs.gallery.introduction import Introduction
from processors.packs.gallery.page import write_gallery
from tests.conftest import PROJECT
from tests.helpers.chromium import Browser
from tests.helpers.gallery_pages import item, original, subject

pytestmark = pytest.mark.slow

LOGO = "The logo of The Guardian is burnt in"
READERS = Introduction(text=Text(), publisher=None, credits_href="CREDITS.txt", clip=None, is_for_readers=True)
AUDIT = {
    "words": "329 frames. Burnt in throughout: 4 still overlays.",
    "is_complete": True,
    "motion_may_be_measured": False,
}
CARDS = (
    "[...document.querySelectorAll('#list .card')].map(c => [...c.querySelectorAll('.name, .about, .badge')]"
    ".map(one => one.textContent))"
)
WORDS = {
    "en": ("Descent", "Shot 1 · chosen still", LOGO, "Check for logos and captions", "Rights not cleared"),
    "zh": ("下降", "镜头 1 · 精选帧", f"使用条款或说明：{LOGO}", "请查看有无台标、字幕", "未获转载授权"),
}


def two_videos(folder: Path) -> list[GalleryFile]:
    """Two frames of a video with a logo that may not be passed on, and one of a video that may."""
    Image.new("RGB", (64, 48), "#804030").save(folder / "photo.jpg")
    bound = subject(
        1, name="descent.mp4", medium="video", title=Text(en="Descent", zh="下降"), redistribute=False,
        instructions=LOGO, audit=AUDIT,
    )  # fmt: skip
    free = subject(
        2, name="wind.mp4", medium="video", redistribute=True, audit={"words": "25 frames.", "is_complete": True}
    )
    shown: list[GalleryFile] = []
    for one, times in ((bound, (10.8, 12.5)), (free, (2.0,))):
        shown.append(original(one))
        for seconds in times:
            name = f"{one.name}_{seconds}.jpg"
            Image.new("RGB", (64, 48), "#804030").save(folder / name)
            facts = {"pts": int(seconds * 10), "time_base": "1/10", "time_seconds": seconds, "shot": 1, "rank": 1}
            shown.append(item(one, folder / name, "video.stills", "image/jpeg", facts))
    return shown


@pytest.mark.parametrize(("language", "width", "dark"), [("en", 1280, False), ("zh", 390, True), ("en", 390, False)])
@pytest.mark.parametrize("introduction", [None, READERS])
def test_the_card_of_a_frame_has_title_and_badges_of_its_source(
    browser: Browser, tmp_path: Path, language: str, width: int, dark: bool, introduction: Introduction | None
) -> None:
    write_gallery(
        tmp_path, two_videos(tmp_path), title=Text(en="June"), languages=(language,), introduction=introduction
    )
    title, about, terms, logos, not_cleared = WORDS[language]
    with browser.page(language=language, width=width, height=844, dark=dark) as page:
        page.open(tmp_path / "index.html", "#view=frames")
        page.until("document.querySelectorAll('#list .card').length === 3")
        cards = page.ask(CARDS)
        heads = [cards[0][:4], cards[1][:4], cards[2][:3]]
        assert heads == [
            ["10.800 s", title, about, "descent.mp4"],
            ["12.500 s", title, about, "descent.mp4"],
            ["2.000 s", about, "wind.mp4"],
        ]
        badges = [card[len(head) :] for card, head in zip(cards, heads, strict=True)]
        for_readers = [[terms, logos, not_cleared]] * 2 + [[]]
        if introduction:
            assert badges == for_readers
        page.ask("location.hash = ''")
        page.until("document.querySelectorAll('#list .card').length === 2")
        media = page.ask("gallery.subjects.map(s => gallery.badges(s).map(one => one.textContent))")
        assert badges == [media[0], media[0], media[1]], "those of the cards of media"
        assert page.ask("document.documentElement.scrollWidth") == width
        axe = gzip.decompress((PROJECT / "tests" / "vendored" / "axe.min.js.gz").read_bytes()).decode()
        page.ask("location.hash = 'view=frames'")
        page.until("document.querySelectorAll('#list .card').length === 3")
        page.ask(f"{axe};0")
        asked = "axe.run('#list', {preload: false}).then(({violations}) => violations.map(v => v.id))"
        assert page.ask(asked) == []
        assert page.errors == []


@pytest.mark.parametrize(("language", "width", "dark"), [("en", 1280, False), ("zh", 390, True), ("en", 390, False)])
@pytest.mark.parametrize("tab", ["frames", "play", ""])
def test_who_is_sent_a_link_sees_the_badges_before_what_they_are_about(
    browser: Browser, tmp_path: Path, language: str, width: int, dark: bool, tab: str
) -> None:
    written = two_videos(tmp_path)
    write_gallery(tmp_path, written, title=Text(en="June"), languages=(language,), introduction=READERS)
    badges = WORDS[language][2:]
    with browser.page(language=language, width=width, height=844, dark=dark) as page:
        page.open(tmp_path / "index.html", f"#open={written[0].subject.digest[:12]}&tab={tab}")
        page.until("document.querySelector('#viewer[open] .side section')")
        seen = "[...document.querySelectorAll('#viewer .badge')].filter(one => one.checkVisibility())"
        assert page.ask(f"{seen}.map(one => one.textContent)") == [*badges], "each once"
        places = page.ask(f"{seen}.map(one => one.getBoundingClientRect().bottom)")
        assert max(places) < 844
        if width < 1000:
            assert max(places) <= page.ask("document.getElementById('stage').getBoundingClientRect().top")
        axe = gzip.decompress((PROJECT / "tests" / "vendored" / "axe.min.js.gz").read_bytes()).decode()
        page.ask(f"{axe};0")
        asked = "axe.run('#viewer', {preload: false}).then(({violations}) => violations.map(v => v.id))"
        assert page.ask(asked) == []
        assert page.errors == []
