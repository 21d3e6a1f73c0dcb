"""Texts without a declared encoding are read in the one they were written in, or not at all."""

from __future__ import annotations

import pytest

from processors.containers.text.unknown_text import as_latin_1, decoded, unescaped

CHINESE = ("祝融号着陆", "火星", "HX1 祝融号", "嫦娥五号", "《天问》", "2021年5月15日", "火星表面的風聲", "探测器 A 型")
JAPANESE = ("火星の風", "はやぶさ", "ロケット", "宇宙航空研究開発機構", "ソフト")
TRADITIONAL = ("火星表面的風聲", "國家航天局", "祝融號", "著陸", "太陽")
KOREAN = ("화성", "화성 표면의 소리", "탐사선 착륙 영상", "촬영: 박영희", "HX1 로버", "똠방각하 펲시콜라 착륙 영상")
WESTERN = (
    "Größe é",
    "Müller",
    "é",
    "20 °C to 30 °C",
    "©2021 CNSA",
    "naïve coöperation",
    "25 µm and 5 µm",
    "“œuvre” – y",
)
CYRILLIC = ("Марс", "Посадка аппарата", "Mars: Марс")
WRITTEN = {
    "gb18030": CHINESE,
    "shift_jis": JAPANESE,
    "big5": TRADITIONAL,
    "cp1252": WESTERN,
    "cp1251": CYRILLIC,
    "cp949": KOREAN,
}


@pytest.mark.parametrize(("encoding", "text"), [(name, text) for name, texts in WRITTEN.items() for text in texts])
def test_a_text_is_read_in_its_own_encoding(encoding: str, text: str) -> None:
    assert decoded(text.encode(encoding)) == text
    assert decoded(text.encode()) == text
    assert decoded(text.encode("utf-16")) == text
    assert unescaped(text.encode(encoding).decode("utf-8", "surrogateescape")) == text


@pytest.mark.parametrize("text", ["風聲 of 祝融号", "着陆"])
def test_a_character_that_a_field_cuts_off_is_left_out(text: str) -> None:
    for end in range(3, len(text.encode())):
        cut = text.encode()[:end]
        assert decoded(cut) == cut.decode("utf-8", "ignore")


def test_a_text_that_may_be_korean_or_chinese_is_not_guessed() -> None:
    assert "우주".encode("euc_kr") == "快林".encode("gb18030")
    assert decoded("우주".encode("euc_kr")) is None
    assert [decoded(text.encode("gb18030")) for text in ("内容", "标签", "浅灰")] == ["内容", "标签", "浅灰"]


EUROPEAN = [text.encode("cp1250") for text in ("Zażółć gęślą jaźń", "źródło dźwięku")]


@pytest.mark.parametrize(
    "data",
    [bytes(range(128, 256)), b"\x81\x8d\x90", b"\xc9\xc9", "Марс".encode()[1:], "Άρης".encode("cp1253"), *EUROPEAN],
)
def test_bytes_in_no_known_encoding_are_no_text(data: bytes) -> None:
    assert decoded(data) is None


def test_what_is_declared_as_latin_1_stays_so_unless_it_is_clearly_another() -> None:
    assert as_latin_1("祝融号着陆".encode("gb18030").decode("latin-1")) == "祝融号着陆"
    assert as_latin_1("祝融号着陆".encode().decode("latin-1")) == "祝融号着陆"
    assert [as_latin_1(text) for text in ("Müller", "ÉÉ", "火星", "plain")] == ["Müller", "ÉÉ", "火星", "plain"]
    assert unescaped(None) is None
