"""Columns of `spectra.csv`, the power spectral density of a whole recording, and of `octave_bands.csv`."""

from __future__ import annotations

from processors.tables import Column, Table

PERCENTS = (1, 5, 50, 95, 99)
WHICH = {"mean": "mean", **{f"p{percent}": f"percentile {percent} of the" for percent in PERCENTS}}
"""Statistic over the frames of the spectrogram, by its name in a column."""
SILENT = "empty for silence"

SPECTRA = Table(
    item="spectra.csv",
    title="Power spectral density",
    row="a channel and a frequency",
    columns=(
        Column("channel", "text", "number of the channel, from 0, or `mean`: the mean power of all channels"),
        Column("frequency_hz", "Hz", "middle of the band"),
        *(
            Column(f"{name}_dbfs_per_hz", "dBFS/Hz", f"{which} density; 0 is a mean square of 1.0 per Hz; {SILENT}")
            for name, which in WHICH.items()
        ),
        Column("mean_square_pascals_per_hz", "Pa2/Hz", "mean density through the named calibration", is_optional=True),
        *(
            Column(
                f"{name}_db_re_20_upa_per_hz",
                "dB re 20 uPa/Hz",
                f"{which} density through the named calibration; {SILENT}",
                is_optional=True,
            )
            for name, which in WHICH.items()
        ),
    ),
)

OCTAVE_BANDS = Table(
    item="octave_bands.csv",
    title="Levels in octaves and thirds of octaves",
    row="a channel and a band of IEC 61260-1, base ten: the octaves, then the thirds, each with rising frequency",
    columns=(
        Column("channel", "text", "number of the channel, from 0, or `mean`: the mean power of all channels"),
        Column("octave_fraction", "1", "1: octave; 3: third of an octave"),
        Column("middle_hz", "Hz", "exact middle of the band"),
        Column("lower_hz", "Hz", "lower edge"),
        Column("upper_hz", "Hz", "upper edge"),
        Column("rms_dbfs", "dBFS", f"level in the band; 0 is an rms of full scale 1.0; {SILENT}"),
        Column("rms_pascals", "Pa", f"sound pressure through the named calibration; {SILENT}", is_optional=True),
        Column(
            "rms_db_re_20_upa",
            "dB re 20 uPa",
            f"sound pressure level through the named calibration; {SILENT}",
            is_optional=True,
        ),
    ),
)
