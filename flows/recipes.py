"""What is made of each medium: plain data, the file an operator edits.

A processor with other parameters, or twice with different ones, is written here; nothing else needs to know.
The sound of a video is derived by the audio processors in the video's own pass. All there is stands in
`flows/everything.py`.
"""

from processors.audio.picture import Picture
from processors.audio.spectrogram import Spectrogram
from processors.metadata import Metadata
from processors.photo.preview import Preview
from processors.plan import Recipes
from processors.video.contact_sheet import ContactSheet
from processors.video.frames import Frames

RECIPES: Recipes = {
    "video": (Metadata(), Frames(every_seconds=1.0), ContactSheet(), Spectrogram(), Picture()),
    "audio": (Metadata(), Spectrogram(), Picture()),
    "photo": (Metadata(), Preview()),
}
