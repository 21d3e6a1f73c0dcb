"""Prefect server that records the runs of the commands, if there is one; Prefect itself is not imported without need.

It is the one named by Prefect's own settings, such as `PREFECT_API_URL`, or else that of a `marsmedia serve` running
on the store.
"""

from __future__ import annotations

import os
import urllib.error
import urllib.request
from pathlib import Path

# isort: off
import flows.serving.prefect_defaults  # noqa: F401 - before Prefect is imported
# isort: on

from flows.serving.sole_service import service_on
from processors.store.store import Store

ADDRESS = "PREFECT_API_URL"
PROBE_SECONDS = 10.0
SETTINGS_FILES = {".env": "PREFECT_", "prefect.toml": "", "pyproject.toml": "[tool.prefect"}
"""Files in the working directory that Prefect reads, and the text that they contain if they hold Prefect settings."""


def server_of_runs(store: Store) -> str | None:
    """Return the API address of the server; None if there is none."""
    return configured_server() or _serving(store)


def configured_server() -> str | None:
    """Return the address in Prefect's settings: environment, files of the working directory, active profile."""
    if address := os.environ.get(ADDRESS):
        return address
    if not _has_settings():
        return None
    from prefect.settings import get_current_settings

    return get_current_settings().api.url


def answers(address: str) -> bool:
    """Return whether a server answers at the address, if only to refuse."""
    try:
        with urllib.request.urlopen(f"{address.rstrip('/')}/health", timeout=PROBE_SECONDS):
            return True
    except urllib.error.HTTPError:
        return True
    except (OSError, ValueError):
        return False


def _serving(store: Store) -> str | None:
    """Return the address of the `marsmedia serve` running on the store on this machine."""
    service = service_on(store)
    return service.server if service and service.is_ready and service.is_here else None


def _has_settings() -> bool:
    home = Path(os.environ.get("PREFECT_HOME") or "~/.prefect").expanduser()
    profiles = Path(os.environ.get("PREFECT_PROFILES_PATH") or home / "profiles.toml").expanduser()
    return any(_says(Path(name), word) for name, word in SETTINGS_FILES.items()) or _says(profiles, ADDRESS)


def _says(path: Path, word: str) -> bool:
    try:
        return word in path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
