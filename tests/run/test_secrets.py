"""The secret of a bucket is in nothing that a run on a cluster writes, on any machine, and in no traceback."""

from __future__ import annotations

import os
import traceback
from pathlib import Path

import pytest

from processors.errors import StoreError
from processors.store.bucket import bucket as bucket_module
from processors.store.bucket.bucket import Bucket
from tests.conftest import quiet_environment
from tests.helpers.buckets import SECRET, client
from tests.run.test_dask import Cluster, check, raw

__all__ = ["raw"]


def written(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.slow
def test_no_secret_gets_into_logs_of_workers_reports_or_prefects_database(
    raw: Path,
    bucket: str,
    bucket_server: str,
    tmp_path: Path,
    python_path: str,
    prefect_server: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    s3, store, releases = client(bucket_server), f"s3://{bucket}/mars", f"s3://{bucket}/raw"
    for path in (path for path in raw.rglob("*") if path.is_file()):
        s3.put_object(Bucket=bucket, Key=f"raw/{path.relative_to(raw)}", Body=path.read_bytes())
    aws = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    assert aws["AWS_SECRET_ACCESS_KEY"] == SECRET
    all_said = {"DASK_LOGGING__DISTRIBUTED": "debug", "PREFECT_LOGGING_LEVEL": "DEBUG"}
    environment = {**quiet_environment(tmp_path / "prefect"), "PYTHONPATH": python_path, **aws, **all_said}
    environment |= {"PREFECT_API_URL": prefect_server, "XDG_CACHE_HOME": str(tmp_path / "driver")}
    cluster = Cluster(tmp_path, environment | {"XDG_CACHE_HOME": str(tmp_path / "worker")})
    try:
        cluster.start_worker("--no-nanny")
        cluster.wait_for_workers(1)
        there = ("--runner", "dask", "--scheduler", cluster.address)
        made = check("ingest", releases, "--store", store, *there, environment=environment)
        said = [made, check("verify", "--store", store, *there, environment=environment)]
        cluster.environment["AWS_ENDPOINT_URL"] = "http://127.0.0.1:9"
        cluster.start_worker("--no-nanny")
        cluster.wait_for_workers(2)
        said.append(check("verify", "--store", store, *there, environment=environment))
    finally:
        cluster.close()
    assert [one.returncode for one in said] == [0, 0, 2], said
    folders = (tmp_path, *tmp_path_factory.getbasetemp().glob("prefect*"))
    found = {name: data for folder in folders for name, data in written(folder).items()}
    databases = [data for name, data in found.items() if "/prefect.db" in name]
    assert any(releases.encode() in data for data in databases), "one has the parameters of the run"
    assert b"distributed." in found[str(cluster.log)]
    for one in s3.list_objects_v2(Bucket=bucket)["Contents"]:
        found[one["Key"]] = s3.get_object(Bucket=bucket, Key=one["Key"])["Body"].read()
    assert any("/runs/" in name for name in found)
    found |= {f"output {number}": (one.stdout + one.stderr).encode() for number, one in enumerate(said)}
    assert [name for name, data in found.items() if SECRET.encode() in data] == []


def test_no_secret_is_in_a_traceback_even_with_its_variables(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bucket_module, "RETRIES", 0)
    place = Bucket(f"s3://{bucket}/x")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    lost = Bucket(f"s3://{bucket}/x")
    for fails in (
        lambda: lost.put("a", b"1"),
        lambda: lost.get("a"),
        lambda: list(lost.list("")),
        lost.list_any_name,
        lambda: place.get("none"),
    ):
        with pytest.raises((StoreError, FileNotFoundError)) as error:
            fails()
        told = "".join(traceback.TracebackException.from_exception(error.value, capture_locals=True).format())
        assert "bucket.py" in told
        assert SECRET not in told
