"""Detection of truncated containers."""

from __future__ import annotations

from processors.containers.frame_walk import FRAME_WALKS
from processors.containers.last_unit import missing_of_last_access_unit, missing_of_last_pack
from processors.containers.video.flv import look_at_tags
from processors.containers.video.matroska import look_at
from processors.containers.video.nut import look_at_nut
from processors.containers.video.transport_stream import look_at_packets
from processors.sources.source_file import SourceFile

WALKS = {"mpegts": look_at_packets, "flv": look_at_tags, "nut": look_at_nut}
LAST_UNITS = {
    "mpeg": (missing_of_last_pack, "packet"),
    "mlp": (missing_of_last_access_unit, "access unit"),
    "truehd": (missing_of_last_access_unit, "access unit"),
}


def truncation_reason(file: SourceFile, file_format: str) -> str | None:
    """Return why the end is missing, in words; None if it is present or the format does not show it."""
    if "matroska" in file_format:
        return look_at(file, file_format).cut_off_because
    if file_format not in WALKS and file_format not in LAST_UNITS and file_format not in FRAME_WALKS:
        return None
    with file.open() as opened:
        if walk := WALKS.get(file_format):
            return walk(opened, file.size_bytes).cut_off_because
        missing_of_last, unit = (LAST_UNITS | FRAME_WALKS)[file_format]
        missing = missing_of_last(opened, file.size_bytes)
    if not missing:
        return None
    bytes_are = "byte of the last {} is" if missing == 1 else "bytes of the last {} are"
    return f"{missing} {bytes_are.format(unit)} missing"
