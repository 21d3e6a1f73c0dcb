"""Pack recipe in TOML: reading and validation; reports every mistake with its line."""

from __future__ import annotations

import dataclasses
import datetime
import re
from collections.abc import Collection
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, create_model

from processors.containers.text.toml_file import read_toml
from processors.errors import RequestError
from processors.imaging.image_writer import MAX_WEBP_SIDE_PX
from processors.languages.language import LANGUAGES, translated_keys
from processors.languages.text import Text
from processors.packs.presentation import TAKE_WORDS
from processors.packs.recipe.audience import Audience, Layout
from processors.packs.recipe.pack_recipe import (
    BagInfo,
    Highlight,
    Override,
    PackPicture,
    PackRecipe,
    PictureFit,
    Pictures,
    Signature,
)
from processors.store.catalogue.selection import parse

MAX_ASPECT = 5
"""Longest shape of a picture: width to height, or height to width."""


def read_recipe(path: Path, processors: Collection[str]) -> PackRecipe:
    """Read and check a pack recipe.

    Parameters
    ----------
    processors : names that `take` may use.

    Raises
    ------
    RequestError : the message lists every mistake with its line.
    OSError : the file cannot be read.
    """
    try:
        table = read_toml(path, RecipeTable, context=frozenset(processors))
    except ValueError as error:
        raise RequestError(str(error)) from error
    return _recipe(table.model_dump(exclude_unset=True), path.parent)


def _recipe(table: dict[str, Any], folder: Path) -> PackRecipe:
    of_recipe = {one.name for one in dataclasses.fields(PackRecipe)} - {"title", "text"}
    fields = {name: value for name, value in table.items() if name in of_recipe}
    fields |= {name: tuple(value) for name, value in fields.items() if isinstance(value, list)}
    if made := table.get("pictures"):
        sizes = tuple(sorted(set(made["longest_side_px"])))
        others = {"picture_format" if name == "format" else name: value for name, value in made.items()}
        fields["pictures"] = Pictures(**{**others, "longest_side_px": sizes})
    if "highlight" in table:
        wanted = table["highlight"]
        fields["highlight"] = Highlight(**wanted | ({"font": folder / wanted["font"]} if "font" in wanted else {}))
    if "bag_info" in table:
        fields["bag_info"] = BagInfo(**table["bag_info"])
    if signature := table.get("signature"):
        fields["signature"] = Signature(**{name: folder / place for name, place in signature.items()})
    return PackRecipe(
        title=Text.of_keys(table, "title"),
        text=Text.of_keys(table, "text"),
        overrides=tuple(Override(**one) for one in table.get("override", ())),
        **fields,
    )


def _written(text: str) -> str:
    if not text.strip():
        raise ValueError(f"empty ({text!r}); write a text")
    return text


def _day(value: Any) -> str:
    if not isinstance(value, datetime.date) or isinstance(value, datetime.datetime):
        raise ValueError(f"not a day ({value!r}); write it without quotes, as 2026-01-31")
    return value.isoformat()


def _address(text: str) -> str:
    if re.match(r"https?://.*[\s\"<>]", text):
        raise ValueError(f"not an address ({text!r}); write a blank in it as %20, and no quotes or angle brackets")
    if not re.fullmatch(r"https?://.+", text):
        raise ValueError(f"not an address ({text!r}); begin it with https:// or http://")
    return text.rstrip("/") + "/"


def _language(code: str) -> str:
    if code not in LANGUAGES:
        raise ValueError(f"unknown language ({code!r}); use {' or '.join(LANGUAGES)}")
    return code


def _selection(words: list[str]) -> list[str]:
    try:
        parse(words)
    except RequestError as error:
        raise ValueError(f"no selection ({error}); `marsmedia items --help` lists the words") from error
    return words


def _taken(word: str, info: ValidationInfo) -> str:
    processors: frozenset[str] = info.context or frozenset()
    processor, slash, pattern = word.partition("/")
    if word in TAKE_WORDS or (slash and pattern and processor in processors):
        return word
    if slash and processor not in processors:
        raise ValueError(f"unknown processor ({processor!r}); use one of {', '.join(sorted(processors))}")
    raise ValueError(f"unknown word ({word!r}); use one of {', '.join(TAKE_WORDS)}, or processor/pattern")


def _aspect(text: str) -> str:
    found = re.fullmatch(r"([1-9]\d{0,4}):([1-9]\d{0,4})", text)
    if not found or not 1 / MAX_ASPECT <= int(found[1]) / int(found[2]) <= MAX_ASPECT:
        raise ValueError(f'no aspect ({text!r}); give width and height, such as "1:1", "4:5" or "1200:630"')
    return text


def _for_format(side: int, info: ValidationInfo) -> int:
    if info.data.get("format") == "webp" and side > MAX_WEBP_SIDE_PX:
        raise ValueError(f"{side} px is more than WebP can have; give at most {MAX_WEBP_SIDE_PX}, or another format")
    return side


Written = Annotated[str, AfterValidator(_written)]
SizePx = Annotated[int, Field(ge=16, le=32768)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class PicturesTable(_Table):
    format: PackPicture = "jpeg"  # before the sizes, whose check reads it
    longest_side_px: list[Annotated[SizePx, AfterValidator(_for_format)]] = Field(min_length=1)
    quality: int = Field(88, ge=1, le=95)
    aspect: Annotated[str, AfterValidator(_aspect)] = ""
    fit: PictureFit = "pad"


class HighlightTable(_Table):
    seconds_each: float = Field(3.0, ge=0.5, le=60)
    longest_side_px: int = Field(1280, ge=160, le=3840)
    sound: Written = ""
    font: Written = ""


class SignatureTable(_Table):
    certificate: Written
    key: Written


class OverrideTable(_Table):
    source: Written
    who: Written
    why: Written


_BAG_INFO: dict[str, Any] = {one.name: (Written, "") for one in dataclasses.fields(BagInfo)}
BagInfoTable = create_model("BagInfoTable", __base__=_Table, **_BAG_INFO)


class _RecipeHead(_Table):
    title: Written
    text: Written = ""
    audience: Audience
    selection: Annotated[list[Written], Field(min_length=1), AfterValidator(_selection)]
    take: list[Annotated[str, AfterValidator(_taken)]] = Field([], min_length=1)
    layout: Layout = "source"
    credits_in_files: bool = False
    languages: list[Annotated[str, AfterValidator(_language)]] = Field([], min_length=1)
    publisher: Written = ""
    date: Annotated[str, BeforeValidator(_day)] = ""
    web_address: Annotated[str, AfterValidator(_address)] = ""
    pictures: PicturesTable | None = None
    highlight: HighlightTable | None = None
    signature: SignatureTable | None = None
    override: list[OverrideTable] = []


_FURTHER: dict[str, Any] = {
    "bag_info": (BagInfoTable | None, None),
    **dict.fromkeys((*translated_keys("title"), *translated_keys("text")), (Written, "")),
}
RecipeTable = create_model("RecipeTable", __base__=_RecipeHead, **_FURTHER)
"""Model of the whole file. Its defaults are placeholders: a key that is not written has the default of `PackRecipe`."""
