"""Releases in a bucket: the results of a folder, each object fetched once, and every change of one noticed."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from flows.cli.main import main
from flows.run.checking.check_store import hash_all
from processors.engine.wanted_results import Recipes
from processors.errors import RequestError
from processors.metadata import Metadata
from processors.sources.scan import SkippedFile
from processors.store.bucket.raw_bucket import survey_bucket
from processors.store.catalogue.catalogue import Catalogue
from processors.store.fixity.fixity_history import FixityHistory, raw_checks
from processors.store.open_store import open_store
from processors.store.store import Store
from tests.helpers.buckets import Proxy, client
from tests.helpers.made_media import MediaMaker
from tests.helpers.made_pds4 import label, numbers
from tests.helpers.runs import counts, ingest
from tests.run.test_dask import Cluster


@pytest.fixture
def release(raw: Path, maker: MediaMaker) -> Path:
    """Media with a description, a sidecar, a copy, a hidden file and an odd name."""
    maker.video("descent.mp4", list(range(30)), sound_hz=440.0)
    maker.tone("wind.wav")
    maker.photo("rover #1 100%.jpg")
    maker.photo("火星.png", size=(90, 60))
    shutil.copy(raw / "june/火星.png", raw / "june/copy.png")
    (raw / "june/release.toml").write_text('title = "June"\n[[file]]\npath = "wind.wav"\ntitle = "Wind"\n')
    (raw / "june/.hidden").write_text("x")
    (raw / "note.txt").write_text("a note\n")
    return raw


@pytest.fixture
def address(release: Path, bucket: str, bucket_server: str) -> str:
    """The release in the bucket."""
    for path in sorted(release.rglob("*")):
        if path.is_file():
            put(bucket, bucket_server, str(path.relative_to(release)), path.read_bytes())
    return f"s3://{bucket}/raw"


def put(bucket: str, server: str, name: str, data: bytes) -> None:
    client(server).put_object(Bucket=bucket, Key=f"raw/{name}", Body=data)


def results(store: Store) -> dict[str, list[tuple[str, str]]]:
    return {str(one.ref): [(item.name, item.sha256) for item in one.items] for one in store.manifests()}


def rows(store: Store) -> list[tuple[str, str, str, int, str | None]]:
    return sorted((r.relative, r.release, r.digest, r.size_bytes, r.evidence_key) for r in Catalogue(store).sightings())


def fetched(proxy: Proxy) -> list[str]:
    """The objects of the release that were read since the last time."""
    found = [path for method, path in proxy.asked if method == "GET" and "/raw/" in path and "?" not in path]
    proxy.asked.clear()
    return sorted(found)


def test_a_release_in_a_bucket_gives_what_it_gives_in_a_folder(
    release: Path, address: str, bucket: str, proxy: Proxy, tmp_path: Path
) -> None:
    folder = ingest(release, tmp_path / "folder")
    in_bucket = ingest(address, f"s3://{bucket}/mars")  # type: ignore[arg-type]
    assert counts(in_bucket) == counts(folder)
    counted = ("files", "sources", "duplicates", "companions", "unsupported", "not_taken", "passed_over")
    assert [getattr(in_bucket, name) for name in counted] == [getattr(folder, name) for name in counted]
    one, other = Store(tmp_path / "folder"), open_store(f"s3://{bucket}/mars")
    assert results(one) == results(other)
    assert rows(one) == rows(other)
    reads = fetched(proxy)
    assert len(reads) == len(set(reads)) == 7, "each object but the hidden one, once"


def test_the_requests_to_the_releases_are_those_that_the_server_counts(
    address: str, bucket: str, proxy: Proxy, tmp_path: Path, elsewhere: Callable[[str], None]
) -> None:
    def of_releases() -> int:
        asked = [path for _, path in proxy.asked if "/raw/" in path or "prefix=raw" in path]
        proxy.asked.clear()
        return len(asked)

    for store in (tmp_path / "store", f"s3://{bucket}/mars"):
        elsewhere(f"machine of {str(store)[:2]}")
        proxy.asked.clear()
        first = ingest(address, store)  # type: ignore[arg-type]
        assert first.release_traffic is not None
        assert first.release_traffic.requests == of_releases() == 1 + 7, "one listing, and each object once"
        assert (first.release_traffic.sent_bytes, first.release_traffic.received_bytes > 10_000) == (0, True)
        assert (first.traffic is None) is (store == tmp_path / "store")
        again = ingest(address, store)  # type: ignore[arg-type]
        assert again.release_traffic is not None
        assert again.release_traffic.requests == of_releases() == 1


@pytest.mark.slow
def test_the_requests_of_workers_to_the_releases_are_counted_too(
    address: str, bucket: str, proxy: Proxy, tmp_path: Path, python_path: str
) -> None:
    cluster = Cluster(tmp_path, {**os.environ, "PYTHONPATH": python_path, "XDG_CACHE_HOME": str(tmp_path / "worker")})
    try:
        cluster.start_worker("--no-nanny")
        cluster.wait_for_workers(1)
        proxy.asked.clear()
        report = ingest(address, f"s3://{bucket}/mars", runner="dask", scheduler=cluster.address)  # type: ignore[arg-type]
    finally:
        cluster.close()
    assert (report.results.failed, report.stop) == (0, None)
    asked = [path for _, path in proxy.asked if "/raw/" in path or "prefix=raw" in path]
    assert report.release_traffic is not None
    assert report.release_traffic.requests == len(asked)
    assert len(asked) > 1 + 7, "the worker fetches what it decodes"


def test_unchanged_objects_are_not_fetched_again(
    address: str, bucket: str, bucket_server: str, proxy: Proxy, tmp_path: Path, elsewhere: Callable[[str], None]
) -> None:
    first = ingest(address, tmp_path / "store")  # type: ignore[arg-type]
    fetched(proxy)
    assert ingest(address, tmp_path / "store").results.due == 0  # type: ignore[arg-type]
    assert fetched(proxy) == []
    elsewhere("another machine")
    again = ingest(address, tmp_path / "store", hash_all=True)  # type: ignore[arg-type]
    assert (again.results.due, again.results.reused) == (0, first.results.made)
    assert len(fetched(proxy)) == 7


def test_a_replaced_object_is_noticed_even_with_size_and_second_unchanged(
    release: Path, address: str, bucket: str, bucket_server: str, tmp_path: Path
) -> None:
    ingest(address, tmp_path / "store")  # type: ignore[arg-type]
    data = bytearray((release / "june/wind.wav").read_bytes())
    data[-1] ^= 1
    put(bucket, bucket_server, "june/wind.wav", bytes(data))
    report = ingest(address, tmp_path / "store")  # type: ignore[arg-type]
    assert [(change.file, change.kind) for change in report.changes] == [("june/wind.wav", "replaced")]
    assert report.results.made > 0


def test_a_planned_withdrawal_and_the_return_of_an_object_are_told(
    release: Path, address: str, bucket: str, bucket_server: str
) -> None:
    recipes: Recipes = {"photo": (), "video": (), "audio": (Metadata(),)}
    store = f"s3://{bucket}/mars"
    ingest(address, store, recipes)  # type: ignore[arg-type]
    client(bucket_server).delete_object(Bucket=bucket, Key="raw/june/wind.wav")
    answer = CliRunner().invoke(main, ["release", "withdraw", f"{address}/june/wind.wav", "--store", store])
    (row,) = [one for one in Catalogue(open_store(store)).sightings() if one.name == "wind.wav"]
    day = str(row.gone_utc)[:10]
    assert (answer.exit_code, answer.output) == (0, f"confirmed: june/wind.wav: withdrawn since {day}\n")
    assert row.gone_utc == row.confirmed_utc
    assert ingest(address, store, recipes).changes == ()  # type: ignore[arg-type]
    put(bucket, bucket_server, "june/wind.wav", (release / "june/wind.wav").read_bytes())
    report = ingest(address, store, recipes)  # type: ignore[arg-type]
    assert [str(one) for one in report.changes] == [f"back: june/wind.wav: though withdrawn on {day}"]
    (again,) = [one for one in Catalogue(open_store(store)).sightings() if one.name == "wind.wav"]
    assert (again.stays[:-1], again.stays[-1].confirmed_utc) == (row.stays, None)
    assert CliRunner().invoke(main, ["rebuild", "--store", store]).exit_code == 0
    assert again in Catalogue(open_store(store)).sightings()


def test_an_object_that_a_check_could_not_read_is_read_by_the_next_run(
    release: Path, address: str, bucket: str, bucket_server: str, proxy: Proxy, tmp_path: Path
) -> None:
    recipes: Recipes = {"photo": (), "video": (), "audio": (Metadata(),)}
    store = tmp_path / "store"
    ingest(address, store, recipes)  # type: ignore[arg-type]

    def take_away(asked: str) -> None:
        if asked.startswith("GET") and asked.endswith("wind.wav"):
            client(bucket_server).delete_object(Bucket=bucket, Key="raw/june/wind.wav")

    proxy.meet = take_away
    (fault,) = hash_all(Store(store), which="raw").faults
    assert (fault.path, fault.kind) == ("raw/june/wind.wav", "missing")
    proxy.meet = lambda asked: None
    put(bucket, bucket_server, "june/wind.wav", (release / "june/wind.wav").read_bytes())
    report = ingest(address, store, recipes)  # type: ignore[arg-type]
    assert [str(one) for one in report.changes] == ["restored: june/wind.wav: its bytes are here again"]
    (row,) = [one for one in Catalogue(Store(store)).sightings() if one.name == "wind.wav"]
    found, again = FixityHistory(raw_checks(Store(store))).of_row(row)
    assert (found.reason or "").startswith("missing: ")
    assert (again.reason, again.failed_utc) == (None, found.ended_utc)


def test_damage_that_a_run_found_is_known_to_every_machine_of_a_store_in_a_bucket(
    release: Path, bucket: str, elsewhere: Callable[[str], None]
) -> None:
    recipes: Recipes = {"photo": (), "video": (), "audio": (Metadata(),)}
    store, wind = f"s3://{bucket}/mars", release / "june/wind.wav"
    ingest(release, store, recipes)  # type: ignore[arg-type]
    whole, seen = wind.read_bytes(), wind.stat()
    for data in (whole[:-1] + bytes([whole[-1] ^ 1]), whole):
        wind.write_bytes(data)
        os.utime(wind, ns=(seen.st_atime_ns, seen.st_mtime_ns))
        ingest(release, store, recipes, hash_all=True)  # type: ignore[arg-type]
    elsewhere("another machine")
    (row,) = [one for one in Catalogue(open_store(store)).sightings() if one.name == "wind.wav"]
    found, again = FixityHistory(raw_checks(open_store(store))).of_row(row)
    assert (found.reason or "").startswith(f"changed: was {row.digest[:16]}... is ")
    assert (again.reason, again.failed_utc) == (None, found.ended_utc)


def test_an_object_that_changes_during_the_run_is_told_and_not_used(
    address: str, bucket: str, bucket_server: str, proxy: Proxy, tmp_path: Path
) -> None:
    def change(asked: str) -> None:
        if asked.startswith("GET") and asked.endswith("wind.wav"):
            put(bucket, bucket_server, "june/wind.wav", b"RIFF other bytes")

    proxy.meet = change
    report = ingest(address, tmp_path / "store")  # type: ignore[arg-type]
    assert [one.reason for one in report.problems if one.file == "june/wind.wav"] == [
        "changed during the run: run again when it no longer changes"
    ]


def test_a_file_that_changes_while_its_new_label_is_read_waits_for_the_next_run(
    release: Path, bucket: str, bucket_server: str, proxy: Proxy, tmp_path: Path, elsewhere: Callable[[str], None]
) -> None:
    address, image = f"s3://{bucket}/raw", (numbers() + 30000).astype(">u2").tobytes()
    put(bucket, bucket_server, "june/a.raw", image)
    put(bucket, bucket_server, "june/a.xml", label())
    ingest(address, tmp_path / "store")  # type: ignore[arg-type]
    elsewhere("a machine without copies")
    put(bucket, bucket_server, "june/a.xml", label() + b"\n")

    def change(asked: str) -> None:
        if asked.startswith("GET") and asked.endswith("a.raw"):
            put(bucket, bucket_server, "june/a.raw", image[::-1])

    proxy.meet = change
    report = ingest(address, tmp_path / "store")  # type: ignore[arg-type]
    assert report.stop is None
    reasons = [one.reason for one in report.problems if one.file == "june/a.raw"]
    assert reasons == ["unknown: it, or its label a.xml, cannot be read: run again"]
    proxy.meet = lambda asked: None
    assert ingest(address, tmp_path / "store").results.made > 0  # type: ignore[arg-type]


def test_names_that_paths_cannot_have_are_refused_with_the_reason(
    address: str, bucket: str, bucket_server: str
) -> None:
    put(bucket, bucket_server, "june/sub/photo.jpg", b"x")
    put(bucket, bucket_server, "june/sub", b"both")
    put(bucket, bucket_server, f"june/{'long' * 64}.jpg", b"x")
    refused = {one.relative[:9]: one.reason for one in survey_bucket(address) if hasattr(one, "reason")}  # type: ignore[union-attr]
    assert refused == {
        "june/sub": "it is a file and a folder at once, which no disk can have: rename it",
        "june/long": "its name is longer than 255 bytes, which no disk can have: rename it",
    }


BAD = ("/photo.jpg", "june//photo.jpg", "june/../photo.jpg", "june/./photo.jpg", "june/photo.jpg/")


def test_names_that_no_path_can_have_are_refused_and_the_rest_goes_on(
    release: Path, address: str, bucket: str, bucket_server: str, tmp_path: Path
) -> None:
    alone = ingest(address, tmp_path / "before")  # type: ignore[arg-type]
    put(bucket, bucket_server, "june/marked/", b"")
    for name in BAD:
        put(bucket, bucket_server, name, b"x")
    report = ingest(address, tmp_path / "store")  # type: ignore[arg-type]
    assert counts(report) == counts(alone)
    told = {one.file: one.reason for one in report.problems if one.reason.startswith("no path")}
    assert told == dict.fromkeys(BAD, "no path on a disk can have this name: rename or remove the object")
    assert results(Store(tmp_path / "store")) == results(Store(tmp_path / "before"))
    assert rows(Store(tmp_path / "store")) == rows(Store(tmp_path / "before"))


@pytest.mark.parametrize("has_boto3", [True, False])
def test_an_object_whose_name_ends_in_a_slash_is_refused_by_its_name(
    release: Path,
    address: str,
    bucket: str,
    bucket_server: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    has_boto3: bool,
) -> None:
    alone = ingest(address, tmp_path / "before")  # type: ignore[arg-type]
    photo = (release / "june/rover #1 100%.jpg").read_bytes()
    slashed = ("june/alone.jpg/", "june/wind.wav/", "video.mp4/", "june/notes/", "june/火星.png/")
    for name in slashed:  # beside a file of that name, and alone
        put(bucket, bucket_server, name, photo)
    put(bucket, bucket_server, "june/marked/", b"")
    put(bucket, bucket_server, "june/descent.mp4/", b"")
    if not has_boto3:
        monkeypatch.setitem(sys.modules, "boto3", None)
    reports = [ingest(address, tmp_path / "store") for _ in range(2)]  # type: ignore[arg-type]
    for report in reports:
        told = {one.file: (one.verdict, one.blame, one.reason) for one in report.problems if one.file.endswith("/")}
        reason = "no path on a disk can have this name: rename or remove the object"
        assert told == dict.fromkeys(slashed, ("not taken", "file", reason))
        assert not [one for one in report.problems if "vanished" in one.reason]
    assert results(Store(tmp_path / "store")) == results(Store(tmp_path / "before"))
    assert rows(Store(tmp_path / "store")) == rows(Store(tmp_path / "before"))
    assert [report.sources for report in reports] == [alone.sources] * 2


def test_a_name_that_no_path_can_have_ends_the_run_without_the_library_that_lists_it(
    address: str, bucket: str, bucket_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(bucket, bucket_server, "june//photo.jpg", b"x")
    monkeypatch.setitem(sys.modules, "boto3", None)
    with pytest.raises(RequestError) as error:
        list(survey_bucket(address))
    assert str(error.value) == (
        f"s3://{bucket}/raw/june//photo.jpg: no path on a disk can have this name; rename or remove the object; "
        "or `pip install boto3`, to go on without it"
    )


def test_both_listings_say_the_same_of_an_object(address: str, bucket: str, bucket_server: str) -> None:
    put(bucket, bucket_server, "june/empty.txt", b"")
    put(bucket, bucket_server, "june/marked/", b"")
    before = list(survey_bucket(address))
    put(bucket, bucket_server, "june//photo.jpg", b"x")
    after = [one for one in survey_bucket(address) if not isinstance(one, SkippedFile)]
    assert after == before
    assert {one.relative for one in before} >= {"june/empty.txt"}
    assert "june/marked" not in {one.relative for one in before}


def test_raw_objects_are_verified_from_the_bucket_and_not_from_a_copy(
    release: Path, address: str, bucket: str, bucket_server: str, tmp_path: Path
) -> None:
    ingest(address, tmp_path / "store")  # type: ignore[arg-type]
    verify = ["verify", "--raw-only", "--quiet", "--store", str(tmp_path / "store")]
    sound = CliRunner().invoke(main, verify)
    hashed, traffic = sound.output.splitlines()
    assert (sound.exit_code, hashed.rpartition(": ")[2]) == (0, "no faults")
    assert traffic.startswith("bucket of the releases: 8 requests, ")
    in_json = json.loads(CliRunner().invoke(main, [*verify, "--json"]).stdout)["release_traffic"]
    assert in_json["requests"] == 8, "one listing, and each object once"
    put(bucket, bucket_server, "june/wind.wav", b"other")
    client(bucket_server).delete_object(Bucket=bucket, Key="raw/june/copy.png")
    found = CliRunner().invoke(main, verify)
    assert found.exit_code == 1
    told = [line.split(": ")[:2] for line in found.output.splitlines()[:2]]
    assert sorted(told) == [["changed", "raw/june/wind.wav"], ["missing", "raw/june/copy.png"]]


def test_the_command_names_what_is_wrong_with_an_address(bucket: str, address: str, tmp_path: Path) -> None:
    missing = f"s3://{bucket}/nothing"
    nothing = CliRunner().invoke(main, ["ingest", missing, "--quiet", "--store", str(tmp_path / "store")])
    assert f"{missing}: no object there; check the address" in nothing.output
    inside = CliRunner().invoke(main, ["ingest", address, "--store", f"{address}/store"])
    assert f"the store {address}/store is inside {address}" in inside.output


def test_packs_and_reprocessing_read_the_objects_of_another_machine(
    release: Path, address: str, tmp_path: Path, elsewhere: Callable[[str], None]
) -> None:
    store = tmp_path / "store"
    ingest(address, store)  # type: ignore[arg-type]
    elsewhere("another machine")
    (tmp_path / "pack.toml").write_text(
        'title = "Rover"\nselection = ["rover*"]\ntake = ["originals"]\naudience = "internal"\n'
    )
    pack = ["pack", str(tmp_path / "pack.toml"), "-o", str(tmp_path / "pack"), "--quiet", "--store", str(store)]
    built = CliRunner().invoke(main, pack)
    assert built.exit_code == 0, built.output
    packed = {path.read_bytes() for path in (tmp_path / "pack").rglob("*.jpg") if path.is_file()}
    assert (release / "june/rover #1 100%.jpg").read_bytes() in packed
    again = ["reprocess", "medium=audio", "--processor", "audio.spectrogram", "--set", "window_samples=512", "--json"]
    report = json.loads(CliRunner().invoke(main, [*again, "--store", str(store)]).output.splitlines()[-1])
    assert (report["results"]["made"], report["results"]["failed"]) == (1, 0), report


def test_an_original_that_changes_while_it_is_packed_is_named(
    address: str, bucket: str, bucket_server: str, proxy: Proxy, tmp_path: Path, elsewhere: Callable[[str], None]
) -> None:
    ingest(address, tmp_path / "store")  # type: ignore[arg-type]
    elsewhere("a machine without copies")

    def change(asked: str) -> None:
        if asked.startswith("GET") and asked.endswith("wind.wav"):
            put(bucket, bucket_server, "june/wind.wav", b"RIFF other bytes")

    proxy.meet = change
    (tmp_path / "pack.toml").write_text(
        'title = "Wind"\nselection = ["wind.wav"]\ntake = ["originals"]\naudience = "internal"\n'
    )
    pack = ["pack", str(tmp_path / "pack.toml"), "-o", str(tmp_path / "pack"), "--quiet"]
    built = CliRunner().invoke(main, [*pack, "--store", str(tmp_path / "store")])
    assert built.stderr.splitlines()[-1] == (
        f"marsmedia: no pack was built: {address}/june/wind.wav: "
        "changed during the run: run again when it no longer changes"
    )
    assert (built.exit_code, (tmp_path / "pack").exists()) == (1, False)


@pytest.mark.parametrize("name", ["a.xml", "product.lblx"])
def test_an_image_is_read_with_the_label_next_to_it(
    raw: Path, bucket: str, bucket_server: str, tmp_path: Path, elsewhere: Callable[[str], None], name: str
) -> None:
    (raw / "june/a.raw").write_bytes(numbers().tobytes())
    (raw / "june" / name).write_bytes(label())
    for path in (raw / "june").iterdir():
        put(bucket, bucket_server, f"june/{path.name}", path.read_bytes())
    ingest(raw, tmp_path / "folder")
    address = f"s3://{bucket}/raw"
    ingest(address, tmp_path / "store", {"photo": ()})  # type: ignore[arg-type]
    elsewhere("another machine")
    ingest(address, tmp_path / "store")  # type: ignore[arg-type]
    assert results(Store(tmp_path / "store")) == results(Store(tmp_path / "folder"))
    assert len(results(Store(tmp_path / "store"))) == 2


@pytest.fixture
def both(raw: Path, maker: MediaMaker, bucket: str, bucket_server: str, tmp_path: Path) -> tuple[str, str]:
    """Stores of one described release, in a folder and in the bucket; an image of it has a label."""
    maker.tone("wind.wav")
    maker.photo("rover.jpg")
    (raw / "june/a.raw").write_bytes(numbers().tobytes())
    (raw / "june/a.xml").write_bytes(label())
    (raw / "june/mic.toml").write_text('name = "mic"\nfull_scale_pascals = 20.0\nsource = "a paper"\n')
    (raw / "june/release.toml").write_text(
        'title = "June"\ncredit = "CNSA"\nrights = "CC BY 4.0"\nredistribute = true\n'
        '[[file]]\npath = "rover.jpg"\ntitle = "Rover"\n[[file]]\npath = "wind.wav"\ncalibration = "mic.toml"\n'
    )
    for path in (raw / "june").iterdir():
        put(bucket, bucket_server, f"june/{path.name}", path.read_bytes())
    stores = str(tmp_path / "folder"), str(tmp_path / "store")
    for place, store in zip((raw, f"s3://{bucket}/raw"), stores, strict=True):
        done = said("ingest", str(place), "--recipe", "light", "--quiet", "--store", store)
        assert done.startswith("completed: "), done
    return stores


def said(*words: str) -> str:
    answer = CliRunner().invoke(main, words)
    assert answer.exit_code == 0, answer.output
    return answer.stdout


@pytest.mark.parametrize("audience", ["archive", "internal", "research", "press", "public"])
def test_every_pack_of_a_release_in_a_bucket_has_the_files_of_one_of_a_folder(
    both: tuple[str, str], tmp_path: Path, elsewhere: Callable[[str], None], audience: str
) -> None:
    elsewhere("a machine without copies")
    packs: list[dict[str, bytes]] = []
    for store in both:
        pack = tmp_path / f"pack {Path(store).name}"
        recipe = f'title = "June"\nselection = ["release=june"]\naudience = "{audience}"\n'
        recipe += 'take = ["originals", "photo.preview/*"]\n'
        (tmp_path / "pack.toml").write_text(recipe)
        said("pack", str(tmp_path / "pack.toml"), "-o", str(pack), "--quiet", "--store", store)
        files = [path for path in pack.rglob("*") if path.is_file()]
        packs.append({str(path.relative_to(pack)): path.read_bytes() for path in files})
        assert ": no faults\nno source has changed" in said("pack", "verify", str(pack), "--store", store)
    folder, bucket = packs
    assert folder.keys() == bucket.keys()
    dated = {name for name in folder if folder[name] != bucket[name]}
    assert not {name for name in dated if not name.endswith((".xml", ".txt", ".html", "ro-crate-metadata.json"))}
    if audience == "archive":
        objects = [re.findall(rb"<object .*?</object>", pack["data/premis.xml"], re.DOTALL) for pack in packs]
        originals = [[one for one in some if b"<originalName>june/" in one] for some in objects]
        assert originals[0] == originals[1]
        assert len(originals[1]) == 6
        assert b"".join(originals[1]).count(b"<formatRegistryName>PRONOM") == 3


def test_commands_after_a_run_know_what_a_release_in_a_bucket_says(
    both: tuple[str, str], bucket: str, bucket_server: str, elsewhere: Callable[[str], None]
) -> None:
    for machine in ("test", "a machine without copies"):
        elsewhere(machine)
        for name in ("rover.jpg", "wind.wav", "a.raw"):
            verdicts = [re.sub(r"made on \S+", "made", said("why", name, "--store", store)) for store in both]
            assert verdicts[0] == verdicts[1]
            assert "evidence: not due: made by" in verdicts[1]
    spectrogram = (
        "reprocess",
        "wind.wav",
        "--processor",
        "audio.spectrogram",
        "--set",
        "window_samples=512",
        "--quiet",
    )
    for store in both:
        said(*spectrogram, "--store", store)
    keys = [sorted(str(one.ref) for one in Store(Path(store)).manifests()) for store in both]
    assert keys[0] == keys[1], "with the calibration that release.toml names"
    client(bucket_server).delete_object(Bucket=bucket, Key="raw/june/release.toml")
    elsewhere("a machine without copies, later")
    assert "release.head.title 'June' -> None" in said("why", "rover.jpg", "--store", both[1])


@pytest.mark.parametrize("name", ["release.toml", "mic.toml"])
def test_commands_stop_where_a_description_in_a_bucket_cannot_be_read(
    both: tuple[str, str], bucket: str, proxy: Proxy, elsewhere: Callable[[str], None], name: str
) -> None:
    store = both[1]
    before = sorted(str(one.ref) for one in Store(Path(store)).manifests())
    elsewhere("a machine without copies")
    proxy.will("403", only=name)
    parameters = ["--processor", "audio.spectrogram", "--set", "window_samples=512", "--quiet"]
    for words in (["why", "wind.wav"], ["reprocess", "wind.wav", *parameters]):
        answer = CliRunner().invoke(main, [*words, "--store", store])
        assert answer.stderr.splitlines() == [
            f"marsmedia: s3://{bucket}: not allowed to read there (403); check the credentials and their permissions"
        ]
        assert (answer.exit_code, answer.stdout) == (2, "")
    assert sorted(str(one.ref) for one in Store(Path(store)).manifests()) == before


def test_what_is_asked_of_a_release_in_a_folder_needs_no_bucket_of_another(
    both: tuple[str, str], bucket: str, proxy: Proxy, elsewhere: Callable[[str], None], tmp_path: Path
) -> None:
    store = both[1]
    (tmp_path / "near/may").mkdir(parents=True)
    MediaMaker(tmp_path / "near/may").tone("rain.wav", hz=880.0)
    (tmp_path / "near/may/release.toml").write_text('title = "May"\ncredit = "CNSA"\nrights = "CC BY 4.0"\n')
    said("ingest", str(tmp_path / "near"), "--recipe", "light", "--quiet", "--store", store)
    elsewhere("a machine without copies")
    proxy.will("403")
    assert "evidence: not due: made on" in said("why", "rain.wav", "--store", store)
    parameters = ["--processor", "audio.spectrogram", "--set", "window_samples=512", "--quiet"]
    assert said("reprocess", "rain.wav", *parameters, "--store", store).startswith("completed: ")
    recipe = 'title = "Rain"\nselection = ["release=may"]\naudience = "internal"\ntake = ["originals"]\n'
    (tmp_path / "pack.toml").write_text(recipe)
    said("pack", str(tmp_path / "pack.toml"), "-o", str(tmp_path / "pack"), "--quiet", "--store", store)
    said("browse", "release=may", "-o", str(tmp_path / "page"), "--no-open", "--quiet", "--store", store)
    refused = CliRunner().invoke(main, ["why", "wind.wav", "--store", store])
    assert (refused.exit_code, refused.stderr.split(": ")[1]) == (2, f"s3://{bucket}")
