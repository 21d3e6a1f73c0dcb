"""Grouser tracks are found with their pitch and direction; ground without them is an answer."""

from __future__ import annotations

import io
from dataclasses import asdict
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from processors.contract import Item
from processors.metadata.release.release_context import release_context
from processors.photo.reading.photo_reader import Photo, PhotoInfo, PhotoReader
from processors.photo.tracks.bar_rows import MAX_PITCH_PX, MIN_PITCH_PX
from processors.photo.tracks.grousers import Attempt
from processors.photo.tracks.tracks import Tracks, TracksFacts
from processors.photo.tracks.tracks_in_words import ONLY_GROUSERS
from processors.sample.rear_photo import write_rear_photo
from processors.sample.release_toml import TRACKS
from tests.helpers.plan_view_tracks import write_plan_view

PITCH_PART = 0.02
DIRECTION_DEGREES = 1.0


def tracks(path: Path, processor: Tracks | None = None) -> TracksFacts:
    processor = processor or Tracks(cameras="any")
    with path.open("rb") as file:
        reader = PhotoReader(file)
        return last_facts(list(processor.items(reader.photo(), path.parent)))


def of_array(grey: np.ndarray, processor: Tracks | None = None) -> TracksFacts:
    info = PhotoInfo(
        format="png",
        width_px=grey.shape[1],
        height_px=grey.shape[0],
        mode="L",
        orientation=1,
        icc_profile_name=None,
        frame_count=1,
        has_alpha=False,
    )
    return of_photo(Photo(info=info, image=Image.fromarray(grey)), processor)


def of_photo(photo: Photo, processor: Tracks | None = None) -> TracksFacts:
    return last_facts(items_of_photo(photo, processor))


def items_of_photo(photo: Photo, processor: Tracks | None = None) -> list[Item]:
    return list((processor or Tracks(cameras="any")).items(photo, Path()))


def last_facts(items: list[Item]) -> TracksFacts:
    return next(item.facts for item in items if item.name == "tracks.json")


def apart(one: float, other: float) -> float:
    return abs((one - other + 90) % 180 - 90)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict]:
    """Tracks seen from above, and their truth."""
    path = tmp_path_factory.mktemp("tracks") / "plan-view.png"
    return path, asdict(write_plan_view(path))


def test_both_tracks_of_the_sample_release_are_found_in_perspective(tmp_path: Path) -> None:
    truth = write_rear_photo(tmp_path / "rear-camera-tracks.png", TRACKS.tags())
    said = release_context({}, {"recorded_by": TRACKS.recorded_by})
    found = tracks(tmp_path / "rear-camera-tracks.png", Tracks().for_release(said))
    assert (found.found, len(found.rows), found.grouser_pitch_px) == (True, 2, None)
    for row, line in zip(sorted(found.rows, key=lambda one: one.outline_px[0][0]), truth.track_lines_px, strict=True):
        outline = np.array(row.outline_px, np.float32)
        steps = np.linalg.norm(np.diff(np.array(line), axis=0), axis=1)  # each point is one grouser further
        countable = np.array(line[:-1])[(steps >= MIN_PITCH_PX) & (steps <= MAX_PITCH_PX)]
        is_inside = [cv2.pointPolygonTest(outline, (x, y), False) > 0 for x, y in countable.tolist()]
        assert np.mean(is_inside) > 0.8
        assert 0.75 * len(countable) < row.bar_count < 1.1 * len(countable)
        nearest = np.array(line)[0] - np.array(line)[5]
        assert apart(row.direction_degrees, float(np.degrees(np.arctan2(nearest[1], nearest[0])))) < 15


def test_tracks_seen_from_above_give_their_known_pitch_direction_and_bands(sample: tuple[Path, dict]) -> None:
    path, truth = sample
    found = tracks(path)
    assert found.found
    assert found.direction_degrees is not None
    assert apart(found.direction_degrees, truth["direction_degrees"]) < DIRECTION_DEGREES
    assert found.grouser_pitch_px == pytest.approx(truth["grouser_pitch_px"], rel=PITCH_PART)
    assert sorted(band.offset_px for band in found.bands) == pytest.approx(truth["track_offsets_px"], abs=8)
    assert all(band.width_px == pytest.approx(truth["track_width_px"], rel=0.1) for band in found.bands)
    assert "no length on the ground is known" in found.meaning


@pytest.mark.parametrize(
    ("turn_degrees", "scale"),
    [(-70, 0.8), (-31, 0.6), (14, 0.8), (52, 1.0), (90, 0.8), (-31, 1.4), (14, 1.4), (52, 1.4)],
)
def test_any_direction_and_scale(sample: tuple[Path, dict], turn_degrees: float, scale: float) -> None:
    path, truth = sample
    grey = np.asarray(Image.open(path).convert("L"))
    height, width = grey.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), turn_degrees, scale)
    found = of_array(
        cv2.warpAffine(grey, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
    )
    assert found.direction_degrees is not None
    assert apart(found.direction_degrees, truth["direction_degrees"] - turn_degrees) < DIRECTION_DEGREES
    assert found.grouser_pitch_px == pytest.approx(truth["grouser_pitch_px"] * scale, rel=PITCH_PART)


def test_a_known_geometry_rectifies_the_view_first(sample: tuple[Path, dict]) -> None:
    path, truth = sample
    grey = np.asarray(Image.open(path).convert("L"))
    height, width = grey.shape
    corners = np.array([[300, 60], [724, 60], [1000, 740], [24, 740]], np.float32)
    whole = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    slanted = cv2.warpPerspective(grey, cv2.getPerspectiveTransform(whole, corners), (width, height))
    geometry = Tracks(
        cameras="any", ground_corners_px=tuple(float(v) for v in corners.ravel()), ground_aspect=height / width
    )
    found = of_array(slanted, geometry)
    assert found.is_rectified
    scale = 976 / width
    assert found.grouser_pitch_px == pytest.approx(truth["grouser_pitch_px"] * scale, rel=PITCH_PART)


@pytest.mark.parametrize("name", ["curiosity-navcam-raw.jpg", "opportunity-tracks-16bit.png", "zhurong-selfie.jpg"])
def test_real_ground_without_a_clear_row_of_bars_is_an_answer(samples: Path, name: str) -> None:
    found = tracks(samples / "release" / name)
    assert (found.found, found.direction_degrees, found.grouser_pitch_px, found.bands) == (False, None, None, ())


@pytest.mark.parametrize("size", [(1, 1), (39, 2000), (60, 60)])
def test_noise_flat_and_tiny_pictures_hold_nothing(size: tuple[int, int]) -> None:
    rng = np.random.default_rng(1)
    assert not of_array(rng.integers(0, 255, size, np.uint8)).found
    assert not of_array(np.full(size, 90, np.uint8)).found


def test_parameters_are_checked_by_name() -> None:
    with pytest.raises(ValueError, match="least_correlation is 2: must be between 0 and 1"):
        Tracks(least_correlation=2)
    with pytest.raises(ValueError, match="cameras is 'left': must be rear or any"):
        Tracks(cameras="left")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="ground_corners_px"):
        Tracks(ground_corners_px=(1.0, 2.0))


@pytest.mark.parametrize(
    "name",
    ["mmgis/PIA20461.jpg", "exif-samples/nikon-e950.jpg", "image-rs/planar.tiff", "libvips/1.jpg", "pillow/iptc.jpg",
     "metadata-extractor/FLIR Vue Pro 640.jpg", "metadata-extractor/Issue 154.jpg"],
)  # fmt: skip
def test_a_few_bars_and_louvres_are_no_track(samples: Path, name: str) -> None:
    assert not tracks(samples / "formats/photo" / name).found


@pytest.mark.parametrize(
    ("recorded_by", "searched"),
    [("rear hazard-avoidance camera", True), ("后避障相机", True), ("RHAZ_LEFT_B", True), ("REAR_HAZCAM_LEFT", True),
     ("front hazard-avoidance camera", False), ("rearing horses", False), (None, False)],
)  # fmt: skip
def test_only_photos_of_a_rear_camera_are_searched_unasked(
    sample: tuple[Path, dict], recorded_by: str | None, searched: bool
) -> None:
    said = release_context({}, {"recorded_by": recorded_by} if recorded_by else {})
    found = tracks(sample[0], Tracks().for_release(said))
    assert (found.searched, found.found) == (searched, searched)
    assert (found.not_found_because is None) == searched


@pytest.mark.parametrize(
    ("attempt", "reason"),
    [
        (Attempt(ended_at="size"), "the picture is too small, its shorter side must be at least 40 px"),
        (Attempt(ended_at="contrast", contrast=27.2), "no row of bars stands out (highest contrast 27, 100 needed)"),
        (Attempt(ended_at="width", contrast=161.2), "a pattern repeats (contrast 161), but not as bars across a band"),
        (
            Attempt(ended_at="correlation", contrast=345.2, correlation=0.554, bar_count=87),
            "a pattern repeats (contrast 345), but its bars are not evenly spaced (autocorrelation 0.55, 0.7 needed)",
        ),
        (
            Attempt(ended_at="bars", contrast=120.4, correlation=0.81, bar_count=1),
            "a row of bars stands out (contrast 120, autocorrelation 0.81), but it is too short (1 bar, 8 needed)",
        ),
    ],
)
def test_each_step_at_which_a_search_ends_has_its_reason_and_figures(attempt: Attempt, reason: str) -> None:
    assert Tracks().why_not(attempt, 0) == (
        f"no wheel tracks found. Seen from above: {reason}. In perspective: no row of bars. {ONLY_GROUSERS}"
    )


def test_the_attempt_that_came_furthest_is_reported(sample: tuple[Path, dict]) -> None:
    path = sample[0]
    few = tracks(path, Tracks(cameras="any", least_correlation=0.999, least_row_bars=1000))
    assert few.attempt is not None
    assert (few.found, few.attempt.ended_at) == (False, "correlation")
    assert few.attempt.correlation is not None
    assert 0.84 < few.attempt.correlation < 0.999
    dim = tracks(path, Tracks(cameras="any", least_contrast=1e6, least_row_bars=1000))
    assert dim.attempt is not None
    assert (dim.attempt.ended_at, dim.attempt.correlation, dim.attempt.bar_count) == ("contrast", None, None)
    assert dim.not_found_because is not None
    assert "highest contrast" in dim.not_found_because
    found = tracks(path)
    assert found.attempt is not None
    assert (found.attempt.ended_at, found.attempt.contrast) == ("tracks", found.spectral_contrast)


@pytest.mark.parametrize("size", [(400, 600), (30, 900)])
def test_a_photo_without_tracks_gets_a_picture_that_says_why(tmp_path: Path, size: tuple[int, int]) -> None:
    path = tmp_path / "plain.png"
    Image.fromarray(np.full(size, 128, np.uint8)).save(path)
    with path.open("rb") as file:
        reader = PhotoReader(file)
        items = list(Tracks(cameras="any").items(reader.photo(), tmp_path))
    assert [item.name for item in items] == ["tracks.json", "no-tracks.jpg"]
    assert isinstance(items[1].data, bytes)
    drawn = np.asarray(Image.open(io.BytesIO(items[1].data)).convert("L"))
    assert drawn.shape[0] > size[0] + 40
    assert drawn.shape[1] == size[1]
    assert drawn[size[0] + 4 :].max() > 200  # letters on the dark strip below the photo


def test_a_label_inside_the_file_names_the_rear_camera(tmp_path: Path) -> None:
    label = (
        "PDS_VERSION_ID = PDS3\r\nRECORD_BYTES = 512\r\n^IMAGE = 2\r\nINSTRUMENT_ID = {name}\r\n"
        "OBJECT = IMAGE\r\nLINES = 64\r\nLINE_SAMPLES = 64\r\nSAMPLE_BITS = 8\r\n"
        "SAMPLE_TYPE = UNSIGNED_INTEGER\r\nEND_OBJECT = IMAGE\r\nEND\r\n"
    )
    for name, searched in (("REAR_HAZCAM_LEFT", True), ("NAVCAM_LEFT", False)):
        path = tmp_path / f"{name}.img"
        path.write_bytes(label.format(name=name).encode().ljust(512) + bytes(64 * 64))
        assert tracks(path, Tracks()).searched is searched
