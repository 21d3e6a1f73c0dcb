"""The picture's axes say the right time and frequency, and its chunks are what every zlib reads."""

from __future__ import annotations

import json
import shutil
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from processors.audio.canvas import BLACK, COLOURS, colour_numbers, mark_row, palette
from processors.audio.netcdf_provenance import Origin
from processors.audio.spectrogram.film import Film
from processors.audio.spectrogram.hdf5_deflate import compressed, decompressed, shuffled
from processors.audio.spectrogram.spectra import Spectra
from processors.audio.spectrogram.spectrogram import Spectrogram
from processors.audio.spectrogram.spectrogram_picture import SpectrogramPicture
from processors.audio.time_axes import mars_clock, source_clock, utc_clock
from processors.contract import ReleaseWords, for_release
from processors.metadata.release.release_context import release_context
from tests.helpers.audio_sessions import Bench
from tests.helpers.runs import ingest


def test_ticks_are_at_round_readings_of_each_clock() -> None:
    assert list(source_clock(5.0).ticks(0.0, 5.0, 5)) == [(float(s), f"{s}") for s in range(6)]
    assert list(source_clock(7200.0).ticks(0.0, 7200.0, 4)) == [
        (0.0, "00:00:00"),
        (1800.0, "00:30:00"),
        (3600.0, "01:00:00"),
        (5400.0, "01:30:00"),
        (7200.0, "02:00:00"),
    ]
    clock = utc_clock("2021-05-22T10:40:58.5+08:00")
    assert clock.label == "UTC, 2021-05-22"
    assert list(clock.ticks(0.0, 3.0, 4)) == [(0.5, "02:40:59"), (1.5, "02:41:00"), (2.5, "02:41:01")]
    past_midnight = utc_clock("2021-05-22T23:59:59Z").ticks(0.0, 2.0, 2)
    assert [reading for _, reading in past_midnight] == ["23:59:59", "00:00:00", "00:00:01"]


def test_a_mars_second_is_longer_than_a_second() -> None:
    # the worked example of NASA's Mars24: 2000-01-06T00:00:00Z is 23:59:39 MTC at longitude 0
    ticks = list(mars_clock("2000-01-06T00:00:00Z", 0.0).ticks(0.0, 100.0, 10))
    assert ticks[2][1] == "00:00:00"
    assert ticks[2][0] == pytest.approx(21.0, abs=1.0)
    assert ticks[3][0] - ticks[2][0] == pytest.approx(10 * 1.0274912517)


def test_the_clocks_are_those_of_the_release_where_it_names_a_moment() -> None:
    said = {"date": "2021-05-22T10:40", "date_zone": "Beijing", "date_precision": "minute"}
    told = release_context({"mission": "tianwen-1"}, said)
    words = ReleaseWords(mission="Tianwen-1", credit="CNSA", date="2021-05-22T02:40Z")
    moment = {"start_utc": "2021-05-22T02:40Z", "start_source": "release.toml"}
    spectrogram = Spectrogram(origin=Origin(**moment))  # type: ignore[arg-type]
    picture = SpectrogramPicture(spectrogram=spectrogram, words=words, longitude_degrees_east=109.925, **moment)  # type: ignore[arg-type]
    assert (for_release(SpectrogramPicture(), told), for_release(Film(), told)) == (picture, Film(picture=picture))
    of_day = ReleaseWords(date="2021-05-22")
    assert SpectrogramPicture().for_release(
        release_context({}, {**said, "date_precision": "day"})
    ) == SpectrogramPicture(words=of_day)
    assert SpectrogramPicture().for_release(release_context({}, said, fault="line 3: no value")) == SpectrogramPicture()
    by_hand = SpectrogramPicture(start_utc="2021-05-22T02:41:30Z", words=of_day)
    assert by_hand.for_release(told) == by_hand
    in_cruise = SpectrogramPicture().for_release(
        release_context({"mission": "tianwen-1"}, {"date": "2021-02-20T10:00Z"})
    )
    assert (in_cruise.start_utc, in_cruise.longitude_degrees_east) == ("2021-02-20T10:00Z", None), "not landed yet"
    labels = [utc_clock("2021-05-22T02:40Z", "release.toml").label, mars_clock("2021-05-22T02:40Z", 109.925).label]
    assert labels == [
        "UTC, 2021-05-22 (the start is known to the minute only, from release.toml)",
        "local mean solar time on Mars, within 10 s (the start is known to the minute only)",
    ]


def test_the_clock_is_a_labels_where_the_release_names_no_moment(tmp_path: Path, samples: Path) -> None:
    recording = samples / "release/edl-microphone/mic_00000170_000_000000.wav"
    (tmp_path / "raw/a").mkdir(parents=True)
    for path in (recording, recording.with_suffix(".xml")):
        shutil.copy(path, tmp_path / "raw/a")
    ingest(tmp_path / "raw", tmp_path / "store", {"audio": (Spectrogram(), SpectrogramPicture())})
    (manifest,) = (tmp_path / "store/results").glob("*/*/audio.spectrogram_picture/*/manifest.json")
    parameters = json.loads(manifest.read_bytes())["parameters"]
    assert (parameters["start_utc"], parameters["start_source"]) == (
        "2021-02-18T20:44:28.107000Z",
        f"{recording.stem}.xml",
    )
    label = utc_clock(parameters["start_utc"], parameters["start_source"]).label
    assert label == "UTC, 2021-02-18 (the start is known from mic_00000170_000_000000.xml)"


def test_a_tone_is_drawn_at_its_time_and_frequency(tmp_path: Path) -> None:
    seconds = np.arange(4 * 48_000) / 48_000
    tone = np.where(seconds >= 2, 0.5 * np.sin(2 * np.pi * 6000 * seconds), 0)
    for axis in ("linear", "log"):
        bench = Bench(tmp_path / axis, tone)
        picture = SpectrogramPicture(frequency_axis=axis, whole_frequencies=True)  # type: ignore[arg-type]
        facts = bench.run(picture).facts("spectrogram.png")
        with Image.open(bench.run(picture).path("spectrogram.png")) as opened:
            numbers = np.asarray(opened)
        top, bottom = facts["plot_top_px"], facts["plot_bottom_px"]
        plot = numbers[top:bottom, facts["plot_left_px"] : facts["plot_right_px"]]
        strongest = np.argmax(np.where(plot < COLOURS, plot, 0)[:, -100])
        up = 1 - (strongest + 0.5) / len(plot)
        lowest_hz = facts["lowest_hz"]
        assert lowest_hz == (0 if axis == "linear" else pytest.approx(1.5 * 23.4375))
        expected = 0.25 if axis == "linear" else np.log(6000 / lowest_hz) / np.log(24000 / lowest_hz)
        assert up == pytest.approx(expected, abs=0.003)
        assert np.flatnonzero((plot[strongest] > 0) & (plot[strongest] < COLOURS))[0] / plot.shape[1] == pytest.approx(
            0.5, abs=0.01
        )


def test_colours_are_viridis_and_end_where_the_range_ends() -> None:
    assert palette()[0].tolist() == [68, 1, 84]
    assert palette()[COLOURS - 1].tolist() == [253, 231, 37]
    assert palette()[[BLACK, 255]].tolist() == [[0, 0, 0], [255, 255, 255]]
    assert colour_numbers(np.array([-200.0, -90, -60, 0, 9]), -90.0, 0.0).tolist() == [0, 0, 80, 239, 239]


def test_an_edge_is_marked_in_any_picture() -> None:
    for shape, row in (((600, 1370), 100), ((600, 1370), 3), ((10, 20), 9)):
        numbers = np.full(shape, 7, np.uint8)
        mark_row(numbers, row, "cut off at 15.0 kHz")
        assert set(numbers[row, :10].tolist()) == {BLACK}


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (
            {"start_utc": "2021-05-22"},
            "start_utc is '2021-05-22': must be to the minute or finer, with an offset from UTC",
        ),
        ({"longitude_degrees_east": 109.9}, "longitude_degrees_east is 109.9: needs start_utc"),
    ],
)
def test_wrong_clocks_are_named(parameters: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        SpectrogramPicture(**parameters)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["noise", "silence"])
def test_every_zlib_reads_our_deflate(kind: str) -> None:
    values = np.random.default_rng(1).integers(0, 2**32, 300_000, np.uint32) & np.uint32(0xFFFFFFC0)
    planes = shuffled(values if kind == "noise" else np.zeros(300_000, np.uint32))
    stream = compressed(planes)
    assert zlib.decompress(stream) == planes.tobytes()
    assert shuffled(decompressed(stream, 300_000)).tobytes() == planes.tobytes()
    assert kind == "noise" or len(stream) < 3000


def test_the_picture_marks_the_edge_that_the_spectra_name(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).normal(0, 0.1, 96_000)
    spectrum = np.fft.rfft(noise)
    spectrum[(10_000 * 2) :] = 0
    bench = Bench(tmp_path, np.fft.irfft(spectrum))
    (channel,) = bench.run(Spectra()).facts("spectra.csv")["channels"]
    picture = bench.run(SpectrogramPicture(spectrogram=Spectrogram(keep="overview"))).facts("spectrogram.png")
    assert picture["cutoff_hz"] == channel["cutoff"]["hz"] == pytest.approx(10_000, abs=200)
