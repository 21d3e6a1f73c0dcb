"""What a `release.toml` may say, as pydantic models: loaded only where one is read."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, create_model

from processors.languages.language import OTHER_LANGUAGES
from processors.metadata.release_values import TRANSLATED, as_written
from processors.mission.profile import load_profile, profile_names


def _mission(name: str) -> str:
    if name not in profile_names():
        raise ValueError(f"unknown mission ({name!r}); use one of {', '.join(profile_names())}")
    return name


def _event(name: str, info: ValidationInfo) -> str:
    if info.context and load_profile(info.context).event(name) is None:
        names = ", ".join(event.name for event in load_profile(info.context).events)
        raise ValueError(f"unknown event ({name!r}); use one of {names}")
    return name


Moment = Annotated[str, BeforeValidator(as_written)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    title: str = ""
    credit: str = ""
    rights: str = ""
    source: str = ""
    redistribute: bool = False


class _Head(_Table):
    agency: str = ""
    mission: Annotated[str, AfterValidator(_mission)] = ""
    released: Moment = ""
    synthetic: bool = False


class _File(_Table):
    """One [[file]]; the context of its validation is the name of the release's mission, or None."""

    path: str = Field(min_length=1)
    caption: str = ""
    alt_text: str = ""
    recorded_by: str = ""
    date: Moment = ""
    date_precision: str = ""
    date_zone: Literal["UTC", "Beijing"] = "UTC"
    event: Annotated[str, AfterValidator(_event)] = ""
    keywords: list[str] = []
    altitude_metres: float = Field(1, gt=0, allow_inf_nan=False)
    field_of_view_degrees: float = Field(1, gt=0, lt=180)
    altitude_shot: int = Field(1, ge=1)


def _in_languages(model: type[BaseModel], name: str) -> type[BaseModel]:
    keys = [f"{key}_{code}" for key in TRANSLATED if key in model.model_fields for code in OTHER_LANGUAGES]
    fields: dict[str, Any] = dict.fromkeys(keys, (str, ""))
    return create_model(name, __base__=model, **fields)


HeadTable = _in_languages(_Head, "HeadTable")
FileTable = _in_languages(_File, "FileTable")
