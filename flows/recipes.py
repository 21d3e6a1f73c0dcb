"""Recipes of each medium: plain data that an operator edits. Above packs.

To change a processor's parameters, or to run it twice with different ones, edit only this file. Processors that
build on it follow: `Spectrogram(window="hamming")` is also used for picture, spectra and events.
The audio of a video is processed by the audio processors during the video's own pass.

Where this file is not at hand, `--recipes FILE` names a TOML file with what differs
(`flows/run/recipe_changes/recipe_file.py`).
"""

from collections.abc import Mapping
from typing import Any

from processors.audio.envelope import Envelope
from processors.audio.events.events import Events
from processors.audio.levels.levels import Levels
from processors.audio.marks import Marks
from processors.audio.renditions.original_stream import OriginalStream
from processors.audio.renditions.renditions import Renditions
from processors.audio.spectrogram.film import Film
from processors.audio.spectrogram.mel_spectrogram import MelSpectrogram
from processors.audio.spectrogram.spectra import Spectra
from processors.audio.spectrogram.spectrogram import Spectrogram
from processors.audio.spectrogram.spectrogram_picture import SpectrogramPicture
from processors.audio.spectrogram.spectrogram_pyramid import SpectrogramPyramid
from processors.audio.waveform import Waveform
from processors.contract import Processor
from processors.engine.wanted_results import Recipes
from processors.metadata import Metadata
from processors.metadata.evidence import Evidence
from processors.photo.deep import DeepPhoto
from processors.photo.enhanced import Enhanced
from processors.photo.photo_preview import PhotoPreview
from processors.photo.quality import Quality
from processors.photo.salvaged import Salvaged
from processors.photo.tiles import Tiles
from processors.photo.tracks.tracks import Tracks
from processors.photo.web_preview import WebPreview
from processors.video.audit.integrity import Integrity
from processors.video.audit.measurements import Measurements
from processors.video.frames.contact_sheet import ContactSheet
from processors.video.frames.framehash import FrameHash
from processors.video.frames.frames import Frames
from processors.video.frames.stream_frames import StreamFrames
from processors.video.frames.video_preview import VideoPreview
from processors.video.frames.web import WebVideo
from processors.video.motion.motion import Motion
from processors.video.motion.motion_plot import MotionPlot
from processors.video.motion.stabilised import Stabilised
from processors.video.shots.shots import Shots
from processors.video.shots.stills import Stills
from processors.video.shots.timeline import Timeline
from processors.video.subtitles.subtitles import Subtitles

SOUND: tuple[Processor, ...] = (
    Marks(),
    Levels(),
    Envelope(),
    Spectrogram(),
    Spectra(),
    SpectrogramPicture(),
    SpectrogramPyramid(),
    Events(),
    Waveform(),
    Renditions(),
)

RECIPES: Recipes = {
    "video": (
        Metadata(),
        Evidence(),
        Measurements(),
        Integrity(),
        Frames(every_seconds=1.0),
        ContactSheet(shots=Shots()),
        Shots(),
        Timeline(),
        Stills(),
        Motion(),
        MotionPlot(),
        VideoPreview(),
        Subtitles(),
        *SOUND,
    ),
    "audio": (Metadata(), Evidence(), *SOUND),
    "photo": (
        Metadata(),
        Evidence(),
        PhotoPreview(),
        WebPreview(),
        Quality(),
        Enhanced(),
        Tracks(),
        DeepPhoto(),
        Tiles(),
    ),
}

ON_REQUEST: Recipes = {
    "video": (WebVideo(), FrameHash(), StreamFrames(), Stabilised(), OriginalStream(), MelSpectrogram(), Film()),
    "audio": (MelSpectrogram(), Film()),
    "photo": (Salvaged(),),
}
"""Processors that are not run by default: `marsmedia reprocess SELECTION --processor NAME`, or move a line up."""

LIGHT: tuple[type[Any], ...] = (
    Metadata,
    Evidence,
    Integrity,
    Frames,
    ContactSheet,
    Shots,
    Timeline,
    Subtitles,
    Levels,
    Spectrogram,
    SpectrogramPicture,
    PhotoPreview,
)
"""The essentials, in about a third of the time of the full recipe."""

CHOICES: Mapping[str, tuple[type[Any], ...]] = {"light": LIGHT}
"""Recipes besides `full`, which is all of RECIPES: each makes some of its entries, as they are written there."""
