"""Files that once went wrong, each an example of its kind, through the default recipes: what comes out is right."""

from __future__ import annotations

import csv
import hashlib
import json
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from flows.recipes import RECIPES
from flows.run.reporting.report import Report
from processors.store.manifest import Manifest
from processors.store.store import Store
from tests.helpers.runs import counts, ingest

INPUTS = Path(__file__).resolve().parents[2] / "shared" / "faults" / "inputs"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not INPUTS.is_dir(), reason="../shared/faults is not beside the checkout"),
]


class Found:
    """The results of one input."""

    def __init__(self, store: Store, path: Path) -> None:
        self._store = store
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        self.manifests: dict[str, Manifest] = {m.ref.processor: m for m in store.manifests(digest)}

    def path(self, processor: str, item: str) -> Path:
        return self._store.item_path(self.manifests[processor].ref, item)

    def facts(self, processor: str, item: int = 0) -> Any:
        return self.manifests[processor].items[item].facts

    def reading(self, processor: str) -> Any:
        return self.manifests[processor].source_facts

    @cached_property
    def metadata(self) -> Any:
        return json.loads(self.path("metadata", "metadata.json").read_text())

    @cached_property
    def evidence(self) -> Any:
        return json.loads(self.path("evidence", "evidence.json").read_text())

    def tags(self, namespace: str) -> dict[str, Any]:
        return {tag["name"]: tag["value"] for tag in self.metadata["tags"] if tag["namespace"] == namespace}

    @cached_property
    def preview(self) -> np.ndarray:
        """The smallest JPEG: upright, sRGB."""
        name = next(i.name for i in self.manifests["photo.preview"].items if i.name.endswith(".jpg"))
        return np.asarray(Image.open(self.path("photo.preview", name)).convert("RGB")).astype(int)

    @cached_property
    def first_frame(self) -> np.ndarray:
        name = min(i.name for i in self.manifests["video.frames"].items if i.name.endswith(".jpg"))
        return np.asarray(Image.open(self.path("video.frames", name)).convert("RGB")).astype(int)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Report, Store]:
    folder = tmp_path_factory.mktemp("faults") / "store"
    return ingest(INPUTS, folder, RECIPES, quiet=True), Store(folder)


@pytest.fixture
def found(run: tuple[Report, Store], request: pytest.FixtureRequest) -> Found:
    return Found(run[1], INPUTS / request.param)


def given(*names: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("found", names, indirect=True)


def thirds(picture: np.ndarray) -> list[list[int]]:
    height, width = picture.shape[:2]
    return [picture[height // 2, int(width * (n + 0.5) / 3)].tolist() for n in range(3)]


def near(expected: list[list[int]], within: int = 4) -> list[Any]:
    return [pytest.approx(one, abs=within) for one in expected]


def mark(picture: np.ndarray) -> tuple[str, str]:
    """Where the brightest part of a picture is."""
    grey = picture.mean(axis=2)
    row, column = np.unravel_index(grey.argmax(), grey.shape)
    upper = "upper" if row < grey.shape[0] / 2 else "lower"
    return upper, "left" if column < grey.shape[1] / 2 else "right"


def colour_of_mark(picture: np.ndarray) -> list[int]:
    """Of the middle of the mark in the upper left corner; JPEG bleeds at its edges."""
    return picture[6:8, 6:8].mean(axis=(0, 1)).tolist()


def test_nothing_fails_and_the_counts_add_up(run: tuple[Report, Store]) -> None:
    report, _ = run
    _, made, _, refused, failed = counts(report)
    assert (report.state, failed) == ("completed with warnings", 0)
    assert made > 600
    assert refused < 40  # a plot of motion is refused along with its motion
    assert [p for p in report.problems if p.verdict == "failed" or "fault in marsmedia" in (p.reason or "")] == []


P3 = [[159, 97, 76], [67, 152, 95], [128, 128, 128]]


@given("video/p3_primaries.mp4")
def test_primaries_of_a_video(found: Found) -> None:
    assert thirds(found.first_frame) == near(P3, 6)
    assert found.reading("video.frames")["colour"]["primaries"] == "Display P3"


@given("video/hd_without_colour_tags.mp4")
def test_hd_without_tags_is_bt_709(found: Found) -> None:
    picture = found.first_frame
    columns = [picture[360, int(1280 * (n + 0.5) / 8)].tolist() for n in (0, 2, 4)]
    assert columns == near([[200, 50, 50], [50, 200, 50], [50, 50, 200]], 6)
    assert "matrix BT.709" in found.reading("video.frames")["colour"]["assumed"]


@given("photo/display_p3_cicp.png", "photo/display_p3.avif")
def test_display_p3_photos(found: Found) -> None:
    assert thirds(found.preview) == near(P3)


@given("photo/pq_cicp_16.png")
def test_pq_photo_is_tone_mapped(found: Found) -> None:
    row = found.preview[found.preview.shape[0] // 2, :, 0]
    places = [round(code / 255 * (len(row) - 1)) for code in (64, 128, 220)]
    assert [int(row[place]) for place in places] == pytest.approx([45, 181, 255], abs=6)


@given("photo/linear_gamma.png")
def test_linear_png(found: Found) -> None:
    row = found.preview[found.preview.shape[0] // 2, :, 0]
    assert row[round(128 / 255 * (len(row) - 1))] == pytest.approx(188, abs=3)


@given("video/pixel_crop.mkv")
def test_pixel_crop(found: Found) -> None:
    assert found.first_frame.shape == (64, 120, 3)


@given("video/clean_aperture.mp4")
def test_clean_aperture(found: Found) -> None:
    assert found.first_frame.shape == (48, 80, 3)


@given("video/raw_h264.h264")
def test_raw_h264_has_the_times_of_its_header(found: Found) -> None:
    rows = list(csv.DictReader(found.path("video.frames", "frames.csv").open()))
    assert [float(row["time_seconds"]) for row in rows] == [0.0, 1.0]
    report = found.reading("video.measurements")
    assert (report["frame_count_decoded"], report["frame_count_corrupt"]) == (50, 0)


@given("video/two_joined.ts")
def test_joined_recordings_follow_each_other(found: Found) -> None:
    report = found.reading("video.measurements")
    assert report["frame_count_decoded"] == 150
    assert len(report["joined_at_seconds"]) == 1
    times = [float(row["time_seconds"]) for row in csv.DictReader(found.path("video.frames", "frames.csv").open())]
    assert len(times) == 6
    assert times[-1] - times[0] == pytest.approx(5.0, abs=0.05)


@given("video/timecode_29_97_drop.mov")
def test_start_time_code_reaches_the_timelines(found: Found) -> None:
    edl = found.path("video.timeline", "shots.edl").read_text()
    assert "FCM: DROP FRAME" in edl
    assert "01:00:00;00" in edl
    assert "* FROM CLIP NAME: timecode_29_97_drop.mov" in edl


@given("video/edit_at_half_speed.mp4")
def test_an_edits_rate_is_reported(found: Found) -> None:
    told = found.reading("video.measurements")["edits_not_followed"]
    assert told == "an edit plays the media at 0.5 of their rate"


@given("video/second_sound_is_default.mkv", "audio/second_track_is_default.mka")
def test_the_default_sound_is_measured(found: Found) -> None:
    (channel,) = found.facts("audio.spectra")["channels"]
    assert channel["strongest_tone"]["hz"] == pytest.approx(3000, abs=1)
    assert len(found.reading("audio.levels")["other_streams"]) == 1


@given("video/one_pixel_wide.mkv", "audio/float_1e30.wav")
def test_an_odd_file_keeps_its_metadata(found: Found) -> None:
    assert found.manifests["metadata"].verdict == "made"
    assert {m.verdict for m in found.manifests.values()} == {"made", "refused"}


@given("video/camcorder.m2ts", "video/broadcast.mxf", "video/uncompressed.y4m")
def test_videos_of_broadcast_and_camcorders_are_read(found: Found) -> None:
    assert found.manifests["video.measurements"].verdict == "made"
    assert found.reading("video.measurements")["frame_count_decoded"] in (4, 5, 10, 25)


@given("audio/seismometer_100_hz.wav")
def test_a_seismometers_sound(found: Found) -> None:
    levels = found.facts("audio.levels")
    assert (levels["sample_count"], levels["rate_hz"]) == (4000, 100)
    assert levels["loudness"]["reason"].startswith("loudness is not defined for a recording at 100 Hz")
    assert found.manifests["audio.spectrogram"].verdict == "made"


@given("audio/streamed.flac", "audio/id3_before_flac.flac")
def test_flac_without_a_length_or_after_a_tag_is_whole(found: Found) -> None:
    report = found.reading("audio.levels")
    assert report["sample_count_decoded"] == 96_000
    assert (report["truncated_because"], report["unread_because"], report["damaged"]) == (None, None, [])


@given("audio/antiphase.wav")
def test_antiphase_is_no_silence(found: Found) -> None:
    (channel,) = found.facts("audio.spectra")["channels"]
    octave = next(b for b in channel["bands"] if b["octave_fraction"] == 1 and round(b["middle_hz"]) == 1000)
    assert octave["rms_dbfs"] == pytest.approx(-23.0, abs=0.05)
    assert found.facts("audio.events")["tone_count"] == 1


@given("audio/loudness_at_1000_hz.wav")
def test_loudness_at_1000_hz(found: Found) -> None:
    assert found.facts("audio.levels")["loudness"]["integrated_lufs"] == pytest.approx(-29.3, abs=0.1)


@given("audio/cropped_from_a_stream.opus", "audio/true_audio.tta", "audio/zeros_before.mp3", "audio/mp3_in_wav.wav")
def test_complete_audio_is_reported_as_complete(found: Found) -> None:
    report = found.reading("audio.levels")
    assert (report["missing_sample_count"], report["truncated_because"], report["damaged"]) == (0, None, [])
    assert found.manifests["audio.levels"].reason is None


@given("audio/chained.opus")
def test_chained_opus_has_no_click(found: Found) -> None:
    levels = found.facts("audio.levels")
    assert levels["sample_count"] == 192_000
    assert levels["channels"][0]["peak_dbfs"] == pytest.approx(-19.9, abs=0.2)


@given("audio/guano.wav")
def test_guano(found: Found) -> None:
    assert found.tags("guano")["Make"] == "Synthetic"
    known = found.metadata["known"]
    assert (known["latitude_degrees_north"]["value"], known["longitude_degrees_east"]["value"]) == (25.1, 109.9)
    assert found.evidence["taken"]["utc"] == "2021-05-14T23:18:00Z"


@given("audio/two_data_chunks.wav")
def test_a_second_data_chunk_is_reported(found: Found) -> None:
    assert "a second audio chunk (data, 96000 bytes)" in found.reading("audio.levels")["unread_because"]
    assert found.manifests["audio.levels"].reason is not None


@given("audio/odd_chunk_without_padding.wav", "audio/broadcast_wave.wav")
def test_broadcast_chunks_are_read(found: Found) -> None:
    assert found.tags("bext")["Description"]
    assert found.metadata["problems"] == [] or "padd" in found.metadata["problems"][0]


@given("audio/broadcast_wave.wav")
def test_a_broadcast_wave_is_created_on_a_day(found: Found) -> None:
    assert found.metadata["known"]["created"]["value"].startswith("2021-05-15")
    assert found.evidence["problems"] == []


@given("audio/big_endian_rifx.wav")
def test_rifx_has_no_problem(found: Found) -> None:
    assert found.metadata["problems"] == []
    assert found.manifests["audio.marks"].verdict == "made"


@given("photo/min_is_white_16.tif")
def test_zero_is_white_at_16_bits(found: Found) -> None:
    row = found.preview[found.preview.shape[0] // 2, :, 0]
    assert row[2] > 240
    assert row[-3] < 15


@given("photo/uint32.tif", "photo/signed_16.tif", "photo/decibels.tif")
def test_ramps_of_any_number_brighten_to_the_right(found: Found) -> None:
    row = found.preview[found.preview.shape[0] // 2, :, 0]
    assert row[2] < 15
    assert row[-3] > 240
    assert row[len(row) // 2] == pytest.approx(127, abs=12)
    assert (np.diff(row) >= -2).all()


@given("photo/no_data_65535.tif", "photo/no_data_1e20.tif")
def test_no_data_sets_no_white(found: Found) -> None:
    assert found.preview[found.preview.shape[0] // 2, -2, 0] > 240


@given("photo/thumbnail_first.tif")
def test_the_full_page_is_the_photo(found: Found) -> None:
    info = found.reading("photo.preview")
    assert (info["width_px"], info["height_px"]) == (400, 300)


@given("photo/comment_big_endian.jpg")
def test_a_comment_in_utf_16(found: Found) -> None:
    assert found.tags("exif")["UserComment"] == "祝融号 rover"


@given("photo/offset_not_known.jpg")
def test_an_unknown_offset(found: Found) -> None:
    (date,) = [date for date in found.evidence["dates"] if date["meaning"] == "recorded"]
    assert (date["written"], date["zone"]) == ("2021:05:15 07:18:00", "unknown")
    assert found.evidence["problems"] == []


@given("photo/date_of_zeros.jpg")
def test_a_date_of_zeros(found: Found) -> None:
    assert found.metadata["known"]["created"]["value"] == "2021:05:15 07:18:00"


@given("photo/parts_of_a_second.jpg")
def test_parts_of_a_second(found: Found) -> None:
    assert found.evidence["taken"]["utc"] == "2021-05-14T23:18:00.678000Z"


@given("photo/position_in_xmp.jpg")
def test_a_position_in_xmp(found: Found) -> None:
    known = found.metadata["known"]
    place = [known[name]["value"] for name in ("latitude_degrees_north", "longitude_degrees_east")]
    assert place == pytest.approx([-33.4489, -70.6693], abs=1e-4)


@given("planetary/lines_upward.img", "planetary/two_arrays_upward.dat")
def test_lines_that_go_up(found: Found) -> None:
    assert mark(found.preview) == ("lower", "left")


@given("planetary/sample_interleaved.img")
def test_bands_pixel_by_pixel(found: Found) -> None:
    assert colour_of_mark(found.preview) == pytest.approx([230, 25, 60], abs=12)


@given("planetary/colours_named.dat")
def test_bands_in_the_order_that_the_label_names(found: Found) -> None:
    assert colour_of_mark(found.preview) == pytest.approx([60, 25, 230], abs=12)


@given("planetary/value_offset_32768.dat")
def test_a_value_offset(found: Found) -> None:
    assert found.preview[2, 2, 0] == pytest.approx(230, abs=8)


@given("planetary/white_first_row.dat")
def test_a_labelled_image_is_what_its_label_says(found: Found) -> None:
    info = found.reading("photo.preview")
    assert (info["width_px"], info["height_px"]) == (64, 48)


@given(
    "planetary/units.img",
    "planetary/self_pointer.img",
    "planetary/sfdu_first.img",
    "planetary/comment_first.img",
    "planetary/image_in_file_object.img",
    "planetary/pointer_behind_4096_bytes.img",
    "planetary/DETACHED.IMG",
    "planetary/vax.img",
)
def test_labels_of_every_legal_form_are_read(found: Found) -> None:
    assert found.manifests["photo.preview"].verdict == "made"
    assert found.preview.max() > 200


@given("planetary/leap_second.img")
def test_a_leap_second(found: Found) -> None:
    assert found.evidence["taken"]["utc"] == "2016-12-31T23:59:60.500000Z"


@given("planetary/label_at_the_end.vic")
def test_a_label_at_the_end(found: Found) -> None:
    names = {tag["name"].rpartition("/")[2] for tag in found.metadata["tags"]}
    assert {"TASK", "USER"} <= names


@given("planetary/pair_b.dat")
def test_a_label_for_two_files(found: Found) -> None:
    assert [one for one in found.evidence["disagreements"] if one["about"] == "file name"] == []


def test_text_in_utf_16_and_subtitles_are_recognised(run: tuple[Report, Store]) -> None:
    problems = {p.file: p.reason or "" for p in run[0].problems}
    assert "holds subtitles only, no video or audio" in problems["video/subtitles_only.mkv"]
    assert "audio/README.txt" not in problems
