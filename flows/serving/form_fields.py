"""Prefect's forms: a title for each parameter of a flow, and the parameters besides the options of a run."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Annotated, Any, TypeVar, get_args, get_origin

from pydantic import Field

from flows.run.options import Described

Function = TypeVar("Function", bound=Callable[..., Any])
BLANKS: dict[type, Any] = {int: 0, float: 0.0, str: "", list: [], tuple: [], dict: {}}
"""Values that a form shows for None, by type of the parameter; `Described` reads them as None."""

Raw = Annotated[str, Described("Folder of releases, or a release with a release.toml; never written to.")]
StoreFolder = Annotated[str, Described("Folder of the processed store, or its place in a bucket, s3://bucket/folder.")]
Retries = Annotated[
    int, Described("Number of retries, a minute apart, when the machine is at fault.", minimum=0, maximum=10)
]


def with_form(function: Function) -> Function:
    """Give the form of a flow's function titles and values of one type; the function itself is unchanged.

    Prefect takes titles and defaults from its signature, in which a default may be a pydantic `Field`. Each parameter
    needs a default: Prefect would pass a `Field` without one to the function.
    """
    signature = inspect.signature(function, eval_str=True)
    shown = [_shown(parameter) for parameter in signature.parameters.values()]
    function.__signature__ = signature.replace(parameters=shown)  # type: ignore[attr-defined]
    return function


def _shown(parameter: inspect.Parameter) -> inspect.Parameter:
    words = parameter.name.replace("_", " ").replace(" mb", " (MB)")
    titled: Any = {"title": words[:1].upper() + words[1:]}
    default = _blank(parameter.annotation) if parameter.default is None else parameter.default
    return parameter.replace(default=Field(default=default, json_schema_extra=titled))


def _blank(annotation: Any) -> Any:
    """Return the value that stands for None in a field of this type: `Annotated[int | None, ...]`."""
    (kind,) = (one for one in get_args(get_args(annotation)[0]) if one is not type(None))
    return BLANKS[get_origin(kind) or kind]
