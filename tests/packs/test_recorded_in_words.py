"""When and where something was recorded, as captions for print say it."""

from __future__ import annotations

import pytest

from processors.metadata.times.times import taken
from processors.mission.profile import load_profile
from processors.mission.when import parse_when
from processors.packs.contents.recorded import recorded_of
from processors.packs.records.captions import words
from tests.helpers.gallery_pages import subject

TW = "tianwen-1"


def description(
    written: str, mission: str, camera: str | None = None, camera_source: str | None = None
) -> tuple[str, str]:
    """Return the caption of a photo of this date, in English and Chinese."""
    time = vars(taken(parse_when(written), "release.toml:file.date", load_profile(mission)))
    date = {"written": written, "source": time["source"], "earliest_utc": "", "latest_utc": "", "precision": ""}
    recorded = recorded_of({"taken": time, "dates": [date]})
    one = subject(mission=mission, recorded=recorded, camera=camera, camera_source=camera_source)
    said = words(one, None).description
    return said["en"], said["zh"]


@pytest.mark.parametrize(
    ("written", "mission", "en", "zh"),
    [
        ("2021-02-18", "perseverance", "on 18 February 2021, around the landing", "2021年2月18日（着陆前后）"),
        ("2021-05-14", TW, "on 14 May 2021, around the landing", "2021年5月14日（着陆前后）"),
        ("2021-02-19", "perseverance", "on 19 February 2021", "2021年2月19日"),
        ("2021-05-14T23:18:07.250Z", TW, "on 14 May 2021, 23:18 UTC, sol 1", "2021年5月14日 23:18 UTC（第 1 火星日）"),
        ("2021-05-22T10:40+08:00", TW, "on 22 May 2021, 02:40 UTC, sol 8", "2021年5月22日 02:40 UTC（第 8 火星日）"),
        (
            "2021:06:11 10:00:05",
            TW,
            "on 11 June 2021, 10:00, sol 27 or 28",
            "2021年6月11日 10:00（第 27 或 28 火星日）",
        ),
        ("2021-06-16Z", TW, "on 16 June 2021, sol 32 or 33", "2021年6月16日（第 32 或 33 火星日）"),
        ("2021-05", TW, "in May 2021", "2021年5月"),
        ("2021", TW, "in 2021", "2021年"),
    ],
)
def test_a_caption_says_date_and_sol_as_far_as_they_are_known(written: str, mission: str, en: str, zh: str) -> None:
    assert description(written, mission) == (f"Recorded {en}.", f"记录时间：{zh}。")


@pytest.mark.parametrize(
    ("camera", "named"),
    [
        ("NAVIGATION CAMERA LEFT", "Navigation Camera Left"),
        ("EDL MICROPHONE", "EDL Microphone"),
        ("MARDI", "MARDI"),
        ("rear hazard-avoidance camera", "rear hazard-avoidance camera"),
    ],
)
def test_a_camera_in_capitals_of_a_label_is_not_shouted(camera: str, named: str) -> None:
    english, _ = description("2021", TW, camera, "label a.xml:INSTRUMENT_NAME")
    assert english == f"Recorded by {named}. Recorded in 2021."


@pytest.mark.parametrize("camera", ["NIKON D850", "SONY ILCE-7M3", "DJI FC7303", "HUAWEI ELE-L29", "KODAK DC290"])
@pytest.mark.parametrize("source", ["file:exif:Model", "XMP sidecar a.xmp:xmp:tiff:Model", None])
def test_a_camera_that_file_or_release_names_keeps_its_letters(camera: str, source: str | None) -> None:
    english, _ = description("2021", TW, camera, source)
    assert english == f"Recorded by {camera}. Recorded in 2021."
