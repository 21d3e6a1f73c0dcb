"""Labels beside a file or inside it: PDS4 and CNSA XML, PDS3 and VICAR text, as tags under their own names."""

from __future__ import annotations

from collections.abc import Iterator

from processors.errors import RefusedMedia
from processors.metadata.record import Tag, text_tag
from processors.planetary.label_file import MAX_LABEL_BYTES, is_xml, label_root, xml_entries
from processors.planetary.pvl import statements

MAX_TAGS = 20_000


def label_tags(data: bytes) -> tuple[Tag, ...]:
    """Every value of a label, in its order.

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
        tags = pvl_tags(data.decode("utf-8", "replace"))
    return tuple(tag for tag, _ in zip(tags, range(MAX_TAGS), strict=False))


def pvl_tags(text: str, namespace: str = "pds3") -> Iterator[Tag]:
    """`KEY = VALUE` statements up to END; inside an OBJECT or GROUP the name starts with that one's."""
    return (text_tag(namespace, name, value) for name, value in statements(text))


def found(tags: tuple[Tag, ...], *names: str) -> Tag | None:
    """The first tag whose last part is one of these names, whatever its case; nil and NULL count as absent."""
    wanted = {name.casefold() for name in names}
    for tag in tags:
        if tag.name.rpartition("/")[2].casefold() in wanted and str(tag.value).strip('"') not in (
            "",
            "NULL",
            "N/A",
            "UNK",
        ):
            return tag
    return None
