"""Pydantic models of `release.toml`; imported only when one is read."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, create_model

from processors.languages.language import translated_keys
from processors.metadata.release.release_values import TRANSLATED, date_as_text
from processors.mission.profile import load_profile, profile_names

SCHEMES = ("https", "http", "ftp", "doi", "hdl", "ark", "urn")
"""Permitted schemes of a release's URL; others could run a program."""


def _mission(name: str) -> str:
    if name not in profile_names():
        raise ValueError(f"unknown mission ({name!r}); use one of {', '.join(profile_names())}")
    return name


def _mission_of_file(name: str) -> str:
    if name and name not in profile_names():
        known = ", ".join(profile_names())
        raise ValueError(f'unknown mission ({name!r}); use one of {known}, or "" for a file of none of them')
    return name


def _event(name: str, info: ValidationInfo) -> str:
    profile = load_profile(info.context) if info.context else None
    if profile is None or profile.event(name):
        return name
    known = ", ".join(event.name for event in profile.events)
    others = f"use one of {known}" if known else f"{profile.name} has none with a time"
    if name in profile.events_without_time:
        without = f"no source was found for the time of {name!r} of {profile.name}"
        raise ValueError(f"{without}; state it as `date` of the file{f', or {others}' if known else ''}")
    raise ValueError(f"unknown event ({name!r}); {others}" + ("" if known else ": state the `date` of the file"))


def _source(text: str) -> str:
    found = re.match(r"[\s\x00-\x1f]*([A-Za-z][\w+.-]*)\s*:", text)
    if found and found[1].lower() not in SCHEMES:
        raise ValueError(f"not an address that can be published ({text!r}); use one that begins with https: or http:")
    return text


Moment = Annotated[str, BeforeValidator(date_as_text)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    title: str = ""
    credit: str = ""
    rights: str = ""
    source: Annotated[str, AfterValidator(_source)] = ""
    redistribute: bool = False
    usage_terms: str = ""
    instructions: str = ""
    agency: str = ""


class _Head(_Table):
    mission: Annotated[str, AfterValidator(_mission)] = ""
    released: Moment = ""
    synthetic: bool = False
    calibrations: list[str] = []
    """Files with calibrations, in the release's folder, each for the sounds of its own instrument."""


class _File(_Table):
    """One [[file]]; the context of its validation is the name of the file's mission, or None."""

    path: str = Field(min_length=1)
    mission: Annotated[str, AfterValidator(_mission_of_file)] = ""
    """Mission of this file, if not the release's; empty: a mission without a profile."""
    caption: str = ""
    alt_text: str = ""
    recorded_by: str = ""
    calibration: str = ""
    """File with the calibration of this sound's instrument, in the release's folder."""
    date: Moment = ""
    date_precision: str = ""
    date_zone: Literal["UTC", "Beijing"] = "UTC"
    event: Annotated[str, AfterValidator(_event)] = ""
    keywords: list[str] = []
    still_seconds: float = Field(0, ge=0, allow_inf_nan=False)
    """Presentation time of the frame that represents a video."""
    altitude_metres: float = Field(1, gt=0, allow_inf_nan=False)
    field_of_view_degrees: float = Field(1, gt=0, lt=180)
    altitude_shot: int = Field(1, ge=1)


def _in_languages(model: type[BaseModel], name: str) -> type[BaseModel]:
    keys = [one for key in TRANSLATED if key in model.model_fields for one in translated_keys(key)]
    fields: dict[str, Any] = dict.fromkeys(keys, (str, ""))
    return create_model(name, __base__=model, **fields)


HeadTable = _in_languages(_Head, "HeadTable")
FileTable = _in_languages(_File, "FileTable")
