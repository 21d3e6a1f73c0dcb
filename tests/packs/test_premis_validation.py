"""PREMIS says of each file what `show` says of it: whole, damaged in these words, or not decoded."""

from __future__ import annotations

import importlib
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from flows.cli.main import main
from flows.run.options import Options
from flows.run.run import in_threads, run_ingest
from processors.audio.levels.levels import Levels
from processors.metadata.evidence import Evidence
from processors.photo.deep import DeepPhoto
from processors.photo.photo_preview import PhotoPreview
from processors.photo.tiles import Tiles
from processors.video.audit.integrity import Integrity
from processors.video.audit.measurements import Measurements
from tests.helpers import made_formats
from tests.helpers.made_pds3 import pds3
from tests.helpers.made_pds3 import picture as stored_picture
from tests.helpers.pack_store import picture

etree: Any = importlib.import_module("lxml.etree")  # compiled, and without types
PREMIS = {"p": "http://www.loc.gov/premis/v3"}
RECIPES = {
    "photo": (PhotoPreview(longest_sides_px=(320,)), DeepPhoto(), Tiles(), Evidence()),
    "audio": (Levels(), Evidence()),
    "video": (Measurements(), Integrity(measurements=Measurements()), Evidence()),
}


def grey_16_bit() -> bytes:
    buffer = io.BytesIO()
    noise = np.random.default_rng(1).integers(0, 65536, (96, 128), np.uint16)
    Image.fromarray(noise).save(buffer, "PNG")
    return buffer.getvalue()


def zeroed(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes(40) + data[middle + 40 :]


def cut(data: bytes) -> bytes:
    return data[: max(len(data) * 4 // 5, 1156)]  # behind the label of the PDS3 image


WHOLE: dict[str, Callable[[], bytes]] = {
    "jpg": lambda: picture(128, 96, 1),
    "png": grey_16_bit,
    "tif": made_formats.picture("TIFF"),
    "img": lambda: pds3(stored_picture().tobytes()),
    "wav": made_formats.plain("WAV"),
    "flac": made_formats.plain("FLAC"),
    "ogg": made_formats.plain("OGG", "VORBIS"),
    "mp4": made_formats.video("mp4", "libx264", sound="aac"),
    "mkv": made_formats.video("matroska", "libx264"),
}


def run(*words: str) -> str:
    result = CliRunner().invoke(main, list(words))
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("damaged")
    (folder / "raw/june").mkdir(parents=True)
    for suffix, make in WHOLE.items():
        data = make()
        for name, spoilt in {"whole": data, "cut": cut(data), "zeroed": zeroed(data)}.items():
            (folder / f"raw/june/{name}.{suffix}").write_bytes(spoilt)
    run_ingest(folder / "raw", folder / "store", RECIPES, Options(), in_threads, name="i")  # type: ignore[arg-type]
    run("pack", "*", "-o", str(folder / "pack"), "--audience", "archive", "--store", str(folder / "store"))
    return folder


def validations(folder: Path) -> dict[str, tuple[str, str, str]]:
    """Outcome, note and detail of the validation of each file."""
    document = etree.parse(folder / "pack/data/premis.xml")
    value = "p:objectIdentifier/p:objectIdentifierValue"
    names = {
        one.findtext(value, None, PREMIS): str(one.findtext("p:originalName", "", PREMIS)).rpartition("/")[2]
        for one in document.iterfind("p:object", PREMIS)
        if "/original/" in (one.findtext(f"p:objectIdentifier[2]/{value.partition('/')[2]}", "", PREMIS))
        or one.find("p:objectIdentifier[2]", PREMIS) is None
    }
    return {
        names[one.findtext("p:linkingObjectIdentifier/p:linkingObjectIdentifierValue", None, PREMIS)]: (
            one.findtext(".//p:eventOutcome", None, PREMIS),
            one.findtext(".//p:eventOutcomeDetailNote", "", PREMIS),
            one.findtext(".//p:eventDetail", None, PREMIS),
        )
        for one in document.iterfind("p:event", PREMIS)
        if one.findtext("p:eventType", None, PREMIS) == "validation"
    }


def test_a_validation_has_the_verdict_of_show_for_each_medium_and_kind_of_damage(folder: Path) -> None:
    found = validations(folder)
    for suffix in WHOLE:
        for name in (f"whole.{suffix}", f"cut.{suffix}", f"zeroed.{suffix}"):
            shown = run("show", name, "--store", str(folder / "store"))
            (verdict,) = re.findall(r"^  verdict  (.*)$", shown, re.M)
            outcome, note, _ = found[name]
            assert note.startswith(verdict), (name, verdict, note)
            is_damaged = verdict.startswith("damaged: ")
            assert (outcome == "success") is not is_damaged, (name, verdict, outcome)
        assert found[f"whole.{suffix}"][0] == "success"
        assert found[f"cut.{suffix}"][0] == "incomplete or damaged", (suffix, found[f"cut.{suffix}"])


def test_a_result_that_decoded_nothing_validates_nothing(folder: Path) -> None:
    checked = {detail for name, (_, _, detail) in validations(folder).items() if name.startswith("whole.")}
    assert {re.sub(r" \d+$", "", one) for one in checked} == {
        "Checked for damage by photo.preview",
        "Checked for damage by audio.levels",
        "Decoding of every frame",
    }


def test_a_pack_names_its_damaged_files_on_the_terminal_and_in_its_readme(folder: Path, tmp_path: Path) -> None:
    words = ["pack", "whole.tif", "cut.tif", "-o", str(tmp_path / "pack"), "--audience", "archive"]
    result = CliRunner().invoke(main, [*words, "--store", str(folder / "store")])
    assert result.exit_code == 0, result.output
    (verdict,) = re.findall(r"^  verdict  (.*)$", run("show", "cut.tif", "--store", str(folder / "store")), re.M)
    assert f"marsmedia: june/cut.tif: {verdict}\n" in result.stderr
    assert "june/whole.tif: " not in result.stderr
    text = (tmp_path / "pack/README.txt").read_text()
    assert f"Damaged or incomplete when they were read, as the originals are:\njune/cut.tif: {verdict}\n" in text
    assert text.count(f"june/cut.tif: {verdict}") == text.count("以下文件读取时已损坏或不完整") + 1
