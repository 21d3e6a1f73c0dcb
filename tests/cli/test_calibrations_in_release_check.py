"""`release check` counts faults of calibrations, and calibrations that reach no file, as mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from flows.cli.main import main
from tests.helpers.made_media import MediaMaker


def test_a_calibration_that_fits_no_file_is_named_with_the_instruments_there_are(tmp_path: Path) -> None:
    MediaMaker(tmp_path).tone("edl.wav", hz=1000.0, seconds=1.0)
    (tmp_path / "mic.toml").write_text(
        'name = "M"\nsource = "certificate"\ninstrument = "EDL microphone"\nfull_scale_pascals = 60.0\n'
    )
    release = 'title = "June"\ncalibrations = ["mic.toml"]\n[[file]]\npath = "edl.wav"\nrecorded_by = "{}"\n'
    (tmp_path / "release.toml").write_text(release.format("Entry Camera"))
    done = CliRunner().invoke(main, ["release", "check", str(tmp_path)])
    assert (
        "calibrations: mic.toml changed nothing: no file is recorded_by 'EDL microphone' (but 'Entry Camera'); "
        "name the instrument in the [[file]] of its sounds, as a label's name does not count"
    ) in done.output
    (tmp_path / "release.toml").write_text(release.format("EDL microphone"))
    assert done.exit_code == 1
    assert "no mistakes" not in done.output
    done = CliRunner().invoke(main, ["release", "check", str(tmp_path)])
    assert (done.exit_code, done.output) == (0, f"{tmp_path / 'release.toml'}: 1 file described, no mistakes\n")


@pytest.mark.parametrize(("head", "own"), [('calibrations = ["mic.toml"]\n', ""), ("", 'calibration = "mic.toml"\n')])
def test_each_fault_of_a_calibration_is_a_mistake_on_its_own_line(tmp_path: Path, head: str, own: str) -> None:
    MediaMaker(tmp_path).tone("edl.wav", hz=1000.0, seconds=1.0)
    (tmp_path / "mic.toml").write_text('name = "M"\nsource = "certificate"\nfull_scale_pascals = -1.0\ncolour = 3\n')
    (tmp_path / "release.toml").write_text(f'title = "June"\n{head}[[file]]\npath = "edl.wav"\n{own}')
    done = CliRunner().invoke(main, ["release", "check", str(tmp_path)])
    said = "calibrations" if head else "calibration of 'edl.wav'"
    assert done.output == (
        f"{said}: mic.toml, line 3: full_scale_pascals: out of range (-1.0); use a number above 0\n"
        f"{said}: mic.toml, line 4: colour: unknown key; "
        "use one of name, source, instrument, full_scale_pascals, response\n"
    )
    assert done.exit_code == 1


@pytest.mark.parametrize("name", ["none.toml", "../mic.toml", ".hidden/mic.toml"])
def test_a_calibration_that_no_run_finds_is_a_mistake(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "june"
    (folder / ".hidden").mkdir(parents=True)
    MediaMaker(folder).tone("edl.wav", hz=1000.0, seconds=1.0)
    for place in (tmp_path, folder / ".hidden"):
        (place / "mic.toml").write_text('name = "M"\nsource = "certificate"\nfull_scale_pascals = 60.0\n')
    (folder / "release.toml").write_text(f'title = "June"\n[[file]]\npath = "edl.wav"\ncalibration = "{name}"\n')
    done = CliRunner().invoke(main, ["release", "check", str(folder)])
    assert done.output == f"calibration of 'edl.wav': {name}: no such file in the release; put it there\n"
    assert done.exit_code == 1


CERTIFICATE = 'name = "M"\nsource = "certificate"\ninstrument = "{}"\nfull_scale_pascals = {}\n'


def two_calibrations(folder: Path, second: str, own: str = "") -> None:
    MediaMaker(folder).tone("edl.wav", hz=1000.0, seconds=1.0)
    (folder / "old.toml").write_text(CERTIFICATE.format("EDL mic", 25.0))
    (folder / "new.toml").write_text(second)
    (folder / "release.toml").write_text(
        'title = "June"\ncalibrations = ["old.toml", "new.toml"]\n[[file]]\npath = "edl.wav"\nrecorded_by = "EDL mic"\n'
        + own
    )


def test_two_calibrations_of_one_instrument_that_differ_are_a_mistake(tmp_path: Path) -> None:
    two_calibrations(tmp_path, CERTIFICATE.format("edl  MIC", 50.0))
    done = CliRunner().invoke(main, ["release", "check", str(tmp_path)])
    assert done.output == (
        "calibrations: old.toml and new.toml are both for 'edl  MIC' and differ: neither is used; "
        'take one out, or give each [[file]] its own with calibration = "..."\n'
    )
    assert done.exit_code == 1


@pytest.mark.parametrize(
    ("second", "own"),
    [
        (CERTIFICATE.format("EDL mic", 25.0), ""),  # the same calibration in two files
        (CERTIFICATE.format("EDL mic", 50.0), 'calibration = "new.toml"\n'),
    ],
)
def test_two_calibrations_without_a_choice_to_make_are_no_mistake(tmp_path: Path, second: str, own: str) -> None:
    two_calibrations(tmp_path, second, own)
    done = CliRunner().invoke(main, ["release", "check", str(tmp_path)])
    assert (done.exit_code, done.output) == (0, f"{tmp_path / 'release.toml'}: 1 file described, no mistakes\n")
