"""Batches as Prefect tasks: some at once, and every one is answered."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

FLOW = """
import json
from pathlib import Path
from flows.serving import tasks
from prefect import flow
from flows.run.working.batches import Batch
from flows.run.options import Options
from processors.contract import Source
from processors.engine.plan import Due
from processors.sources.source_file import SourceFile

tasks.TASKS_AT_ONCE = 2
source = Source(digest="ab" * 32, size_bytes=1, name="a.png", medium="photo", format="png", has_sound=False)
file = SourceFile(path=Path("a.png"), size_bytes=1, mtime_ns=0)
due = Due(source=source, file=file, release="june", relative="a.png", duration_seconds=None, results=())
submitted, answers = [], []

class Batches(list):
    def __getitem__(self, part):
        submitted.append([part.start, part.stop, len(answers)])
        return super().__getitem__(part)

@flow(task_runner=tasks.task_runner())
def five():
    every = (Batch(run=f"run-{n}", store=Path("store"), options=Options(), due=(due,)) for n in range(5))
    for answer in tasks.in_tasks(Batches(every)):
        answers.append(str(answer))

five()
print(json.dumps([submitted, sorted(answers)]))
"""


@pytest.mark.slow
@pytest.mark.prefect
def test_tasks_are_submitted_some_at_once_and_every_batch_is_answered(prefect_server: str) -> None:
    environment = {**os.environ, "PREFECT_API_URL": prefect_server}
    ran = subprocess.run([sys.executable, "-c", FLOW], env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    submitted, answers = json.loads(ran.stdout.splitlines()[-1])
    assert submitted == [[0, 2, 0], [2, 4, 2], [4, 6, 4]]
    assert answers == [f"run-{n}: this process has no workers open for that run" for n in range(5)]
