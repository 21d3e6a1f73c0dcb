"""What decoders raise becomes ours: bad bytes are the file's fault, a machine without threads or memory is not."""

from __future__ import annotations

import errno
import io
import struct
from pathlib import Path

import av.error
import av.logging
import pytest

from processors.decoding.open_media import decoder_errors, open_container, open_picture
from processors.errors import MORE_MEMORY, DamagedMedia, OutOfMemory, UnsupportedMedia


@pytest.mark.parametrize(
    ("raised", "expected", "words"),
    [
        (av.error.InvalidDataError(1, "bad data"), DamagedMedia, "bad data (while testing)"),
        (
            av.error.InvalidDataError(1, "Invalid data found when processing input"),
            DamagedMedia,
            "the data break the rules of the format (while testing)",
        ),
        (
            av.error.ArgumentError(errno.EINVAL, "Invalid argument"),
            DamagedMedia,
            "the data hold a value that the decoder cannot use (while testing)",
        ),
        (
            av.error.ExternalError(1, "Generic error in an external library"),
            DamagedMedia,
            "the decoder gives no reason (while testing)",
        ),
        (OSError("image file is truncated"), DamagedMedia, "image file is truncated (while testing)"),
        (MemoryError(), OutOfMemory, "needs more memory than one file may use, while testing: " + MORE_MEMORY),
        (OSError(errno.ENOSPC, "No space left on device"), OSError, "No space left on device"),
        (
            OSError(errno.EINVAL, "Invalid argument"),
            DamagedMedia,
            "it points to a place outside itself (while testing)",
        ),
        (
            av.error.BlockingIOError(errno.EAGAIN, "try again"),
            BlockingIOError,
            "the machine has no thread or memory left",
        ),
    ],
)
def test_each_fault_gets_the_class_of_its_reaction(raised: Exception, expected: type[Exception], words: str) -> None:
    with pytest.raises(expected) as caught, decoder_errors("testing"):
        raise raised
    assert type(caught.value) is expected
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\0\0\0\x18ftypisom\0\0\2\0isomiso2" + bytes(4000), "moov atom not found (while opening the container)"),
        (b"RIFF\x24\0\0\0WAVEdata" + bytes(4000), "no 'fmt ' or 'XMA2' tag found (while opening the container)"),
        (bytes(4000), "the data break the rules of the format (while opening the container)"),
    ],
    ids=["mp4", "wav", "nothing"],
)
def test_ffmpegs_message_on_a_refused_file_is_the_reason(
    content: bytes, words: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(DamagedMedia) as caught:
        open_container(io.BytesIO(content))
    assert caught.value.what == words
    cut_off = "moov" in words
    assert caught.value.todo == (
        "download it again" if cut_off else "download it again, or convert it with another tool"
    )
    assert av.logging.get_level() is None
    assert (caplog.text, *capfd.readouterr()) == ("", "", "")


def test_a_picture_of_an_unknown_kind_is_unsupported_and_a_damaged_one_is_not() -> None:
    entries = [
        (256, 4, 1, 2),
        (257, 4, 1, 2),
        (258, 3, 1, 64),
        (259, 3, 1, 1),
        (262, 3, 1, 1),
        (273, 4, 1, 8),
        (277, 3, 1, 1),
        (278, 4, 1, 2),
        (279, 4, 1, 32),
        (339, 3, 1, 3),
    ]
    folder = struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", *entry) for entry in entries) + bytes(4)
    data = b"II*\0" + struct.pack("<I", 40) + bytes(32) + folder
    with pytest.raises(UnsupportedMedia) as caught:
        open_picture(io.BytesIO(data))
    assert str(caught.value) == (
        "a kind of picture that is not supported (unknown pixel mode): convert it to TIFF or PNG of 8 or 16 bits"
    )
    with pytest.raises(DamagedMedia, match="no picture reader accepts its bytes"):
        open_picture(io.BytesIO(b"\x89PNG\r\n\x1a\n" + bytes(64)))


def test_decoder_that_seeks_to_before_the_start_is_the_files_fault(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"x")
    with (
        (tmp_path / "x").open("rb") as file,
        pytest.raises(DamagedMedia, match=r"it points to a place outside itself \(while going back\)"),
        decoder_errors("going back"),
    ):
        file.seek(-22)


def test_a_kind_of_file_that_ffmpeg_does_not_read_yet_is_not_supported() -> None:
    """RIFX with the extensible header, which FFmpeg answers with "patches welcome"."""
    head = struct.pack(">HHIIHHHHIIHH", 0xFFFE, 1, 48_000, 96_000, 2, 16, 22, 16, 4, 1, 0, 16)
    head += bytes.fromhex("800000aa00389b71")
    inside = b"WAVEfmt " + struct.pack(">I", len(head)) + head + b"data" + struct.pack(">I", 96) + bytes(96)
    with pytest.raises(UnsupportedMedia) as caught:
        open_container(io.BytesIO(b"RIFX" + struct.pack(">I", len(inside)) + inside))
    assert caught.value.args == (
        "a kind of file that is not supported (FFmpeg does not read it yet)",
        "convert it with the program that made it",
    )
