"""Pydantic model of a calibration file, imported only to read one."""

from __future__ import annotations

import itertools
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


def _rising(response: list[list[float]]) -> list[list[float]]:
    frequencies = [0.0, *(hz for hz, _ in response)]
    for before, hz in itertools.pairwise(frequencies):
        if hz <= before:
            raise ValueError(f"frequencies do not rise from 0 ({hz:g} Hz after {before:g} Hz); sort the pairs")
    return response


Finite = Annotated[float, Field(allow_inf_nan=False)]
Pair = Annotated[list[Finite], Field(min_length=2, max_length=2)]


class CalibrationTable(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    name: str = Field(min_length=1)
    source: str = Field(min_length=1)
    instrument: str | None = Field(None, min_length=1)
    full_scale_pascals: Finite = Field(gt=0)
    response: Annotated[list[Pair], AfterValidator(_rising)] = []
