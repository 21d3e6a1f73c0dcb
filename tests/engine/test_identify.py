"""A file is known by its bytes, whatever its name says; labels belong to a release; nothing else is opened."""

from __future__ import annotations

import http.server
import io
import shutil
import struct
import subprocess
import threading
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from processors.containers.text.text_file import whole_text
from processors.decoding.open_media import open_container
from processors.errors import DamagedMedia
from processors.formats import DEMUXERS, FORMATS, PICTURE_READERS, Format, media_type_of
from processors.identify import identify
from processors.photo.reading.vips import LOADERS
from tests.helpers.made_formats import OTHERS, SAMPLES
from tests.helpers.made_media import MediaMaker

NOT_MEDIA = "contains text, not media (file extension is misleading); download it again"


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
    assert (found.medium, found.note) == ("audio", "named .mp4, but the bytes are WAV")


def test_text_named_like_a_video_is_reported_and_no_companion() -> None:
    identity = identify(io.BytesIO(b"404: not found\n"), "descent.mp4")
    assert (identity.kind, identity.format) == ("unsupported", "text")
    assert identity.note == "contains text, not media (file extension is misleading); download it again"


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
        ('# <MPD>\ntitle = "<svg> <!doctype html>"\n', "release.toml", "release description"),
        ("How to embed an <svg>\n", "README.md", "read-me"),
        ('<?xml version="1.0"?><!-- an <svg> --><label text="&lt;svg"><svg/></label>', "a.xml", "XML label"),
        ("P,urn:nasa:pds:x\n", "data_audio_collection_inventory.csv", "inventory"),
        ("What this is\n", "README.md", "read-me"),
        ("着陆影像\n", "说明.txt", "text"),
        ("Object = IsisCube\n  Object = Core\n    ^Core = a.cub\nEnd\n", "a.lbl", "text"),
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
        (b"<!-- x -->\n<!DOCTYPE html><html></html>", "web page"),
        (bytes(5000), "unknown"),
        (b"\x93\x00\x01\x02" * 20, "unknown"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG drawing"),
        (b"<?xml version='1.0'?><!-- <MPD> --><!DOCTYPE svg [<!ENTITY a 'b'>]>\n<s:svg xmlns:s='x'/>", "SVG drawing"),
        (b"#EXTM3U\nhttp://127.0.0.1/x.ts\n", "HLS playlist"),
        (b"ffconcat version 1.0\nfile x.mp4\n", "concat script"),
        (b"v=0\no=- 0 0 IN IP4 127.0.0.1\n", "session description"),
    ],
)
def test_everything_else_is_unsupported_and_named(data: bytes, expected: str) -> None:
    found = of_bytes(data)
    assert (found.kind, found.format) == ("unsupported", expected)
    assert found.note


@pytest.mark.parametrize(("count", "where"), [(1, ""), (5000, ""), (1 << 17, " in its first 65536 bytes")])
def test_a_file_of_zeros_is_named_as_such(count: int, where: str) -> None:
    assert of_bytes(bytes(count)).note == f"nothing but zeros{where}: download it again unless this is intended"


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


@pytest.mark.parametrize("row", FORMATS, ids=lambda row: row.name)
def test_every_format_of_the_table_is_known_by_a_sample(row: Format) -> None:
    if row.reader is None:
        found = of_bytes(OTHERS.get(row.name) or marked(row))
        assert (found.kind, found.format, found.note) == ("unsupported", row.title, f"not supported: {row.todo}")
        return
    if row.reader == "planetary":
        pytest.skip("its label decides: tests/planetary makes them")
    data = SAMPLES[row.name]()
    found = of_bytes(data, f"sample.{row.suffixes[0]}")
    assert (found.kind, found.medium, found.format, found.note) == ("media", row.medium, row.name, None)
    assert media_type_of(row.name, found.medium).startswith(("image/", "audio/", "video/", "application/mxf"))


def marked(row: Format) -> bytes:
    """Bytes that begin as a format's first mark says, and are no text."""
    data = bytearray(40000)
    data[300:304] = b"\xde\xad\xbe\xef"
    for offset, magic in row.signatures[0]:
        data[offset : offset + len(magic)] = magic
    return bytes(data)


def test_each_format_has_one_row() -> None:
    names = [row.name for row in FORMATS]
    assert sorted(set(names)) == sorted(names)
    assert set(DEMUXERS.split(",")) <= {alias for name in av.formats_available for alias in name.split(",")}
    Image.init()
    assert set(PICTURE_READERS) <= set(Image.ID)
    assert set(LOADERS) == {"jpeg", "png", "tiff", "webp"}


@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        ("utf-8", "说明"), ("utf-8-sig", "说明.txt"), ("utf-16", "x"), ("utf-16-le", "x"), ("utf-16-be", "x"),
        ("gb18030", "x"), ("gbk", "说明.txt"), ("utf-32", "x"),
    ],
)  # fmt: skip
def test_text_is_a_companion_in_every_encoding_that_agencies_use(encoding: str, name: str) -> None:
    text = "天问一号着陆过程影像。\r\n由着陆器与火星车拍摄，2021年6月27日发布。\r\nhttp example cnsa gov cn\r\n"
    assert (of_bytes(text.encode(encoding), name).kind, of_bytes(text.encode(encoding), name).format) == (
        "companion",
        "text",
    )


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "latin-1", "cp1252", "ascii"])
def test_european_read_me_files_are_companions(encoding: str) -> None:
    text = "Images de l'atterrissage\n" + ("" if encoding == "ascii" else "Données reçues à Köln, façade Süd\n") * 3
    assert of_bytes(text.encode(encoding), "README.TXT").format == "read-me"
    assert of_bytes(text.encode(encoding), "notes").format == "text"


@pytest.mark.parametrize(
    ("encoding", "words"),
    [
        ("latin-1", "Le véhicule à la surface"), ("cp1252", "“Staub” – Räder im Überblick"),
        ("latin-1", "El módulo aterrizó"), ("cp1251", "Марсоход съехал на грунт"), ("big5", "火星車駛上火星表面了嗎"),
        ("cp1250", None), ("cp1253", None),
    ],
)  # fmt: skip
def test_short_subtitles_are_read_in_an_encoding_that_is_certain(encoding: str, words: str | None) -> None:
    line = words or {"cp1250": "Mała łódź gęślą", "cp1253": "Άρης επιφάνεια"}[encoding]
    text = f"1\r\n00:00:01,000 --> 00:00:02,500\r\n{line}\r\n"
    data = text.encode(encoding)
    found = of_bytes(data, "descent.fr.srt")
    assert whole_text(data, "descent.fr.srt") == (text if words else None)
    known = ("companion", "subtitles", None)
    unknown = ("unsupported", "subtitles", "not text in a known encoding: save it as UTF-8")
    assert (found.kind, found.format, found.note) == (known if words else unknown)


def test_a_table_of_figures_in_latin_1_is_text_by_its_name() -> None:
    table = "Zeit;Höhe\n" + "".join(f"{n};{n * 1.25}\n" for n in range(50))
    assert of_bytes(table.encode("latin-1"), "descent.csv").kind == "companion"
    assert of_bytes(table.encode("latin-1"), "descent.dat").kind == "unsupported"


@pytest.mark.parametrize(
    ("encoding", "line"),
    [
        ("big5", "火星車著陸影像說明。"), ("shift_jis", "火星探査機の画像について。"), ("euc_kr", "화성 탐사선의 사진"),
        ("cp1251", "Снимки посадки на Марс"), ("koi8_r", "Снимки посадки на Марс"),
    ],
)  # fmt: skip
def test_read_me_files_of_other_agencies_are_companions_by_their_name(encoding: str, line: str) -> None:
    data = f"{line}\r\n".encode(encoding) * 5
    assert of_bytes(data, "README.txt").format == "read-me"
    noise = np.random.default_rng(7).integers(128, 256, 4000, np.uint8).tobytes()
    assert of_bytes(noise, "README.txt").kind == "unsupported"


def test_four_chinese_letters_in_gbk_are_text_only_under_a_name_of_text() -> None:
    data = "天问影像".encode("gbk")
    assert of_bytes(data, "说明.txt").kind == "companion"
    assert of_bytes(data, "x.dat").note == "no known format begins with the bytes cc ec ce ca d3 b0 cf f1"


@pytest.mark.parametrize(
    ("kind", "low", "high"),
    [
        ("u1", 32, 126), ("u1", 176, 247), ("u1", 0, 255), ("<u2", 32, 126), (">u2", 32, 126), ("<u2", 0x4E00, 0x9FA0),
        (">u2", 0x4E00, 0x9FA0), ("<u2", 0xFF00, 0xFFEE), ("u1", 71, 71), ("u1", 255, 255), (">u2", 65000, 65535),
    ],
)  # fmt: skip
def test_pictures_without_a_header_are_neither_text_nor_media(kind: str, low: int, high: int) -> None:
    ramp = np.linspace(low, high, 96) + np.zeros((64, 1))
    noise = np.random.default_rng(7).uniform(low, high, (64, 96))
    for pixels in (ramp, noise, np.full((64, 96), high)):
        data = np.clip(np.round(pixels), low, high).astype(kind).tobytes()
        assert (of_bytes(data, "image.dat").kind, of_bytes(data, "image.dat").format) == ("unsupported", "unknown")


def test_text_followed_by_other_bytes_is_no_companion() -> None:
    text = b"A line of text\n" * 400
    assert of_bytes(text, "x").kind == "companion"
    assert of_bytes(text + bytes(64), "x").kind == "unsupported"
    long = b"A line of text\n" * 150_000
    assert of_bytes(long, "x").kind == "companion"
    assert of_bytes(long + b"\x00\x01\x02" * 8000, "x").kind == "unsupported"


@pytest.mark.parametrize(
    "text", ["BMW and others\n" * 20, "MAC address list\n" * 20, "The free world\n" * 20, "P1 is a probe\n" * 20,
             "FWS\n" * 20, "MZ\n" * 20, "GIF89 or not\n" * 20, "ID3 tags\n" * 20]
)  # fmt: skip
def test_text_that_begins_like_a_format_is_text(text: str) -> None:
    assert (of_bytes(text.encode(), "notes.txt").kind, of_bytes(text.encode(), "notes.txt").format) == (
        "companion",
        "text",
    )


@pytest.mark.parametrize(
    ("data", "expected", "note"),
    [
        (b"<!DOCTYPE html>\n<html><title>404</title></html>", "web page",
         "a web page, not media: download it again, from the file's own address"),
        (b'{"error": "not found"}', "JSON", NOT_MEDIA),
        (b'<?xml version="1.0"?><Error>AccessDenied</Error>', "XML", NOT_MEDIA),
        ("未找到\n".encode("gbk"), "text", None),
    ],
)  # fmt: skip
def test_what_servers_send_in_place_of_media_is_named(data: bytes, expected: str, note: str | None) -> None:
    found = of_bytes(data, "rover.mp4")
    if note is None:  # too short to be sure of
        assert found.kind == "unsupported"
        return
    assert (found.kind, found.format, found.note) == ("unsupported", expected, note)


def junk_before_mp3() -> dict[str, bytes]:
    mp3 = SAMPLES["mp3"]()
    frames = mp3[10 + sum((byte & 0x7F) << shift for byte, shift in zip(mp3[6:10], (21, 14, 7, 0), strict=True)) :]
    ape = struct.pack("<8sIIII8x", b"APETAGEX", 2000, 32 + 100, 1, 0xA0000000) + bytes(100) + b"APETAGEX" + bytes(24)
    id3 = b"ID3\x03\0\0\0\0\0\x14" + bytes(20)
    return {
        "zeros": bytes(2000) + frames,
        "an APE tag": ape + frames,
        "ID3 twice": id3 + mp3,
        "the rest of a frame": mp3[-300:] + frames,
        "noise": np.random.default_rng(3).bytes(5000) + frames,
        "nothing": frames,
    }


@pytest.mark.parametrize("junk", ["zeros", "an APE tag", "ID3 twice", "the rest of a frame", "noise", "nothing"])
def test_an_mp3_is_found_after_junk(junk: str) -> None:
    found = of_bytes(junk_before_mp3()[junk], "sound.mp3")
    assert (found.kind, found.medium, found.format) == ("media", "audio", "mp3")


def test_two_bytes_are_no_mp3() -> None:
    for data in (b"\xff\xfb\x90\x64" + bytes(4000), b"\xff\xe3" * 2000, b"\xff\xfe" + "着陆".encode("utf-16-le") * 50):
        assert of_bytes(data, "x").medium is None


@pytest.mark.parametrize(("packet_bytes", "name"), [(192, "camcorder.m2ts"), (204, "broadcast.ts")])
def test_transport_streams_in_longer_packets_are_read(packet_bytes: int, name: str) -> None:
    data = SAMPLES["mpegts"]()
    packets = [data[at : at + 188] for at in range(0, len(data), 188)]
    more = bytes(packet_bytes - 188)
    long = b"".join(more + packet if packet_bytes == 192 else packet + more for packet in packets)
    found = of_bytes(long, name)
    assert (found.medium, found.format, found.codec, found.note) == ("video", "mpegts", "h264", None)


def test_a_container_without_video_and_audio_names_its_streams(tmp_path: Path) -> None:
    def matroska(*kinds: str) -> bytes:
        path = tmp_path / "made.mkv"
        subtitles = tmp_path / "a.srt"
        subtitles.write_text("1\n00:00:00,000 --> 00:00:01,000\nTouchdown\n")
        command = ["ffmpeg", "-v", "error", "-y", "-i", str(subtitles)]
        if "attachment" in kinds:
            command += ["-attach", str(subtitles), "-metadata:s:t", "mimetype=text/plain"]
        subprocess.run([*command, "-c:s", "srt", str(path)], check=True)
        return path.read_bytes()

    if shutil.which("ffmpeg") is None:
        pytest.skip("ffmpeg is not installed")
    told = "add the media to which they belong to the release"
    found = of_bytes(matroska("subtitle"), "x.mkv")
    assert (found.kind, found.format) == ("unsupported", "Matroska or WebM")
    assert found.note == f"not supported: holds subtitles only, no video or audio; {told}"
    both = of_bytes(matroska("subtitle", "attachment"), "x.mkv")
    assert both.note == f"not supported: holds subtitles and attachments only, no video or audio; {told}"


def camera_tiff(*entries: tuple[int, int, int, int], order: str = "<") -> bytes:
    mark = b"II*\0" if order == "<" else b"MM\0*"
    body = b"".join(
        struct.pack(f"{order}HHI", tag, kind, count)
        + (struct.pack(f"{order}HH", value, 0) if kind == 3 else struct.pack(f"{order}I", value))
        for tag, kind, count, value in entries
    )
    return mark + struct.pack(f"{order}IH", 8, len(entries)) + body + bytes(4)


@pytest.mark.parametrize("order", ["<", ">"])
def test_raw_photos_in_tiff_are_named_and_no_picture(order: str) -> None:
    size = (256, 3, 1, 64), (257, 3, 1, 48)
    mosaic = camera_tiff(*size, (262, 3, 1, 32803), order=order)
    assert of_bytes(mosaic).format == "camera raw photo"
    assert of_bytes(mosaic).note == "not supported: develop it and save it as TIFF or JPEG"
    inner = camera_tiff(*size, (262, 3, 1, 2), (330, 4, 1, 62), order=order) + mosaic[8:]
    assert of_bytes(inner).format == "camera raw photo"
    dng = camera_tiff(*size, (262, 3, 1, 1), (50706, 1, 4, 0x00000401), order=order)
    assert of_bytes(dng).format == "DNG raw photo"
    assert of_bytes(camera_tiff(*size, (262, 3, 1, 1), order=order)).kind == "media"


def test_a_loop_of_folders_in_a_tiff_ends() -> None:
    assert of_bytes(camera_tiff((262, 3, 1, 1), (330, 4, 1, 8))[:-4] + struct.pack("<I", 8)).format == "tiff"


def test_oversized_labels_and_headers_are_reported_not_raised() -> None:
    deep = b"PDS_VERSION_ID = PDS3\r\n^IMAGE = 3\r\n" + b"OBJECT = IMAGE\r\n" * 300 + b"END\r\n\0\1\2"
    found = of_bytes(deep, "a.img")
    assert (found.kind, found.format, found.note) == (
        "unsupported",
        "PDS3 product",
        "the label is nested deeper than 100: flatten it",
    )
    assert (of_bytes(b"MP+\x07\x00\x00\x00\x08").kind, of_bytes(b"MP+\x07\x00\x00\x00\x08").format) == ("media", "mpc")


def test_motion_jpeg_is_recognised_and_a_photo_followed_by_pictures_stays_a_photo() -> None:
    def jpeg(size: tuple[int, int], **options: object) -> bytes:
        file = io.BytesIO()
        Image.effect_noise(size, 50).convert("RGB").save(file, "JPEG", **options)
        return file.getvalue()

    one, small = jpeg((160, 96)), jpeg((80, 48))
    for film in (one * 3, one * 50, jpeg((160, 96), progressive=True) + one * 2):
        found = identify(io.BytesIO(film), "a.mjpeg")
        assert (found.kind, found.format) == ("unsupported", "Motion JPEG")
        assert found.note is not None
        assert found.note.startswith(
            "not supported: JPEG pictures one after another, a video without times: put it into a container"
        )
    for photo in (one, one + small, one + one, one + small * 5, one + b"anything" + one * 5):
        assert identify(io.BytesIO(photo), "a.jpg").format == "jpeg"


@pytest.mark.parametrize("size_bytes", [100, 100_000])
@pytest.mark.parametrize(
    ("beginning", "what"),
    [
        (b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41", "an MP4 or QuickTime file"),
        (b"\x1a\x45\xdf\xa3\xa3\x42\x86\x81\1\x42\xf7\x81\1\x42\x82\x88matroska", "a Matroska or WebM file"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "a PNG"),
    ],
)
def test_media_after_foreign_bytes_are_named_with_their_offset(beginning: bytes, what: str, size_bytes: int) -> None:
    junk = np.random.default_rng(3).integers(1, 255, size_bytes, dtype=np.uint8).tobytes()
    found = of_bytes(junk + beginning + bytes(64), "x.dat")
    assert (found.kind, found.format) == ("unsupported", "unknown")
    assert found.note == f"{what} begins at byte {size_bytes}, behind bytes that do not belong to it: cut them off"
