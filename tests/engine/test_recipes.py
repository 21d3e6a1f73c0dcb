"""The recipes are complete: nothing that is made of sound is made of recordings alone, or of videos alone."""

from __future__ import annotations

import pytest

from flows.recipes import ON_REQUEST, RECIPES
from processors.audio.renditions.original_stream import OriginalStream
from processors.engine.wanted_results import Recipes

OF_VIDEOS_ALONE = {OriginalStream()}
"""What only a video needs: the sound of a recording is its own file."""


@pytest.mark.parametrize("recipes", [RECIPES, ON_REQUEST], ids=["RECIPES", "ON_REQUEST"])
def test_the_sound_of_videos_and_of_recordings_has_the_same_processors(recipes: Recipes) -> None:
    of_audio, of_video = (
        {one for one in recipes[medium] if one.name.startswith("audio.")} for medium in ("audio", "video")
    )
    apart = sorted(one.name for one in (of_audio ^ of_video) - OF_VIDEOS_ALONE)
    todo = "put it into SOUND of flows/recipes.py, or into `audio` and `video` of ON_REQUEST"
    assert not apart, f"{', '.join(apart)}: made of sound, and not made of recordings and videos alike: {todo}"
