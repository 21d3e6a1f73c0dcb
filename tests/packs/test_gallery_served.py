"""The page over a store in a bucket: served to this machine, its files fetched when asked for, and no others."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from flows.run.page_server import HERE, PageServer, served_links
from processors.languages.text import Text
from processors.packs.contents.subject import subjects
from processors.packs.gallery.page import write_gallery
from processors.packs.gallery.store_gallery import shown_of_store
from processors.packs.gallery.thumbnails import Thumbnails
from processors.store.bucket.bucket import Bucket
from processors.store.catalogue.catalogue import Catalogue
from processors.store.open_store import open_store
from processors.store.store import Store
from tests.helpers.buckets import client, proxy_before
from tests.helpers.chromium import executable, started
from tests.helpers.command import command_line
from tests.helpers.first_recipes import RECIPES as FEW
from tests.helpers.gallery_pages import FILES, RECIPES
from tests.helpers.made_media import MediaMaker
from tests.helpers.runs import ingest


class Reader:
    """Asks the server as a browser does."""

    def __init__(self, server: PageServer) -> None:
        self.port = server.server_address[1]

    def ask(self, path: str, method: str = "GET", **headers: str) -> tuple[int, bytes, dict[str, str]]:
        connection = http.client.HTTPConnection(HERE, self.port, timeout=30)
        connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        data = answer.read()
        connection.close()
        return answer.status, data, dict(answer.getheaders())


@pytest.fixture
def store(raw: Path, maker: MediaMaker, bucket: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Store:
    """A store in a bucket, of a photo in the same bucket and of a sound on a disk; another machine opens it."""
    maker.photo("火星 #1.jpg")
    maker.tone("wind.wav")
    Bucket(f"s3://{bucket}").put("raw/june/火星 #1.jpg", raw / "june/火星 #1.jpg")
    (raw / "june/火星 #1.jpg").unlink()
    address = f"s3://{bucket}/mars"
    ingest(raw, address, RECIPES)
    ingest(f"s3://{bucket}/raw", address, RECIPES)  # type: ignore[arg-type]
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "another machine"))
    return open_store(address, writes=False)


@pytest.fixture
def server(store: Store, tmp_path: Path) -> Iterator[PageServer]:
    folder, catalogue = tmp_path / "page", Catalogue(store)
    rows = list(catalogue.sources().values())
    thumbnails = Thumbnails(folder, served_links().item, when_asked=True)
    found = subjects(rows, store, catalogue)
    shown = shown_of_store(found, store, folder, served_links(), thumbnails=thumbnails)
    write_gallery(folder, shown, title=Text(en="June"), languages=("en",))
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    with PageServer(folder, store, rows, thumbnails) as one:
        threading.Thread(target=one.serve_forever, daemon=True).start()
        yield one
        one.shutdown()


def test_the_page_and_every_file_that_it_names_are_served(server: PageServer, store: Store, raw: Path) -> None:
    reader = Reader(server)
    status, page, headers = reader.ask("/")
    assert (status, headers["Content-Type"]) == (200, "text/html")
    assert b"marsmedia gallery" in page
    for manifest in store.manifests():
        for item in manifest.items:
            url = quote(f"/items/{manifest.ref.source}/{manifest.ref.processor}/{manifest.ref.key}/{item.name}")
            status, data, headers = reader.ask(url)
            with store.open_item(manifest.ref, item.name) as file:
                assert (status, data) == (200, file.read())
            assert headers["Content-Type"] == item.media_type
            assert headers["Content-Security-Policy"] == "sandbox"
    originals = {row.name: row for row in Catalogue(store).sources().values()}
    for name, row in originals.items():
        status, data, headers = reader.ask(quote(f"/originals/{row.digest}/{name}"))
        assert (status, len(data)) == (200, row.size_bytes)
        assert headers["Content-Type"] == {"jpg": "image/jpeg", "wav": "audio/wav"}[name[-3:]]
    details = (server.folder / "data/details-0000.js").read_text()
    for url in set(re.findall(r'"((?:items|originals)/[^"]+)"', details)):
        assert reader.ask(f"/{url}", "HEAD")[0] == 200, url
    assert len(originals) == 2


def test_a_file_that_is_cut_while_it_is_sent_ends_the_connection(server: PageServer) -> None:
    """It is far larger than what waits between the two, so the server has not read its end yet."""
    path = server.folder / "large.bin"
    with path.open("wb") as file:
        file.truncate(1 << 27)
    connection = http.client.HTTPConnection(HERE, server.server_address[1], timeout=60)
    connection.request("GET", "/large.bin")
    answer = connection.getresponse()
    assert (answer.status, answer.getheader("Content-Length"), answer.read(1)) == (200, str(1 << 27), b"\0")
    os.truncate(path, 1)
    with pytest.raises(http.client.IncompleteRead) as told:
        answer.read()
    assert not any(told.value.partial), "no second answer stands in the first"
    connection.close()


def test_a_thumbnail_is_made_when_the_page_asks_for_it(server: PageServer, store: Store) -> None:
    listed = "".join(path.read_text() for path in (server.folder / "data").glob("*.js"))
    urls = sorted(set(re.findall(r'"(thumbnails/[^"]+)"', listed)))
    assert urls
    assert not (server.folder / "thumbnails").exists()
    before = store.bucket.traffic.requests  # type: ignore[attr-defined]
    for url in urls:
        for _ in range(2):
            status, data, headers = Reader(server).ask(f"/{url}")
            assert (status, data[:2], headers["Content-Type"]) == (200, b"\xff\xd8", "image/jpeg")
    assert store.bucket.traffic.requests - before == len(urls), "one for each picture"  # type: ignore[attr-defined]
    assert Reader(server).ask("/thumbnails/aa/none.jpg")[0] == 404


def test_a_page_over_a_bucket_fetches_each_commit_and_record_once_and_no_picture(
    raw: Path, maker: MediaMaker, bucket: str, bucket_server: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for number in range(30):
        maker.photo(f"photo-{number}.jpg", size=(600 + number, 400))
    ingest(raw, f"s3://{bucket}/mars", FEW)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "another machine"))
    command = command_line("browse", "--no-open", "--quiet", "--store", f"s3://{bucket}/mars")
    counted: list[list[str]] = []
    with proxy_before(bucket_server) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.endpoint)
        for _ in range(2):
            proxy.asked.clear()
            with subprocess.Popen(command, env={**os.environ}, stdout=subprocess.PIPE, text=True) as run:
                assert run.stdout is not None
                assert run.stdout.readline().startswith("30 sources: http://")
                counted.append([path for _, path in proxy.asked])
                run.send_signal(signal.SIGINT)
    first, second = counted
    assert len([path for path in first if "/mars/commits/" in path]) == 30
    assert len([path for path in first if "/mars/data/" in path]) == 30, "what each file says, and not its preview"
    assert not [path for path in second if "/mars/commits/" in path or "/mars/data/" in path]
    assert len([path for path in first if "prefix=mars%2Fcommits" in path]) == 1, "one listing"


def test_a_range_is_answered_as_browsers_ask_for_it(server: PageServer, raw: Path, store: Store) -> None:
    reader, data = Reader(server), (raw / "june/wind.wav").read_bytes()
    row = next(one for one in Catalogue(store).sources().values() if one.name == "wind.wav")
    url, size = f"/originals/{row.digest}/wind.wav", len(data)
    for asked, (start, end) in {
        "bytes=0-": (0, size),
        "bytes=5-9": (5, 10),
        f"bytes=5-{size + 99}": (5, size),
        "bytes=-7": (size - 7, size),
        f"bytes=-{size + 1}": (0, size),
    }.items():
        status, got, headers = reader.ask(url, Range=asked)
        assert (status, got) == (200 if (start, end) == (0, size) else 206, data[start:end]), asked
        if status == 206:
            assert headers["Content-Range"] == f"bytes {start}-{end - 1}/{size}"
    for asked in (f"bytes={size}-", "bytes=9-5"):
        status, _, headers = reader.ask(url, Range=asked)
        assert (status, headers["Content-Range"]) == (416, f"bytes */{size}"), asked
    assert reader.ask(url, Range="lines=1-2")[:2] == (200, data)


NOT_SERVED = (
    "/../secret.txt",
    "/%2e%2e/secret.txt",
    "/..%2fsecret.txt",
    "//etc/passwd",
    "/link.txt",
    "/none.html",
    "/%00",
    "/data",
    "/items/{source}/photo.preview/{key}/../manifest.json",
    "/items/{source}/photo.preview/{key}/none.jpg",
    "/items/{none}/photo.preview/{none}/preview_320.jpg",
    "/items/..%2f..%2fsecret.txt",
    "/originals/{none}/wind.wav",
    "/originals/..%2f..%2fsecret.txt",
)


def test_nothing_else_is_served(server: PageServer, store: Store) -> None:
    ref = next(one.ref for one in store.manifests() if one.ref.processor == "photo.preview")
    for path in NOT_SERVED:
        asked = path.format(source=ref.source, key=ref.key, none="0" * 64)
        assert Reader(server).ask(asked)[:2] == (404, b"no such file\n"), path


def test_only_this_machine_and_this_page_are_answered(server: PageServer) -> None:
    assert server.server_address[0] == "127.0.0.1"
    assert Reader(server).ask("/", Host="mars.example.org")[0] == 403, "a name that was pointed here"
    assert Reader(server).ask("/", Host=f"localhost:{server.server_address[1]}")[0] == 200
    assert Reader(server).ask("/", "POST")[0] == 501


def test_a_browser_that_drops_its_connection_is_no_error(
    server: PageServer, capsys: pytest.CaptureFixture[str]
) -> None:
    before = set(threading.enumerate())
    for request in (
        b"",
        b"GET / HTTP/1.1\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost:%d\r\n\r\n" % server.server_address[1],
    ):
        connection = socket.create_connection((HERE, server.server_address[1]), timeout=30)
        connection.sendall(request)
        if request.endswith(b"\r\n\r\n"):
            connection.recv(1)  # the connection is kept for a next request
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # reset, not ended
        connection.close()
    assert Reader(server).ask("/")[0] == 200
    for thread in set(threading.enumerate()) - before:
        thread.join(30)
        assert not thread.is_alive()
    assert capsys.readouterr().err == ""


def test_a_file_that_is_gone_from_the_bucket_is_told(
    server: PageServer, store: Store, bucket: str, bucket_server: str
) -> None:
    s3 = client(bucket_server)
    for one in s3.list_objects_v2(Bucket=bucket, Prefix="mars/data/")["Contents"]:
        s3.delete_object(Bucket=bucket, Key=one["Key"])
    ref, item = next((one.ref, one.items[0]) for one in store.manifests() if one.ref.processor == "photo.preview")
    status, told, _ = Reader(server).ask(quote(f"/items/{ref.source}/{ref.processor}/{ref.key}/{item.name}"))
    assert (status, told[-45:]) == (502, b"such object; run `marsmedia ingest` to make it again\n"[-45:])


@pytest.mark.slow
def test_a_browser_shows_the_page_of_the_command_and_seeks_in_its_video(
    sample_release: Path, bucket: str, tmp_path: Path
) -> None:
    command = executable() or pytest.skip("no Chromium on this machine: install the package chromium")
    raw = tmp_path / "raw/sample-release"
    raw.mkdir(parents=True)
    for name in FILES:
        shutil.copy(sample_release / name, raw / name)
    store = f"s3://{bucket}/mars"
    ingest(raw.parent, store, RECIPES)
    shutil.rmtree(tmp_path / "cache")
    line = command_line("browse", "--no-open", "--quiet", "--store", store)
    served = subprocess.Popen(
        line,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ.copy(),
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    try:
        assert served.stdout
        told = re.fullmatch(
            r"3 sources: (http://127\.0\.0\.1:\d+/) \(press Ctrl-C to stop\)\n", served.stdout.readline()
        )
        assert told
        with started(command, tmp_path / "profile") as browser, browser.page() as page:
            page.open(told[1])
            page.until("[...document.querySelectorAll('#list img')].every(i => i.complete && i.naturalWidth > 0)", 30)
            title = "The rover drives off the lander"
            digest = page.ask(f"gallery.subjects.find(s => s.title.en === {json.dumps(title)}).digest.slice(0, 12)")
            page.ask(f"location.hash = 'open={digest}'")
            page.until("document.querySelector('#viewer[open] video')?.readyState > 1", 30)
            page.ask("document.querySelector('#viewer video').currentTime = 3")
            page.until(
                "(v => !v.seeking && v.currentTime === 3 && v.readyState > 1)(document.querySelector('#viewer video'))"
            )
            page.screenshot(tmp_path / "page.png")
            assert page.errors == []
            assert [one for one in page.requests if not one.startswith((told[1], "data:", "blob:"))] == []
        served.send_signal(signal.SIGINT)
        assert served.wait(30) == 0
        assert served.stderr
        assert served.stderr.read() == ""
    finally:
        served.kill()
        served.wait()
