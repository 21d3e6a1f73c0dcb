"""`rear-camera-tracks.png`: view behind a rover through a wide-angle hazard camera, in grey.

Two wheel tracks with the marks of grousers lead to the horizon; deck and solar wings are at the edges, the shadow of
mast and wings is on the ground.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from processors.sample import terrain
from processors.sample.burnt_in_caption import TEXT, burn_caption, caption_box
from processors.sample.files import Tags
from processors.sample.fisheye_camera import FisheyeCamera
from processors.sample.ground import make_ground
from processors.sample.rover import make_rover
from processors.sample.solids import Face, box, draw, shade, turned_to_azimuth
from processors.sample.terrain import TOWARDS_SUN, Grid
from processors.sample.truth import KnownBox

_SIDE_PX, _FINER = 1024, 2
"""Size of the picture, and how many times finer it is drawn before it is reduced."""
_SEED = 616
_HEADING_DEGREES = 300.0
"""Heading of the rover: the sun, in the north-west, is before it, so that its shadow falls into the picture."""
_CAMERA_M = (0.0, -0.56, 1.18)
"""Place of the camera: across, along and above the ground, from the rover's centre."""
_DOWN_DEGREES, _FIELD_DEGREES = 34.0, 109.0
_TRACK_M, _TRACK_WIDTH_M, _PITCH_M = 0.62, 0.22, 0.035
_STRAIGHT_M, _TURN_RADIUS_M = 2.2, 9.0
_NEAR_M, _FAR_M = 0.95, 60.0
_SKY, _GROUND = 214.0, 120.0
_SUN_RIGHT, _SUN_BEHIND = -turned_to_azimuth(TOWARDS_SUN[None], -_HEADING_DEGREES)[0, :2] / TOWARDS_SUN[2]
"""Sunlight along the ground, to the right in the picture and away from the rover, over its part from above."""
_IMAGE_DESCRIPTION, _USER_COMMENT, _EXIF_IFD = 0x010E, 0x9286, 0x8769


@dataclass(frozen=True, kw_only=True)
class RearPhotoTruth:
    """Truth about `rear-camera-tracks.png`; px from its top left corner, the first pixel's centre at 0.5."""

    width_px: int
    height_px: int
    projection: str
    focal_px: float
    """Distance from the picture's middle of a ray one radian from the axis: r = f θ."""

    camera_height_m: float
    camera_down_degrees: float
    """Angle of the axis below the horizon."""

    horizon_px: float
    """y of the horizon in the middle of the picture; it bends down towards the sides."""

    track_offsets_m: list[float]
    """Distance of each track's centre line from the rover's axis, to the right in the picture."""

    track_width_m: float
    grouser_pitch_m: float
    straight_m: float
    """Distance behind the rover's centre up to which the tracks are straight."""
    turn_radius_m: float
    """Radius of the bend beyond, to the right in the picture."""

    track_lines_px: list[list[list[float]]]
    """Points (x, y) of each track's centre line, the nearest first, as far as marks are 2 px apart."""

    noise_deviation_levels: float
    caption_text: str
    caption_box: KnownBox


def write_rear_photo(path: Path, tags: Tags) -> RearPhotoTruth:
    """Render and write the photo, with title and comment in PNG text and EXIF."""
    camera = _camera(1)
    whole = KnownBox(left_px=0, top_px=0, right_px=_SIDE_PX, bottom_px=_SIDE_PX)
    truth = RearPhotoTruth(
        width_px=_SIDE_PX,
        height_px=_SIDE_PX,
        projection="equidistant",
        focal_px=camera.focal_px,
        camera_height_m=_CAMERA_M[2],
        camera_down_degrees=_DOWN_DEGREES,
        horizon_px=_SIDE_PX / 2 - camera.focal_px * float(np.radians(_DOWN_DEGREES)),
        track_offsets_m=[-_TRACK_M, _TRACK_M],
        track_width_m=_TRACK_WIDTH_M,
        grouser_pitch_m=_PITCH_M,
        straight_m=_STRAIGHT_M,
        turn_radius_m=_TURN_RADIUS_M,
        track_lines_px=[_line(camera, offset_m) for offset_m in (-_TRACK_M, _TRACK_M)],
        noise_deviation_levels=2.0,
        caption_text=TEXT,
        caption_box=caption_box(whole),
    )
    grey = _render(truth)
    burn_caption(grey, truth.caption_box)
    text = PngInfo()
    text.add_text("Title", tags.title)
    text.add_text("Comment", tags.comment)
    exif = Image.Exif()
    exif[_IMAGE_DESCRIPTION] = tags.title
    exif.get_ifd(_EXIF_IFD)[_USER_COMMENT] = b"ASCII\0\0\0" + tags.comment.encode("ascii")
    Image.fromarray(grey).save(path, format="PNG", optimize=True, pnginfo=text, exif=exif)
    return truth


def _camera(finer: int) -> FisheyeCamera:
    east, north, up = turned_to_azimuth(np.array([_CAMERA_M]), _HEADING_DEGREES)[0]
    return FisheyeCamera(
        width_px=_SIDE_PX * finer,
        height_px=_SIDE_PX * finer,
        field_of_view_degrees=_FIELD_DEGREES,
        position_m=(float(east), float(north), float(up)),
        azimuth_degrees=_HEADING_DEGREES + 180,
        down_degrees=_DOWN_DEGREES,
    )


def _line(camera: FisheyeCamera, offset_m: float) -> list[list[float]]:
    """Return the visible centre line of a track in px, up to where its marks are 2 px apart."""
    behind = np.arange(_NEAR_M, _FAR_M, _PITCH_M)
    across = -offset_m - _bend(behind)  # the rover's right is the picture's left
    points = turned_to_azimuth(np.stack([across, -behind, np.zeros(behind.size)], axis=1), _HEADING_DEGREES)
    line = camera.project(points)
    apart = np.linalg.norm(np.diff(line, axis=0), axis=1)
    return [[round(float(x), 1), round(float(y), 1)] for x, y in line[: int(np.argmax(apart < 2))]]


def _bend(behind_m: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return how far the tracks are to the right of the rover's axis in the picture."""
    return np.maximum(behind_m - _STRAIGHT_M, 0) ** 2 / (2 * _TURN_RADIUS_M)


def _render(truth: RearPhotoTruth) -> NDArray[np.uint8]:
    """Render the photo without its caption, uint8, shape (1024, 1024)."""
    camera, rng = _camera(_FINER), np.random.default_rng(_SEED)
    ground = make_ground(
        seed=_SEED, size_px=1024, level_count=7, texel_metres=0.16, craters=40, rocks=520, roughness=0.11
    )
    east_m, north_m, metres_per_px, distance_m = camera.see_ground()
    brightness = ground.sample(east_m, north_m, metres_per_px)
    _press(brightness, east_m, north_m, _pitch_px(truth, distance_m))
    _, body, deck, _, frames, cells, *_ = make_rover(_HEADING_DEGREES)
    brightness = shade(brightness, camera, [*body, *frames, *_unseen()])
    haze = 1 - np.exp(-distance_m / 70)
    grey = np.clip(brightness * _GROUND, 0, 255)
    grey = grey + haze * (_SKY * 0.86 - grey)
    grey = np.where(np.isinf(distance_m), _sky(camera, rng), grey)
    image = np.clip(grey, 0, 255).astype(np.uint8)
    for faces in (body, deck, _deck_cells(), frames, cells):
        draw(image, camera, faces)
    small = cv2.resize(image, (_SIDE_PX, _SIDE_PX), interpolation=cv2.INTER_AREA).astype(np.float32)
    small *= _vignette()
    small += terrain.white_noise(rng, small.shape, truth.noise_deviation_levels)
    return np.clip(np.round(small), 0, 255).astype(np.uint8)


def _pitch_px(truth: RearPhotoTruth, distance_m: Grid) -> Grid:
    """Return the distance in the picture between two successive crests, seen from a distance."""
    return (_PITCH_M * _CAMERA_M[2] * truth.focal_px / np.square(distance_m)).astype(np.float32)


def _unseen() -> list[Face]:
    """Build the parts that are out of sight but cast a shadow: the mast, its head, and the hinges of the wings."""
    faces: list[Face] = []
    mast, head = ((0.0, 0.48, 1.45), (0.10, 0.10, 1.2)), ((0.0, 0.48, 2.12), (0.50, 0.16, 0.18))
    for place_m, size_m in (mast, head, ((0.0, -0.10, 0.80), (1.10, 1.10, 0.12))):
        centre = turned_to_azimuth(np.array([place_m]), _HEADING_DEGREES)[0]
        faces += box(centre, size_m, [0], _HEADING_DEGREES)
    return faces


def _deck_cells() -> list[Face]:
    """Build two panels of solar cells on the deck."""
    faces: list[Face] = []
    for column in range(8):
        for row in range(5):
            across, along = -0.40 + 0.1 * column + (0.01 if column > 3 else -0.01), -0.55 + 0.1 * row
            corners = np.array([[0.006, 0.006, 0], [0.094, 0.006, 0], [0.094, 0.094, 0], [0.006, 0.094, 0]])
            place = turned_to_azimuth(corners + np.array([across, along, 0.872]), _HEADING_DEGREES)
            faces.append(Face(corners_m=place, colour=[58 + 6 * ((column + row) % 2)]))
    return faces


def _press(brightness: Grid, east_m: Grid, north_m: Grid, pitch_px: Grid) -> None:
    """Press the tracks into the ground's brightness in place: smooth, with berms, and a crest for each grouser.

    Parameters
    ----------
    pitch_px : distance between two crests in the picture; finer detail is left out.
    """
    angle = np.float32(np.radians(_HEADING_DEGREES))
    behind = -(east_m * np.sin(angle) + north_m * np.cos(angle))
    right = -(east_m * np.cos(angle) - north_m * np.sin(angle)) - _bend(behind)
    for offset_m in (-_TRACK_M, _TRACK_M):
        near = (np.abs(right - offset_m) < _TRACK_WIDTH_M) & (behind > _NEAR_M - 0.4)
        ground, from_middle, along = brightness[near], right[near] - offset_m, behind[near]
        outside = np.abs(from_middle) - _TRACK_WIDTH_M / 2
        inside = np.clip(0.5 - outside / 0.02, 0, 1)
        berm = np.exp(-(((outside - 0.03) / 0.03) ** 2)) * np.sign(from_middle) * (outside - 0.03) / 0.03
        wave = 2 * np.pi * along / _PITCH_M
        slope = -np.sin(wave) * np.exp(0.7 * (np.cos(wave) - 0.5))  # of the crests, along the track
        is_resolved = np.clip(pitch_px[near] - 1.6, 0, 1)
        marks = 1 - 0.40 * _SUN_BEHIND * is_resolved * slope
        flat = (ground * 0.22 + 0.56) * marks
        brightness[near] = ground * (1 + 0.36 * _SUN_RIGHT * berm) * (1 - inside) + flat * inside


def _sky(camera: FisheyeCamera, rng: np.random.Generator) -> Grid:
    """Return the sky, brightest above low hills in the haze on the horizon."""
    east, north, up = camera.rays()
    elevation = np.degrees(np.arcsin(np.clip(up, -1, 1)))
    azimuth = np.degrees(np.arctan2(east, north)) % 360
    hills = cv2.resize(
        np.abs(rng.normal(0.9, 0.7, (1, 45))).astype(np.float32), (720, 1), interpolation=cv2.INTER_CUBIC
    )
    ridge = np.interp(azimuth, np.arange(0, 360, 0.5), hills[0])
    sky = np.where(elevation < ridge, _SKY * 0.82, _SKY - 1.1 * elevation)
    return np.asarray(sky, np.float32)


def _vignette() -> Grid:
    """Return the fall of light towards the corners, 1 in the middle."""
    place = (np.arange(_SIDE_PX, dtype=np.float32) + 0.5) / _SIDE_PX - 0.5
    return (1 - 0.42 * (place[None, :] ** 2 + place[:, None] ** 2)).astype(np.float32)
