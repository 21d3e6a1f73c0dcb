"""Recipe file: changes to `flows/recipes.py`, in TOML, for everything, for a release or for a camera.

recipe = "light"                  # begin with this recipe; full without it
also = ["audio.film"]             # add processors, here one that is made on request only
without = ["video.contact_sheet"] # leave processors out

[video.frames]                    # parameters of a processor
every_seconds = 0.5

[[for]]                           # the same for the sources of one release, or of one camera or instrument
release = "june-*"                # a name or a pattern
camera = "microphone"             # a part of its name in release.toml or a label
recipe = "full"
audio.spectrogram = { window = "hamming" }
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from processors.containers.text.toml_file import MAX_BYTES, KeyPath, TomlError, TomlFile
from processors.engine.parameters import settings_of
from processors.engine.recipe_book import RecipeChange
from processors.errors import RecipeError, machine_reason, meant

WORDS = ("recipe", "also", "without")
WORDS_OF_FOR = ("release", "camera", *WORDS)


def read_recipe_file(path: Path) -> tuple[RecipeChange, ...]:
    """Read the changes, the general one first. Names of processors and parameters are not checked yet.

    Raises
    ------
    RecipeError : the file cannot be read, or contains a wrong name or value; the message gives the line.
    """
    try:
        with path.open("rb") as opened:
            file = TomlFile(opened.read(MAX_BYTES + 1))
        special = file.table.pop("for", [])
        if not isinstance(special, list) or not all(isinstance(one, dict) for one in special):
            raise TomlError(file.line(("for",)), "for: not a list of sections; write [[for]] above each")
        changes = [_change(file.table, (), file, WORDS)]
        for number, table in enumerate(special):
            at = ("for", number)
            place = f"{path}, line {file.line(at)}"
            changes.append(replace(_change(table, at, file, WORDS_OF_FOR), place=place))
    except OSError as error:
        raise RecipeError(f"{path}: {machine_reason(error)}") from error
    except TomlError as error:
        raise RecipeError(f"{path}, {error}") from error
    return tuple(changes)


def _change(table: Mapping[str, Any], at: KeyPath, file: TomlFile, words: tuple[str, ...]) -> RecipeChange:
    said: dict[str, Any] = {}
    parameters: dict[str, Mapping[str, str]] = {}
    for key, value in table.items():
        line = file.line((*at, key))
        if key not in words:
            if not isinstance(value, dict):
                raise TomlError(line, f"{key}: unknown key; {meant(key, [*words, 'the table of a processor'])}")
            parameters |= {name: settings_of(of_it) for name, of_it in _processors(key, value)}
        elif key in ("also", "without"):
            if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
                raise TomlError(line, f'{key}: not a list of names; write it as ["video.motion"]')
            said[key] = tuple(value)
        elif not isinstance(value, str):
            raise TomlError(line, f"{key}: not text ({value}); write it in quotes")
        elif not value.strip():
            raise TomlError(line, f"{key}: empty; give it a value, or remove the line")
        else:
            said[key] = value
    if at and "release" not in said and "camera" not in said:
        raise TomlError(file.line(at), "for: neither release nor camera; add one of them")
    return RecipeChange(**said, parameters=parameters)


def _processors(key: str, table: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """Return tables by processor: in TOML [video.frames] is a table in a table, ["video.frames"] a single one."""
    if "." in key or not table or not all(isinstance(one, dict) for one in table.values()):
        return [(key, table)]
    return [(f"{key}.{name}", of_it) for name, of_it in table.items()]
