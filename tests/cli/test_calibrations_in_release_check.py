"""`release check` warns of a calibration that reaches no file, as a run does."""

from __future__ import annotations

from pathlib import Path

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
        "name the instrument in the [[file]] of its sounds"
    ) in done.output
    (tmp_path / "release.toml").write_text(release.format("EDL microphone"))
    assert "changed nothing" not in CliRunner().invoke(main, ["release", "check", str(tmp_path)]).output
