"""Sols in words: counted from the landing, and before it."""

from __future__ import annotations

import pytest

from processors.mission.sol_words import sol_words


@pytest.mark.parametrize(
    ("mission", "first", "last", "en", "zh"),
    [
        ("tianwen-1", 1, 1, "sol 1", "第 1 火星日"),
        ("tianwen-1", 32, 33, "sol 32-33", "第 32-33 火星日"),
        ("tianwen-1", 0, 0, "1 sol before landing", "着陆前 1 个火星日"),
        ("perseverance", 0, 0, "sol 0", "第 0 火星日"),
        ("perseverance", -1, -1, "1 sol before landing", "着陆前 1 个火星日"),
        ("tianwen-1", -81, -81, "82 sols before landing", "着陆前 82 个火星日"),
        ("tianwen-1", -81, -80, "81-82 sols before landing", "着陆前 81-82 个火星日"),
        ("tianwen-1", -1, 0, "1-2 sols before landing", "着陆前 1-2 个火星日"),
        ("tianwen-1", 0, 1, "1 sol before landing to sol 1", "着陆前 1 个火星日至第 1 火星日"),
        ("tianwen-1", -130, 226, "131 sols before landing to sol 226", "着陆前 131 个火星日至第 226 火星日"),
        ("unheard-of", -3, -3, "sol -3", "第 -3 火星日"),
        (None, 4, 4, "sol 4", "第 4 火星日"),
    ],
)
def test_sols_are_counted_from_the_landing(mission: str | None, first: int, last: int, en: str, zh: str) -> None:
    words = sol_words(mission, first, last)
    assert (words["en"], words["zh"]) == (en, zh)
