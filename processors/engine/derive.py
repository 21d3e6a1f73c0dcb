"""One pass over a source for all due processors; commits every result."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, cast

import av.packet
from av.container import InputContainer

from processors.audio.reading.audio_info import AudioInfo
from processors.audio.reading.audio_reader import FileReader, StreamReader
from processors.containers.size_in_header import too_short_because
from processors.containers.video.matroska import look_at
from processors.contract import Need, OpenSource, Processor, Reads, Source, Streamed, is_of_path, need_of, result_key
from processors.decoding.open_media import open_container, packets_of
from processors.engine.audio_of_video import sound_between, sound_reader
from processors.engine.by_video_stream import by_video_stream
from processors.engine.failure import fault_of
from processors.engine.pass_progress import PassProgress
from processors.engine.processor_run import ProcessorRun, SourceReading
from processors.engine.result_records import Outcome, already_made, outcome_of, result_manifest
from processors.engine.stages import Stage, stages_of
from processors.errors import DamagedMedia, RefusedMedia
from processors.json_records import as_json
from processors.photo.reading.photo_reader import Photo, PhotoReader
from processors.planetary.open_image import described_image
from processors.sources.source_file import SourceFile
from processors.store.inputs import stored_inputs
from processors.store.manifest import Cost
from processors.store.store import Store
from processors.video.reading.losses.container_damage import structure_of
from processors.video.reading.video_reader import MustReadInOrder, VideoReader

NOTHING_TO_DO = "there is nothing in this file that it could be made of"
COMMITTED_AT_ONCE = 4
"""Number of results that are committed at the same time: each waits for the disk."""
UNITS: tuple[Reads, ...] = ("results", "file", "photo", "audio", "video")


def derive(
    source: Source,
    file: SourceFile,
    release: str,
    due: Sequence[Processor],
    store: Store,
    is_last_try: bool = True,
    memory_mb: int | None = None,
    progress_file: Path | None = None,
) -> list[Outcome]:
    """Make every due result of one source in one pass over its file, and commit them.

    Another pass follows only for results that depend on results of the first. A damaged video is read a second time,
    in packet order.

    A `MediaError`, or a bug in a processor or a reader, becomes the stored result of the affected processors.

    Parameters
    ----------
    memory_mb : MB that this process may fill; results of a photo that cannot fit are refused from its header.
    progress_file : file into which the position of the pass is written, see `pass_progress`.

    Raises
    ------
    SourceChanged : the file is not the one that was hashed; nothing is committed.
    OSError : a fault of the machine; nothing is committed.
    MemoryError : too little memory for a processor or, unless `is_last_try`, for a decoder.
    """
    if any(processor.reads != "results" and not is_of_path(processor) for processor in due):
        file.check_bytes()
    there = {manifest.ref.key: manifest for manifest in already_made(due, source, store)}
    outcomes = [outcome_of(manifest) for manifest in there.values()]
    with ExitStack() as kept:
        held: list[ProcessorRun] = []
        one_stage = functools.partial(
            _derive_stage,
            source,
            file,
            release,
            held=held,
            kept=kept,
            store=store,
            is_last_try=is_last_try,
            memory_mb=memory_mb,
            progress_file=progress_file,
        )
        for stage in stages_of([p for p in due if result_key(p, *source.digests) not in there]):
            try:
                outcomes += one_stage(stage)
            except MustReadInOrder:
                outcomes += one_stage(stage, in_order=True)
    return outcomes


def _derive_stage(
    source: Source,
    file: SourceFile,
    release: str,
    stage: Stage,
    *,
    held: list[ProcessorRun],
    kept: ExitStack,
    store: Store,
    in_order: bool = False,
    is_last_try: bool,
    memory_mb: int | None,
    progress_file: Path | None,
) -> list[Outcome]:
    """Run one stage, and commit the results that end in it.

    Parameters
    ----------
    held : runs fed in earlier stages; this stage removes those that end here and adds those that end later.
    kept : context that keeps the folders of the runs that end later.
    """
    with ExitStack() as folders:
        scratch = folders.enter_context(store.scratch())
        reading = SourceReading(memory_mb=memory_mb, progress=PassProgress(progress_file))
        work = [ProcessorRun(processor, scratch / str(number), reading) for number, processor in enumerate(stage.begun)]
        for one in work:
            one.folder.mkdir()
            if one.processor in stage.ended:
                _give_inputs(one, source, store)
        _run(source, file, work, reading, in_order)
        fed_before = [one for one in held if one.processor in stage.ended]
        for one in fed_before:
            _give_inputs(one, source, store)
        ended = [*(one for one in work if one.processor in stage.ended), *fed_before]
        for one in ended:
            if one.takes_inputs_at_finish:
                one.finish()
        file.check_unchanged()
        if not is_last_try and any(one.fault and one.fault.lacks_memory for one in (*work, *ended)):
            raise MemoryError
        held[:] = [one for one in (*held, *work) if one not in ended]
        if not set(work) <= set(ended):
            kept.enter_context(folders.pop_all())
        with ThreadPoolExecutor(COMMITTED_AT_ONCE) as threads:
            return list(threads.map(lambda one: _commit(one, source, release, store), ended))


def _give_inputs(one: ProcessorRun, source: Source, store: Store) -> None:
    """Look up the results that it uses; if one was not made, that is the recorded reason."""
    fault, one.fault = one.fault, None
    with _blamed_on([one]):
        one.used = stored_inputs(one.processor, source, store)
    one.fault = one.fault or fault


def _run(source: Source, file: SourceFile, work: list[ProcessorRun], reading: SourceReading, in_order: bool) -> None:
    """Run the processors; those that need only results run in another thread during the pass."""
    by_unit: dict[Reads, list[ProcessorRun]] = {
        unit: [one for one in work if one.processor.reads == unit and not one.fault] for unit in UNITS
    }
    with ThreadPoolExecutor(1) as beside:
        decided = beside.submit(_make, by_unit["results"], None)
        _make(by_unit["file"], OpenSource(source=source, file=file))
        _run_medium(source, file, by_unit, reading, in_order)
        decided.result()


def _make(work: list[ProcessorRun], given: OpenSource | Photo | None) -> None:
    """Run the processors that get all of their input at once."""
    for one in work:
        one.make(given)


def _run_medium(
    source: Source, file: SourceFile, by_unit: dict[Reads, list[ProcessorRun]], reading: SourceReading, in_order: bool
) -> None:
    with _blamed_on(by_unit[source.medium]):
        if source.medium == "photo" and by_unit["photo"]:
            _run_photo(source, file, by_unit["photo"], reading)
        elif source.medium == "audio" and by_unit["audio"]:
            _run_audio(source, file, by_unit["audio"], reading)
    if source.medium == "video" and (by_unit["video"] or by_unit["audio"]):
        with _blamed_on(by_unit["video"] + by_unit["audio"]):
            _run_video(source, file, by_unit["video"], by_unit["audio"], reading, in_order)


@contextmanager
def _blamed_on(work: list[ProcessorRun]) -> Iterator[None]:
    """Record an unreadable file, or a reader's bug, as the fault of these results and of no others."""
    try:
        yield
    except MustReadInOrder:
        raise
    except Exception as error:  # noqa: BLE001 - outermost edge of a reader
        fault = fault_of(error)
        for one in work:
            one.fault = one.fault or fault


def _run_photo(source: Source, file: SourceFile, work: list[ProcessorRun], reading: SourceReading) -> None:
    with file.open() as opened:
        with reading.clock("photo"):
            reader = PhotoReader(opened, described_image(source, file))
        memory_mb = reading.memory_mb
        fits = None if memory_mb is None else functools.partial(reader.refuse_unless_it_fits, memory_mb=memory_mb)
        _needs(work, reader.info, fits)
        reading.facts["photo"] = as_json(reader.report())
        if work:  # otherwise all of them refused it
            try:
                with reading.clock("photo"):
                    photo = reader.photo()
            finally:
                reading.facts["photo"] = as_json(reader.report())
            _make(work, photo)
            reading.damage["photo"] = _damage(reader)


def _damage(read: object) -> str | None:
    """Return the damage that a reader, or its report, found in the source; None if it reports none."""
    return getattr(read, "damage", None)


def _run_audio(source: Source, file: SourceFile, work: list[ProcessorRun], reading: SourceReading) -> None:
    sound = FileReader(file, source.format)
    _start(work, _named(sound.info, source))
    for block in reading.each("audio", sound.blocks(), sound.info.rate_hz):
        _feed(work, block)
    _keep_report(sound, "audio", reading)
    _finish(work)


def _named(info: AudioInfo, source: Source) -> AudioInfo:
    return dataclasses.replace(info, source_name=source.name, source_sha256=source.digest)


def _run_video(
    source: Source,
    file: SourceFile,
    video_work: list[ProcessorRun],
    audio_work: list[ProcessorRun],
    reading: SourceReading,
    in_order: bool,
) -> None:
    """Decode video and audio of one container together in a single pass over its packets.

    Raises
    ------
    MustReadInOrder : the file must be read again, `in_order`.
    """
    with ExitStack() as stack:
        container = stack.enter_context(open_container(stack.enter_context(file.open())))
        lanes: list[_Lane] = []
        sound = None
        for stream, work in by_video_stream(video_work, container).items():
            own = reading if stream is None else reading.apart(work)
            if pictures := _pictures(source, file, container, stream, work, own, in_order):
                lanes.append(_Lane(pictures, "video", work, own))
        if audio_work:
            with _blamed_on(audio_work):
                sound = sound_reader(file, container)
                why = look_at(file, source.format).cut_off_because or too_short_because(file, source.format)
                sound.tally.cut_off_because = why
        if sound:
            _start(audio_work, _named(sound.info, source))
            lanes.append(_Lane(sound, "audio", audio_work, reading))
        if not lanes:
            return
        for packet in packets_of(container, [lane.reader.stream for lane in lanes]):
            for lane in lanes:
                if packet.stream.index == lane.reader.stream.index:
                    lane.decode(packet)
        for lane in lanes:
            lane.end()


def _pictures(
    source: Source,
    file: SourceFile,
    container: InputContainer,
    stream: int | None,
    work: list[ProcessorRun],
    reading: SourceReading,
    in_order: bool,
) -> VideoReader | None:
    """Return the reader of a video stream with its sessions started; None if it cannot be read."""
    pictures = None
    with _blamed_on(work), reading.clock("video"), open_container(file.open()) as second_opening:
        pictures = VideoReader(
            container,
            second_opening,
            source_digest=source.digest,
            stream_index=stream,
            in_order=in_order,
            structure=structure_of(file, source.format),
        )
    if pictures:
        sound_at = functools.partial(sound_between, file)
        info = dataclasses.replace(pictures.info, sound_between=sound_at, source_name=source.name)
        pictures.want(_start(work, info))
    return pictures


class _Lane:
    """Video or audio of a container: its reader and the processors it feeds. A fault stays in its own lane."""

    def __init__(
        self, reader: VideoReader | StreamReader, unit: Reads, work: list[ProcessorRun], reading: SourceReading
    ) -> None:
        self.reader = reader
        self.reading = reading
        self.unit: Reads = unit
        self.work = work
        self._is_broken = False
        self._rate_hz = None if isinstance(reader, VideoReader) else reader.info.rate_hz

    def decode(self, packet: av.packet.Packet) -> None:
        if self._is_broken:
            return
        self._is_broken = True
        with _blamed_on(self.work):
            for unit in self.reading.each(self.unit, self.reader.decode(packet), self._rate_hz):
                _feed(self.work, unit)
            self._is_broken = False

    def end(self) -> None:
        """Drain the reader, keep its report and finish its sessions."""
        if not self._is_broken:
            with _blamed_on(self.work):
                for last in self.reading.each(self.unit, self.reader.flush(), self._rate_hz):
                    _feed(self.work, last)
                _keep_report(self.reader, self.unit, self.reading)
        _finish(self.work)


def _keep_report(reader: VideoReader | StreamReader | FileReader, unit: Reads, reading: SourceReading) -> None:
    report = reader.report()
    reading.facts[unit] = as_json(report)
    reading.damage[unit] = _damage(report)


def _needs(work: list[ProcessorRun], info: Any, check: Callable[[Need], None] | None = None) -> list[Need]:
    """Return the needs of the processors; one that refuses the source, or whose need the check refuses, is left out."""
    needs: list[Need] = []
    for one in work:
        with one.timed(), _blamed_on([one]):
            need = need_of(one.processor, one.informed(info))
            if check:
                check(need)
            needs.append(need)
    work[:] = [one for one in work if one.fault is None]
    return needs


def _start(work: list[ProcessorRun], info: Any) -> list[Need]:
    """Start every session, and return the needs; one that refuses to start gets no units."""
    needs = _needs(work, info)
    for one in work:
        with one.timed(), _blamed_on([one]):
            one.session = cast(Streamed, one.processor).start(one.informed(info), one.folder)
    work[:] = [one for one in work if one.session is not None]
    return needs


def _feed(work: list[ProcessorRun], unit: Any) -> None:
    for one in work:
        assert one.session is not None
        one.take(functools.partial(one.session.feed, unit))


def _finish(work: list[ProcessorRun]) -> None:
    """Finish the sessions, except those that take their inputs now: these may not exist yet."""
    for one in work:
        if not one.takes_inputs_at_finish:
            one.finish()


def _commit(one: ProcessorRun, source: Source, release: str, store: Store) -> Outcome:
    reading = one.reading
    damage = reading.damage.get(one.processor.reads) or one.damage
    if not one.fault and not one.items:
        nothing = DamagedMedia(f"gave nothing: {damage}") if damage else RefusedMedia("gave nothing", NOTHING_TO_DO)
        one.fault = fault_of(nothing)
    if one.fault:
        for path in one.folder.rglob("*"):
            if path.is_file():
                path.unlink()
        one.items.clear()
    read = reading.seconds.get(one.processor.reads, 0.0)
    cost = Cost(reading_seconds=round(read, 6), own_seconds=round(one.seconds, 6))
    manifest = result_manifest(
        one.processor,
        source,
        release,
        one.fault,
        reading.elapsed_seconds,
        reading.started,
        items=tuple(one.items),
        source_facts=reading.facts.get(one.processor.reads),
        cost=cost,
        damage=damage,
    )
    store.commit(one.folder, manifest)
    return dataclasses.replace(outcome_of(manifest), advice=None if one.fault else one.advice)
