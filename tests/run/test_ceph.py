"""A real server of another make: releases and store in buckets of Ceph's gateway."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import boto3
import pytest

from processors.errors import RequestError, StoreError
from processors.packs.archive.verify_pack import verify_pack
from processors.store.bucket.bucket import Bucket
from processors.store.bucket.bucket_claims import BucketClaims
from processors.store.bucket.s3_errors import VERSIONED
from processors.store.open_store import open_store
from processors.store.store import Store
from tests.helpers.buckets import use_server
from tests.helpers.command import PROJECT
from tests.helpers.made_media import MediaMaker
from tests.helpers.pack_store import filled, make_pack
from tests.helpers.runs import counts, ingest

SCRIPT = PROJECT.parent / "shared/s3/ceph-rgw"
KEY, SECRET = "testing", "testing-secret"


@pytest.fixture(scope="module")
def ceph() -> Iterator[str]:
    """The address of Ceph's gateway, which is unpacked once and kept in the folder for temporary files."""
    if not SCRIPT.exists() or shutil.which("apt-get") is None:
        pytest.skip(f"needs {SCRIPT} and apt-get")
    folder = Path(tempfile.gettempdir()) / "marsmedia-ceph"
    started = subprocess.run([SCRIPT, "start", folder], capture_output=True, text=True, check=False, timeout=600)
    if started.returncode != 0:
        pytest.skip(f"Ceph's gateway did not start: {started.stderr[-200:]}")
    try:
        yield started.stdout.split()[-1]
    finally:
        subprocess.run([SCRIPT, "stop", folder], check=False, timeout=60)


@pytest.fixture
def ceph_bucket(ceph: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    use_server(monkeypatch, ceph)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    client = boto3.client(
        "s3", endpoint_url=ceph, aws_access_key_id=KEY, aws_secret_access_key=SECRET, region_name="us-east-1"
    )
    name = f"mars-{uuid.uuid4().hex}"
    client.create_bucket(Bucket=name)
    return name


@pytest.mark.slow
def test_releases_and_store_on_ceph_give_what_a_folder_gives(
    raw: Path, maker: MediaMaker, ceph_bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    maker.video("clip.mp4", list(range(30)), sound_hz=440.0)
    maker.photo("火星 #1.jpg")
    for path in (raw / "june").iterdir():
        Bucket(f"s3://{ceph_bucket}").put(f"raw/june/{path.name}", path)
    alone = ingest(raw, tmp_path / "folder")
    address = f"s3://{ceph_bucket}/mars"
    shared = ingest(f"s3://{ceph_bucket}/raw", address)  # type: ignore[arg-type]
    assert counts(shared) == counts(alone)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "another machine"))
    there, folder = open_store(address, writes=False), Store(tmp_path / "folder")
    for manifest in folder.manifests():
        for item in manifest.items:
            with there.open_item(manifest.ref, item.name) as one, folder.open_item(manifest.ref, item.name) as other:
                assert one.read() == other.read()
    assert ingest(f"s3://{ceph_bucket}/raw", address).results.due == 0  # type: ignore[arg-type]


@pytest.mark.slow
def test_a_pack_on_ceph_has_the_bytes_of_one_on_a_disk(ceph_bucket: str, tmp_path: Path) -> None:
    made = filled(tmp_path)
    for name in ("june", "june.zip"):
        address = f"s3://{ceph_bucket}/packs/{name}"
        make_pack(made, tmp_path / name)
        assert not make_pack(made, address).is_unchanged
        assert verify_pack(address) == verify_pack(tmp_path / name)
        assert make_pack(made, address).is_unchanged
        with pytest.raises(RequestError, match="already"):
            make_pack(made, address, take=("stills",))


@pytest.mark.slow
def test_a_versioned_bucket_of_ceph_is_refused_for_its_versions(ceph: str, ceph_bucket: str) -> None:
    """Ceph 16.2 ignores the condition in such a bucket alone."""
    client = boto3.client(
        "s3", endpoint_url=ceph, aws_access_key_id=KEY, aws_secret_access_key=SECRET, region_name="us-east-1"
    )
    client.put_bucket_versioning(Bucket=ceph_bucket, VersioningConfiguration={"Status": "Enabled"})
    with pytest.raises(StoreError) as refused:
        open_store(f"s3://{ceph_bucket}/mars")
    assert str(refused.value) == f"s3://{ceph_bucket}/mars: {VERSIONED}"
    client.put_bucket_versioning(Bucket=ceph_bucket, VersioningConfiguration={"Status": "Suspended"})
    with pytest.raises(StoreError, match="use a bucket that never had versions"):
        open_store(f"s3://{ceph_bucket}/mars")


@pytest.mark.slow
def test_a_claim_on_ceph_has_one_holder(ceph_bucket: str) -> None:
    machines = [BucketClaims(Bucket(f"s3://{ceph_bucket}/mars")) for _ in range(3)]
    for one in machines:
        one.join(b"a machine")
    with ThreadPoolExecutor(12) as pool:
        won = list(pool.map(lambda number: machines[number % 3].claim("ab" * 32), range(12)))
    for one in machines:
        one.leave()
    assert sum(claim is not None for claim in won) == 1
