"""An encrypted cluster works with Dask's own configuration, and what is wrong with a certificate is one sentence."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from distributed.security import Security

from tests.helpers.certificates import Authority
from tests.run.test_dask import SUMMARY, Cluster, digests, environment, ingest, raw

__all__ = ["environment", "raw"]


@pytest.fixture
def ours(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "ours")


@pytest.fixture
def cluster(tmp_path: Path, environment: dict[str, str], ours: Authority) -> Iterator[Cluster]:
    """An encrypted cluster without workers."""
    names = {"tls_ca_file": ours.authority, "tls_client_cert": ours.certificate, "tls_client_key": ours.key}
    security = Security(require_encryption=True, **{name: str(path) for name, path in names.items()})
    one = Cluster(tmp_path, environment | ours.environment(), protocol="tls", security=security)
    yield one
    one.close()


def on(address: str, raw: Path, store: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return ingest(raw, store, "--runner", "dask", "--scheduler", address, environment=environment)


@pytest.mark.slow
def test_an_encrypted_cluster_makes_the_same_with_certificates_of_dasks_configuration(
    cluster: Cluster, ours: Authority, raw: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    alone = ingest(raw, tmp_path / "alone", environment=environment)
    cluster.start_worker("--no-nanny", "--protocol", "tls")
    cluster.wait_for_workers(1)
    assert cluster.address.startswith("tls://127.0.0.1:")
    ours.configuration(tmp_path / "dask")
    ways = {
        "variables": environment | ours.environment(),
        "file": environment | {"DASK_CONFIG": str(tmp_path / "dask")},
    }
    for name, driver in ways.items():
        run = on(cluster.address, raw, tmp_path / name, driver)
        assert run.returncode == 0, run.stdout + run.stderr
        assert SUMMARY.match(run.stdout), run.stdout
        assert "Traceback" not in run.stderr
        assert "not encrypted" not in run.stderr
        assert run.stdout.splitlines()[0] == alone.stdout.splitlines()[0]
        assert digests(tmp_path / name) == digests(tmp_path / "alone")


def test_a_driver_whose_certificate_does_not_fit_is_told_so_before_any_work(
    cluster: Cluster, ours: Authority, raw: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    other, address = Authority(tmp_path / "other"), cluster.address
    tls = "DASK_DISTRIBUTED__COMM__TLS__"

    def refused(driver: dict[str, str], address: str = address) -> str:
        run = ingest(raw, tmp_path / "store", "--runner", "dask", "--scheduler", address, "--json", environment=driver)
        assert (run.returncode, run.stdout) == (2, ""), run.stdout + run.stderr
        assert not (tmp_path / "store").exists()
        return run.stderr.removeprefix("marsmedia: ").removesuffix("\n")

    configured = "as distributed.comm.tls.ca-file and .client.cert and .client.key"
    no_certificate = f"{address}: this machine has no certificate; configure it in Dask {configured}"
    assert refused(environment) == no_certificate
    assert refused(environment | {f"{tls}CA_FILE": str(ours.authority)}) == no_certificate
    assert refused(environment | other.environment()) == (
        f"{address}: its certificate was not issued by the authority in distributed.comm.tls.ca-file "
        "(certificate signature failure); configure the scheduler's authority"
    )
    of_other = other.environment() | {f"{tls}CA_FILE": str(ours.authority)}
    assert refused(environment | of_other) == (
        f"{address}: the scheduler does not accept the certificate of this machine (TLSV1_ALERT_DECRYPT_ERROR): "
        "use one from its authority"
    )
    missing = {**ours.environment(), f"{tls}CLIENT__CERT": "/none/certificate.pem"}
    assert refused(environment | missing) == (
        f"{address}: cannot read the certificate /none/certificate.pem: No such file or directory"
    )
    plain = address.replace("tls", "tcp")
    assert refused(environment | ours.environment(), plain) == (
        f"{plain}: Dask's configuration requires encryption (distributed.comm.require-encryption); use a tls:// address"
    )
    assert refused(environment, plain) == (
        f"{plain}: no Dask scheduler responds; start `dask scheduler`, or name another"
    )


def test_a_cluster_without_encryption_is_not_taken_for_one_with_it(
    ours: Authority, raw: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    cluster = Cluster(tmp_path, environment)
    try:
        address = cluster.address.replace("tcp", "tls")
        run = on(address, raw, tmp_path / "store", environment | ours.environment())
    finally:
        cluster.close()
    assert (run.returncode, run.stderr) == (
        2,
        f"marsmedia: {address}: nothing there speaks TLS; use a tcp:// address, or another port\n",
    )


@pytest.mark.slow
def test_a_cluster_that_a_run_starts_is_encrypted_where_dasks_configuration_says_so(
    ours: Authority, raw: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    words = (raw, tmp_path / "store", "--runner", "dask", "--workers", "1")
    without = ingest(*words, environment=environment | {"DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION": "True"})
    assert without.stderr == (
        "marsmedia: --runner dask: encryption is required by Dask's configuration, but this machine has no "
        "certificate; configure it in Dask as distributed.comm.tls.ca-file and .client.cert and .client.key\n"
    )
    assert without.returncode == 2
    run = ingest(*words, environment=environment | ours.environment())
    assert run.returncode == 0, run.stdout + run.stderr
    assert SUMMARY.match(run.stdout), run.stdout
