"""Packets in any order: which of them a wanted frame needs, and how much work it is to tell."""

from __future__ import annotations

from array import array

import av
import numpy as np

from processors.video.reading.decoders import Decoded
from processors.video.reading.times.frame_times import FrameTimes
from processors.video.reading.times.packet_index import PacketIndex
from tests.helpers.made_media import numbered


class Counted(array):  # type: ignore[type-arg]
    """Numbers that count how often one of them is looked up."""

    looked_up = 0

    def __getitem__(self, place):  # type: ignore[no-untyped-def]
        self.looked_up += 1
        return super().__getitem__(place)


def index_of(pts: list[int], is_keyframe: list[bool], is_shown: list[bool] | None = None) -> PacketIndex:
    shown = is_shown or [True] * len(pts)
    return PacketIndex(
        pts=Counted("q", pts),
        is_keyframe=bytearray(is_keyframe),
        is_shown=bytearray(shown),
        shown_pts=Counted("q", sorted(time for time, one in zip(pts, shown, strict=True) if one)),
    )


def needed_by_definition(index: PacketIndex, wanted: set[int]) -> list[int]:
    """From the last keyframe that is before the frame in the file and in time, to the frame."""
    needed = set[int]()
    for position, pts in enumerate(index.pts):
        if pts in wanted and index.is_shown[position]:
            before = [at for at in range(position + 1) if index.is_keyframe[at] and index.pts[at] <= pts]
            needed.update(range(before[-1] if before else 0, position + 1))
    return [position in needed for position in range(len(index.pts))]


def test_in_any_order_of_packets_the_same_ones_are_needed_as_by_definition() -> None:
    rng = np.random.default_rng(6)
    for _ in range(300):
        count = int(rng.integers(1, 30))
        pts = rng.integers(0, 20, count).tolist()
        index = index_of(pts, (rng.random(count) < 0.4).tolist(), (rng.random(count) < 0.8).tolist())
        wanted = set(rng.integers(0, 20, 4).tolist())
        assert [bool(one) for one in index.packets_for(wanted)] == needed_by_definition(index, wanted)


def test_keyframes_that_all_come_before_earlier_pictures_cost_no_search_for_each_picture() -> None:
    count = 3000
    pts = [*range(count, 2 * count), *range(count)]
    index = index_of(pts, [True] * count + [False] * count)
    assert bytes(index.packets_for(set(range(count)))) == b"\1" * (2 * count)
    assert isinstance(index.pts, Counted)
    assert index.pts.looked_up <= 100 * count


def test_pictures_of_one_time_cost_no_search_for_each_of_them() -> None:
    count = 3000
    index = index_of([7] * count, [True] * count)
    times = FrameTimes(index, None, "mpeg4")
    frame = av.VideoFrame.from_ndarray(numbered(0), format="rgb24")
    frame.pts = 7
    for _ in range(count - 1):
        next(iter(times.of(Decoded(frame, is_corrupt=False))))
    assert times.absent() == [7]
    assert isinstance(index.shown_pts, Counted)
    assert index.shown_pts.looked_up <= 100 * count
