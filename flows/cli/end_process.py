"""End of the process of a command, without freeing one by one the objects that go with it."""

from __future__ import annotations

import atexit
import os
import sys
import threading


def end_process(code: int) -> None:
    """End this process as Python does, but free nothing: that takes 0.2 s after a run, more among 100,000 sources.

    Threads and functions registered for the end have their turn, except that nothing waits for a Prefect server that
    was lost. Returns if the output cannot be written, as into a closed pipe.
    """
    recording = sys.modules.get("flows.serving.recording")
    if not (recording and recording.was_server_lost()):
        threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    try:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None and not stream.closed:
                stream.flush()
    except OSError:
        return
    os._exit(code)
