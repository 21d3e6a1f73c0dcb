"""`verify_pack` names every missing, changed or extra file, and opens nothing that a hostile pack wants opened."""

from __future__ import annotations

import io
import re
import shutil
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from processors.errors import RequestError
from processors.packs.archive.bagit import BagWriter
from processors.packs.archive.output import is_pack
from processors.packs.archive.pack_writers import ZipSink
from processors.packs.archive.verify_pack import verify_pack
from processors.packs.registry import results_of
from processors.store.store import Store
from tests.helpers.pack_store import filled, make_pack

FRAME = "data/media/descent.mp4/video.frames/frame_000001.jpg"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("packs")
    made = filled(folder)
    make_pack(made, folder / "pack")
    make_pack(made, folder / "pack.zip")
    return folder


@pytest.fixture
def pack(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole / "pack", tmp_path / "pack"))


def faults(place: Path) -> list[tuple[str, str]]:
    return [(fault.kind, fault.path) for fault in verify_pack(place).faults]


def append(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"!")


def replace_by_link(path: Path) -> None:
    path.unlink()
    path.symlink_to("/etc/passwd")


DAMAGES: list[tuple[str, Callable[[Path], object], list[tuple[str, str]]]] = [
    (FRAME, append, [("changed", FRAME)]),
    (FRAME, Path.unlink, [("missing", FRAME)]),
    (FRAME, replace_by_link, [("refused", FRAME), ("missing", FRAME)]),
    ("data/new.txt", Path.touch, [("extra", "data/new.txt")]),
    ("note.txt", Path.touch, [("extra", "note.txt")]),
    ("bag-info.txt", append, [("changed", "bag-info.txt")]),
    ("bagit.txt", append, [("changed", "bagit.txt")]),
    ("manifest-sha512.txt", append, [("changed", "manifest-sha512.txt")]),
]


@pytest.mark.parametrize(("path", "damage", "told"), DAMAGES)
def test_a_damage_is_named(
    pack: Path, path: str, damage: Callable[[Path], object], told: list[tuple[str, str]]
) -> None:
    assert faults(pack) == []
    damage(pack / path)
    assert list(dict.fromkeys(faults(pack))) == told


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("bagit.txt", "required in every pack"),
        ("bag-info.txt", "required in every pack"),
        ("manifest-sha256.txt", "required in every pack; {files} files are checked by SHA-512 only"),
        ("manifest-sha512.txt", "required in every pack; {files} files are checked by SHA-256 only"),
        ("tagmanifest-sha512.txt", "required in every pack; 5 tag files are checked by SHA-256 only"),
    ],
)
def test_a_missing_tag_file_is_named_in_one_line_beside_a_real_change(pack: Path, name: str, reason: str) -> None:
    files = sum(path.is_file() for path in (pack / "data").rglob("*"))
    append(pack / FRAME)
    (pack / name).unlink()
    found = {(one.kind, one.path): one.reason for one in verify_pack(pack).faults}
    assert found.keys() == {("missing", name), ("changed", FRAME)}
    assert found["missing", name] == reason.format(files=files)


@pytest.mark.parametrize(("kind", "what"), [("manifest", "file"), ("tagmanifest", "tag file")])
def test_without_both_manifests_nothing_that_they_list_is_called_extra(pack: Path, kind: str, what: str) -> None:
    names = [f"{kind}-{algorithm}.txt" for algorithm in ("sha256", "sha512")]
    for name in names:
        (pack / name).unlink()
    found = [(one.kind, one.path, one.reason) for one in verify_pack(pack).faults]
    assert found == [("missing", name, f"required in every pack; no {what} is checked") for name in names]


def test_a_file_that_one_manifest_does_not_list_is_called_unlisted(pack: Path) -> None:
    place = pack / "manifest-sha512.txt"
    lines = place.read_text().splitlines(keepends=True)
    place.write_text("".join(line for line in lines if FRAME not in line))
    found = [(one.kind, one.path, one.reason) for one in verify_pack(pack).faults]
    assert found[0] == ("unlisted", FRAME, "manifest-sha512.txt does not list it")
    assert [one[:2] for one in found[1:]] == [("changed", "manifest-sha512.txt")]


def test_several_damages_are_all_named(pack: Path) -> None:
    append(pack / FRAME)
    (pack / "data/CREDITS.txt").unlink()
    (pack / "data/media/new.jpg").write_bytes(b"")
    assert sorted(faults(pack)) == [
        ("changed", FRAME),
        ("extra", "data/media/new.jpg"),
        ("missing", "data/CREDITS.txt"),
    ]


def rewritten(
    whole: Path, target: Path, change: Callable[[zipfile.ZipInfo, bytes], tuple[zipfile.ZipInfo, bytes] | None]
) -> Path:
    """A copy of the zip with its members changed."""
    with zipfile.ZipFile(whole / "pack.zip") as old, zipfile.ZipFile(target, "w") as new:
        for member in old.infolist():
            if answer := change(member, old.read(member)):
                new.writestr(*answer)
    return target


def test_a_zip_is_checked_like_a_folder(whole: Path, tmp_path: Path) -> None:
    assert faults(whole / "pack.zip") == []

    def change(member: zipfile.ZipInfo, data: bytes) -> tuple[zipfile.ZipInfo, bytes] | None:
        if member.filename.endswith(FRAME):
            return None
        return member, data + b"!" if member.filename.endswith("contact_sheet.jpg") else data

    place = rewritten(whole, tmp_path / "p.zip", change)
    assert faults(place) == [
        ("changed", "data/media/descent.mp4/video.contact_sheet/contact_sheet.jpg"),
        ("missing", FRAME),
    ]


def test_a_deflated_zip_of_the_same_files_is_whole(whole: Path, tmp_path: Path) -> None:
    def change(member: zipfile.ZipInfo, data: bytes) -> tuple[zipfile.ZipInfo, bytes]:
        member.compress_type = zipfile.ZIP_DEFLATED
        return member, data

    assert faults(rewritten(whole, tmp_path / "p.zip", change)) == []


@pytest.mark.parametrize("name", ["../../out.txt", "/etc/out.txt", "tracks-wind/../../out.txt", "C:\\out.txt"])
def test_a_zip_whose_names_lead_out_is_refused(whole: Path, tmp_path: Path, name: str) -> None:
    place = rewritten(whole, tmp_path / "p.zip", lambda member, data: (member, data))
    with zipfile.ZipFile(place, "a") as archive:
        archive.writestr(name, b"out")
    try:
        reasons = [fault.reason for fault in verify_pack(place).faults]
    except RequestError as error:
        reasons = [str(error).partition("(its zip holds ")[0]]
    assert reasons in (["its name escapes the pack"], [f"{place}: not a pack "])
    assert not (tmp_path.parent / "out.txt").exists()


def test_links_bombs_and_doubles_in_a_zip_are_refused(whole: Path, tmp_path: Path) -> None:
    place = rewritten(whole, tmp_path / "p.zip", lambda member, data: (member, data))
    link = zipfile.ZipInfo("tracks-wind/data/link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(place, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(link, b"/etc/passwd")
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("tracks-wind/bagit.txt", b"another")
        archive.writestr("tracks-wind/data/bomb", bytes(1000))
    data = bytearray(place.read_bytes())
    at = data.rindex(b"tracks-wind/data/bomb") - 46  # the record in the central directory
    data[at + 24 : at + 28] = (2**31).to_bytes(4, "little")
    place.write_bytes(data)
    told = {fault.path: fault.reason for fault in verify_pack(place).faults if fault.kind == "refused"}
    assert told.pop("tracks-wind/data/bomb").startswith("claims 2147483648 bytes out of ")
    assert told == {
        "tracks-wind/data/link": "a link or device, not a file",
        "tracks-wind/bagit.txt": "named twice in the zip",
    }


CENTRAL, LOCAL = b"PK\x01\x02", b"PK\x03\x04"
"""Signatures of a member's record in the directory of a zip, and of its header before its data."""


def patched(whole: Path, target: Path, name: str, kind: bytes, change: Callable[[bytearray, int], None]) -> Path:
    """A copy of the zip, in which one of the two records of a member is changed; `change` gets where it begins."""
    data = bytearray((whole / "pack.zip").read_bytes())
    head = 46 if kind == CENTRAL else 30
    found = (named.start() - head for named in re.finditer(re.escape(f"tracks-wind/{name}".encode()), data))
    (at,) = [at for at in found if data[at : at + 4] == kind]
    change(data, at)
    target.write_bytes(data)
    return target


def bad_name(data: bytearray, at: int) -> None:
    """Say that the name is in UTF-8, which it then is not."""
    is_central = data[at : at + 4] == CENTRAL
    flags, name = (at + 8, at + 46) if is_central else (at + 6, at + 30)
    data[flags + 1] |= 0x08
    data[name + 15] = 0xFF


def newer(data: bytearray, at: int) -> None:
    data[at + 6] = 99


def beyond_the_end(data: bytearray, at: int) -> None:
    for field in (20, 24):  # its size, compressed and not
        data[at + field : at + field + 4] = (2**30).to_bytes(4, "little")


def before_the_beginning(data: bytearray, at: int) -> None:
    """Give the member a place of 64 bits that no file has."""
    extra = b"\x01\x00\x08\x00" + (2**63 + 5).to_bytes(8, "little")
    data[at + 42 : at + 46] = b"\xff" * 4
    name_length = int.from_bytes(data[at + 28 : at + 30], "little")
    data[at + 30 : at + 32] = len(extra).to_bytes(2, "little")
    data[at + 46 + name_length : at + 46 + name_length] = extra
    end = data.rindex(b"PK\x05\x06")
    size = int.from_bytes(data[end + 12 : end + 16], "little") + len(extra)
    data[end + 12 : end + 16] = size.to_bytes(4, "little")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (bad_name, "'utf-8' codec can't decode byte 0xff in position 15: invalid start byte"),
        (newer, "zip file version 9.9"),
    ],
)
def test_a_zip_whose_directory_cannot_be_read_is_no_readable_zip(
    whole: Path, tmp_path: Path, change: Callable[[bytearray, int], None], reason: str
) -> None:
    place = patched(whole, tmp_path / "p.zip", FRAME, CENTRAL, change)
    with pytest.raises(RequestError) as told:
        verify_pack(place)
    assert str(told.value) == f"{place}: neither a folder nor a readable zip ({reason})"


@pytest.mark.parametrize("name", [FRAME, "manifest-sha512.txt", "bagit.txt"])
@pytest.mark.parametrize(
    ("kind", "change", "reason"),
    [
        (LOCAL, bad_name, "'utf-8' codec can't decode byte 0xff in position 15: invalid start byte"),
        (CENTRAL, beyond_the_end, "the zip ends before the file does"),
        (CENTRAL, before_the_beginning, "cannot fit 'int' into an offset-sized integer"),
    ],
)
def test_a_member_that_cannot_be_read_is_named(
    whole: Path, tmp_path: Path, name: str, kind: bytes, change: Callable[[bytearray, int], None], reason: str
) -> None:
    found = verify_pack(patched(whole, tmp_path / "p.zip", name, kind, change)).faults
    (told,) = {one.reason.partition(";")[0] for one in found if (one.kind, one.path) == ("unreadable", name)}
    assert told == reason


@pytest.mark.parametrize(("flag", "reason"), [(0, "encrypted"), (5, "a patch of another file"), (6, "encrypted")])
def test_a_member_that_only_other_programs_read_is_refused_and_its_pack_is_not_replaced(
    whole: Path, tmp_path: Path, flag: int, reason: str
) -> None:
    def change(data: bytearray, at: int) -> None:
        data[at + 8] |= 1 << flag

    place = patched(whole, tmp_path / "p.zip", "bag-info.txt", CENTRAL, change)
    assert ("tracks-wind/bag-info.txt", "refused", reason) in [
        (one.path, one.kind, one.reason) for one in verify_pack(place).faults
    ]
    assert not is_pack(place)
    assert results_of(Store(whole / "store"), str(place)) == []


def test_a_manifest_that_names_a_file_outside_opens_nothing(pack: Path) -> None:
    manifest = pack / "manifest-sha256.txt"
    manifest.write_text(manifest.read_text() + f"{'0' * 64}  ../../../etc/passwd\n")
    assert ("missing", "../../../etc/passwd") in faults(pack)


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 no zip", bytes(range(192, 256))])
def test_a_file_that_is_no_pack_is_reported(tmp_path: Path, data: bytes) -> None:
    place = tmp_path / "p.zip"
    place.write_bytes(data)
    with pytest.raises(RequestError, match="neither a folder nor a readable zip"):
        verify_pack(place)
    with pytest.raises(RequestError, match="no such pack"):
        verify_pack(tmp_path / "nowhere")


def test_a_file_over_four_gigabytes_fits_into_a_zip(tmp_path: Path) -> None:
    """Its header must say so before its size is known; shown here by the sizes that only ZIP64 has room for."""
    bag = BagWriter(sink := ZipSink(tmp_path / "p.zip", "pack", "2026-01-01T00:00:00Z"))
    bag.add("a.bin", iter([b"abc"]))
    bag.finish([])
    sink.abandon()
    head = (tmp_path / "p.zip").read_bytes()[:64]
    assert head[18:26] == b"\xff" * 8  # both sizes stand in the ZIP64 field
    with zipfile.ZipFile(io.BytesIO((tmp_path / "p.zip").read_bytes())) as archive:
        assert archive.read("pack/data/a.bin") == b"abc"


@pytest.mark.parametrize("name", ["pack", "pack.zip"])
def test_a_pack_and_its_verification_count_the_same_files_and_bytes(tmp_path: Path, name: str) -> None:
    built = make_pack(filled(tmp_path), tmp_path / name)
    checked = verify_pack(tmp_path / name)
    assert (checked.file_count, checked.size_bytes) == (built.file_count, built.size_bytes)
    if name == "pack":
        sizes = [path.stat().st_size for path in (tmp_path / name).rglob("*") if path.is_file()]
        assert (len(sizes), sum(sizes)) == (built.file_count, built.size_bytes)
