"""What decoders raise becomes ours: bad bytes are the file's fault, a machine without threads or memory is not."""

from __future__ import annotations

import errno
import io

import av.error
import av.logging
import pytest

from processors.decoding import decoder_errors, open_container
from processors.errors import DamagedMedia, RefusedMedia


@pytest.mark.parametrize(
    ("raised", "expected", "words"),
    [
        (av.error.InvalidDataError(1, "bad data"), DamagedMedia, "bad data (while testing)"),
        (OSError("image file is truncated"), DamagedMedia, "image file is truncated (while testing)"),
        (MemoryError(), RefusedMedia, "needs more memory than one file may use, while testing: raise --memory-mb"),
        (OSError(errno.ENOSPC, "No space left on device"), OSError, "No space left on device"),
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
        (bytes(4000), "Invalid data found when processing input (while opening the container)"),
    ],
    ids=["mp4", "wav", "nothing"],
)
def test_what_ffmpeg_says_of_a_file_it_refuses_is_the_reason(
    content: bytes, words: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(DamagedMedia) as caught:
        open_container(io.BytesIO(content))
    assert caught.value.what == words
    assert av.logging.get_level() is None
    assert (caplog.text, *capfd.readouterr()) == ("", "", "")
