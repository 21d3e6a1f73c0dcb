"""An S3 server on loopback, and a proxy in front of it that answers as servers and networks do on a bad day."""

from __future__ import annotations

import http.client
import http.server
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal, cast
from urllib.parse import urlsplit

import boto3
import pytest
from moto.server import ThreadedMotoServer

KEY, SECRET = "marsmedia-tests", "not-to-be-seen-anywhere-0123456789"
Fault = Literal[
    "500",
    "503",
    "slow",
    "cut before",
    "cut after",
    "cut in the middle",
    "403",
    "412",
    "no condition",
    "forgotten",
    "clock",
    "",
]
NOT_COPIED = ("connection", "transfer-encoding", "content-length")


@contextmanager
def s3_server() -> Iterator[str]:
    """Give the address of a server that forgets everything at the end."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
    finally:
        server.stop()


def use_server(monkeypatch: pytest.MonkeyPatch, endpoint: str) -> None:
    """Set the environment of this test so that programs find the server."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ALLOW_HTTP"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)


def client(endpoint: str) -> Any:
    """Return boto3's client, for what a test looks at past the project."""
    return boto3.client(
        "s3", endpoint_url=endpoint, aws_access_key_id=KEY, aws_secret_access_key=SECRET, region_name="us-east-1"
    )


class Proxy(socketserver.ThreadingMixIn, http.server.HTTPServer):
    """A proxy that passes requests on, and notes them; the next `left` ones get the fault."""

    daemon_threads = True

    def __init__(self, server: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.behind = urlsplit(server).netloc
        self.asked: list[tuple[str, str]] = []
        """Method and path of each request."""
        self.fault: Fault = ""
        self.left = 0
        self.only = ""
        """Words in the method and path of the requests that get the fault."""
        self.meet: Callable[[str], None] = lambda asked: None
        """Called with method and path of each request before it is passed on."""

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def will(self, fault: Fault, times: int = 1_000_000, only: str = "") -> None:
        self.fault, self.left, self.only = fault, times, only


@contextmanager
def proxy_before(server: str) -> Iterator[Proxy]:
    """Give a proxy in front of a server."""
    proxy = Proxy(server)
    thread = threading.Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.shutdown()
        proxy.server_close()


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_request(self, code: object = "-", size: object = "-") -> None:
        pass

    def _answer(self) -> None:
        proxy = cast(Proxy, self.server)
        proxy.asked.append((self.command, self.path))
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault: Fault = ""
        asked = f"{self.command} {self.path}"
        proxy.meet(asked)
        if proxy.left > 0 and proxy.fault and proxy.only in asked:
            proxy.left -= 1
            fault = proxy.fault
        if fault in ("500", "503", "403", "412"):
            self.send_response(int(fault))
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if fault == "clock":
            data = b"<Error><Code>RequestTimeTooSkewed</Code></Error>"
            self.send_response(403)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(data)
            return
        if fault == "slow":
            time.sleep(0.5)
        if fault == "cut before":
            self._cut()
            return
        status, headers, data = self._passed_on(body, without_condition=fault == "no condition")
        if fault == "cut after":
            self._cut()
            return
        if fault == "forgotten":
            status, data = 404, b"<Error><Code>NoSuchUpload</Code></Error>"
            headers = [(name, value) for name, value in headers if name.lower() != "content-length"]
        self.send_response(status)
        length = str(len(data))
        for name, value in headers:
            if name.lower() not in NOT_COPIED:
                self.send_header(name, value)
            elif name.lower() == "content-length":
                length = value
        self.send_header("Content-Length", length)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data[: len(data) // 2] if fault == "cut in the middle" else data)
        if fault == "cut in the middle":
            self._cut()

    def _passed_on(self, body: bytes, *, without_condition: bool) -> tuple[int, list[tuple[str, str]], bytes]:
        """Ask the server; it is told this proxy's name, which the signature covers."""
        connection = http.client.HTTPConnection(cast(Proxy, self.server).behind)
        try:
            connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                if not (without_condition and name.lower() == "if-none-match"):
                    connection.putheader(name, value)
            connection.endheaders(body or None)
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            connection.close()

    def _cut(self) -> None:
        self.wfile.flush()
        self.close_connection = True
        self.connection.close()

    do_GET = do_PUT = do_HEAD = do_POST = do_DELETE = _answer  # noqa: N815 - names of the standard library
