"""Ctrl-C during a query, or while DuckDB is loaded, is a Ctrl-C and nothing else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from processors.store.catalogue.catalogue import Catalogue
from processors.store.catalogue.sql import INTERRUPTED, connect
from processors.store.store import Store

ENDLESS = "SELECT sum(hash(a.range * b.range)) FROM range(100000) a, range(1000000) b"
INTERRUPTED_WHILE_IT_LOADS = """
import os, signal, sys, threading, time
from pathlib import Path
from processors.store.catalogue.catalogue import Catalogue
from processors.store.catalogue.sql import connect
from processors.store.store import Store

def interrupt(event, details):
    if event == "import" and details[0].startswith("_duckdb"):
        os.kill(os.getpid(), signal.SIGINT)

catalogue = Catalogue(Store(Path(sys.argv[1])))
signal.signal(signal.SIGINT, signal.default_int_handler)
threading.Thread(target=time.sleep, args=[5], daemon=True).start()  # which would take a signal that this one blocks
sys.addaudithook(interrupt)
try:
    with connect(catalogue):
        print("not interrupted")
except KeyboardInterrupt:
    print("stopped")
"""


@pytest.fixture
def heeds_interrupts() -> Iterator[None]:
    """Undo what a shell does to programs that it starts in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heeds_interrupts")
def test_duckdb_makes_this_error_of_an_interrupt() -> None:
    with duckdb.connect(config={"threads": 1}) as connection:  # with more, it notices one between two tasks only
        threading.Timer(0.5, os.kill, [os.getpid(), signal.SIGINT]).start()
        with pytest.raises(RuntimeError) as interrupted:
            connection.execute(ENDLESS).fetchall()
    assert (type(interrupted.value), str(interrupted.value)) == (RuntimeError, INTERRUPTED)


def test_an_interrupted_query_raises_keyboard_interrupt(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), connect(Catalogue(Store(tmp_path))):
        raise RuntimeError(INTERRUPTED)
    with pytest.raises(RuntimeError, match="another"), connect(Catalogue(Store(tmp_path))):
        raise RuntimeError("another")


def test_an_interrupt_while_the_library_is_loaded_is_delivered_afterwards(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED_WHILE_IT_LOADS, tmp_path], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "stopped\n", "")
