"""Claims in a bucket: one of several machines has a source, and a lost machine's claim goes to exactly one other."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from processors.store.bucket.bucket import Bucket
from processors.store.bucket.bucket_claims import BucketClaims
from tests.helpers.buckets import client, proxy_before

SOURCE = "ab" * 32
LEASE_SECONDS = 3.0
"""The server's dates are whole seconds."""


@pytest.fixture
def machines(bucket: str) -> Iterator[list[BucketClaims]]:
    """Three machines that have joined."""
    three = [machine(bucket) for _ in range(3)]
    for number, one in enumerate(three):
        one.join(b"machine %d" % number)
    yield three
    for one in three:
        one.leave()


def machine(bucket: str, beat_seconds: float = 1.0) -> BucketClaims:
    return BucketClaims(Bucket(f"s3://{bucket}/mars"), beat_seconds=beat_seconds, lease_seconds=LEASE_SECONDS)


def names(bucket: str, server: str, below: str = "") -> list[str]:
    found = client(server).list_objects_v2(Bucket=bucket, Prefix=f"mars/claims/{below}").get("Contents", [])
    return [one["Key"] for one in found]


def test_one_of_several_has_a_source_until_it_releases_it(machines: list[BucketClaims]) -> None:
    first, second, _ = machines
    claim = first.claim(SOURCE)
    assert claim is not None
    assert second.claim(SOURCE) is None
    assert first.claim(SOURCE) is None, "another thread of the same run"
    assert second.claim("cd" * 32) is not None
    first.release(claim)
    assert second.claim(SOURCE) is not None


def test_a_race_has_one_winner(machines: list[BucketClaims]) -> None:
    with ThreadPoolExecutor(12) as pool:
        won = list(pool.map(lambda number: machines[number % 3].claim(SOURCE), range(12)))
    assert sum(claim is not None for claim in won) == 1


def test_a_lost_machine_is_succeeded_by_exactly_one(machines: list[BucketClaims], bucket: str) -> None:
    lost = machine(bucket, beat_seconds=1000.0)
    lost.join(b"lost")
    assert lost.claim(SOURCE) is not None
    assert [one.claim(SOURCE) for one in machines] == [None] * 3
    time.sleep(LEASE_SECONDS + 1.5)
    with ThreadPoolExecutor(3) as pool:
        won = list(pool.map(lambda one: one.claim(SOURCE), machines))
    assert sum(claim is not None for claim in won) == 1
    winner = next(number for number, claim in enumerate(won) if claim)
    machines[winner].release(str(won[winner]))
    assert machines[winner - 1].claim(SOURCE) is not None


def test_a_machine_at_work_keeps_its_claims_for_longer_than_a_lease(machines: list[BucketClaims]) -> None:
    assert machines[0].claim(SOURCE) is not None
    time.sleep(LEASE_SECONDS + 1.5)
    assert machines[1].claim(SOURCE) is None


def test_a_run_that_was_killed_on_this_machine_is_lost_at_once(machines: list[BucketClaims], bucket: str) -> None:
    code = (
        "import os\nfrom processors.store.bucket.bucket_claims import BucketClaims\n"
        "from processors.store.bucket.bucket import Bucket\n"
        f"claims = BucketClaims(Bucket('s3://{bucket}/mars'))\nclaims.join(b'killed')\n"
        f"assert claims.claim({SOURCE!r})\nos.kill(os.getpid(), 9)\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -9
    assert machines[0].claim(SOURCE) is not None


def test_who_joins_is_told_who_is_at_work_and_what_is_lost_is_removed(
    machines: list[BucketClaims], bucket: str, bucket_server: str
) -> None:
    lost = machine(bucket, beat_seconds=1000.0)
    lost.join(b"lost")
    lost.claim(SOURCE)
    time.sleep(LEASE_SECONDS + 1.5)
    late = machine(bucket)
    assert sorted(late.join(b"late")) == [b"machine 0", b"machine 1", b"machine 2"]
    assert names(bucket, bucket_server, "sources") == []
    assert len(names(bucket, bucket_server)) == 4
    assert len(late.leave()) == 3
    assert late.leave() == []
    for one in machines:
        one.leave()
    assert names(bucket, bucket_server) == []


def test_a_beat_on_its_way_does_not_announce_a_run_that_has_left(
    bucket: str, bucket_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with proxy_before(bucket_server) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.endpoint)
        one = machine(bucket, beat_seconds=0.1)
        proxy.will("slow", only="PUT")
        one.join(b"one")
        count = len(proxy.asked)
        while not any(method == "PUT" for method, _ in proxy.asked[count:]):
            time.sleep(0.01)
        one.leave()
        time.sleep(1.0)  # the slow beat would have arrived
        assert names(bucket, bucket_server) == []
