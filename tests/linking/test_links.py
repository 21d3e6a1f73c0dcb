"""What sources have in common is found, kept with both and reported from both sides; no link is invented."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from flows.cli.main import main
from flows.run.run import Options, in_threads, run_ingest
from processors.audio.spectrogram.spectrogram import Spectrogram
from processors.engine.wanted_results import Recipes
from processors.linking import same_sound
from processors.linking.crops import crop, points_of
from processors.linking.find_links import find_links, same_pictures
from processors.linking.same_sound import Course, Transforms, compare_courses, same_sounds
from processors.photo.enhanced import Enhanced
from processors.photo.photo_preview import PhotoPreview
from processors.photo.quality import Quality
from processors.store.catalogue.catalogue import Catalogue
from processors.store.catalogue.rebuild_catalogue import rebuild_catalogue
from processors.store.catalogue.stored_links import LinkEnd, SourceLink
from processors.store.progress_steps import silently
from processors.store.store import Store
from processors.video.audit.measurements import Measurements
from processors.video.frames.frames import Frames
from tests.helpers.steps_seen import StepsSeen

RECIPES: Recipes = {
    "video": (Frames(), Measurements(), Spectrogram()),
    "audio": (Spectrogram(),),
    "photo": (PhotoPreview(formats=("jpeg",)), Enhanced()),
}


Found = dict[tuple[str, str, str], SourceLink]
"""By kind, name here and name there."""


def store_of(raw: Path, folder: Path, recipes: Recipes = RECIPES) -> Store:
    run_ingest(raw, folder, recipes, Options(workers=2, quiet=True), in_threads, name="links")
    return Store(folder)


def named(store: Store, links: list[SourceLink]) -> dict[tuple[str, str, str], SourceLink]:
    names = {row.digest: row.name for row in Catalogue(store).sources().values()}
    return {(link.kind, names[link.here.source], names[link.there.source]): link for link in links}


def scene(seed: int, height_px: int = 900, width_px: int = 1200) -> np.ndarray:
    rng = np.random.default_rng(seed)
    sizes = (1.5, 5, 20)
    rough = np.sum([cv2.GaussianBlur(rng.normal(size=(height_px, width_px)), (0, 0), s) * s for s in sizes], axis=0)
    return np.clip(125 + rough / rough.std() * 40, 0, 255).astype(np.uint8)


def jpeg(picture: np.ndarray, quality: int = 80) -> np.ndarray:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))


@pytest.fixture(scope="module")
def sample_store(sample_release: Path, tmp_path_factory: pytest.TempPathFactory) -> Store:
    """The sample release, with a still out of one of its clips, a copy and a crop of its photo beside it."""
    folder = tmp_path_factory.mktemp("links")
    more = folder / "raw" / "more"
    more.mkdir(parents=True)
    for path in sample_release.iterdir():
        (folder / "raw" / path.name).write_bytes(path.read_bytes())
    with av.open(str(sample_release / "descent.mp4")) as clip:
        frame = next(frame for number, frame in enumerate(clip.decode(video=0)) if number == 203)
    Image.fromarray(frame.to_ndarray(format="rgb24")).resize((320, 180)).save(more / "still.jpg", quality=75)
    photo = Image.open(sample_release / "rear-camera-tracks.png").convert("L")
    photo.resize((600, 600)).save(more / "copy.jpg", quality=60)
    photo.crop((150, 360, 870, 844)).resize((800, 538)).save(more / "crop.png")
    Image.fromarray(scene(9)).save(more / "other.png")
    return store_of(folder / "raw", folder / "store")


@pytest.fixture(scope="module")
def steps() -> StepsSeen:
    return StepsSeen()


@pytest.fixture(scope="module")
def found(sample_store: Store, steps: StepsSeen) -> Found:
    return named(sample_store, find_links(sample_store, steps).links)


def test_each_comparison_reports_its_progress(found: Found, steps: StepsSeen) -> None:
    assert list(steps.done) == [
        "Comparing stills",
        "Comparing pictures",
        "Finding details",
        "Comparing details",
        "Reading sounds",
        "Comparing sounds",
    ]
    details = "Comparing details"
    assert {**steps.done, details: 0} == {**steps.totals, details: 0}
    assert 0 < steps.done[details] <= (steps.totals[details] or 0), "pairs that are linked already are not compared"


def test_the_links_of_the_sample_release_are_all_found(found: Found, sample_release: Path) -> None:
    truth = json.loads((sample_release / "truth.json").read_text())["links"]
    inside = {place: link for place, link in found.items() if link.kind == "same sound"}
    assert set(inside) == {(link["kind"], link["here"], link["there"]) for link in truth}
    (link,) = inside.values()
    assert link.offset_seconds == pytest.approx(truth[0]["offset_seconds"], abs=0.005)
    assert link.evidence["overlap_seconds"] == pytest.approx(10, abs=0.2)


def test_a_still_is_the_frame_it_was_taken_from(found: Found) -> None:
    link = found[("still and frame", "still.jpg", "descent.mp4")]
    assert link.there.frame_number == 203
    assert link.there.time_seconds == pytest.approx(203 / 25, abs=1e-6)
    assert (link.evidence["first_frame"], link.evidence["end_frame"]) == (203, 204)


def test_copies_and_crops_are_found_and_nothing_else(found: Found) -> None:
    pictures = {(kind, frozenset((one, other))) for kind, one, other in found if kind != "same sound"}
    assert pictures == {
        ("same picture", frozenset(("copy.jpg", "rear-camera-tracks.png"))),
        ("crop", frozenset(("crop.png", "rear-camera-tracks.png"))),
        ("crop", frozenset(("crop.png", "copy.jpg"))),
        ("still and frame", frozenset(("still.jpg", "descent.mp4"))),
    }
    link = found[("crop", "crop.png", "rear-camera-tracks.png")]
    assert link.part == "here"
    left, top, right, _, _, bottom = link.evidence["corners"][:6]
    assert (left, right) == pytest.approx((150 / 1024, 870 / 1024), abs=0.004)
    assert (top, bottom) == pytest.approx((360 / 1024, 844 / 1024), abs=0.004)


def test_links_are_stored_with_both_ends_shown_queried_and_rebuilt(sample_store: Store) -> None:
    store = ["--store", str(sample_store.root)]
    ran = CliRunner().invoke(main, ["links", *store])
    assert "drive-off.mp4: same sound as drive-off-sound.wav, which begins 1.280 s earlier" in ran.output
    assert ran.output.splitlines()[-1].startswith("5 links;")
    assert "link     same sound as drive-off.mp4, which begins 1.280 s later" in (
        CliRunner().invoke(main, ["show", "drive-off-sound.wav", *store]).output
    )
    shown = json.loads(CliRunner().invoke(main, ["show", "descent.mp4", *store, "--json"]).output)
    assert [(link["kind"], link["here"]["frame_number"]) for link in shown["links"]] == [("still and frame", 203)]
    question = ["query", "SELECT kind, part, count(*) AS n FROM links GROUP BY ALL ORDER BY ALL", *store, "--json"]
    before = CliRunner().invoke(main, question).output
    assert [json.loads(line) for line in before.splitlines()] == [
        {"kind": "crop", "part": "here", "n": 2},
        {"kind": "crop", "part": "there", "n": 2},
        {"kind": "same picture", "part": None, "n": 2},
        {"kind": "same sound", "part": None, "n": 2},
        {"kind": "still and frame", "part": None, "n": 2},
    ]
    rebuild_catalogue(sample_store)
    assert CliRunner().invoke(main, question).output == before


def test_links_that_are_no_longer_found_are_forgotten(sample_store: Store) -> None:
    catalogue = Catalogue(sample_store)
    ends = [LinkEnd(source=digest) for digest in sorted({row.digest for row in catalogue.sources().values()})[:2]]
    catalogue.replace_links([SourceLink(kind="same sound", here=ends[0], there=ends[1], offset_seconds=2.0, score=0.9)])
    records = {record["digest"]: record["links"] for record in sample_store.sources() if record.get("links")}
    assert {digest: links[0]["offset_seconds"] for digest, links in records.items()} == {
        ends[0].source: 2.0,
        ends[1].source: -2.0,
    }
    catalogue.replace_links([])
    assert not any(record.get("links") for record in sample_store.sources())
    assert catalogue.table("links").num_rows == 0


@pytest.mark.parametrize(("scale", "turn_degrees"), [(1.0, 0), (0.5, 0), (1.6, 0), (1.0, 12)])
def test_a_crop_is_found_at_other_sizes_and_tilted(scale: float, turn_degrees: float) -> None:
    whole = scene(1)
    matrix = cv2.getRotationMatrix2D((500, 400), turn_degrees, scale)
    matrix[:, 2] += (250 * scale - 500, 200 * scale - 400)
    part = cv2.warpAffine(whole, matrix, (round(500 * scale), round(400 * scale)), flags=cv2.INTER_AREA)
    one, other = (points_of(name, name, jpeg(picture), is_photo=True) for name, picture in (("w", whole), ("p", part)))
    assert one
    assert other
    found = crop(one, other)
    assert found is not None
    assert (found.part, found.whole, found.is_whole) == ("p", "w", False)
    middle = np.array(found.corners).reshape(4, 2).mean(axis=0) * (1200, 900)
    assert middle == pytest.approx([500, 400], abs=4)


def test_neighbours_in_a_mosaic_are_no_crops() -> None:
    whole = scene(2)
    one, other = (points_of(str(x), str(x), whole[:, x : x + 700].copy(), is_photo=True) for x in (0, 300))
    assert one
    assert other
    assert crop(one, other) is None


def course(levels: np.ndarray, first_seconds: float = 0.0) -> Course:
    return Course(name="x", first_seconds=first_seconds, levels=levels.astype(np.float32))


def test_the_offset_counts_presentation_time_and_noise_is_not_the_same() -> None:
    rng = np.random.default_rng(4)
    long = cv2.GaussianBlur(rng.normal(size=(16, 3000)), (0, 0), sigmaX=3, sigmaY=0.01)
    found = compare_courses(course(long, first_seconds=1.0), course(long[:, 700:1500], first_seconds=-2.0))
    assert found is not None
    assert found.offset_seconds == pytest.approx(7.0 + 3.0, abs=1e-3)
    assert found.overlap_seconds == pytest.approx(8.0)
    assert compare_courses(course(long), course(rng.normal(size=(16, 900)))) is None


def family(name: str) -> str:
    """Sample files that were made of the same picture or sound."""
    families = {
        "hopper": r"hopper",
        "img_9266": r"IMG_9266",
        "waterfall": r"(portrait_|landscape_|)\d\.jpg$",
        "bmp": r"bad\w+\.bmp",
        "grey ramp": r"(png_)?bas\wn?0g16",
        "sugarshack": r"sugarshack",
        "cropped": r"16bit\.(MM\.)?cropped",
        "red": r"truncated_app14|tiff_strip_cmyk",
        "car": r"exiv2-bug922|imagemagick\.png",
        "gallery": r"Portrait_\d",
        "landscape": r"Landscape_\d",
        "photoshop": r"invalid-exif|photoshop-200dpi",
        "music": r"music\.",
        "deck": r".*0376ILF|opportunity-tracks",
        "tracks": r".*1154ILF|opportunity-rear",
        "lena": r"lena",
        "earth": r"b\.(avi|mp4)|muted_b|playable_but",
        "test card": r"corrupted\.mp4|av1_video",
        "bunny": r"big.?buck|rotate-buck|multiple-aac",
        "audacity": r"audacity",
        "stereo": r"test_file_stereo",
        "bear": r"bear",
        "speech": r"test1",
    }
    return next((known for known, pattern in families.items() if re.match(pattern, name)), name)


@pytest.mark.slow
def test_no_link_is_invented_among_the_samples(samples: Path, tmp_path: Path) -> None:
    quick: Recipes = {**RECIPES, "photo": (PhotoPreview(formats=("jpeg",)),)}
    for part in ("release", "formats/photo", "formats/audio"):
        store = store_of(samples / part, tmp_path / "store", quick)
    found = named(store, find_links(store).links)
    assert [place for place in found if family(place[1]) != family(place[2])] == []
    pairs = {frozenset(place[1:]) for place in found if place[0] == "same picture"}
    assert {"opportunity-tracks-16bit.png", "1N491020376ILFCNY9P0706L0M1.IMG"} in pairs
    assert len(found) > 60


def test_some_photos_are_compared_by_opening_only_those_whose_stored_hashes_are_near(tmp_path: Path) -> None:
    raw = tmp_path / "raw" / "june"
    raw.mkdir(parents=True)
    for name, picture in (("a.png", scene(1)), ("a.jpg", jpeg(scene(1), 95)), ("b.png", scene(2)), ("c.png", scene(3))):
        Image.fromarray(picture).save(raw / name)
    store = store_of(tmp_path / "raw", tmp_path / "store", {"photo": (PhotoPreview(formats=("jpeg",)), Quality())})
    digests = {row.name: row.digest for row in Catalogue(store).sources().values()}
    for preview in (store.root / "results").rglob(f"*/{digests['b.png']}/photo.preview/*/preview_*.jpg"):
        preview.write_bytes(b"no picture: it is not to be opened")
    found = same_pictures([digests[name] for name in ("a.png", "b.png", "a.jpg")], store)
    assert [one[:2] for one in named(store, found)] == [("same picture", "a.png")]
    assert [(link.score > 0.999, link.there.source) for link in found] == [(True, digests["a.jpg"])]
    assert same_pictures([digests["a.jpg"], digests["b.png"]], store) == []
    assert Catalogue(store).table("links").num_rows == 0


def test_transforms_of_many_sounds_stay_within_their_memory_and_are_made_few_times() -> None:
    rng = np.random.default_rng(5)
    shared = cv2.GaussianBlur(rng.normal(size=(16, 900)), (0, 0), sigmaX=3, sigmaY=0.01)
    courses = [
        Course(name=str(n), first_seconds=0.0, levels=(shared if n in (3, 20) else rng.normal(size=(16, 900))))
        for n in range(24)
    ]
    one_bytes = 16 * 1025 * 8
    narrow, wide = Transforms(8 * one_bytes), Transforms()
    found = [[(one.first, one.second) for one in same_sounds(courses, silently, room)] for room in (narrow, wide)]
    assert found == [[("3", "20")], [("3", "20")]]
    assert (narrow.kept_bytes, wide.kept_bytes) == (8 * one_bytes, 24 * one_bytes)
    assert wide.made_count == 24
    assert narrow.made_count <= 24 * 24 // 4, "half of the room is for one group of sounds, half for the other"


def test_each_pair_of_sounds_is_compared_once_and_no_more_than_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    courses = [course(np.zeros((16, 300))) for _ in range(11)]
    for limit in (1000, 20):
        monkeypatch.setattr(same_sound, "MAX_PAIRS", limit)
        steps = StepsSeen()
        same_sounds(courses, steps, Transforms(6 * 16 * 513 * 8))
        assert (steps.done, steps.totals) == (
            {"Comparing sounds": min(limit, 55)},
            {"Comparing sounds": min(limit, 55)},
        )
