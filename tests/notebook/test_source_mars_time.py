"""Time on Mars of a source: of its mission's landing site, or a refusal that says what is missing."""

from __future__ import annotations

import pytest
from PIL import Image

import marsmedia
from marsmedia import RequestError, StoreView
from processors.metadata.evidence import Evidence
from processors.metadata.metadata import Metadata
from tests.helpers.runs import ingest

RELEASE = """
title = "Photos"

[[file]]
path = "dated.jpg"
mission = "tianwen-1"

[[file]]
path = "without-zone.jpg"
mission = "tianwen-1"
"""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> StoreView:
    folder = tmp_path_factory.mktemp("dated")
    photos = folder / "raw/photos"
    photos.mkdir(parents=True)
    dated = (("dated", "+08:00"), ("without-mission", "+08:00"), ("without-zone", None), ("without-both", None))
    for number, (name, zone) in enumerate(dated):
        exif = Image.Exif()
        exif[0x8769] = {
            0x9003: "2021:05:22 10:40:00",
            **({0x9011: zone} if zone else {}),
        }  # DateTimeOriginal and its offset
        Image.new("RGB", (64, 48), (number, 90, 60)).save(photos / f"{name}.jpg", exif=exif)
    (photos / "release.toml").write_text(RELEASE, encoding="utf-8")
    ingest(folder / "raw", folder / "store", {"audio": (), "video": (), "photo": (Metadata(), Evidence())})
    return marsmedia.open(folder / "store")


def test_local_times_are_for_the_landing_site_of_the_mission(store: StoreView) -> None:
    time = store.source("dated.jpg").mars_time()
    assert time == marsmedia.mars_time("2021-05-22T02:40Z", mission="tianwen-1")
    assert (time.utc, time.sol, time.longitude_degrees_east) == ("2021-05-22T02:40:00Z", 8, 109.925)


def test_a_source_without_a_mission_has_no_local_times(store: StoreView) -> None:
    source = store.source("without-mission.jpg")
    assert source.start_utc is not None
    with pytest.raises(RequestError) as refused:
        source.mars_time()
    assert str(refused.value) == (
        "without-mission.jpg: its mission is unknown, and with it the place for local times; give it a `mission` in "
        "release.toml and run `marsmedia ingest`, or compute them with "
        "`marsmedia.mars_time(source.start_utc, longitude_degrees_east=...)`"
    )
    assert marsmedia.mars_time(source.start_utc, longitude_degrees_east=30).longitude_degrees_east == 30
    known = store.query("SELECT name, local_true_solar_time_hours FROM known ORDER BY name")
    assert known.set_index("name").local_true_solar_time_hours.notna().to_dict() == {
        "dated.jpg": True,
        "without-both.jpg": False,
        "without-mission.jpg": False,
        "without-zone.jpg": False,
    }


@pytest.mark.parametrize("name", ["without-zone.jpg", "without-both.jpg"])
def test_a_time_without_a_zone_is_refused_because_of_the_zone(store: StoreView, name: str) -> None:
    with pytest.raises(RequestError) as refused:
        store.source(name).mars_time()
    assert str(refused.value) == (
        f"{name}: dated to the second, but its time zone is unknown; give it a "
        "`date` with its offset from UTC in release.toml and run `marsmedia ingest`"
    )
