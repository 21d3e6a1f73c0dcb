"""A pack holds what was chosen, the same bytes every time, whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from processors.languages.text import Text
from processors.packs.archive.verify_pack import verify_pack
from processors.packs.contents.names import UniqueNames, portable_name
from processors.packs.recipe.audience import PRESETS
from processors.packs.recipe.pack_recipe import Pictures
from tests.conftest import PROJECT
from tests.helpers.pack_store import PackStore, evidence, filled, make_pack, picture, tree
from tests.helpers.steps_seen import StepsSeen

MEDIA = [
    "descent.mp4/original/descent.mp4",
    "descent.mp4/evidence/evidence.json",
    "descent.mp4/video.contact_sheet/contact_sheet.jpg",
    "descent.mp4/video.frames/frame_000000.jpg",
    "descent.mp4/video.frames/frame_000001.jpg",
    "descent.mp4/video.frames/frame_000002.jpg",
    "descent.mp4/video.preview/preview.mp4",
    "tracks.jpg/original/tracks.jpg",
    "tracks.jpg/evidence/evidence.json",
    "tracks.jpg/photo.preview/preview_1024.jpg",
    "tracks.jpg/photo.preview/preview_320.jpg",
    "wind.wav/original/wind.wav",
    "wind.wav/audio.renditions/restored.wav",
    "wind.wav/audio.spectrogram_picture/spectrogram.png",
]


@pytest.fixture
def made(tmp_path: Path) -> PackStore:
    return filled(tmp_path)


def media_of(pack: Path) -> list[str]:
    place = pack / "data" / "media"
    return sorted(str(p.relative_to(place)) for p in place.rglob("*") if p.is_file() and not p.name.startswith("pds4-"))


def test_a_pack_holds_what_was_chosen_byte_for_byte(made: PackStore, tmp_path: Path) -> None:
    steps = StepsSeen()
    built = make_pack(made, tmp_path / "pack", steps=steps)
    assert steps.done == steps.totals == {"Packing": 3}
    assert media_of(tmp_path / "pack") == sorted(MEDIA)
    original = tmp_path / "pack/data/media/tracks.jpg/original/tracks.jpg"
    assert original.read_bytes() == (tmp_path / "raw/june/tracks.jpg").read_bytes()
    checked = verify_pack(tmp_path / "pack")
    assert checked.faults == ()
    assert checked.file_count == built.file_count == 33  # seven of the bag: two declarations, four manifests, README
    assert len(built.results) == 8


@pytest.mark.parametrize(
    ("take", "names"),
    [
        (("originals",), ["descent.mp4", "tracks.jpg", "wind.wav"]),
        (("frames",), ["frame_000000.jpg", "frame_000001.jpg", "frame_000002.jpg"]),
        (("stills",), ["preview_1024.jpg", "preview_320.jpg"]),
        (("spectrograms", "contact sheets"), ["contact_sheet.jpg", "spectrogram.png"]),
        (("clips", "sound"), ["preview.mp4", "restored.wav"]),
        (("metadata",), ["evidence.json", "evidence.json"]),
        (("video.frames/frame_*2.jpg",), ["frame_000002.jpg"]),
    ],
)
def test_words_of_the_field_say_what_to_take(
    made: PackStore, tmp_path: Path, take: tuple[str, ...], names: list[str]
) -> None:
    make_pack(made, tmp_path / "pack", take=take)
    assert sorted(name.rpartition("/")[2] for name in media_of(tmp_path / "pack")) == names


def test_pictures_are_made_in_the_sizes_asked_for_and_never_enlarged(made: PackStore, tmp_path: Path) -> None:
    from PIL import Image

    sizes = Pictures(longest_side_px=(100, 2000), picture_format="webp")
    make_pack(made, tmp_path / "pack", take=("stills", "spectrograms"), pictures=sizes)
    place = tmp_path / "pack/data/media"
    found = {}
    for path in sorted(place.rglob("*.webp")):
        with Image.open(path) as opened:
            found[path.name] = opened.size
    assert found == {
        "preview_1024_1024.webp": (1024, 768),
        "preview_1024_100.webp": (100, 75),
        "spectrogram_80.webp": (80, 40),
    }


def test_a_plot_is_not_resized_and_the_waveform_comes_with_the_sound(made: PackStore, tmp_path: Path) -> None:
    from processors.contract import Item

    digest = made.source("gusts.wav", "audio", "wav", b"RIFF gusts")
    plot = picture(80, 40, 7, "PNG")
    made.result(
        digest,
        "audio.spectrogram_picture",
        Item(
            name="spectrogram.png",
            media_type="image/png",
            data=plot,
            facts={"width_px": 80, "height_px": 40, "plot_left_px": 4},
        ),
    )
    made.result(digest, "audio.waveform", Item(name="waveform.png", media_type="image/png", data=plot))
    made.result(
        digest,
        "audio.renditions",
        Item(name="restored.m4a", media_type="audio/mp4", data=b"m4a"),
        Item(name="restored.flac", media_type="audio/flac", data=b"flac"),
    )
    recipe = {"take": PRESETS["internal"].take, "selection": ("gusts.wav",)}
    make_pack(made, tmp_path / "pack", **recipe)
    assert [name.partition("/")[2] for name in media_of(tmp_path / "pack")] == [
        "audio.renditions/restored.m4a",
        "audio.spectrogram_picture/spectrogram.png",
        "audio.waveform/waveform.png",
    ]
    make_pack(made, tmp_path / "small", **recipe, pictures=Pictures(longest_side_px=(20,)))
    place = tmp_path / "small/data/media/gusts.wav/audio.spectrogram_picture/spectrogram.png"
    assert place.read_bytes() == plot


def test_deep_and_transparent_pictures_keep_their_light(made: PackStore, tmp_path: Path) -> None:
    import numpy as np
    from PIL import Image

    from processors.contract import Item

    digest = made.source("deep.png", "photo", "png", b"deep")
    Image.fromarray(np.full((20, 30), 0x8040, np.uint16)).save(tmp_path / "deep.png")
    Image.new("RGBA", (30, 20), (200, 0, 0, 0)).save(tmp_path / "clear.png")
    items = [
        Item(name=name, media_type="image/png", data=(tmp_path / name).read_bytes())
        for name in ("deep.png", "clear.png")
    ]
    made.result(digest, "photo.deep", *items)
    sizes = Pictures(longest_side_px=(30,), picture_format="png")
    make_pack(made, tmp_path / "pack", selection=("deep.png",), take=("photo.deep/*",), pictures=sizes)
    place = tmp_path / "pack/data/media/deep.png/photo.deep"
    for name, level in (("deep_30.png", (128, 128, 128)), ("clear_30.png", (255, 255, 255))):
        with Image.open(place / name) as opened:
            assert opened.getpixel((15, 10)) == level


def test_of_two_results_the_asked_for_is_taken_else_the_latest(made: PackStore, tmp_path: Path) -> None:
    from processors.contract import Item
    from processors.packs.build import build
    from processors.packs.recipe.pack_recipe import PackRecipe

    digest = made.source("two.jpg", "photo", "jpeg", b"two")
    old, new = (
        made.result(
            digest,
            "photo.preview",
            Item(name="preview_320.jpg", media_type="image/jpeg", data=picture(32, 32, number)),
            key=f"k{number}",
            made_utc=f"2026-01-0{number}T00:00:00Z",
        )
        for number in (1, 2)
    )
    recipe = PackRecipe(title=Text(en="Two"), selection=("two.jpg",), take=("stills",))
    assert build(recipe, tmp_path / "a", made.store, asked=lambda row: frozenset()).results == (new.ref,)
    assert build(recipe, tmp_path / "b", made.store, asked=lambda row: frozenset([old.ref])).results == (old.ref,)
    both = build(recipe, tmp_path / "c", made.store, asked=lambda row: frozenset([old.ref, new.ref]))
    assert set(both.results) == {old.ref, new.ref}
    assert len(media_of(tmp_path / "c")) == 2


BUILD = """
import os, sys, time
os.umask(int(sys.argv[4], 8))
real = time.time
time.time = lambda: real() + float(sys.argv[5])
scandir = os.scandir
if sys.argv[6] == "backwards":
    class Backwards:
        def __init__(self, place="."):
            with scandir(place) as found:
                self.entries = reversed(sorted(found, key=lambda entry: entry.name))
        def __iter__(self): return self.entries
        def __next__(self): return next(self.entries)
        def __enter__(self): return self
        def __exit__(self, *_): pass
        close = __exit__
    os.scandir = Backwards
    listdir = os.listdir
    os.listdir = lambda place=".": sorted(listdir(place), reverse=True)
from pathlib import Path
from processors.languages.text import Text
from tests.helpers.pack_store import PackStore, make_pack
make_pack(PackStore(Path(sys.argv[1])), Path(sys.argv[2]) / sys.argv[3])
"""


def test_two_builds_are_identical_under_another_clock_zone_locale_umask_and_order_of_files(
    made: PackStore, tmp_path: Path
) -> None:
    outputs = []
    worlds = [
        ("UTC", "C", "022", "0", "forwards"),
        ("Asia/Shanghai", "tr_TR.UTF-8", "077", "86400000", "backwards"),
        ("America/New_York", "C.UTF-8", "000", "-9e8", "forwards"),
    ]
    for number, (zone, locale, *settings) in enumerate(worlds):
        (tmp_path / f"out{number}").mkdir()
        for name in ("pack", f"{number}.zip"):
            subprocess.run(
                [sys.executable, "-c", BUILD, tmp_path, tmp_path / f"out{number}", name, *settings],
                env={
                    **os.environ,
                    "TZ": zone,
                    "LC_ALL": locale,
                    "PYTHONPATH": str(PROJECT),
                    "PYTHONHASHSEED": str(number),
                },
                check=True,
            )
        outputs.append(
            (tree(tmp_path / f"out{number}" / "pack"), (tmp_path / f"out{number}/{number}.zip").read_bytes())
        )
    assert outputs[0] == outputs[1] == outputs[2]
    assert {mode for _, mode in outputs[0][0].values()} == {0o644}


def test_a_pack_names_no_machine_and_no_place(made: PackStore, tmp_path: Path) -> None:
    make_pack(made, tmp_path / "pack", selection=(str(tmp_path / "raw/june/tracks.jpg"),), take=("originals", "stills"))
    for name, (data, _) in tree(tmp_path / "pack").items():
        assert b"a-secret-host" not in data, name
        assert str(tmp_path).encode() not in data, name


def test_the_recipe_of_a_pack_holds_its_selection_and_the_digest_for_a_path(made: PackStore, tmp_path: Path) -> None:
    place = tmp_path / "raw/june/tracks.jpg"
    for name, words, told in [
        ("words", ("medium=photo", "tr*"), ["medium=photo", "tr*"]),
        ("path", (str(place),), [hashlib.sha256(place.read_bytes()).hexdigest()]),
        ("all", (), ["*"]),
    ]:
        make_pack(made, tmp_path / name, selection=words, take=("stills", "metadata"))
        assert json.loads((tmp_path / name / "data/recipe.json").read_bytes())["selection"] == told


def test_folder_and_zip_hold_the_same_files(made: PackStore, tmp_path: Path) -> None:
    make_pack(made, tmp_path / "pack")
    make_pack(made, tmp_path / "pack.zip")
    with zipfile.ZipFile(tmp_path / "pack.zip") as archive:
        held = {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}
        assert {name.partition("/")[0] for name in archive.namelist()} == {"tracks-wind"}
        assert {member.date_time for member in archive.infolist()} == {(2026, 3, 4, 5, 6, 6)}
    assert held == {name: data for name, (data, _) in tree(tmp_path / "pack").items()}


def test_names_are_safe_and_unique_on_every_system(tmp_path: Path) -> None:
    names = UniqueNames()
    given = [
        names.name("f", wanted, f"thing {n}")
        for n, wanted in enumerate(["a.jpg", "A.JPG", "a.jpg", "é.png", "e\u0301.png"])
    ]
    assert given[:2] == ["a.jpg", "A-" + given[1][2:10] + ".JPG"]
    assert len({name.casefold() for name in given}) == 5
    assert names.name("f", "a.jpg", "thing 0") == "a.jpg"
    assert names.name("g", "a.jpg", "thing 9") == "a.jpg"


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("CON.jpg", "_CON.jpg"), ("a:b*c?.jpg", "a_b_c_.jpg"), ("tail. ", "tail"), ("..", "_"), ("-x", "_-x"),
        ("50%#1.png", "50__1.png"), ("车辙.jpg", "车辙.jpg"), ("a/b\\c", "a_b_c"),
        ("x" * 300 + ".jpeg", "x" * 75 + ".jpeg"),
        ("line\nbreak", "line_break"),
    ],
)  # fmt: skip
def test_a_portable_name(name: str, safe: str) -> None:
    assert portable_name(name) == safe


def test_sources_of_one_name_get_folders_of_their_own(tmp_path: Path) -> None:
    made = PackStore(tmp_path)
    for number, (release, name) in enumerate([("june", "Track.jpg"), ("july", "track.JPG")]):
        digest = made.source(name, "photo", "jpeg", picture(8, 8, number), release)
        made.said(digest, evidence("One", redistribute=True))
    make_pack(made, tmp_path / "pack", take=("originals",))
    folders = [path.name for path in (tmp_path / "pack/data/media").iterdir()]
    assert len({name.casefold() for name in folders}) == 2
