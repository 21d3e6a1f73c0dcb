"""Parsers of bytes meet bytes that nobody thought of: they give what they declare, or raise only what they declare."""

from __future__ import annotations

import io
import itertools
import json
import struct
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from PIL import ImageCms

from processors.containers.frame_sync import has_mpeg_audio, is_start_code_stream, is_transport_stream
from processors.containers.photo.camera_raw import is_camera_raw
from processors.containers.text.text_file import text_of
from processors.contract import result_key
from processors.errors import MediaError
from processors.formats import FORMATS
from processors.identify import identify
from processors.json_records import as_json, canonical_json
from processors.metadata.tags.icc import icc_tags
from processors.metadata.tags.ifd import Directories
from processors.metadata.tags.iptc import iptc_in_photoshop, iptc_tags
from processors.metadata.tags.label import label_tags
from processors.metadata.tags.mp4_metadata import box_tags
from processors.metadata.tags.xmp import xmp_tags
from processors.mission.when import parse_when
from processors.photo.photo_preview import PhotoPreview

steady = settings(
    max_examples=150, derandomize=True, deadline=2000, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
"""The same examples in every run; two seconds for one, which is a thousand times what it takes."""

sizes = st.one_of(st.integers(0, 64), st.sampled_from([0x7FFFFFFF, 0xFFFFFFFF, 0xFFFFFFFE, 1 << 24]))


def read_from(data: bytes) -> Callable[[int, int], bytes]:
    return lambda offset, count: data[offset : offset + count] if 0 <= offset <= len(data) else b""


def directory(order: str) -> st.SearchStrategy[bytes]:
    """Directories whose entries have known and unknown tags, types, counts and places."""
    tags = st.sampled_from([256, 262, 271, 306, 330, 34665, 34853, 37500, 37510, 40965, 50706, 700, 33723, 4, 1, 65000])
    entries = st.lists(st.tuples(tags, st.one_of(st.integers(0, 18), st.just(129)), sizes, sizes), max_size=12)
    head = {"<": b"II*\0", ">": b"MM\0*"}[order]
    return st.builds(
        lambda folders, rest: head + struct.pack(order + "I", 8) + b"".join(folders) + rest,
        st.lists(
            entries.map(
                lambda rows: (
                    struct.pack(order + "H", len(rows)) + b"".join(struct.pack(order + "HHII", *row) for row in rows)
                )
            ),
            max_size=3,
        ),
        st.binary(max_size=100),
    )


@steady
@given(st.one_of(directory("<"), directory(">"), st.binary(max_size=64)))
@example(b"II*\0\x08\0\0\0")
def test_directories_of_exif_give_tags_or_problems_and_loops_end(data: bytes) -> None:
    try:
        directories = Directories(read_from(data))
    except ValueError:
        return
    tags = list(directories.tags())
    assert all(tag.namespace.startswith("exif") for tag in tags)
    assert isinstance(is_camera_raw(io.BytesIO(data)), str | None)


leaves = st.tuples(st.sampled_from([b"free", b"stsd", b"uuid", b"XMP_", b"GPMF"]), st.binary(max_size=40))
outer = st.sampled_from([b"moov", b"trak", b"mdia", b"udta"])
boxes = st.recursive(leaves, lambda inner: st.tuples(outer, st.lists(inner, max_size=4)), max_leaves=12)
"""(name, content or boxes inside)"""


@steady
@given(boxes, st.integers(0, 300), sizes)
def test_boxes_of_mp4_give_tags_or_problems(tree: tuple[bytes, object], place: int, lie: int) -> None:
    def packed(node: tuple[bytes, object]) -> bytes:
        name, inner = node
        body = inner if isinstance(inner, bytes) else b"".join(map(packed, inner))  # type: ignore[arg-type]
        return struct.pack(">I4s", 8 + len(body), name) + body

    data = bytearray(packed(tree))
    for told in (bytes(data), bytes(data[: place % (len(data) + 1)])):
        assert list(box_tags(io.BytesIO(told), [])) is not None
    place %= max(1, len(data) - 3)
    data[place : place + 4] = struct.pack(">I", lie)
    problems: list[str] = []
    assert len(list(box_tags(io.BytesIO(bytes(data)), problems))) <= 1000


@steady
@given(
    st.one_of(
        st.binary(max_size=300), st.text(max_size=300).map(lambda text: f"<x:xmpmeta>{text}</x:xmpmeta>".encode())
    )
)
def test_xmp_icc_and_iptc_raise_only_what_they_declare(data: bytes) -> None:
    for read, declared in ((xmp_tags, (ValueError,)), (icc_tags, (ValueError, ImageCms.PyCMSError))):
        with suppress(*declared):
            for tag in itertools.islice(read(data), 1000):
                assert (tag.namespace, bool(tag.name)) == (read.__name__.removesuffix("_tags"), True)
                assert canonical_json(as_json(tag.value))
    first, *others = iptc_tags(b"\x1c\x02\x05" + data.rjust(2, b"\0"))
    assert (first.namespace, first.name) == ("iptc", "ObjectName")
    assert len(others) <= len(data) // 5
    found = iptc_in_photoshop(b"8BIM" + data)
    assert found is None or found in data


names = st.sampled_from(["IMAGE", "LINES", "^IMAGE", "OBJECT", "END_OBJECT", "GROUP", "END", "A:B", ""])


@steady
@given(st.lists(st.tuples(names, st.text(max_size=30)), max_size=12), st.sampled_from(["\r\n", "\n", "\r"]))
def test_labels_give_entries_or_what_they_declare(statements: list[tuple[str, str]], end: str) -> None:
    text = (
        "PDS_VERSION_ID = PDS3" + end + end.join(f"{name} = {value}" for name, value in statements) + end + "END" + end
    )
    for data in (text.encode(), text.encode("utf-16"), b"<Product>" + text.encode() + b"</Product>"):
        with suppress(MediaError):
            assert all(tag.name is not None for tag in label_tags(data))


words = st.one_of(
    st.text(max_size=30),
    st.from_regex(r"[0-9]{4}([-:][0-9]{2}){2}[T ]([0-9]{2}:){2}[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})?",
                  fullmatch=True),
    st.from_regex(r"[0-9]{4}-[0-9]{3}(T[0-9]{2}:[0-9]{2})?Z?", fullmatch=True),
)  # fmt: skip


@steady
@given(words, st.sampled_from([None, "UTC", "Beijing"]))
@example("0001-01-01T00:00:00+14:00", None)
@example("9999-12-31T23:59:60Z", None)
def test_a_time_is_read_or_refused_as_a_value(written: str, zone: str | None) -> None:
    try:
        when = parse_when(written, zone=zone)
    except ValueError:
        return
    assert when.earliest_utc < when.latest_utc


@given(st.datetimes(datetime(1000, 1, 1), datetime(9998, 12, 31)), st.integers(-14 * 60, 14 * 60))
@steady
def test_a_time_with_an_offset_comes_back_as_the_moment_that_was_written(moment: datetime, minutes: int) -> None:
    sign, minutes = "-" if minutes < 0 else "+", abs(minutes)
    written = f"{moment:%Y-%m-%dT%H:%M:%S}{sign}{minutes // 60:02}:{minutes % 60:02}"
    when = parse_when(written)
    assert when.zone == "offset"
    assert (when.latest_utc - when.earliest_utc).total_seconds() == 1


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4), max_leaves=12,
)  # fmt: skip


@steady
@given(values)
def test_canonical_json_comes_back_and_knows_no_order(value: object) -> None:
    try:
        written = canonical_json(value)  # type: ignore[arg-type]
    except UnicodeEncodeError:  # half of a surrogate pair is no text
        return
    assert json.loads(written) == value
    assert canonical_json(json.loads(written)) == written


@steady
@given(st.lists(st.integers(16, 4096), min_size=1, max_size=3, unique=True).map(sorted), st.integers(2, 40))
def test_a_key_depends_on_parameters_and_source_and_on_nothing_else(sides: list[int], digits: int) -> None:
    first, second = PhotoPreview(longest_sides_px=tuple(sides)), PhotoPreview(longest_sides_px=tuple(sides))
    digest, other = "a" * 64, "b" * digits + "a" * (64 - digits)
    assert result_key(first, digest) == result_key(second, digest) != result_key(first, other)
    assert result_key(PhotoPreview(longest_sides_px=(*sides, 5000)), digest) != result_key(first, digest)


MARKS = [magic for row in FORMATS for mark in row.signatures for offset, magic in mark if offset == 0]


@steady
@given(
    st.one_of(st.sampled_from(MARKS), st.just(b"")), st.binary(max_size=400), st.sampled_from(["x", "x.mp4", "a.txt"])
)
def test_any_bytes_are_media_a_companion_or_unsupported_with_a_note(mark: bytes, rest: bytes, name: str) -> None:
    found = identify(io.BytesIO(mark + rest), name)
    assert (found.kind == "media") == (found.medium is not None)
    assert found.format
    assert found.note or found.kind != "unsupported"


@steady
@given(st.binary(max_size=600))
def test_bytes_without_a_header_are_looked_at_in_bounds(data: bytes) -> None:
    assert isinstance(has_mpeg_audio(data), bool)
    assert isinstance(is_start_code_stream(data), bool)
    assert isinstance(is_transport_stream(data), bool)
    text = text_of(io.BytesIO(data), "x")
    assert text is None or len(text) <= len(data)


@steady
@given(
    st.text(st.characters(exclude_categories=("Cc", "Cs", "Co", "Cn")), min_size=1, max_size=200),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]),
)
def test_text_comes_back_as_it_was_written(text: str, encoding: str) -> None:
    if not text.strip("\ufeff\ufffe\uffff"):
        return
    read = text_of(io.BytesIO(text.encode(encoding)), "a.txt")
    assert read is not None
    assert read.lstrip("\ufeff") == text.lstrip("\ufeff")


@pytest.mark.parametrize("row", [row for row in FORMATS if row.check], ids=lambda row: row.name)
@steady
@given(data=st.binary(max_size=300))
def test_checks_of_formats_take_any_bytes(row: object, data: bytes) -> None:
    assert isinstance(row.begins(data), bool)  # type: ignore[attr-defined]
