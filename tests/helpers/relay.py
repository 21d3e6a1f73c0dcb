"""A relay before a server on loopback, which may go as a server does that is stopped."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from urllib.parse import urlsplit, urlunsplit


class Relay:
    """Passes connections on until it is closed; then nothing answers at its address."""

    def __init__(self, address: str, port: int = 0) -> None:
        parts = urlsplit(address)
        self._behind = (parts.hostname, parts.port)
        self._sockets: list[socket.socket] = []
        self._listening = socket.create_server(("127.0.0.1", port))
        self.port = self._listening.getsockname()[1]
        self.address = urlunsplit(parts._replace(netloc=f"127.0.0.1:{self.port}"))
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        for one in (self._listening, *self._sockets):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                here, _ = self._listening.accept()
                there = socket.create_connection(self._behind)
                self._sockets += (here, there)
                for source, target in ((here, there), (there, here)):
                    threading.Thread(target=_copy, args=(source, target), daemon=True).start()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
