"""What is made of each medium: plain data, the file an operator edits.

A processor with other parameters, or twice with different ones, is written here; nothing else needs to know.
The sound of a video is derived by the audio processors in the video's own pass.
"""

from processors.audio.spectrogram import Spectrogram
from processors.metadata import Metadata
from processors.photo.preview import Preview
from processors.plan import Recipes
from processors.video.contact_sheet import ContactSheet
from processors.video.frames import Frames
from processors.video.integrity import Audited
from processors.video.measurements import Measurements
from processors.video.motion import Motion
from processors.video.preview import Preview as VideoPreview
from processors.video.shots import Shots
from processors.video.stills import Stills

RECIPES: Recipes = {
    "video": (
        Metadata(),
        Measurements(),
        Frames(every_seconds=1.0),
        ContactSheet(),
        VideoPreview(),
        Audited(),
        Shots(),
        Stills(),
        Motion(),
        Spectrogram(),
    ),
    "audio": (Metadata(), Spectrogram()),
    "photo": (Metadata(), Preview()),
}
