"""Labels of several files, as of a set, next to one that describes a file alone: times and title of the set are not
those of the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from processors.metadata.label_statements import said_by_label
from processors.metadata.statements import TERMS, Statement
from processors.metadata.tags.label import files_described
from processors.metadata.tags.tag_records import Tag
from processors.metadata.times.times import Date, dates_of_label
from processors.mission.when import When
from processors.sources.unicode_forms import folded

TITLE = TERMS["title"][0]
TIMES = frozenset(
    TERMS[meaning][0]
    for meaning in ("sol", "local_mean_solar_time", "local_true_solar_time", "solar_longitude_degrees")
)
OF_RECORDING = ("recorded", "recording ended")


@dataclass(frozen=True, kw_only=True)
class LabelsOfSeveral:
    """Labels of a file that describe others too, if another label describes this one alone."""

    names: frozenset[str] = frozenset()
    """Those of another name than the file's; empty if no label describes it alone."""
    is_timed: bool = False
    """Whether a label of this file alone says when it was recorded, be it by sol or solar time."""
    is_titled: bool = False
    """Whether a label of this file alone gives its title."""

    @classmethod
    def among(cls, labels: Mapping[str, tuple[Tag, ...]], file_name: str) -> LabelsOfSeveral:
        """Return those among the labels next to a file, by their names."""
        described = {name: {folded(one) for one in files_described(tags)} for name, tags in labels.items()}
        alone = [name for name, files in described.items() if files == {folded(file_name)}]
        if not alone:
            return cls()
        own = {folded(file_name), folded(file_name.rpartition(".")[0])}
        others = (name for name, files in described.items() if len(files) > 1)
        dates = (date for name in alone for date, _ in dates_of_label(labels[name], name, []))
        said = {one.term for name in alone for one in said_by_label(labels[name], name)}
        return cls(
            names=frozenset(name for name in others if folded(name.rpartition(".")[0]) not in own),
            is_timed=not TIMES.isdisjoint(said) or any(date.meaning == "recorded" for date in dates),
            is_titled=TITLE in said,
        )

    def dates(self, label: str, dates: Iterable[tuple[Date, When]]) -> Iterator[tuple[Date, When]]:
        """Yield the dates of a label that are the file's."""
        is_of_set = label in self.names and self.is_timed
        yield from (one for one in dates if not (is_of_set and one[0].meaning in OF_RECORDING))

    def statements(self, label: str, statements: Iterable[Statement]) -> Iterator[Statement]:
        """Yield the statements of a label that are the file's."""
        not_its_own = (TIMES if self.is_timed else frozenset[str]()) | ({TITLE} if self.is_titled else set[str]())
        is_of_set = label in self.names
        yield from (one for one in statements if not (is_of_set and one.term in not_its_own))
