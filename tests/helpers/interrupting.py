"""Ctrl-C for a process that waits for a pipe."""

from __future__ import annotations

import signal
import subprocess

MISSED_SECONDS = 20.0


def interrupt_reader(process: subprocess.Popen[str]) -> None:
    """Interrupt a process that is about to read a pipe, and wait until it ends.

    A signal that arrives just before the read begins does not end it; another one does.
    """
    while process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(MISSED_SECONDS)
        except subprocess.TimeoutExpired:
            continue
