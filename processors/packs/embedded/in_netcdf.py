"""Texts of the release, name and damage of the source, as global attributes of a netCDF file.

The store's arrays hold only facts of the sound itself (SHA-256, start, processor), so that another credit or name makes
no measurement due; a file that leaves the store gets the present name of its source and the texts of its release.
"""

from __future__ import annotations

import shutil
from collections.abc import Container
from pathlib import Path

from processors.languages.text import FALLBACK
from processors.packs.contents.subject import ItemRecord
from processors.packs.embedded.file_credits import FileCredits
from processors.packs.embedded.source_attributes import presentation_at_start, warnings_of

MEDIA_TYPE = "application/x-netcdf"


def write_with_attributes(entry: ItemRecord, target: Path, told: FileCredits) -> None:
    """Write a copy of a netCDF-4 file with attributes by the conventions CF and ACDD; what is unknown is left out.

    Raises
    ------
    ValueError : it is not netCDF-4.
    OSError : it cannot be written.
    """
    import h5py

    if not h5py.is_hdf5(entry.path):
        raise ValueError("not netCDF-4")
    shutil.copyfile(entry.path, target)
    with h5py.File(target, "r+") as file:
        what = str(file.attrs.get("title", "Data")).partition(" of ")[0]
        file.attrs["title"] = f"{what} of {told.title.best() or entry.subject.name}"
        for name, value in _attributes(told, entry, file.attrs.keys()).items():
            file.attrs[name] = value


def _attributes(told: FileCredits, entry: ItemRecord, known: Container[str]) -> dict[str, str | float]:
    said = {
        **{f"title_{code}": text for code, text in told.title.items() if code != FALLBACK},
        "summary": told.caption.best(),
        **{f"summary_{code}": text for code, text in told.caption.items() if code != FALLBACK},
        "institution": told.source or told.credit,
        "creator_name": told.creator,
        "credit": told.credit,
        "license": told.rights,
        "comment": told.to_read.best(),
        "keywords": ", ".join(told.keywords),
        "source_name": entry.subject.name,
        "project": entry.subject.mission,
        "release": entry.subject.release,
        "date_recorded": told.date,
        "references": told.published_at,
        **(presentation_at_start(entry.subject.start_seconds) if "time_coverage_start" in known else {}),
        **warnings_of(entry.manifest, entry.manifest.reason),
    }
    return {name: value for name, value in said.items() if value}
