"""Images of PDS4 labels: one file holds the numbers, a label next to it describes them.

Names are compared ignoring case, the only point in which CNSA's labels differ from PDS4.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from processors.errors import DamagedMedia, RefusedMedia, UnsupportedMedia
from processors.planetary.image_object import (
    FIX_LABEL,
    ImageObject,
    Interleave,
    Special,
    checked,
    finite,
    orientation_of,
    within,
)
from processors.planetary.labels import label_root, local_name, xml_entries
from processors.planetary.pvl import is_absent
from processors.sources.unicode_forms import folded

FORMAT = "PDS4 image"
_TYPES = {
    "unsignedbyte": "u1", "signedbyte": "i1",
    "unsignedmsb2": ">u2", "unsignedlsb2": "<u2", "signedmsb2": ">i2", "signedlsb2": "<i2",
    "unsignedmsb4": ">u4", "unsignedlsb4": "<u4", "signedmsb4": ">i4", "signedlsb4": "<i4",
    "unsignedmsb8": ">u8", "unsignedlsb8": "<u8", "signedmsb8": ">i8", "signedlsb8": "<i8",
    "ieee754msbsingle": ">f4", "ieee754lsbsingle": "<f4", "ieee754msbdouble": ">f8", "ieee754lsbdouble": "<f8",
}  # fmt: skip
"""Values of `data_type` in `Element_Array` (PDS4 Data Dictionary)."""
_INTERLEAVES: dict[tuple[str, ...], Interleave] = {
    ("line", "sample"): "BSQ",
    ("band", "line", "sample"): "BSQ",
    ("line", "band", "sample"): "BIL",
    ("line", "sample", "band"): "BIP",
}
"""Interleaving by the axes in index order, the last varying fastest (PDS4 Standards Reference, 4A)."""
_IMAGES = ("array_2d_image", "array_3d_image")
_ENCODED = ("encoded_image", "encoded_audio", "encoded_video")
_DIRECTIONS = {
    "left to right": "RIGHT", "right to left": "LEFT", "top to bottom": "DOWN", "bottom to top": "UP",
    "right": "RIGHT", "left": "LEFT", "down": "DOWN", "up": "UP",
}  # fmt: skip
_SPECIALS = {
    "saturated_constant",
    "missing_constant",
    "error_constant",
    "invalid_constant",
    "unknown_constant",
    "not_applicable_constant",
    "high_instrument_saturation",
    "high_representation_saturation",
    "low_instrument_saturation",
    "low_representation_saturation",
}
"""Class `Special_Constants` (PDS4 Data Dictionary) without `valid_minimum` and `valid_maximum`."""


def described_by(label: bytes, name: str, size_bytes: int) -> ImageObject:
    """Return the first image of a file, described by a PDS4 label.

    Parameters
    ----------
    name, size_bytes : name and size of the file that the label must describe.

    Raises
    ------
    UnsupportedMedia : the label names another file, or no supported image.
    DamagedMedia : the label lacks a required entry, has an impossible value, or does not fit the file.
    RefusedMedia : the label is over a limit, or declares a document type or entities.
    """
    root = label_root(label)
    images = _images(root, name)
    first = images[0]
    names, counts = _axes(first)
    kind = _text(first, "element_array", "data_type")
    if kind.casefold() not in _TYPES:
        raise UnsupportedMedia(f"its label says numbers of type {kind[:80]}, which are not supported", "convert it")
    offset_bytes = _offset_bytes(first)
    if min(counts.values()) < 1 or offset_bytes < 0:
        raise DamagedMedia(
            f"its label says {' x '.join(map(str, counts.values()))} from byte {offset_bytes}", FIX_LABEL
        )
    bands, element = counts.get("band", 1), _below(first, "element_array")[0]
    image = ImageObject(
        format=FORMAT,
        entries=tuple(xml_entries(root)),
        width_px=counts["sample"],
        height_px=counts["line"],
        band_count=bands,
        dtype=_TYPES[kind.casefold()],
        offset_bytes=offset_bytes,
        interleave=_INTERLEAVES[names],
        specials=tuple(_specials(first)),
        valid_range=(_limit(first, "valid_minimum"), _limit(first, "valid_maximum")),
        scaling=((_real(element, "scaling_factor", 1.0), _real(element, "value_offset", 0.0)),),
        colours=_colours(root, first) if bands > 1 else None,
        instrument=_instrument(root),
        image_count=len(images),
        others=tuple(_name_of(other, number) for number, other in enumerate(images[1:], 2)),
        orientation=_orientation(root, first),
    )
    return checked(within(image, size_bytes))


def _axes(image: Element) -> tuple[tuple[str, ...], dict[str, int]]:
    """Return the names of the axes in index order, and the number of elements of each."""
    axes = sorted(_below(image, "axis_array"), key=lambda axis: _number(axis, "sequence_number"))
    names = tuple(_text(axis, "axis_name").casefold() for axis in axes)
    order = _text(image, "axis_index_order")
    if names not in _INTERLEAVES or order.casefold().replace("_", " ") != "last index fastest":
        raise UnsupportedMedia(
            f"its label says axes {', '.join(names)[:80]}, {order[:80]}: not supported", "convert it"
        )
    if _below(image, "axes") and (said := _number(image, "axes")) != len(axes):
        raise DamagedMedia(f"its label says {said} axes and describes {len(axes)}", FIX_LABEL)
    return names, {name: _number(axis, "elements") for name, axis in zip(names, axes, strict=True)}


def _offset_bytes(image: Element) -> int:
    offset, unit = _number(image, "offset"), (_below(image, "offset")[0].attrib.get("unit") or "byte").casefold()
    if unit not in ("byte", "bytes"):
        raise UnsupportedMedia(f"its label counts the offset in {unit[:40]}, not in bytes", FIX_LABEL)
    return offset


def files_named(label: bytes) -> tuple[str, ...]:
    root = label_root(label)
    return tuple(
        dict.fromkeys(found.text.strip() for found in _anywhere(root, "file_name") if found.text and found.text.strip())
    )


def media_named(label: bytes) -> tuple[str, ...]:
    """Return the names of the files in which a label describes an image or sound as an observation, in its order.

    Browse pictures and documents are no observations.
    """
    areas = [one for one in label_root(label).iter() if local_name(one).startswith("file_area_observational")]
    media = [area for area in areas if any(local_name(child) in (*_IMAGES, *_ENCODED) for child in area)]
    named = [_text(area, "file", "file_name") for area in media if _below(area, "file")]
    return tuple(dict.fromkeys(name for name in named if not is_absent(name)))


def _images(root: Element, name: str) -> list[Element]:
    """Return the image arrays of the file area that names this file."""
    parts = [element for element in root.iter() if local_name(element).startswith("file_area_")]
    areas = {_text(area, "file", "file_name"): area for area in parts if _below(area, "file")}
    area = areas.get(name) if name in areas else {folded(key): one for key, one in areas.items()}.get(folded(name))
    if area is None:
        told = ", ".join(areas)[:200] or "no file of an observation"
        raise RefusedMedia(f"its label names {told}, not {name}", "supply the label that belongs to it")
    images = [child for child in area if local_name(child) in _IMAGES]
    if not images:
        raise UnsupportedMedia("its label says that it holds no image", "no action is needed")
    return images


def _name_of(image: Element, number: int) -> str:
    for key in ("local_identifier", "name"):
        if _below(image, key):
            return _text(image, key)[:80]
    return f"image {number}"


def _settings(root: Element, image: Element) -> Iterator[Element]:
    """Yield display settings for this image: those that name it, alone or among others, and those that name none."""
    own = _text(image, "local_identifier") if _below(image, "local_identifier") else None
    for settings in _anywhere(root, "display_settings"):
        named = {(found.text or "").strip() for found in _anywhere(settings, "local_identifier_reference")}
        if own in named or not named:
            yield settings


def _orientation(root: Element, image: Element) -> int:
    """Return the orientation from the display dictionary or its predecessor, `Display_2D_Image`."""
    for settings in _settings(root, image):
        for direction in _below(settings, "display_direction"):
            across = _text(direction, "horizontal_display_axis").casefold()
            horizontal = _direction(direction, "horizontal_display_direction", "Left to Right")
            vertical = _direction(direction, "vertical_display_direction", "Top to Bottom")
            if across == "sample":
                return orientation_of(horizontal, vertical)
            if across == "line":
                return orientation_of(vertical, horizontal)
            raise UnsupportedMedia(
                f"its label shows its axis {across[:40]} from side to side: not supported", "convert it"
            )
    for display in _below(image, "display_2d_image"):
        samples = _direction(display, "sample_display_direction", "Right")
        return orientation_of(samples, _direction(display, "line_display_direction", "Down"))
    return 1


def _direction(element: Element, name: str, default: str) -> str:
    word = _text(element, name) if _below(element, name) else default
    return _DIRECTIONS.get(" ".join(word.casefold().replace("_", " ").split()), word)


def _colours(root: Element, image: Element) -> tuple[int, int, int] | None:
    for settings in _settings(root, image):
        for colours in _below(settings, "color_display_settings"):
            axis = _text(colours, "color_display_axis") if _below(colours, "color_display_axis") else "Band"
            if axis.casefold() != "band":
                raise UnsupportedMedia(
                    f"its label shows colours along its axis {axis[:40]}: not supported", "convert it"
                )
            red, green, blue = (_number(colours, f"{word}_channel_band") - 1 for word in ("red", "green", "blue"))
            return red, green, blue
    return None


def _specials(image: Element) -> Iterator[Special]:
    for constants in _below(image, "special_constants"):
        for child in constants:
            name, text = local_name(child), (child.text or "").strip()
            if name in _SPECIALS and not is_absent(text):
                yield Special(name=name, text=text, is_saturated=name.startswith(("saturated", "high")))


def _limit(image: Element, name: str) -> float | None:
    texts = [_text(one, name) for one in _below(image, "special_constants") if _below(one, name)]
    return float(finite(texts[0], name)) if texts and not is_absent(texts[0]) else None


def _real(element: Element, name: str, default: float) -> float:
    return float(finite(_text(element, name), name)) if _below(element, name) and _text(element, name) else default


def _instrument(root: Element) -> str | None:
    for part in _anywhere(root, "observing_system_component"):
        kinds = [(found.text or "").strip().casefold() for found in _below(part, "type")]
        if kinds == ["instrument"] and _below(part, "name"):
            return _text(part, "name")
    return None


def _below(element: Element, name: str) -> list[Element]:
    return [child for child in element if local_name(child) == name]


def _anywhere(root: Element, name: str) -> list[Element]:
    return [element for element in root.iter() if local_name(element) == name]


def _text(element: Element, *path: str) -> str:
    for name in path:
        found = _below(element, name)
        if not found:
            raise DamagedMedia(f"its label lacks the required element {name}", FIX_LABEL)
        element = found[0]
    return (element.text or "").strip()


def _number(element: Element, name: str) -> int:
    text = _text(element, name)
    try:
        return int(text)
    except ValueError as error:
        raise DamagedMedia(f"its label says {name} {text[:80]!r}, which is not a whole number", FIX_LABEL) from error
