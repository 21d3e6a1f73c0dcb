"""A file whose seeks to places that do not exist fail as FFmpeg expects, so that FFmpeg goes on reading."""

from __future__ import annotations

import errno
from typing import BinaryIO


class SeekingFile:
    """Methods that PyAV calls on an open file; a seek to before its start is answered with an error number.

    An exception would end the reading of a file that FFmpeg reads, such as a NUT whose index at the end is cut off.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.read, self.tell, self.close = file.read, file.tell, file.close
        self.readable, self.seekable = file.readable, file.seekable
        self.name = getattr(file, "name", "")

    def seek(self, offset: int, whence: int = 0) -> int:
        """Move to a place and return it; a negative error number if there is no such place."""
        try:
            return self._file.seek(offset, whence)
        except ValueError:  # of bytes in memory
            return -errno.EINVAL
        except OSError as error:
            if error.errno != errno.EINVAL:
                raise
            return -errno.EINVAL
