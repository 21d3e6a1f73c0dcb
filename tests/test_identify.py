"""A file is known by its bytes, whatever its name says; labels belong to a release; nothing else is opened."""

from __future__ import annotations

import http.server
import io
import threading
from pathlib import Path

import pytest

from processors.decoding import open_container
from processors.errors import DamagedMedia
from processors.identify import identify
from tests.made_media import MediaMaker


def of(path: Path):
    with path.open("rb") as file:
        return identify(file, path.name)


def of_bytes(data: bytes, name: str = "file"):
    return identify(io.BytesIO(data), name)


def test_media_by_content(make: MediaMaker) -> None:
    video = of(make.video("clip.mp4", list(range(30)), sound_hz=440).path)
    assert (video.medium, video.codec, video.has_sound) == ("video", "h264", True)
    assert video.duration_seconds == pytest.approx(1.2, abs=0.1)
    silent = of(make.video("silent.mkv", list(range(30))).path)
    assert (silent.medium, silent.format, silent.has_sound) == ("video", "matroska,webm", False)
    sound = of(make.tone("tone.flac"))
    assert (sound.medium, sound.format) == ("audio", "flac")
    photo = of(make.photo("photo.png"))
    assert (photo.medium, photo.format, photo.note) == ("photo", "png", None)


def test_a_wrong_suffix_is_noticed_and_does_not_mislead(make: MediaMaker) -> None:
    made = make.tone("tone.wav").rename(make.folder / "tone.mp4")
    found = of(made)
    assert (found.medium, found.note) == ("audio", "named .mp4, but the bytes are wav")


def test_text_with_the_name_of_a_film_is_told_and_no_companion() -> None:
    identity = identify(io.BytesIO(b"404: not found\n"), "descent.mp4")
    assert (identity.kind, identity.format) == ("unsupported", "text")
    assert identity.note == "it is text, whatever its name says: fetch it again"


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        (
            '<?xml version="1.0"?><Product_Observational xmlns="http://pds.nasa.gov/pds4/pds/v1"/>',
            "a.xml",
            "PDS4 label",
        ),
        ("PDS_VERSION_ID = PDS3\r\nEND\r\n", "a.lbl", "PDS3 label"),
        ('title = "x"\n', "release.toml", "release description"),
        ("P,urn:nasa:pds:x\n", "data_audio_collection_inventory.csv", "inventory"),
        ("What this is\n", "README.md", "read-me"),
        ("着陆影像\n", "说明.txt", "text"),
    ],
)
def test_what_belongs_to_a_release_is_a_companion(text: str, name: str, expected: str) -> None:
    found = of_bytes(text.encode(), name)
    assert (found.kind, found.format) == ("companion", expected)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", "empty file"),
        (b"%PDF-1.7", "PDF document"),
        (b"\x93\x00\x01\x02" * 20, "unknown"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "web page or SVG"),
        (b"#EXTM3U\nhttp://127.0.0.1/x.ts\n", "HLS playlist"),
        (b"ffconcat version 1.0\nfile x.mp4\n", "concat script"),
        (b"v=0\no=- 0 0 IN IP4 127.0.0.1\n", "session description"),
    ],
)
def test_everything_else_is_unsupported_and_says_what_it_seems(data: bytes, expected: str) -> None:
    found = of_bytes(data)
    assert (found.kind, found.format) == ("unsupported", expected)
    assert found.note


@pytest.fixture
def visits(tmp_path: Path):
    """A web server on this machine; gives its address and what was asked of it."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *_: object) -> None:  # type: ignore[override]
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()


def test_no_decoder_opens_an_address_or_another_file(visits: tuple[str, list[str]], make: MediaMaker) -> None:
    address, asked = visits
    other = make.video("other.mp4", list(range(10))).path
    scripts = [
        f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{address}/a.ts\n#EXT-X-ENDLIST\n",
        f"ffconcat version 1.0\nfile '{other}'\n",
        f"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nt=0 0\nm=video 5004 RTP/AVP 96\na=control:{address}\n",
        f'<?xml version="1.0"?><MPD><BaseURL>{address}/</BaseURL></MPD>',
    ]
    for script in scripts:
        with pytest.raises(DamagedMedia):
            open_container(io.BytesIO(script.encode()))
    assert asked == []
