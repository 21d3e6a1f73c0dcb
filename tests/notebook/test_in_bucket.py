"""`import marsmedia` over a store in a bucket: what is read is copied to this machine."""

from __future__ import annotations

from pathlib import Path

import pytest

import marsmedia
from marsmedia import RequestError
from tests.helpers.made_media import MediaMaker
from tests.helpers.runs import ingest


def test_a_store_in_a_bucket_opens_as_one_in_a_folder(
    raw: Path, maker: MediaMaker, bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    maker.video("clip.mp4", list(range(40)))
    maker.photo("photo.jpg")
    ingest(raw, tmp_path / "store")
    ingest(raw, f"s3://{bucket}/mars")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "another machine"))
    folder, there = marsmedia.open(tmp_path / "store"), marsmedia.open(f"s3://{bucket}/mars")
    assert [one.sha256 for one in there.sources()] == [one.sha256 for one in folder.sources()]
    here, away = folder.source("clip.mp4"), there.source("clip.mp4")
    assert away.frames.drop(columns="path").equals(here.frames.drop(columns="path"))
    for one, other in zip(away.frames["path"], here.frames["path"], strict=True):
        assert Path(one).read_bytes() == Path(other).read_bytes()
    one, other = there.source("photo.jpg").photo("photo.preview"), folder.source("photo.jpg").photo("photo.preview")
    assert one.tobytes() == other.tobytes()


def test_a_place_without_a_store_is_refused(bucket: str) -> None:
    with pytest.raises(RequestError, match="no store found at s3://"):
        marsmedia.open(f"s3://{bucket}/nothing")
