"""A calibration that changed since the last ingest: no pack has pressures of the earlier one without a word."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal
from unicodedata import normalize

import pytest
from PIL import Image

from flows.run.build_pack import build_pack, recipe_of
from processors.audio.levels.levels import Levels
from processors.audio.spectrogram.spectrogram_picture import SpectrogramPicture
from processors.engine.wanted_results import Recipes
from processors.errors import RequestError
from processors.metadata import Metadata
from processors.metadata.evidence import Evidence
from processors.packs.built import Built
from processors.packs.recipe.audience import Audience
from processors.photo.photo_preview import PhotoPreview
from processors.store.store import Store
from tests.helpers.buckets import client
from tests.helpers.command import in_this_process
from tests.helpers.made_media import MediaMaker
from tests.helpers.runs import ingest

HEAD = 'title = "June"\ncredit = "CNSA"\nrights = "CC BY 4.0"\nredistribute = true\n'
MICROPHONE = 'name = "M"\nsource = "note {}"\nfull_scale_pascals = {}\ninstrument = "EDL microphone"\n'
SOUND = '[[file]]\npath = "edl.wav"\nrecorded_by = "EDL microphone"\n'
NAMED_AT_TOP = f'{HEAD}calibrations = ["cal/mic.toml"]\n{SOUND}'
NAMED_BY_FILE = f'{HEAD}{SOUND}calibration = "cal/mic.toml"\n'
RECIPES: Recipes = {
    "photo": (Metadata(), Evidence(), PhotoPreview(longest_sides_px=(64,))),
    "audio": (Metadata(), Evidence(), Levels(), SpectrogramPicture()),
}


@pytest.fixture
def release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A release of a sound and a photo, without a description."""
    folder = tmp_path / "raw/june"
    folder.mkdir(parents=True)
    Image.new("RGB", (96, 64), "brown").save(folder / "tracks.png")
    MediaMaker(folder).tone("edl.wav", hz=1000.0, seconds=1.0)
    monkeypatch.chdir(tmp_path)
    return folder


@pytest.fixture(params=[NAMED_AT_TOP, NAMED_BY_FILE], ids=["named at the top", "named by its file"])
def calibration(release: Path, request: pytest.FixtureRequest) -> Path:
    """The calibration of the release's sound, ingested."""
    (release / "release.toml").write_text(request.param)
    (release / "cal").mkdir()
    (release / "cal/mic.toml").write_text(MICROPHONE.format(1, 60.0))
    ingest(Path("raw"), Path("store"), RECIPES)
    return release / "cal/mic.toml"


def built(audience: Audience, name: str = "*.wav") -> Built:
    return build_pack(recipe_of([name], audience=audience), Path("pack"), Store(Path("store")), force=True)


@pytest.mark.parametrize("audience", ["public", "research", "archive"])
def test_a_pack_for_others_is_refused_where_a_calibration_was_corrected(calibration: Path, audience: Audience) -> None:
    calibration.write_text(MICROPHONE.format(2, 45.0))
    article = "an" if audience == "archive" else "a"
    with pytest.raises(RequestError) as caught:
        built(audience)
    assert str(caught.value) == (
        f"{article} {audience} pack cannot be built: the store still has the earlier pressures:\n"
        "  june/cal/mic.toml has changed since the last ingest\n"
        "run `marsmedia ingest raw` first"
    )
    assert not Path("pack").exists()
    ingest(Path("raw"), Path("store"), RECIPES)
    assert built(audience).about("changed description") == ()


def test_others_are_told_of_a_corrected_calibration(calibration: Path) -> None:
    built("press")
    calibration.write_text(MICROPHONE.format(2, 45.0))
    said = "june/cal/mic.toml has changed since the last ingest: "
    told = in_this_process("pack", "*.wav", "--audience", "press", "-o", "press", "--store", "store")
    assert told.returncode == 0
    remedy = "run `marsmedia ingest raw` and build it again"
    assert f"marsmedia: {said}the pack has the earlier pressures: {remedy}\n" in told.stderr
    told = in_this_process("browse", "--no-open", "--store", "store")
    assert f"marsmedia: {said}the page shows the earlier pressures: run `marsmedia ingest raw`\n" in told.stderr
    assert f"pack: {said}run `marsmedia ingest raw` to see" in in_this_process("packs", "--store", "store").stdout


@pytest.mark.parametrize("forms", [("NFC", "NFD"), ("NFD", "NFC")])
@pytest.mark.parametrize("named", ['calibration = "{}"\n', ""])
def test_a_calibration_and_a_label_in_the_other_unicode_form_are_compared(
    release: Path, named: str, forms: tuple[Literal["NFC", "NFD"], Literal["NFC", "NFD"]]
) -> None:
    in_words, on_disk = forms
    sound, mic = (normalize(on_disk, name) for name in ("höre.wav", "Mikrofön.toml"))
    (release / "edl.wav").rename(release / sound)
    (release / mic).write_text(MICROPHONE.format(1, 60.0))
    label = release / normalize(in_words, "höre.xml")
    label.write_text("<Product/>\n")
    top = "" if named else f'calibrations = ["{normalize(in_words, mic)}"]\n'
    entry = SOUND.replace("edl.wav", normalize(in_words, "höre.wav"))
    entry += named.format(normalize(in_words, mic))
    (release / "release.toml").write_text(HEAD + top + entry)
    ingest(Path("raw"), Path("store"), RECIPES)
    assert built("public").about("changed description") == ()
    (release / mic).write_text(MICROPHONE.format(2, 45.0))
    label.write_text("<Product>2</Product>\n")
    with pytest.raises(RequestError) as caught:
        built("public")
    assert str(caught.value) == (
        "a public pack cannot be built: the store still has the earlier pressures, and titles, credits and rights:\n"
        f"  june/{mic} has changed since the last ingest\n"
        f"  june/{label.name} has changed since the last ingest\n"
        "run `marsmedia ingest raw` first"
    )


def test_a_release_and_its_calibration_that_both_changed_are_both_named(calibration: Path) -> None:
    calibration.write_text(MICROPHONE.format(2, 45.0))
    described = calibration.parents[1] / "release.toml"
    described.write_text(described.read_text().replace('"June"', '"July"'))
    with pytest.raises(RequestError) as caught:
        built("research")
    assert str(caught.value) == (
        "a research pack cannot be built: the store still has the earlier pressures, and titles, credits and rights:\n"
        "  june/cal/mic.toml has changed since the last ingest\n"
        "  june/release.toml has changed since the last ingest\n"
        "run `marsmedia ingest raw` first"
    )


def test_a_calibration_that_is_gone_or_new_counts_as_well(calibration: Path) -> None:
    text = calibration.read_text()
    (calibration.parent / "notes.txt").write_text("a folder that is empty counts as out of reach")
    calibration.unlink()
    assert [one.words for one in built("press").reservations] == ["june/cal/mic.toml is gone since the last ingest"]
    ingest(Path("raw"), Path("store"), RECIPES)
    assert built("research").reservations == ()
    calibration.write_text(text)
    assert [one.words for one in built("press").reservations] == ["june/cal/mic.toml is new since the last ingest"]


def test_a_calibration_concerns_neither_photos_nor_those_who_do_not_name_it(calibration: Path) -> None:
    os.utime(calibration, (1, 1))
    (calibration.parent / "other.toml").write_text(MICROPHONE.format(3, 30.0))
    assert built("research").reservations == ()
    calibration.write_text(MICROPHONE.format(2, 45.0))
    assert built("research", "*.png").reservations == ()


@pytest.mark.parametrize("name", ["../../mic.toml", ".cal/mic.toml", "link.toml", "mic.txt"])
def test_a_calibration_that_no_ingest_takes_in_refuses_no_pack(release: Path, name: str) -> None:
    (release / "release.toml").write_text(f'{HEAD}{SOUND}calibration = "{name}"\n')
    ingest(Path("raw"), Path("store"), RECIPES)
    (release / ".cal").mkdir()
    for place in (Path("mic.toml"), release / ".cal/mic.toml", release / "mic.txt"):
        place.write_text(MICROPHONE.format(1, 60.0))
    (release / "link.toml").symlink_to(Path("mic.toml").resolve())
    assert built("research").reservations == ()


def test_a_calibration_in_a_bucket_is_asked(bucket: str, bucket_server: str, calibration: Path) -> None:
    server = client(bucket_server)
    for path in filter(Path.is_file, Path("raw").rglob("*")):
        server.put_object(Bucket=bucket, Key=str(path), Body=path.read_bytes())
    ingest(f"s3://{bucket}/raw", f"s3://{bucket}/store", RECIPES)  # type: ignore[arg-type]
    server.put_object(Bucket=bucket, Key="raw/june/cal/mic.toml", Body=MICROPHONE.format(2, 45.0).encode())
    told = in_this_process("pack", "*.wav", "--audience", "research", "-o", "p", "--store", f"s3://{bucket}/store")
    assert told.returncode == 2
    assert told.stderr.endswith(
        f"  june/cal/mic.toml has changed since the last ingest\nrun `marsmedia ingest s3://{bucket}/raw` first\n"
    )
