"""Weighing of the evidence: no statement is dropped, and the most precise date is chosen.

A recording without a date gets that of the mission's event that it shows according to the release.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from processors.contract import Source
from processors.metadata.evidence_record import EvidenceRecord
from processors.metadata.label_statements import camera_of, mission_words, of_label, said_by_label, unread_of_label
from processors.metadata.labels_of_several import LabelsOfSeveral
from processors.metadata.other_mission import OtherMission, other_mission, unsettled_mission
from processors.metadata.position import position_of
from processors.metadata.related_labels import RelatedLabels
from processors.metadata.release.own_terms import against_general
from processors.metadata.release.release_values import Said
from processors.metadata.statements import (
    Contradiction,
    Statement,
    alternative_text_of,
    contradictions,
    credit_statements,
    keywords_of,
    said_by_release,
    said_by_sidecar,
    statement,
    translated_statements,
)
from processors.metadata.tags.label import INSIDE, files_described, label_inside, last_part
from processors.metadata.tags.sidecar_tags import voice_of_sidecar
from processors.metadata.tags.tag_records import Tag
from processors.metadata.times.date_conflicts import date_conflicts, sol_conflicts, solar_conflicts
from processors.metadata.times.times import (
    Date,
    Taken,
    date_of_event,
    dates_of_file,
    dates_of_label,
    dates_of_name,
    dates_of_release,
    taken,
)
from processors.mission.product_name import ProductName
from processors.mission.profile import MissionEvent, Profile, profile_named_in, read_product_name
from processors.mission.release_statements import OF_MISSION, said_of_all, said_unless_of_another_mission
from processors.mission.when import PRECISIONS, When
from processors.planetary.open_image import DETACHED
from processors.planetary.pvl import is_absent

ORDER = ("release.toml:date", "label", "file name", "release.toml", "XMP sidecar", "profile", "file")
"""Order of preference for equally precise dates. A person's statement on a file corrects its label, which may give the
start of a session, as it does in `recorded_start`."""


def _sol_of_label(statements: tuple[Statement, ...]) -> tuple[int, str] | None:
    """Return the sol that a label gives, and its source."""
    told = of_label(statements, "sol")
    return (int(float(told.value)), told.source) if told else None


@dataclass(frozen=True, kw_only=True)
class Voices:
    """All statements about one source, by their origin."""

    source: Source
    name: str
    """Name of the file, or its product name."""
    metadata: dict[str, Any]
    """The file's metadata record, as JSON; without entries if `unread`."""
    unread: str | None = None
    """Reason why the file's own metadata cannot be read; None if they can."""
    head: Said
    """Statements of release.toml about the whole release."""
    entry: Said
    """Statements of release.toml about this file; empty without an entry."""
    labels: dict[str, tuple[Tag, ...]]
    """Entries of the labels next to the file, by their names."""
    sidecars: dict[str, tuple[Tag, ...]]
    """Tags of the XMP sidecars next to the file, by their names."""
    claims: tuple[Contradiction, ...]
    """Contradictions between labels and the file's bytes about its digest and size."""
    related: RelatedLabels
    """Labels of its bundle and collection, and of products made from it."""

    @property
    def recorded_by(self) -> str | None:
        """Return the camera or instrument as the release words it."""
        return str(self.entry.get("recorded_by") or "") or None

    @property
    def mission_stated_at(self) -> str:
        """Return where the release names the mission, if it does."""
        return "release.toml:file.mission" if "mission" in self.entry else "release.toml:mission"

    @cached_property
    def unsettled(self) -> OtherMission | None:
        """Return the mission that a label names against the release's, if the file's own entry does not settle it."""
        return unsettled_mission(self.head, self.entry, self.all_labels)

    @cached_property
    def tags(self) -> tuple[Tag, ...]:
        """Return the tags inside the file that have a value."""
        return tuple(Tag(**tag) for tag in self.metadata["tags"] if tag["value"] is not None)

    @cached_property
    def all_labels(self) -> dict[str, tuple[Tag, ...]]:
        """Return the labels next to the file, and as `inside` the one that the file begins with."""
        is_detached = self.metadata.get("container") in DETACHED
        return {**self.labels, INSIDE: () if is_detached else label_inside(self.tags)}

    @cached_property
    def of_several(self) -> LabelsOfSeveral:
        """Return the labels of several files whose dates and titles are not this one's."""
        return LabelsOfSeveral.among(self.labels, self.source.name)

    def dates(self, product: ProductName | None, problems: list[str]) -> Iterator[tuple[Date, When]]:
        """Yield every date; those that cannot be read are added to `problems`."""
        yield from dates_of_release(self.head, self.entry, problems)
        yield from dates_of_name(product)
        for label, entries in self.all_labels.items():
            copied = list[str]()
            own = self.of_several.dates(label, dates_of_label(entries, label, problems))
            yield from self.related.own_dates(own, copied)
            problems += copied if "date" not in self.entry else ()
            problems += unread_of_label(entries, label)
        for sidecar, entries in self.sidecars.items():
            voice, of_position = voice_of_sidecar(sidecar), list[str]()
            yield from dates_of_file(entries, problems, voice)
            position_of(entries, of_position)
            problems += [f"{voice}:{problem}" for problem in of_position]
        yield from dates_of_file(self.tags, problems)

    def statements(self, profile: Profile | None) -> Iterator[Statement]:
        """Yield every statement in standard terms: of two with the same term, the one to prefer comes first."""
        yield from said_by_release(self.entry, "file.")
        for name, entries in self.labels.items():
            yield from self.of_several.statements(name, said_by_label(entries, name))
        for name, entries in self.sidecars.items():
            yield from said_by_sidecar(entries, voice_of_sidecar(name))
        yield from said_by_label(self.all_labels[INSIDE], INSIDE)
        for meaning, value in self.metadata["known"].items():
            if value and meaning not in ("created", "orientation"):
                yield statement(meaning, value["value"], f"file:{value['source']}")
        yield from translated_statements(self.tags, "file")
        yield from alternative_text_of(self.tags, "file")
        yield from keywords_of(self.tags, "file")
        yield from credit_statements(self.tags, "file")
        # a file's own entry precedes the release's; the release's title is not the file's
        of_all = said_of_all(self.head, self.entry)
        if self.unsettled:
            of_all = said_unless_of_another_mission(self.head, self.entry)
        yield from said_by_release({k: v for k, v in of_all.items() if not k.startswith("title")}, "")
        if profile:
            for meaning in OF_MISSION:
                if meaning not in of_all and meaning not in self.entry:
                    yield statement(meaning, getattr(profile, meaning), f"profile {profile.name}:{meaning}")


def _said_once(of_file: Sequence[str], of_dates: Sequence[str]) -> Iterator[str]:
    """Yield the problems of the file's metadata, except for dates about which evidence states more."""
    told = {problem.split(": ")[0] for problem in of_dates}
    yield from (problem for problem in of_file if f"file:{problem.split(': ')[0]}" not in told)


def weigh(voices: Voices, of_release: Profile | None) -> EvidenceRecord:
    """Combine the statements of the file (its metadata record), its labels, the release and the mission profile.

    Parameters
    ----------
    of_release : profile of the mission that the release names for the file; None: a label may name one. It does not
        count for a file whose label names another one, until the file's own entry states a mission.
    """
    unsettled, stated = voices.unsettled, of_release
    of_release = None if unsettled else of_release
    product, problems = read_product_name(voices.name, of_release), list[str]()
    sol_of_name = (product.sol, "file name") if product and product.sol is not None else None
    mission, mission_source, by_label = _mission(of_release, voices)
    profile = of_release or by_label
    is_shown = profile and "event" in voices.entry and not unsettled  # else it is one of the release's mission
    event = profile.event(str(voices.entry["event"])) if profile and is_shown else None
    dates = tuple(voices.dates(product, problems))
    of_file = tuple(voices.statements(profile))
    statements = (*of_file, *voices.related.statements(of_file))
    recorded = [(date, when) for date, when in dates if date.meaning == "recorded"]
    own_tags = (*voices.tags, *(tag for entries in voices.sidecars.values() for tag in entries))
    camera, camera_source = camera_of(voices.recorded_by, statements, profile, own_tags)
    label_sol = _sol_of_label(statements)
    chosen = _chosen(recorded, event, profile, label_sol)
    return EvidenceRecord(
        sha256=voices.source.digest,
        name=voices.name,
        size_bytes=voices.source.size_bytes,
        medium=voices.source.medium,
        format=voices.source.format,
        mission=mission,
        mission_source=mission_source,
        taken=chosen.taken,
        first_sol=chosen.sols[0],
        last_sol=chosen.sols[1],
        sol_source=chosen.sols[2],
        event=_event(event, profile),
        camera=camera,
        camera_source=camera_source,
        recorded_by=voices.recorded_by,
        place=_place(profile),
        statements=statements,
        dates=(*(date for date, _ in dates), *chosen.of_event),
        disagreements=(
            *contradictions(statements),
            *date_conflicts(recorded, event, profile),
            *voices.related.conflicts(chosen.date),
            *_missions_apart(stated, voices),
            *sol_conflicts(chosen.date, sol_of_name, profile),
            *sol_conflicts(chosen.date, label_sol, profile),
            *solar_conflicts(chosen.taken, statements, profile),
            *_not_described(voices),
            *voices.claims,
        ),
        against_general=(*_against_mission(stated, voices), *against_general(statements, voices.unread)),
        mission_disagreements=_of_mission(profile),
        labels={**voices.labels, **voices.sidecars},
        problems=(
            *([f"file: its own metadata cannot be read: {voices.unread}"] if voices.unread else ()),
            *_said_once(voices.metadata["problems"], problems),
            *problems,
            *voices.related.problems,
        ),
    )


def _of_mission(profile: Profile | None) -> tuple[Contradiction, ...]:
    """Return where sources of a mission's profile disagree."""
    return tuple(Contradiction(about=one.about, says=one.says) for one in (profile.disagreements if profile else ()))


def _mission(profile: Profile | None, voices: Voices) -> tuple[str | None, str | None, Profile | None]:
    """Return the mission, the source of its name, and the profile of the mission that a label names."""
    labels = voices.all_labels.items()
    words = [(word, f"label {name}:{place}") for name, tags in labels for word, place in mission_words(tags)]
    known = [(found, source) for word, source in words if (found := profile_named_in(word))]
    by_label = known[0][0] if known else None
    if profile:
        return profile.name, voices.mission_stated_at, by_label
    if known:
        return known[0][0].name, known[0][1], by_label
    return (*words[0], None) if words else (None, None, None)


def _missions_apart(profile: Profile | None, voices: Voices) -> Iterator[Contradiction]:
    """Yield the first label that names another mission than the release's."""
    if profile and (other := other_mission(profile.name, voices.all_labels)):
        says = ((profile.name, voices.mission_stated_at), (other.words, other.source))
        yield Contradiction(about="mission", says=says)


def _against_mission(profile: Profile | None, voices: Voices) -> Iterator[Contradiction]:
    """Yield the mission that a label names against the one of all files, the label's words first."""
    if profile and (other := voices.unsettled):
        says = ((other.words, other.source), (profile.name, voices.mission_stated_at))
        yield Contradiction(about="mission", says=says)


class _Chosen(NamedTuple):
    date: tuple[Date, When] | None
    taken: Taken | None
    sols: tuple[int | None, int | None, str | None]
    """First and last sol, and their source."""

    @property
    def of_event(self) -> tuple[Date, ...]:
        """Return the date if it is that of the mission's event."""
        return (self.date[0],) if self.date and self.taken and self.taken.is_of_event else ()


def _chosen(
    recorded: list[tuple[Date, When]],
    event: MissionEvent | None,
    profile: Profile | None,
    by_label: tuple[int, str] | None,
) -> _Chosen:
    """Return the most precise date, else that of the event that is shown, and its sols, else a label's.

    The moment of the event, or a label's sol, narrows a date of more than one sol.
    """
    date = min(recorded, key=lambda one: _rank(*one), default=None)
    is_of_event = date is None and event is not None
    if event and profile and date is None:
        date = date_of_event(event, profile)
    time = taken(date[1], date[0].source, profile, event.when if event else None) if date else None
    first, last = (time.first_sol, time.last_sol) if time else (None, None)
    source = time.source if time and first is not None else None
    if by_label and (first is None or last is None or first <= by_label[0] <= last != first):
        (first, source), last = by_label, by_label[0]
    time = time and dataclasses.replace(time, first_sol=first, last_sol=last, is_of_event=is_of_event)
    return _Chosen(date, time, (first, last, source))


def _rank(date: Date, when: When) -> tuple[bool, int, int]:
    voice = next(n for n, start in enumerate(ORDER) if date.source.startswith(start))
    return not when.zone_known, -PRECISIONS.index(when.precision), voice


def _event(event: MissionEvent | None, profile: Profile | None) -> dict[str, str | None] | None:
    if not event or not profile:
        return None
    return {
        "name": event.name,
        **event.title.keys_of("title"),
        "written": event.when.written,
        "precision": event.when.precision,
        "source": f"profile {profile.name}: {event.source}",
        "sure": event.sure,
    }


def _place(profile: Profile | None) -> str | None:
    if not profile:
        return None
    north = next((f.value for f in profile.facts if f.name == "site.latitude_degrees_north"), None)
    latitude = f"{north} deg N, " if north is not None else ""
    return (
        f"landing site, {latitude}{profile.longitude_degrees_east} deg E (profile {profile.name}); not the rover's own"
    )


def _not_described(voices: Voices) -> Iterator[Contradiction]:
    """Yield each label that describes other files, and not this one."""
    name, own_name = voices.name, voices.source.name
    for label, tags in voices.labels.items():
        files = files_described(tags)
        if not files:
            continue
        if not {name.casefold(), own_name.casefold()} & files:
            first = next(tag for tag in tags if last_part(tag) == "file_name" and not is_absent(str(tag.value)))
            written = [str(tag.value) for tag in tags if last_part(tag) == "file_name" and str(tag.value).strip()]
            told = ", ".join(dict.fromkeys(written))[:200]
            yield Contradiction(about="file name", says=((name, "the file"), (told, f"label {label}:{first.name}")))
