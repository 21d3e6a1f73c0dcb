"""A place in a bucket: what it does, and what it says where the server or the network does not do as it should."""

from __future__ import annotations

import hashlib
import os
import pickle
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from processors.errors import RequestError, StoreError
from processors.store.bucket import bucket as bucket_module
from processors.store.bucket.bucket import PART_BYTES, Bucket
from processors.store.bucket.s3_errors import BAD_SERVER, NO_CREDENTIALS
from tests.helpers.buckets import SECRET, Fault, Proxy, client

LARGE = PART_BYTES + 1000


@pytest.fixture
def place(bucket: str) -> Bucket:
    return Bucket(f"s3://{bucket}/mars/store")


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bucket_module, "RETRIES", 1)


def test_what_is_put_is_got_in_whole_and_in_part(
    place: Bucket, bucket: str, bucket_server: str, tmp_path: Path
) -> None:
    large = tmp_path / "large"
    large.write_bytes(os.urandom(LARGE))
    place.put("a/large", large)
    place.put("a/small", b"0123456789")
    place.put("b", b"")
    assert [(one.name, one.size_bytes) for one in place.list("a")] == [("a/large", LARGE), ("a/small", 10)]
    assert place.get("a/small") == b"0123456789"
    assert place.part("a/small", 3, 4) == b"3456"
    assert (place.part("a/small", 3, 0), place.get("b")) == (b"", b"")
    digest = hashlib.sha256(large.read_bytes()).hexdigest()
    assert place.fetch("a/large", tmp_path / "again") == digest
    assert (tmp_path / "again").read_bytes() == large.read_bytes()
    place.fetch("a/large", tmp_path / "part", 5, LARGE - 5)
    assert (tmp_path / "part").read_bytes() == large.read_bytes()[5:]
    in_bucket = client(bucket_server).list_objects_v2(Bucket=bucket)["Contents"]
    assert [one["Key"] for one in in_bucket] == ["mars/store/a/large", "mars/store/a/small", "mars/store/b"]
    place.delete(["a/large", "a/small", "never/there"])
    assert [one.name for one in place.list("")] == ["b"]
    with pytest.raises(FileNotFoundError, match=r"mars/store/a/small: no such object$"):
        place.get("a/small")


def test_an_object_is_created_once(place: Bucket) -> None:
    assert place.create("commit", b"mine")
    assert place.create("commit", b"mine"), "the same bytes are one's own, of which the answer was lost"
    assert not place.create("commit", b"theirs")
    assert place.get("commit") == b"mine"


def test_requests_and_bytes_are_counted_as_the_server_sees_them(bucket: str, proxy: Proxy, tmp_path: Path) -> None:
    place = Bucket(f"s3://{bucket}/x")
    (tmp_path / "large").write_bytes(bytes(LARGE))
    for number in range(5):
        place.put(f"many/{number}", b"1")
    assert place.traffic.requests == 5
    place.put("large", tmp_path / "large")
    place.create("commit", b"22")
    place.create("commit", b"333")
    place.get("commit")
    place.part("commit", 0, 1)
    place.fetch("large", tmp_path / "again")
    place.delete(["commit", "large"])
    assert len(list(place.list("many"))) == 5
    assert place.traffic.requests == len(proxy.asked)
    assert place.traffic.sent_bytes == 5 + LARGE + 2 + 3
    assert place.traffic.received_bytes == 2 + 2 + 1 + LARGE


@pytest.mark.parametrize("fault", ["500", "503", "slow", "cut before", "cut after"])
def test_writing_outlives_faults_on_the_way(bucket: str, proxy: Proxy, fault: Fault) -> None:
    place = Bucket(f"s3://{bucket}/x")
    proxy.will(fault, 2)
    assert place.create("commit", b"mine")
    proxy.will(fault, 2)
    place.put("data", b"data")
    proxy.will("")
    assert (place.get("commit"), place.get("data")) == (b"mine", b"data")
    assert not place.create("commit", b"theirs")


@pytest.mark.parametrize("fault", ["503", "cut before", "cut after", "forgotten"])
def test_the_end_of_a_large_upload_is_looked_up_where_its_answer_is_lost(
    bucket: str, proxy: Proxy, tmp_path: Path, fault: Fault
) -> None:
    place, large = Bucket(f"s3://{bucket}/x"), tmp_path / "large"
    large.write_bytes(os.urandom(LARGE))
    proxy.will(fault, 1, only="large?uploadId=")
    place.put("large", large)
    assert proxy.left == 0
    assert place.digest("large") == hashlib.sha256(large.read_bytes()).hexdigest()


def test_a_large_upload_that_the_server_ends_leaves_nothing_and_says_so(
    bucket: str, proxy: Proxy, tmp_path: Path
) -> None:
    place, large = Bucket(f"s3://{bucket}/x"), tmp_path / "large"
    large.write_bytes(os.urandom(LARGE))

    def end(asked: str) -> None:
        if asked.startswith("POST") and "large?uploadId=" in asked:
            upload = asked.partition("uploadId=")[2]
            client(f"http://{proxy.behind}").abort_multipart_upload(Bucket=bucket, Key="x/large", UploadId=upload)

    proxy.meet = end
    with pytest.raises(StoreError, match=r"/x/large: its upload was ended by the server; run again$"):
        place.put("large", large)
    assert list(place.list("")) == []


@pytest.mark.parametrize("fault", ["500", "503", "slow", "cut before", "cut in the middle"])
def test_reading_outlives_faults_on_the_way(bucket: str, proxy: Proxy, tmp_path: Path, fault: Fault) -> None:
    place, data = Bucket(f"s3://{bucket}/x"), os.urandom(3_000_000)
    place.put("data", data)
    for read in (
        lambda: place.get("data") == data,
        lambda: place.part("data", 1000, 2_000_000) == data[1000:2_001_000],
        lambda: place.fetch("data", tmp_path / "data") == hashlib.sha256(data).hexdigest(),
    ):
        proxy.will(fault, 2)
        assert read()
        assert proxy.left < 2


def test_a_server_that_creates_twice_is_refused(bucket: str, proxy: Proxy) -> None:
    place = Bucket(f"s3://{bucket}/x")
    place.check_creates_once("store.json", b"{}")
    place.check_creates_once("store.json", b"{}")
    proxy.will("no condition")
    with pytest.raises(StoreError) as told:
        place.check_creates_once("store.json", b"{}")
    assert str(told.value) == f"s3://{bucket}/x: {BAD_SERVER}"
    proxy.will("")
    assert place.get("store.json") == b"{}"


@pytest.mark.usefixtures("impatient")
def test_each_fault_is_reported_in_one_sentence(bucket: str, proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    def told(address: str) -> str:
        with pytest.raises(StoreError) as error:
            Bucket(address).get("store.json")
        return str(error.value)

    here = f"s3://{bucket}/x"
    assert told("s3://never-made/x") == "s3://never-made/x: no such bucket; create it, or choose another one"
    proxy.will("403")
    assert told(here) == f"{here}: not allowed to read there (403); check the credentials and their permissions"
    proxy.will("clock")
    assert told(here) == (
        f"{here}: the clocks of server and machine differ by more than 15 minutes; set this machine's"
    )
    proxy.will("503")
    assert told(here) == f"{here}: the server returned an internal error (503); run again later"
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    assert told(here) == f"{here}: http://127.0.0.1:9 does not answer; check AWS_ENDPOINT_URL and the network"
    monkeypatch.setenv("AWS_METADATA_ENDPOINT", "http://169.254.1.1:1")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    before = time.monotonic()
    assert told(here) == f"{here}: {NO_CREDENTIALS}"
    assert time.monotonic() - before < 60


@pytest.mark.usefixtures("impatient")
def test_a_bucket_that_may_only_be_read_is_read(bucket: str, proxy: Proxy) -> None:
    place = Bucket(f"s3://{bucket}/x")
    place.put("store.json", b"{}")
    assert place.get("store.json") == b"{}"
    proxy.will("403")
    with pytest.raises(StoreError) as told:
        place.put("more", b"1")
    assert str(told.value).endswith("not allowed to write there (403); check the credentials and their permissions")


@pytest.mark.parametrize(
    "address", ["s3://", "s3:///folder", "ftp://bucket/x", "s3://bucket/a//b", "s3://bucket/../other"]
)
def test_an_invalid_address_is_refused(address: str, bucket: str) -> None:
    with pytest.raises(RequestError, match="write s3://bucket/folder"):
        Bucket(address)


@pytest.mark.parametrize("address", ["s3://key:geheim@bucket/x", "s3://bucket/x?sig=geheim", "s3://bucket/x#geheim"])
def test_credentials_in_an_address_are_refused_without_being_repeated(address: str, bucket: str) -> None:
    with pytest.raises(RequestError) as told:
        Bucket(address)
    assert str(told.value) == (
        "s3://bucket: credentials do not belong in an address; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or "
        "AWS_PROFILE, in the environment"
        if "@" in address
        else "s3://bucket: an address has only a bucket and a folder in it; leave out what begins with ? or #"
    )


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("s3://", "s3://: not an address of a bucket; write s3://bucket/folder"),
        ("s3:///folder/", "s3:///folder/: not an address of a bucket; write s3://bucket/folder"),
        (
            "http://127.0.0.1:9000/mars/st",
            "http://127.0.0.1:9000/mars/st: not an address of a bucket; write s3://bucket/folder, and set "
            "AWS_ENDPOINT_URL to the address of its server",
        ),
    ],
)
def test_an_invalid_address_is_shown_as_it_was_typed(address: str, words: str, bucket: str) -> None:
    with pytest.raises(RequestError) as told:
        Bucket(address)
    assert str(told.value) == words


def test_the_secret_is_in_no_pickle_and_no_words(place: Bucket) -> None:
    library: Any = place._store  # the test looks at what the library keeps
    assert SECRET.encode() not in pickle.dumps(library)
    assert SECRET not in f"{library!r} {place!r} {vars(place)}"


def test_a_profile_is_read_by_boto3(
    bucket: str, place: Bucket, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, bucket_server: str
) -> None:
    place.put("a", b"1")
    profile = tmp_path / "credentials"
    profile.write_text(f"[mission]\naws_access_key_id = profile-key\naws_secret_access_key = {SECRET}\n")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(profile))
    monkeypatch.setenv("AWS_PROFILE", "mission")
    assert Bucket(f"s3://{bucket}/mars/store").get("a") == b"1"


MISSION = "[mission]\naws_access_key_id = mission-key\naws_secret_access_key = geheim\n"
OWN = "aws_access_key_id = own-key\naws_secret_access_key = geheim\n"


@pytest.fixture
def files_of_aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, bucket_server: str) -> Path:
    """The folder `.aws` of a home without anything in the environment but the server."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"):
        monkeypatch.delenv(name)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home/.aws").mkdir(parents=True)
    return tmp_path / "home/.aws"


def key_of(place: Bucket) -> str | None:
    """The key that signs the requests; None if it is not a profile's."""
    provider: Any = place._store.credential_provider  # the test looks at what the library keeps
    return provider and provider()["access_key_id"]


@pytest.mark.parametrize(
    ("credentials", "config", "variables", "key"),
    [
        (f"[default]\n{OWN}{MISSION}", "", {}, "own-key"),
        ("", f"[default]\nregion = eu-west-3\n{OWN}", {}, "own-key"),
        (f"[default]\n{OWN}{MISSION}", "", {"AWS_PROFILE": "mission"}, "mission-key"),
        (MISSION, "[default]\nregion = eu-west-3\n", {}, None),
        (f"[DEFAULT]\n{OWN}{MISSION}", "", {}, None),
        ("no file of this kind", "", {}, None),
        (f"[default]\n{OWN}", "", {"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s"}, None),
        (f"[default]\n{OWN}", "", {"AWS_WEB_IDENTITY_TOKEN_FILE": "token", "AWS_ROLE_ARN": "arn"}, None),
    ],
)
def test_the_default_profile_is_used_where_the_tools_of_amazon_use_it(
    credentials: str,
    config: str,
    variables: dict[str, str],
    key: str | None,
    bucket: str,
    files_of_aws: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (files_of_aws / "credentials").write_text(credentials)
    (files_of_aws / "config").write_text(config)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert key_of(Bucket(f"s3://{bucket}/mars")) == key
    assert key_of(Bucket("gs://mars/store")) is None, "Amazon's profiles are for s3:// alone"


def test_a_store_is_written_with_the_default_profile(bucket: str, files_of_aws: Path) -> None:
    (files_of_aws / "credentials").write_text(f"[default]\n{OWN}")
    place = Bucket(f"s3://{bucket}/mars")
    place.put("a", b"1")
    assert place.get("a") == b"1"


@pytest.mark.parametrize(
    ("variables", "region"), [({"AWS_REGION": "us-east-2"}, "us-east-2"), ({}, "eu-west-3")], ids=["named", "not named"]
)
def test_the_region_of_the_environment_comes_before_the_profiles(
    variables: dict[str, str], region: str, bucket: str, files_of_aws: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (files_of_aws / "credentials").write_text(f"[default]\n{OWN}region = eu-west-3\n")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    library: Any = Bucket(f"s3://{bucket}/mars")._store
    assert library.config["region"] == region


def test_a_default_profile_without_boto3_says_what_to_install(
    bucket: str, files_of_aws: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (files_of_aws / "credentials").write_text(f"[default]\n{OWN}")
    monkeypatch.setitem(sys.modules, "boto3", None)
    with pytest.raises(RequestError) as told:
        Bucket(f"s3://{bucket}/mars")
    assert str(told.value) == "the profile [default] is read by boto3; pip install boto3"


def test_half_a_default_profile_is_named_in_one_sentence(bucket: str, files_of_aws: Path) -> None:
    (files_of_aws / "credentials").write_text("[default]\naws_access_key_id = own-key\n")
    with pytest.raises(RequestError) as told:
        Bucket(f"s3://{bucket}/mars")
    assert str(told.value) == (
        "the profile [default]: Partial credentials found in shared-credentials-file, missing: aws_secret_access_key; "
        "check the files of credentials and settings"
    )


ENDPOINT_WORDS = "not the address of a server; write https://host or http://host:port"


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (
            {"AWS_ACCESS_KEY_ID": None},
            "s3://mars/st: AWS_SECRET_ACCESS_KEY is set, but not AWS_ACCESS_KEY_ID; set both",
        ),
        (
            {"AWS_SECRET_ACCESS_KEY": None},
            "s3://mars/st: AWS_ACCESS_KEY_ID is set, but not AWS_SECRET_ACCESS_KEY; set both",
        ),
        (
            {"AWS_CHECKSUM_ALGORITHM": "md5"},
            's3://mars/st: Generic Config error: "md5" is not a valid checksum algorithm; check the address and the '
            "variables of the server in the environment",
        ),
        ({"AWS_ENDPOINT_URL": "127.0.0.1:8138"}, f"AWS_ENDPOINT_URL is '127.0.0.1:8138', {ENDPOINT_WORDS}"),
        ({"AWS_ENDPOINT_URL": ""}, f"AWS_ENDPOINT_URL is '', {ENDPOINT_WORDS}"),
        ({"AWS_ENDPOINT_URL": "ftp://key:geheim@host"}, f"AWS_ENDPOINT_URL is 'host', {ENDPOINT_WORDS}"),
        ({"AWS_ENDPOINT": "http:// host"}, f"AWS_ENDPOINT is 'http:// host', {ENDPOINT_WORDS}"),
        (
            {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None, "AWS_PROFILE": "nope"},
            "AWS_PROFILE=nope: The config profile (nope) could not be found; check AWS_PROFILE, and the files of "
            "credentials and settings",
        ),
        (
            {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None, "AWS_PROFILE": "empty"},
            "AWS_PROFILE=empty: no credentials in it; check AWS_PROFILE, and the files of credentials and settings",
        ),
    ],
)
def test_a_wrong_variable_is_named_in_one_sentence(
    changed: dict[str, str | None], words: str, bucket: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "credentials").write_text("[empty]\nregion = us-east-1\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name, value in changed.items():
        if value is None:
            monkeypatch.delenv(name)
        else:
            monkeypatch.setenv(name, value)
    with pytest.raises(RequestError) as told:
        Bucket("s3://mars/st")
    assert str(told.value) == words


def test_a_server_of_another_protocol_is_not_asked_in_the_words_of_s3() -> None:
    assert Bucket("gs://mars-archive/releases").list_any_name() is None
