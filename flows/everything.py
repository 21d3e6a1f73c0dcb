"""Every processor there is, for those who want more than `flows/recipes.py` makes.

To use it, let `flows/recipes.py` say `from flows.everything import EVERYTHING as RECIPES`, or copy single lines.
"""

from processors.audio.envelope import Envelope
from processors.audio.events import Events
from processors.audio.levels import Levels
from processors.audio.marks import Marks
from processors.audio.mel import Mel
from processors.audio.original_stream import OriginalStream
from processors.audio.picture import Picture
from processors.audio.pyramid import Pyramid
from processors.audio.renditions import Renditions
from processors.audio.spectra import Spectra
from processors.audio.spectrogram import Spectrogram
from processors.audio.waveform import Waveform
from processors.contract import Processor
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
from processors.video.integrity import Audited
from processors.video.measurements import Measurements
from processors.video.motion import Motion
from processors.video.preview import Preview as VideoPreview
from processors.video.shots import Shots
from processors.video.stills import Stills
from processors.video.stream_frames import StreamFrames

SOUND: tuple[Processor, ...] = (
    Marks(), Levels(), Envelope(), Spectrogram(), Spectra(), Mel(), Picture(), Pyramid(), Events(), Waveform(),
    Renditions(),
)  # fmt: skip

EVERYTHING: Recipes = {
    "video": (
        Metadata(),
        Evidence(),
        Measurements(),
        Frames(every_seconds=1.0),
        StreamFrames(),
        ContactSheet(),
        VideoPreview(),
        Audited(),
        Shots(),
        Stills(),
        Motion(),
        OriginalStream(),
        *SOUND,
    ),
    "audio": (Metadata(), Evidence(), *SOUND),
    "photo": (Metadata(), Evidence(), Preview(), Quality(), Enhanced(), Tracks(), Deep(), Tiles()),
}
