"""Server of the gallery page over a store in a bucket, for this machine only: items are fetched on demand.

    /                                        files of the page's own folder
    /items/SOURCE/PROCESSOR/KEY/NAME         an item, as its manifest names it
    /originals/SOURCE/NAME                   the original of a source that the page shows

A request names digests and names of manifests, never a path on this disk, except below the folder of the page.
"""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import BinaryIO, cast
from urllib.parse import quote, unquote, urlsplit

from processors.errors import StoreError
from processors.formats import media_type_of
from processors.packs.contents.subject import ItemRecord, SourceRecord
from processors.packs.gallery.store_gallery import Links
from processors.packs.gallery.thumbnails import Thumbnails
from processors.store.bucket.raw_bucket import as_it_is
from processors.store.catalogue.source_row import SourceRow
from processors.store.manifest import ResultRef
from processors.store.open_store import is_address
from processors.store.store import Store

HERE = "127.0.0.1"
BLOCK_BYTES = 1 << 20
ITEM = re.compile(r"items/([0-9a-f]{64})/([a-z0-9_.]+)/([0-9a-f]{64})/(.+)", re.DOTALL)
ORIGINAL = re.compile(r"originals/([0-9a-f]{64})/.+", re.DOTALL)
RANGE = re.compile(r"bytes=(\d*)-(\d*)")


def served_links() -> Links:
    def item(entry: ItemRecord) -> str:
        ref = entry.manifest.ref
        return quote(f"items/{ref.source}/{ref.processor}/{ref.key}/{entry.name}")

    def original(subject: SourceRecord) -> str | None:
        if not is_address(subject.path) and not Path(subject.path).is_file():
            return None
        return quote(f"originals/{subject.digest}/".encode() + subject.name.encode("utf-8", "surrogateescape"))

    return Links(item=item, original=original)


class PageServer(ThreadingHTTPServer):
    """Server on a port of this machine; `serve_forever` runs it."""

    daemon_threads = True

    def __init__(
        self, folder: Path, store: Store, rows: Iterable[SourceRow], thumbnails: Thumbnails, port: int = 0
    ) -> None:
        """Listen.

        Parameters
        ----------
        folder : folder of the page.
        rows : sources that the page shows.
        thumbnails : those of the page, made when it requests them.
        port : 0 chooses a free one.

        Raises
        ------
        OSError : the port is taken.
        """
        super().__init__((HERE, port), _Handler)
        self.folder, self.store, self.thumbnails = folder.resolve(), store, thumbnails
        self.originals = {row.digest: row for row in rows}

    @property
    def address(self) -> str:
        return f"http://{HERE}:{self.server_address[1]}/"


@dataclass(frozen=True)
class _Found:
    path: Path
    media_type: str
    is_of_page: bool


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def _page(self) -> PageServer:
        return cast(PageServer, self.server)

    def handle(self) -> None:
        """Answer until the browser has gone, which it may do at any moment: between two requests, too."""
        with suppress(BrokenPipeError, ConnectionResetError):
            super().handle()

    def do_GET(self) -> None:
        self._answer(has_body=True)

    def do_HEAD(self) -> None:
        self._answer(has_body=False)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - name of the standard library
        pass

    def _answer(self, *, has_body: bool) -> None:
        port = self._page.server_address[1]
        if self.headers.get("Host") not in (f"{HERE}:{port}", f"localhost:{port}"):  # a page of another host
            self._refuse(HTTPStatus.FORBIDDEN, "this page is for this machine only")
            return
        try:
            found = self._found(unquote(urlsplit(self.path).path, errors="surrogateescape").lstrip("/"))
            with found.path.open("rb") as file:
                self._send(file, found, has_body=has_body)
        except (FileNotFoundError, IsADirectoryError, ValueError):
            self._refuse(HTTPStatus.NOT_FOUND, "no such file")
        except (StoreError, OSError) as error:
            self._refuse(HTTPStatus.BAD_GATEWAY, str(error))

    def _found(self, path: str) -> _Found:
        """Return the file that a path names, fetched if it is in the bucket.

        Raises
        ------
        FileNotFoundError, ValueError : it names none.
        StoreError, OSError : it cannot be fetched.
        """
        if asked := ITEM.fullmatch(path):
            source, processor, key, name = asked.groups()
            ref = ResultRef(source=source, processor=processor, key=key)
            if not self._page.store.has(ref):
                raise FileNotFoundError(path)
            if (item := self._page.store.manifest(ref).item(name)) is None:
                raise FileNotFoundError(path)
            return _Found(self._page.store.item_path(ref, name), item.media_type, is_of_page=False)
        if asked := ORIGINAL.fullmatch(path):
            row = self._page.originals.get(asked[1])
            if row is None:
                raise FileNotFoundError(path)
            media_type = media_type_of(row.format or "", row.medium, row.name)
            return _Found(as_it_is(row.path), media_type, is_of_page=False)
        self._page.thumbnails.asked(path)
        file = (self._page.folder / (path or "index.html")).resolve()
        if not file.is_relative_to(self._page.folder):
            raise FileNotFoundError(path)
        return _Found(file, mimetypes.guess_type(file.name)[0] or "application/octet-stream", is_of_page=True)

    def _send(self, file: BinaryIO, found: _Found, *, has_body: bool) -> None:
        size = found.path.stat().st_size
        start, end = self._range(size) or (0, size)
        if start >= end > 0 or start > size:
            self._refuse(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, "", **{"Content-Range": f"bytes */{size}"})
            return
        is_part = (start, end) != (0, size)
        self.send_response(HTTPStatus.PARTIAL_CONTENT if is_part else HTTPStatus.OK)
        if is_part:
            self.send_header("Content-Range", f"bytes {start}-{end - 1}/{size}")
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Type", found.media_type)
        self.send_header("Content-Length", str(end - start))
        self.send_header("X-Content-Type-Options", "nosniff")
        if not found.is_of_page:  # a released file is shown, and does nothing
            self.send_header("Content-Security-Policy", "sandbox")
        self.end_headers()
        if has_body:
            self._send_body(file, start, end)

    def _send_body(self, file: BinaryIO, start: int, end: int) -> None:
        """Send bytes of a file. If they cannot all be read, the connection ends, by which the browser knows it."""
        left = end - start
        with suppress(OSError):
            file.seek(start)
            while left > 0 and (block := file.read(min(BLOCK_BYTES, left))):
                self.wfile.write(block)
                left -= len(block)
        if left > 0:
            self.close_connection = True

    def _range(self, size: int) -> tuple[int, int] | None:
        """Return the requested half-open range of bytes; None for the whole."""
        asked = RANGE.fullmatch(self.headers.get("Range", ""))
        if not asked or not (asked[1] or asked[2]):
            return None
        if not asked[1]:
            return max(0, size - int(asked[2])), size
        return int(asked[1]), min(size, int(asked[2]) + 1) if asked[2] else size

    def _refuse(self, status: HTTPStatus, reason: str, **headers: str) -> None:
        data = f"{reason}\n".encode("utf-8", "replace")
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)
