"""Why a result is due: what differs of its parameters, and nothing else."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

from click.testing import CliRunner

from flows.cli.main import main
from processors.contract import LabelRef, parameters
from processors.engine.plan import changes
from processors.metadata.evidence import Evidence
from processors.store.store import Store
from tests.helpers.first_recipes import RECIPES
from tests.helpers.made_media import MediaMaker
from tests.helpers.runs import ingest

LONG = "The rover drives off its lander and turns to look back at it. " * 6


def evidence(head: dict[str, object], **entry: object) -> Evidence:
    return Evidence(release=json.dumps({"head": head, "file": entry}))


def told(before: Evidence, now: Evidence) -> str:
    return changes(Evidence.version, parameters(before), now)


def test_only_the_statements_that_differ_are_named() -> None:
    head = {"title": "June", "agency": "CNSA", "keywords": ["rover"]}
    before = evidence(head, caption="old", date="2021-06-01")
    assert told(before, evidence(head, caption="new", date="2021-06-01")) == "release.file.caption 'old' -> 'new'"
    assert told(before, evidence(head, date="2021-06-01")) == "release.file.caption 'old' -> None"
    changed = evidence(head | {"keywords": ["rover", "tracks"], "title": "July"}, caption="old", date="2021-06-01")
    assert told(before, changed) == (
        "release.head.keywords ['rover'] -> ['rover', 'tracks'], release.head.title 'June' -> 'July'"
    )


def test_a_long_value_is_cut_to_where_it_differs() -> None:
    before, now = (evidence({}, caption=f"{LONG}{last}") for last in ("They met in May.", "They met in June."))
    assert told(before, now) == "release.file.caption ...it. They met in May.' -> ...it. They met in June.'"
    assert told(evidence({}, caption="x"), now) == f"release.file.caption 'x' -> '{LONG[:71]}..."


def test_records_in_a_list_are_compared_one_by_one() -> None:
    labels = (LabelRef(name="a.xml", sha256="1" * 64), LabelRef(name="a.xmp", sha256="2" * 64))
    now = (labels[0], dataclasses.replace(labels[1], sha256="3" * 64))
    assert told(Evidence(labels=labels), Evidence(labels=now)) == f"labels.2.sha256 '{'2' * 64}' -> '{'3' * 64}'"


def test_a_text_that_is_no_record_is_compared_as_it_is() -> None:
    assert told(Evidence(release="{ten}"), Evidence(release="{two}")) == "release '{ten}' -> '{two}'"


def test_a_dry_run_names_the_caption_that_was_corrected(tmp_path: Path) -> None:
    folder, store = tmp_path / "raw/june", tmp_path / "store"
    folder.mkdir(parents=True)
    MediaMaker(folder).photo("a.jpg")

    def run(caption: str, *words: str) -> str:
        (folder / "release.toml").write_text(f'title = "June"\n[[file]]\npath = "a.jpg"\ncaption = "{caption}"\n')
        asked = ["ingest", str(tmp_path / "raw"), "--store", str(store), *words]
        return CliRunner().invoke(main, asked, catch_exceptions=False).output

    run("Wheel tarcks", "--quiet")
    (line,) = [one for one in run("Wheel tracks", "--dry-run").splitlines() if "evidence" in one]
    assert line.endswith(": release.file.caption 'Wheel tarcks' -> 'Wheel tracks'")


def reasons(store: Path, *words: str) -> dict[str, str]:
    """Return why each result is due, by processor, as a dry run says."""
    asked = ["ingest", str(store.with_name("raw")), "--store", str(store), "--recipe", "light", "--dry-run", "--json"]
    answer = CliRunner().invoke(main, [*asked, *words], catch_exceptions=False).output
    return {one["processor"]: one["why"] for one in json.loads(answer)["plan"]}


def test_a_dry_run_says_that_a_failure_is_tried_again(tmp_path: Path) -> None:
    folder, store = tmp_path / "raw/june", tmp_path / "store"
    folder.mkdir(parents=True)
    photo = MediaMaker(folder).photo("a.png")
    photo.write_bytes(photo.read_bytes()[:60])
    report = ingest(tmp_path / "raw", store, RECIPES)
    failed = {one.ref.processor: one for one in Store(store).manifests() if one.verdict == "failed"}
    assert (report.exit_code, sorted(failed)) == (1, ["photo.preview"])
    assert "photo.preview" not in reasons(store)
    when = failed["photo.preview"].started_utc
    assert reasons(store, "--retry-failed")["photo.preview"] == f"due: failed on {when}: --retry-failed tries it again"


def test_a_dry_run_says_that_a_result_is_gone_from_the_store(tmp_path: Path) -> None:
    folder, store = tmp_path / "raw/june", tmp_path / "store"
    folder.mkdir(parents=True)
    MediaMaker(folder).photo("a.jpg")
    ingest(tmp_path / "raw", store, RECIPES)
    (made,) = [one for one in Store(store).manifests() if one.ref.processor == "photo.preview"]
    shutil.rmtree(Store(store).folder(made.ref))
    when = f"due: since the result of {made.started_utc}"
    assert reasons(store)["photo.preview"] == f"{when}: it is gone from the store"
