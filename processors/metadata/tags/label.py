"""Labels next to a file or inside it: PDS4 and CNSA XML, PDS3 and VICAR text, as tags with their original names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from processors.containers.text.unknown_text import decoded, text_bytes
from processors.errors import RefusedMedia
from processors.metadata.tags.tag_records import Tag, encoded_tag, text_tag
from processors.planetary.labels import MAX_LABEL_BYTES, is_xml, label_root, xml_entries
from processors.planetary.pvl import is_absent, statements

MAX_TAGS = 20_000
INSIDE = "inside"
"""Name of the label that a file begins with, in the sources of statements."""


def label_tags(data: bytes) -> tuple[Tag, ...]:
    """Yield every value of a label, in label order.

    Raises
    ------
    DamagedMedia : neither XML nor `KEY = VALUE` text.
    RefusedMedia : it declares a document type or entities, or is over a limit.
    """
    if len(data) > MAX_LABEL_BYTES:
        raise RefusedMedia(f"a label of {len(data)} bytes is over the limit of {MAX_LABEL_BYTES}", "shorten it")
    if is_xml(data):
        tags = (text_tag("pds4", name, value) for name, value in xml_entries(label_root(data)))
    else:
        text = decoded(data)
        if text is None:
            entries = statements(data.decode("latin-1"))
            tags = (encoded_tag("pds3", name, text_bytes(value)) for name, value in entries)
        else:
            tags = pvl_tags(text)
    return tuple(tag for tag, _ in zip(tags, range(MAX_TAGS), strict=False))


def label_inside(tags: Iterable[Tag]) -> tuple[Tag, ...]:
    """Return those of a file's own tags that are entries of the label that it begins with."""
    return tuple(tag for tag in tags if tag.namespace in ("pds3", "vicar"))


def pvl_tags(text: str) -> Iterator[Tag]:
    """Yield `KEY = VALUE` statements up to END; names include the enclosing OBJECT or GROUP."""
    return (text_tag("pds3", name, value) for name, value in statements(text))


def found(tags: tuple[Tag, ...], *names: str) -> Tag | None:
    """Return the first tag whose last part is one of these names, ignoring case; nil and NULL count as missing."""
    wanted = {name.casefold() for name in names}
    return next((tag for tag in tags if last_part(tag) in wanted and not is_absent(str(tag.value))), None)


def last_part(tag: Tag) -> str:
    """Return a tag's own name in lower case, without enclosing objects and namespace."""
    return tag.name.rpartition("/")[2].rpartition(":")[2].casefold()


def files_described(tags: tuple[Tag, ...]) -> set[str]:
    """Return the names of the files that a label describes, in lower case."""
    named = (str(tag.value) for tag in tags if last_part(tag) == "file_name")
    return {name.strip().casefold() for name in named if not is_absent(name)}
