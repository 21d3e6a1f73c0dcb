"""Presentation of each processor's results: the one table that packs, the gallery and its page read.

A processor's results are described in `[labels]` of each file in processors/languages. A processor without an entry
here is still presented: by its name, in packs as `other`, in the viewer after those with a rank.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from processors.json_records import Json

ORIGINALS = "originals"
OTHER = "other"
TAKE_WORDS = (
    ORIGINALS,
    "stills",
    "frames",
    "contact sheets",
    "spectrograms",
    "clips",
    "full video",
    "subtitles",
    "sound",
    "web sound",
    "metadata",
    "measurements",
    OTHER,
)
"""Kinds of items that a pack recipe can take; `other` is every item that no other word takes, and measurements."""
ALL = ("*",)
DRAWN_FROM_DATA = "dataDrivenMedia"
"""IPTC NewsCode of plots."""
WAVEFORM = ("waveform.png", "waveform.dat")
"""Picture, and peaks for the gallery's player."""


@dataclass(frozen=True, kw_only=True)
class Presentation:
    """Presentation of one processor's results."""

    take: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Words of a pack recipe, and patterns of the items that each takes."""
    face: int | None = None
    """Rank among the pictures that can represent their source in a list; None: never used."""
    viewer: int = 50
    """Rank among the pictures of a source in the viewer."""
    is_for_dark: bool = False
    """True if its pictures come first for a photo too dark for a screen, or of more than 8 bits."""
    is_in_sizes: bool = False
    """True if its items show one picture in several sizes."""
    source_size: tuple[str, str] | None = None
    """Names of the facts of its items that give width and height of the source."""
    highlight: str | None = None
    """Pattern of the items that a highlight clip shows as stills."""
    has_sound: bool = False
    """True if its videos have audio, for which PDS4 has its own name."""
    folder: str | None = None
    """Folder of its pictures, videos and sounds in a pack by kind; None for the folder of their kind."""
    text_folder: str | None = None
    """Folder of its texts in such a pack; None for the folder of technical files."""
    file_word: str | None = None
    """Word in the names of its files in such a pack; None for the processor's name, or that of a sound's item."""
    digital_source_type: str | None = None
    """IPTC NewsCode of its pictures, if it depends on the processor and not on the camera."""
    is_made_for_packs: bool = False
    """True if no run makes it by default, but a pack that takes it does."""
    formerly: str | None = None
    """Processor that made its items formerly; its name in a pack recipe still selects them, `fetch` and notebooks say
    where they are now."""
    page_data: Mapping[str, str] = field(default_factory=dict)
    """Data that the page draws from items, and the pattern of their names."""

    @property
    def is_plot(self) -> bool:
        """Return whether its pictures are drawn from data, so that a text on the source does not describe them."""
        return self.digital_source_type == DRAWN_FROM_DATA

    @property
    def is_plot_or_sheet(self) -> bool:
        """Return whether its pictures are drawings or sheets, so that their captions begin with their kind."""
        return self.is_plot or "contact sheets" in self.take


PRESENTATIONS: Mapping[str, Presentation] = {
    "metadata": Presentation(take={"metadata": ALL}, page_data={"properties": "metadata.json"}),
    "evidence": Presentation(take={"metadata": ALL}),
    "video.integrity": Presentation(take={"metadata": ALL}),
    "video.frames": Presentation(take={"frames": ALL}, face=3, source_size=("width_px", "height_px")),
    "video.contact_sheet": Presentation(take={"contact sheets": ALL}, face=4, viewer=1, folder="documents"),
    "video.shots": Presentation(take={"metadata": ALL}, page_data={"shots": "shots.json"}),
    "video.timeline": Presentation(take={"metadata": ALL}, file_word="shots", formerly="video.shots"),
    "video.stills": Presentation(take={"stills": ("still_*",)}, face=2, highlight="*_01.*", file_word=""),
    "video.preview": Presentation(take={"clips": ("*.mp4",)}),
    "video.web": Presentation(take={"full video": ALL}, file_word="", is_made_for_packs=True),
    "video.subtitles": Presentation(
        take={"subtitles": ("*.vtt",), "full video": ("*.vtt",), "metadata": ALL},
        text_folder="videos",
        file_word="subtitles",
        page_data={"subtitles": "*.vtt"},
    ),
    "video.framehash": Presentation(take={"measurements": ALL, OTHER: ALL}, is_made_for_packs=True),
    "video.measurements": Presentation(take={"measurements": ALL, OTHER: ALL}),
    "video.motion": Presentation(take={"measurements": ALL, OTHER: ALL}, digital_source_type=DRAWN_FROM_DATA),
    "video.motion_plot": Presentation(
        take={"measurements": ALL, OTHER: ALL}, digital_source_type=DRAWN_FROM_DATA, formerly="video.motion"
    ),
    "audio.spectrogram": Presentation(take={"measurements": ALL, OTHER: ALL}),
    "audio.spectra": Presentation(take={"measurements": ALL, OTHER: ALL}),
    "audio.envelope": Presentation(take={"measurements": ALL, OTHER: ALL}),
    "photo.deep": Presentation(take={"measurements": ALL, OTHER: ALL}),
    "photo.tracks": Presentation(take={"measurements": ALL, OTHER: ALL}),
    "audio.levels": Presentation(take={"metadata": ALL}),
    "audio.events": Presentation(take={"metadata": ALL}),
    "audio.spectrogram_picture": Presentation(
        take={"spectrograms": ALL}, face=5, folder="sound", file_word="spectrogram", digital_source_type=DRAWN_FROM_DATA
    ),
    "audio.waveform": Presentation(
        take={"sound": WAVEFORM, "web sound": WAVEFORM},
        face=6,
        folder="sound",
        digital_source_type=DRAWN_FROM_DATA,
        page_data={"waveform": "waveform.dat"},
    ),
    "audio.renditions": Presentation(take={"sound": ALL, "web sound": ("*.m4a",)}),
    "audio.film": Presentation(take={"clips": ("*.mp4",)}, has_sound=True, digital_source_type=DRAWN_FROM_DATA),
    "photo.preview": Presentation(
        take={"stills": ("*.jpg",)},
        face=0,
        viewer=0,
        is_in_sizes=True,
        file_word="",
        source_size=("source_width_px", "source_height_px"),
    ),
    "photo.web_preview": Presentation(
        is_in_sizes=True, file_word="", source_size=("source_width_px", "source_height_px"), formerly="photo.preview"
    ),
    "photo.quality": Presentation(take={"metadata": ALL}, page_data={"levels": "quality.json"}),
    "photo.enhanced": Presentation(face=1, viewer=2, is_for_dark=True, digital_source_type="algorithmicallyEnhanced"),
    "photo.tiles": Presentation(page_data={"tiles": "tiles.zip"}),
}
DEFAULT = Presentation()


def presentation_of(processor: str) -> Presentation:
    """Return the presentation of a processor's results; a default if the table has no entry."""
    return PRESENTATIONS.get(processor, DEFAULT)


def made_now_by(processor: str) -> list[str]:
    """Return the processors that now make some of the items that this one made formerly."""
    return [name for name, shown in PRESENTATIONS.items() if shown.formerly == processor]


def is_taken(processor: str, item: str, words: Iterable[str]) -> bool:
    """Return whether words of a pack recipe take an item: words of the table, or `processor/pattern`."""
    shown = presentation_of(processor)
    patterns, names = shown.take.items(), {processor, shown.formerly or processor}
    own = {word for word, taken in patterns if any(fnmatchcase(item, one) for one in taken)} or {OTHER}
    return any(word in own or any(fnmatchcase(f"{name}/{item}", word) for name in names) for word in words)


def takes_any(processor: str, words: Iterable[str]) -> bool:
    """Return whether words of a pack recipe can take an item of a processor: its own words, or its name."""
    shown = presentation_of(processor)
    names = {processor, shown.formerly or processor}
    return any(word in shown.take or any(fnmatchcase(name, word.partition("/")[0]) for name in names) for word in words)


def is_deep(previews: Iterable[Json]) -> bool:
    """Return whether facts of `photo.preview` are of a photo of more than 8 bits: as it is, it may be flat and dark.

    People see it enhanced: on cards, in a highlight, and beside the stills of a pack by kind.
    """
    return any(isinstance(facts, dict) and facts.get("white_level") is not None for facts in previews)


def faces(*, is_dark: bool = False) -> list[str]:
    """Return the processors whose pictures can represent a source in a list, the best first."""
    places = {name: one.face for name, one in PRESENTATIONS.items() if one.face is not None}
    return sorted(places, key=lambda name: (not (is_dark and PRESENTATIONS[name].is_for_dark), places[name]))


def viewer_order() -> dict[str, object]:
    """Return the order of a source's pictures for the page."""
    return {
        "places": {name: one.viewer for name, one in PRESENTATIONS.items() if one.viewer != DEFAULT.viewer},
        "otherwise": DEFAULT.viewer,
        "for_dark": [name for name, one in PRESENTATIONS.items() if one.is_for_dark],
    }
