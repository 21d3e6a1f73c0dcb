"""PDS4 images: one file holds nothing but numbers, a label beside it says what they are. No other file is opened.

Names are compared without regard to case: CNSA's labels are PDS4 but for that.
"""

from __future__ import annotations

from math import prod
from xml.etree.ElementTree import Element

from processors.contract import Source
from processors.errors import DamagedMedia, UnsupportedMedia
from processors.label_file import label_root, read_label, xml_entries
from processors.planetary import PlanetaryImage
from processors.source_file import SourceFile

FORMAT = "PDS4 image"
_TYPES = {
    "unsignedbyte": "u1", "signedbyte": "i1",
    "unsignedmsb2": ">u2", "unsignedlsb2": "<u2", "signedmsb2": ">i2", "signedlsb2": "<i2",
    "unsignedmsb4": ">u4", "unsignedlsb4": "<u4", "signedmsb4": ">i4", "signedlsb4": "<i4",
    "ieee754msbsingle": ">f4", "ieee754lsbsingle": "<f4", "ieee754msbdouble": ">f8", "ieee754lsbdouble": "<f8",
}  # fmt: skip
"""PDS4 Data Dictionary, values of `data_type` in `Element_Array`."""
_INTERLEAVES = {
    ("line", "sample"): "BSQ", ("band", "line", "sample"): "BSQ",
    ("line", "band", "sample"): "BIL", ("line", "sample", "band"): "BIP",
}  # fmt: skip
"""By the axes in the order of their numbers, the last of which varies fastest (PDS4 Standards Reference, 4A)."""
_IMAGES = ("array_2d_image", "array_3d_image")
_ORIENTATIONS = {(False, False): 1, (True, False): 2, (True, True): 3, (False, True): 4}


def described(source: Source, file: SourceFile) -> PlanetaryImage | None:
    """What the label beside a source says of it; None for a source that speaks for itself.

    Raises
    ------
    MediaError : as `described_by`.
    SourceChanged : the label is gone, or is not the one that was planned with.
    """
    if source.label is None:
        return None
    return described_by(read_label(file, source.label), source.name, source.size_bytes)


def described_by(label: bytes, name: str, size_bytes: int) -> PlanetaryImage:
    """Where the first image of a file lies, by a PDS4 label; the numbers are those stored, before any scaling factor.

    Parameters
    ----------
    name, size_bytes : of the file that the label must describe.

    Raises
    ------
    UnsupportedMedia : it names another file, or no image of a kind that is read here.
    DamagedMedia : it lacks what an image needs, says what cannot be, or promises more bytes than there are.
    RefusedMedia : it is over a limit, or declares a document type or entities.
    """
    root = label_root(label)
    images = _images(root, name)
    first = images[0]
    axes = sorted(_below(first, "axis_array"), key=lambda axis: _number(axis, "sequence_number"))
    names = tuple(_text(axis, "axis_name").casefold() for axis in axes)
    counts = {axis_name: _number(axis, "elements") for axis_name, axis in zip(names, axes, strict=True)}
    kind = _text(first, "element_array", "data_type")
    order = _text(first, "axis_index_order")
    if kind.casefold() not in _TYPES:
        raise UnsupportedMedia(f"its label says numbers of type {kind[:80]}, which are not read here", "convert it")
    if names not in _INTERLEAVES or order.casefold().replace("_", " ") != "last index fastest":
        raise UnsupportedMedia(
            f"its label says axes {', '.join(names)[:80]}, {order[:80]}: not read here", "convert it"
        )
    dtype, offset = _TYPES[kind.casefold()], _number(first, "offset")
    end = offset + prod(counts.values()) * int(dtype[-1])
    if min(counts.values()) < 1 or offset < 0:
        raise DamagedMedia(
            f"its label says {' x '.join(map(str, counts.values()))} from byte {offset}", "mend the label"
        )
    if end > size_bytes:
        raise DamagedMedia(f"its label promises pixels up to byte {end}, {size_bytes} are there", "fetch both again")
    return PlanetaryImage(
        format=FORMAT, entries=tuple(xml_entries(root)), width_px=counts["sample"], height_px=counts["line"],
        band_count=counts.get("band", 1), dtype=dtype, offset_bytes=offset, row_prefix_bytes=0, row_suffix_bytes=0,
        interleave=_INTERLEAVES[names], white_level=None, instrument=_instrument(root), image_count=len(images),
        orientation=_orientation(root, first),
    )  # fmt: skip


def _images(root: Element, name: str) -> list[Element]:
    """The image arrays of the one file area that names this file."""
    areas = {_text(area, "file", "file_name"): area for area in _anywhere(root, "file_area_observational")}
    if name not in areas:
        told = ", ".join(areas)[:200] or "no file of an observation"
        raise UnsupportedMedia(f"its label names {told}, not {name}", "give the label that belongs to it")
    images = [child for child in areas[name] if _local(child) in _IMAGES]
    if not images:
        raise UnsupportedMedia("its label says that it holds no image", "nothing is to be done")
    return images


def _orientation(root: Element, image: Element) -> int:
    """By the display dictionary, or by `Display_2D_Image`, which came before it."""
    own = [_text(image, "local_identifier")] if _below(image, "local_identifier") else []
    for settings in _anywhere(root, "display_settings"):
        if [found.text.strip() for found in _anywhere(settings, "local_identifier_reference") if found.text] == own:
            across, up = "horizontal_display_direction", "vertical_display_direction"
            for direction in _below(settings, "display_direction"):
                if _text(direction, "horizontal_display_axis").casefold() != "sample":
                    raise UnsupportedMedia("its label shows its lines from side to side: not read here", "turn it")
                turned = _text(direction, across).casefold() == "right to left"
                return _ORIENTATIONS[turned, _text(direction, up).casefold() == "bottom to top"]
    for display in _below(image, "display_2d_image"):
        turned = _text(display, "sample_display_direction").casefold() == "left"
        return _ORIENTATIONS[turned, _text(display, "line_display_direction").casefold() == "up"]
    return 1


def _instrument(root: Element) -> str | None:
    for part in _anywhere(root, "observing_system_component"):
        kinds = [(found.text or "").strip().casefold() for found in _below(part, "type")]
        if kinds == ["instrument"] and _below(part, "name"):
            return _text(part, "name")
    return None


def _local(element: Element) -> str:
    return element.tag.rpartition("}")[2].casefold() if isinstance(element.tag, str) else ""


def _below(element: Element, name: str) -> list[Element]:
    return [child for child in element if _local(child) == name]


def _anywhere(root: Element, name: str) -> list[Element]:
    return [element for element in root.iter() if _local(element) == name]


def _text(element: Element, *path: str) -> str:
    for name in path:
        found = _below(element, name)
        if not found:
            raise DamagedMedia(f"its label has no {name} where an image needs one", "mend the label")
        element = found[0]
    return (element.text or "").strip()


def _number(element: Element, name: str) -> int:
    text = _text(element, name)
    try:
        return int(text)
    except ValueError as error:
        raise DamagedMedia(
            f"its label says {name} {text[:80]!r}, which is no whole number", "mend the label"
        ) from error
