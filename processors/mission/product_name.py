"""Product names: the content of file names in a mission's archive, read by a pattern of the mission's profile."""

from __future__ import annotations

import re
import string
from dataclasses import dataclass

from processors.mission.when import When, parse_when

MAX_NAME_CHARACTERS = 255
"""Longest name that a pattern is tried on: a pattern may take long for a longer one, and no file system has one."""


@dataclass(frozen=True, kw_only=True)
class ProductName:
    """Content of a product name; None for what names of this archive do not state."""

    start: When | None
    stop: When | None
    sol: int | None


@dataclass(frozen=True, kw_only=True)
class NamePattern:
    """Names of one archive. Templates are texts with groups of the pattern in braces.

    Raises
    ------
    ValueError : the pattern is no regular expression, a template names a group that it lacks, or the example is no
        product name.
    """

    pattern: str
    """Regular expression with named groups, which must match the whole name."""
    example: str
    """Name of a file in the archive."""
    start: str | None = None
    """Template of the start of the recording, as a date that `parse_when` reads."""
    stop: str | None = None
    """Template of its end."""
    sol: str | None = None
    """Template of the sol, a whole number."""

    def __post_init__(self) -> None:
        try:
            groups = re.compile(self.pattern).groupindex
        except re.error as error:
            raise ValueError(f"pattern: not a regular expression ({error})") from error
        for key in ("start", "stop", "sol"):
            template = getattr(self, key) or ""
            try:
                named = [name for _, name, _, _ in string.Formatter().parse(template) if name is not None]
            except ValueError as error:
                raise ValueError(f"{key}: braces do not pair ({template!r})") from error
            if unknown := [name for name in named if name not in groups]:
                raise ValueError(f"{key}: the pattern has no group {unknown[0]!r}; use {', '.join(groups) or 'none'}")
        if self.read(self.example) is None:
            raise ValueError(f"example: not a product name by this pattern ({self.example!r})")

    def read(self, name: str) -> ProductName | None:
        """Read a file name; None for any other name, and for impossible times."""
        if len(name) > MAX_NAME_CHARACTERS:
            return None
        match = re.fullmatch(self.pattern, name)
        if match is None:
            return None
        groups = match.groupdict("")
        try:
            return ProductName(
                start=parse_when(self.start.format_map(groups)) if self.start else None,
                stop=parse_when(self.stop.format_map(groups)) if self.stop else None,
                sol=int(self.sol.format_map(groups)) if self.sol else None,
            )
        except ValueError:
            return None
