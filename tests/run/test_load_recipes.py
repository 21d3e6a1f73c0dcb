"""Recipes: one entry of a processor is that of everything that builds on it."""

from __future__ import annotations

import pytest

from flows.recipes import RECIPES
from flows.run.recipe_changes.load_recipes import load_recipes, on_request, with_own_inputs, without_own_inputs
from processors.audio.spectrogram.film import Film
from processors.audio.spectrogram.spectra import Spectra
from processors.audio.spectrogram.spectrogram import Spectrogram
from processors.audio.spectrogram.spectrogram_picture import SpectrogramPicture
from processors.video.audit.integrity import Integrity
from processors.video.audit.measurements import Measurements
from processors.video.frames.frames import Frames
from processors.video.shots.shots import Shots
from processors.video.shots.stills import Stills

HAMMING = Spectrogram(window="hamming")


def test_one_entry_is_that_of_everything_that_builds_on_it() -> None:
    recipe = (HAMMING, Spectra(), SpectrogramPicture())
    assert with_own_inputs(recipe, recipe) == (
        HAMMING,
        Spectra(spectrogram=HAMMING),
        SpectrogramPicture(spectrogram=HAMMING),
    )


def test_inputs_of_inputs_follow_too() -> None:
    recipe = (Measurements(), Integrity(soft_below=0.5), Shots(cut_ratio=3.0), Stills())
    integrity = Integrity(soft_below=0.5)
    shots = Shots(cut_ratio=3.0, integrity=integrity)
    assert with_own_inputs(recipe, recipe)[3] == Stills(shots=shots)
    assert with_own_inputs([Film()], (HAMMING,)) == (Film(picture=SpectrogramPicture(spectrogram=HAMMING)),)


def test_an_input_that_is_written_stays() -> None:
    written = SpectrogramPicture(spectrogram=Spectrogram(window="blackman"))
    assert with_own_inputs([written], (HAMMING, written)) == (written,)


def test_a_processor_listed_twice_is_no_input() -> None:
    assert with_own_inputs([SpectrogramPicture()], (HAMMING, Spectrogram())) == (SpectrogramPicture(),)


def test_shipped_recipes_are_as_they_are_written() -> None:
    assert dict(load_recipes()) == RECIPES
    assert on_request()["audio"][-1] == Film()


def test_an_entry_is_written_without_what_the_recipe_gives_it() -> None:
    (full,) = with_own_inputs([SpectrogramPicture(range_db=60)], (HAMMING,))
    assert without_own_inputs(full, (HAMMING,)) == SpectrogramPicture(range_db=60)
    written = SpectrogramPicture(spectrogram=Spectrogram(window="blackman"))
    assert without_own_inputs(written, (HAMMING,)) == written


def test_what_is_made_on_request_is_not_made_because_the_recipe_has_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    recipes = {"video": (Frames(),), "audio": (), "photo": ()}
    monkeypatch.setattr("flows.recipes.RECIPES", recipes)
    monkeypatch.setattr("flows.recipes.ON_REQUEST", {"video": (Frames(every_seconds=0.5),)})
    assert load_recipes().all[0]["video"] == (Frames(),)
