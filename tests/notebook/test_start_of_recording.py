"""A date is the moment of a file's first presentation time, whatever its clock reads then."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import av
import numpy as np
import pandas as pd
import pytest

import marsmedia
from marsmedia import SourceView, StoreView
from processors.audio.levels.levels import Levels
from processors.audio.spectrogram.spectrogram import Spectrogram
from processors.audio.spectrogram.spectrogram_picture import PictureMaker, SpectrogramPicture
from processors.audio.time_axes import mars_clock, utc_clock
from processors.metadata.evidence import Evidence
from processors.metadata.metadata import Metadata
from processors.store.inputs import stored_inputs
from processors.store.store import Store
from processors.video.audit.measurements import Measurements
from processors.video.shots.shots import Shots
from tests.helpers.derived import derived
from tests.helpers.made_media import MediaMaker
from tests.helpers.runs import ingest

BEGAN = datetime(2021, 6, 16, 4, tzinfo=UTC)
STARTS = {"plain.mp4": 0, "sound.mp3": 0, "capture.ts": 36_000, "copied.mkv": 3, "joined.mpg": 7}
"""Presentation time at which each file begins, in s."""


def begun_later(path: Path, target: Path, seconds: int) -> None:
    """Copy the packets of a video into another container, at times later by `seconds`."""
    with av.open(str(path)) as given, av.open(str(target), "w") as copy:
        streams = {one.index: copy.add_stream_from_template(one) for one in given.streams}
        for packet in given.demux():
            if packet.pts is not None and packet.dts is not None:
                later = round(seconds / packet.time_base)
                packet.pts, packet.dts = packet.pts + later, packet.dts + later
                packet.stream = streams[packet.stream.index]
                copy.mux(packet)


def write_mp3(path: Path) -> None:
    """A sound whose first presentation time by its header is the encoder's delay, which no decoder returns."""
    wave = np.sin(np.arange(96_000) / 10).astype(np.float32)[None]
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libmp3lame", rate=48000, layout="mono")
        block = av.AudioFrame.from_ndarray(wave, format="fltp", layout="mono")
        block.sample_rate, block.pts = 48000, 0
        container.mux(stream.encode(block))  # type: ignore[attr-defined]
        container.mux(stream.encode(None))  # type: ignore[attr-defined]
    with av.open(str(path)) as container:
        assert container.start_time > 0


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> StoreView:
    folder = tmp_path_factory.mktemp("starts")
    june = folder / "raw/june"
    june.mkdir(parents=True)
    maker = MediaMaker(june)
    made = maker.video("plain.mp4", list(range(50)), sound_hz=1000, options={"crf": "12", "bf": "0"})
    for name in ("capture.ts", "copied.mkv"):
        begun_later(made.path, june / name, STARTS[name])
    mpeg = maker.video("joined.mpg", [7 * 25 + tick for tick in range(50)], codec="mpeg2video", options={"bf": "0"})
    assert mpeg.times[0] == STARTS["joined.mpg"]
    write_mp3(june / "sound.mp3")
    entries = "".join(f'[[file]]\npath = "{name}"\ndate = "2021-06-16T04:00:00Z"\n' for name in STARTS)
    (june / "release.toml").write_text(f'title = "Starts"\nmission = "perseverance"\n{entries}')
    sound = (Metadata(), Evidence(), Levels(), Spectrogram(), SpectrogramPicture())
    ingest(folder / "raw", folder / "store", {"audio": sound, "video": (*sound, Measurements(), Shots()), "photo": ()})
    return marsmedia.open(folder / "store")


@pytest.fixture(params=STARTS)
def source(store: StoreView, request: pytest.FixtureRequest) -> SourceView:
    return store.source(request.param)


def test_a_recording_begins_at_its_date(source: SourceView) -> None:
    assert source.start_utc == BEGAN
    assert source.start_seconds == pytest.approx(STARTS[source.name], abs=0.05)  # a muxer may add its delay
    assert source.mars_time() == marsmedia.mars_time(BEGAN, mission="perseverance")
    assert source.mars_time(source.start_seconds + 10) == marsmedia.mars_time(
        BEGAN + timedelta(seconds=10), mission="perseverance"
    )


def test_rows_of_tables_have_the_moment_since_the_start(source: SourceView) -> None:
    tables: list[Any] = [source.measurements, source.shots] if source.medium == "video" else []
    tables += [] if source.name == "joined.mpg" else [source.loudness]
    for table in tables:
        times = next(table[name] for name in ("time_seconds", "start_seconds", "end_seconds") if name in table)
        right = pd.to_timedelta(times - source.start_seconds, unit="s") + pd.Timestamp(BEGAN)
        assert (table.utc - right).abs().max() <= pd.Timedelta(microseconds=1)
        exact = marsmedia.mars_time(table.utc, mission="perseverance")
        assert table.sol.tolist() == exact.sol.tolist()
        apart = table.local_mean_solar_time_hours - exact.local_mean_solar_time_hours
        assert apart.abs().max() < 1e-6
        assert table.attrs.get("start_presentation_seconds", 0) == source.start_seconds
        assert ("start_presentation_seconds" in table.attrs) == (source.start_seconds != 0)
        assert table.attrs["start_utc"] == "2021-06-16T04:00:00Z"


def test_the_spectrogram_counts_from_the_start_too(source: SourceView) -> None:
    if source.name == "joined.mpg":
        return
    with source.spectrogram() as spectrogram:
        since = spectrogram.time.to_numpy() - source.start_seconds
        moments = np.datetime64("2021-06-16T04:00:00", "us") + (since * 1e6).round().astype("timedelta64[us]")
        assert np.abs(spectrogram.utc.to_numpy() - moments).max() <= np.timedelta64(1, "us")


def test_the_axes_of_the_picture_count_from_the_start(store: StoreView, tmp_path: Path) -> None:
    read = {}
    for name in ("plain.mp4", "capture.ts"):
        source = store.source(name)
        east = store.source("plain.mp4").mars_time().longitude_degrees_east
        picture = SpectrogramPicture(
            start_utc="2021-06-16T04:00:00Z", start_source="release.toml", longitude_degrees_east=east
        )
        derived(source.path, tmp_path, picture)
        inputs = stored_inputs(picture, source._live.now().row.source(), Store(tmp_path))
        assert inputs is not None
        boxes = PictureMaker(picture, inputs).draw().text_boxes
        read[name] = [text for text in boxes.values() if text.startswith(("04:00", "19:"))]
    assert len(read["plain.mp4"]) > 5
    assert read["plain.mp4"] == read["capture.ts"]


def test_clocks_read_their_start_where_the_source_begins() -> None:
    ticks = list(utc_clock("2021-06-16T04:00:00Z", start_seconds=36_000.5).ticks(36_000.5, 36_002.5, 2))
    assert ticks == [(36_000.5, "04:00:00"), (36_001.5, "04:00:01"), (36_002.5, "04:00:02")]
    at_zero = list(mars_clock("2021-06-16T04:00:00Z", 77.45).ticks(0.0, 100.0, 10))
    later = list(mars_clock("2021-06-16T04:00:00Z", 77.45, 36_000).ticks(36_000.0, 36_100.0, 10))
    assert [reading for _, reading in later] == [reading for _, reading in at_zero]
    assert [seconds - 36_000 for seconds, _ in later] == pytest.approx([seconds for seconds, _ in at_zero])


def test_a_pack_says_at_which_presentation_time_the_recording_begins(store: StoreView, tmp_path: Path) -> None:
    import h5netcdf

    store.pack(["capture.ts", "plain.mp4"], tmp_path / "pack", audience="research")
    found = {}
    for path in (tmp_path / "pack").rglob("*"):
        if path.name.endswith("measurements.parquet"):
            attrs = pd.read_parquet(path).attrs
        elif path.name.endswith("spectrogram.nc"):
            with h5netcdf.File(path) as file:
                attrs = dict(file.attrs)
            attrs["source"] = attrs["source_name"]
        else:
            continue
        found[(attrs["source"], path.suffix)] = attrs.get("start_presentation_seconds")
    start = store.source("capture.ts").start_seconds
    assert found == {
        ("capture.ts", ".parquet"): start,
        ("capture.ts", ".nc"): start,
        ("plain.mp4", ".parquet"): None,
        ("plain.mp4", ".nc"): None,
    }
    told = next((tmp_path / "pack").rglob("CREDITS.txt")).read_text()
    assert told.count("Its presentation times begin at") == 1
    assert f"Its presentation times begin at {start:.3f} s, which is the time above.\n" in told
