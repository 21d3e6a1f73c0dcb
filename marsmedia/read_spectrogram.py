"""Reading a spectrogram with the clocks of its times, and the level of a band."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from marsmedia.clocks import CLOCKS, Clocks
from marsmedia.optional import needed
from processors.errors import RequestError
from processors.packs.embedded.source_attributes import SourceAttributes

if TYPE_CHECKING:
    import numpy as np
    import xarray as xr

    from processors.store.manifest import Manifest


def read_spectrogram(path: Path, manifest: Manifest, provenance: SourceAttributes, clocks: Clocks) -> xr.Dataset:
    """Return the file, open for reading, with the clocks as coordinates and its origin by the current release."""
    needed("xarray")
    import numpy as np
    import xarray as xr

    array = xr.open_dataset(path, engine="h5netcdf")
    at = clocks.at(array.time.to_numpy())
    for name, (unit, meaning) in CLOCKS.items():
        if name == "utc":
            values = at[name].dt.tz_localize(None).to_numpy("datetime64[us]")
        else:
            values = at[name].to_numpy(np.float64, na_value=np.nan)
        array = array.assign_coords({name: ("time", values)})
        array[name].attrs = {"long_name": meaning} | ({"units": unit} if unit != "text" else {})
    array.attrs |= provenance.attributes(manifest, "Spectrogram")
    return array


def band_level_dbfs(spectrogram: xr.Dataset, lowest_hz: float, highest_hz: float, name: str) -> xr.DataArray:
    """Return the rms of the sound between two frequencies; see `SourceView.band_level_dbfs`."""
    import numpy as np

    scaling, noise_hz = str(spectrogram.attrs["scaling"]), float(spectrogram.attrs["noise_bandwidth_hz"])
    factor = _mean_squares(scaling, noise_hz, spectrogram.sizes["frequency"])
    mean_square = _band_mean_square(spectrogram, factor, lowest_hz, highest_hz, name)
    with np.errstate(divide="ignore"):
        level = mean_square.copy(data=10 * np.log10(mean_square.to_numpy()))
    level.attrs = mean_square.attrs | {"units": "dBFS"}
    level.attrs["long_name"] += "; 0 is an rms of full scale 1.0"
    return level


def band_level_pascals(spectrogram: xr.Dataset, lowest_hz: float, highest_hz: float, name: str) -> xr.DataArray:
    """Return the rms pressure between two frequencies; see `SourceView.band_level_pascals`."""
    import numpy as np

    if "square_pascals_per_power" not in spectrogram:
        raise RequestError(
            f"{name}: no calibration, so that pascals are unknown; name one in release.toml and run `marsmedia ingest`."
            " Of one that is named, the run or `marsmedia release check` says why it does not apply"
        )
    noise_hz = float(spectrogram.attrs["noise_bandwidth_hz"])
    pressure = spectrogram.square_pascals_per_power
    factor = pressure.to_numpy() * (noise_hz if spectrogram.attrs["scaling"] == "density" else 1.0)
    mean_square = _band_mean_square(spectrogram, factor, lowest_hz, highest_hz, name)
    level = mean_square.copy(data=np.sqrt(mean_square.to_numpy()))
    calibration = {key: value for key, value in pressure.attrs.items() if key not in ("units", "long_name")}
    level.attrs = mean_square.attrs | calibration | {"units": "Pa"}
    return level


def _band_mean_square(
    spectrogram: xr.Dataset, per_value: np.ndarray, lowest_hz: float, highest_hz: float, name: str
) -> xr.DataArray:
    """Return the mean square of the sound between two frequencies, shape (channel, time).

    It is the sum over the bands, times the distance of two bands over their noise bandwidth: neighbouring bands
    overlap, and each holds noise of its neighbours (Harris 1978, doi:10.1109/PROC.1978.10837). Each reaches halfway
    to its neighbours, and counts by the share of it between the two frequencies. NaN in frames with missing or padded
    samples: the steps at their edges are energy at all frequencies, and not sound.

    Parameters
    ----------
    per_value : factor from `power` to the mean square in a band's noise bandwidth, shape (bands,).
    """
    if "padded_share" not in spectrogram:
        raise RequestError(
            f"{name}: the spectrogram is of an older version, whose lowest bands hold the recording's offset; run "
            "`marsmedia ingest` to make it again"
        )
    frequency_hz = spectrogram.frequency.to_numpy()
    step_hz, half_rate_hz = float(frequency_hz[1] - frequency_hz[0]), float(frequency_hz[-1])
    inside = max(lowest_hz, 0.0), min(highest_hz, half_rate_hz)
    if not inside[0] < inside[1]:
        raise RequestError(
            f"{name}: no sound from {lowest_hz:g} to below {highest_hz:g} Hz; name two rising frequencies "
            f"between 0 and {half_rate_hz:g} Hz"
        )
    shares = _shares(frequency_hz, *inside)
    chosen = shares.nonzero()[0]
    per_noise = step_hz / float(spectrogram.attrs["noise_bandwidth_hz"])
    power = spectrogram.power.isel(frequency=chosen)
    mean_square = (power * power.frequency.copy(data=(per_value * shares)[chosen] * per_noise)).sum("frequency")
    is_whole = (spectrogram.missing_share == 0) & (spectrogram.padded_share == 0)
    level = mean_square.where(is_whole).load()
    level.name = "band_level"
    level.attrs = {
        **{key: value for key, value in spectrogram.attrs.items() if key != "Conventions"},
        "title": str(spectrogram.attrs.get("title", "Spectrogram")).replace("Spectrogram", "Level of a band", 1),
        "long_name": f"rms from {inside[0]:g} to below {inside[1]:g} Hz",
        "lowest_hz": inside[0],
        "highest_hz": inside[1],
        "bin_hz": step_hz,
        "edges": "a bin across an edge counts by its share, as noise does; a tone is whole if it is "
        f"{_lobe_bins(spectrogram) * step_hz:g} Hz or more from both edges",
        "detrend": spectrogram.attrs["detrend"],
        "missing_where": "samples under the frame are missing, or its window reaches beyond the recording",
    }
    return level


def _lobe_bins(spectrogram: xr.Dataset) -> float:
    """Return how far a tone reaches to each side, in bands: half the main lobe of the window, and half a band."""
    from processors.audio.spectrogram.spectral_lines import HALF_LOBE_BANDS

    return HALF_LOBE_BANDS[spectrogram.attrs["window"]] + 0.5


def _shares(frequency_hz: np.ndarray, lowest_hz: float, highest_hz: float) -> np.ndarray:
    """Return the share of each band that is between two frequencies; float64, shape (bands,), from 0 to 1.

    The first band ends half a step above 0 Hz, the last begins half a step below half the rate.
    """
    import numpy as np

    edges = np.concatenate([frequency_hz[:1], (frequency_hz[:-1] + frequency_hz[1:]) / 2, frequency_hz[-1:]])
    inside = np.minimum(edges[1:], highest_hz) - np.maximum(edges[:-1], lowest_hz)
    return np.clip(inside, 0, None) / np.diff(edges)


def _mean_squares(scaling: str, noise_hz: float, band_count: int) -> np.ndarray:
    """Return the factor from a value of the file to the mean square in its band; float64, shape (bands,)."""
    import numpy as np

    factor = np.ones(band_count)
    if (
        scaling == "power"
    ):  # relative to a sine of full scale, whose mean square is 1/2; the outermost bands have no twin
        factor[1:-1] = 0.5
    return factor * noise_hz if scaling == "density" else factor
