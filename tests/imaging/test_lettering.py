"""Text in pictures: Chinese is drawn as Chinese, what no font has is left out, and a width is what is drawn."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from PIL import Image, ImageDraw

from processors.imaging.lettering import draw_text, drawable, font_runs, load_font, shortened, text_width_px
from processors.imaging.wide_letters import has_wide_letter, wide_mask

MIXED = "01 着陆过程 Mars.mp4"


def drawn(text: str, anchor: str = "la", *, is_bold: bool = False) -> np.ndarray:
    image = Image.new("L", (400, 60), 255)
    draw_text(ImageDraw.Draw(image), (10, 30), text, 0, 20, anchor=anchor, is_bold=is_bold)
    return np.asarray(image)


def test_what_no_font_has_is_left_out() -> None:
    assert drawable(MIXED) == MIXED
    assert drawable("火星车 \U0001f680 한국어 かな.wav") == "火星车 한국어 かな.wav"
    assert drawable("\U0001f680.wav") == ""


def test_chinese_letters_are_no_boxes_and_the_same_on_every_machine() -> None:
    masks = [wide_mask(letter, 32).tobytes() for letter in "着陆过程火星车辙"]
    assert len(set(masks)) == 8
    assert wide_mask("\uffff", 32).tobytes() not in masks
    ink = np.asarray(wide_mask("着陆过程", 32)) > 127
    assert hashlib.sha256(np.packbits(ink).tobytes()).hexdigest()[:16] == "9f87942e376f5182"


def test_letters_that_the_wide_font_draws_blank_count_as_unknown() -> None:
    assert [one for one in "ǎǐǒǔǚ℃℉ⅤⅩ‾∼车か한，" if has_wide_letter(one)] == list("车か한，")


@pytest.mark.parametrize("anchor", ["la", "lm", "ls"])
def test_chinese_letters_share_the_baseline_of_the_others(anchor: str) -> None:
    latin, chinese = (np.nonzero((drawn(text, anchor) < 128).any(axis=1))[0] for text in ("MH", "中日MH"))
    assert abs(int(latin[-1]) - int(chinese[-1])) <= 3
    assert abs(int(latin[0]) - int(chinese[0])) <= 3


def test_the_width_of_a_text_is_that_of_its_runs_and_of_what_is_drawn() -> None:
    assert [run for run, _ in font_runs(MIXED)] == ["01 ", "着陆过程", " Mars.mp4"]
    width = text_width_px(MIXED, 20)
    assert width == pytest.approx(load_font(20).getlength("01  Mars.mp4") + 4 * 20, abs=4)
    columns = np.nonzero((drawn(MIXED) < 128).any(axis=0))[0]
    assert columns[-1] - 10 == pytest.approx(width, abs=2)
    assert text_width_px(shortened(MIXED, 100, 20), 20) <= 100


def test_text_without_chinese_is_drawn_as_pillow_draws_it() -> None:
    image = Image.new("L", (400, 60), 255)
    ImageDraw.Draw(image).text((10, 30), "Mars.mp4", 0, load_font(20), anchor="lm")
    assert np.array_equal(np.asarray(image), drawn("Mars.mp4", "lm"))


def test_bold_chinese_letters_are_heavier() -> None:
    assert (drawn("着陆过程", is_bold=True) < 128).sum() > 1.15 * (drawn("着陆过程") < 128).sum()
