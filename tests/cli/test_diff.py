"""Two results of one processor are compared with exact numbers."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from flows.run.options import Options
from flows.run.run import in_threads, run_ingest
from processors.audio.spectrogram.netcdf import PowerFile, packed
from processors.audio.spectrogram.stft import BATCH_FRAMES
from processors.comparing.pictures import compare_pictures
from processors.comparing.results import compare_results, pair
from processors.comparing.spectrograms import compare_power
from processors.contract import Item
from processors.errors import RequestError
from processors.photo.photo_preview import PhotoPreview
from processors.store.manifest import Manifest
from processors.store.store import Store
from tests.conftest import Run
from tests.helpers.made_media import MediaMaker
from tests.helpers.pack_store import PackStore, picture


def test_pictures_differ_by_known_levels_on_a_known_share(tmp_path: Path) -> None:
    first = np.full((10, 10, 3), 100, np.uint8)
    second = first.copy()
    second[0, :5] = (110, 100, 100)
    for name, levels in (("a", first), ("b", second)):
        Image.fromarray(levels).save(tmp_path / f"{name}.png")
    out = tmp_path / "difference.png"
    assert compare_pictures(tmp_path / "a.png", tmp_path / "b.png", out) == {
        "size_px": "10 x 10 and 10 x 10",
        "mean_levels": round(50 / 300, 4),
        "largest_levels": 10,
        "white_level": 255,
        "changed_share": 0.05,
        "psnr_db": round(10 * np.log10(255**2 / (500 / 300)), 2),
    }
    with Image.open(out) as shown:
        assert (shown.getpixel((0, 0)), shown.getpixel((9, 9))) == ((255, 0, 0), (0, 0, 0))
    assert compare_pictures(tmp_path / "a.png", tmp_path / "a.png", None)["psnr_db"] is None


def test_the_larger_picture_is_scaled_to_the_smaller(tmp_path: Path) -> None:
    Image.new("RGB", (20, 20), (50, 50, 50)).save(tmp_path / "a.png")
    Image.new("RGB", (10, 10), (60, 60, 60)).save(tmp_path / "b.png")
    numbers = compare_pictures(tmp_path / "a.png", tmp_path / "b.png", None)
    assert (numbers["size_px"], numbers["mean_levels"], numbers["largest_levels"]) == ("20 x 20 and 10 x 10", 10.0, 10)


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_pictures_of_16_bits_are_compared_in_16_bits(tmp_path: Path, channels: int) -> None:
    first = np.full((10, 10, channels), 0x4080, np.uint16)
    second = first.copy()
    second[0, :5, 0] += 3  # within the lower byte
    for name, levels in (("a", first), ("b", second)):
        (tmp_path / f"{name}.png").write_bytes(cv2.imencode(".png", levels)[1].tobytes())
    numbers = compare_pictures(tmp_path / "a.png", tmp_path / "b.png", None)
    assert (numbers["largest_levels"], numbers["white_level"], numbers["changed_share"]) == (3, 65535, 0.05)
    assert numbers["mean_levels"] == round(15 / (100 * channels), 4)
    (tmp_path / "c.png").write_bytes(cv2.imencode(".png", np.full((10, 10, 3), 0x40, np.uint8))[1].tobytes())
    numbers = compare_pictures(tmp_path / "a.png", tmp_path / "c.png", None)
    assert (numbers["largest_levels"], numbers["white_level"]) == (0x4080 - 0x4040, 65535)


def write_power(path: Path, power: float, *, frames: int = 1000, bands: int = 33, step: float = 0.01) -> Path:
    file = PowerFile(
        path,
        channels=("mean",),
        frequency_hz=np.linspace(0, 24000, bands),
        first_seconds=0.0,
        step_seconds=step,
        window_seconds=step,
        power_attributes={},
        attributes={},
    )
    for first in range(0, frames, BATCH_FRAMES):
        file.append([packed(np.full((BATCH_FRAMES, bands), power, np.float32))], min(BATCH_FRAMES, frames - first))
    file.close(np.full((1, bands), power), (), (0.0, frames * step))
    return path


def test_spectrograms_of_other_shapes_differ_by_known_decibels(tmp_path: Path) -> None:
    first = write_power(tmp_path / "a.nc", 0.01)
    second = write_power(tmp_path / "b.nc", 0.1, frames=500, bands=65, step=0.02)
    out = tmp_path / "difference.png"
    numbers = compare_power(first, second, out)
    assert numbers["mean_db"] == pytest.approx(10.0, abs=1e-4)
    assert numbers["percentile_95_db"] == numbers["largest_db"] == pytest.approx(10.0, abs=0.011)
    assert (numbers["compared_frames"], numbers["compared_bands"]) == (500, 33)
    with Image.open(out) as shown:
        assert shown.size == (1200, 600)


@pytest.fixture
def two(tmp_path: Path) -> tuple[Store, list[Manifest]]:
    raw = tmp_path / "raw"
    raw.mkdir()
    MediaMaker(raw).photo("photo.jpg")
    for quality in (60, 90):
        recipes = {"photo": (PhotoPreview(quality=quality, longest_sides_px=(320,)),), "video": (), "audio": ()}
        run_ingest(raw, tmp_path / "store", recipes, Options(), in_threads, name=f"q{quality}")  # type: ignore[arg-type]
    store = Store(tmp_path / "store")
    return store, list(store.manifests())


def test_two_results_are_compared_item_by_item(two: tuple[Store, list[Manifest]], tmp_path: Path) -> None:
    store, manifests = two
    older, newer = pair(manifests, ())
    found = compare_results(older, newer, store, tmp_path / "out")
    assert found.parameters == {"quality": (60, 90)}
    item = next(item for item in found.items if item.name == "preview_320.jpg")
    assert (item.verdict, item.picture) == ("other bytes", str(tmp_path / "out/preview_320.jpg.difference.png"))
    assert item.numbers["size_px"] == "320 x 240 and 320 x 240"
    assert isinstance(item.numbers["psnr_db"], float)
    assert item.numbers["psnr_db"] > 30
    same = compare_results(older, older, store, None)
    assert {item.verdict for item in same.items} == {"same bytes"}


def test_frames_are_paired_by_their_time_and_others_by_name(tmp_path: Path) -> None:
    made = PackStore(tmp_path)
    video = made.source("descent.mp4", "video", "mov,mp4,m4a,3gp,3g2,mj2", b"video")

    def frames(key: str, *times: float) -> Manifest:
        items = [
            Item(
                name=f"frame_{number:06}.jpg",
                media_type="image/jpeg",
                data=picture(16, 8, round(1000 * time)),
                facts={"time_seconds": time},
            )
            for number, time in enumerate(times)
        ]
        table = Item(name="frames.csv", media_type="text/csv", data=key.encode())
        return made.result(video, "video.frames", *items, table, key=key)

    found = compare_results(frames("dense", 0.0, 0.48, 1.0), frames("sparse", 0.0, 1.0), made.store, None)
    assert [(one.name, one.second_name, one.time_seconds, one.verdict) for one in found.items] == [
        ("frames.csv", None, None, "other bytes"),
        ("frame_000000.jpg", None, 0.0, "same bytes"),
        ("frame_000001.jpg", None, 0.48, "only in the first"),
        ("frame_000002.jpg", "frame_000001.jpg", 1.0, "same bytes"),
    ]


def test_keys_choose_the_results_and_their_order(two: tuple[Store, list[Manifest]]) -> None:
    older, newer = pair(two[1], ())
    assert pair(two[1], (newer.ref.key[:8], older.ref.key[:8])) == (newer, older)
    with pytest.raises(RequestError, match=r"zz: key prefix matches no result; existing keys: [0-9a-f]{8} \(20"):
        pair(two[1], ("zz", older.ref.key))
    with pytest.raises(RequestError, match="give two keys, or none to compare the two newest results"):
        pair(two[1], (older.ref.key,))
    with pytest.raises(RequestError, match="need two results to compare but found only"):
        pair([older], ())


@pytest.mark.prefect
def test_diff_as_a_person_asks_for_it(marsmedia: Run, two: tuple[Store, list[Manifest]], tmp_path: Path) -> None:
    root = two[0].root
    told = marsmedia("diff", "photo.jpg", "photo.preview", "-o", tmp_path / "out", "--store", root)
    assert (told.returncode, told.stderr) == (0, "")
    assert "quality: 60 -> 90\n" in told.stdout
    assert "preview_320.jpg: other bytes, " in told.stdout
    found = json.loads(marsmedia("diff", "photo.jpg", "photo.preview", "--json", "--store", root).stdout)
    assert found["parameters"] == {"quality": [60, 90]}
    for words, message in [
        (["photo.jpg", "nope"], "nope: no results of this processor for photo.jpg; it has results of: photo.preview"),
        (["nope.jpg", "nope"], "nope.jpg: no such source in the store; list sources with `marsmedia items`"),
    ]:
        wrong = marsmedia("diff", *words, "--store", root)
        assert (wrong.returncode, wrong.stderr) == (2, f"marsmedia: {message}\n")
