"""The gallery in headless Chromium over what a hostile release says: nothing of it runs, nothing leads out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from processors.languages.text import Text
from processors.packs.gallery.page import write_gallery
from tests.helpers.chromium import Browser
from tests.helpers.gallery_pages import original, subject

pytestmark = pytest.mark.slow

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
