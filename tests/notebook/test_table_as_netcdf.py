"""The recipe of measuring.md for a table as netCDF, as it is printed."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

import marsmedia

PAGE = Path(__file__).resolve().parents[2] / "docs/measuring.md"


def test_measurements_with_their_histogram_are_saved_as_the_page_says(folder: Path, tmp_path: Path) -> None:
    section = PAGE.read_text(encoding="utf-8").split("- **A table as netCDF.**")[1].split("\n- **")[0]
    conversion, without, histogram = [code for code in re.findall(r"`([^`]+)`", section) if "(" in code]
    whole = marsmedia.open(folder / "processed").source("drive-off.mp4").measurements
    table = eval(without, {"table": whole})
    dataset = eval(conversion, {"table": table})
    exec(histogram, {"dataset": dataset, "table": whole, "np": np})
    dataset.attrs = {name: value for name, value in whole.attrs.items() if name != "columns"}
    dataset.to_netcdf(tmp_path / "table.nc", engine="h5netcdf")
    with xr.open_dataset(tmp_path / "table.nc", engine="h5netcdf") as kept:
        assert kept.histogram.dims == ("index", "bin")
        assert kept.histogram.shape == (len(whole), 16)
        assert np.array_equal(kept.histogram, np.stack(list(whole.histogram)))
        assert np.array_equal(kept.time_seconds, whole.time_seconds)
        assert pd.Timestamp(kept.utc.values[0]).tz_localize("UTC") == whole.utc.iloc[0]
        assert kept.attrs["source_sha256"] == whole.attrs["source_sha256"]
        assert set(kept.data_vars) == set(whole.columns)
