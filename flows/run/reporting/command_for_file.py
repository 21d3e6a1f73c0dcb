"""Commands in the words of a result, which do not have the name of its file: it is put in where they are printed."""

from __future__ import annotations

import shlex

COMMAND = "marsmedia reprocess {} "
UNNAMED = COMMAND.format("FILE")


def with_file_named(words: str, file: str) -> str:
    """Return the words of a result with the file that they are about in place of FILE in its command."""
    return words.replace(UNNAMED, COMMAND.format(shlex.quote(file)))
