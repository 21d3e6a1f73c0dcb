"""A small file of every format that there is an encoder for, or the first bytes of one, to be known by them."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from fractions import Fraction

import av
import av.container
import numpy as np
import soundfile
from PIL import Image


def video(muxer: str, codec: str, *, sound: str | None = None, side: int = 64, **options: str) -> Callable[[], bytes]:
    """Ten frames of one container, with half a second of sound where a codec for it is named."""

    def make() -> bytes:
        file = io.BytesIO()
        with av.open(file, "w", format=muxer, options=options) as container:
            stream = container.add_stream(codec, rate=25)
            assert isinstance(stream, av.VideoStream)
            stream.width, stream.height = (720, 576) if muxer == "dv" else (side, side)
            stream.pix_fmt = "yuv420p"
            noise = np.random.default_rng(1).integers(0, 255, (stream.height, stream.width, 3), np.uint8)
            if codec == "libx265":
                stream.codec_context.options = {"x265-params": "log-level=none"}
            heard = _sound_stream(container, sound) if sound else None
            for number in range(10):
                frame = av.VideoFrame.from_ndarray(np.roll(noise, number, 0), format="rgb24")
                frame.pts, frame.time_base = number, Fraction(1, 25)
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
            if heard:
                _encode(container, heard)
        return file.getvalue()

    return make


def sound(muxer: str, codec: str) -> Callable[[], bytes]:
    """Half a second of a tone."""

    def make() -> bytes:
        file = io.BytesIO()
        with av.open(file, "w", format=muxer) as container:
            _encode(container, _sound_stream(container, codec))
        return file.getvalue()

    return make


def _sound_stream(container: av.container.OutputContainer, codec: str) -> av.AudioStream:
    stream = container.add_stream(codec, rate=48000, options={"strict": "-2"})
    assert isinstance(stream, av.AudioStream)
    stream.layout = "stereo"
    return stream


def _encode(container: av.container.OutputContainer, stream: av.AudioStream) -> None:
    wave = (np.sin(2 * np.pi * 440 * np.arange(24000) / 48000) * 8000).astype(np.int16)
    frame = av.AudioFrame.from_ndarray(np.repeat(wave, 2)[None], format="s16", layout="stereo")
    frame.sample_rate, frame.pts = 48000, 0
    container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def plain(form: str, subtype: str = "PCM_16") -> Callable[[], bytes]:
    """A tenth of a second by libsndfile."""

    def make() -> bytes:
        file = io.BytesIO()
        soundfile.write(file, np.sin(np.arange(4800) / 10) / 2, 48000, format=form, subtype=subtype)
        return file.getvalue()

    return make


def picture(form: str, mode: str = "RGB", **options: object) -> Callable[[], bytes]:
    """A small picture by Pillow."""

    def make() -> bytes:
        file = io.BytesIO()
        Image.new(mode, (32, 24), 100 if mode in ("L", "F") else (100, 150, 200)).save(file, form, **options)
        return file.getvalue()

    return make


def head(*parts: bytes) -> Callable[[], bytes]:
    """The first bytes alone: there is no encoder, and the format is known by them."""
    return lambda: b"".join(parts) + bytes(512)


def form_8svx() -> bytes:
    body = b"8SVX" + b"VHDR" + struct.pack(">IIIIHBBI", 20, 800, 0, 32, 8000, 1, 0, 65536) + b"BODY"
    body += struct.pack(">I", 800) + bytes(800)
    return b"FORM" + struct.pack(">I", len(body)) + body


def box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(body), kind) + body


SAMPLES: dict[str, Callable[[], bytes]] = {
    "jpeg": picture("JPEG"), "png": picture("PNG"), "gif": picture("GIF"), "webp": picture("WEBP"),
    "bmp": picture("BMP"), "tiff": picture("TIFF"), "jpeg2000": picture("JPEG2000"), "avif": picture("AVIF"),
    "heic": picture("HEIF"), "heif": head(box(b"ftyp", b"mif1\0\0\0\0mif1")), "ppm": picture("PPM"),
    "psd": head(b"8BPS\0\1", bytes(6), b"\0\3"),
    "wav": plain("WAV"), "w64": plain("W64"), "aiff": plain("AIFF"), "caf": plain("CAF"), "au": plain("AU"),
    "flac": plain("FLAC"), "ogg": plain("OGG", "VORBIS"), "iff": form_8svx,
    "wv": sound("wv", "wavpack"), "tta": sound("tta", "tta"), "mp3": sound("mp3", "libmp3lame"),
    "aac": sound("adts", "aac"), "loas": sound("latm", "aac"), "ac3": sound("ac3", "ac3"),
    "eac3": sound("eac3", "eac3"), "dts": head(b"\x7f\xfe\x80\x01"), "truehd": head(b"\xf0\x1e\0\0\xf8\x72\x6f\xba"),
    "mlp": head(b"\xf0\x1e\0\0\xf8\x72\x6f\xbb"), "ape": head(b"MAC \x96\x0f\0\0"),
    "mpc": head(b"MP+\x07"), "mpc8": head(b"MPCKSH"),
    "dsf": head(b"DSD \x1c", bytes(7)),
    "amr": lambda: b"#!AMR\n" + (b"\x3c" + bytes(31)) * 50,
    "avi": video("avi", "mpeg4", sound="pcm_s16le"), "matroska,webm": video("matroska", "libx264", sound="flac"),
    "mov,mp4,m4a,3gp,3g2,mj2": video("mp4", "libx264", sound="aac"), "flv": video("flv", "flv1"),
    "asf": video("asf", "wmv2"), "mxf": video("mxf", "mpeg2video"), "nut": video("nut", "mpeg4"),
    "ivf": video("ivf", "libvpx"), "yuv4mpegpipe": video("yuv4mpegpipe", "wrapped_avframe"),
    "dv": video("dv", "dvvideo"), "mpeg": video("mpeg", "mpeg2video"), "mpegts": video("mpegts", "libx264"),
    "mpegvideo": video("mpeg2video", "mpeg2video"), "m4v": video("m4v", "mpeg4"), "h264": video("h264", "libx264"),
    "hevc": video("hevc", "libx265"),
}  # fmt: skip
"""By the name of the format."""

OTHERS: dict[str, bytes] = {
    "PFM image in colour": b"PF\n2 2\n-1.0\n" + bytes(48),
    "Canon CR3 raw photo": box(b"ftyp", b"crx \0\0\0\1crx isom") + bytes(64),
    "Autodesk FLIC animation": struct.pack("<IHHHHHH", 1000, 0xAF12, 10, 320, 200, 8, 3) + bytes(112),
    "ISIS cube": b"Object = IsisCube\n  Object = Core\n    StartByte = 65537\nEnd\n".ljust(65536, b"\0") + bytes(64),
    "tracker music": b"a song\0".ljust(1080, b"\1") + b"M.K." + bytes(1024),
    "PCX image": b"\x0a\x05\x01\x08" + bytes(60) + b"\x00\x03" + bytes(64),
    "SGI image": b"\x01\xda\x01\x01\x00\x03" + bytes(64),
    "Targa image": b"\0\0\x02" + bytes(9) + struct.pack("<HHBB", 5, 4, 24, 0) + bytes(range(60)),
    "Windows icon": b"\0\0\1\0\1\0\x20\x20\0\0\1\0\x20\0" + struct.pack("<II", 64, 22) + bytes(64),
    "Shockwave Flash": b"FWS\x0a" + bytes(64),
    "JPEG XL image": b"\xff\x0a\xfa\x1f\x01" + bytes(64),
    "bzip2 archive": b"BZh91AY&SY" + bytes(64),
    "Office document": b"PK\x03\x04" + bytes(26) + b"[Content_Types].xml",
    "EPUB book": b"PK\x03\x04" + bytes(26) + b"mimetypeapplication/epub+zip",
    "tar archive": b"a.txt".ljust(257, b"\0") + b"ustar\x0000" + bytes(250),
    "Windows program": b"MZ" + bytes(64) + b"PE\0\0",
}
"""Of formats that are named and never opened, those whose signatures alone do not make them."""
