"""Colour of photos and videos: description (ITU-T H.273) and conversion to sRGB."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from processors.imaging.srgb_curve import light_of, srgb_of
from processors.imaging.tone_mapping import HLG, PQ, tone_mapped

UNSPECIFIED = 2
"""Code for "unspecified" in every table of ITU-T H.273."""
SRGB_TRANSFER, LINEAR = 13, 8

PRIMARIES: dict[int, tuple[str, tuple[float, ...]]] = {
    1: ("BT.709", (0.640, 0.330, 0.300, 0.600, 0.150, 0.060, 0.3127, 0.3290)),
    4: ("BT.470 System M", (0.670, 0.330, 0.210, 0.710, 0.140, 0.080, 0.310, 0.316)),
    5: ("BT.470 System B, G", (0.640, 0.330, 0.290, 0.600, 0.150, 0.060, 0.3127, 0.3290)),
    6: ("SMPTE 170M", (0.630, 0.340, 0.310, 0.595, 0.155, 0.070, 0.3127, 0.3290)),
    7: ("SMPTE 240M", (0.630, 0.340, 0.310, 0.595, 0.155, 0.070, 0.3127, 0.3290)),
    8: ("film", (0.681, 0.319, 0.243, 0.692, 0.145, 0.049, 0.310, 0.316)),
    9: ("BT.2020", (0.708, 0.292, 0.170, 0.797, 0.131, 0.046, 0.3127, 0.3290)),
    10: ("XYZ", (1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1 / 3, 1 / 3)),
    11: ("DCI-P3", (0.680, 0.320, 0.265, 0.690, 0.150, 0.060, 0.314, 0.351)),
    12: ("Display P3", (0.680, 0.320, 0.265, 0.690, 0.150, 0.060, 0.3127, 0.3290)),
    22: ("EBU Tech 3213", (0.630, 0.340, 0.295, 0.605, 0.155, 0.077, 0.3127, 0.3290)),
}
"""Primaries (H.273, table 2): name, and x, y of red, green, blue and white."""
SHOWN_AS_THEY_ARE = frozenset({1, UNSPECIFIED, 5, 6, 7, 22})
"""Primaries shown without conversion, as players do: those of standard-definition video are close to sRGB's."""

TRANSFERS = {
    1: "BT.709", 4: "gamma 2.2", 5: "gamma 2.8", 6: "SMPTE 170M", 7: "SMPTE 240M", 8: "linear", 9: "log 100:1",
    10: "log 316:1", 11: "xvYCC", 12: "BT.1361", 13: "sRGB", 14: "BT.2020, 10 bit", 15: "BT.2020, 12 bit", 16: "PQ",
    17: "SMPTE 428", 18: "HLG",
}  # fmt: skip
"""Transfer characteristics (H.273, table 3). Those of video for ordinary screens are shown as sRGB, as players do."""
GAMMAS = {4: 2.2, 5: 2.8, LINEAR: 1.0, 17: 2.6}
"""Exponents of transfer characteristics that are a plain power function."""
MATRICES = {
    0: "RGB", 1: "BT.709", 4: "FCC", 5: "BT.470 System B, G", 6: "SMPTE 170M", 7: "SMPTE 240M", 8: "YCgCo",
    9: "BT.2020", 10: "BT.2020, constant luminance", 14: "ICtCp",
}  # fmt: skip
"""Matrix coefficients (H.273, table 4)."""
ENCODED_STEPS = 1 << 14
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
"""Bradford chromatic adaptation matrix (ICC.1:2022, annex E)."""


@dataclass(frozen=True, kw_only=True)
class Colour:
    """Colour encoding of a picture's values."""

    primaries: int = UNSPECIFIED
    """Primaries: code of H.273, table 2."""
    transfer: int = UNSPECIFIED
    """Transfer characteristics: code of H.273, table 3."""
    chromaticities: tuple[float, ...] | None = None
    """x, y of red, green, blue and white if given by the file itself; otherwise those of `primaries` apply."""
    gamma: float | None = None
    """Exponent from code to light if given by the file itself; otherwise that of `transfer` applies."""
    is_narrow: bool = False
    """True where black is 16 and white 235 of 255 (H.273, VideoFullRangeFlag 0); for video its reader widens them."""
    source: str = "assumed: sRGB"
    """Origin of this description: `cICP`, `ICC profile`, `nclx`, `Exif`, `stream`, or the assumption made."""

    @property
    def is_hdr(self) -> bool:
        """True for PQ and HLG, which an ordinary screen cannot show without tone mapping."""
        return self.transfer in (PQ, HLG)

    @property
    def is_srgb(self) -> bool:
        """True if the values are shown without conversion."""
        same_light = self.gamma is None and self.transfer not in (*GAMMAS, PQ, HLG)
        return same_light and not self.is_narrow and self.chromaticities is None and self.primaries in SHOWN_AS_THEY_ARE

    @property
    def name(self) -> str:
        """Return the description in words: `Display P3, sRGB`."""
        primaries = "own primaries" if self.chromaticities else PRIMARIES.get(self.primaries, ("sRGB", ()))[0]
        curve = f"gamma {self.gamma:.3g}" if self.gamma else TRANSFERS.get(self.transfer, "sRGB")
        return f"{primaries}, {curve}{', narrow range' if self.is_narrow else ''}"


SRGB = Colour()
CICP = "cICP"
ADOBE_RGB = Colour(
    chromaticities=(0.640, 0.330, 0.210, 0.710, 0.150, 0.060, 0.3127, 0.3290), gamma=563 / 256, source="Exif"
)
"""Adobe RGB (1998), 4.3.1: the meaning of Exif's interoperability index R03 (DCF 2.0)."""


def to_srgb(picture: np.ndarray, colour: Colour) -> np.ndarray:
    """Return the picture in sRGB, unchanged if it already is.

    Parameters
    ----------
    picture : uint8 or uint16, shape (height, width, 3), full-range RGB.

    Returns
    -------
    The same shape and type; uint8 for HDR, which is tone-mapped (BT.2390). Colours outside sRGB are clipped.
    """
    if colour.is_srgb:
        return picture
    if colour.is_hdr:
        if colour.is_narrow:
            picture = np.rint(_codes(colour, picture.dtype.type) * np.iinfo(picture.dtype).max)[picture].astype(
                picture.dtype
            )
        wide = picture if picture.dtype == np.uint16 else picture.astype(np.uint16) * 257
        return tone_mapped(wide, colour.transfer, _to_bt2020(colour))
    full = np.iinfo(picture.dtype).max
    linear = _linear_of(colour, picture.dtype.type)[picture]
    matrix = _to_bt709(colour)
    if not np.allclose(matrix, np.eye(3), atol=1e-4):
        linear = linear @ matrix.T.astype(np.float32)
    steps = np.rint(np.clip(linear, 0, 1) ** 0.5 * ENCODED_STEPS).astype(np.int32)  # finer in dark tones
    return _encoded(full)[steps].astype(picture.dtype)


def tables(colour: Colour) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the tables with which `to_srgb` converts 8-bit pictures, for use elsewhere.

    Returns
    -------
    Linear light of the 256 codes; the 3 x 3 matrix to BT.709; sRGB codes for square roots of light from 0 to 1.
    """
    return _linear_of(colour, np.uint8), _to_bt709(colour), _encoded(255)


def grey_to_srgb(picture: np.ndarray, colour: Colour) -> np.ndarray:
    """Return a grey picture, uint8 or uint16, shape (height, width), with the sRGB transfer curve."""
    is_same = colour.gamma is None and not colour.is_hdr and colour.transfer not in GAMMAS and not colour.is_narrow
    if colour.is_srgb or is_same:
        return picture
    return to_srgb(np.repeat(picture[..., None], 3, axis=2), colour)[..., 0]


@lru_cache(8)
def _linear_of(colour: Colour, kind: type) -> np.ndarray:
    """Return the linear light of every code, 0 to 1, float32."""
    codes = _codes(colour, kind)
    gamma = colour.gamma or GAMMAS.get(colour.transfer)
    return (codes**gamma if gamma else light_of(codes)).astype(np.float32)


def _codes(colour: Colour, kind: type) -> np.ndarray:
    """Return every code as a share of white, 0 to 1."""
    codes, full = np.arange(np.iinfo(kind).max + 1), np.iinfo(kind).max
    if not colour.is_narrow:
        return codes / full
    step = (full + 1) // 256
    return np.clip((codes - 16 * step) / (219 * step), 0, 1)


@lru_cache(2)
def _encoded(full: int) -> np.ndarray:
    """Return the sRGB codes for square roots of light, 0 to 1 in `ENCODED_STEPS` steps."""
    light = (np.arange(ENCODED_STEPS + 1) / ENCODED_STEPS) ** 2
    return np.rint(srgb_of(light) * full)


def _to_bt709(colour: Colour) -> np.ndarray:
    own = colour.chromaticities or PRIMARIES.get(colour.primaries, PRIMARIES[1])[1]
    if colour.chromaticities is None and colour.primaries in SHOWN_AS_THEY_ARE:
        own = PRIMARIES[1][1]
    return _matrix(own, PRIMARIES[1][1])


def _to_bt2020(colour: Colour) -> np.ndarray | None:
    """Return the matrix from linear light in the picture's own primaries to BT.2020's; None if they are the same."""
    own = colour.chromaticities or (PRIMARIES[colour.primaries][1] if colour.primaries in PRIMARIES else None)
    if own is None or own == PRIMARIES[9][1]:
        return None
    return _matrix(own, PRIMARIES[9][1]).astype(np.float32)


@lru_cache(32)
def _matrix(own: tuple[float, ...], wanted: tuple[float, ...]) -> np.ndarray:
    """Return the 3 x 3 matrix between the linear light of two sets of primaries, with white adapted (Bradford)."""
    adapted = _to_xyz(own)
    white, target = adapted.sum(axis=1), _to_xyz(wanted).sum(axis=1)
    if not np.allclose(white, target, atol=1e-6):
        scale = np.diag((_BRADFORD @ target) / (_BRADFORD @ white))
        adapted = np.linalg.inv(_BRADFORD) @ scale @ _BRADFORD @ adapted
    return np.linalg.inv(_to_xyz(wanted)) @ adapted


def _to_xyz(chromaticities: tuple[float, ...]) -> np.ndarray:
    """Return the matrix from linear RGB to CIE XYZ, from x, y of red, green, blue and white (SMPTE RP 177)."""
    x, y = np.array(chromaticities[0::2]), np.array(chromaticities[1::2])
    columns = np.stack([x, y, 1 - x - y])
    if np.any(y[:3] == 0):  # the primaries of XYZ are imaginary
        return np.eye(3)
    primaries, white = columns[:, :3] / y[:3], columns[:, 3] / y[3]
    return primaries * np.linalg.solve(primaries, white)
