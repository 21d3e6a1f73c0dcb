"""A gallery of 5,000 items: how long it takes to write, and until a person can use it in headless Chromium.

Run it with `python -m benchmarks.gallery [COUNT]`. Ratios are to an empty gallery, opened in turn in the same browser.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image

from benchmarks.figures import tell
from processors.languages.text import Text
from processors.packs.contents.subject import Recorded
from processors.packs.gallery.gallery_file import GalleryFile
from processors.packs.gallery.page import write_gallery
from tests.helpers.chromium import Browser, Page, executable, started
from tests.helpers.gallery_pages import original, subject

PROMISED_SECONDS = 2.0
ROUNDS = 5
CAMERAS = ("front hazard camera", "rear hazard camera", "navigation camera", "descent camera", None)
PICTURES = 200
"""Different thumbnails; each is shown many times."""


def main(count: int = 5000) -> None:
    """Print seconds until interactive, seconds for a filter, and the ratio to an empty page."""
    command = executable()
    if command is None:
        sys.exit("install chromium to measure the gallery")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        started_at = time.perf_counter()
        write_gallery(folder / "many", many(folder / "many", count), title=Text(en="Many"), languages=("en", "zh"))
        print(f"  {count} items written in {time.perf_counter() - started_at:.1f} s")
        write_gallery(folder / "none", [], title=Text(en="None"), languages=("en", "zh"))
        with started(command, folder / "profile") as browser:
            measured = [
                (until_interactive(browser, folder / "none"), opened(browser, folder / "many")) for _ in range(ROUNDS)
            ]
    interactive = [interactive for _, (interactive, _) in measured]
    tell("interactive, worst of rounds", max(interactive), " s", PROMISED_SECONDS)
    tell("a filter, worst of rounds", max(filtered for _, (_, filtered) in measured), " s", 0.5)
    ratios = [many / none for none, (many, _) in measured]
    print(f"  interactive, ratio to an empty gallery: {statistics.median(ratios):.1f}")


def many(folder: Path, count: int) -> list[GalleryFile]:
    """Photos of a thousand sols by five cameras, with thumbnails."""
    (folder / "thumbnails").mkdir(parents=True)
    for number in range(PICTURES):
        picture = Image.effect_noise((480, 320), 40).convert("RGB")
        picture.save(folder / "thumbnails" / f"{number}.jpg", quality=80)
    shown = []
    for number in range(count):
        sol = number * 1000 // count
        at = Recorded(
            written="2021-06-16",
            precision="day",
            source="file",
            earliest_utc="2021-06-16T00:00:00Z",
            latest_utc="2021-06-17T00:00:00Z",
            first_sol=sol,
            last_sol=sol,
            solar_longitude_degrees=59.0,
            local_true_solar_time_hours=None,
        )
        one = subject(
            number,
            title=Text(en=f"Photo {number}", zh=f"照片 {number}"),
            mission="tianwen-1",
            recorded=at,
            event=f"event-{sol // 50}",
            event_title=Text(en=f"Event {sol // 50}"),
            camera=CAMERAS[number % 5],
        )
        address = f"thumbnails/{number % PICTURES}.jpg"
        shown.append(original(one, href=address, thumbnail_href=address))
    return shown


def until_interactive(browser: Browser, folder: Path) -> float:
    """Seconds from the start of navigation until the page is drawn and takes input."""
    with browser.page() as page:
        page.open(folder / "index.html")
        return interactive_seconds(page)


def interactive_seconds(page: Page) -> float:
    return page.ask("performance.getEntriesByName('interactive')[0].startTime") / 1000


def opened(browser: Browser, folder: Path) -> tuple[float, float]:
    """Seconds until interactive, and from a click on a filter until the next painted frame."""
    with browser.page() as page:
        page.open(folder / "index.html")
        seconds = interactive_seconds(page)
        filtered = page.ask(
            "new Promise(done => { const start = performance.now();"
            " document.querySelector('[data-heading=camera] input').click();"
            " addEventListener('hashchange', () => requestAnimationFrame(() => setTimeout(() =>"
            " done(performance.now() - start))), {once: true}); })"
        )
        return seconds, filtered / 1000


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
