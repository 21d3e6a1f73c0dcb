"""`prune` and `rebuild` next to other commands: neither undoes what another has done meanwhile."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from flows.run.reporting.at_work import LOOK_SECONDS, alone, announced, runs_at_work
from flows.run.reporting.run_record import recorded
from processors.engine.wanted_results import Recipes
from processors.photo.photo_preview import PhotoPreview
from processors.store.kept_results import keep_results
from processors.store.manifest import ResultRef
from processors.store.store import Store
from tests.helpers.command import PROJECT, command_line, in_this_process
from tests.helpers.made_media import MediaMaker
from tests.helpers.runs import ingest


@pytest.fixture
def store(raw: Path, maker: MediaMaker, tmp_path: Path) -> Store:
    """A store with one result, that the recipes as shipped do not ask for."""
    maker.photo("photo.jpg")
    recipes: Recipes = {"photo": (PhotoPreview(quality=60),), "video": (), "audio": ()}
    ingest(raw, tmp_path / "store", recipes)
    return Store(tmp_path / "store")


def only_result(store: Store) -> ResultRef:
    (manifest,) = store.manifests()
    return manifest.ref


def test_prune_and_rebuild_do_nothing_while_a_run_is_at_work(store: Store) -> None:
    ref = only_result(store)
    with recorded(store, "running", "raw") as record:
        for command in (("prune", "--yes"), ("rebuild",)):
            run = in_this_process(*command, "--store", store.root)
            assert run.stderr == (
                f"marsmedia: another command is at work on this store: {record.who}; run again when it has ended\n"
            )
            assert run.returncode == 2
        assert in_this_process("prune", "--dry-run", "--store", store.root).returncode == 0
    assert store.has(ref)
    assert in_this_process("rebuild", "--store", store.root).returncode == 0
    assert in_this_process("prune", "--yes", "--store", store.root).returncode == 0
    assert not store.has(ref)


def test_a_run_waits_while_the_catalogue_is_rebuilt(store: Store) -> None:
    with recorded(store, "running", "raw") as record, ThreadPoolExecutor(1) as pool:
        with announced(store, "rebuild"):
            waiting = pool.submit(record.wait)
            with pytest.raises(TimeoutError):
                waiting.result(timeout=2 * LOOK_SECONDS)
        waiting.result(timeout=60)


def test_a_run_that_waits_names_what_it_waits_for_and_then_does_its_work(store: Store, raw: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    with alone(store, "rebuild"):
        (command,) = runs_at_work(store)
        run = subprocess.Popen(
            command_line("ingest", raw, "--store", store.root),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            text=True,
        )
        assert run.stderr
        note = run.stderr.readline()
    said, _ = run.communicate(timeout=300)
    assert note == f"marsmedia: another run is at work on this store: {command}; nothing is made twice\n"
    assert (run.returncode, said.startswith("completed: of ")) == (0, True)


def test_prune_does_nothing_while_a_check_is_at_work(store: Store) -> None:
    with announced(store, "check") as check:
        run = in_this_process("prune", "--yes", "--store", store.root)
    assert (run.returncode, str(check) in run.stderr) == (2, True)


def test_a_check_is_named_as_at_work(store: Store) -> None:
    with announced(store, "check") as check:
        assert f"a run is at work: {check}" in in_this_process("status", "--store", store.root).stdout.splitlines()
    assert "at work" not in in_this_process("status", "--store", store.root).stdout


def confirmed_after(meanwhile: Callable[[], object], store: Store) -> tuple[int, str]:
    """Exit code and output of a `prune` whose question is answered once this is done."""
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    with subprocess.Popen(
        command_line("prune", "--store", store.root),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=environment,
    ) as run:
        assert run.stdin
        assert run.stdout
        said = b""
        while b"remove them?" not in said:
            more = os.read(run.stdout.fileno(), 4096)
            assert more, said
            said += more
        meanwhile()
        run.stdin.write(b"y\n")
        run.stdin.close()
        said += run.stdout.read()
        return run.wait(), said.decode()


def test_a_result_that_is_kept_while_prune_asks_stays(store: Store) -> None:
    ref = only_result(store)
    code, _ = confirmed_after(lambda: keep_results([ref], store), store)
    assert (code, store.has(ref)) == (0, True)


def test_prune_removes_nothing_if_another_command_has_begun_while_it_asked(store: Store) -> None:
    ref = only_result(store)
    with ExitStack() as others:
        code, said = confirmed_after(lambda: others.enter_context(announced(store, "check")), store)
    assert (code, store.has(ref)) == (2, True)
    assert "marsmedia: another command is at work on this store: " in said


def test_prune_goes_on_past_a_result_whose_manifest_cannot_be_read(store: Store, raw: Path, maker: MediaMaker) -> None:
    damaged = only_result(store)
    maker.photo("other.png", size=(64, 48))
    ingest(raw, store.root, {"photo": (PhotoPreview(quality=60),), "video": (), "audio": ()})
    (store.folder(damaged) / "manifest.json").write_bytes(b"{")
    run = in_this_process("prune", "--yes", "--store", store.root)
    assert run.stdout.splitlines()[-1] == "removed 1 result"
    assert run.stderr.startswith(f"marsmedia: left as it is: {store.folder(damaged).relative_to(store.root)}/manifest")
    assert store.has(damaged)
