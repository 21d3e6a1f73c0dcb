"""The Prefect server of one run: pending logs are sent before it stops, and later logging errors stay silent."""

from __future__ import annotations

import logging

import pytest

from flows.serving.local_server import send_last_logs


def test_logs_are_sent_before_the_server_ends_and_what_fails_later_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    class Kept(logging.Handler):
        flushed = False

        def flush(self) -> None:
            self.flushed = True

    monkeypatch.setattr(logging, "raiseExceptions", True)
    handlers = {name: Kept() for name in ("prefect.flow_runs", "prefect.task_runs")}
    for name, handler in handlers.items():
        logging.getLogger(name).addHandler(handler)
    try:
        send_last_logs()
    finally:
        for name, handler in handlers.items():
            logging.getLogger(name).removeHandler(handler)
    assert [handler.flushed for handler in handlers.values()] == [True, True]
    assert logging.raiseExceptions is False
