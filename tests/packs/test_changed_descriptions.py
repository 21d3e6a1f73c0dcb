"""A description that changed since the last ingest: nothing is passed on by what it stated before."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PIL import Image

from flows.run.build_pack import build_pack, recipe_of
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
from tests.helpers.runs import ingest

HEAD = 'title = "June"\ncredit = "CNSA"\nrights = "CC BY 4.0"\nredistribute = true\n'
FORBIDDEN = HEAD + '[[file]]\npath = "tracks.png"\nredistribute = false\n'
SIDECAR = (
    "<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>"
    "<rdf:Description xmlns:photoshop='http://ns.adobe.com/photoshop/1.0/' photoshop:Headline='Wheel tracks'/>"
    "</rdf:RDF></x:xmpmeta>"
)
RECIPES: Recipes = {"photo": (Metadata(), Evidence(), PhotoPreview(longest_sides_px=(64,)))}


@pytest.fixture
def release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A release of one photo, ingested."""
    folder = tmp_path / "raw/june"
    folder.mkdir(parents=True)
    Image.new("RGB", (96, 64), "brown").save(folder / "tracks.png")
    (folder / "release.toml").write_text(HEAD)
    ingest(tmp_path / "raw", tmp_path / "store", RECIPES)
    monkeypatch.chdir(tmp_path)
    return folder


def built(audience: Audience) -> Built:
    return build_pack(recipe_of(["*.png"], audience=audience), Path("pack"), Store(Path("store")), force=True)


def built_of(photo: Path) -> Built:
    return build_pack(recipe_of([str(photo)], audience="public"), Path("pack"), Store(Path("store")), force=True)


@pytest.mark.parametrize("audience", ["public", "research", "archive"])
def test_a_pack_for_others_is_refused_where_release_toml_changed(release: Path, audience: Audience) -> None:
    (release / "release.toml").write_text(FORBIDDEN)
    article = "an" if audience == "archive" else "a"
    expected = (
        f"{article} {audience} pack cannot be built: the store still has the earlier titles, credits and rights:\n"
        "  june/release.toml has changed since the last ingest\n"
        "run `marsmedia ingest raw` first"
    )
    with pytest.raises(RequestError) as caught:
        built(audience)
    assert str(caught.value) == expected
    assert not Path("pack").exists()


def test_after_an_ingest_the_new_rights_count(release: Path) -> None:
    (release / "release.toml").write_text(FORBIDDEN)
    ingest(Path("raw"), Path("store"), RECIPES)
    with pytest.raises(RequestError, match="its release states redistribute = false"):
        built("public")


def test_a_press_pack_is_built_and_warned_of(release: Path) -> None:
    (release / "release.toml").write_text(FORBIDDEN)
    assert [one.words for one in built("press").reservations] == ["june/release.toml has changed since the last ingest"]
    told = in_this_process("pack", "*.png", "--audience", "press", "-o", "press", "--store", "store")
    assert told.returncode == 0
    assert (
        "marsmedia: june/release.toml has changed since the last ingest: the pack has the earlier titles, "
        "credits and rights: run `marsmedia ingest raw` and build it again\n"
    ) in told.stderr


def test_a_page_says_that_it_shows_what_was_stated_before(release: Path) -> None:
    (release / "release.toml").write_text(FORBIDDEN)
    told = in_this_process("browse", "--no-open", "--store", "store")
    assert (
        "marsmedia: june/release.toml has changed since the last ingest: the page shows the earlier titles, "
        "credits and rights: run `marsmedia ingest raw`\n"
    ) in told.stderr


def test_a_date_alone_is_no_change(release: Path) -> None:
    os.utime(release / "release.toml", (1, 1))
    assert built("public").reservations == ()


def test_a_description_that_is_gone_or_new_counts_as_well(release: Path) -> None:
    (release / "release.toml").unlink()
    assert [one.words for one in built("press").reservations if one.remedy] == [
        "june/release.toml is gone since the last ingest"
    ]
    ingest(Path("raw"), Path("store"), RECIPES)
    assert built("press").about("changed description") == ()
    (release / "release.toml").write_text(HEAD)
    assert [one.words for one in built("press").reservations if one.remedy] == [
        "june/release.toml is new since the last ingest"
    ]


def test_a_sidecar_that_changed_is_named(release: Path) -> None:
    sidecar = release / "tracks.xmp"
    sidecar.write_text(SIDECAR)
    ingest(Path("raw"), Path("store"), RECIPES)
    assert built("public").reservations == ()
    sidecar.write_text(SIDECAR.replace("Wheel", "Old"))
    assert built("press").about("changed description") == ("june/tracks.xmp",)


@pytest.mark.parametrize("name", ["copies/release.toml", "copies/tracks.xmp", "june/press/tracks.xmp"])
def test_a_description_of_a_copy_counts_as_well(release: Path, name: str) -> None:
    described = Path("raw", name)
    described.parent.mkdir(exist_ok=True)
    (described.parent / "tracks.png").write_bytes((release / "tracks.png").read_bytes())
    described.write_text(HEAD if described.suffix == ".toml" else SIDECAR)
    ingest(Path("raw"), Path("store"), RECIPES)
    record = Path("raw/june/tracks.png")
    assert [one.relative for one in built_of(record).sources] == ["june/tracks.png"]
    described.write_text(described.read_text().replace("CC BY 4.0", "All rights reserved").replace("Wheel", "Rover"))
    with pytest.raises(RequestError, match=f"  {name} has changed since the last ingest\nrun `marsmedia ingest raw`"):
        built_of(record)
    told = in_this_process("browse", "--no-open", "--store", "store", "june/tracks.png")
    assert f"marsmedia: {name} has changed since the last ingest: the page shows the earlier titles" in told.stderr


def test_a_release_out_of_reach_is_not_said_to_have_changed(release: Path) -> None:
    Path("raw").rename("elsewhere")
    assert built("public").reservations == ()


def test_a_release_in_a_bucket_is_asked(bucket: str, bucket_server: str, release: Path) -> None:
    server = client(bucket_server)
    for path in release.iterdir():
        server.put_object(Bucket=bucket, Key=f"raw/june/{path.name}", Body=path.read_bytes())
    ingest(f"s3://{bucket}/raw", f"s3://{bucket}/store", RECIPES)  # type: ignore[arg-type]
    server.put_object(Bucket=bucket, Key="raw/june/release.toml", Body=FORBIDDEN.encode())
    told = in_this_process("pack", "*.png", "--audience", "public", "-o", "p", "--store", f"s3://{bucket}/store")
    assert told.returncode == 2
    assert told.stderr.endswith(
        f"  june/release.toml has changed since the last ingest\nrun `marsmedia ingest s3://{bucket}/raw` first\n"
    )
