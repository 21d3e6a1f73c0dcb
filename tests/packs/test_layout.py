"""Names of files in a pack that people read: a long title is cut, and never the words that tell files apart."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from processors.contract import Item
from processors.languages.text import Text
from processors.packs.contents.layout import ByKind, places_of
from processors.packs.contents.names import NAME_BYTES, UniqueNames
from processors.packs.recipe.pack_recipe import PictureFit, Pictures
from tests.helpers.gallery_pages import item, subject
from tests.helpers.pack_store import PackStore, evidence, make_pack, picture

LONG = "火星表面风声：超级相机麦克风第一次录音，采样率一百千赫，地球上从未听过"


def named(title: str, *names: str) -> list[str]:
    of, places = subject(medium="audio", title=Text(zh=title)), ByKind(UniqueNames())
    entries = [item(of, Path(name), "audio.renditions", "audio/mp4").entry for name in names]
    return [places.item(entry, entry.name, None) for entry in entries if entry]


@pytest.mark.parametrize("title", [LONG, "a-very-long-title " * 9])
def test_a_long_title_leaves_room_for_the_distinct_part_of_a_name(title: str) -> None:
    found = named(title, "original.m4a", "restored.m4a", "audible.m4a")
    assert [one.rpartition("_")[2] for one in found] == ["original.m4a", "restored.m4a", "audible.m4a"]
    assert all(len(one.removeprefix("sound/").encode()) <= NAME_BYTES for one in found)


def test_subtitles_lie_next_to_their_video_with_their_language_in_the_name() -> None:
    of, places = subject(medium="video", title=Text(en="Touchdown")), ByKind(UniqueNames())
    files = [("subtitles_2_eng.vtt", {"language": "eng"}), ("subtitles_3_und.vtt", {"language": None})]
    entries = [item(of, Path(name), "video.subtitles", "text/vtt", facts).entry for name, facts in files]
    entries.append(item(of, Path("video.mp4"), "video.web", "video/mp4").entry)
    assert [places.item(entry, entry.name, None) for entry in entries if entry] == [
        "videos/touchdown_subtitles_eng.vtt",
        "videos/touchdown_subtitles.vtt",
        "videos/touchdown.mp4",
    ]


@pytest.mark.parametrize(
    ("title", "files", "expected"),
    [
        ("EDL sound", ["june/mic_01.wav", "june/mic_02.wav"], ["edl-sound_mic-01", "edl-sound_mic-02"]),
        ("录音", ["june/风_1.wav", "june/风_2.wav"], ["录音_风-1", "录音_风-2"]),
        (
            "Mars 2020 EDLCam Audio WAV Product",
            ["edl/mic_00000170_000_000000.wav", "edl/mic_00000170_000_000001.wav"],
            ["mars-2020-edlcam-audio-wav-product_1", "mars-2020-edlcam-audio-wav-product_2"],
        ),
        (
            "Opportunity looks back on its tracks from the rim",
            ["june/1N491020376ILFCNY9P0706L0M1.img", "june/opportunity-rear-deck-tracks-16bit.png"],
            ["opportunity-looks-back-on-its-tracks-from-the_1", "opportunity-looks-back-on-its-tracks-from-the_2"],
        ),
        (
            "Rear deck of Opportunity",
            ["june/1N491020376ILFCNY9P0706L0M1.img", "june/opportunity-rear-deck-tracks-16bit.png"],
            [
                "rear-deck-of-opportunity_1n491020376ilfcny9p0706l0m1",
                "rear-deck-of-opportunity_opportunity-rear-deck-tracks",
            ],
        ),
        (None, ["june/mic.wav", "june/mic.flac"], ["mic_wav", "mic_flac"]),
        ("Wind", ["june/mic.wav", "june/old/mic.wav"], ["wind_june", "wind_june-old"]),
        ("Wind", ["june/mic.wav"], ["wind"]),
        (None, ["june/a.wav", "june/b.wav"], ["a", "b"]),
        (None, ["june/569462main_eagle_has_landed.ogg", "june/风_1.wav"], ["569462main-eagle-has-landed", "风-1"]),
    ],
)
def test_sources_that_share_a_title_are_told_apart_by_their_files(
    title: str | None, files: list[str], expected: list[str]
) -> None:
    shared = Text(en=title) if title else Text()
    sources = [
        replace(subject(medium="audio", title=shared), digest=f"{n:064x}", relative=one, name=one.rpartition("/")[2])
        for n, one in enumerate(files)
    ]
    places = places_of("kind", UniqueNames(), sources)
    entries = [item(one, Path("audible.m4a"), "audio.renditions", "audio/mp4").entry for one in sources]
    found = [places.item(entry, f"{n}.m4a", None) for n, entry in enumerate(entries) if entry]
    assert found == [f"sound/{name}_audible.m4a" for name in expected]
    assert [places.original(one).partition("_original")[0] for one in sources] == [f"sound/{name}" for name in expected]


def test_a_chinese_title_is_cut_between_characters() -> None:
    (one,) = named(LONG, "original.m4a")
    assert one == "sound/火星表面风声-超级相机麦克风第一次录音-采样率_original.m4a"


@pytest.mark.parametrize(
    ("white_level", "taken"), [(4095.0, ["enhanced.jpg", "preview_1024.jpg"]), (None, ["preview_1024.jpg"])]
)
def test_readers_get_a_photo_of_more_than_8_bits_enhanced_too(
    tmp_path: Path, white_level: float | None, taken: list[str]
) -> None:
    made = PackStore(tmp_path)
    photo = made.source("deck.img", "photo", "pds3", picture(64, 48, 1))
    made.said(photo, evidence("Rear deck", redistribute=True))
    made.pictures(photo, "photo.preview", {"preview_1024.jpg": (1024, 768)}, white_level=white_level)
    made.pictures(photo, "photo.enhanced", {"enhanced.jpg": (1024, 768)})
    make_pack(made, tmp_path / "pack", audience="press", take=("stills",))
    names = {
        "2021-06-16_rear-deck_1024.jpg": "preview_1024.jpg",
        "2021-06-16_rear-deck_enhanced_1024.jpg": "enhanced.jpg",
    }
    assert sorted(names[one.name] for one in (tmp_path / "pack/data/photos").iterdir()) == taken


@pytest.mark.parametrize(
    ("aspect", "fit", "size", "corner", "middle"),
    [
        ("1:1", "pad", (80, 80), "bars", "picture"),
        ("1:1", "crop", (40, 40), "picture", "picture"),
        ("4:5", "pad", (80, 100), "bars", "picture"),
        ("4:1", "pad", (160, 40), "bars", "picture"),
        ("4:1", "crop", (80, 20), "picture", "picture"),
    ],
)
def test_pictures_take_the_shape_of_the_recipe(
    tmp_path: Path, aspect: str, fit: PictureFit, size: tuple[int, int], corner: str, middle: str
) -> None:
    made = PackStore(tmp_path)
    photo = made.source("tracks.jpg", "photo", "jpeg", picture(80, 40, 1))
    made.said(photo, evidence("Tracks", redistribute=True))
    red = io.BytesIO()
    Image.new("RGB", (80, 40), (200, 30, 30)).save(red, "JPEG", quality=95)
    item = Item(
        name="preview_1024.jpg", media_type="image/jpeg", data=red.getvalue(), facts={"width_px": 80, "height_px": 40}
    )
    made.result(photo, "photo.preview", item)
    pictures = Pictures(longest_side_px=(1000,), picture_format="png", aspect=aspect, fit=fit)
    make_pack(made, tmp_path / "pack", audience="press", take=("stills",), pictures=pictures)
    (packed,) = (tmp_path / "pack/data/photos").iterdir()
    with Image.open(packed) as shown:
        colours = {"bars": (14, 12, 12), "picture": (200, 30, 30)}
        assert shown.size == size
        for place, colour in (((0, 0), corner), ((size[0] // 2, size[1] // 2), middle)):
            assert np.abs(np.subtract(shown.getpixel(place), colours[colour])).max() <= 2  # type: ignore[arg-type]
