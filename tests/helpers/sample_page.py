"""The page over the built-in sample: its titles, and how to open it at one of them in a browser."""

from __future__ import annotations

import json
from pathlib import Path

from tests.helpers.chromium import Page

CARDS = "[...document.querySelectorAll('#list .name')].map(name => name.textContent)"

VIDEO, SOUND, PHOTO = (
    "The rover drives off the lander",
    "Sound of the rover driving off",
    "Wheel tracks behind the rover",
)


def opened(page: Page, index: Path, title: str, more: str = "") -> None:
    """Open the page at one subject."""
    page.open(index)
    digest = page.ask(f"gallery.subjects.find(s => s.title.en === {json.dumps(title)}).digest.slice(0, 12)")
    page.ask(f"location.hash = 'open={digest}{more}'")
    page.until("document.querySelector('#viewer[open] .stage')")
