"""Prefect's forms: each field has a title, a description, one type and a value that says what happens if it stays."""

from __future__ import annotations

import json
import re

import pytest
from prefect.exceptions import ParameterTypeError
from prefect.utilities.callables import get_call_parameters
from prefect.utilities.schema_tools.validation import validate

from flows.ingest import ingest
from flows.pack import pack
from flows.reprocess import reprocess
from flows.run.planning.select import ReprocessRequest
from flows.verify import verify
from processors.engine.parameters import settings_of
from processors.errors import RequestError

FLOWS = {flow.name: flow for flow in (ingest, reprocess, verify, pack)}


@pytest.mark.parametrize("name", FLOWS)
def test_each_field_is_of_one_type_and_described(name: str) -> None:
    form = FLOWS[name].parameters
    assert form.required == []
    for field, shown in form.properties.items():
        assert shown["type"] in ("string", "boolean", "integer", "number", "array", "object"), field
        assert shown["default"] is not None, field
        assert shown["title"][0].isupper(), field
        assert shown["description"].endswith("."), field
        if "minimum" in shown:
            assert shown["minimum"] <= shown["default"] <= shown.get("maximum", float("inf")), field


def test_the_words_of_some_fields() -> None:
    fields = FLOWS["reprocess"].parameters.properties
    told = {
        name: (fields[name]["title"], fields[name]["description"]) for name in ("workers", "memory_mb", "processors")
    }
    assert told == {
        "workers": ("Workers", "Number of worker processes. 0: one per processor core."),
        "memory_mb": ("Memory (MB)", "Memory limit for one file, in MB. 0: up to 4000, as the machine allows."),
        "processors": ("Processors", "Names of processors. Empty: all of the recipe."),
    }


def test_what_stays_empty_in_a_form_is_unset_in_the_run() -> None:
    as_shown = {name: field["default"] for name, field in reprocess.parameters.properties.items()}
    called = get_call_parameters(reprocess.fn, (), {})
    empty = ("processors", "settings", "workers", "memory_mb", "scheduler")
    for given in (as_shown, called, {**as_shown, **dict.fromkeys(empty)}):
        run = reprocess.validate_parameters(given)
        assert {name: run[name] for name in empty} == dict.fromkeys(empty)
        assert (run["selection"], run["runner"], run["time_limit_factor"]) == ([], "local", 1.0)
    assert reprocess.validate_parameters({**as_shown, "workers": 3})["workers"] == 3
    with pytest.raises(ParameterTypeError, match="less than or equal to 256"):
        reprocess.validate_parameters({**as_shown, "workers": 257})
    with pytest.raises(ParameterTypeError, match="greater than or equal to 300"):
        reprocess.validate_parameters({**as_shown, "memory_mb": 100})


def test_settings_of_a_reprocessing_are_any_values_of_json() -> None:
    """The server checks a run on demand against the schema, the run against the types; then they are as in `--set`."""
    given = json.loads(
        '{"every_seconds": 0.2, "choice": "times", "times_seconds": [1.5, 2], "is_exact": true, "altitude_m": null, '
        '"measurements": {"width_px": 320}}'
    )
    asked = {"selection": ["june/*"], "processors": ["video.frames"], "settings": given}
    validate(asked, reprocess.parameters.model_dump_for_openapi())
    assert reprocess.validate_parameters(get_call_parameters(reprocess.fn, (), asked))["settings"] == given
    assert settings_of(given) == {
        "every_seconds": "0.2",
        "choice": "times",
        "times_seconds": "1.5,2",
        "is_exact": "true",
        "altitude_m": "none",
        "measurements.width_px": "320",
    }


def test_settings_for_several_processors_are_refused_in_words_of_the_form() -> None:
    choice = ReprocessRequest(words=(), processors=("video.frames", "video.preview"), settings={"every_seconds": "0.2"})
    message = "changed parameters (--set, or `settings`) are for one processor; name exactly one"
    with pytest.raises(RequestError, match=f"^{re.escape(message)}$"):
        choice.recipes()
