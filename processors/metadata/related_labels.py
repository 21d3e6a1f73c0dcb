"""Labels that are about more than one recording: those of its bundle and collection, and of products made from it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from processors.errors import MediaError, note_of
from processors.metadata.label_statements import of_label, said_by_label
from processors.metadata.statements import TERMS, Contradiction, Statement
from processors.metadata.tags.label import label_tags
from processors.metadata.tags.tag_records import Tag
from processors.metadata.times.times import Date, dates_of_label
from processors.mission.when import When
from processors.planetary.labels import is_xml, label_root, local_name

GROUPS = ("product_bundle", "product_collection")
REFERENCES = ("source_product_internal/lidvid_reference", "source_product_internal/lid_reference")
"""Places, in lower case, where a PDS4 label names the products from which its own was made."""
TIMES = ("sol", "local_mean_solar_time", "local_true_solar_time", "solar_longitude_degrees")
APART = timedelta(minutes=15)
"""Difference from which two starts contradict each other."""


@dataclass(frozen=True, kw_only=True)
class RelatedLabels:
    """Labels around one recording that say when it was made."""

    of_groups: tuple[tuple[When, str], ...] = ()
    """Starts, known to the second or finer, of the bundles and collections around it, with the name of the label."""
    stops: frozenset[str] = frozenset()
    """Ends of these bundles and collections, as `Date.earliest_utc`."""
    of_products: tuple[tuple[str, tuple[Tag, ...]], ...] = ()
    """Name and entries of each label whose product was made from the recording."""
    problems: tuple[str, ...] = ()

    @classmethod
    def among(cls, labels: Mapping[str, bytes], file_name: str) -> RelatedLabels:
        """Return those among these labels, by their names; one that cannot be read is named in `problems`."""
        starts, stops, products, problems = (
            list[tuple[When, str]](),
            set[str](),
            list[tuple[str, tuple[Tag, ...]]](),
            [],
        )
        for name, data in labels.items():
            try:
                tags = label_tags(data)
                is_group = is_xml(data) and local_name(label_root(data)) in GROUPS
            except MediaError as error:
                problems.append(f"label {name}: {note_of(error)}")
                continue
            if is_group:
                dates = list(dates_of_label(tags, name, []))
                starts += [(when, name) for date, when in dates if date.meaning == "recorded" and _is_exact(date)]
                stops |= {date.earliest_utc for date, _ in dates if date.meaning == "recording ended"}
            elif names_as_source(tags, file_name):
                products.append((name, tags))
        return cls(
            of_groups=tuple(starts), stops=frozenset(stops), of_products=tuple(products), problems=tuple(problems)
        )

    def own_dates(self, dates: Iterable[tuple[Date, When]], problems: list[str]) -> Iterator[tuple[Date, When]]:
        """Yield the dates of one label; a start copied from a bundle or collection is not called that of the recording.

        It counts as copied if it is the same instant, and the label gives no end of its own after it.
        """
        dates = list(dates)
        ends = {date.earliest_utc for date, _ in dates if date.meaning == "recording ended"} - self.stops
        for date, when in dates:
            groups = [name for start, name in self.of_groups if start.earliest_utc == when.earliest_utc]
            is_recorded = date.meaning == "recorded" and _is_exact(date)
            if not is_recorded or not groups or any(end > date.earliest_utc for end in ends):
                yield date, when
                continue
            problems.append(
                f"{date.source}: {date.written} is also the start of {' and '.join(dict.fromkeys(groups))}, so it is "
                "not used as that of this recording; state its own as date in release.toml"
            )
            yield dataclasses.replace(date, meaning="collection began"), when

    def statements(self, of_file: tuple[Statement, ...]) -> Iterator[Statement]:
        """Yield the sol, solar times and solar longitude at the start of products made from the recording.

        Parameters
        ----------
        of_file : statements about the recording itself; what its own labels say comes from no product.
        """
        wanted = {TERMS[meaning][0] for meaning in TIMES if of_label(of_file, meaning) is None}
        for name, tags in self.of_products:
            yield from (one for one in said_by_label(tags, name) if one.term in wanted)

    def conflicts(self, believed: tuple[Date, When] | None) -> Iterator[Contradiction]:
        """Yield the products made from the recording that began, or ended, too early for it, or began too late."""
        for name, tags in self.of_products if believed else ():
            dates = list(self.own_dates(dates_of_label(tags, name, []), []))
            starts = [one for one in dates if one[0].meaning == "recorded"]
            if not believed or not starts:
                continue
            ends = [when for date, when in dates if date.meaning == "recording ended"]
            (start, when), (date, own) = starts[0], believed
            last = max([when.latest_utc, *(end.latest_utc for end in ends)])
            if own.latest_utc + APART < when.earliest_utc or last + APART < own.earliest_utc:
                yield Contradiction(about="recorded", says=((date.written, date.source), (start.written, start.source)))


def names_as_source(tags: Iterable[Tag], file_name: str) -> bool:
    """Return True if a label names a file, by the last part of its logical identifier, as a source of its product."""
    wanted = {file_name.casefold(), file_name.rpartition(".")[0].casefold()}
    named = (str(tag.value) for tag in tags if tag.name.casefold().endswith(REFERENCES))
    return any(lid.partition("::")[0].rpartition(":")[2].strip().casefold() in wanted for lid in named)


def _is_exact(date: Date) -> bool:
    return date.precision in ("second", "subsecond")
