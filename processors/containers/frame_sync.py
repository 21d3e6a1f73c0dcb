"""Detection of headerless formats by several frames in a row, each beginning where the one before declares its end.

Every picture contains two or four bytes that look like the start of a frame, but not several frames in a row.
"""

from __future__ import annotations

import re
from collections.abc import Callable

Frame = tuple[int, tuple[int, ...]]
"""A frame's length in bytes, and the values that must be equal in all frames of a stream."""
FrameAt = Callable[[bytes, int], Frame | None]
"""Function that returns the frame at an offset in these bytes, or None if no frame can begin there."""

MIN_FRAMES = 4
"""Frames required in a row; fewer suffice if the file ends with the last of them."""
MIN_FRAMES_BEHIND_JUNK = 8
MIN_FRAMES_TO_THE_END = 2
XING_BYTES = 64
"""Bytes searched for the Xing mark, which follows the frame's header and side information (at most 36 bytes)."""

_TAGS_BEHIND = (b"TAG", b"APETAGEX", b"LYRICSBEGIN", b"ID3")

_MPEG_KBIT_S = {
    (1, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (1, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (1, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (2, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
"""kbit/s by version and layer (ISO/IEC 11172-3, 2.4.2.3; 13818-3, 2.4.2.3); layer 3 of version 2 equals its layer 2."""
_MPEG_RATES_HZ = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
_AC3_KBIT_S = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640)


def mpeg_audio_frame(data: bytes, place: int) -> Frame | None:
    """Return the MPEG audio frame (MP1, MP2, MP3) that begins here, or None."""
    head = data[place : place + 4]
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return None
    version, layer = head[1] >> 3 & 3, 4 - (head[1] >> 1 & 3)
    rate_code, kbit_code, padding = head[2] >> 2 & 3, head[2] >> 4, head[2] >> 1 & 1
    if version == 1 or layer == 4 or rate_code == 3 or kbit_code in (0, 15):
        return None
    generation = 1 if version == 3 else 2
    kbit_s = _MPEG_KBIT_S[generation, layer if generation == 1 else min(layer, 2)][kbit_code - 1]
    rate_hz = _MPEG_RATES_HZ[version][rate_code]
    if head[3] & 3 == 2 or (version == 0 and layer < 3) or not (layer < 3 or _has_side_information(data, place)):
        return None
    same = (version, layer, rate_code, head[3] >> 6 == 3)
    if layer == 1:
        return (12000 * kbit_s // rate_hz + padding) * 4, same
    return (72000 if layer == 3 and generation == 2 else 144000) * kbit_s // rate_hz + padding, same


def _has_side_information(data: bytes, place: int) -> bool:
    """Return whether layer 3 states at most 288 pairs per granule (ISO/IEC 11172-3, 2.4.1.7); True at the end."""
    is_first_version, is_mono = data[place + 1] >> 3 & 3 == 3, data[place + 3] >> 6 == 3
    start = place + (4 if data[place + 1] & 1 else 6)
    size = (17 if is_mono else 32) if is_first_version else (9 if is_mono else 17)
    bits, left = int.from_bytes(data[start : start + size]), size * 8
    if len(data) < start + size:
        return True
    channels = 1 if is_mono else 2
    left -= (9 + (5 if is_mono else 3) + 4 * channels) if is_first_version else (8 + channels)
    step = 59 if is_first_version else 63
    granules = channels * (2 if is_first_version else 1)
    return all((bits >> left - number * step - 21 & 0x1FF) <= 288 for number in range(granules))


def adts_frame(data: bytes, place: int) -> Frame | None:
    """Return the AAC frame (ISO/IEC 13818-7, 6.2) that begins here, or None."""
    head = data[place : place + 7]
    if len(head) < 7 or head[0] != 0xFF or head[1] & 0xF6 != 0xF0 or head[2] >> 2 & 15 > 12:
        return None
    length = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
    return (length, (head[1], head[2] & 0xFD, head[3] >> 6)) if length > 7 else None


def loas_frame(data: bytes, place: int) -> Frame | None:
    """Return the AAC frame in LATM (ISO/IEC 14496-3, 1.7.2) that begins here, or None."""
    head = data[place : place + 3]
    if len(head) < 3 or head[0] != 0x56 or head[1] & 0xE0 != 0xE0:
        return None
    length = (head[1] & 0x1F) << 8 | head[2]
    return (length + 3, ()) if length > 3 else None


def ac3_frame(data: bytes, place: int) -> Frame | None:
    """Return the AC-3 frame (ATSC A/52, 5.3) that begins here, or None."""
    head = data[place : place + 6]
    if len(head) < 6 or head[:2] != b"\x0bw" or head[5] >> 3 > 10 or head[4] >> 6 == 3 or head[4] & 63 > 37:
        return None
    rate_code, size_code = head[4] >> 6, head[4] & 63
    kbit_s = _AC3_KBIT_S[size_code >> 1]
    words = (kbit_s * 2, kbit_s * 96000 // 44100 + (size_code & 1), kbit_s * 3)[rate_code]
    return words * 2, (rate_code,)


def eac3_frame(data: bytes, place: int) -> Frame | None:
    """Return the E-AC-3 frame (ATSC A/52, annex E) that begins here, or None."""
    head = data[place : place + 6]
    if len(head) < 6 or head[:2] != b"\x0bw" or not 10 < head[5] >> 3 <= 16:
        return None
    return (((head[2] & 7) << 8 | head[3]) + 1) * 2, (head[4] >> 6,)


def dts_frame(data: bytes, place: int) -> Frame | None:
    """Return the DTS core frame (ETSI TS 102 114, 5.3; 16-bit big-endian) that begins here, or None."""
    head = data[place : place + 8]
    if len(head) < 8 or head[:4] != b"\x7f\xfe\x80\x01":
        return None
    return ((head[5] & 3) << 12 | head[6] << 4 | head[7] >> 4) + 1, ()


def begins_with(frame_at: FrameAt) -> Callable[[bytes], bool]:
    """Return a test of a file's first bytes: whether frames of this kind follow one another from the first byte."""
    return lambda data: follow_one_another(data, 0, frame_at)


FRAMES: dict[str, FrameAt] = {
    "mp3": mpeg_audio_frame,
    "aac": adts_frame,
    "loas": loas_frame,
    "ac3": ac3_frame,
    "eac3": eac3_frame,
    "dts": dts_frame,
}
"""Frame functions by format name."""


_EXTENSIONS = {"dts": b"\x64\x58\x20\x25"}
"""Beginning of what may follow the frame in a packet (ETSI TS 102 114, 7.4)."""


def missing_of_last(data: bytes, file_format: str) -> int:
    """Return how many declared bytes the last of these frames lacks; 0 if it is complete or this is unknown."""
    return max(0, _end_of_frames(data, file_format) - len(data))


def misfit_of(data: bytes, file_format: str) -> str | None:
    """Return, in words, how far a packet ends before or after its frames do; None if with them, or if unknown."""
    end = _end_of_frames(data, file_format)
    if end > len(data):
        return f"a frame declares {end} bytes, and the next one begins after {len(data)}"
    rest = data[end:]
    extension = _EXTENSIONS.get(file_format)
    if end == 0 or not rest.strip(b"\0") or (extension and rest.startswith(extension)):
        return None
    return f"{len(rest)} bytes between two frames belong to neither"


def _end_of_frames(data: bytes, file_format: str) -> int:
    """Return where the frames that begin with the first byte end by their headers; 0 without one."""
    frame_at, place = FRAMES.get(file_format), 0
    while frame_at and place < len(data) and (frame := frame_at(data, place)) is not None:
        place += frame[0]
    return place


def has_mpeg_audio(data: bytes) -> bool:
    """Return whether MPEG audio frames begin anywhere in these bytes: after tags, zeros or a partial frame."""
    return mpeg_audio_start(data) is not None


def mpeg_audio_start(data: bytes) -> int | None:
    """Return where frames of MPEG audio begin in these bytes; None where they do not.

    A first frame that counts the others (Xing or Info) suffices alone.
    """
    first = mpeg_audio_frame(data, 0)
    if first and re.search(rb"Xing|Info", data[: min(first[0], XING_BYTES)]):
        return 0
    for found in re.finditer(rb"\xff(?=[\xe2-\xe7\xf2-\xff][\x10-\xef])", data):
        place = found.start()
        min_frames = MIN_FRAMES_BEHIND_JUNK if place else MIN_FRAMES
        if follow_one_another(data, place, mpeg_audio_frame, min_frames):
            return place
    return None


def follow_one_another(data: bytes, place: int, frame_at: FrameAt, min_frames: int = MIN_FRAMES) -> bool:
    """Return True if `min_frames` frames of this kind follow one another from here, or fewer reach the end."""
    first = frame_at(data, place)
    if first is None or data.find(data[place : place + 3], place + 3, place + first[0]) >= 0:
        return False  # rows of a picture repeat within the supposed frame
    count, frame = 0, first
    while frame is not None and frame[1] == first[1]:
        count += 1
        place += frame[0]
        if count >= min_frames:
            return True
        if place >= len(data) or data.startswith(_TAGS_BEHIND, place):
            return count >= MIN_FRAMES_TO_THE_END
        frame = frame_at(data, place)
    return False


def is_transport_stream(data: bytes, packet_bytes: int = 188) -> bool:
    """Return whether MPEG transport stream packets (ISO/IEC 13818-1, 2.4.3) follow one another, starting in the first.

    Parameters
    ----------
    packet_bytes : distance between packets: 188, 192 with a timestamp before each (AVCHD), 204 with a checksum.
    """
    for start in range(min(packet_bytes, len(data))):
        if data[start] == 0x47:
            places = range(start, min(len(data) - 3, start + 10 * packet_bytes), packet_bytes)
            if len(places) >= 3 and all(_is_packet(data, place) for place in places):
                return True
    return False


def _is_packet(data: bytes, place: int) -> bool:
    """Check the sync byte, the error flag and the adaptation field control."""
    return data[place] == 0x47 and not data[place + 1] & 0x80 and bool(data[place + 3] & 0x30)


def is_start_code_stream(data: bytes) -> bool:
    """Return whether start-code units follow one another from the first byte: H.264 and HEVC Annex B, MPEG-1 to 4.

    32-bit numbers can look like this, so a decoder must confirm it.
    """
    if not re.match(rb"\x00{2,3}\x01", data):
        return False
    return len(re.findall(rb"\x00\x00\x01[\x00-\x7f\xb0-\xb8]", data)) >= MIN_FRAMES_TO_THE_END
