"""Settings that Prefect reads during its import; import this module first. The user's own settings take precedence."""

from __future__ import annotations

import os

DEFAULTS = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "180",  # the first start on a new machine migrates a database
    "PREFECT_SERVER_LOGGING_LEVEL": "CRITICAL",  # otherwise the embedded server prints CancelledError at exit
    "PREFECT_LOGGING_LEVEL": "CRITICAL",  # the progress bar and the summary replace it
    "PREFECT_LOGGING_LOGGERS_PREFECT_FLOW_RUNS_LEVEL": "WARNING",  # warnings still appear on a run's page,
}
if "PREFECT_LOGGING_LEVEL" not in os.environ:  # but not in the terminal
    DEFAULTS["PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL"] = "CRITICAL"
    DEFAULTS["PREFECT_LOGGING_INTERNAL_LEVEL"] = "CRITICAL"  # an error of 2 kB for each event that a lost server misses
for _name, _value in DEFAULTS.items():
    os.environ.setdefault(_name, _value)
