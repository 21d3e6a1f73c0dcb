"""There is a whole pack or none: what is damaged, gone or in the way is named."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest

from processors.contract import Item
from processors.errors import RequestError, ResultCorrupt, ResultMissing
from processors.packs.archive.verify_pack import verify_pack
from processors.packs.recipe.pack_recipe import Pictures
from processors.store.this_machine import this_machine
from tests.conftest import PROJECT
from tests.helpers.pack_store import PackStore, evidence, filled, make_pack, picture

T = TypeVar("T")


@pytest.fixture
def made(tmp_path: Path) -> PackStore:
    return filled(tmp_path)


def test_an_output_that_exists_is_refused_and_only_packs_are_replaced(made: PackStore, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "letter.txt").write_text("keep me")
    with pytest.raises(RequestError, match=r"home: already exists; choose another name, or replace it with --force"):
        make_pack(made, tmp_path / "home")
    with pytest.raises(
        RequestError, match=r"home: already exists and is not a marsmedia pack; --force does not replace it"
    ):
        make_pack(made, tmp_path / "home", force=True)
    assert (tmp_path / "home" / "letter.txt").read_text() == "keep me"
    for name in ("pack", "pack.zip"):
        make_pack(made, tmp_path / name)
        before = verify_pack(tmp_path / name).file_count
        make_pack(made, tmp_path / name, force=True, take=("stills",))
        assert verify_pack(tmp_path / name).file_count < before
    with pytest.raises(RequestError, match=r"nowhere: no such folder; create it first"):
        make_pack(made, tmp_path / "nowhere" / "pack")


def meanwhile(happens: Callable[[], object]) -> Any:
    """Steps of a build, during which something happens."""

    def steps(work: str, things: Iterable[T], total: int | None, **shown: Any) -> Iterator[T]:
        happens()
        yield from things

    return steps


@pytest.mark.parametrize("name", ["pack", "pack.zip"])
def test_what_appears_at_the_output_while_the_pack_is_built_stays(made: PackStore, tmp_path: Path, name: str) -> None:
    output, letter = tmp_path / name, tmp_path / name / "letter.txt"

    def colleague() -> None:
        output.mkdir()
        letter.write_text("keep me")

    with pytest.raises(RequestError, match=r"already exists; choose another name, or replace it with --force$"):
        make_pack(made, output, steps=meanwhile(colleague))
    assert letter.read_text() == "keep me"
    letter.unlink()
    output.rmdir()
    for force, sentence in (
        (False, "already exists; choose"),
        (True, "already exists and is not a marsmedia pack; --"),
    ):
        with pytest.raises(RequestError, match=sentence):
            make_pack(made, output, force=force, steps=meanwhile(lambda: output.write_text("keep me")))
        assert output.read_text() == "keep me"
        output.unlink()
    make_pack(made, output)
    with pytest.raises(RequestError, match="already exists and is not a marsmedia pack; --force does not replace it"):
        make_pack(made, output, force=True, steps=meanwhile(lambda: output.rename(tmp_path / "x") and colleague()))
    assert letter.read_text() == "keep me"
    assert [path.name for path in tmp_path.iterdir() if "making" in path.name] == []


@pytest.mark.parametrize("name", ["pack", "pack.zip"])
@pytest.mark.parametrize("pictures", [None, Pictures(longest_side_px=(50,))])
def test_a_damaged_item_is_named_and_there_is_no_pack(
    made: PackStore, tmp_path: Path, name: str, pictures: Pictures | None
) -> None:
    place = next((tmp_path / "store/results").rglob("frame_000001.jpg"))
    place.write_bytes(place.read_bytes()[:-1] + b"!")
    with pytest.raises(ResultCorrupt, match=r"descent.mp4: video.frames/frame_000001.jpg: SHA-256 is .*verify"):
        make_pack(made, tmp_path / name, pictures=pictures)
    place.unlink()
    with pytest.raises(ResultMissing, match=r"descent.mp4: video.frames/frame_000001.jpg: missing"):
        make_pack(made, tmp_path / name, pictures=pictures)
    assert [path.name for path in tmp_path.iterdir() if "pack" in path.name] == []


def test_a_damaged_picture_of_a_format_that_may_be_animated_is_named(made: PackStore, tmp_path: Path) -> None:
    photo = made.source("dunes.jpg", "photo", "jpeg", picture(64, 48, 7))
    made.said(photo, evidence("Dunes", redistribute=True))
    preview = Item(name="preview_320.webp", media_type="image/webp", data=picture(64, 48, 8, "WEBP"))
    made.result(photo, "video.frames", preview)
    place = next((tmp_path / "store/results").rglob("preview_320.webp"))
    place.write_bytes(b"RIFF" + place.read_bytes()[4:40])
    with pytest.raises(ResultCorrupt, match=r"dunes.jpg: video.frames/preview_320.webp: SHA-256 is .*verify"):
        make_pack(made, tmp_path / "pack", take=("frames",), pictures=Pictures(longest_side_px=(50,)))


def test_an_original_that_changed_or_is_gone_is_named(made: PackStore, tmp_path: Path) -> None:
    place = tmp_path / "raw/june/tracks.jpg"
    place.write_bytes(b"another")
    with pytest.raises(ResultCorrupt, match=r"june/tracks.jpg: SHA-256 is"):
        make_pack(made, tmp_path / "pack")
    place.unlink()
    with pytest.raises(RequestError) as raised:
        make_pack(made, tmp_path / "pack")
    assert str(raised.value) == (
        f"missing originals:\n  {place}\nrestore them from a copy, or run `marsmedia ingest`, after which an archive's "
        "pack of the release names them as missing; if they were withdrawn on purpose, confirm it with `marsmedia "
        "release withdraw june/tracks.jpg`; or take no originals"
    )


LIMITED = """
import resource, signal, sys
from pathlib import Path
from tests.helpers.pack_store import PackStore, make_pack
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
made = PackStore(Path(sys.argv[1]))
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    make_pack(made, Path(sys.argv[1]) / sys.argv[2])
except OSError as error:
    print(error.errno)
"""


@pytest.mark.parametrize("name", ["pack", "pack.zip"])
def test_a_disk_that_fills_in_the_middle_leaves_nothing(made: PackStore, tmp_path: Path, name: str) -> None:
    """The kernel refuses to write on, as it does where the disk is full; only the number of the error differs."""
    import errno

    said = subprocess.run(
        [sys.executable, "-c", LIMITED, tmp_path, name],
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout.split() == [str(errno.EFBIG)]
    assert [path.name for path in tmp_path.iterdir() if "pack" in path.name] == []


def test_what_a_killed_build_left_is_swept(made: PackStore, tmp_path: Path) -> None:
    dead = subprocess.Popen(["true"])
    dead.wait()
    here = this_machine()
    left = [tmp_path / f".pack.making-{mark}{dead.pid}-x" for mark in (f"{here}-", "")]
    alive = [tmp_path / f".pack.making-{mark}{os.getpid()}-x" for mark in (f"{here}-", "")]
    others = [tmp_path / ".pack.making-a-note", tmp_path / f".pack.zip.making-{here}-{dead.pid}-x"]
    for folder in (*left, *alive, *others):
        folder.mkdir()
    make_pack(made, tmp_path / "pack")
    assert [folder.exists() for folder in (*left, *alive, *others)] == [False, False, True, True, True, True]


def test_the_folder_of_a_build_on_another_machine_stays(made: PackStore, tmp_path: Path) -> None:
    """There is no process of either number here."""
    seen: list[str] = []
    theirs = tmp_path / ".pack.making-99999999-999999999-x"
    theirs.mkdir()
    steps = meanwhile(lambda: seen.extend(path.name for path in tmp_path.glob(".pack.making-*") if path != theirs))
    make_pack(made, tmp_path / "pack", steps=steps)
    assert theirs.exists()
    (own,) = seen
    assert own.startswith(f".pack.making-{this_machine()}-{os.getpid()}-"), "so that other machines know it too"


def test_a_selection_with_nothing_to_include_is_reported(made: PackStore, tmp_path: Path) -> None:
    with pytest.raises(RequestError, match=r"none of the 1 selected sources has frames"):
        make_pack(made, tmp_path / "pack", selection=("wind.wav",), take=("frames",))
    with pytest.raises(RequestError, match=r"no source matches the selection"):
        make_pack(made, tmp_path / "pack", selection=("sol=99",))
