"""A pack in a bucket is verified where it is, as a folder and as a zip."""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from flows.cli.main import main
from processors.errors import RequestError, StoreError
from processors.packs.archive.bagit import ALGORITHMS, DECLARATION
from processors.packs.archive.verify_pack import PackFault, verify_pack
from tests.helpers.buckets import client

PAYLOAD = {
    "data/photo.jpg": b"a photo",
    "data/empty.txt": b"",
    "data/车辙 100% #1 + [x].jpg": b"wheel tracks",
    "data/large.bin": bytes(3_000_000),
}


def pack() -> dict[str, bytes]:
    """A bag by the letter, with names that are hard for a bucket."""
    files = {**PAYLOAD, "bagit.txt": DECLARATION}
    size = sum(map(len, PAYLOAD.values()))
    files["bag-info.txt"] = f"Payload-Oxum: {size}.{len(PAYLOAD)}\n".encode()
    for kind, named in (("manifest", list(PAYLOAD)), ("tagmanifest", ["bagit.txt", "bag-info.txt"])):
        for algorithm in ALGORITHMS:
            lines = (f"{hashlib.new(algorithm, files[name]).hexdigest()}  {name}\n" for name in named)
            files[f"{kind}-{algorithm}.txt"] = "".join(lines).encode()
        named_too = [f"manifest-{algorithm}.txt" for algorithm in ALGORITHMS]
    for algorithm in ALGORITHMS:
        lines = (f"{hashlib.new(algorithm, files[name]).hexdigest()}  {name}\n" for name in named_too)
        files[f"tagmanifest-{algorithm}.txt"] += "".join(lines).encode()
    return files


def zipped(files: dict[str, bytes]) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(f"june/{name}", data)
    return written.getvalue()


@pytest.fixture
def put(bucket: str, bucket_server: str):
    server = client(bucket_server)
    return lambda name, data: server.put_object(Bucket=bucket, Key=name, Body=data)


def test_a_whole_pack_has_no_fault(bucket: str, put, tmp_path: Path) -> None:
    files = pack()
    for name, data in files.items():
        put(f"packs/june/{name}", data)
    put("packs/june.zip", zipped(files))
    for name, data in files.items():
        (tmp_path / "june" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "june" / name).write_bytes(data)
    here = verify_pack(tmp_path / "june")
    assert here.faults == ()
    assert verify_pack(f"s3://{bucket}/packs/june") == here
    assert verify_pack(f"s3://{bucket}/packs/june.zip") == here


def test_faults_are_named(bucket: str, put) -> None:
    files = pack()
    changed = {**files, "data/photo.jpg": b"another", "data/extra.txt": b"extra"}
    del changed["data/empty.txt"]
    for name, data in changed.items():
        put(f"packs/june/{name}", data)
    put("packs/june.zip", zipped(changed))
    for place in (f"s3://{bucket}/packs/june", f"s3://{bucket}/packs/june.zip"):
        found = {(fault.kind, fault.path) for fault in verify_pack(place).faults}
        assert {("changed", "data/photo.jpg"), ("missing", "data/empty.txt"), ("extra", "data/extra.txt")} <= found
        assert all(isinstance(fault, PackFault) for fault in verify_pack(place).faults)
    result = CliRunner().invoke(main, ["pack", "verify", f"s3://{bucket}/packs/june"])
    assert result.exit_code == 1
    assert "changed: data/photo.jpg" in result.output


def test_a_place_that_is_no_pack_is_reported(bucket: str, put) -> None:
    put("packs/text.txt", b"no zip")
    with pytest.raises(RequestError, match=r"text\.txt: neither a folder nor a readable zip"):
        verify_pack(f"s3://{bucket}/packs/text.txt")
    with pytest.raises(RequestError, match=r"none: no such pack$"):
        verify_pack(f"s3://{bucket}/packs/none")
    with pytest.raises(RequestError, match="not a pack"):
        verify_pack(f"s3://{bucket}/packs")
    with pytest.raises(StoreError, match="no such bucket; create it, or choose another one"):
        verify_pack("s3://never-made/june")
