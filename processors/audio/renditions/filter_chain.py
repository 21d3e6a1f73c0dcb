"""Declared chain of FFmpeg filters, fed run by run."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import av
import av.error
import av.filter
import numpy as np

from processors.audio.av_frames import FORMAT, audio_frame, samples_of
from processors.decoding.open_media import decoder_errors


def graph_of(filters: Sequence[str], *, rate_hz: int, layout: str) -> av.filter.Graph:
    """Return a graph that takes frames of `FORMAT` through filters, each in FFmpeg's syntax (`highpass=f=20`)."""
    graph = av.filter.Graph()
    form = {"sample_rate": str(rate_hz), "sample_fmt": FORMAT, "channel_layout": layout, "time_base": f"1/{rate_hz}"}
    nodes = [graph.add("abuffer", **form)]
    for one in (*filters, "abuffersink"):
        name, _, arguments = one.partition("=")
        nodes.append(graph.add(name, arguments or None))
    for before, after in itertools.pairwise(nodes):
        before.link_to(after)
    graph.configure()
    return graph


def pulled(graph: av.filter.Graph) -> Iterator[av.AudioFrame]:
    """Yield the frames that are ready."""
    while True:
        try:
            frame = graph.pull()
        except (av.error.BlockingIOError, av.error.EOFError):
            return
        assert isinstance(frame, av.AudioFrame)
        yield frame


class Chain:
    """Filters in order, as of `graph_of`; output and input have the same number of samples."""

    def __init__(self, filters: tuple[str, ...], *, rate_hz: int, layout: str) -> None:
        self._rate_hz, self._layout, self._fed, self._given = rate_hz, layout, 0, 0
        last = (f"aresample={rate_hz}", f"aformat=sample_fmts={FORMAT}:channel_layouts={layout}")
        self._graph = graph_of((*filters, *last), rate_hz=rate_hz, layout=layout) if filters else None

    def add(self, samples: np.ndarray) -> Iterator[np.ndarray]:
        """Add samples: float32, shape (channels, samples); yield those that are ready."""
        self._fed += samples.shape[1]
        if self._graph is None:
            yield samples
            return
        first = self._fed - samples.shape[1]
        frame = audio_frame(samples, rate_hz=self._rate_hz, layout=self._layout, first_sample=first)
        yield from self._through(frame)

    def finish(self) -> Iterator[np.ndarray]:
        """Yield the samples still in the filters; zeros for those that the filters drop."""
        if self._graph is None:
            return
        yield from self._through(None)
        if self._given < self._fed:
            channels = av.AudioLayout(self._layout).nb_channels
            yield np.zeros((channels, self._fed - self._given), np.float32)

    def _through(self, frame: av.AudioFrame | None) -> Iterator[np.ndarray]:
        assert self._graph is not None
        with decoder_errors("filtering sound"):
            self._graph.push(frame)
        for out in pulled(self._graph):
            samples = samples_of(out)[:, : self._fed - self._given]
            self._given += samples.shape[1]
            if samples.size:
                yield samples
