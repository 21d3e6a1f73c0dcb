"""The data dictionary: `python -m marsmedia.dictionary` prints `docs/data.md` from the declarations in the code."""

from __future__ import annotations

import json
import tempfile
import wave
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from marsmedia.clocks import CLOCKS
from processors.tables import Table

if TYPE_CHECKING:
    from processors.contract import Processor, RecordedStart

_Described = tuple[list[tuple[str, str, str, str]], list[str]]
"""Name, dimensions, unit and meaning of each variable of an array, and the names of the file's attributes."""

INTRODUCTION = """# Data dictionary

Printed by `python -m marsmedia.dictionary` from the declarations in the code; a test keeps it up to date. `marsmedia`
adds the same to every table that it reads, in `DataFrame.attrs`: see [measuring.md](measuring.md).

## Rules

- Times in `s` are presentation times: 0 is that of the source's own clock. Spans are half open. `ticks` are of the
  source's time base, so that `ticks x time base` is exact.
- Units: `1` is a count, a number, a share of 1, or true and false; `text` words, names and digests; `levels` luma of 8
  bits, from 0 (black) to 255 (white).
- An empty cell of a CSV table, and null in a Parquet table, is unknown; 0 is never used for it.
- **The zero of dBFS** in `levels.json`, `spectra.csv` and `band_level_dbfs`: an rms of full scale 1.0. A sine of full
  scale has an rms of -3.01 dBFS.
- **Sums over bands.** With `m` the mean square in each band of `spectrogram.nc`, the mean square of the sound between
  two frequencies is `sum(m) * d / noise_bandwidth_hz`, where `d` is the distance of two bands: neighbouring bands
  overlap (Harris 1978, doi:10.1109/PROC.1978.10837). The attribute `scaling` says how `m` comes from `power`:

  | `scaling` | `m` |
  |---|---|
  | `mean_square` | `power` |
  | `power` (relative to a sine of full scale) | `power / 2`, but `power` in the first and the last band |
  | `density` | `power * noise_bandwidth_hz` |

  `source.band_level_dbfs(lowest_hz, highest_hz)` does all this, and counts a bin across an edge by its share, so that
  noise has its level in narrow bands too. A tone reaches 2.5 bins (`bin_hz`) to each side with Hann: nearer to an edge
  a part of it is left out. `window_samples=16384` makes bins narrower.
- **Levels of bands and densities.** `power` and the spectrogram's picture give the mean square in the noise bandwidth
  of a band, `noise_bandwidth_hz`, which is wider than the distance of two bands, `band_distance_hz`: 1.5 times with
  Hann. The mean square per Hz of noise is `m / noise_bandwidth_hz`; over the distance it would be 1.76 dB too high.
  From the picture it is the level less `10 lg(noise_bandwidth_hz)`, which the colour bar names. A steady tone has its
  own mean square in the band that holds it, whatever the bandwidth.
- **Standard errors** (`..._sigma...`, one standard deviation) of motion are from the residuals of each registration
  (Press et al., Numerical Recipes, 3rd ed., 15.4), doubled, as errors of neighbouring features and frames are not
  independent, and go on into sums and slopes; 0.3 % of ln(scale) and of its rate are added for what all steps share.
  Short steps are differences of places relative to a frame kept for longer; where they disagree with the steps by
  themselves, 30 % of the difference counts in place of the residuals, if it is more.
  Those of rates and times to contact also hold the scatter of the frames about the fitted line or parabola, and what a
  missing picture adds to it. Against made descents the truth is within one of them in 90 to 100 % of the frames, and
  within two in 96 to 100 %; of 15 of 16 made clips with dust, coding that holds pixels and a caption in 80 to 100 % and
  95 to 100 %, of one in 52 and 80 % (of rates, in 60 to 95 % and 85 to 100 %); of a real descent into dust 72 and 88 %
  of the rates, by its rocks found again in later frames. They are of flat ground seen from
  above by a lens without distortion: relief, tilt and a wrong field of view come on top.
- **Where few features agree** on the motion (`inlier_share` below 0.5), as where dust hides the ground or coding holds
  pixels, scale and rotation may be off by more than their standard errors. The plot is grey there; a shot in which that
  is more than a quarter of the steps has a sentence in `weak_because` of `motion.json` and of the table's `attrs`, and
  the run and `show` tell it.
  Where dust hides the ground so far that the coded pictures stand still, nothing can tell.
- **Steps that repeat.** The steps of the scale may swing about their trend in a pattern: `steps_repeat_after_frames` in
  `motion.json` says after how many frames it repeats, from 3 to 8 (an analysis of variance: probability by chance up to
  1e-7, a quarter of the scatter), `steps_swing_share` by how much of the trend, as an rms. Either the rate of the clip
  was converted, so that pictures taken at uneven times are shown at even ones, or the codec treats pictures of
  different types differently: three B-frames, the default of x264, repeat every 4 frames and swing by 0.4 to 1.7 % in
  made descents, and more at low bit rates. `ffprobe -show_entries frame=pict_type FILE` shows the types. Nothing is
  corrected; the standard errors hold what the pattern adds. Of a real descent of converted rate 62 to 74 % of the rates
  are within one standard error of a smooth curve, and 95 to 100 % within two.
- **Missing pictures.** Where a clip leaves pictures out, as after a conversion of its rate, the step to the next is a
  multiple of its neighbours: `missing_pictures` in `motion.parquet` counts them, `missing_before_seconds` in
  `motion.json` names the times. The rates of the frames around are too large, and nothing is corrected.
- **Time to contact of a shot**, in `motion.json`, is for the last frame, at time `t1` in `motion.parquet`. Each frame
  later than `t1` - 1 s gives a moment of contact, `time_seconds + time_to_contact_seconds`.
  `contact_drift` is the slope of these moments over time, the median of the slopes between all pairs (Theil 1950, Sen
  1968), in s per s: 0 at a steady speed, above 0 where the camera slows down, as before a landing.
  `time_to_contact_seconds` is the median of the moments, less `t1`. If there are more than 5, and `contact_drift` is
  more than 2 `contact_drift_sigma` from 0, it is the value of their line at `t1`, less `t1`: the median of `moment -
  contact_drift * (time_seconds - t1)`. The contact itself is later where the camera goes on slowing down.
  `time_to_contact_sigma_seconds` is the square root of the sum of two squares: the median of the frames' standard
  errors, and the scatter of the moments, 1.4826 times their median absolute deviation; about the line, that times 2 and
  over the square root of a fifth of their number, as each is of 5 frames.
- **An offset** of the samples is in no spectrum, band or picture: the mean of each window is removed before its
  transform, as `scipy.signal.welch` does by default; the attribute `detrend` says so. A window would spread the offset
  over the lowest bands (two with Hann). `levels.json` has it as `dc_offset`, and levels with and without it. What is
  slower than a window cannot be separated from an offset; of noise, the lowest band but one holds 0.8 dB less (Hann).
- **What to leave out.** The windows of the first and last frames of `spectrogram.nc` and `mel.nc` reach beyond the
  recording, where there are zeros: the step there is energy at all frequencies that no sound had. `padded_share` marks
  them, `missing_share` frames with missing samples. `mean_power`, `spectra.csv` and `octave_bands.csv` leave both out,
  and `band_level_dbfs` is NaN there; of the array, take `power.where((padded_share == 0) & (missing_share == 0))`.
"""
ADDED = "To tables with a time, where the start of the recording and the mission are known; no file has them."
MADE_OF_A_TONE = ("audio.envelope", "audio.spectrogram", "audio.mel_spectrogram")
"""Processors that write netCDF; their files describe themselves."""


OF_ARRAYS = {"overview.nc": " Means over runs of `frames_per_step` frames, for drawing: measure with `spectrogram.nc`."}
"""Notes on an array beyond its variables."""


def data_dictionary() -> str:
    """Return the whole page, in Markdown."""
    from flows.recipes import ON_REQUEST, RECIPES

    every = [one for recipe in (RECIPES, ON_REQUEST) for ours in recipe.values() for one in ours]
    by_name = {one.name: one for one in every}
    tables = [(name, table) for name, one in sorted(by_name.items()) for table in getattr(one, "tables", ())]
    lines = [INTRODUCTION, "## Tables"]
    for processor, table in tables:
        lines += ["", f"### {table.item}", "", *_table(processor, table)]
    lines += ["", "## Columns that `import marsmedia` adds", "", ADDED, ""]
    added = [(f"`{name}`", unit, meaning) for name, (unit, meaning) in CLOCKS.items()]
    lines += _markdown(
        ("column", "unit", "meaning"), [*added, ("`path`", "text", "path of the picture; in `source.frames`")]
    )
    lines += ["", "## Arrays", "", "netCDF-4; each variable says the same in its own attributes."]
    for processor, name, described in _arrays([by_name[name] for name in MADE_OF_A_TONE]):
        lines += ["", f"### {name}", "", f"Of `{processor}`.{OF_ARRAYS.get(name, '')}", "", *described]
    return "\n".join(lines) + "\n"


def _table(processor: str, table: Table) -> Iterator[str]:
    yield f"{table.title}, of `{processor}`. One row is {table.row}."
    yield ""
    rows = [
        (f"`{one.name}`", one.unit, one.meaning + (" (with a calibration)" if one.is_optional else ""))
        for one in table.columns
    ]
    yield from _markdown(("column", "unit", "meaning"), rows)


def _arrays(processors: Sequence[Processor]) -> Iterator[tuple[str, str, list[str]]]:
    """Yield processor, file and description of each array that is made of a short tone.

    It is made twice: from a sound about which nothing is known, and from one with a calibration and a known start.
    """
    from processors.contract import ReleaseContext, for_release

    plain = _made_of_a_tone(processors)
    context = ReleaseContext(calibration=_some_calibration(), recorded_start=_some_start)
    known = _made_of_a_tone([for_release(one, context) for one in processors])
    for (processor, name), described in known.items():
        yield processor, name, list(_in_markdown(described, plain[processor, name]))


def _some_calibration() -> str:
    from processors.audio.levels.calibration import Calibration
    from processors.json_records import as_json

    return json.dumps(as_json(Calibration(name="any", source="any", instrument="any", full_scale_pascals=1.0)))


def _some_start() -> RecordedStart:
    from processors.contract import RecordedStart

    return RecordedStart(utc="2021-05-14T23:18:00Z", named_by="release.toml")


def _made_of_a_tone(processors: Sequence[Processor]) -> dict[tuple[str, str], _Described]:
    """Return variables and attributes of each array, by processor and file."""
    from processors.contract import Source, inputs_of
    from processors.engine.derive import derive
    from processors.sources.source_file import SourceFile
    from processors.store.store import Store

    with tempfile.TemporaryDirectory() as folder:
        path, store = Path(folder) / "tone.wav", Store(Path(folder) / "store")
        _write_tone(path)
        file = SourceFile.at(path)
        source = Source(
            digest="0" * 64, size_bytes=file.size_bytes, name=path.name, medium="audio", format="wav", has_sound=True
        )
        found: dict[tuple[str, str], _Described] = {}
        needed = {one.name: one for processor in processors for one in (*inputs_of(processor), processor)}
        for outcome in derive(source, file, "", list(needed.values()), store):
            for item in store.manifest(outcome.ref).items:
                if item.name.endswith(".nc"):
                    described = _described(store.item_path(outcome.ref, item.name))
                    found[outcome.ref.processor, item.name] = described
        return found


def _described(path: Path) -> _Described:
    import h5netcdf

    with h5netcdf.File(path, "r") as file:
        rows = [
            (
                f"`{name}`",
                ", ".join(variable.dimensions),
                _text(variable.attrs, "units"),
                _text(variable.attrs, "long_name"),
            )
            for name, variable in file.variables.items()
        ]
        return rows, list(file.attrs)


def _in_markdown(known: _Described, plain: _Described) -> Iterator[str]:
    """Yield the description; what a sound has only with a calibration or a known start is marked."""
    always = {row[0] for row in plain[0]}
    rows = [row if row[0] in always else (*row[:3], f"{row[3]} (with a calibration)") for row in known[0]]
    yield from _markdown(("variable", "dimensions", "unit", "meaning"), rows)
    yield ""
    yield f"Attributes of the file: {_names(plain[1])}."
    if further := [name for name in known[1] if name not in plain[1]]:
        yield f"Where a calibration or the start of the recording is known: {_names(further)}."


def _names(attributes: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in attributes)


def _text(attributes: Mapping[str, Any], name: str) -> str:
    return str(attributes.get(name, ""))


def _write_tone(path: Path) -> None:
    """Write a second of silence with one click: the description does not depend on the sound."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(48_000)
        file.writeframes(b"\0\0" * 24_000 + b"\0\x40" + b"\0\0" * 23_999)


def _markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"


if __name__ == "__main__":
    print(data_dictionary(), end="")
