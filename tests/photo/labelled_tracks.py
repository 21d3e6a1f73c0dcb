"""Sample photos with wheel tracks, labelled by eye; every other photo of the samples has none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Outline = tuple[tuple[float, float], ...]


@dataclass(frozen=True, kw_only=True)
class LabelledTracks:
    """Photo with tracks, and their rough outlines in px of the photo reduced to 1024 px."""

    photo: str
    """Path in the samples."""
    kind: Literal["grousers", "prints", "bands", "faint"]
    """`grousers`: bars along a track; `prints`: a few bars, on patches of sand; `bands`: tracks without bars that can
    be told apart; `faint`: tracks a few pixels wide, or almost hidden."""
    outlines: tuple[Outline, ...]


OPPORTUNITY_BEHIND: tuple[Outline, ...] = (
    ((375, 640), (395, 780), (415, 960), (375, 960), (370, 790), (352, 650)),
    ((545, 655), (640, 665), (720, 705), (1020, 875), (1020, 900), (700, 735), (600, 680)),
)
OPPORTUNITY_DECK: tuple[Outline, ...] = (
    ((205, 540), (265, 700), (235, 712), (180, 560)),
    ((290, 190), (330, 190), (470, 380), (440, 410), (395, 320)),
)
THREE_FORKS: tuple[Outline, ...] = (
    ((160, 800), (200, 765), (350, 795), (560, 790), (620, 740), (720, 670), (790, 710), (690, 815), (560, 880),
     (450, 895), (350, 920), (240, 885), (160, 830)),
    ((115, 665), (240, 530), (290, 515), (310, 530), (165, 700)),
    ((310, 490), (400, 492), (600, 465), (615, 490), (430, 527), (310, 525)),
    ((0, 625), (60, 560), (205, 478), (245, 485), (130, 540), (40, 610)),
)  # fmt: skip
CURIOSITY_DUNE: tuple[Outline, ...] = (
    ((333, 385), (380, 295), (460, 248), (500, 252), (440, 290), (425, 365), (350, 400)),
    ((551, 310), (570, 270), (640, 245), (680, 247), (610, 320)),
    ((415, 520), (480, 515), (560, 605), (490, 655)),
)
WITH_TRACKS: tuple[LabelledTracks, ...] = (
    LabelledTracks(photo="release/perseverance-three-forks.jpg", kind="grousers", outlines=THREE_FORKS),
    LabelledTracks(photo="release/curiosity-looking-back-tracks.jpg", kind="grousers", outlines=CURIOSITY_DUNE),
    LabelledTracks(
        photo="formats/photo/nasa-rovers/perseverance-cheyava-falls.jpg",
        kind="prints",
        outlines=(
            ((625, 612), (705, 615), (712, 695), (630, 690)),
            ((75, 545), (130, 535), (110, 615), (78, 610)),
            ((805, 522), (840, 522), (838, 555), (805, 555)),
        ),
    ),
    LabelledTracks(photo="release/opportunity-tracks-16bit.png", kind="bands", outlines=OPPORTUNITY_BEHIND),
    LabelledTracks(photo="release/1N491020376ILFCNY9P0706L0M1.IMG", kind="bands", outlines=OPPORTUNITY_BEHIND),
    LabelledTracks(photo="release/opportunity-rear-deck-tracks-16bit.png", kind="bands", outlines=OPPORTUNITY_DECK),
    LabelledTracks(photo="release/1N491021154ILFCNY9P0706L0M1.IMG", kind="bands", outlines=OPPORTUNITY_DECK),
    LabelledTracks(
        photo="formats/photo/nasa-rovers/curiosity.jpg",
        kind="faint",
        outlines=(((625, 410), (668, 410), (668, 450), (625, 450)),),
    ),
    LabelledTracks(
        photo="formats/photo/nasa-rovers/spirit-husband-hill.jpg",
        kind="faint",
        outlines=(((736, 73), (789, 54), (790, 58), (736, 78)),),
    ),
)
