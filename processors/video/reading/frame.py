"""Decoded video frame with its exact time and cached views of its picture."""

from __future__ import annotations

import functools
import struct
import threading
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import av.filter
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter

from processors.decoding.open_media import decoder_errors
from processors.imaging.colour import MATRICES, PRIMARIES, TRANSFERS, UNSPECIFIED, Colour, to_srgb
from processors.video.reading.colour_range import LIMITED_RANGE, LIMITED_WHITE, is_limited, spread, white_of_16_bits

IDENTITY = (1, 0, 0, 1)

TO_8_BITS = Interpolation.AREA | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT
"""Conversion to RGB or grey of 8 bits that rounds to the nearest level; by default it is 0.5 to 2.5 of 255 too dark."""
TO_16_BITS = Interpolation.AREA
"""Conversion to RGB of 16 bits: with FULL_CHR_H_INT, libswscale 9.5 turns 4:2:0 of 10 bits into noise."""

BT709, SMPTE_170M, BT2020 = 1, 6, 9
"""Matrix codes of ITU-T H.273, table 4; the first and last are also the codes of their primaries."""

LIMITED_TO_FULL = np.clip(np.round((np.arange(256) - 16) * 255 / 219), 0, 255).astype(np.uint8)


@dataclass(kw_only=True)
class VideoFrame:
    """A frame shown from `time` until just before `end`; several threads may use it at once.

    PyAV changes the colour tags of the decoded frame while it converts it, so only one thread at a time looks at them.
    """

    decoded: av.VideoFrame
    pts: int
    """Presentation time in ticks of `time_base`."""
    end_pts: int
    """First tick at which the frame is no longer shown."""
    time_base: Fraction
    is_keyframe: bool
    sample_aspect_ratio: Fraction
    is_corrupt: bool = False
    """Whether the decoder marked or reported it as damaged."""
    matrix: tuple[int, int, int, int] = IDENTITY
    """Rotation and mirroring of the stored picture, see `display_matrix`."""
    _views: dict[int | None, np.ndarray] = field(default_factory=dict)
    _colour: VideoColour | None = field(default=None, init=False, repr=False, compare=False)
    _looking: threading.RLock = field(default_factory=threading.RLock, init=False, repr=False, compare=False)
    _luma: dict[int | None, np.ndarray] = field(default_factory=dict)

    @functools.cached_property
    def time(self) -> Fraction:
        """Return the exact presentation time in seconds."""
        return self.pts * self.time_base

    @functools.cached_property
    def end(self) -> Fraction:
        """Return the exact time in seconds at which it is no longer shown."""
        return self.end_pts * self.time_base

    @property
    def has_alpha(self) -> bool:
        """Return whether the format has an alpha channel."""
        return any(component.is_alpha for component in self.decoded.format.components)

    @property
    def depth_bits(self) -> int:
        """Return the bits per colour channel."""
        return max((component.bits for component in self.decoded.format.components), default=8)

    @property
    def colour(self) -> VideoColour:
        """Return the colour encoding."""
        with self._looking:
            if self._colour is None:
                self._colour = frame_colour(self.decoded)
            return self._colour

    @property
    def is_hdr(self) -> bool:
        """Return whether it is PQ or HLG, which an ordinary screen cannot show without tone mapping."""
        return self.colour.rgb.is_hdr

    def size_px(self, longest_side_px: int | None = None) -> tuple[int, int]:
        """Return width and height of the picture that `rgb` returns, without making it."""
        width, height = self._stored_size_px(longest_side_px)
        return (height, width) if self.matrix[0] == 0 else (width, height)

    def rgb(self, longest_side_px: int | None = None) -> np.ndarray:
        """Return the upright picture with square pixels: uint8, shape (height, width, 3), sRGB; treat as read-only.

        `longest_side_px` reduces it to that size, never enlarges. Matrix, range, primaries and transfer are the frame's
        own (`colour`, which lists assumptions). HDR is tone-mapped (BT.2390).
        """
        if longest_side_px not in self._views:
            self._views[longest_side_px] = to_srgb(self._full_range(longest_side_px), self.colour.rgb)
        return self._views[longest_side_px]

    def coded(self, longest_side_px: int | None = None) -> np.ndarray | None:
        """Return the picture that `rgb` returns as planes of 4:2:0 in limited BT.709, without a detour by RGB.

        Returns
        -------
        uint8, shape (height * 3 / 2, width); None for a picture that is turned, has an odd side, needs `to_srgb` or is
        of full range with more than 8 bits.
        """
        width, height = self._stored_size_px(longest_side_px)
        is_turned_or_odd = self.matrix != IDENTITY or width % 2 or height % 2
        if is_turned_or_odd or not self.colour.rgb.is_srgb or self._white_of_16_bits is not None:
            return None
        with self._looking, decoder_errors(f"converting a frame with the matrix {self._matrix_name} to yuv420p"):
            return converted(
                self._with_chroma,
                width=width,
                height=height,
                format="yuv420p",
                interpolation=Interpolation.AREA | Interpolation.ACCURATE_RND,  # else 0.4 of 255 too dark
                src_colorspace=self.colour.assumed_matrix,
                dst_colorspace=Colorspace.ITU709,
                dst_color_range=ColorRange.MPEG,
            ).to_ndarray()

    def lossless(self, longest_side_px: int | None = None) -> np.ndarray:
        """Return the picture as `rgb` does, but with the frame's full bit depth and alpha channel.

        Returns
        -------
        uint8, or uint16 for more than 8 bits per channel (HDR keeps its own transfer); 3 or, with alpha, 4 channels.
        """
        if self.depth_bits <= 8 and not self.has_alpha:
            return self.rgb(longest_side_px)
        picture = self.values(longest_side_px)
        if not self.is_hdr and not self.colour.rgb.is_srgb:
            picture = np.dstack([to_srgb(picture[..., :3], self.colour.rgb), picture[..., 3:]])
        return picture

    def values(self, longest_side_px: int | None = None) -> np.ndarray:
        """Return the numbers of the file as RGB, upright with square pixels: only its matrix and range are applied.

        Returns
        -------
        uint8, or uint16 for more than 8 bits per channel, in the file's own primaries and transfer (`colour`); 3 or,
        with alpha, 4 channels.
        """
        eight, more = ("rgba", "rgba64le") if self.has_alpha else ("rgb24", "rgb48le")
        return self._converted(more if self.depth_bits > 8 else eight, longest_side_px)

    def deinterlaced(self) -> VideoFrame:
        """Return the frame from its upper field alone, at full height, or itself if it is progressive."""
        if not self.decoded.interlaced_frame:
            return self
        with self._looking, decoder_errors("taking a field"):
            graph = av.filter.Graph()
            source = graph.add_buffer(
                width=self.decoded.width,
                height=self.decoded.height,
                format=self.decoded.format,
                time_base=self.time_base,
            )
            # `field` instead of `yadif`: adjacent frames are unavailable when single frames are sought
            graph.link_nodes(source, graph.add("field", "top"), graph.add("buffersink")).configure()
            graph.push(self.decoded)
            single = graph.pull()
            assert isinstance(single, av.VideoFrame)
            for name in ("colorspace", "color_range", "color_primaries", "color_trc"):
                setattr(single, name, getattr(self.decoded, name))  # a graph drops them, and its scaler would convert
            single = converted(
                single,
                width=self.decoded.width,
                height=self.decoded.height,
                interpolation=Interpolation.BICUBIC | Interpolation.ACCURATE_RND,
            )
        return VideoFrame(
            decoded=single,
            pts=self.pts,
            end_pts=self.end_pts,
            time_base=self.time_base,
            is_keyframe=self.is_keyframe,
            is_corrupt=self.is_corrupt,
            sample_aspect_ratio=self.sample_aspect_ratio,
            matrix=self.matrix,
        )

    @functools.cached_property
    def _white_of_16_bits(self) -> int | None:
        """Return the white of the RGB of 16 bits of which `rgb` is made; None where FFmpeg's of 8 bits is exact.

        That one divides by a power of 2, by which full range becomes too bright: 10 bits by 4, not by 1023 / 255.
        """
        with self._looking:
            white = white_of_16_bits(self.decoded) if self.depth_bits > 8 else LIMITED_WHITE
        return white if white != LIMITED_WHITE or (self.is_hdr and self.depth_bits > 8) else None

    def _full_range(self, longest_side_px: int | None) -> np.ndarray:
        """Return RGB whose white is the highest number of its type: uint16 for HDR of more than 8 bits, else uint8."""
        if self._white_of_16_bits is None:
            return self._converted("rgb24", longest_side_px)
        widened = spread(self._white_of_16_bits, np.uint16 if self.is_hdr else np.uint8)
        return widened[self._converted("rgb48le", longest_side_px)]

    def _converted(self, form: str, longest_side_px: int | None) -> np.ndarray:
        width, height = self._stored_size_px(longest_side_px)
        with self._looking, decoder_errors(f"converting a frame with the matrix {self._matrix_name} to {form}"):
            picture = converted(
                self._with_chroma,
                width=width,
                height=height,
                format=form,
                interpolation=TO_16_BITS if form in ("rgb48le", "rgba64le") else TO_8_BITS,
                src_colorspace=self.colour.assumed_matrix,
            )
            return upright(picture.to_ndarray(), self.matrix)

    @functools.cached_property
    def _with_chroma(self) -> av.VideoFrame:
        """Return the decoded frame to convert; grey of limited range, which FFmpeg takes for full, as 4:2:0."""
        is_grey = self.decoded.format.name.startswith("gray")
        return grey_with_chroma(self.decoded) if is_grey and is_limited(self.decoded) else self.decoded

    @property
    def _matrix_name(self) -> str:
        code = self.colour.matrix
        return MATRICES.get(code, "of the file" if code == UNSPECIFIED else f"of code {code} in H.273")

    def _stored_size_px(self, longest_side_px: int | None) -> tuple[int, int]:
        """Return width and height in square pixels, as stored (before rotation)."""
        return _reduced_size_px(self.decoded.width, self.decoded.height, self.sample_aspect_ratio, longest_side_px)

    def luma(self, longest_side_px: int | None = None) -> np.ndarray:
        """Return upright luma with square pixels: uint8, shape (height, width), 0 black, 255 white; treat as read-only.

        The coded luma plane, expanded to full range, without colour conversion; sizes as for `rgb`.
        Formats without a luma plane of their own (RGB, palettes) are converted by FFmpeg.
        """
        if longest_side_px not in self._luma:
            with self._looking:
                plane, is_limited = luma_plane(self.decoded)
            plane = shrunk(plane, self._stored_size_px(longest_side_px))
            if plane.dtype == np.uint16:
                bits = self.decoded.format.components[0].bits
                plane = np.clip(np.round(plane / ((1 << bits - 8) if is_limited else ((1 << bits) - 1) / 255)), 0, 255)
            plane = plane.astype(np.uint8, copy=False)
            picture = _opencv().LUT(plane, LIMITED_TO_FULL) if is_limited else plane
            self._luma[longest_side_px] = upright(picture, self.matrix)
        return self._luma[longest_side_px]


@dataclass(frozen=True, kw_only=True)
class VideoColour:
    """Colour encoding of a stream's frames; codes of ITU-T H.273."""

    rgb: Colour
    """Colour of the picture after conversion to RGB."""
    matrix: int
    is_full_range: bool
    assumed_matrix: int | None
    """Matrix used if the file names none; otherwise None."""

    @property
    def facts(self) -> ColourFacts:
        assumed = [] if self.assumed_matrix is None else [f"matrix {MATRICES[self.assumed_matrix]}"]
        assumed += ["primaries as sRGB"] if self.rgb.primaries == UNSPECIFIED else []
        assumed += ["transfer as sRGB"] if self.rgb.transfer == UNSPECIFIED else []
        return ColourFacts(
            primaries=PRIMARIES[self.rgb.primaries][0] if self.rgb.primaries in PRIMARIES else None,
            transfer=TRANSFERS.get(self.rgb.transfer),
            matrix=MATRICES.get(self.matrix),
            range="full" if self.is_full_range else "limited",
            assumed=tuple(assumed),
        )


@dataclass(frozen=True, kw_only=True)
class ColourFacts:
    """Colour encoding in words; None if the file does not state it."""

    primaries: str | None
    transfer: str | None
    matrix: str | None
    range: str
    """Range: `full` or, also by default, `limited`."""
    assumed: tuple[str, ...]
    """Assumptions made for missing information."""


def frame_colour(frame: av.VideoFrame) -> VideoColour:
    """Return a frame's colour; for YCbCr without a matrix, the one that players assume.

    BT.2020 and BT.709 primaries imply their own matrix; otherwise 1280 or more columns, or more than 576 lines, imply
    BT.709, and fewer imply SMPTE 170M (BT.601).
    """
    form, primaries = frame.format, int(frame.color_primaries)
    has_no_matrix = form.is_rgb or form.has_palette or form.name.startswith(("gray", "mono", "xyz"))
    assumed = None
    if int(frame.colorspace) == UNSPECIFIED and not has_no_matrix:
        by_size = BT709 if frame.width >= 1280 or frame.height > 576 else SMPTE_170M
        assumed = {BT709: BT709, BT2020: BT2020}.get(primaries, by_size)
    return VideoColour(
        rgb=Colour(primaries=primaries, transfer=int(frame.color_trc), source="stream"),
        matrix=int(frame.colorspace),
        is_full_range=not is_limited(frame),
        assumed_matrix=assumed,
    )


def converted(frame: av.VideoFrame, **wishes: Any) -> av.VideoFrame:
    """Convert and resize a frame in one thread; `wishes` are arguments of PyAV's `VideoReformatter.reformat`.

    Only one thread at a time may convert a frame or read its tags: PyAV blanks them meanwhile. Its own `reformat` would
    also keep FFmpeg's context with the frame.
    """
    return VideoReformatter().reformat(frame, threads=1, **wishes)


def grey_with_chroma(frame: av.VideoFrame) -> av.VideoFrame:
    """Return a grey frame of 8 to 16 bits and limited range as 4:2:0 of the same luma without colour."""
    luma, _ = luma_plane(frame)
    bits = frame.format.components[0].bits
    filled = av.VideoFrame(frame.width, frame.height, "yuv420p" if bits == 8 else f"yuv420p{bits}le")
    for plane, samples in zip(filled.planes, (luma, None, None), strict=True):
        lines = np.full((plane.height, plane.line_size // luma.itemsize), 1 << (bits - 1), luma.dtype)
        if samples is not None:
            lines[:, : frame.width] = samples
        plane.update(lines.tobytes())
    filled.color_range, filled.colorspace = LIMITED_RANGE, BT709
    filled.color_primaries, filled.color_trc = frame.color_primaries, frame.color_trc
    return filled


def shrunk(plane: np.ndarray, size_px: tuple[int, int]) -> np.ndarray:
    """Average over the area of each new pixel, after repeated halving, which costs half as much as one large step."""
    height, width = plane.shape
    while width % 2 == height % 2 == 0 and width >= 2 * size_px[0] and height >= 2 * size_px[1]:
        width, height = width // 2, height // 2
        plane = _opencv().resize(plane, (width, height), interpolation=_opencv().INTER_AREA)
    if size_px == (width, height):
        return plane
    return _opencv().resize(plane, size_px, interpolation=_opencv().INTER_AREA)


def luma_plane(frame: av.VideoFrame) -> tuple[np.ndarray, bool]:
    """Return the coded luma, uint8 or uint16, shape (height, width), and whether its range is limited."""
    form = frame.format
    depth = form.components[0].bits if form.components else 0
    is_grey, is_narrow = form.name.startswith("gray"), is_limited(frame)
    colours = sum(not component.is_alpha for component in form.components)
    is_ycbcr = colours == 3 and not form.is_rgb and not form.has_palette and not form.name.startswith("xyz")
    with decoder_errors("converting a frame to grey"):
        if not (is_grey or is_ycbcr) or not 8 <= depth <= 16:
            return converted(frame, format="gray", interpolation=TO_8_BITS).to_ndarray(), False
        has_plane = is_grey or (form.is_planar and not form.name.startswith(("p0", "p2", "p4")))
        if not has_plane or form.is_big_endian:  # other places of the same samples: no conversion to RGB on the way
            planar = "gray" if is_grey else "yuv444p"
            name = planar if depth == 8 else f"{planar}{depth}le"
            frame = converted(frame, format=name, interpolation=TO_8_BITS)
    plane = frame.planes[0]
    samples = np.frombuffer(memoryview(plane), np.uint8 if depth == 8 else np.uint16)
    line = plane.line_size // samples.itemsize
    picture = samples.reshape(-1, line)[: frame.height, : frame.width]
    return picture, is_narrow


def square_pixels(width_px: int, height_px: int, sample_aspect_ratio: Fraction) -> tuple[int, int]:
    """Return the size in square pixels; one side is stretched, so no line or column is lost."""
    if sample_aspect_ratio > 1:
        return round(width_px * sample_aspect_ratio), height_px
    return width_px, round(height_px / sample_aspect_ratio)


@functools.lru_cache(256)
def _reduced_size_px(
    width_px: int, height_px: int, sample_aspect_ratio: Fraction, longest_side_px: int | None
) -> tuple[int, int]:
    """Return the size in square pixels, with a longer side of at most `longest_side_px`."""
    width, height = square_pixels(width_px, height_px, sample_aspect_ratio)
    shrink = min(Fraction(1), Fraction(longest_side_px or max(width, height), max(width, height)))
    return max(1, round(width * shrink)), max(1, round(height * shrink))


def display_matrix(frame: av.VideoFrame) -> tuple[int, int, int, int]:
    """Return signs (a, b, c, d) with x' = a x + c y and y' = b x + d y, y downward; identity if the frame has none.

    Only quarter turns and mirrors are applied; any other angle in the file is ignored.
    """
    entry = frame.side_data.get("DISPLAYMATRIX")
    data = bytes(entry) if entry is not None else b""
    if len(data) < 36:
        return IDENTITY
    a, b, _, c, d, *_ = struct.unpack("=9i", data[:36])
    signs = tuple((value > 0) - (value < 0) for value in (a, b, c, d))
    quarter_turn = (signs[0] == signs[3] == 0 and signs[1] and signs[2]) or (signs[1] == signs[2] == 0 and signs[0])
    return signs if quarter_turn and all(signs[i] for i in ((0, 3) if signs[0] else (1, 2))) else IDENTITY  # type: ignore[return-value]


def upright(picture: np.ndarray, matrix: tuple[int, int, int, int]) -> np.ndarray:
    """Turn and mirror `picture` (height, width, ...) by the display matrix; contiguous."""
    a, b, c, d = matrix
    if a == 0:
        picture = picture.swapaxes(0, 1)
    flip_x, flip_y = (a < 0, d < 0) if a else (c < 0, b < 0)
    return np.ascontiguousarray(picture[:: -1 if flip_y else 1, :: -1 if flip_x else 1])


@functools.cache
def _opencv() -> Any:
    """Return OpenCV, loaded when first needed: 20 MB that planning need not load.

    It gets one thread: decoder threads occupy the cores, and OpenCV's would only busy-wait.
    """
    import cv2

    cv2.setNumThreads(1)
    return cv2
