"""A laptop with a folder, and a cluster with a bucket of which a worker is killed, make the same bytes."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import threading
from collections.abc import Mapping
from pathlib import Path
from zipfile import ZipFile

import pytest

from flows.run.build_pack import build_pack, recipe_of
from flows.run.recipe_changes.load_recipes import load_recipes
from processors.store.open_store import open_store
from processors.store.store import Store
from tests.helpers.buckets import proxy_before
from tests.helpers.runs import counts, ingest
from tests.run.test_dask import Cluster

RECORDS = re.compile(r"ro-crate-metadata\.json|premis\.xml|pds4-.*\.xml|(tag)?manifest-sha(256|512)\.txt")
"""Files of a pack that say when each result was made, or hold the digests of those that do."""
DIGEST_LINE = re.compile(rb"(?:[0-9a-f]{64}|[0-9a-f]{128})  \S.*")
LABELLING = re.compile(rb"labels-[0-9a-f]{16}")
"""Name of the event by which a pack wrote its labels, from their digests."""
TIME = re.compile(rb"\d{4}-?\d\d-?\d\dT[0-9:.]+(?:Z|\+00:00)")


def items(store: Store) -> dict[tuple[str, str], str]:
    """The SHA-256 of every item, hashed from what the store gives."""
    return {
        (str(manifest.ref), item.name): hashlib.sha256(store.open_item(manifest.ref, item.name).read()).hexdigest()
        for manifest in store.manifests()
        for item in manifest.items
    }


def outcomes(store: Store) -> dict[str, tuple[str, str | None]]:
    return {str(manifest.ref): (manifest.verdict, manifest.reason) for manifest in store.manifests()}


def pack(store: Store, output: Path, recipe: Path) -> dict[str, bytes]:
    """Every file in a pack of everything, by name."""
    build_pack(recipe_of([str(recipe)]), output, store)
    with ZipFile(output) as archive:
        return {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}


def without_times(name: str, files: Mapping[str, bytes], apart: set[str]) -> bytes:
    """Return a record of a pack without times of making, and without the digests of files that differ."""
    names = {one.encode() for one in apart}
    lines = [TIME.sub(b"", line) for line in files[name].splitlines()]
    record = b"\n".join(
        line for line in lines if not DIGEST_LINE.fullmatch(line) or line.partition(b"  ")[2] not in names
    )
    for one in apart:
        record = record.replace(hashlib.sha256(files[one]).hexdigest().encode(), one.encode())
    return LABELLING.sub(b"", record)


WHOLE = "MARSMEDIA_WHOLE_RELEASE"
"""Environment variable with which the whole release of the samples is compared, not a part of it."""
PART = (
    "perseverance-descent.mp4",
    "SCAM_MIC_SOL001_RUN001.ogg",
    "zhurong.jpg",
    "1N491020376ILFCNY9P0706L0M1.IMG",
    "edl-microphone/mic_00000170_000_000000.wav",
    "edl-microphone/mic_00000170_000_000000.xml",
)
"""Files of the samples' release: video, sound, photo, an image of an archive, and a sound with its label."""


@pytest.fixture(params=["made", "real"])
def release(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The built-in sample; and files of the samples as agencies released them."""
    if request.param == "made":
        return request.getfixturevalue("sample_release")
    real = request.getfixturevalue("samples") / "release"
    if WHOLE in os.environ:
        return real
    for name in PART:
        (tmp_path / "raw/release" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(real / name, tmp_path / "raw/release" / name)
    return tmp_path / "raw"


@pytest.mark.slow
def test_a_cluster_with_a_bucket_makes_the_bytes_of_a_laptop_with_a_folder(
    release: Path, bucket: str, bucket_server: str, tmp_path: Path, python_path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipes, address = load_recipes("light"), f"s3://{bucket}/mars"
    alone = ingest(release, tmp_path / "folder", recipes)
    killed = threading.Event()
    with proxy_before(bucket_server) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.endpoint)
        cluster = Cluster(tmp_path, {**os.environ, "PYTHONPATH": python_path})

        def kill(request: str) -> None:
            if "/mars/data/" in request and not killed.is_set():
                killed.set()
                cluster.workers[0].kill()

        proxy.meet = kill
        try:
            for name in ("one machine", "another machine"):
                cluster.environment["XDG_CACHE_HOME"] = str(tmp_path / name)
                cluster.start_worker("--no-nanny")
            cluster.wait_for_workers(2)
            shared = ingest(release, address, recipes, runner="dask", scheduler=cluster.address)
        finally:
            cluster.close()
        assert killed.is_set()
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "a third machine"))
        folder, there = Store(tmp_path / "folder"), open_store(address, writes=False)
        assert counts(shared) == counts(alone)
        assert outcomes(there) == outcomes(folder)
        assert items(there) == items(folder)
        for audience in ("archive", "internal"):
            recipe = tmp_path / f"{audience}.toml"
            recipe.write_text(f'title = "All"\nselection = ["*"]\naudience = "{audience}"\ndate = 2026-01-01\n')
            ours, theirs = (
                pack(store, tmp_path / f"{name}-{audience}.zip", recipe)
                for name, store in (("ours", folder), ("theirs", there))
            )
            assert ours.keys() == theirs.keys()
            apart = {name for name in ours if ours[name] != theirs[name]}
            assert [name for name in apart if not RECORDS.fullmatch(name.rpartition("/")[2])] == []
            for name in apart:
                assert without_times(name, ours, apart) == without_times(name, theirs, apart), (name, "not only times")
            assert len(ours) > 10
            assert ours["bag-info.txt"] == theirs["bag-info.txt"], "the same identifier: that of the same content"
        pack(there, tmp_path / "again.zip", recipe)
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "a fourth machine"))
        pack(open_store(address, writes=False), tmp_path / "elsewhere.zip", recipe)
        packs = {(tmp_path / f"{name}.zip").read_bytes() for name in ("theirs-internal", "again", "elsewhere")}
        assert len(packs) == 1, "the same store gives the same pack on every machine"
