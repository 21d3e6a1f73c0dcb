"""What the automations of the server of `marsmedia serve` see of the runs, from the first one on."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.helpers.made_media import MediaMaker
from tests.helpers.service import Service

pytestmark = [pytest.mark.slow, pytest.mark.prefect]

WAIT_SECONDS = 300
"""Prefect's own order of events gives an alert 15 minutes after the run."""
MESSAGE = '{"text": {{ (flow_run.name ~ ": " ~ flow_run.state.message) | tojson }}}'


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Service]:
    (tmp_path / "raw").mkdir()
    service = Service(tmp_path)
    yield service
    service.kill()


@pytest.fixture
def posted() -> Iterator[tuple[str, list[dict[str, str]]]]:
    """An address, and what was posted to it."""
    told: list[dict[str, str]] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

    with HTTPServer(("127.0.0.1", 0), Hook) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/hook", told
        server.shutdown()


def test_the_first_run_that_fails_after_the_start_is_posted_by_the_automation_of_the_docs(
    served: Service, posted: tuple[str, list[dict[str, str]]]
) -> None:
    address, told = posted
    served.start("--schedule", "nightly-ingest=every 10 s")
    served.wait_for("SCHEDULED", deployment="nightly-ingest")
    _report_failures(served, address)
    photo = MediaMaker(served.folder / "raw").photo("cut.jpg")
    photo.write_bytes(photo.read_bytes()[:-3000])
    failed = served.wait_for("FAILED")
    assert failed["auto_scheduled"]
    for _ in range(WAIT_SECONDS * 4):
        if told:
            break
        time.sleep(0.25)
    assert told == [{"text": f"{failed['name']}: {failed['state']['message']}"}]


def _report_failures(served: Service, address: str) -> None:
    """Create the automation of docs/running-every-night.md."""
    webhook = served.ask("block_types/slug/webhook")
    schema = served.ask("block_schemas/filter", block_schemas={"block_type_id": {"any_": [webhook["id"]]}})[0]
    block = served.ask(
        "block_documents/",
        name="marsmedia-failed",
        block_type_id=webhook["id"],
        block_schema_id=schema["id"],
        data={"method": "POST", "url": address, "allow_private_urls": True},
    )
    served.ask(
        "automations/",
        name="marsmedia: report a failed run",
        trigger={
            "type": "event",
            "posture": "Reactive",
            "expect": ["prefect.flow-run.Failed", "prefect.flow-run.Crashed", "prefect.flow-run.TimedOut"],
            "match": {"prefect.resource.id": "prefect.flow-run.*"},
            "threshold": 1,
            "within": 0,
        },
        actions=[{"type": "call-webhook", "block_document_id": block["id"], "payload": MESSAGE}],
    )
