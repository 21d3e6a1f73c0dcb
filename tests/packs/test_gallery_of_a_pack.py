"""The page of a pack in headless Chromium: its text, what it counts as cleared, and the recipe that a page writes."""

from __future__ import annotations

import gzip
import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from flows.cli.main import main
from processors.languages.text import Text
from processors.packs.build import build
from processors.packs.gallery.introduction import BoundSource, Introduction, PageClip
from processors.packs.gallery.page import write_gallery
from processors.packs.gallery.thumbnails import plot_shares
from processors.packs.recipe.pack_recipe import PackRecipe, Pictures
from processors.store.manifest import ResultRef
from tests.conftest import PROJECT
from tests.helpers.chromium import Browser
from tests.helpers.gallery_pages import item, original, subject
from tests.helpers.made_media import MediaMaker
from tests.helpers.pack_store import filled
from tests.helpers.sample_page import opened
from tests.packs.test_page_files import pictured

pytestmark = pytest.mark.slow


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


def test_a_pack_shows_its_text_its_highlight_and_its_credits(browser: Browser, tmp_path: Path) -> None:
    clip = MediaMaker(tmp_path).video("highlight.mp4", list(range(25)))
    MediaMaker(tmp_path).photo("photo.jpg")
    said = Introduction(
        text=Text(en="Landing.", zh="着陆。"),
        publisher="Museum",
        credits_href="CREDITS.txt",
        clip=PageClip(href=clip.path.name, poster_href="photo.jpg", width_px=128, height_px=96, duration_seconds=1.0),
    )
    shown = [original(subject())]
    write_gallery(tmp_path, shown, title=Text(en="x"), languages=("en", "zh"), introduction=said)
    with browser.page(language="zh-CN") as page:
        page.open(tmp_path / "index.html")
        page.until("document.querySelector('#introduction video').readyState >= 1")
        assert page.ask("document.querySelector('#introduction video').duration") == pytest.approx(1.0)
        assert page.ask("document.querySelector('#introduction .words').textContent") == "着陆。Museum署名与权利"
        assert page.ask("document.querySelector('#introduction video').getAttribute('poster')") == "photo.jpg"
        addresses = "[...document.querySelectorAll('#introduction a')].map(a => a.getAttribute('href'))"
        assert page.ask(addresses) == ["highlight.mp4", "CREDITS.txt"]
        assert page.errors == []


HOSTILE = '<img src=x onerror="window.ran=1">'


@pytest.mark.parametrize(
    ("language", "before", "badges"),
    [
        ("en", "", ["Rights not cleared", "Rights not cleared (not stated)", "Check for logos and captions"]),
        ("zh", "使用条款或说明：", ["未获转载授权", "未获转载授权（未说明）", "请查看有无台标、字幕"]),
    ],
)
def test_a_highlight_has_the_badges_of_what_it_shows(
    browser: Browser, tmp_path: Path, language: str, before: str, badges: list[str]
) -> None:
    clip = MediaMaker(tmp_path).video("highlight.mp4", list(range(25)))
    MediaMaker(tmp_path).photo("photo.jpg")
    wheel, embargo = Text(en="Wheel", zh="车轮"), f"Embargoed until 1 July {HOSTILE}"
    bound = (
        BoundSource(name="a.png", title=wheel, redistribute=False, terms=embargo, overlays=Text()),
        BoundSource(name="b.png", title=Text(), redistribute=False, terms=None, overlays=Text()),
        BoundSource(name=HOSTILE, title=Text(en=HOSTILE, zh=HOSTILE), redistribute=None, terms=None, overlays=Text()),
        BoundSource(name="d.png", title=Text(), redistribute=True, terms=embargo, overlays=Text()),
        BoundSource(name="e.mp4", title=Text(), redistribute=True, terms=None, overlays=Text(en="4 still", zh="4 处")),
    )
    on_page = PageClip(
        href=clip.path.name, poster_href="photo.jpg", width_px=128, height_px=96, duration_seconds=1.0, bound=bound
    )
    said = Introduction(text=Text(), publisher=None, credits_href="CREDITS.txt", clip=on_page, is_for_readers=True)
    write_gallery(tmp_path, [original(subject())], title=Text(en="x"), languages=(language,), introduction=said)
    with browser.page() as page:
        page.open(tmp_path / "index.html")
        page.until("document.querySelector('#introduction .bound')")
        shown = page.ask(
            "[...document.querySelectorAll('#introduction .bound')].map(one => "
            "[one.querySelector('.badge').textContent, one.querySelector('.badge').className, "
            "...[...one.querySelectorAll('li')].map(li => li.textContent)])"
        )
        title = f"{wheel[language]} · a.png"
        assert shown == [
            [before + embargo, "badge warn said", title, "d.png"],
            [badges[0], "badge bad", title, "b.png"],
            [badges[1], "badge bad", f"{HOSTILE} · {HOSTILE}"],
            [badges[2], "badge warn", "e.mp4"],
        ]
        place = "(b => [Math.round(b.left), Math.round(b.top)])(document.querySelector('{}').getBoundingClientRect())"
        (clip, top), (beside, at) = page.ask(place.format(".clip video")), page.ask(place.format(".bound .badge"))
        assert (beside > clip + 400, at) == (True, top), "beside the clip, which leaves half of its box free"
        assert page.ask("window.ran") is None
        axe = gzip.decompress((PROJECT / "tests" / "vendored" / "axe.min.js.gz").read_bytes()).decode()
        page.ask(f"{axe};0")
        asked = "axe.run('#introduction', {preload: false}).then(({violations}) => violations.map(v => v.id))"
        assert page.ask(asked) == []
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
        shown = page.ask("[...document.querySelectorAll('#viewer .side .badge')].map(badge => badge.textContent)")
        rows = page.ask("[...document.querySelectorAll('[data-part=about] > dl dt')].map(one => one.textContent)")
        assert (shown == badges) if badges else (len(shown) == 3)
        assert ("Mission" in rows) is not is_for_readers
        assert page.ask("document.querySelectorAll('#make-pack, .pick').length") == 0, "its reader has no store"


@pytest.mark.parametrize(
    ("language", "facet", "badges"),
    [
        (
            "en-GB",
            ("Rights", "May be passed on", "Rights not cleared"),
            ["", "Check for logos and captions,Rights not cleared", "Rights not cleared (not stated)"],
        ),
        (
            "zh-CN",
            ("权利", "可以转载", "未获转载授权"),
            ["", "请查看有无台标、字幕,未获转载授权", "未获转载授权（未说明）"],
        ),
    ],
)
def test_the_page_of_a_pack_marks_and_finds_what_the_pack_counts_as_not_cleared(
    browser: Browser, tmp_path: Path, language: str, facet: tuple[str, str, str], badges: list[str]
) -> None:
    made = filled(tmp_path)
    heading, cleared, not_cleared = facet
    recipe = PackRecipe(title=Text(en="T", zh="题"), selection=("*",), audience="archive", languages=("en", "zh"))
    built = build(recipe, tmp_path / "pack", made.store, asked=lambda row: frozenset(), has_page=True)
    assert built.about("not cleared") == ("june/descent.mp4", "june/wind.wav")
    with browser.page(language=language) as page:
        page.open(tmp_path / "pack/data/index.html")
        shown = "gallery.subjects.map(s => [s.name, gallery.badges(s).map(one => one.textContent).join()])"
        names = ("tracks.jpg", "descent.mp4", "wind.wav")
        assert dict(page.ask(shown)) == dict(zip(names, badges, strict=True))
        page.click("[data-heading=rights] input[value=notCleared]")
        page.until("document.querySelectorAll('#list .card').length === 2")
        said = "document.querySelector('[data-heading=rights] input[value=notCleared]').closest('label').textContent"
        assert page.ask(said) == f"{not_cleared}2"
        first = "document.querySelector('#facets fieldset').textContent"
        assert page.ask(first) == f"{heading}{cleared}1{not_cleared}2"


@pytest.mark.parametrize(
    ("selection", "cards", "orders"),
    [
        (
            ("wind.wav", "descent.mp4", "*.jpg"),
            ["wind.wav", "descent.mp4", "tracks.jpg"],
            ["Order of the pack", "Order of the release", "Date, oldest first"],
        ),
        (("*",), ["descent.mp4", "tracks.jpg", "wind.wav"], ["Order of the release", "Date, oldest first"]),
    ],
)
def test_the_page_of_a_pack_is_in_the_order_of_its_selection(
    browser: Browser, tmp_path: Path, selection: tuple[str, ...], cards: list[str], orders: list[str]
) -> None:
    made = filled(tmp_path)
    recipe = PackRecipe(title=Text(en="T"), selection=selection, audience="archive", languages=("en",))
    build(recipe, tmp_path / "pack", made.store, asked=lambda row: frozenset(), has_page=True)
    names = "[...document.querySelectorAll('#list .card')].map(c => gallery.subjects[Number(c.dataset.number)].name)"
    with browser.page() as page:
        page.open(tmp_path / "pack/data/index.html")
        assert page.ask(names) == cards
        offered = page.ask("[...document.querySelectorAll('#sort option')].map(one => one.textContent)")
        assert offered[: len(orders)] == orders
        page.ask("location.hash = 'sort=release'")
        page.until("gallery.found.subjects.join() === '0,1,2'")
        assert page.ask(names) == ["descent.mp4", "tracks.jpg", "wind.wav"]
        page.ask("location.hash = ''")
        page.until(f"gallery.subjects[gallery.found.subjects[0]].name === '{cards[0]}'")
        assert page.errors == []


def test_the_page_of_a_pack_offers_every_size_as_it_lies_there_the_largest_first(
    browser: Browser, tmp_path: Path
) -> None:
    sizes = Pictures(longest_side_px=(200, 500), picture_format="webp")
    recipe = PackRecipe(title=Text(en="T"), selection=("*",), take=("stills",), layout="kind", pictures=sizes)
    asked = frozenset[ResultRef]()
    build(recipe, tmp_path / "pack", pictured(tmp_path).store, asked=lambda row: asked, has_page=True)
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
