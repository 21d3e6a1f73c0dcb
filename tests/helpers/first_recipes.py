"""Recipes of the first processors, for tests that count results or compare output."""

from __future__ import annotations

from processors.audio.spectrogram.spectrogram import Spectrogram
from processors.engine.wanted_results import Recipes
from processors.metadata import Metadata
from processors.photo.photo_preview import PhotoPreview
from processors.video.frames.contact_sheet import ContactSheet
from processors.video.frames.frames import Frames

RECIPES: Recipes = {
    "video": (Metadata(), Frames(), ContactSheet(), Spectrogram()),
    "audio": (Metadata(), Spectrogram()),
    "photo": (Metadata(), PhotoPreview()),
}
"""Fixed, so that the laws of a run are counted on the same results whatever the operator's recipes hold."""
