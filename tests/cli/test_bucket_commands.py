"""Commands over a store in a bucket answer as over one in a folder, and no secret gets into anything they write."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from flows.cli.main import main
from tests.conftest import Run
from tests.helpers.buckets import SECRET, client, proxy_before
from tests.helpers.made_media import MediaMaker

Invoke = Callable[..., Result]
Both = Callable[..., list[str]]
ALIKE = ("sources", "results", "items", "size_bytes", "damaged", "releases")


@pytest.fixture
def invoke(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Invoke:
    """Call a command in this process, in this test's folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PREFECT_API_URL", raising=False)

    def call(*words: str | Path, code: int = 0) -> Result:
        result = CliRunner().invoke(main, [str(word) for word in words])
        assert result.exit_code == code, (words, result.output, result.exception)
        return result

    return call


@pytest.fixture
def release(raw: Path, maker: MediaMaker) -> Path:
    maker.tone("wind.wav")
    maker.photo("rover.jpg")
    (raw / "june" / "cut.jpg").write_bytes((raw / "june" / "rover.jpg").read_bytes()[:700])
    return raw


@pytest.fixture
def address(bucket: str) -> str:
    return f"s3://{bucket}/mars"


@pytest.fixture
def both(release: Path, address: str, invoke: Invoke, tmp_path: Path) -> Both:
    """Call a command over a store in a folder and over one in a bucket, into which the release was ingested."""

    def call(*words: str | Path, code: int = 0) -> list[str]:
        return [invoke(*words, "--store", store, code=code).stdout for store in (tmp_path / "store", address)]

    call("ingest", release, "--recipe", "light", "--quiet", code=1)
    return call


def test_what_looks_into_a_store_answers_the_same_over_a_bucket(both: Both, address: str, invoke: Invoke) -> None:
    here, there = (json.loads(text) for text in both("status", "--json"))
    assert there["store"] == address
    assert {name: there[name] for name in ALIKE} == {name: here[name] for name in ALIKE}
    assert there["last_run"]["state"] == "failed"
    for words in (
        ("query", "SELECT source, processor, key, sha256 FROM items ORDER BY ALL", "--csv"),
        ("failures",),
        ("why", "rover.jpg"),
        ("links",),
        ("packs",),
    ):
        assert len({re.sub(r"[0-9-]{10}T[0-9:.]+", "THEN", text) for text in both(*words)}) == 1, words
    items = [[json.loads(line) for line in text.splitlines()] for text in both("items", "rover.jpg", "--json")]
    here, there_too = ([(one["sha256"], one["facts"]) for one in some] for some in items)
    assert here == there_too
    assert {one["path"] for one in items[1]} == {None}
    assert "photo.preview" in invoke("items", "rover.jpg", "--store", address).stdout
    told = invoke("items", "--paths", "--store", address, code=2).output
    assert told.endswith("items in a bucket are no files: `marsmedia fetch SELECTION -o FOLDER` makes files of them\n")
    shown = json.loads(invoke("show", "rover.jpg", "--json", "--store", address).stdout)
    assert {one["folder"].rpartition("/")[0] for one in shown["results"]} == {
        f"{address}/commits/{shown['digest'][:2]}/{shown['digest']}"
    }
    assert "640" in invoke("show", "rover.jpg", "--store", address).stdout
    checked = [json.loads(text) for text in both("verify", "--json")]
    traffic = [one.pop("traffic") for one in checked]
    assert (traffic[0], traffic[1]["requests"] > 3) == (None, True)
    assert checked[0] == checked[1]
    assert checked[1]["faults"] == []
    assert "worker of your own" in invoke("serve", "--store", address, code=2).output


def test_what_takes_results_out_or_makes_them_again_works_over_a_bucket(
    both: Both, address: str, invoke: Invoke, tmp_path: Path
) -> None:
    assert "0 different" in invoke("reproduce", "rover.jpg", "--store", address).stdout
    both("pack", "release=june", "-o", tmp_path / "out", "--audience", "archive", "--force")
    assert "out" in invoke("packs", "--store", address).stdout
    assert (tmp_path / "out" / "bagit.txt").exists()
    both("pack", "forget", "out")
    fetched = [tmp_path / "fetched-here", tmp_path / "fetched-there"]
    for store, output in zip((tmp_path / "store", address), fetched, strict=True):
        invoke("fetch", "-o", output, "--store", store)
    files = [{str(p.relative_to(one)): p.read_bytes() for p in one.rglob("*") if p.is_file()} for one in fetched]
    assert files[0] == files[1]
    assert any(name.startswith("june/rover.jpg/photo.preview/") for name in files[1])
    again = json.loads(invoke("fetch", "-o", fetched[1], "--store", address, "--json").stdout)
    assert (again["items"], again["copied"]) == (len(files[1]), 0)


def test_a_bucket_is_pruned_verified_and_rebuilt(
    both: Both, address: str, bucket: str, bucket_server: str, invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    both("reprocess", "rover.jpg", "--processor", "photo.preview", "--set", "longest_sides_px=100", "--quiet")
    assert json.loads(invoke("prune", "--json", "--yes", "--store", address).stdout)["removed"]
    assert json.loads(invoke("prune", "--json", "--dry-run", "--store", address).stdout)["results"] == []
    monkeypatch.setattr("processors.store.bucket.bucket_store.MIN_UNNAMED_AGE", timedelta(days=-1))
    client(bucket_server).put_object(Bucket=bucket, Key="mars/data/ab/left.zip", Body=b"of a killed run")
    extra = json.loads(invoke("verify", "--json", "--store", address, code=1).stdout)["faults"]
    assert [(fault["kind"], fault["path"]) for fault in extra] == [("extra", "data/ab/left.zip")]
    assert json.loads(invoke("prune", "--json", "--yes", "--store", address).stdout)["results"] == []
    assert json.loads(invoke("verify", "--json", "--store", address).stdout)["faults"] == []
    there = json.loads(invoke("status", "--json", "--store", address).stdout)
    invoke("rebuild", "--store", address)
    after = json.loads(invoke("status", "--json", "--store", address).stdout)
    assert {name: after[name] for name in ALIKE} == {name: there[name] for name in ALIKE}


def test_a_run_asks_the_bucket_once_and_counts_what_it_asks(
    release: Path, bucket: str, bucket_server: str, invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    with proxy_before(bucket_server) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.endpoint)
        words = ("ingest", release, "--store", f"s3://{bucket}/mars", "--recipe", "light", "--json")
        invoke(*words, code=1)
        proxy.asked.clear()
        report = json.loads(invoke(*words).stdout)
        assert report["results"]["due"] == 0
        assert len(proxy.asked) == 5
        assert report["traffic"]["requests"] == 4, "the report itself is put last"


def test_what_is_wrong_with_a_bucket_is_one_line_before_any_work(
    release: Path, bucket: str, invoke: Invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert invoke("ingest", release, "--store", "s3://never-made/x", code=2).output == (
        "marsmedia: s3://never-made/x: no such bucket; create it, or choose another one\n"
    )
    assert invoke("status", "--store", f"s3://{bucket}/none", code=2).output == (
        f"marsmedia: no store found at s3://{bucket}/none; run `marsmedia ingest` or pass --store\n"
    )
    assert "not an address of a bucket" in invoke("ingest", release, "--store", "ftp://x/y", code=2).output
    for address in ("s3:/mars/st", "s3:mars/st", "S3:/mars"):
        words = f"marsmedia: {address}: not an address of a bucket; write s3://bucket/folder\n"
        assert invoke("ingest", release, "--store", address, code=2).output == words
        assert invoke("ingest", address, "--store", tmp_path / "other", code=2).output == words
        (tmp_path / "marsmedia.toml").write_text(f'store = "{address}"\n')
        assert invoke("status", code=2).output == words
        (tmp_path / "marsmedia.toml").unlink()
    assert not any(one.name.lower() in ("s3:", "other") for one in tmp_path.iterdir())
    (tmp_path / "marsmedia.toml").write_text(f'store = "s3://{bucket}/none"\n')
    assert f"no store found at s3://{bucket}/none" in invoke("status", code=2).output
    monkeypatch.setenv("AWS_ENDPOINT_URL", "127.0.0.1:8138")
    assert invoke("ingest", release, "--store", f"s3://{bucket}/none", code=2).output == (
        "marsmedia: AWS_ENDPOINT_URL is '127.0.0.1:8138', not the address of a server; write https://host or "
        "http://host:port\n"
    )


def test_a_dry_run_before_the_first_run_plans_as_over_a_folder_and_writes_nothing(
    release: Path, bucket: str, bucket_server: str, invoke: Invoke, tmp_path: Path
) -> None:
    address = f"s3://{bucket}/first"
    words = ("ingest", release, "--recipe", "light", "--quiet", "--dry-run", "--store")
    here = invoke(*words, tmp_path / "first").stdout.splitlines()
    assert " free" in here[-1], "the space in a folder, which a bucket has not"
    assert invoke(*words, address).stdout.splitlines() == here[:-1]
    assert json.loads(invoke(*words, address, "--json").stdout)["results"]["due"] > 0
    missing = invoke("ingest", tmp_path / "away", "--store", address, code=2).output
    assert missing.endswith("away: no such folder; create it and put a release into it, or choose another one\n")
    assert client(bucket_server).list_objects_v2(Bucket=bucket)["KeyCount"] == 0
    assert not (tmp_path / "first").exists()


def test_no_secret_gets_into_anything_that_is_written(
    release: Path, bucket: str, bucket_server: str, marsmedia: Run, tmp_path: Path
) -> None:
    store = f"s3://{bucket}/mars"
    said = [
        marsmedia("ingest", release, "--store", store, cwd=tmp_path),
        marsmedia("ingest", release, "--store", store, "--json", cwd=tmp_path),
        marsmedia("ingest", release, "--store", f"{store}//x", cwd=tmp_path),
        marsmedia("show", "rover.jpg", "--store", store, "--json", cwd=tmp_path),
        marsmedia("status", "--store", store, cwd=tmp_path, AWS_ENDPOINT_URL="http://127.0.0.1:9"),
    ]
    assert [one.returncode for one in said] == [1, 0, 2, 0, 2]
    assert "bucket: " in said[0].stdout
    told = "".join(one.stdout + one.stderr for one in said).encode()
    written = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    seen = client(bucket_server)
    in_bucket = [
        seen.get_object(Bucket=bucket, Key=one["Key"])["Body"].read()
        for one in seen.list_objects_v2(Bucket=bucket)["Contents"]
    ]
    assert len(written) > 5
    assert len(in_bucket) > 10
    assert not [data for data in (told, *written, *in_bucket) if SECRET.encode() in data]
    assert os.environ["AWS_SECRET_ACCESS_KEY"] == SECRET
