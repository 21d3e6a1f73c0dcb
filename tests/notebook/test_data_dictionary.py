"""`docs/data.md` is what the code says."""

from __future__ import annotations

from pathlib import Path

from marsmedia.dictionary import data_dictionary

PAGE = Path(__file__).resolve().parents[2] / "docs/data.md"


def test_the_data_dictionary_is_up_to_date() -> None:
    written = PAGE.read_text(encoding="utf-8")
    assert written == data_dictionary(), "run: python -m marsmedia.dictionary > docs/data.md"


def test_the_dictionary_has_every_variable_of_every_array() -> None:
    arrays = PAGE.read_text(encoding="utf-8").partition("## Arrays")[2]
    names = [line[4:] for line in arrays.splitlines() if line.startswith("### ")]
    assert names == ["envelope.nc", "spectrogram.nc", "overview.nc", "mel.nc"]
    for line in (line for line in arrays.splitlines() if line.startswith("| `")):
        variable, _, unit, meaning = (cell.strip() for cell in line.strip("|").split("|"))
        assert variable == "`channel`" or (unit and meaning), line
