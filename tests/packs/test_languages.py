"""Languages are data: one file adds one, for packs and for the page, and what it leaves out is shown in English."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from string import Formatter
from typing import Any

import av
import numpy as np
import pytest

from processors.audio.spectrogram.spectrogram_picture import UNIT
from processors.languages.language import FOLDER, LANGUAGES, language, phrase
from processors.languages.script import _JAPANESE_FORMS, is_chinese
from processors.languages.sentences import is_translated, translated
from processors.languages.text import Text
from processors.mission.profile import load_profile, profile_names
from processors.packs.highlight.cards import Cards
from processors.video.audit.bars_and_overlays import Box, StaticRegions
from processors.video.audit.findings import Findings, FrameSpan, verdict_words
from tests.conftest import PROJECT

FRENCH = """\
tag = "fr"
[labels]
"photo.preview" = "Photographie"
[pack]
label = "{kind} : {title}"
credit = "Crédit"
readme = "{title}, {day}, public : {audience}"
highlight = "Temps forts"
credits = "Crédits"
[page]
name = "Français"
switch = "Passer au français"
search = "Rechercher"
[sentences]
"{count} frame(s) in {seconds} s." = "{count} images en {seconds} s."
[missions]
tianwen-1 = "Tianwen-1 (« Questions au ciel »)"
"tianwen-1.touchdown" = "Atterrissage"
"""
BUILD = """\
import sys
from dataclasses import replace
from pathlib import Path
from processors.packs.build import build
from processors.packs.recipe.pack_recipe import Highlight
from processors.packs.recipe.pack_recipe_file import read_recipe
from tests.helpers.pack_store import evidence, filled, picture
folder = Path(sys.argv[1])
recipe = read_recipe(folder / "pack.toml", frozenset())
made = filled(folder)
landed = made.source("landed.jpg", "photo", "jpeg", picture(64, 48, 9))
event = {"name": "touchdown", "title": "Touchdown", "title_zh": "着陆"}
made.said(landed, evidence("Landed", redistribute=True, event=event))
made.pictures(landed, "photo.preview", {"preview_1024.jpg": (64, 48)})
build(recipe, folder / "pack", made.store, asked=lambda row: frozenset(), has_page=True)
shown = replace(recipe, selection=("landed.jpg",), highlight=Highlight(seconds_each=0.5, longest_side_px=640))
build(shown, folder / "shown", made.store, asked=lambda row: frozenset())
"""
RECIPE = """\
title = "Tracks"
title_fr = "Traces"
audience = "internal"
selection = ["*"]
languages = ["fr", "zh"]
"""


def test_one_file_adds_a_language_to_packs_highlight_and_page(tmp_path: Path) -> None:
    code = tmp_path / "copy"
    shutil.copytree(PROJECT / "processors", code / "processors", ignore=shutil.ignore_patterns("__pycache__"))
    (code / "processors/languages/fr.toml").write_text(FRENCH, encoding="utf-8")
    (tmp_path / "pack.toml").write_text(RECIPE)
    environment = {**os.environ, "PYTHONPATH": f"{code}{os.pathsep}{PROJECT}"}
    subprocess.run([sys.executable, "-c", BUILD, str(tmp_path)], check=True, env=environment, cwd=tmp_path)
    pack = tmp_path / "pack"
    readme = (pack / "README.txt").read_text(encoding="utf-8")
    assert readme.startswith("Traces, 2026-03-04, public : internal")
    assert "对象" in readme
    assert "Credit / Crédit / 来源: " in (pack / "data/CREDITS.txt").read_text(encoding="utf-8")
    manifest = json.loads((pack / "data/iiif-manifest.json").read_bytes())
    assert manifest["label"] == {"fr": ["Traces"]}
    labels = [canvas["label"]["fr"] for canvas in manifest["items"]]
    assert {"fr": ["Atterrissage"], "zh": ["着陆"]} in [one["label"] for one in manifest["structures"]]
    assert ["Photographie : Wheel tracks"] in labels
    assert ["Contact sheet: frames spread over the clip, each with its time : Descent"] in labels
    page = (pack / "data/index.html").read_text(encoding="utf-8")
    assert '<html lang="fr">' in page
    assert "<title>Traces</title>" in page
    words = data(pack / "data/data/words.js")
    assert list(words) == ["fr", "zh"]
    assert (words["fr"]["search"], words["fr"]["filters"], words["zh"]["search"]) == (
        "Rechercher",
        "Filters",
        "搜索标题、说明、署名",
    )
    missions = data(pack / "data/data/index.js")["missions"]
    assert missions["tianwen-1"] == {"en": "Tianwen-1", "fr": "Tianwen-1 (« Questions au ciel »)", "zh": "天问一号"}
    manifest = json.loads((tmp_path / "shown/data/iiif-manifest.json").read_bytes())
    assert manifest["items"][0]["label"] == {"fr": ["Temps forts"], "zh": ["集锦"]}
    with av.open(tmp_path / "shown/data/highlight.mp4") as container:
        *_, credits_card = container.decode(video=0)
    assert titled(credits_card, "Crédits", "来源")
    assert not titled(credits_card, "Credits", "来源")


def titled(frame: av.VideoFrame, *titles: str) -> bool:
    """Whether the upper third of a card of a highlight, where its titles are, shows these."""
    shown, drawn = frame.to_ndarray(format="rgb24"), Cards(width_px=640).text(titles, [])
    return float(np.abs(shown.astype(float) - drawn)[:120].max()) < 60


def data(place: Path) -> Any:
    found = re.fullmatch(r'gallery\.take\("[\w-]+",(.*)\);\n', place.read_text(encoding="ascii"))
    assert found
    return json.loads(found[1])


def test_every_language_has_every_phrase_with_the_same_things_put_in() -> None:
    english = tomllib.loads((FOLDER / "en.toml").read_text(encoding="utf-8"))
    for code in LANGUAGES:
        other = tomllib.loads((FOLDER / f"{code}.toml").read_text(encoding="utf-8"))
        assert other["labels"].keys() == english["labels"].keys()
        assert other["pack"].keys() == english["pack"].keys()
        assert other["page"].keys() - {"precisions"} == english["page"].keys()  # English says them as they are written
        assert not [name for name, text in other["pack"].items() if put_in(text) - put_in(english["pack"][name])]


def put_in(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_a_text_falls_back_to_english_and_then_to_any_language() -> None:
    both, one = Text(zh="车辙", en="Tracks"), Text(zh="车辙", fr=None)
    assert (both.best("zh"), both.best("fr"), one.best("fr"), Text().best()) == ("车辙", "Tracks", "车辙", None)
    assert list(both) == ["en", "zh"]
    assert one.record() == {"en": None, "zh": "车辙"}
    assert Text.of_keys({"title": "a", "title_zh": "b", "title_page": "c"}, "title") == Text(en="a", zh="b")


def test_a_phrase_puts_in_texts_of_its_own_language() -> None:
    found = phrase("label", kind=Text(en="Frame", zh="画面"), title="a.mp4")
    assert (found["en"], found["zh"]) == ("Frame: a.mp4", "a.mp4：画面")
    assert list(found) == list(LANGUAGES)


def test_a_language_titles_missions_and_events_that_have_a_profile() -> None:
    profiles = [load_profile(name) for name in profile_names()]
    known = {*profile_names(), *(f"{one.name}.{event.name}" for one in profiles for event in one.events)}
    assert [name for code in LANGUAGES for name in language(code).missions if name not in known] == []


@pytest.mark.parametrize("name", ["tag", "iso_639_2"])
def test_no_two_languages_have_the_same_code(name: str) -> None:
    codes = {code: getattr(language(code), name) for code in LANGUAGES}
    assert len(set(codes.values())) == len(codes), f"{name} was copied from another language: {codes}"


def test_what_results_say_is_translated_sentence_by_sentence() -> None:
    said = translated(
        "300 frames in 12.000 s. Every frame is a picture of its own. Nobody foresaw this. 1 frame in 0.040 s."
    )
    assert said["zh"] == ("12.000 秒内共 300 帧。每一帧都是独立画面。Nobody foresaw this. 0.040 秒内共 1 帧。")
    assert translated("dBFS, noise bandwidth 32.3 Hz")["zh"] == "dBFS，噪声带宽 32.3 Hz"
    damaged = "3 of 9 frames are damaged, depend on damaged ones, or are missing"
    assert (
        translated(f"Motion may not be measured: no frame shows anything; {damaged}.")["zh"]
        == "不可用于运动测量：没有一帧有内容；9 帧中有 3 帧损坏、依赖损坏帧或缺失。"
    )


def test_every_sentence_of_an_audit_and_every_unit_has_a_template_in_every_language() -> None:
    box, span = Box(left_px=0, top_px=8, right_px=64, bottom_px=40), FrameSpan(start_seconds=1.0, end_seconds=2.5)
    still = StaticRegions(
        picture_box=box, overlays=None, overlays_unknown_because="only 1 frame differs enough from the one before"
    )
    everything = {
        "frame_count_held": 2, "frame_count_hidden": 3, "frame_count_interlaced": 1, "frame_count_gone": 2,
        "frame_count_after_damage": 4, "frame_count_without_time": 5, "decoder_errors": 2, "first_error": "bad cabac",
        "edits_not_followed": "2 edits overlap", "truncated_because": "the file ends early", "detail_share": 0.4,
        "joined_at_seconds": (3.0,), "jumps": (span,), "damaged_or_missing": (span, span), "still": still,
    }  # fmt: skip
    nothing: dict[str, Any] = dict.fromkeys(field.name for field in dataclasses.fields(Findings))
    counts = {name: 0 for name in nothing if name.startswith("frame_count") or name.endswith(("_count", "errors"))}
    lists = dict.fromkeys(("damaged_or_missing", "joined_at_seconds", "jumps"), ())
    shown = {
        "frame_count_decoded": 300,
        "duration_decoded_seconds": 12.0,
        "distinct_per_second": 9,
        "frame_rate_hz": 25,
    }
    whole = StaticRegions(picture_box=None, overlays=None, overlays_unknown_because=None)
    plain = Findings(**{**nothing, **counts, **lists, **shown, "still": whole})
    worst = dataclasses.replace(plain, **everything)
    black = dataclasses.replace(plain, frame_count_black=300, damaged_byte_count=9)
    none = dataclasses.replace(plain, duration_decoded_seconds=None)
    with_sentences = [code for code in LANGUAGES if language(code).sentences]
    assert "zh" in with_sentences
    for found in (plain, worst, black, none, dataclasses.replace(none, frame_count_without_time=1)):
        for refused in ([], ["no frame shows anything"]):
            words = " ".join(verdict_words(found, (64, 48), 0.6, None, refused))
            for code in with_sentences:
                assert is_translated(words, code), words
    assert all(is_translated(unit.format(21.5), "zh") for unit in UNIT.values() if "bandwidth" in unit)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("着巡合影", True),
        ("6月11日，祝融号火星车 (Zhurong) 传回照片", True),
        ("The rover Zhurong (祝融号)", False),
        ("Tracks", False),
        ("2021", False),
        ("", False),
        ("探査車の写真", False),
        ("月面探査機", False),
        ("火星気象観測", False),
        ("探査機発射", False),
        ("月球车与着陆器", True),
        ("後避障相機拍攝的着陸平臺", True),
        ("祝融號火星車實驗說明", True),
        ("화성 火星", False),
    ],
)
def test_a_text_is_chinese_by_its_letters(text: str, expected: bool) -> None:
    assert is_chinese(text) is expected


def test_forms_that_only_japan_writes_are_in_no_chinese_character_set() -> None:
    forms = _JAPANESE_FORMS.pattern.strip("[]")
    assert len(forms) == len(set(forms))
    assert forms.encode("shift_jis").decode("shift_jis") == forms
    for encoding in ("gb2312", "cp950"):
        assert forms.encode(encoding, "ignore") == b"", encoding
