"""Text for XML 1.0."""

from __future__ import annotations

import re
from xml.sax.saxutils import escape

NOT_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters not allowed by XML 1.0, 2.2."""


def xml_characters(text: str) -> str:
    """Return the text with question marks for the characters that XML does not allow."""
    return NOT_XML.sub("?", text)


def xml_escaped(text: str) -> str:
    """Return the text as the content of an element."""
    return escape(xml_characters(text))
