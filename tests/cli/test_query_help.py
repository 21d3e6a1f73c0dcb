"""The help of `query`: what a row of a table is, and an example whose numbers are right."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from click.testing import CliRunner
from PIL import Image

from flows.cli.main import main
from processors.metadata import Metadata
from tests.helpers.runs import ingest


def test_the_example_of_the_help_counts_a_source_at_two_places_once(tmp_path: Path) -> None:
    (tmp_path / "raw/june").mkdir(parents=True)
    (tmp_path / "raw/july").mkdir()
    Image.new("RGB", (64, 48), (90, 40, 20)).save(tmp_path / "raw/june/photo.jpg")
    shutil.copy(tmp_path / "raw/june/photo.jpg", tmp_path / "raw/july/copy.jpg")
    ingest(tmp_path / "raw", tmp_path / "store", {"photo": (Metadata(),), "video": (), "audio": ()})
    told = CliRunner().invoke(main, ["query", "--help"], catch_exceptions=False).output
    assert "`sources` has one row for each place" in " ".join(told.split())
    assert "In each of them `source` is the SHA-256 of a file; `key` names a result." in " ".join(told.split())
    wrong = ["query", "SELECT name, sha256 FROM sources", "--store", str(tmp_path / "store")]
    refused = CliRunner().invoke(main, wrong)
    assert refused.exit_code == 1
    assert refused.output.endswith("; the SHA-256 of a file is in the column `source`\n")
    example = re.search(r'marsmedia query "(SELECT medium, count[^"]*)"', told)
    assert example
    asked = ["query", example[1], "--csv", "--store", str(tmp_path / "store")]
    assert CliRunner().invoke(main, asked, catch_exceptions=False).output.splitlines()[1:] == ["photo,1"]
