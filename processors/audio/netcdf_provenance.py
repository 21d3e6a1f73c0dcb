"""Provenance of an audio array, as global attributes of a netCDF file.

They do not include texts of a release or the name of the file, so that no sound is measured again for another title,
credit or name; these are added when a file leaves the store (`packs/embedded/in_netcdf.py`,
`packs/embedded/source_attributes.py`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from processors.audio.reading.audio_info import AudioInfo
from processors.contract import Processor, ReleaseContext, ReleaseWords, parameters

CONVENTIONS = "CF-1.11, ACDD-1.3"
COPIED = (
    "title",
    "institution",
    "credit",
    "project",
    "release",
    "date_recorded",
    "time_coverage_start",
    "time_coverage_start_source",
    "source",
    "source_sha256",
    "rate_hz",
)
"""Attributes that an array takes over from the array from which it is made."""


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Information about a sound from outside its bytes."""

    words: ReleaseWords = field(default_factory=ReleaseWords)
    """Words to write into the file; empty, but in results of earlier releases of marsmedia."""
    start_utc: str | None = None
    """Moment of the source's time 0, ISO 8601 with an offset."""
    start_source: str = ""
    """Source of `start_utc`."""


def origin_of(context: ReleaseContext) -> Origin | None:
    """Return when a sound began, as the release and labels state; None if they do not."""
    start = context.recorded_start()
    return Origin(start_utc=start.utc, start_source=start.named_by) if start else None


def origin_attributes(
    processor: Processor, origin: Origin | None, info: AudioInfo, what: str
) -> dict[str, str | int | float]:
    """Return global attributes by the conventions CF and ACDD; those that are not known are left out.

    Parameters
    ----------
    what : what the array holds, as the beginning of a title.
    """
    origin = origin or Origin()
    words = origin.words
    told = {
        "title": f"{what} of {words.title}" if words.title else what,
        "institution": words.credit,
        "credit": words.credit,
        "project": words.mission,
        "release": words.release_title,
        "date_recorded": words.date,
        "time_coverage_start": origin.start_utc or "",
        "time_coverage_start_source": origin.start_source,
        "source": f"sound recording, {info.codec}, {info.channel_count} channels, {info.rate_hz} Hz",
        "source_sha256": info.source_sha256,
        "rate_hz": info.rate_hz,
        **made_by(processor),
    }
    return {key: value for key, value in told.items() if value != ""}


def made_by(processor: Processor) -> dict[str, str | int]:
    """Describe the processor and parameters that made an array; without dates, so that it can be reproduced."""
    given = parameters(processor)
    return {
        "Conventions": CONVENTIONS,
        "history": f"{processor.name} version {processor.version} of marsmedia",
        "processor": processor.name,
        "processor_version": processor.version,
        "processor_parameters": json.dumps(given, sort_keys=True, ensure_ascii=False),
    }


def attributes_taken_over(path: Path) -> dict[str, Any]:
    """Return the attributes of an array that also hold for one made from it."""
    import h5py

    with h5py.File(path, "r") as file:
        return {name: file.attrs[name] for name in COPIED if name in file.attrs}
