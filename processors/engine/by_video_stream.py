"""Processors of a video by the stream that they want, where a file has several."""

from __future__ import annotations

from collections.abc import Sequence

from av.container import InputContainer

from processors.engine.processor_run import ProcessorRun
from processors.video.reading.streams import larger_stream


def by_video_stream(work: Sequence[ProcessorRun], container: InputContainer) -> dict[int | None, list[ProcessorRun]]:
    """Return the processors by the index of their video stream, each group for one reader in the same pass.

    None stands for the stream that players show: also for those that want the largest, if none is larger.
    """
    found: dict[int | None, list[ProcessorRun]] = {}
    for one in work:
        wants_largest = getattr(one.processor, "stream", None) == "largest"
        found.setdefault(larger_stream(container) if wants_largest else None, []).append(one)
    return found
