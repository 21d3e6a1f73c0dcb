"""Costs are expected from results of sources of about the same decoded size, and scale with a fixed part."""

from __future__ import annotations

import pytest

from processors.store.catalogue.cost_curve import NEIGHBOURS, CostCurve, decoded_size


def test_a_size_among_many_has_the_mean_cost_of_those_like_it() -> None:
    small = [(1.0, 3.0 + number) for number in range(NEIGHBOURS)]
    large = [(100.0, 20.0)] * NEIGHBOURS
    curve = CostCurve([*small, *large], knee=1.0)
    assert curve.at(1.0) == pytest.approx(6.5)
    assert curve.at(100.0) == pytest.approx(20.0), "less than proportional, as the results of large sources are"
    assert curve.at(49.5) == pytest.approx(20.0 * 50.5 / 101)


def test_a_cost_beyond_all_known_sizes_keeps_its_fixed_part() -> None:
    curve = CostCurve([(1.0, 4.0)], knee=1.0)
    assert curve.at(0.0) == pytest.approx(2.0)
    assert curve.at(3.0) == pytest.approx(8.0)
    assert [curve.is_beyond(size) for size in (1.0, 7.0, 7.1)] == [False, False, True]


def test_the_decoded_size_is_that_of_what_is_read() -> None:
    told = {"size_bytes": 1_000_000, "duration_seconds": 60.0, "frame_pixels": 1920 * 1080}
    assert decoded_size("video", "video", **told) == pytest.approx(60 * 2.0736)
    assert decoded_size("video", "audio", **told) == 60.0
    assert decoded_size("audio", "audio", **{**told, "size_bytes": 80}) == 10.0, "a header that claims too much"
    assert decoded_size("photo", "photo", **told) == pytest.approx(2.0736)
    assert decoded_size("photo", "photo", **{**told, "frame_pixels": None}) == pytest.approx(2.0)
    assert decoded_size("photo", "file", **told) == 0.0, "its header"


def test_a_header_that_claims_more_pixels_than_its_bytes_can_hold_is_not_believed() -> None:
    told = {"size_bytes": 44, "duration_seconds": 60.0, "frame_pixels": 65535 * 66601}
    assert decoded_size("photo", "photo", **told) == pytest.approx(0.44)
    assert decoded_size("video", "video", **told) == pytest.approx(0.44)
