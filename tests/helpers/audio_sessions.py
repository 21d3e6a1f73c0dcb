"""Runs audio processors on samples or files as `derive` does, without a store."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import numpy as np
import soundfile

from processors.audio.reading.audio_info import AudioInfo
from processors.audio.reading.audio_reader import FileReader
from processors.audio.reading.block import AudioBlock
from processors.contract import Inputs, Item, OneShot, OpenSource, Processor, Source, Streamed, inputs_of, need_of
from processors.errors import ResultMissing
from processors.json_records import as_json, from_json
from processors.sources.source_file import SourceFile


@dataclass(frozen=True)
class Result:
    """What a processor made, in a folder of its own."""

    folder: Path
    items: dict[str, Item]

    def path(self, name: str) -> Path:
        if name not in self.items:
            raise ResultMissing(f"has no item {name!r}")
        return self.folder / name

    def facts(self, name: str, kind: type[Any] | None = None) -> Any:
        """As they are stored; as a record of the given kind."""
        facts = as_json(self.items[name].facts)
        return from_json(kind, facts) if kind else facts


class Bench:
    """One sound, on which processors run; what they use is made first, once."""

    def __init__(
        self,
        folder: Path,
        samples: np.ndarray,
        rate_hz: int = 48000,
        *,
        blocks: int = 1,
        codec: str = "pcm_16",
        start: Fraction = Fraction(0),
        name: str = "sound.wav",
    ) -> None:
        self._name = name
        self._folder, self.samples, self._blocks = folder, np.atleast_2d(samples).astype(np.float32), blocks
        self._info = AudioInfo(
            codec=codec,
            rate_hz=rate_hz,
            channel_count=len(self.samples),
            sample_count_from_header=None,
            start=start,
            decoder="test",
        )
        self._is_rounded = False
        self._made: dict[Processor, Result] = {}

    @classmethod
    def of(cls, folder: Path, path: Path, file_format: str) -> Bench:
        reader = FileReader(SourceFile.at(path), file_format)
        blocks = list(reader.blocks())
        samples = np.concatenate([block.samples for block in blocks], axis=1)
        bench = cls(folder, samples, reader.info.rate_hz, start=reader.info.start, name=path.name)
        bench._is_rounded = any(block.is_rounded for block in blocks)
        bench._info = replace(reader.info)
        return bench

    def run(self, processor: Processor) -> Result:
        if processor not in self._made:
            used = {other.name: self.run(other) for other in inputs_of(processor)}
            folder = self._folder / f"{len(self._made):02d}-{processor.name}"
            folder.mkdir(parents=True)
            info: Any = self._info if processor.reads == "audio" else None
            if processor.reads == "file":
                info = self._as_file(folder)
            if used:
                info = Inputs(info=info, results=used, source_facts={})
            need_of(processor, info)
            self._made[processor] = Result(folder, self._items(processor, info, folder))
        return self._made[processor]

    def _as_file(self, folder: Path) -> OpenSource:
        """The sound as a WAV file."""
        path = folder / "sound.wav"
        soundfile.write(path, self.samples.T, self._info.rate_hz)
        file = SourceFile.at(path)
        return OpenSource(
            source=Source(
                digest="0" * 64,
                size_bytes=file.size_bytes,
                name=self._name,
                medium="audio",
                format="wav",
                has_sound=True,
            ),
            file=file,
        )

    def _items(self, processor: Processor, info: Any, folder: Path) -> dict[str, Item]:
        items, first = list[Item](), 0
        if processor.reads == "audio":
            session = cast(Streamed, processor).start(info, folder)
            for block in np.array_split(self.samples, self._blocks, axis=1):
                items += session.feed(AudioBlock(samples=block, first_sample=first, is_rounded=self._is_rounded)) or ()
                first += block.shape[1]
            items += session.finish()
        else:
            items += cast(OneShot, processor).items(info, folder)
        for item in items:
            if item.data is not None:
                path = folder / item.name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(item.data)
        return {item.name: item for item in items}
