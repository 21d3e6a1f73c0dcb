"""Keys of results: a store that was made before is reused whole, however the code is arranged."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from flows.recipes import ON_REQUEST, RECIPES
from processors.audio.levels.levels import Levels
from processors.audio.spectrogram.spectra import Spectra
from processors.audio.spectrogram.spectrogram import Spectrogram
from processors.audio.spectrogram.spectrogram_picture import SpectrogramPicture
from processors.contract import Processor, result_key
from tests.helpers.derived import with_used

KEYS = Path(__file__).parents[1] / "golden" / "keys.json"
DIGEST = "0" * 64


def versions(processor: Processor) -> str:
    """A processor and its version, with those of all that it is made of: its key changes with each of them."""
    used = {f"{one.name} {one.version}" for one in with_used([processor]) if one != processor}
    return f"{processor.name} {processor.version}" + (f" ({', '.join(sorted(used))})" if used else "")


def test_recipes_give_the_keys_of_stores_made_before() -> None:
    keys = {
        f"{medium} {versions(processor)}": result_key(processor, DIGEST)
        for recipes in (RECIPES, ON_REQUEST)
        for medium, recipe in recipes.items()
        for processor in recipe
    }
    known = json.loads(KEYS.read_text())
    changed = {name for name, key in keys.items() if known.get(name, key) != key}
    assert not changed, "results made before would not be found: keep their keys, or raise the version"
    new = {name: key for name, key in keys.items() if name not in known}
    if os.environ.get("MARSMEDIA_WRITE_GOLDEN"):
        KEYS.write_text(json.dumps({**known, **new}, indent=1) + "\n")
        return
    assert not new, f"new processors or versions, {', '.join(new)}: MARSMEDIA_WRITE_GOLDEN=1 adds them to {KEYS.name}"


def test_the_keys_of_results_made_of_a_raised_processor_follow(monkeypatch: pytest.MonkeyPatch) -> None:
    made = (Spectrogram(), Spectra(), SpectrogramPicture(), Levels())
    before = [result_key(one, DIGEST) for one in made]
    monkeypatch.setattr(Spectrogram, "version", Spectrogram.version + 1)
    after = [result_key(one, DIGEST) for one in made]
    assert [one != other for one, other in zip(before, after, strict=True)] == [True, True, True, False]
