"""What decoders raise becomes ours: bad bytes are the file's fault, a machine without threads or memory is not."""

from __future__ import annotations

import errno

import av.error
import pytest

from processors.decoding import decoder_errors
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
