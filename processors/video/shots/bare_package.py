"""Imports from a package without its own code, where that loads what nobody here needs."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec, module_from_spec

_LOADING = threading.Lock()


@contextmanager
def bare_package(name: str) -> Iterator[None]:
    """Let modules of a package be imported meanwhile without running its `__init__`.

    Who imports the package later has all that its `__init__` defines; modules loaded here are no attributes of it.

    `import scenedetect` loads a reader of videos for each library that has one, and starts ffmpeg and ffplay to see
    whether they are there: 0.2 s of processor time in each worker, three times what its detectors take.
    """
    with _LOADING:
        if name in sys.modules:
            yield
            return
        spec = find_spec(name)
        assert spec is not None, name
        sys.modules[name] = module_from_spec(spec)  # its modules are found, but its own code does not run
        try:
            yield
        finally:
            del sys.modules[name]
