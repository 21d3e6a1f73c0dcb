"""One pass over a source for all due processors; commits every result."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, cast

from av.container import InputContainer

from processors.audio.reading.audio_info import AudioInfo
from processors.audio.reading.audio_reader import FileReader, StreamReader
from processors.containers.size_in_header import too_short_because
from processors.containers.video.matroska import look_at
from processors.contract import Need, OpenSource, Processor, Reads, Source, Streamed, is_of_path, need_of, result_key
from processors.decoding.open_media import open_container, packets_of
from processors.engine.audio_of_video import sound_reader, with_sound
from processors.engine.damage_in_frames import must_read_in_order
from processors.engine.failure import Failure, fault_of
from processors.engine.pass_progress import PassProgress
from processors.engine.processor_run import ProcessorRun, SourceReading
from processors.engine.result_records import Outcome, already_made, has_same_bytes, outcome_of, result_manifest
from processors.engine.stages import Stage, stages_of
from processors.errors import DamagedMedia, RefusedMedia
from processors.json_records import as_json
from processors.photo.reading.photo_reader import Photo, PhotoReader
from processors.planetary.open_image import described_image
from processors.sources.source_file import SourceFile
from processors.store.inputs import stored_inputs
from processors.store.manifest import Cost, Manifest
from processors.store.store import Store
from processors.video.reading.losses.container_damage import structure_of
from processors.video.reading.streams import larger_stream
from processors.video.reading.video_reader import MustReadInOrder, VideoReader

NOTHING_TO_DO = "this file contains nothing that it could be made from"
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
    remade: Sequence[Manifest] = (),
) -> list[Outcome]:
    """Make every due result of one source in one pass over its file, and commit them.

    Another pass follows only for results that depend on results of the first. A damaged video is read a second time,
    in packet order.

    A `MediaError`, or a bug in a processor or a reader, becomes the stored result of the affected processors.

    Parameters
    ----------
    memory_mb : MB that this process may fill; results of a photo that cannot fit are refused from its header.
    progress_file : file into which the position of the pass is written, see `pass_progress`.
    remade : manifests of due results whose files were damaged in the store. Where the same bytes are made again,
        such a manifest is kept: it says when and by what they were made first.

    Raises
    ------
    SourceChanged : the file is not the one that was hashed; nothing is committed.
    OSError : a fault of the machine; nothing is committed.
    MemoryError : too little memory for a processor or, unless `is_last_try`, for a decoder.
    """
    if any(processor.reads != "results" and not is_of_path(processor) for processor in due):
        file.check_bytes()
    with ExitStack() as kept:
        work = _Derivation(
            source=source,
            file=file,
            release=release,
            store=store,
            is_last_try=is_last_try,
            memory_mb=memory_mb,
            progress_file=progress_file,
            remade=remade,
            kept=kept,
        )
        return work.all(due)


@dataclasses.dataclass(kw_only=True)
class _Derivation:
    """Work on one source, stage by stage; the fields are the parameters of `derive`, and what lasts between stages."""

    source: Source
    file: SourceFile
    release: str
    store: Store
    is_last_try: bool
    memory_mb: int | None
    progress_file: Path | None
    remade: Sequence[Manifest]
    kept: ExitStack
    """Context that keeps the folders of the runs that wait."""
    waiting: list[ProcessorRun] = dataclasses.field(default_factory=list)
    """Runs that were fed in an earlier stage, and end in a later one, which makes their inputs."""

    def all(self, due: Sequence[Processor]) -> list[Outcome]:
        """Make and commit every due result that is not in the store yet."""
        there = {manifest.ref.key: manifest for manifest in already_made(due, self.source, self.store)}
        outcomes = [outcome_of(manifest) for manifest in there.values()]
        for stage in stages_of([p for p in due if result_key(p, *self.source.digests) not in there]):
            try:
                outcomes += self._run(stage, in_order=must_read_in_order(stage.begun, self.source, self.store))
            except MustReadInOrder:
                outcomes += self._run(stage, in_order=True)
        return outcomes

    def _run(self, stage: Stage, *, in_order: bool) -> list[Outcome]:
        """Run one stage, and commit the results that end in it; if it raises, it can be run again."""
        with ExitStack() as folders:
            scratch = folders.enter_context(self.store.scratch())
            reading = SourceReading(memory_mb=self.memory_mb, progress=PassProgress(self.progress_file))
            begun = [ProcessorRun(one, scratch / str(number), reading) for number, one in enumerate(stage.begun)]
            for one in begun:
                one.folder.mkdir()
                if one.processor in stage.ended:
                    self._give_inputs(one)
            _Pass(self.source, self.file, reading, in_order=in_order).run(begun)
            fed_before = [one for one in self.waiting if one.processor in stage.ended]
            for one in fed_before:
                self._give_inputs(one)
            ended = [*(one for one in begun if one.processor in stage.ended), *fed_before]
            for one in ended:
                if one.takes_inputs_at_finish:
                    one.finish()
            self.file.check_unchanged()
            if not self.is_last_try and any(one.fault and one.fault.lacks_memory for one in (*begun, *ended)):
                raise MemoryError
            self.waiting = [one for one in (*self.waiting, *begun) if one not in ended]
            if not set(begun) <= set(ended):
                self.kept.enter_context(folders.pop_all())
            with ThreadPoolExecutor(COMMITTED_AT_ONCE) as threads:
                return list(threads.map(self._commit, ended))

    def _give_inputs(self, one: ProcessorRun) -> None:
        """Look up the results that it uses; if one was not made, that is the reason, whatever else went wrong."""
        try:
            one.used = stored_inputs(one.processor, self.source, self.store)
        except Exception as error:  # noqa: BLE001 - a record of another version: the fault of this result alone
            one.fault = fault_of(error)

    def _commit(self, one: ProcessorRun) -> Outcome:
        reading = one.reading
        damage = reading.damage.get(one.processor.reads) or one.damage
        if not one.fault and not one.items:
            nothing = (
                DamagedMedia(f"produced nothing: {damage}")
                if damage
                else RefusedMedia("produced nothing", NOTHING_TO_DO)
            )
            one.fault = fault_of(nothing)
        if one.fault:
            for path in one.folder.rglob("*"):
                if path.is_file():
                    path.unlink()
            one.items.clear()
        read = reading.seconds.get(one.processor.reads, 0.0)
        manifest = result_manifest(
            one.processor,
            self.source,
            self.release,
            one.fault,
            reading.elapsed_seconds,
            reading.started,
            items=tuple(one.items),
            source_facts=reading.facts.get(one.processor.reads),
            cost=Cost(reading_seconds=round(read, 6), own_seconds=round(one.seconds, 6)),
            damage=damage,
            made_without=tuple(one.used.not_made) if one.used else (),
        )
        first = next((before for before in self.remade if has_same_bytes(before, manifest)), manifest)
        self.store.commit(one.folder, first)
        return dataclasses.replace(outcome_of(manifest), advice=None if one.fault else one.advice)


class _Pass:
    """One pass over a source, which feeds processors."""

    def __init__(self, source: Source, file: SourceFile, reading: SourceReading, *, in_order: bool) -> None:
        self._source, self._file, self._reading, self._in_order = source, file, reading, in_order

    def run(self, work: list[ProcessorRun]) -> None:
        """Run the processors; those that need only results run in another thread during the pass.

        Raises
        ------
        MustReadInOrder : the video must be read again, `in_order`.
        """
        by_unit: dict[Reads, list[ProcessorRun]] = {
            unit: [one for one in work if one.processor.reads == unit and one.is_active] for unit in UNITS
        }
        with ThreadPoolExecutor(1) as beside:
            decided = beside.submit(_make, by_unit["results"], None)
            _make(by_unit["file"], OpenSource(source=self._source, file=self._file))
            self._run_medium(by_unit)
            decided.result()

    def _run_medium(self, by_unit: dict[Reads, list[ProcessorRun]]) -> None:
        medium, video, audio, photo = self._source.medium, by_unit["video"], by_unit["audio"], by_unit["photo"]
        if medium == "photo" and photo:
            with _blamed_on(photo):
                self._run_photo(photo)
        elif medium == "audio" and audio:
            with _blamed_on(audio):
                self._run_audio(audio)
        elif medium == "video" and (video or audio):
            with _blamed_on(video + audio):
                self._run_video(video, audio)

    def _run_photo(self, work: list[ProcessorRun]) -> None:
        reading, memory_mb = self._reading, self._reading.memory_mb
        with self._file.open() as opened:
            with reading.clock("photo"):
                reader = PhotoReader(opened, described_image(self._source, self._file))
            fits = None if memory_mb is None else functools.partial(reader.refuse_unless_it_fits, memory_mb=memory_mb)
            _needs(work, reader.info, fits)
            reading.facts["photo"] = as_json(reader.report())
            if _is_any_active(work):
                try:
                    with reading.clock("photo"):
                        photo = reader.photo()
                finally:
                    reading.facts["photo"] = as_json(reader.report())
                _make(work, photo)
                reading.damage["photo"] = reader.damage

    def _run_audio(self, work: list[ProcessorRun]) -> None:
        sound = FileReader(self._file, self._source.format)
        _start(work, self._identified(sound.info))
        if _is_any_active(work):
            for block in self._reading.each("audio", sound.blocks(), sound.info.rate_hz):
                _feed(work, block)
            _keep_report(sound, "audio", self._reading)
            _finish(work)

    def _identified(self, info: AudioInfo) -> AudioInfo:
        return dataclasses.replace(info, source_sha256=self._source.digest)

    def _run_video(self, video_work: list[ProcessorRun], audio_work: list[ProcessorRun]) -> None:
        """Decode video and audio of one container together in a single pass over its packets."""
        with ExitStack() as stack:
            container = stack.enter_context(open_container(stack.enter_context(self._file.open())))
            lanes: list[_Lane] = []
            for stream, work in _by_stream(video_work, container).items():
                own = self._reading if stream is None else self._reading.apart(work)
                if (pictures := self._pictures(container, stream, work, own)) and _is_any_active(work):
                    lanes.append(_Lane(pictures, "video", work, own))
            if audio_work and (sound := self._sound(container, audio_work)) and _is_any_active(audio_work):
                lanes.append(_Lane(sound, "audio", audio_work, self._reading))
            if not lanes:
                return
            for packet in packets_of(container, [lane.reader.stream for lane in lanes]):
                for lane in lanes:
                    if packet.stream.index == lane.reader.stream.index:
                        lane.feed(lane.reader.decode(packet))
            for lane in lanes:
                lane.end()

    def _sound(self, container: InputContainer, work: list[ProcessorRun]) -> StreamReader | None:
        """Return the reader of a video's sound with its sessions started; None if it cannot be read."""
        sound = None
        with _blamed_on(work):
            sound = sound_reader(self._file, container)
            file, form = self._file, self._source.format
            sound.tally.cut_off_because = look_at(file, form).cut_off_because or too_short_because(file, form)
        if sound:
            _start(work, self._identified(sound.info))
        return sound

    def _pictures(
        self, container: InputContainer, stream: int | None, work: list[ProcessorRun], reading: SourceReading
    ) -> VideoReader | None:
        """Return the reader of a video stream with its sessions started; None if it cannot be read."""
        pictures = None
        with (
            _blamed_on(work),
            reading.clock("video"),
            self._file.open() as opened,
            open_container(opened) as second_opening,
        ):
            pictures = VideoReader(
                container,
                second_opening,
                source_digest=self._source.digest,
                stream_index=stream,
                in_order=self._in_order,
                structure=structure_of(self._file, self._source.format),
            )
        if pictures:
            pictures.want(_start(work, with_sound(pictures.info, self._file)))
        return pictures


def _make(work: Sequence[ProcessorRun], given: OpenSource | Photo | None) -> None:
    """Run the processors that get all of their input at once."""
    for one in work:
        one.make(given)


def _by_stream(work: Sequence[ProcessorRun], container: InputContainer) -> dict[int | None, list[ProcessorRun]]:
    """Return the processors by the index of their video stream, each group for one reader in the same pass.

    None stands for the stream that players show: also for those that want the largest, if none is larger.
    """
    found: dict[int | None, list[ProcessorRun]] = {}
    for one in work:
        wants_largest = getattr(one.processor, "stream", None) == "largest"
        found.setdefault(larger_stream(container) if wants_largest else None, []).append(one)
    return found


@contextmanager
def _blamed_on(work: Sequence[ProcessorRun]) -> Iterator[list[Failure]]:
    """Record an unreadable file, or a reader's bug, as the fault of these results and of no others.

    Yields a list which then holds that fault.
    """
    faults: list[Failure] = []
    try:
        yield faults
    except MustReadInOrder:
        raise
    except Exception as error:  # noqa: BLE001 - outermost edge of a reader
        faults.append(fault_of(error))
        for one in work:
            one.fault = one.fault or faults[0]


class _Lane:
    """Video or audio of a container: its reader and the processors it feeds. A fault stays in its own lane."""

    def __init__(
        self, reader: VideoReader | StreamReader, unit: Reads, work: list[ProcessorRun], reading: SourceReading
    ) -> None:
        self.reader = reader
        self._unit: Reads = unit
        self._work, self._reading = work, reading
        self._rate_hz = None if isinstance(reader, VideoReader) else reader.info.rate_hz
        self._is_broken = False
        """True once the reader has failed: it is not called again."""

    def feed(self, units: Iterable[Any]) -> None:
        """Feed what the reader decodes to all processors."""
        if not self._is_broken:
            with _blamed_on(self._work) as faults:
                for unit in self._reading.each(self._unit, units, self._rate_hz):
                    _feed(self._work, unit)
            self._is_broken = bool(faults)

    def end(self) -> None:
        """Drain the reader, keep its report and finish its sessions."""
        self.feed(self.reader.flush())
        if not self._is_broken:
            with _blamed_on(self._work):
                _keep_report(self.reader, self._unit, self._reading)
        _finish(self._work)


def _keep_report(reader: VideoReader | StreamReader | FileReader, unit: Reads, reading: SourceReading) -> None:
    report = reader.report()
    reading.facts[unit] = as_json(report)
    reading.damage[unit] = report.damage


def _is_any_active(work: Sequence[ProcessorRun]) -> bool:
    """Return whether anything is left to read a source for."""
    return any(one.is_active for one in work)


def _needs(work: Sequence[ProcessorRun], info: Any, check: Callable[[Need], None] | None = None) -> list[Need]:
    """Return the needs of the processors; one that refuses the source, or whose need the check refuses, has none."""
    needs: list[Need] = []
    for one in work:
        with one.timed(), _blamed_on([one]):
            need = need_of(one.processor, one.informed(info))
            if check:
                check(need)
            needs.append(need)
    return needs


def _start(work: Sequence[ProcessorRun], info: Any) -> list[Need]:
    """Start every session, and return the needs; one that refuses to start gets no units."""
    needs = _needs(work, info)
    for one in work:
        if not one.is_active:
            continue
        with one.timed(), _blamed_on([one]):
            one.session = cast(Streamed, one.processor).start(one.informed(info), one.folder)
    return needs


def _feed(work: Sequence[ProcessorRun], unit: Any) -> None:
    for one in work:
        if not one.is_active:
            continue
        assert one.session is not None
        one.take(functools.partial(one.session.feed, unit))


def _finish(work: Sequence[ProcessorRun]) -> None:
    """Finish the sessions, except those that take their inputs now: these may not exist yet."""
    for one in work:
        if not one.takes_inputs_at_finish:
            one.finish()
