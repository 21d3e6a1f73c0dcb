"""A pack in a bucket has the bytes of one on a disk, or is not there; another one is never half replaced."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from flows.cli.main import main
from processors.errors import RequestError, StoreError
from processors.packs.archive.verify_pack import verify_pack
from processors.packs.recipe.pack_recipe import Highlight
from processors.store.bucket import bucket as bucket_module
from processors.store.bucket.bucket import BAD_SERVER, Bucket
from tests.helpers.buckets import SECRET, Fault, Proxy, client
from tests.helpers.pack_store import PackStore, evidence, filled, make_pack, picture


@pytest.fixture
def made(tmp_path: Path) -> PackStore:
    return filled(tmp_path)


@pytest.fixture
def photos(tmp_path: Path) -> PackStore:
    """Two photos that may be passed on."""
    made = PackStore(tmp_path)
    for number, name in enumerate(("a.jpg", "b.jpg")):
        photo = made.source(name, "photo", "jpeg", picture(64, 48, number))
        made.said(photo, evidence(name, redistribute=True))
        made.pictures(photo, "photo.preview", {"preview_1024.jpg": (64, 48)})
    return made


@pytest.fixture
def proxy(proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> Proxy:
    monkeypatch.setattr(bucket_module, "RETRIES", 2)
    return proxy


def objects(bucket: str, server: str) -> dict[str, bytes]:
    """Every object of a bucket."""
    s3 = client(server)
    listed = s3.list_objects_v2(Bucket=bucket).get("Contents", [])
    return {one["Key"]: s3.get_object(Bucket=bucket, Key=one["Key"])["Body"].read() for one in listed}


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


KINDS: dict[str, dict[str, Any]] = {
    "internal": {},
    "press": {"audience": "press", "selection": ("*.jpg",)},
    "public": {"audience": "public", "selection": ("*.jpg",)},
    "research": {"audience": "research"},
    "archive": {"audience": "archive"},
    "with a highlight": {"selection": ("*.jpg",), "highlight": Highlight(seconds_each=0.5, longest_side_px=160)},
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_pack_has_the_bytes_of_one_on_a_disk(
    photos: PackStore, bucket: str, bucket_server: str, tmp_path: Path, kind: str
) -> None:
    make_pack(photos, tmp_path / "june", **KINDS[kind])
    make_pack(photos, tmp_path / "june.zip", **KINDS[kind])
    here = verify_pack(tmp_path / "june")
    for name in ("june", "june.zip"):
        address = f"s3://{bucket}/packs/{name}"
        built = make_pack(photos, f"{address}/" if name == "june" else address, **KINDS[kind])
        assert (built.path, built.is_unchanged) == (address, False)
        assert verify_pack(address) == here
        assert make_pack(photos, address, force=name == "june", **KINDS[kind]).is_unchanged
    zipped = (tmp_path / "june.zip").read_bytes()
    assert objects(bucket, bucket_server) == {
        **{f"packs/june/{name}": data for name, data in files(tmp_path / "june").items()},
        "packs/june.zip": zipped,
        "packs/june.zip.sha256": f"{hashlib.sha256(zipped).hexdigest()}  june.zip\n".encode(),
    }
    assert here.faults == ()
    assert [*(tmp_path / "cache/marsmedia/packs").rglob("*.*")] == [], "nothing stays on this machine"


def test_the_requests_of_a_written_pack_are_those_that_the_server_counts(
    made: PackStore, photos: PackStore, bucket: str, proxy: Proxy, tmp_path: Path
) -> None:
    for name, sent in (("june", "june"), ("june.zip", "june.zip")):
        for force in (False, name.endswith(".zip")):
            proxy.asked.clear()
            built = make_pack(made, f"s3://{bucket}/{sent}", force=force)
            assert built.pack_traffic is not None
            assert built.pack_traffic.requests == len(proxy.asked) > 2
            assert (built.pack_traffic.sent_bytes > built.size_bytes / 2) is not built.is_unchanged
    proxy.asked.clear()
    replaced = make_pack(made, f"s3://{bucket}/june.zip", take=("stills",), force=True)
    assert replaced.pack_traffic is not None
    assert replaced.pack_traffic.requests == len(proxy.asked)
    assert make_pack(made, tmp_path / "june").pack_traffic is None


def test_another_pack_is_refused_and_only_a_zip_is_replaced(made: PackStore, bucket: str, bucket_server: str) -> None:
    folder, zipped = f"s3://{bucket}/june", f"s3://{bucket}/june.zip"
    for address in (folder, zipped):
        make_pack(made, address)
    before = objects(bucket, bucket_server)
    with pytest.raises(RequestError) as told:
        make_pack(made, zipped, take=("stills",))
    assert str(told.value) == (
        f"{zipped}: already exists with other bytes; choose another name, or replace it with --force"
    )
    for force in (False, True):
        with pytest.raises(RequestError) as told:
            make_pack(made, folder, take=("stills",), force=force)
        assert str(told.value) == (
            f"{folder}: already holds another pack, and a folder in a bucket cannot be replaced as a whole; "
            "choose another name"
        )
    assert objects(bucket, bucket_server) == before
    assert not make_pack(made, zipped, take=("stills",), force=True).is_unchanged
    assert verify_pack(zipped).faults == ()
    after = objects(bucket, bucket_server)
    assert len(after["june.zip"]) < len(before["june.zip"])
    assert after["june.zip.sha256"].startswith(hashlib.sha256(after["june.zip"]).hexdigest().encode())


def test_what_is_no_pack_is_never_replaced(made: PackStore, bucket: str, bucket_server: str) -> None:
    place = Bucket(f"s3://{bucket}/home")
    place.put("letter.txt", b"keep me")
    place.put("letters.zip", b"no zip")
    for force in (False, True):
        with pytest.raises(RequestError, match=r"home: already holds other objects; choose another name$"):
            make_pack(made, f"s3://{bucket}/home", force=force)
    with pytest.raises(RequestError, match=r"letters\.zip: already exists with other bytes; choose another name, or"):
        make_pack(made, f"s3://{bucket}/home/letters.zip")
    with pytest.raises(RequestError, match=r"exists and is not a marsmedia pack; --force does not replace it$"):
        make_pack(made, f"s3://{bucket}/home/letters.zip", force=True)
    make_pack(made, f"s3://{bucket}/pack")
    Bucket(f"s3://{bucket}/pack").put("data/letter.txt", b"keep me")
    with pytest.raises(RequestError, match=r"pack: holds data/letter\.txt, which is not of this pack"):
        make_pack(made, f"s3://{bucket}/pack")
    kept = objects(bucket, bucket_server)
    assert (kept["home/letter.txt"], kept["home/letters.zip"]) == (b"keep me", b"no zip")


def test_what_is_wrong_with_the_address_is_said_before_any_work(made: PackStore, bucket: str) -> None:
    for address, sentence in {
        f"s3://{bucket}/": f"s3://{bucket}/: not a pack's name; give -o s3://{bucket}/FOLDER or -o s3://{bucket}/FILE.zip",
        "s3://never-made/june.zip": "s3://never-made: no such bucket; create it, or choose another one",
        "s3://never-made/june": "s3://never-made/june: no such bucket; create it, or choose another one",
        "ftp://x/june": "ftp://x/june: not an address of a bucket; write s3://bucket/folder",
        f"s3://{bucket}/a//june": f"s3://{bucket}/a//june: not an address of a bucket; write s3://bucket/folder",
    }.items():
        with pytest.raises((RequestError, StoreError)) as told:
            make_pack(made, address, steps=lambda *_, **__: pytest.fail("work has begun"))
        assert str(told.value) == sentence


@pytest.mark.parametrize("fault", ["500", "503", "slow", "cut before", "cut after"])
def test_a_pack_outlives_faults_on_the_way(photos: PackStore, bucket: str, proxy: Proxy, fault: Fault) -> None:
    for name, number in (("june", 1), ("june.zip", 1), ("june.zip", 3)):
        address = f"s3://{bucket}/{number}/{name}"
        count_puts(proxy, number, lambda: proxy.will(fault, 1, only="PUT"))
        assert not make_pack(photos, address, take=("stills",)).is_unchanged
        assert proxy.left == 0
        assert verify_pack(address).faults == ()


def count_puts(proxy: Proxy, number: int, then: Any) -> None:
    """Do something before the server gets its PUT of this number, from 1."""
    left = [number]

    def meet(asked: str) -> None:
        if asked.startswith("PUT"):
            left[0] -= 1
            if left[0] == 0:
                then()

    proxy.meet = meet


@pytest.mark.parametrize(("name", "puts"), [("june", (2, 5)), ("june.zip", (1, 3))])
def test_a_pack_cut_short_is_no_pack_and_the_same_command_completes_it(
    photos: PackStore, bucket: str, proxy: Proxy, name: str, puts: tuple[int, ...]
) -> None:
    for number in puts:
        address = f"s3://{bucket}/{number}/{name}"
        count_puts(proxy, number, lambda: proxy.will("403"))
        with pytest.raises(StoreError, match=r"not allowed to \w+ there \(403\)"):
            make_pack(photos, address)
        proxy.will("")
        proxy.meet = lambda asked: None
        if name == "june.zip":
            with pytest.raises(RequestError, match="no such pack"):
                verify_pack(address)
        else:
            assert ("bagit.txt", "missing") in {(one.path, one.kind) for one in verify_pack(address).faults}
        assert not make_pack(photos, address).is_unchanged
        assert verify_pack(address).faults == ()
        assert make_pack(photos, address).is_unchanged


def test_a_name_that_another_pack_has_begun_is_refused(photos: PackStore, bucket: str, proxy: Proxy) -> None:
    address = f"s3://{bucket}/june.zip"
    count_puts(proxy, 3, lambda: proxy.will("403"))
    with pytest.raises(StoreError):
        make_pack(photos, address)
    proxy.will("")
    with pytest.raises(RequestError) as told:
        make_pack(photos, address, take=("stills",))
    assert str(told.value) == (
        f"{address}: another pack is being written there, or was begun (june.zip.sha256); choose another name, "
        "or replace it with --force"
    )
    make_pack(photos, address, take=("stills",), force=True)
    assert verify_pack(address).faults == ()


@pytest.mark.parametrize("name", ["june", "june.zip"])
def test_of_two_packs_at_once_under_one_name_one_is_written(photos: PackStore, bucket: str, name: str) -> None:
    address = f"s3://{bucket}/{name}"

    def make(take: str) -> str:
        try:
            make_pack(photos, address, take=(take,))
        except RequestError as error:
            return str(error)
        return take

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(make, ("stills", "originals")))
    assert sum(one in ("stills", "originals") for one in done) == 1, done
    assert verify_pack(address).faults == ()


@pytest.mark.parametrize("name", ["june", "june.zip"])
def test_a_server_that_overwrites_gets_no_pack(photos: PackStore, bucket: str, proxy: Proxy, name: str) -> None:
    proxy.will("no condition")
    with pytest.raises(StoreError) as told:
        make_pack(photos, f"s3://{bucket}/{name}")
    assert str(told.value).endswith(BAD_SERVER)
    proxy.will("")
    assert [one.name for one in Bucket(f"s3://{bucket}").list("")] in (
        ["june.zip.sha256"],
        ["june/tagmanifest-sha256.txt"],
    )


def test_commands_know_a_pack_in_a_bucket(
    photos: PackStore, bucket: str, bucket_server: str, proxy: Proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def said(*words: str) -> str:
        return CliRunner().invoke(main, [*words], catch_exceptions=False).output

    store, address = ("--store", str(tmp_path / "store")), f"s3://{bucket}/june.zip"
    first = said("pack", "*.jpg", "-o", address, *store)
    assert f"\n{address}: " in first, first
    assert first.splitlines()[-2].startswith(f"bucket of the pack: {len(proxy.asked)} requests, "), first
    assert "unchanged, was there already\n" in said("pack", "*.jpg", "-o", address, *store)
    assert said("pack", "verify", address).endswith(": no faults\n")
    assert said("packs", *store).startswith(f"{address}  ")
    assert "no longer there" not in said("packs", *store)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setattr(bucket_module, "RETRIES", 0)
    assert "its bucket does not answer" in said("packs", *store)
    monkeypatch.setenv("AWS_ENDPOINT_URL", bucket_server)
    client(bucket_server).delete_object(Bucket=bucket, Key="june.zip")
    assert "no longer there" in said("packs", *store)
    assert said("pack", "forget", address, *store) == f"{address}: forgotten; the pack itself stays\n"
    assert said("packs", *store) == "no pack was built from this store\n"
    written = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert not [data for data in (*written, *objects(bucket, bucket_server).values()) if SECRET.encode() in data]
