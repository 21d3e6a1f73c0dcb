"""Sols in words: counted from the landing, and before it."""

from __future__ import annotations

import pytest

from processors.mission.sol_words import sol_span, sol_words


@pytest.mark.parametrize(
    ("mission", "first", "last", "en", "zh"),
    [
        ("tianwen-1", 1, 1, "sol 1", "第 1 火星日"),
        ("tianwen-1", 32, 33, "sol 32 or 33", "第 32 或 33 火星日"),
        ("tianwen-1", 0, 0, "1 sol before landing", "着陆前 1 个火星日"),
        ("perseverance", 0, 0, "sol 0", "第 0 火星日"),
        ("perseverance", -1, -1, "1 sol before landing", "着陆前 1 个火星日"),
        ("tianwen-1", -81, -81, "82 sols before landing", "着陆前 82 个火星日"),
        ("tianwen-1", -81, -80, "81 or 82 sols before landing", "着陆前 81 或 82 个火星日"),
        ("tianwen-1", -1, 0, "1 or 2 sols before landing", "着陆前 1 或 2 个火星日"),
        ("tianwen-1", 0, 1, "around the landing", "着陆前后"),
        ("perseverance", -1, 1, "around the landing", "着陆前后"),
        ("perseverance", -2, 1, "around the landing", "着陆前后"),
        ("tianwen-1", -130, 226, None, None),
        ("perseverance", 0, 2, None, None),
        ("tianwen-1", -3, -1, None, None),
        ("unheard-of", -3, -3, "sol -3", "第 -3 火星日"),
        (None, 4, 4, "sol 4", "第 4 火星日"),
    ],
)
def test_sols_are_counted_from_the_landing(
    mission: str | None, first: int, last: int, en: str | None, zh: str | None
) -> None:
    words = sol_words(mission, first, last)
    assert (words.get("en"), words.get("zh")) == (en, zh)


@pytest.mark.parametrize(
    ("mission", "first", "last", "en", "zh"),
    [
        ("tianwen-1", 32, 34, "sol 32-34", "第 32-34 火星日"),
        ("tianwen-1", -81, -80, "81-82 sols before landing", "着陆前 81-82 个火星日"),
        ("tianwen-1", 0, 1, "1 sol before landing to sol 1", "着陆前 1 个火星日至第 1 火星日"),
        ("tianwen-1", -130, 226, "131 sols before landing to sol 226", "着陆前 131 个火星日至第 226 火星日"),
    ],
)
def test_a_span_of_sols_is_given_whole(mission: str | None, first: int, last: int, en: str, zh: str) -> None:
    words = sol_span(mission, first, last)
    assert (words["en"], words["zh"]) == (en, zh)
