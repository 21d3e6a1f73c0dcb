"""Alerts of `marsmedia serve`, and what automations of its server see of the runs, from the first one on."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from flows.serving.alerts import Alerts
from processors.errors import RequestError
from tests.helpers.made_media import MediaMaker
from tests.helpers.service import Service

WAIT_SECONDS = 300
"""Prefect's own order of events gives an alert 15 minutes after the run."""
MESSAGE = '{"text": {{ (flow_run.name ~ ": " ~ flow_run.state.message) | tojson }}}'


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Service]:
    (tmp_path / "raw").mkdir()
    service = Service(tmp_path)
    yield service
    service.kill()


class Hook:
    """A web address, and the texts posted to each of its paths; it answers with `status`."""

    def __init__(self) -> None:
        self.texts: dict[str, list[str]] = {}
        self.status = 200
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if hook.status == 200:
                    hook.texts.setdefault(self.path, []).append(body["text"])
                self.send_response(hook.status)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def wait_for(self, path: str, count: int = 1) -> list[str]:
        for _ in range(WAIT_SECONDS * 4):
            if len(self.texts.get(path, [])) >= count:
                break
            time.sleep(0.25)
        return self.texts.get(path, [])


@pytest.fixture
def hook() -> Iterator[Hook]:
    made = Hook()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.mark.slow
@pytest.mark.prefect
def test_the_first_run_that_fails_after_the_start_is_posted_by_serve_and_by_an_automation(
    served: Service, hook: Hook
) -> None:
    served.start("--schedule", "nightly-ingest=every 10 s", "--alert", f"{hook.address}/secret")
    served.wait_for("SCHEDULED", deployment="nightly-ingest")
    _report_failures(served, f"{hook.address}/automation")
    photo = MediaMaker(served.folder / "raw").photo("cut.jpg")
    photo.write_bytes(photo.read_bytes()[:-3000])
    failed = served.wait_for("FAILED")
    assert failed["auto_scheduled"]
    assert hook.wait_for("/automation") == [f"{failed['name']}: {failed['state']['message']}"]
    first, *_ = hook.wait_for("/secret")
    counts, problem, report = failed["state"]["message"].splitlines()
    ended, *below = first.splitlines()
    assert re.fullmatch(rf"[\d-]+ [\d:]+  nightly-ingest: failed after \d+ s: {re.escape(counts)}", ended), ended
    assert below == [f"  {problem}", f"  {report}"]
    printed = (served.folder / "journal.txt").read_text(encoding="utf-8")
    assert first in printed
    assert "alerts: posted to 127.0.0.1\n" in printed
    assert "/secret" not in printed
    (served.folder / "raw/empty.mp4").write_bytes(b"")
    ended, problem, _ = hook.wait_for("/secret", 2)[1].splitlines()
    assert re.match(r"[\d-]+ [\d:]+  nightly-ingest: completed after \d+ s: completed with warnings: ", ended), ended
    assert problem.startswith("  unsupported: empty.mp4: ")


@pytest.mark.slow
@pytest.mark.prefect
def test_a_run_that_died_with_serve_is_posted_by_the_next_one_and_a_stopped_one_is_not(
    served: Service, hook: Hook
) -> None:
    served.more = {"MARSMEDIA_ALERT": f"{hook.address}/hook"}
    served.start(ignores=[signal.SIGINT])
    run = served.wait_for("RUNNING", served.started_run(raw="/no/such/folder", retries=10))["id"]
    served.stop(signal.SIGTERM)
    served.start()
    served.wait_for("CANCELLED", run)
    served.wait_for("RUNNING", served.started_run(raw="/no/such/folder", retries=10))
    assert hook.texts == {}
    served.kill()
    served.start()
    (text,) = hook.wait_for("/hook")
    told = r"[\d-]+ [\d:]+  nightly-ingest: crashed after \d+ s: marsmedia serve ended during the run"
    assert re.fullmatch(told, text), text


def test_an_alert_waits_until_its_address_answers_and_the_failure_is_printed_once(hook: Hook) -> None:
    told: list[str] = []
    alerts = Alerts(f"{hook.address}/secret", told.append)

    async def send(*texts: str) -> None:
        for text in texts:
            alerts.add(text)
        await alerts.send()

    hook.status = 503
    asyncio.run(send("first"))
    asyncio.run(send("second"))
    assert told == ["alert: not posted to 127.0.0.1: it answered 503; it is tried again every few seconds"]
    hook.status = 200
    asyncio.run(send())
    assert hook.texts == {"/secret": ["first", "second"]}
    hook.server.shutdown()
    hook.server.server_close()
    asyncio.run(send("third"))
    assert [line.partition(": it is")[0].partition(";")[0] for line in told[1:]] == [
        "alert: not posted to 127.0.0.1: All connection attempts failed"
    ]


def test_no_address_posts_nothing_and_a_wrong_one_is_refused() -> None:
    none = Alerts(None, print)
    none.add("text")
    asyncio.run(none.send())
    for wrong in ("chat.example.org/hook", "ftp://chat.example.org", "https:///hook", "http://[", ""):
        with pytest.raises(RequestError, match=r"^--alert: not a web address; write one that begins with https://"):
            Alerts(wrong, print)


def _report_failures(served: Service, address: str) -> None:
    """Create an automation as the one of docs/running-every-night.md."""
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
