"""What is made of each medium: plain data, the file an operator edits.

A processor with other parameters, or twice with different ones, is written here; nothing else needs to know.
The sound of a video is derived by the audio processors in the video's own pass.
"""

from processors.audio.spectrogram import Spectrogram
from processors.metadata import Metadata
from processors.metadata.evidence import Evidence
from processors.photo.deep import Deep
from processors.photo.enhanced import Enhanced
from processors.photo.preview import Preview
from processors.photo.quality import Quality
from processors.photo.tiles import Tiles
from processors.photo.tracks import Tracks
from processors.plan import Recipes
from processors.video.contact_sheet import ContactSheet
from processors.video.frames import Frames

RECIPES: Recipes = {
    "video": (Metadata(), Evidence(), Frames(every_seconds=1.0), ContactSheet(), Spectrogram()),
    "audio": (Metadata(), Evidence(), Spectrogram()),
    "photo": (Metadata(), Evidence(), Preview(), Quality(), Enhanced(), Tracks(), Deep(), Tiles()),
}
