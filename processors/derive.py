"""One source, one pass, all due processors: reads the file once and commits every result."""

from __future__ import annotations

import functools
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from typing import Any

from processors.audio.reader import FileReader, StreamReader
from processors.contract import (
    Need,
    Processor,
    Reads,
    Source,
    Verdict,
    as_json,
    result_key,
    used_by,
)
from processors.decoding import open_container, packets_of
from processors.errors import MediaError, RefusedMedia, UnsupportedMedia
from processors.matroska import cut_off_because
from processors.metadata.processor import OpenSource
from processors.outcome import Outcome, already_made, outcome_of, record
from processors.pds4_image import described
from processors.photo.reader import PhotoReader
from processors.source_file import SourceFile
from processors.store.manifest import Cost
from processors.store.results import Store
from processors.store.used import used_results
from processors.video.reader import DamageMet, VideoReader
from processors.work import Reading, Work

UNITS: tuple[Reads, ...] = ("results", "file", "photo", "audio", "video")


def derive(source: Source, file: SourceFile, release: str, due: Sequence[Processor], store: Store) -> list[Outcome]:
    """Make every due result of one source in one pass over its file, and commit them.

    A damaged video is read a second time, in order.

    A `MediaError` becomes the stored result of the processors that it concerns.

    Raises
    ------
    SourceChanged : the file is not the one that was hashed; nothing is committed.
    OSError : the machine's fault; nothing is committed.
    """
    there = {manifest.ref.key: manifest for manifest in already_made(due, source, store)}
    outcomes = [outcome_of(manifest) for manifest in there.values()]
    for stage in _stages([p for p in due if result_key(p, *source.digests) not in there]):
        try:
            outcomes += _derive_stage(source, file, release, stage, store)
        except DamageMet:
            outcomes += _derive_stage(source, file, release, stage, store, in_order=True)
    return outcomes


def _stages(due: Sequence[Processor]) -> list[list[Processor]]:
    """Processors that use no other that is due, then those that use only these, and so on; most often one stage."""
    waiting, stages = list(due), []
    while waiting:
        later = [p for p in waiting if any(used == other for used in used_by(p) for other in waiting)]
        stages.append([p for p in waiting if p not in later])
        waiting = later
    return stages


def _derive_stage(
    source: Source, file: SourceFile, release: str, due: Sequence[Processor], store: Store, *, in_order: bool = False
) -> list[Outcome]:
    started, clock = datetime.now(UTC), time.monotonic()
    with store.scratch() as scratch:
        work = [Work(processor, scratch / str(number)) for number, processor in enumerate(due)]
        for one in work:
            one.folder.mkdir()
            with _blamed_on([one]):
                one.used = used_results(one.processor, source, store)
        reading = Reading()
        _run(source, file, work, reading, in_order)
        file.check_unchanged()
        seconds = time.monotonic() - clock
        return [_commit(one, source, release, reading, started, seconds, store) for one in work]


def _run(source: Source, file: SourceFile, work: list[Work], reading: Reading, in_order: bool) -> None:
    """What needs no more than results is made beside the pass, by another thread."""
    by_unit: dict[Reads, list[Work]] = {
        unit: [one for one in work if one.processor.reads == unit and not one.fault] for unit in UNITS
    }
    with ThreadPoolExecutor(1) as beside:
        decided = beside.submit(_make, by_unit["results"], None)
        _make(by_unit["file"], OpenSource(source=source, file=file))
        _run_medium(source, file, by_unit, reading, in_order)
        decided.result()


def _make(work: list[Work], info: Any) -> None:
    """Those that read no medium's units."""
    _start(work, info)
    _finish(work)


def _run_medium(
    source: Source, file: SourceFile, by_unit: dict[Reads, list[Work]], reading: Reading, in_order: bool
) -> None:
    with _blamed_on(by_unit[source.medium]):
        if source.medium == "photo" and by_unit["photo"]:
            _run_photo(source, file, by_unit["photo"], reading)
        elif source.medium == "audio" and by_unit["audio"]:
            _run_audio(file, source.format, by_unit["audio"], reading)
    if source.medium == "video" and (by_unit["video"] or by_unit["audio"]):
        with _blamed_on(by_unit["video"] + by_unit["audio"]):
            _run_video(source, file, by_unit["video"], by_unit["audio"], reading, in_order)


@contextmanager
def _blamed_on(work: list[Work]) -> Iterator[None]:
    """A file that cannot be read this way is the fault of these results, and of no others."""
    try:
        yield
    except MediaError as error:
        for one in work:
            one.fault = one.fault or error


def _run_photo(source: Source, file: SourceFile, work: list[Work], reading: Reading) -> None:
    with file.open() as opened:
        with reading.clock("photo"):
            reader = PhotoReader(opened, described(source, file))
        needs = _start(work, reader.info)
        reading.facts["photo"] = as_json(reader.info)
        if work:  # else every one of them refused it
            with reading.clock("photo"):
                photo = reader.photo(needs)
            _feed(work, photo)
    _finish(work)


def _run_audio(file: SourceFile, file_format: str, work: list[Work], reading: Reading) -> None:
    sound = FileReader(file, file_format)
    _start(work, sound.info)
    for block in reading.each("audio", sound.blocks()):
        _feed(work, block)
    reading.facts["audio"] = as_json(sound.report())
    _finish(work)


def _run_video(
    source: Source,
    file: SourceFile,
    video_work: list[Work],
    audio_work: list[Work],
    reading: Reading,
    in_order: bool,
) -> None:
    """Picture and sound of one container, decoded side by side while its packets go by once.

    Raises
    ------
    DamageMet : read it again, `in_order`.
    """
    with ExitStack() as stack:
        container = stack.enter_context(open_container(stack.enter_context(file.open())))
        streams: list[Any] = []
        pictures = sound = None
        if video_work:
            with _blamed_on(video_work), reading.clock("video"), open_container(file.open()) as second_opening:
                pictures = VideoReader(
                    container, second_opening, source_digest=source.digest, in_order=in_order,
                    cut_off_because=cut_off_because(file, source.format),
                )  # fmt: skip
        if pictures:
            pictures.want(_start(video_work, pictures.info))
            streams.append(pictures.stream)
        if audio_work and container.streams.audio:
            with _blamed_on(audio_work):
                sound = StreamReader(container.streams.audio[0])
                sound.tally.cut_off_because = cut_off_because(file, source.format)
        if sound:
            _start(audio_work, sound.info)
            streams.append(sound.stream)
        if not streams:
            return
        for packet in packets_of(container, streams):
            if pictures and packet.stream.index == pictures.stream.index:
                for frame in reading.each("video", pictures.decode(packet)):
                    _feed(video_work, frame)
            elif sound:
                for block in reading.each("audio", sound.decode(packet)):
                    _feed(audio_work, block)
        for reader, unit, works in ((pictures, "video", video_work), (sound, "audio", audio_work)):
            if reader:
                _end(reader, unit, works, reading)  # type: ignore[arg-type]


def _end(reader: VideoReader | StreamReader, unit: Reads, work: list[Work], reading: Reading) -> None:
    """Drain one reader and finish its sessions; that picture or sound is damaged concerns only its own."""
    with _blamed_on(work):
        for last in reading.each(unit, reader.flush()):
            _feed(work, last)
        reading.facts[unit] = as_json(reader.report())
    _finish(work)


def _start(work: list[Work], info: Any) -> list[Need]:
    """Start every session; one that refuses to start is left out of what follows."""
    needs: list[Need] = []
    for one in work:
        began = time.perf_counter()
        with _blamed_on([one]):
            needs.append(one.processor.needs(one.informed(info)))
            one.session = one.processor.start(one.informed(info), one.folder)
        one.seconds += time.perf_counter() - began
    work[:] = [one for one in work if one.session is not None]
    return needs


def _feed(work: list[Work], unit: Any) -> None:
    for one in work:
        assert one.session is not None
        one.take(functools.partial(one.session.feed, unit))


def _finish(work: list[Work]) -> None:
    for one in work:
        if one.session is not None:
            one.take(one.session.finish)


def _commit(
    one: Work, source: Source, release: str, reading: Reading, started: datetime, seconds: float, store: Store
) -> Outcome:
    verdict: Verdict = (
        "made"
        if one.fault is None
        else "refused"
        if isinstance(one.fault, RefusedMedia | UnsupportedMedia)
        else "failed"
    )
    reason = str(one.fault) if one.fault else None
    if one.fault:
        for path in one.folder.rglob("*"):
            if path.is_file():
                path.unlink()
        one.items.clear()
    read = reading.seconds.get(one.processor.reads, 0.0)
    cost = Cost(reading_seconds=round(read, 6), own_seconds=round(one.seconds, 6))
    manifest = record(
        one.processor, source, release, verdict, reason, seconds, started,
        items=tuple(one.items), source_facts=reading.facts.get(one.processor.reads), cost=cost,
    )  # fmt: skip
    store.commit(one.folder, manifest)
    return outcome_of(manifest)
