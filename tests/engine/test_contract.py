"""Keys name results: the same parameters give the same key, anything else another."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import ClassVar, Literal

import pytest

from flows.recipes import ON_REQUEST, RECIPES
from processors.contract import Item, OpenSource, Processor, Reads, parameters, result_key
from processors.json_records import as_json, canonical_json, from_json
from processors.metadata.evidence import Evidence
from processors.video.frames.frames import Frames

DIGEST = "a" * 64


def test_an_integer_and_an_equal_float_give_one_key() -> None:
    assert result_key(Frames(every_seconds=1), DIGEST) == result_key(Frames(every_seconds=1.0), DIGEST)


def test_a_key_changes_with_parameter_source_name_and_version() -> None:
    class Later(Frames):
        version: ClassVar[int] = Frames.version + 1

    keys = {
        result_key(Frames(), DIGEST),
        result_key(Frames(every_seconds=2), DIGEST),
        result_key(Frames(), "b" * 64),
        result_key(Later(), DIGEST),
    }
    assert len(keys) == 4


def test_the_key_is_what_it_was() -> None:
    """Stored results are found by it: if this fails, every result of every store is made again."""
    assert result_key(Frames(), DIGEST) == "9169a5464bf3e8605d287f60899f21657c966ac7cb5c26e2137f01d9ba481918"


def test_the_label_that_a_source_is_read_with_is_in_the_key() -> None:
    keys = {result_key(Evidence(), *digests) for digests in ((DIGEST,), (DIGEST, "b" * 64), (DIGEST, "c" * 64))}
    assert len(keys) == 3
    assert result_key(Frames(), DIGEST, "b" * 64) == "30f4d892eb0c95aa26416dfc8963b72d2eb46eaab9f7725a5dacde7c17f4555b"


def test_parameters_name_every_default() -> None:
    assert parameters(Frames()).items() >= {"every_seconds": 1, "picture_format": "jpeg", "quality": 90}.items()


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_refused(value: float) -> None:
    @dataclass(frozen=True, kw_only=True)
    class Odd:
        name: ClassVar[str] = "odd"
        version: ClassVar[int] = 1
        reads: ClassVar[Reads] = "file"
        x: float

        def items(self, opened: OpenSource, scratch: Path) -> list[Item]:
            raise AssertionError

    with pytest.raises(ValueError, match="is not a number that can be stored: use None for unknown"):
        result_key(Odd(x=value), DIGEST)


def test_canonical_json_is_sorted_and_tight() -> None:
    assert canonical_json(as_json({"b": (1, 2.5), "a": "火星"})) == '{"a":"火星","b":[1,2.5]}'.encode()


@pytest.mark.parametrize("name", ["../up", "/root", "a b", "火星", ".hidden", "-dash", "", "a/../../b"])
def test_an_item_with_an_unsafe_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="item name"):
        Item(name=name or "\0", media_type="text/plain", data=b"")


@dataclass(frozen=True, kw_only=True)
class Span:
    start: Fraction
    loudest: float | None


@dataclass(frozen=True, kw_only=True)
class Found:
    count: int
    spans: tuple[Span, ...]
    kind: Literal["tone", "gust"] = "tone"
    reason: str | None


def test_facts_come_back_as_the_record_that_was_stored() -> None:
    found = Found(count=1, spans=(Span(start=Fraction(1, 2), loudest=3.0),), kind="gust", reason=None)
    assert from_json(Found, as_json(found)) == found


def test_facts_that_another_version_stored_are_read() -> None:
    stored = {"count": 1, "spans": [{"start": 0.5, "channel": 2}], "algorithm": "of old"}
    assert from_json(Found, stored) == Found(count=1, spans=(Span(start=Fraction(1, 2), loudest=None),), reason=None)
    with pytest.raises(TypeError, match="count"):
        from_json(Found, {"spans": []})
    with pytest.raises(KeyError, match="channel"):
        from_json(Found, stored, is_strict=True)


@pytest.mark.parametrize(
    "processor", {one.name: one for recipe in (*RECIPES.values(), *ON_REQUEST.values()) for one in recipe}.values()
)
def test_every_processor_has_the_shape_of_what_it_reads(processor: Processor) -> None:
    is_fed = processor.reads in ("video", "audio")
    assert (hasattr(processor, "start"), hasattr(processor, "items")) == (is_fed, not is_fed)
