"""Writers of H.264 clips in MP4: at a constant frame rate with moviepy, or at exact presentation times with PyAV."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from itertools import chain
from math import floor
from pathlib import Path

import av
import numpy as np
from av.audio.resampler import AudioResampler
from av.codec.context import Flags
from av.container import InputContainer
from av.video.reformatter import ColorRange, Colorspace

BT709 = 1
"""Code of BT.709's colour primaries, transfer and matrix (ITU-T H.273)."""
AAC_RATES_HZ = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)
"""Sampling rates of AAC-LC (ISO/IEC 14496-3, table 1.18)."""
AAC_BITS_PER_SECOND = 192_000
MAX_PICTURE_TICKS = 1 << 24
"""Longest time for which one coded picture stands after the last, in ticks. FFmpeg ignores delays between decoding and
showing of 2^28, a few pictures."""
MAX_AMPLITUDE = 1000.0
"""Maximum amplitude of sound: full scale is 1, players clip above it, the encoder rejects far larger values."""
X264_PARAMETERS = "asm=avx2"
"""Options of x264: no AVX-512, with which the last bytes of a keyframe differed in about 3 of 1,000 clips made on a
busy virtual machine (x264 core 165); with AVX2, and without any such code, in 0 of 9,000."""
TO_BT709 = (
    "scale=in_range=full:out_range=tv:out_color_matrix=bt709:flags=bicubic+accurate_rnd+full_chroma_int+bitexact,"
    "format=yuv420p,setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709:range=tv"
)
"""FFmpeg filter to BT.709; by default ffmpeg converts RGB with the BT.601 matrix."""


def write_steady_clip(
    path: Path,
    picture_at: Callable[[int], np.ndarray],
    *,
    frame_count: int,
    frames_per_second: int,
    quality_crf: int,
    audio: Path | None = None,
    audio_codec: str = "aac",
    is_for_web: bool = True,
    options: Sequence[str] = (),
) -> None:
    """Write H.264 in MP4 at a constant frame rate; the same pictures give the same bytes.

    Parameters
    ----------
    picture_at : returns the picture of each index in turn: uint8 RGB, shape (height, width, 3), sides even.
    audio : file with the clip's audio, encoded as `audio_codec`, or unchanged with `copy`.
    is_for_web : put the index before the pictures so that playback can start before the download ends.
    options : further options of ffmpeg.

    Raises
    ------
    OSError : ffmpeg wrote another number of frames (moviepy does not check ffmpeg's exit code).
    """
    from moviepy import VideoClip

    # moviepy asks for int(duration * rate) frames at index / rate: half a frame more keeps both roundings exact.
    clip = VideoClip(
        lambda seconds: picture_at(min(round(seconds * frames_per_second), frame_count - 1)),
        duration=(frame_count + 0.5) / frames_per_second,
    )
    colours = ["-f", "mp4", "-vf", TO_BT709, "-crf", str(quality_crf), "-map_metadata", "-1"]
    exact = ["-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact", "-x264-params", X264_PARAMETERS]
    clip.write_videofile(
        str(path),
        fps=frames_per_second,
        codec="libx264",
        preset="veryfast",
        audio=str(audio) if audio else False,
        audio_codec=audio_codec,
        threads=1,
        logger=None,
        ffmpeg_params=[*colours, *exact, *(["-movflags", "+faststart"] if is_for_web else ()), *options],
    )
    clip.close()
    with av.open(str(path)) as container:
        written = sum(packet.size > 0 for packet in container.demux(video=0))
    if written != frame_count:
        raise OSError(errno.EIO, f"ffmpeg wrote {written} of {frame_count} frames", path.name)


class WebClip:
    """An MP4 file whose first picture is shown at 0 s. Raises `OSError` if it cannot be written."""

    def __init__(
        self, path: Path, time_base: Fraction, first_pts: int, size_px: tuple[int, int], *, quality_crf: int = 20
    ) -> None:
        """Open the file; `size_px` is width and height, even because 4:2:0 has one colour per 2 by 2 px."""
        self.path = path
        self.first_pts = first_pts
        self.size_px = size_px
        self.frame_count = 0
        self._lengths: dict[int, int] = {}
        self._end_pts = 0
        self._kept_end_pts = 0
        self._coded: av.Packet | None = None
        self._shown: av.VideoFrame | None = None
        self._time_base = time_base
        self._container = av.open(str(path), "w", options={"movflags": "+faststart", "fflags": "+bitexact"})
        coding = {"preset": "veryfast", "crf": str(quality_crf), "x264-params": X264_PARAMETERS}
        self._stream = self._container.add_stream("libx264", options=coding)
        self._stream.width, self._stream.height = size_px
        self._stream.pix_fmt = "yuv420p"
        codec = self._stream.codec_context
        codec.time_base, codec.thread_count = time_base, 1
        codec.color_primaries = codec.color_trc = codec.colorspace = BT709
        codec.color_range = ColorRange.MPEG.value

    @property
    def end(self) -> Fraction:
        """Time at which the last picture ends, in seconds from the start of the first."""
        return self._end_pts * self._time_base

    def write(self, picture: np.ndarray, pts: int, end_pts: int) -> None:
        """Add a picture: uint8, shape (height, width, 3), full-range RGB, cropped to the clip; `pts` ascending."""
        width, height = self.size_px
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture[:height, :width]), format="rgb24")
        coded = frame.reformat(
            format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG, threads=1
        )
        self._encode(coded, pts, end_pts)

    def write_coded(self, planes: np.ndarray, pts: int, end_pts: int) -> None:
        """Add a picture of the clip's size as planes of 4:2:0: uint8, shape (height * 3 / 2, width), limited BT.709."""
        self._encode(av.VideoFrame.from_ndarray(planes, format="yuv420p"), pts, end_pts)

    def _encode(self, coded: av.VideoFrame, pts: int, end_pts: int) -> None:
        coded.pts, coded.time_base = pts - self.first_pts, self._time_base
        self._lengths[coded.pts] = end_pts - pts
        self._end_pts = end_pts - self.first_pts
        self._mux(coded)
        self._shown = coded
        self.frame_count += 1

    def close(self, end: Fraction | None = None) -> None:
        """Flush the encoder and write the index; the last picture stands until `end`, in s, if that is later.

        It is coded again only where it stands longer than the format allows.
        """
        if end is not None and self._shown is not None:
            pts, end_pts = self._shown.pts or 0, floor(end / self._time_base)
            while end_pts - pts > MAX_PICTURE_TICKS:
                pts += MAX_PICTURE_TICKS
                self._shown.pts, self._lengths[pts] = pts, MAX_PICTURE_TICKS
                self._mux(self._shown)
            self._end_pts = max(self._end_pts, end_pts)
        self._mux(None)
        if self._coded is not None:
            self._keep(self._coded, None)
        self._container.close()

    def _mux(self, frame: av.VideoFrame | None) -> None:
        """Code a picture, and write all coded ones but the last."""
        for packet in self._stream.encode(frame):
            if self._coded is not None:
                self._keep(self._coded, packet)
            self._coded = packet

    def _keep(self, packet: av.Packet, following: av.Packet | None) -> None:
        """Write a coded picture.

        MP4 keeps how long pictures last in coding order: each until the decoding time of the next. So the duration of
        the last one shown is lost where it is not the last one coded; then that one lasts to the end of all.
        """
        assert packet.pts is not None
        assert packet.dts is not None
        packet.duration = self._lengths.pop(packet.pts)  # the encoder drops it
        if following is not None and following.dts is not None:
            self._kept_end_pts = max(self._kept_end_pts, packet.pts + following.dts - packet.dts)
        elif self._kept_end_pts < self._end_pts:
            packet.duration = self._end_pts - packet.pts
        self._container.mux(packet)


def aac_rate_hz(rate_hz: int) -> int:
    """Return the lowest sampling rate of AAC-LC that loses nothing of a sound, or the highest of all."""
    return min((rate for rate in AAC_RATES_HZ if rate >= rate_hz), default=max(AAC_RATES_HZ))


def move_with_sound(
    path: Path, clip: WebClip, wave: Path | None, layout: str | None, lead_seconds: Fraction = Fraction(0)
) -> Path:
    """Return an MP4 of a closed clip's video, unchanged, and the sound of a file, both from 0 s, in place of both.

    The bytes are the same each time. Without sound the clip is only renamed. Sound of several channels is mixed into
    stereo, without a low-frequency channel (as FFmpeg does, and Rec. ITU-R BS.775 allows).

    Parameters
    ----------
    layout : loudspeakers of the file's channels, in FFmpeg's order and names; None without a file.
    lead_seconds : so much longer the first picture stands, as the sound begins earlier; ticks of the clip.

    Raises
    ------
    OSError : it cannot be written.
    """
    if wave is None or layout is None:
        return clip.path.rename(path)
    options = {"movflags": "+faststart", "fflags": "+bitexact"}
    with (
        av.open(str(clip.path)) as pictures,
        av.open(str(wave)) as sound,
        av.open(str(path), "w", options=options) as made,
    ):
        shown, heard = pictures.streams.video[0], sound.streams.audio[0]
        video = made.add_stream_from_template(shown)
        mixed = "stereo" if heard.channels > 1 else "mono"
        audio = made.add_stream(
            "aac", rate=aac_rate_hz(heard.rate), layout=mixed, format="fltp", bit_rate=AAC_BITS_PER_SECOND
        )
        audio.codec_context.flags |= Flags.bitexact.value
        audio.codec_context.thread_count = 1
        waiting = _encoded(sound, layout, audio)
        next_heard = next(waiting, None)
        for packet in pictures.demux(shown):
            if packet.dts is None or packet.time_base is None:
                continue
            while next_heard is not None and _seconds(next_heard) <= packet.dts * packet.time_base:
                made.mux(next_heard)
                next_heard = next(waiting, None)
            lead, end = (round(seconds / packet.time_base) for seconds in (lead_seconds, clip.end + lead_seconds))
            lasts = packet.duration or 0
            if packet.pts == 0:
                lasts += lead
            elif packet.pts is not None:
                packet.pts, packet.dts = packet.pts + lead, packet.dts + lead
            if packet.pts is not None:  # what it lasts in coding order may be longer than all that are shown
                packet.duration = min(lasts, end - packet.pts)
            packet.stream = video
            made.mux(packet)
        made.mux([] if next_heard is None else [next_heard, *waiting])
    wave.unlink()
    clip.path.unlink()
    return path


def _encoded(sound: InputContainer, layout: str, audio: av.AudioStream) -> Iterator[av.Packet]:
    """Yield the sound's packets, in order of time."""
    resampler = AudioResampler(format="fltp", layout=audio.layout, rate=audio.rate, frame_size=1024)
    laid_out = (_laid_out(frame, layout) for frame in sound.decode(audio=0))
    for decoded in chain(laid_out, [None]):
        for frame in resampler.resample(decoded):
            yield from audio.encode(frame)
    yield from audio.encode(None)


def _laid_out(frame: av.AudioFrame, layout: str) -> av.AudioFrame:
    """Return the frame with its loudspeakers, which FFmpeg would take from their number, within `MAX_AMPLITUDE`."""
    samples: np.ndarray = np.clip(frame.to_ndarray(), -MAX_AMPLITUDE, MAX_AMPLITUDE)
    made = av.AudioFrame.from_ndarray(samples, format=frame.format.name, layout=layout)
    made.sample_rate, made.pts, made.time_base = frame.sample_rate, frame.pts, frame.time_base
    return made


def _seconds(packet: av.Packet) -> float:
    return float((packet.dts or 0) * packet.time_base) if packet.time_base is not None else 0.0
