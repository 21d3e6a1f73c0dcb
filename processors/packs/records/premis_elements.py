"""Elements of PREMIS as nested tuples, and their XML."""

from __future__ import annotations

from collections.abc import Sequence

from processors.packs.records.xml_text import xml_escaped

Element = tuple[str, object]
"""Name, and text or inner elements; an empty text or None leaves the element out."""


def identifier(what: str, value: str, kind: str) -> list[tuple[str, list[Element]]]:
    """Return the identifier of an `object`, `event`, `agent` ..., or a link to one."""
    return [(f"{what}Identifier", [(f"{what}IdentifierType", kind), (f"{what}IdentifierValue", value)])]


def linked_object(value: str, role: str = "") -> Element:
    """Return the link of an event to a file by its URN; `role` is of PREMIS's vocabulary eventRelatedObjectRole."""
    ((name, inside),) = identifier("linkingObject", value, "URN")
    return name, [*inside, ("linkingObjectRole", role)]


def urn(sha256: str) -> str:
    """Return the URN of a file's bytes."""
    return f"urn:sha256:{sha256}"


def xml(elements: Sequence[Element], depth: int = 1) -> bytes:
    """Return elements as indented XML."""
    lines: list[str] = []
    for name, inside in elements:
        indent = " " * depth
        if isinstance(inside, list):
            opened = f'<{name} xsi:type="file">' if name == "object" else f"<{name}>"
            lines.append(f"{indent}{opened}\n{xml(inside, depth + 1).decode()}{indent}</{name}>\n")
        elif inside:
            lines.append(f"{indent}<{name}>{xml_escaped(str(inside))}</{name}>\n")
    return "".join(lines).encode()
