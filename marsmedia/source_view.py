"""One source of a store: all that is known about it, and its results as pandas, xarray and PIL objects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from marsmedia.arguments import as_number, as_seconds
from marsmedia.result_view import ResultView
from processors.errors import RequestError
from processors.store.bucket.raw_bucket import local_path
from processors.store.manifest import ResultRef

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    import xarray as xr
    from PIL.Image import Image

    from marsmedia.clocks import Clocks
    from marsmedia.live_source import LiveSource
    from processors.audio.levels.levels import LevelsFacts
    from processors.mission.mission_time import MissionTime
    from processors.store.catalogue.source_row import SourceRow
    from processors.video.reading.frame import ColourFacts


RAW = "raw"
"""Name for a photo's own pixels, in place of a processor's."""


@dataclass(frozen=True, kw_only=True, repr=False)
class SourceView:
    """One video, sound or photo of a store, as it is at one place of one release, at each call as the last run left it.

    Of several results of a processor, methods and properties use the one that today's release and recipes request, as
    packs do. Parameters given as keywords choose another, which differs in nothing else:
    `source.table("video.frames", every_seconds=0.5)`. A result that differs in any other parameter is never returned:
    an error gives the command that makes the wanted one. Parameters of inputs have dotted names or are given as a dict,
    `spectrogram={"window_samples": 8192}`; a calibration is given by its file, its name or as a dict.
    """

    name: str
    release: str
    path: Path
    """Path in raw when it was ingested."""
    sha256: str
    medium: str
    """`video`, `audio` or `photo`."""
    format: str
    size_bytes: int
    duration_seconds: float | None
    _live: LiveSource = field(compare=False)

    @classmethod
    def of(cls, row: SourceRow, live: LiveSource) -> SourceView:
        return cls(
            name=row.name,
            release=row.release,
            path=local_path(row.path),
            sha256=row.digest,
            medium=row.medium or row.kind,
            format=row.format,
            size_bytes=row.size_bytes,
            duration_seconds=row.duration_seconds,
            _live=live,
        )

    def __repr__(self) -> str:
        return f"<{self.medium} {self.name} of {self.release}, {self.sha256[:8]}>"

    @property
    def facts(self) -> Mapping[str, Any]:
        """Return what is known of it, as the columns of the view `known`: title, mission, event, camera, dates, sols,
        audit.
        """
        return self._live.now().facts

    @property
    def start_utc(self) -> datetime | None:
        """Return the UTC at `start_seconds`, when the recording begins; None if not stated to the minute or finer.

        One known to the minute is at its second 0: `facts["precision"]` says how precisely it is known.
        """
        return self._live.now().start_utc

    @property
    def start_seconds(self) -> float:
        """Return the first presentation time of its video and audio, s: not always 0, as in MPEG-TS."""
        return self._live.now().start_seconds

    def mars_time(self, seconds: float | None = None) -> MissionTime:
        """Return the time on Mars at a presentation time, or at the start; local times are for the landing site.

        Raises
        ------
        RequestError : its start is not known to the minute, or its mission is not known or has no profile.
        """
        from marsmedia.mars_times import mars_time, why_without_site, why_without_start
        from processors.mission.profile import profile_called

        now = self._live.now()
        time_seconds = now.start_seconds if seconds is None else as_seconds("seconds", seconds)
        if now.start_utc is None:
            raise RequestError(f"{self.name}: {why_without_start(now.evidence.get('taken'))}")
        mission = now.facts["mission"]
        if not mission or profile_called(mission) is None:
            raise RequestError(f"{self.name}: {why_without_site(mission)}")
        try:
            moment = now.clocks.moment(time_seconds)
        except OverflowError as error:
            raise RequestError(f"seconds is {seconds!r}: must be within the years 1 to 9999") from error
        return mars_time(moment, mission=mission)

    @property
    def results(self) -> list[ResultView]:
        """Return every result made from it, by processor, the oldest first."""
        from processors.store.catalogue.latest import age

        now = self._live.now()
        made = [one for one in now.manifests() if one.verdict == "made"]
        made.sort(key=lambda one: (one.ref.processor, age(one)))
        asked = now.asked.of(now.row)
        return [ResultView.of(manifest, now.store, asked) for manifest in made]

    def result(self, processor: str, /, **parameters: object) -> ResultView:
        """Return the result of a processor with these parameters; the others match today's release and recipes.

        One that only an earlier version of marsmedia made is returned with a warning.

        Raises
        ------
        RequestError : no such parameter, or no such result; the message says which command makes it, or why it was not
            made.
        """
        now = self._live.now()
        return ResultView.of(now.manifest(processor, parameters), now.store, now.asked.of(now.row))

    def item(self, processor: str, name: str, /, **parameters: object) -> Path:
        """Return the path of one file of a result, for reading: `source.item("video.timeline", "shots.edl")`.

        Raises
        ------
        RequestError : no such result, or it has no such file; the message lists its files, and the processors that make
            some of its former files now.
        """
        result = self.result(processor, **parameters)
        if name not in result.items:
            from processors.packs.presentation import made_now_by

            names = ", ".join(result.items[:12]) + (" ..." if len(result.items) > 12 else "")
            now = "".join(f"; {one} makes some of its former items now" for one in made_now_by(processor))
            raise RequestError(f"{self.name}: {processor} has no item {name}; its items are {names}{now}")
        return self._path(result, name)

    def _path(self, result: ResultView, name: str) -> Path:
        return self._live.now().store.item_path(
            ResultRef(source=self.sha256, processor=result.processor, key=result.key), name
        )

    def table(self, processor: str, name: str | None = None, /, **parameters: object) -> pd.DataFrame:
        """Return a table of a result, with the clocks of its times.

        Columns `utc`, `sol`, `local_mean_solar_time_hours` and `local_true_solar_time_hours` are added to a table over
        time, with missing values where they are not known. `attrs` holds title, source, SHA-256, UTC at which the
        recording begins, processor, version, and `columns`: `units` and `description` of each;
        `start_presentation_seconds` if it does not begin at 0. A table with a column `file` gets the `path` of each.

        Parameters
        ----------
        name : name of the item; None for the processor's only table.

        Raises
        ------
        RequestError : no such result, or no table of that name.
        """
        from marsmedia.read_table import read_table

        now = self._live.now()
        return read_table(now.manifest(processor, parameters), name, now.store, now.provenance, now.clocks)

    @property
    def frames(self) -> pd.DataFrame:
        """Return the kept frames: one row each, with presentation times, clocks and the `path` of the picture."""
        return self.table("video.frames", "frames.csv")

    @property
    def measurements(self) -> pd.DataFrame:
        """Return the measurements of every frame of a video: one row each, in order of presentation."""
        return self.table("video.measurements", "measurements.parquet")

    @property
    def motion(self) -> pd.DataFrame:
        """Return the motion from frame to frame inside each shot: one row a frame."""
        return self.table("video.motion", "motion.parquet")

    @property
    def shots(self) -> pd.DataFrame:
        """Return the shots of a video, half open, which together are the whole of it."""
        return self.table("video.shots", "shots.csv")

    @property
    def events(self) -> pd.DataFrame:
        """Return impulses, tones and gusts in the sound, half open in time and frequency."""
        return self.table("audio.events", "events.csv")

    @property
    def spectra(self) -> pd.DataFrame:
        """Return the power spectral density of the whole sound, in dBFS/Hz, with percentiles: a row a frequency."""
        return self.table("audio.spectra", "spectra.csv")

    @property
    def octave_bands(self) -> pd.DataFrame:
        """Return the levels in octaves and thirds of octaves of the whole sound: a row a channel and band."""
        return self.table("audio.spectra", "octave_bands.csv")

    @property
    def loudness(self) -> pd.DataFrame:
        """Return momentary and short-term loudness in LUFS: a row for each 0.1 s."""
        return self.table("audio.levels", "loudness.csv")

    @property
    def levels(self) -> LevelsFacts:
        """Return peak, RMS, DC and loudness of every channel; its `reference` says what 0 dBFS is."""
        from processors.audio.levels.levels import LEVELS, LevelsFacts
        from processors.json_records import from_json

        manifest = self._live.now().manifest("audio.levels", {})
        return from_json(LevelsFacts, next(item.facts for item in manifest.items if item.name == LEVELS))

    def spectrogram(self, **parameters: object) -> xr.Dataset:
        """Return the spectrogram, read from the disk as it is used: `power` (channel, time, frequency), not in dB.

        `time` is the presentation time of the middle of a frame, in s; `utc`, `sol` and local times on Mars are
        coordinates along it. Close it, or use it in a `with` statement.

        Raises
        ------
        RequestError : no such result.
        """
        from marsmedia.read_spectrogram import read_spectrogram

        now = self._live.now()
        manifest = now.manifest("audio.spectrogram", parameters)
        path = now.store.item_path(manifest.ref, "spectrogram.nc")
        return read_spectrogram(path, manifest, now.provenance, now.clocks)

    def band_level_dbfs(self, lowest_hz: float, highest_hz: float, **parameters: object) -> xr.DataArray:
        """Return the level of the sound between two frequencies over time: rms in dBFS, shape (channel, time).

        0 dBFS is an rms of full scale 1.0, as in `levels`: a sine of full scale has -3.01 dBFS. Silence is -inf.
        NaN in frames whose window has missing samples or reaches beyond the recording, as the first and last two do by
        default. The recording's offset is not part of any band.

        Parameters
        ----------
        lowest_hz, highest_hz : half open; what is below 0 or above half the rate is left out. A bin of the spectrogram
            across an edge counts by its share, so that noise has its level in any band. A tone is whole if it is 2.5
            bins (`bin_hz`) or more from both edges (Hann); `window_samples=16384` makes bins narrower.

        Raises
        ------
        RequestError : no such result, or no frequency of the sound is between the two.
        """
        from marsmedia.read_spectrogram import band_level_dbfs

        lowest, highest = as_number("lowest_hz", lowest_hz), as_number("highest_hz", highest_hz)
        with self.spectrogram(**parameters) as spectrogram:
            return band_level_dbfs(spectrogram, lowest, highest, self.name)

    def band_level_pascals(self, lowest_hz: float, highest_hz: float, **parameters: object) -> xr.DataArray:
        """Return the level of the sound between two frequencies over time: rms in Pa, shape (channel, time).

        Through the calibration that `attrs` name, with its response removed band by band; `20 * log10(level / 20e-6)`
        is in dB re 20 µPa. For the rest see `band_level_dbfs`.

        Raises
        ------
        RequestError : no calibration; else as `band_level_dbfs`.
        """
        from marsmedia.read_spectrogram import band_level_pascals

        lowest, highest = as_number("lowest_hz", lowest_hz), as_number("highest_hz", highest_hz)
        with self.spectrogram(**parameters) as spectrogram:
            return band_level_pascals(spectrogram, lowest, highest, self.name)

    def photo(self, processor: str = "photo.preview", /, **parameters: object) -> Image:
        """Return a photo upright, in sRGB: the largest picture of a result; `numpy.asarray` gives its pixels.

        Parameters
        ----------
        processor : `photo.preview` and `photo.enhanced`; `photo.deep` of a grey photo with more than 8 bits, in mode
            `I;16`, with a warning where its numbers are spread over 16 bits or moved; or `raw`, which decodes a file of
            8 bits in raw, as `frame` does. To measure, take `photo_values`.

        Raises
        ------
        RequestError : no such result, it has no pictures, or its colours have 16 bits, which Pillow does not hold. For
            `raw`: not a photo, more than 8 bits, too large to be read at full size, or raw no longer holds the file.
        """
        from marsmedia.read_photo import read_photo, read_picture

        if processor == RAW:
            if parameters:
                raise RequestError(f"{RAW} has no parameters; leave out {', '.join(parameters)}")
            return read_photo(self._live.now().row)
        result = self.result(processor, **parameters)
        paths = {name: self._path(result, name) for name in result.items if name.endswith((".jpg", ".png"))}
        return read_picture(result, paths, self.name)

    def photo_values(self) -> np.ndarray:
        """Return the numbers of a photo as its file in raw has them, upright, to measure.

        Shape (height, width), or (height, width, channels) with all bands and alpha; of the file's number type, such as
        uint8, uint16, int16 or float32, after the scale that a planetary label or a TIFF's GDAL metadata states. Where
        the file marks samples as missing or saturated, they are NaN, in float32 or float64. Colours are not converted:
        those of a palette are as it has them; bilevel and grey samples of fewer than 8 bits are spread from 0 to 255,
        except in PNM and JPEG 2000.

        Raises
        ------
        RequestError : not a photo, its decoder does not give all bits, or raw no longer holds the file.
        """
        from marsmedia.read_photo import read_values

        return read_values(self._live.now().row)

    def frame(self, seconds: float) -> Image:
        """Return the frame shown at a presentation time, at full size: upright sRGB of 8 bits, from the file in raw.

        A warning says where that narrows the video (more than 8 bits, HDR, transparency), and where damage reaches it.

        Raises
        ------
        RequestError : not a video, no frame is shown then, or raw no longer holds the file.
        """
        from marsmedia.read_frame import read_frame

        now = self._live.now()
        return read_frame(now.row, now.store, as_seconds("seconds", seconds))

    def frame_values(self, seconds: float) -> np.ndarray:
        """Return that frame's own numbers as RGB, or RGBA, in full depth: shape (height, width, 3 or 4).

        Upright, with square pixels; only matrix and range are applied: `colour` names primaries and transfer. uint8,
        rounded to the nearest level, or uint16 where the video has more than 8 bits: white is then 65283, in full range
        (2^bits - 1) * 2^(16 - bits), of one coded as RGB 65535, as FFmpeg converts them. Warns and raises as `frame`.
        """
        from marsmedia.read_frame import read_frame_values

        now = self._live.now()
        return read_frame_values(now.row, now.store, as_seconds("seconds", seconds))

    @property
    def colour(self) -> ColourFacts | None:
        """Return primaries, transfer, matrix and range of a video's frames; None if none was decoded for a result."""
        from marsmedia.read_frame import stated_colour

        return stated_colour(self._live.now().manifests())

    @property
    def clocks(self) -> Clocks:
        """Return the clocks of its presentation times."""
        return self._live.now().clocks
