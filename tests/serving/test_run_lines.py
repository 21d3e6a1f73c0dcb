"""The terminal of `serve` has a line for the beginning and the end of each run, and none twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from prefect.client.schemas.objects import FlowRun, State, StateType

from flows.run.reporting.report import with_lines
from flows.serving.run_lines import MAX_MESSAGE_CHARACTERS, RunLines

BEGUN = datetime(2026, 6, 1, 2, 0, tzinfo=UTC)
DEPLOYMENT = uuid4()


def run(kind: StateType, message: str = "", seconds: float = 0, name: str | None = None) -> FlowRun:
    ended = BEGUN + timedelta(seconds=seconds)
    state = State(type=kind, message=message, timestamp=ended, name=name)
    times: dict[str, Any] = {"start_time": BEGUN, "end_time": ended}
    return FlowRun(id=uuid4(), flow_id=uuid4(), deployment_id=DEPLOYMENT, state=state, **times)


def told(lines: RunLines, one: FlowRun) -> list[str]:
    return [line.partition("  ")[2] for line in lines.lines(one)]


def test_a_run_is_told_when_it_begins_and_when_it_ends_and_not_again() -> None:
    lines = RunLines({DEPLOYMENT: "nightly-ingest"}, print)
    first = run(StateType.RUNNING)
    assert told(lines, first) == ["nightly-ingest: begun"]
    assert told(lines, first) == []
    ended = run(StateType.FAILED, "failed: of 8 results: 7 made, 0 reused, 0 refused, 1 failed", 3725)
    ended.id = first.id
    assert told(lines, ended) == [
        "nightly-ingest: failed after 1 h 2 min: failed: of 8 results: 7 made, 0 reused, 0 refused, 1 failed"
    ]
    assert told(lines, ended) == []


def test_the_problems_of_a_run_are_lines_below_the_one_of_its_end() -> None:
    lines = RunLines({DEPLOYMENT: "nightly-ingest"}, print)
    problems = [f"failed: june/{number}.mp4: cut " + "short " * 60 for number in range(12)]
    message = with_lines("failed: of 12 results: 0 made", problems, "/srv/runs/1.json")
    begun, ended, *below = lines.lines(run(StateType.FAILED, message))
    assert begun.endswith("nightly-ingest: begun")
    assert ended.endswith("  nightly-ingest: failed after 0 s: failed: of 12 results: 0 made")
    assert [line[:25] for line in below[:10]] == [f"  failed: june/{number}.mp4: cut" for number in range(10)]
    assert {len(line) for line in below[:10]} == {2 + MAX_MESSAGE_CHARACTERS + len("...")}
    assert below[10:] == ["  ... and 2 more", "  report: /srv/runs/1.json"]
    assert with_lines("completed", [], "/srv/runs/1.json") == "completed"


def test_a_short_run_has_both_lines_at_once_and_a_long_message_is_cut() -> None:
    lines = RunLines({DEPLOYMENT: "weekly-verify"}, print)
    assert told(lines, run(StateType.CRASHED, "x" * 500, 65, name="Crashed")) == [
        "weekly-verify: begun",
        f"weekly-verify: crashed after 1 min 5 s: {'x' * MAX_MESSAGE_CHARACTERS}...",
    ]


def test_runs_of_others_and_runs_that_wait_are_not_told() -> None:
    lines = RunLines({uuid4(): "nightly-ingest"}, print)
    assert told(lines, run(StateType.COMPLETED)) == []
    waiting = run(StateType.SCHEDULED)
    waiting.start_time = None
    assert told(RunLines({DEPLOYMENT: "nightly-ingest"}, print), waiting) == []
