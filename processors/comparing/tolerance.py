"""Tolerances for pictures, power arrays and tables that another library reproduces slightly differently."""

from __future__ import annotations

import hashlib
from pathlib import Path

from processors.comparing.pictures import compare_pictures
from processors.comparing.spectrograms import compare_power
from processors.comparing.table_values import same_values
from processors.store.manifest import StoredItem
from processors.tables import MEDIA_TYPE as TABLE

PICTURE_PSNR_DB = 45.0
"""Minimum PSNR: an RMS difference of 1.4 levels of 255, less than JPEG's own at quality 90."""
POWER_DB = 0.01
"""Maximum difference at every time and frequency: the accuracy promised for a tone's level."""


def within_tolerance(item: StoredItem, stored: Path, again: Path) -> bool:
    """Return whether these pictures, power arrays or tables are within tolerance; False for other or damaged items."""
    with stored.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != item.sha256:
            return False
    if item.media_type.startswith("image/"):
        numbers = compare_pictures(stored, again, None)
        psnr = numbers["psnr_db"]
        one, other = str(numbers["size_px"]).split(" and ")
        return one == other and (psnr is None or float(psnr) >= PICTURE_PSNR_DB)
    if item.media_type == "application/x-netcdf":
        largest = compare_power(stored, again, None)["largest_db"]
        return largest is not None and float(largest) <= POWER_DB
    return item.media_type == TABLE and same_values(stored, again)
