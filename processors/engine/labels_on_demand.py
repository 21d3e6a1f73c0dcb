"""What labels next to a file say, read only when it is asked for: start, mission, entries."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from processors.containers.text.sidecar import is_sidecar_file
from processors.contract import RecordedStart
from processors.errors import MediaError
from processors.metadata.other_mission import OtherMission, unsettled_mission
from processors.metadata.related_labels import RelatedLabels
from processors.metadata.tags.label import label_tags
from processors.metadata.tags.sidecar_tags import sidecar_tags
from processors.metadata.tags.tag_records import Tag
from processors.metadata.times.times import dates_of_file, dates_of_label, moment_written
from processors.planetary.labels import MAX_LABEL_BYTES
from processors.store.catalogue.source_row import SourceRow


class LabelsOnDemand:
    """Reader of labels; of each it remembers the start, and the mission that it names against the release's.

    A label that cannot be read says nothing here: the evidence reports it.
    """

    def __init__(self, local_path: Callable[[SourceRow], Path]) -> None:
        self._local_path = local_path
        self._tags_in = functools.lru_cache(maxsize=4)(_tags_in)  # start and mission are asked for one after the other
        self._starts: dict[tuple[str, ...], str | None] = {}
        """Recording start of each label that was read, by its path and those of the labels around the recording."""
        self._others: dict[tuple[str, ...], OtherMission | None] = {}
        """Mission that labels name against the release's, by its name and their paths."""

    def start_of(self, labels: Iterable[SourceRow], around: Iterable[SourceRow]) -> RecordedStart | None:
        """Return the first recording start that one of these labels gives, other than that of its collection."""
        around = list(around)
        for label in labels:
            key = (label.path, *(one.path for one in around))
            if key not in self._starts:
                self._starts[key] = self._start_in(label, around)
            if start := self._starts[key]:
                return RecordedStart(utc=start, named_by=label.name)
        return None

    def other_mission(
        self, labels: Iterable[SourceRow], head: Mapping[str, Any], entry: Mapping[str, Any]
    ) -> OtherMission | None:
        """Return the mission that a label names against that of all files, if the file's own entry states none."""
        labels = list(labels)
        if not labels or not head.get("mission") or "mission" in entry:
            return None
        key = (str(head["mission"]), *(label.path for label in labels))
        if key not in self._others:
            self._others[key] = unsettled_mission(head, entry, dict(self.entries_of(labels)))
        return self._others[key]

    def entries_of(self, labels: Iterable[SourceRow]) -> list[tuple[str, tuple[Tag, ...]]]:
        """Return each label's name and its entries; none for one that cannot be read."""
        return [(label.name, self._tags_in(self._local_path(label))[0]) for label in labels]

    def _start_in(self, label: SourceRow, around: list[SourceRow]) -> str | None:
        """Return the recording start of a label; None also if the label cannot be read.

        Parameters
        ----------
        around : labels of the bundle and collection, whose start is not the recording's.
        """
        tags, is_sidecar = self._tags_in(self._local_path(label))
        with suppress(OSError, MediaError):
            if is_sidecar:
                dates = dates_of_file(tags, [], label.name)
            else:
                texts = {one.path: self._local_path(one).read_bytes() for one in around}
                dates = RelatedLabels.among(texts, "").own_dates(dates_of_label(tags, label.name, []), [])
            starts = (when for date, when in dates if date.meaning == "recorded" and when.instant)
            return next(map(moment_written, starts), None)
        return None


def _tags_in(label: Path) -> tuple[tuple[Tag, ...], bool]:
    """Return the entries of a label, and whether it is an XMP sidecar; none of one that cannot be read."""
    with suppress(OSError, MediaError), label.open("rb") as file:
        data = file.read(MAX_LABEL_BYTES + 1)
        is_sidecar = is_sidecar_file(label.name, data)
        return tuple(sidecar_tags(label.name, data) if is_sidecar else label_tags(data)), is_sidecar
    return (), False
