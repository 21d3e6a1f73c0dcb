"""The evidence record: everything that is stated about one source, and its searchable part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from processors.languages.language import OTHER_LANGUAGES
from processors.metadata.label_statements import of_label
from processors.metadata.release.own_terms import permission_of
from processors.metadata.statements import Contradiction, Statement
from processors.metadata.tags.tag_records import Tag
from processors.metadata.times.solar_clock import hours_of_clock
from processors.metadata.times.times import Date, Taken


@dataclass(frozen=True, kw_only=True)
class EvidenceRecord:
    """Everything stated about one source."""

    sha256: str
    name: str
    size_bytes: int
    medium: str
    format: str
    mission: str | None
    """Name from the mission's profile; without a profile, as the label writes it. A label's comes before that of a
    whole release."""
    mission_source: str | None
    taken: Taken | None
    """Time of recording, else of the event that it shows; None if nothing states either."""
    first_sol: int | None
    last_sol: int | None
    """First sol: that of `taken`, or a label's if no date gives one."""
    sol_source: str | None
    """Source of the sols: the date if the mission is known, else a label."""
    event: Mapping[str, str | None] | None
    """Mission event that the release names: its `name`, its `title` with a key for each language (`title_zh`), and what
    is known of its date: `written`, `precision`, `source`, `sure`."""
    camera: str | None
    """Profile's name of the camera or instrument, if the texts of release or label name exactly one; else the label's
    text, or that of the file itself if the release has none."""
    camera_source: str | None
    recorded_by: str | None
    """Camera or instrument in the release's words: "rear hazard-avoidance camera"."""
    place: str | None
    statements: tuple[Statement, ...]
    dates: tuple[Date, ...]
    disagreements: tuple[Contradiction, ...]
    against_general: tuple[Contradiction, ...]
    """Mission, credit, rights and terms of the file itself that one about all files contradicts; its words come first.
    """
    mission_disagreements: tuple[Contradiction, ...]
    """Facts about the mission as a whole, from its profile."""
    labels: dict[str, tuple[Tag, ...]]
    """Statements of the labels and XMP sidecars next to the file, by their names."""
    problems: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class EvidenceFacts:
    """Searchable part of the record."""

    mission: str | None
    event: str | None
    camera: str | None
    camera_source: str | None
    recorded_by: str | None
    title: str | None
    earliest_utc: str | None
    latest_utc: str | None
    precision: str | None
    date_source: str | None
    """Source of the chosen date: a label, a file name, `release.toml`, the file, or the event that it shows."""
    collection_start_utc: str | None
    """Start in the label of a recording without a date that is that of its bundle or collection."""
    first_sol: int | None
    last_sol: int | None
    sol_source: str | None
    """Source of the sols: the chosen date, or a label if no date gives them."""
    local_true_solar_time_hours: float | None
    solar_longitude_degrees: float | None
    """Solar longitude that a label gives, else that of the chosen date."""
    solar_longitude_source: str | None
    """Label that gives it, or `computed from` and the chosen date's source."""
    rights: str | None
    rights_source: str | None
    redistribute: bool | None
    """Permission to redistribute the file, at this path alone; None if it is not stated, or stated about all files
    while this one states otherwise about itself."""
    disagreement_count: int
    problems: tuple[str, ...]

    @classmethod
    def of(cls, record: EvidenceRecord) -> EvidenceFacts:
        time = record.taken
        first = {one.term: one for one in reversed(record.statements)}  # the first speaks
        rights, redistribute = first.get("dc:rights"), first.get("marsmedia:redistribute")
        titles = [s.value for s in record.statements if s.term == "dc:title" and s.language not in OTHER_LANGUAGES]
        solar_longitude, solar_longitude_source = _solar_longitude(record)
        return cls(
            mission=record.mission,
            event=record.event["name"] if record.event else None,
            camera=record.camera,
            camera_source=record.camera_source,
            recorded_by=record.recorded_by,
            title=str(titles[0]) if titles else None,
            # a database holds no second 60
            earliest_utc=time.earliest_utc.replace(":60", ":59") if time else None,
            latest_utc=time.latest_utc if time else None,
            precision=time.precision if time else None,
            date_source=time.source if time else None,
            collection_start_utc=_collection_start(record),
            first_sol=record.first_sol,
            last_sol=record.last_sol,
            sol_source=record.sol_source,
            local_true_solar_time_hours=_local_true_solar_time(record),
            solar_longitude_degrees=solar_longitude,
            solar_longitude_source=solar_longitude_source,
            rights=str(rights.value) if rights else None,
            rights_source=rights.source if rights else None,
            redistribute=permission_of(redistribute.value, redistribute.source, record.against_general)
            if redistribute
            else None,
            disagreement_count=len(record.disagreements),
            problems=record.problems,
        )


def _solar_longitude(record: EvidenceRecord) -> tuple[float | None, str | None]:
    """Return the solar longitude in degrees and its source: a label's, else that of the chosen date."""
    told = of_label(record.statements, "solar_longitude_degrees")
    if told and isinstance(told.value, float):
        return told.value, told.source
    if record.taken and record.taken.first_solar_longitude_degrees is not None:
        return record.taken.first_solar_longitude_degrees, f"computed from {record.taken.source}"
    return None, None


def _collection_start(record: EvidenceRecord) -> str | None:
    """Return the start that a label copies from its bundle's or collection's, if the recording has no other date."""
    is_dated = record.taken is not None and not record.taken.is_of_event
    starts = (date.earliest_utc for date in record.dates if date.meaning == "collection began" and not is_dated)
    return next(starts, None)


def _local_true_solar_time(record: EvidenceRecord) -> float | None:
    """Return the local true solar time in hours: that of the chosen date, else a label's."""
    if record.taken and record.taken.local_true_solar_time_hours is not None:
        return record.taken.local_true_solar_time_hours
    told = of_label(record.statements, "local_true_solar_time")
    return hours_of_clock(str(told.value)) if told else None
