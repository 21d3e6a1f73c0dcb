"""Table of all formats: signature, medium, reader and media type. Above containers.

`identify` tries the rows in order; allowed demuxers, picture readers and libvips loaders, media types and suffixes
are defined only here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal, TypedDict, Unpack

from processors.containers.frame_sync import (
    ac3_frame,
    adts_frame,
    begins_with,
    eac3_frame,
    is_start_code_stream,
    is_transport_stream,
    loas_frame,
)
from processors.contract import Medium

FormatReader = Literal["FFmpeg", "Pillow", "planetary"]
Magic = tuple[tuple[int, bytes], ...]
"""(offset, bytes) pairs that must all match."""

MIN_TEXT_BYTES, TEXT_HEAD_BYTES = 12, 256
_PRINTABLE = re.compile(rb"[\t\n\r -~]*")
"""Start of text, or of the few formats with text headers: a read-me may begin with `BM` or `MAC `."""

UNKNOWN_TYPE = "application/octet-stream"


@dataclass(frozen=True, kw_only=True)
class Format:
    name: str
    """Name in stores and facts, which therefore stays: that of FFmpeg's demuxer or Pillow's reader, `vicar` or `pds3`;
    in words for images that a detached label describes, and for formats that are not opened."""
    title: str
    """Name for people."""
    medium: Medium | None = None
    """Medium; for a container, the one assumed if no stream can be listed; None: not opened."""
    signatures: tuple[Magic, ...] = ()
    """Alternative signatures at the file's start."""
    check: Callable[[bytes], bool] | None = None
    """Further condition on the first bytes; the only one if the format has no signatures."""
    is_text: bool = False
    """True if the start of a file consists of printable characters."""
    is_certain: bool = True
    """False if other files can begin this way, so that its reader must confirm it."""
    suffixes: tuple[str, ...] = ()
    media_type: str = UNKNOWN_TYPE
    sound_type: str | None = None
    """Media type of a file with audio only, if different."""
    reader: FormatReader | None = None
    readers: tuple[str, ...] = ()
    """FFmpeg demuxers or Pillow readers that may open it."""
    strips: str | None = None
    """libvips loader that reads it from top to bottom."""
    is_bare: bool = False
    """True for consecutive audio frames without timestamps or a count."""
    unnoticed_percent: int | None = None
    """Share of changed bytes that no decoder notices, measured on damaged copies, if it is so large that an undamaged
    verdict proves little; None otherwise."""
    todo: str | None = None
    """Advice to the user for a file that is not opened."""

    def begins(self, head: bytes) -> bool:
        """Return whether these first bytes begin a file of this format."""
        if not self.is_text and len(head) >= MIN_TEXT_BYTES and _PRINTABLE.fullmatch(head[:TEXT_HEAD_BYTES]):
            return False
        is_signed = any(all(head.startswith(part, at) for at, part in signature) for signature in self.signatures)
        if self.check is None:
            return is_signed
        return (is_signed or not self.signatures) and self.check(head)


def _at(offset: int, *magics: bytes) -> tuple[Magic, ...]:
    return tuple(((offset, magic),) for magic in magics)


def _kinds(forms: tuple[bytes, ...], *kinds: bytes) -> tuple[Magic, ...]:
    """Return signatures of chunk files: the form at byte 0, its kind at byte 8."""
    return tuple(((0, form), (8, kind)) for form in forms for kind in kinds)


class _More(TypedDict, total=False):
    """Fields of `Format` that few rows have."""

    check: Callable[[bytes], bool]
    is_text: bool
    is_certain: bool
    is_bare: bool
    sound_type: str
    strips: str
    unnoticed_percent: int


def _media(
    medium: Medium,
    reader: FormatReader,
    name: str,
    title: str,
    signatures: tuple[Magic, ...],
    suffixes: str,
    media_type: str,
    readers: str | None = None,
    **more: Unpack[_More],
) -> Format:
    """Return a row for media that FFmpeg or Pillow opens; `readers` is their name of the format, if it is another."""
    return Format(
        name=name,
        title=title,
        medium=medium,
        signatures=signatures,
        suffixes=tuple(suffixes.split()),
        media_type=media_type,
        reader=reader,
        readers=tuple((readers or name).split()),
        **more,
    )


_picture = partial(_media, "photo", "Pillow")
_sound = partial(_media, "audio", "FFmpeg")
_video = partial(_media, "video", "FFmpeg")


def _other(
    title: str,
    signatures: tuple[Magic, ...],
    todo: str,
    *,
    check: Callable[[bytes], bool] | None = None,
    is_text: bool = False,
    media_type: str = UNKNOWN_TYPE,
) -> Format:
    return Format(
        name=title, title=title, signatures=signatures, check=check, todo=todo, is_text=is_text, media_type=media_type
    )


def _has_bitmap_header(head: bytes) -> bool:
    """Check the size of the second header, which has few valid values (Windows and OS/2)."""
    return int.from_bytes(head[14:18], "little") in (12, 16, 40, 52, 56, 64, 108, 124)


def _has_flic_header(head: bytes) -> bool:
    """Check the fields of a FLIC header after its signature: a width, a height, and the depth of a pixel."""
    return any(head[8:10]) and any(head[10:12]) and head[12:14] in (b"\x08\0", b"\x0f\0", b"\x10\0", b"\x18\0", b"\0\0")


def _is_targa(head: bytes) -> bool:
    """Return whether all fields of a Truevision TGA header, which has no signature, agree (2.0, "TGA file header")."""
    if len(head) < 18 or head[1] not in (0, 1) or head[2] not in (1, 2, 3, 9, 10, 11):
        return False
    has_map, depths = head[2] in (1, 9), {1: (8, 16), 2: (15, 16, 24, 32), 3: (8, 16)}[head[2] & 7]
    if has_map and not (head[1] and head[7] in (15, 16, 24, 32) and any(head[5:7])):
        return False
    if not head[1] and any(head[3:8]):
        return False
    return any(head[12:14]) and any(head[14:16]) and head[16] in depths and head[17] & 0xC0 == 0 and head[17] & 15 <= 8


def _has_boxes(head: bytes) -> bool:
    """Return whether the first box has at least 8 bytes or its size elsewhere (ISO/IEC 14496-12, 4.2)."""
    size = int.from_bytes(head[:4], "big")
    return size in (0, 1) or size >= 8


def _brands(head: bytes) -> tuple[bytes, ...]:
    """Return the major brand of an ISO file, then its compatible brands (ISO/IEC 14496-12, 4.3)."""
    if head[4:8] != b"ftyp":
        return ()
    end = min(int.from_bytes(head[:4], "big"), len(head))
    return (head[8:12], *(head[at : at + 4] for at in range(16, end - 3, 4)))


def _of_brand(*brands: bytes) -> Callable[[bytes], bool]:
    return lambda head: _brands(head)[:1] != () and _brands(head)[0] in brands


def _is_avif(head: bytes) -> bool:
    brands = _brands(head)
    return bool(brands) and (
        brands[0] in (b"avif", b"avis") or (brands[0] in (b"mif1", b"msf1", b"miaf") and b"avif" in brands)
    )


def _matches(pattern: bytes) -> Callable[[bytes], bool]:
    compiled = re.compile(pattern)
    return lambda head: compiled.match(head) is not None


def _zip_of(*names: bytes) -> Callable[[bytes], bool]:
    """Return a check for a ZIP archive with such a name among its first files."""
    return lambda head: any(name in head[:4096] for name in names)


_RIFF, _WAVE_FORMS = (b"RIFF",), (b"RIFF", b"RIFX", b"RF64", b"BW64", b"FFIR")
_PICTURE_TODO, _SOUND_TODO = "convert it to TIFF, PNG or JPEG", "convert it to WAV or FLAC"
_VIDEO_TODO = "convert it to MP4 or Matroska"
_RAW_TODO = "develop it and save it as TIFF or JPEG"
_RECORD = "play it and record the sound as WAV"
_UNPACK = "unpack it and put the media themselves in the release"
_EXPORT = "export its pictures as TIFF or PNG"
_NOTHING = "take it out of the release"

FORMATS: tuple[Format, ...] = (
    # -- pictures
    _other("JPEG-LS image", _at(0, b"\xff\xd8\xff\xf7"), _PICTURE_TODO),
    _picture("jpeg", "JPEG", _at(0, b"\xff\xd8\xff"), "jpg jpeg jpe jfif mpo", "image/jpeg", "JPEG", strips="jpegload",
             check=lambda head: len(head) < 4 or head[3] >= 0xC0),
    _picture("png", "PNG", _at(0, b"\x89PNG\r\n\x1a\n"), "png apng", "image/png", "PNG", strips="pngload"),
    _picture("gif", "GIF", _at(0, b"GIF87a", b"GIF89a"), "gif", "image/gif", "GIF"),
    _picture("webp", "WebP", _kinds(_RIFF, b"WEBP"), "webp", "image/webp", "WEBP", strips="webpload"),
    _picture("bmp", "BMP", _at(0, b"BM"), "bmp dib", "image/bmp", "BMP", check=_has_bitmap_header),
    _other("Canon CR2 raw photo", (((0, b"II*\x00"), (8, b"CR\x02")),), _RAW_TODO),
    _picture("tiff", "TIFF", _at(0, b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+"), "tif tiff btf gtiff", "image/tiff",
             "TIFF", strips="tiffload"),
    _picture("jpeg2000", "JPEG 2000", _at(0, b"\x00\x00\x00\x0cjP  \r\n\x87\n", b"\xff\x4f\xff\x51\x00"),
             "jp2 j2k jpx j2c jpc jpf", "image/jp2", "JPEG2000",
             check=lambda head: head[20:24] not in (b"mjp2", b"jpm ", b"mjpx"), unnoticed_percent=50),
    _picture("psd", "Photoshop", _at(0, b"8BPS\x00\x01"), "psd", "image/vnd.adobe.photoshop", "PSD"),
    _picture("avif", "AVIF", (), "avif avifs", "image/avif", "AVIF", check=_is_avif),
    _picture("heic", "HEIC", (), "heic heif hif heics", "image/heic", "HEIF",
             check=_of_brand(b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"hevm", b"hevs"),
             unnoticed_percent=30),
    _picture("heif", "HEIF", (), "heic heif hif avif", "image/heif", "HEIF",
             check=_of_brand(b"mif1", b"msf1", b"mif2"), unnoticed_percent=30),
    _picture("ppm", "PNM", (), "ppm pgm pbm pnm pfm", "image/x-portable-anymap", "PPM",
             check=_matches(rb"(P[1-6]|Pf)\s(\s|#[^\n]*\n)*\d+(\s|#[^\n]*\n)+\d+\s"), is_text=True),
    _other("PFM image in colour", (), _PICTURE_TODO, check=_matches(rb"PF\s+\d+\s+\d+\s+-?[\d.]+\s"), is_text=True),
    _other("PAM image", _at(0, b"P7\nWIDTH", b"P7\nHEIGHT", b"P7\nDEPTH", b"P7\n#", b"P7\nTUPLTYPE", b"P7\nMAXVAL"),
           _PICTURE_TODO, is_text=True),
    _other("XV thumbnail", _at(0, b"P7 332"), _PICTURE_TODO, is_text=True),
    # -- planetary images; `is_planetary` weighs their labels
    Format(name="vicar", title="VICAR image", medium="photo", suffixes=("vic", "vicar", "img"),
           media_type="application/octet-stream", reader="planetary"),
    Format(name="pds3", title="PDS3 image", medium="photo", suffixes=("img", "imq"),
           media_type="application/octet-stream", reader="planetary"),
    Format(name="PDS4 image", title="PDS4 image", medium="photo", suffixes=("img",),
           media_type="application/octet-stream", reader="planetary"),
    Format(name="PDS3 image", title="PDS3 image with a label next to it", medium="photo", suffixes=("img",),
           media_type="application/octet-stream", reader="planetary"),
    # -- sound
    _sound("wav", "WAV", _kinds(_WAVE_FORMS, b"WAVE"), "wav wave bwf rf64 bw64", "audio/wav"),
    _sound("w64", "Wave64", _at(0, b"riff\x2e\x91\xcf\x11"), "w64", "audio/x-w64"),
    _sound("aiff", "AIFF", _kinds((b"FORM",), b"AIFF", b"AIFC"), "aif aiff aifc", "audio/aiff"),
    _sound("iff", "8SVX or DSDIFF", (*_kinds((b"FORM",), b"8SVX", b"16SV", b"MAUD"), ((0, b"FRM8"), (12, b"DSD "))),
           "8svx svx iff dff", "audio/x-iff"),
    _sound("caf", "Core Audio", _at(0, b"caff\x00"), "caf", "audio/x-caf"),
    _sound("au", "AU", _at(0, b".snd"), "au snd", "audio/basic"),
    _sound("flac", "FLAC", _at(0, b"fLaC"), "flac", "audio/flac"),
    _sound("ogg", "Ogg", _at(0, b"OggS\x00"), "ogg oga ogv ogx opus spx", "video/ogg", sound_type="audio/ogg"),
    _sound("wv", "WavPack", _at(0, b"wvpk"), "wv", "audio/x-wavpack"),
    _sound("tta", "True Audio", _at(0, b"TTA1"), "tta", "audio/x-tta"),
    _sound("ape", "Monkey's Audio", _at(0, b"MAC "), "ape", "audio/x-ape"),
    _sound("mpc", "Musepack 7", _at(0, b"MP+\x07", b"MP+\x17"), "mpc", "audio/x-musepack"),
    _sound("mpc8", "Musepack 8", _at(0, b"MPCK"), "mpc", "audio/x-musepack"),
    _sound("dsf", "DSF", _at(0, b"DSD \x1c\x00\x00\x00"), "dsf", "audio/x-dsf"),
    _sound("amr", "AMR", _at(0, b"#!AMR\n", b"#!AMR-WB\n"), "amr awb", "audio/amr", is_bare=True),
    _sound("dts", "DTS", _at(0, b"\x7f\xfe\x80\x01", b"\xfe\x7f\x01\x80", b"\x1f\xff\xe8\x00\x07", b"\xff\x1f\x00\xe8"),
           "dts", "audio/vnd.dts", is_bare=True),
    _sound("truehd", "TrueHD", _at(4, b"\xf8\x72\x6f\xba"), "thd", "audio/x-truehd", is_bare=True),
    _sound("mlp", "MLP", _at(4, b"\xf8\x72\x6f\xbb"), "mlp", "audio/x-mlp", is_bare=True),
    _sound("mp3", "MP3", _at(0, b"ID3\x02", b"ID3\x03", b"ID3\x04"), "mp3 mp2 mp1 mpa", "audio/mpeg", is_bare=True),
    _sound("aac", "AAC (ADTS)", (), "aac adts", "audio/aac", check=begins_with(adts_frame), is_bare=True),
    _sound("loas", "AAC (LATM)", (), "latm loas xhe", "audio/mp4a-latm", check=begins_with(loas_frame), is_bare=True),
    _sound("ac3", "AC-3", (), "ac3", "audio/ac3", check=begins_with(ac3_frame), is_bare=True),
    _sound("eac3", "E-AC-3", (), "eac3 ec3", "audio/eac3", check=begins_with(eac3_frame), is_bare=True),
    # -- video, with or without sound
    _video("avi", "AVI", _kinds(_RIFF, b"AVI ", b"AVIX"), "avi", "video/x-msvideo"),
    _video("matroska,webm", "Matroska or WebM", _at(0, b"\x1aE\xdf\xa3"), "mkv mka mk3d webm", "video/x-matroska",
           "matroska webm", sound_type="audio/x-matroska"),
    _other("Canon CR3 raw photo", (), _RAW_TODO, check=_of_brand(b"crx ")),
    _video("mov,mp4,m4a,3gp,3g2,mj2", "MP4 or QuickTime",
           (*_at(4, b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"styp", b"moof", b"pnot", b"sidx"),
            ((4, b"jP  "), (20, b"mjp2"))),
           "mp4 m4a m4v m4b mov 3gp 3g2 qt mj2", "video/mp4", "mov", sound_type="audio/mp4", check=_has_boxes),
    _video("flv", "Flash Video", _at(0, b"FLV\x01"), "flv", "video/x-flv"),
    _video("asf", "Windows Media (ASF)", _at(0, b"0&\xb2u\x8ef\xcf\x11"), "asf wmv wma", "video/x-ms-asf",
           sound_type="audio/x-ms-wma"),
    _video("mxf", "MXF", _at(0, b"\x06\x0e\x2b\x34\x02\x05\x01\x01\x0d\x01\x02\x01\x01\x02"), "mxf", "application/mxf"),
    _video("nut", "NUT", _at(0, b"nut/multimedia container\x00"), "nut", "video/x-nut"),
    _video("ivf", "IVF", _at(0, b"DKIF"), "ivf", "video/x-ivf"),
    _video("yuv4mpegpipe", "YUV4MPEG2", _at(0, b"YUV4MPEG2 "), "y4m", "video/x-yuv4mpeg", is_text=True),
    _video("dv", "DV", _at(0, b"\x1f\x07\x00"), "dv dif", "video/dv", is_certain=False),
    _video("mpeg", "MPEG program stream", _at(0, b"\x00\x00\x01\xba"), "mpg mpeg vob mpe m2p", "video/mpeg",
           sound_type="audio/mpeg"),
    _video("mpegts", "MPEG transport stream", (), "ts m2ts mts m2t tp trp", "video/mp2t",
           check=lambda head: any(is_transport_stream(head, length) for length in (188, 192, 204))),
    _video("mpegvideo", "MPEG-1 or MPEG-2 video", _at(0, b"\x00\x00\x01\xb3"), "m1v m2v mpv", "video/mpeg",
           check=is_start_code_stream),
    _video("m4v", "MPEG-4 video", _at(0, b"\x00\x00\x01\xb0", b"\x00\x00\x01\xb5", b"\x00\x00\x01\x00",
                                      b"\x00\x00\x01\x20"), "m4v cmp", "video/mp4v-es",
           check=is_start_code_stream, is_certain=False),
    _video("h264", "H.264 without a container", (), "h264 264 avc jsv", "video/h264", check=is_start_code_stream,
           is_certain=False),
    _video("hevc", "HEVC without a container", (), "hevc h265 265", "video/h265", check=is_start_code_stream,
           is_certain=False),
    # -- known, never opened
    _other("VC-1 without a container", _at(0, b"\x00\x00\x01\x0f"), _VIDEO_TODO),
    _other("VVC without a container", _at(0, b"\x00\x00\x00\x01\x00\x79", b"\x00\x00\x00\x01\x00\x71"), _VIDEO_TODO),
    _other("Dirac video", _at(0, b"BBCD\x00"), _VIDEO_TODO),
    _other("AV1 without a container", _at(0, b"\x12\x00\x0a"), _VIDEO_TODO),
    _other("RealMedia", _at(0, b".RMF", b".RMP"), _VIDEO_TODO),
    _other("RealAudio", _at(0, b".ra\xfd"), _SOUND_TODO),
    _other("Windows recorded TV", _at(0, b"\xb7\xd8\x00\x20\x37\x49\xda\x11\xa6\x4e"), _VIDEO_TODO),
    _other("GXF", _at(0, b"\x00\x00\x00\x00\x01\xbc"), _VIDEO_TODO),
    _other("Shockwave Flash", _at(0, b"FWS", b"CWS", b"ZWS"), _VIDEO_TODO, check=lambda head: head[3:4] < b"\x40"),
    _other("Bink video", _at(0, b"BIKb", b"BIKf", b"BIKi", b"KB2"), _VIDEO_TODO),
    _other("Redcode raw video", _at(4, b"RED1", b"RED2"), _VIDEO_TODO),
    _other("SER video", _at(0, b"LUCAM-RECORDER"), _VIDEO_TODO),
    _other("Phantom Cine video", _at(0, b"CI,\x00"), _VIDEO_TODO),
    _other("Autodesk FLIC animation", _at(4, b"\x11\xaf", b"\x12\xaf", b"\x30\xaf", b"\x31\xaf", b"\x44\xaf"),
           _VIDEO_TODO, check=_has_flic_header),
    _other("Smacker video", _at(0, b"SMK2", b"SMK4"), _VIDEO_TODO),
    _other("Silicon Graphics movie", _at(0, b"MOVI\x00"), _VIDEO_TODO),
    _other("AMV video", _kinds(_RIFF, b"AMV "), _VIDEO_TODO),
    _other("MIDI file", _at(0, b"MThd") + _kinds(_RIFF, b"RMID"), _RECORD),
    _other("tracker music",
           (*_at(0, b"IMPM", b"Extended Module: ", b"MTM\x10", b"MAS_UTrack_V00"), *_at(20, b"!Scream!"),
            *_at(44, b"SCRM"), *_at(1080, b"M.K.", b"M!K!", b"M&K!", b"N.T.", b"FLT4", b"FLT8", b"4CHN", b"6CHN",
                                    b"8CHN", b"OKTA", b"OCTA", b"CD81")), _RECORD),
    _other("QCELP sound", _kinds(_RIFF, b"QLCM"), _SOUND_TODO),
    _other("AAC (ADIF)", _at(0, b"ADIF"), _SOUND_TODO),
    _other("True Audio 2", _at(0, b"TTA2"), _SOUND_TODO),
    _other("OptimFROG sound", _at(0, b"OFR "), _SOUND_TODO),
    _other("Shorten sound", _at(0, b"ajkg"), _SOUND_TODO),
    _other("TAK sound", _at(0, b"tBaK"), _SOUND_TODO),
    _other("Creative Voice sound", _at(0, b"Creative Voice File\x1a"), _SOUND_TODO),
    _other("NIST SPHERE sound", _at(0, b"NIST_1A\n"), _SOUND_TODO, is_text=True),
    _other("SoX sound", _at(0, b".SoX", b"XoS."), _SOUND_TODO),
    _other("IRCAM sound", _at(0, b"\x64\xa3\x01\x00", b"\x64\xa3\x02\x00", b"\x64\xa3\x03\x00", b"\x00\x00\xa3\x64",
                              b"\x00\x01\xa3\x64"), _SOUND_TODO),
    _other("JPEG XL image", _at(0, b"\xff\x0a", b"\x00\x00\x00\x0cJXL \r\n\x87\n"), _PICTURE_TODO,
           check=lambda head: head[:2] != b"\xff\x0a" or (len(head) > 2 and head[:4] != b"\xff\x0a\xff\x0a")),
    _other("JPEG XR image", _at(0, b"II\xbc\x01"), _PICTURE_TODO),
    _other("JPEG XS image", _at(0, b"\xff\x10\xff\x50"), _PICTURE_TODO),
    _other("JPEG 2000 document", (((4, b"jP  "), (20, b"jpm ")),), _PICTURE_TODO),
    _other("Photoshop large document", _at(0, b"8BPS\x00\x02"), _PICTURE_TODO),
    _other("OpenEXR image", _at(0, b"\x76\x2f\x31\x01"), _PICTURE_TODO),
    _other("Radiance image", _at(0, b"#?RADIANCE", b"#?RGBE"), _PICTURE_TODO, is_text=True),
    _other("FITS image", _at(0, b"SIMPLE  ="), _EXPORT, is_text=True, media_type="image/fits"),
    _other("ISIS cube", (), "export it as TIFF with isis2std, or take the product from which it was made",
           check=_matches(rb"(?s)\s*Object\s*=\s*IsisCube\s(?!.*\^Core\s*=).*\x00"), is_text=True),
    _other("DPX image", _at(0, b"SDPX", b"XPDS"), _PICTURE_TODO),
    _other("Cineon image", _at(0, b"\x80\x2a\x5f\xd7", b"\xd7\x5f\x2a\x80"), _PICTURE_TODO),
    _other("NITF image", _at(0, b"NITF02.", b"NITF01.", b"NSIF01."), _PICTURE_TODO, is_text=True),
    _other("IFF picture", _kinds((b"FORM",), b"ILBM", b"PBM ", b"ANIM"), _PICTURE_TODO),
    _other("GIMP image", _at(0, b"gimp xcf "), _PICTURE_TODO),
    _other("QOI image", _at(0, b"qoif"), _PICTURE_TODO),
    _other("DICOM image", _at(128, b"DICM"), _PICTURE_TODO),
    _other("PCX image", (), _PICTURE_TODO,
           check=_matches(rb"\x0a[\x00-\x05]\x01[\x01\x02\x04\x08].{60}\x00[\x01-\x04]")),
    _other("Fujifilm raw photo", _at(0, b"FUJIFILMCCD-RAW"), _RAW_TODO),
    _other("Olympus raw photo", _at(0, b"IIRO", b"IIRS", b"MMOR"), _RAW_TODO),
    _other("Panasonic raw photo", _at(0, b"IIU\x00"), _RAW_TODO),
    _other("Canon CRW raw photo", _at(6, b"HEAPCCDR"), _RAW_TODO),
    _other("Sigma raw photo", _at(0, b"FOVb"), _RAW_TODO),
    _other("Minolta raw photo", _at(0, b"\x00MRM"), _RAW_TODO),
    _other("Windows icon", _at(0, b"\x00\x00\x01\x00", b"\x00\x00\x02\x00"), _PICTURE_TODO,
           check=lambda head: len(head) >= 22 and 0 < head[4] <= 64 and head[5] == 0 and head[9] == 0),
    _other("DirectDraw surface", _at(0, b"DDS \x7c"), _PICTURE_TODO),
    _other("BLP texture", _at(0, b"BLP1", b"BLP2"), _PICTURE_TODO),
    _other("SGI image", (), _PICTURE_TODO, check=_matches(rb"\x01\xda[\x00\x01][\x01\x02]\x00[\x01-\x03]")),
    _other("Sun raster image", _at(0, b"\x59\xa6\x6a\x95"), _PICTURE_TODO),
    _other("MSP image", _at(0, b"DanM", b"LinS"), _PICTURE_TODO),
    _other("DjVu document", _at(0, b"AT&TFORM"), _EXPORT),
    _other("PDF document", _at(0, b"%PDF"), _EXPORT, is_text=True, media_type="application/pdf"),
    _other("PostScript document", _at(0, b"%!PS", b"\xc5\xd0\xd3\xc6"), _EXPORT, is_text=True,
           media_type="application/postscript"),
    _other("RTF document", _at(0, b"{\\rtf"), "save it as plain text if it describes the release", is_text=True,
           media_type="application/rtf"),
    _other("HDF5 file", _at(0, b"\x89HDF\r\n\x1a\n"), _EXPORT),
    _other("HDF4 file", _at(0, b"\x0e\x03\x13\x01"), _EXPORT),
    _other("NetCDF file", _at(0, b"CDF\x01", b"CDF\x02", b"CDF\x05"), _EXPORT),
    _other("CDF file", _at(0, b"\xcd\xf3\x00\x01", b"\xcd\xf2\x60\x02"), _EXPORT),
    _other("GRIB file", _at(0, b"GRIB"), _EXPORT),
    _other("MATLAB file", _at(0, b"MATLAB 5.0 MAT-file"), _EXPORT, is_text=True),
    _other("IDL save file", _at(0, b"SR\x00\x04"), _EXPORT),
    _other("NumPy array", _at(0, b"\x93NUMPY"), _EXPORT),
    _other("Parquet table", _at(0, b"PAR1"), _NOTHING),
    _other("SQLite database", _at(0, b"SQLite format 3\x00"), _NOTHING),
    _other("Office document", _at(0, b"PK\x03\x04"), _EXPORT,
           check=_zip_of(b"[Content_Types].xml", b"word/", b"ppt/slides", b"xl/workbook",
                         b"mimetypeapplication/vnd.oasis.opendocument")),
    _other("EPUB book", _at(0, b"PK\x03\x04"), _EXPORT, check=_zip_of(b"mimetypeapplication/epub"),
           media_type="application/epub+zip"),
    _other("ZIP archive", _at(0, b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08"), _UNPACK, media_type="application/zip"),
    _other("Office document of before 2007", _at(0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), _EXPORT),
    _other("gzip archive", _at(0, b"\x1f\x8b\x08"), _UNPACK, media_type="application/gzip"),
    _other("bzip2 archive", _at(0, b"BZh"), _UNPACK, check=_matches(rb"BZh[1-9](1AY&SY|\x17rE8P\x90)")),
    _other("xz archive", _at(0, b"\xfd7zXZ\x00"), _UNPACK),
    _other("zstd archive", _at(0, b"\x28\xb5\x2f\xfd"), _UNPACK),
    _other("LZ4 archive", _at(0, b"\x04\x22\x4d\x18"), _UNPACK),
    _other("7-Zip archive", _at(0, b"7z\xbc\xaf\x27\x1c"), _UNPACK),
    _other("RAR archive", _at(0, b"Rar!\x1a\x07"), _UNPACK),
    _other("cabinet archive", _at(0, b"MSCF"), _UNPACK),
    _other("tar archive", (), _UNPACK, check=lambda head: head.startswith(b"ustar", 257)),
    _other("disc image", _at(32769, b"CD001"), _UNPACK),
    _other("macOS folder settings", _at(0, b"\x00\x00\x00\x01Bud1"), _NOTHING),
    _other("macOS resource fork", _at(0, b"\x00\x05\x16\x07", b"\x00\x05\x16\x00"), _NOTHING),
    _other("program", _at(0, b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe"), _NOTHING),
    _other("Windows program", _at(0, b"MZ"), _NOTHING,
           check=lambda head: b"PE\x00\x00" in head[:4096] or b"This program" in head),
    _other("Targa image", (), _PICTURE_TODO, check=_is_targa),
    _other("macOS icon", _at(0, b"icns"), _PICTURE_TODO),
    _other("font", _at(0, b"OTTO\x00", b"wOFF", b"wOF2", b"\x00\x01\x00\x00\x00"), _NOTHING,
           check=lambda head: head[:1] != b"\x00" or head[5:6] < b"\x40"),
)  # fmt: skip
"""Formats in the order tried; the first match applies."""

BY_NAME = {row.name: row for row in FORMATS}
_BY_READER = {reader: row for row in FORMATS for reader in row.readers}

DEMUXERS = ",".join(sorted({name for row in FORMATS if row.reader == "FFmpeg" for name in row.readers}))
"""Allowed FFmpeg demuxers; each reads one self-contained file."""
PICTURE_READERS = tuple(sorted({name for row in FORMATS if row.reader == "Pillow" for name in row.readers}))
"""Allowed Pillow readers."""
STRIP_LOADERS = {row.name: row.strips for row in FORMATS if row.strips}
"""libvips loader by source format; other formats are not opened with libvips."""
BARE = frozenset(row.name for row in FORMATS if row.is_bare)
WITHOUT_LENGTH = frozenset({"mpeg", "mpegts"})
"""Formats whose headers state no length: FFmpeg takes it from the first and the last time stamps that it finds."""
MEDIA_SUFFIXES = tuple(sorted({f".{suffix}" for row in FORMATS if row.medium for suffix in row.suffixes}))
"""Suffixes of media; text with such a name is not a companion of a release but a failed download."""


def title_of(name: str) -> str:
    """Return the readable name of a format."""
    row = BY_NAME.get(name) or _BY_READER.get(name.partition(",")[0])
    return row.title if row else name


def media_type_of(name: str, medium: str | None, file_name: str = "") -> str:
    """Return the media type of a source as released; `application/octet-stream` if its format has none."""
    row = BY_NAME.get(name) or _BY_READER.get(name.partition(",")[0])
    if row is None:
        return UNKNOWN_TYPE
    if row.name == "matroska,webm" and file_name.lower().endswith(".webm"):
        return "audio/webm" if medium == "audio" else "video/webm"
    return row.sound_type if medium == "audio" and row.sound_type else row.media_type


def belongs(suffix: str, name: str) -> bool:
    """Return whether a suffix suits a file of this format; a suffix of no format suits all."""
    owners = {row.name for row in FORMATS if suffix in row.suffixes}
    return not owners or name in owners


MISNAMED = "named ."
"""Beginning of the note on a media file whose suffix is that of another format."""


def misnamed_note(suffix: str, name: str) -> str:
    """Return the note on a file of a format to which its suffix does not belong."""
    return f"{MISNAMED}{suffix}, but the bytes are {title_of(name)}"


_SUFFIXES_WITH_SOUND = frozenset(
    suffix for row in FORMATS if row.medium in ("video", "audio") for suffix in row.suffixes
)


def may_have_sound(file_name: str) -> bool:
    """Return whether a file of that name may have sound: those of photos and of no medium have none."""
    return file_name.rpartition(".")[2].lower() in _SUFFIXES_WITH_SOUND
