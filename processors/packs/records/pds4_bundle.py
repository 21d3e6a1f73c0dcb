"""PDS4 labels (`Product_Browse`): one per media folder, in the folder that it describes, as the standard requires."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from processors.languages.text import FALLBACK
from processors.mission.sol_words import is_before_landing
from processors.mission.when import moment_of
from processors.packs.contents.packed_file import PackedFile, PackIdentity, in_seconds
from processors.packs.contents.recorded import Recorded
from processors.packs.contents.rights import credit, named_in_english, rights, terms
from processors.packs.contents.subject import SourceRecord
from processors.packs.embedded.file_credits import ended, sentences
from processors.packs.presentation import presentation_of
from processors.packs.records.captions import words
from processors.packs.records.xml_text import xml_escaped

NAMESPACE = "http://pds.nasa.gov/pds4/pds/v1"
MODEL_VERSION = "1.26.0.0"
ENCODINGS = {
    "image/jpeg": ("Encoded_Image", "JPEG"),
    "image/png": ("Encoded_Image", "PNG"),
    "image/gif": ("Encoded_Image", "GIF"),
    "image/tiff": ("Encoded_Image", "TIFF"),
    "image/jp2": ("Encoded_Image", "J2C"),
    "audio/wav": ("Encoded_Audio", "WAV"),
    "audio/mp4": ("Encoded_Audio", "M4A/AAC"),
    "video/mp4": ("Encoded_Video", "MP4/H.264"),
}
"""Formats allowed by information model 1.26: no WebP, Ogg or FLAC."""
WITH_SOUND = "MP4/H.264/AAC"
AS_RELEASED = "Labelled by marsmedia; the file itself is as it was released."
DERIVED = "Derived and labelled by marsmedia."
FILE_NAME = re.compile(r"[a-zA-Z0-9](?:[a-zA-Z0-9\-_.]*[a-zA-Z0-9])?\.[a-zA-Z0-9](?:[a-zA-Z0-9\-_]*[a-zA-Z0-9])?")


def can_be_labelled(media_type: str, name: str, *, is_original: bool) -> bool:
    """Return True if a label may describe this file. Originals keep their names, and PDS4 allows only ASCII.

    Original videos are left out: their encoding is not ours to state, and only H.264 is allowed.
    """
    is_ours = not (is_original and media_type.startswith("video/"))
    return is_ours and media_type in ENCODINGS and bool(FILE_NAME.fullmatch(name))


@dataclass(frozen=True, kw_only=True)
class PackLabel:
    """Label that the pack itself writes."""

    path: str
    """Path relative to `data/`."""
    files: tuple[PackedFile, ...]
    """Files that it describes, next to it."""
    sha256: str
    size_bytes: int


def labels(packed: Sequence[PackedFile], identity: PackIdentity) -> Iterator[tuple[PackLabel, bytes]]:
    """Yield each label, and its XML."""
    folders: dict[str, list[PackedFile]] = {}
    for one in packed:
        if can_be_labelled(one.media_type, one.name, is_original=one.entry is None):
            folders.setdefault(one.folder, []).append(one)
    for number, (folder, files) in enumerate(folders.items(), 1):
        xml = _label(files, identity, number).encode()
        yield (
            PackLabel(
                path=f"{folder}/{_label_name(files[0])}",
                files=tuple(files),
                sha256=hashlib.sha256(xml).hexdigest(),
                size_bytes=len(xml),
            ),
            xml,
        )


def _label_name(first: PackedFile) -> str:
    return f"pds4-{first.entry.manifest.ref.processor if first.entry else 'original'}.xml"


def _label(files: list[PackedFile], identity: PackIdentity, number: int) -> str:
    first = files[0]
    subject = first.subject
    label = words(subject, None if first.entry is None else first.entry).label.best() or subject.name
    # a still's own time belongs to its file, not to the product
    title = re.sub(r" at [0-9.]+ s(?=: )", "", label)
    product = (
        f"{_lid(first.entry.manifest.ref.processor if first.entry else 'original')}.{subject.digest[:12]}.{number}"
    )
    said = words(subject, None).caption.get(FALLBACK, title)
    stated = [f"Credit: {credit(subject)}", f"Rights: {rights(subject)}", *named_in_english(terms(subject))]
    description = ended(sentences([said, *stated]))
    areas = "".join(_file_area(one, index) for index, one in enumerate(files, 1))
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<Product_Browse xmlns="{NAMESPACE}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
    xsi:schemaLocation="{NAMESPACE} https://pds.nasa.gov/pds4/pds/v1/PDS4_PDS_1Q00.xsd">
  <Identification_Area>
    <logical_identifier>urn:marsmedia:pack:{identity.digest[:32]}:browse:{product}</logical_identifier>
    <version_id>1.0</version_id>
    <title>{xml_escaped(_short(title))}</title>
    <information_model_version>{MODEL_VERSION}</information_model_version>
    <product_class>Product_Browse</product_class>
    <Citation_Information>
      <author_list>{xml_escaped(credit(subject))}</author_list>
      <publication_year>{_published_year(first, identity)}</publication_year>
      <description>{xml_escaped(description)}</description>
    </Citation_Information>
    <Modification_History>
      <Modification_Detail>
        <modification_date>{identity.day}</modification_date>
        <version_id>1.0</version_id>
        <description>{DERIVED if first.entry else AS_RELEASED}</description>
      </Modification_Detail>
    </Modification_History>
  </Identification_Area>
{_context(subject)}{areas}</Product_Browse>
"""


def _published_year(one: PackedFile, identity: PackIdentity) -> str:
    """Return the year in which an original was released, if that is stated; else the year of the pack."""
    released = re.match(r"\d{4}(?!\d)", one.subject.released or "") if one.entry is None else None
    return released[0] if released else identity.day[:4]


def _context(subject: SourceRecord) -> str:
    """Return the recording span; the target is Mars if the evidence counts sols since the landing.

    It ends when the source's label says; else with the latest possible start and the duration, which a photo has none
    of; else its end is unknown. The moment of an event that is shown is neither start nor end.
    """
    recorded = subject.recorded
    if recorded is None:
        return ""
    first, last = _span(recorded, 0.0 if subject.medium == "photo" else subject.duration_seconds)
    start, stop = f"<start_date_time>{first}</start_date_time>", f"<stop_date_time>{last}</stop_date_time>"
    if recorded.is_of_event:
        start = '<start_date_time xsi:nil="true" nilReason="unknown"/>'
    if recorded.is_of_event or last is None:
        stop = '<stop_date_time xsi:nil="true" nilReason="unknown"/>'
    longitude = recorded.solar_longitude_degrees
    solar = f'\n      <solar_longitude unit="deg">{longitude}</solar_longitude>' if longitude is not None else ""
    target = ""
    has_landed = recorded.first_sol is not None and not is_before_landing(subject.mission, recorded.first_sol)
    if has_landed and not subject.synthetic:
        target = """
    <Target_Identification>
      <name>Mars</name>
      <type>Planet</type>
      <Internal_Reference>
        <lid_reference>urn:nasa:pds:context:target:planet.mars</lid_reference>
        <reference_type>browse_to_target</reference_type>
      </Internal_Reference>
    </Target_Identification>"""
    return f"""  <Context_Area>
    <Time_Coordinates>
      {start}
      {stop}{solar}
    </Time_Coordinates>{target}
  </Context_Area>
"""


def _span(recorded: Recorded, duration_seconds: float | None) -> tuple[str, str | None]:
    """Return start and end with equally many digits, the end not before the start; an unknown end is None."""
    start, end = recorded.earliest_utc, recorded.ended_utc
    digits = _digits(start)
    if end is not None and moment_of(end) >= moment_of(start):
        digits = max(digits, _digits(end))
    elif duration_seconds is not None:
        end = (moment_of(recorded.latest_utc) + timedelta(seconds=duration_seconds)).isoformat()
    else:
        end = None
    return _to_digits(start, digits), None if end is None else _to_digits(end, digits)


def _digits(utc: str) -> int:
    """Return how many digits a second needs: none, or those of milliseconds or microseconds."""
    microseconds = moment_of(utc).microsecond
    return 0 if not microseconds else 3 if microseconds % 1000 == 0 else 6


def _to_digits(utc: str, digits: int) -> str:
    """Return a moment in UTC, cut to the digits; a leap second stays second 60."""
    text = f"{moment_of(utc):%Y-%m-%dT%H:%M:%S.%f}"
    text = text[: text.index(".") + digits + 1] if digits else text.partition(".")[0]
    return f"{text.replace(':59', ':60') if ':60' in utc else text}Z"


def _file_area(one: PackedFile, index: int) -> str:
    kind, standard = ENCODINGS[one.media_type]
    if one.entry and presentation_of(one.entry.manifest.ref.processor).has_sound:
        standard = WITH_SOUND
    created = (
        f"\n      <creation_date_time>{in_seconds(one.entry.manifest.started_utc)}</creation_date_time>"
        if one.entry
        else ""
    )
    alternative = words(one.subject, one.entry).alternative.best() or one.name
    return f"""  <File_Area_Browse>
    <File>
      <file_name>{one.name}</file_name>
      <local_identifier>file-{index}</local_identifier>{created}
      <file_size unit="byte">{one.size_bytes}</file_size>
      <md5_checksum>{one.md5}</md5_checksum>
    </File>
    <{kind}>
      <offset unit="byte">0</offset>
      <object_length unit="byte">{one.size_bytes}</object_length>
      <encoding_standard_id>{standard}</encoding_standard_id>
      <description>{xml_escaped(alternative)}</description>
    </{kind}>
  </File_Area_Browse>
"""


def _short(title: str) -> str:
    plain = " ".join(title.split())
    return plain if len(plain) <= 255 else plain[:252] + "..."


def _lid(text: str) -> str:
    return re.sub(r"[^a-z0-9._-]+", "-", text.lower())
