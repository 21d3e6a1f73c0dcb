"""A command's process ends at once, with all that it wrote and its exit code."""

from __future__ import annotations

import subprocess
import sys

import pytest

ENDS = """
import atexit, threading, time
from concurrent.futures import ThreadPoolExecutor

from flows.cli.end_process import end_process

class Freed:
    def __del__(self):
        print("freed")

kept = Freed()
atexit.register(print, "called")
pool = ThreadPoolExecutor(1)
pool.submit(lambda: (time.sleep(0.3), print("in a pool")))
threading.Thread(target=lambda: (time.sleep(0.1), print("in a thread"))).start()
print("written, and not yet flushed")
end_process(3)
"""


def test_threads_and_registered_functions_have_their_turn_and_nothing_is_freed() -> None:
    ended = subprocess.run([sys.executable, "-c", ENDS], capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 3
    assert ended.stdout.splitlines() == ["written, and not yet flushed", "in a thread", "in a pool", "called"]
    assert ended.stderr == ""


@pytest.mark.parametrize(("arguments", "code"), [(["missions"], 0), (["status", "--store", "/nowhere"], 2)])
def test_exit_codes_and_messages_are_whole(arguments: list[str], code: int) -> None:
    command = [sys.executable, "-m", "flows.cli", *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == code
    assert (ended.stdout or ended.stderr).endswith("\n")


def test_a_closed_pipe_is_no_traceback() -> None:
    command = f"{sys.executable} -m flows.cli processors --json | head -c 10; exit ${{PIPESTATUS[0]}}"
    ended = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60, check=False)
    assert ended.stdout == ended.stdout[:10]
    assert "Traceback" not in ended.stderr


def test_a_command_without_an_output_has_its_own_exit_code() -> None:
    for arguments, code in (("missions", 0), ("status --store /nowhere", 2)):
        command = f"{sys.executable} -m flows.cli {arguments} >&- 2>&-"
        assert subprocess.run(["bash", "-c", command], timeout=60, check=False).returncode == code
