"""Files whose bytes several results have: a pack says of which each is, and a copy elsewhere may be of any of them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from flows.cli.main import main
from processors.contract import Item
from processors.packs.recipe.pack_recipe import Pictures
from processors.packs.registry import remember, results_of
from processors.store.catalogue.catalogue import Catalogue
from tests.helpers.pack_store import PackStore, make_pack, picture

NO_EVENTS = Item(name="events.labels.txt", media_type="text/plain", data=b"")


def ask(made: PackStore, *words: object) -> tuple[int, str]:
    answer = CliRunner().invoke(main, [*map(str, words), "--store", str(made.store.root)])
    return answer.exit_code, answer.output


def why(made: PackStore, *words: object) -> tuple[int, str]:
    return ask(made, "why", *words)


def made_of(text: str) -> str:
    """The digest of the source that `why` names."""
    (line,) = (line for line in text.splitlines() if line.startswith("  made of  "))
    return line.rpartition("SHA-256 ")[2]


@pytest.fixture
def made(tmp_path: Path) -> PackStore:
    """Two silent recordings, whose events are the same bytes, and two photos with the same pixels."""
    made = PackStore(tmp_path)
    for name in ("calm.wav", "silent.wav"):
        digest = made.source(name, "audio", "wav", name.encode())
        made.result(digest, "audio.events", NO_EVENTS)
    for name in ("deck.img", "deck.png"):
        digest = made.source(name, "photo", "png", name.encode())
        made.pictures(digest, "photo.preview", {"preview_1024.jpg": (640, 480)})
    return made


def digests(made: PackStore) -> dict[str, str]:
    return {row.name: row.digest for row in made.catalogue.sightings()}


ITEMS = [
    ("calm.wav", "audio.events/events.labels.txt"),
    ("silent.wav", "audio.events/events.labels.txt"),
    ("deck.img", "photo.preview/preview_1024.jpg"),
    ("deck.png", "photo.preview/preview_1024.jpg"),
]


@pytest.mark.parametrize("pictures", [None, Pictures(longest_side_px=(320,))])
def test_why_tells_the_source_that_a_pack_says_though_others_have_the_same_bytes(
    made: PackStore, tmp_path: Path, pictures: Pictures | None
) -> None:
    make_pack(made, tmp_path / "pack", take=("stills", "metadata"), pictures=pictures)
    for name, item in ITEMS:
        processor, stored = item.split("/")
        (packed,) = (tmp_path / "pack/data/media" / name / processor).glob(f"*{Path(stored).suffix}")
        code, told = why(made, packed)
        assert (code, made_of(told)) == (0, digests(made)[name]), (name, told)
        assert told.startswith(f"{stored}, of {processor} version 1, made on ")
    crate = json.loads((tmp_path / "pack/data/ro-crate-metadata.json").read_bytes())["@graph"]
    assert len({one["@id"] for one in crate}) == len(crate), "no two entries have one identifier"


def test_why_tells_the_source_of_files_under_readable_names_with_credits_inside(
    made: PackStore, tmp_path: Path
) -> None:
    make_pack(made, tmp_path / "pack", audience="press", take=("stills", "metadata"), layout="kind")
    found = {path.name: why(made, path) for path in (tmp_path / "pack/data").rglob("*") if path.suffix == ".jpg"}
    assert {code for code, _ in found.values()} == {0}
    names = {digest: name for name, digest in digests(made).items()}
    assert sorted(names[made_of(told)] for _, told in found.values()) == ["deck.img", "deck.png"]


def test_why_reads_the_records_of_an_older_pack(made: PackStore, tmp_path: Path) -> None:
    """Its entries of stored items were named by their digests, once for all results with these bytes."""
    make_pack(made, tmp_path / "pack", take=("stills",), pictures=Pictures(longest_side_px=(320,)))
    path = tmp_path / "pack/data/ro-crate-metadata.json"
    text = path.read_text()
    for one in json.loads(text)["@graph"]:
        if one["@type"] == "CreativeWork" and one["@id"].startswith("#photo.preview-"):
            text = text.replace(f'"{one["@id"]}"', f'"{one["identifier"]}"')
    graph = json.loads(text)["@graph"]
    for one in graph:
        if one["@id"].startswith("urn:sha256:"):
            one.pop("identifier", None)
    (tmp_path / "pack/manifest-sha256.txt").unlink()
    path.write_text(json.dumps({"@graph": graph}))
    for name in ("deck.img", "deck.png"):
        (packed,) = (tmp_path / "pack/data/media" / name / "photo.preview").glob("*.jpg")
        code, told = why(made, packed)
        assert (code, made_of(told)) == (0, digests(made)[name]), (name, told)


def test_why_tells_frames_of_one_result_with_the_same_bytes_apart(tmp_path: Path) -> None:
    made, same = PackStore(tmp_path), picture(64, 36, 1)
    video = made.source("still.mp4", "video", "mov,mp4,m4a,3gp,3g2,mj2", b"a still picture")
    frames = [Item(name=f"frame_{n:06}.jpg", media_type="image/jpeg", data=same, facts={}) for n in range(3)]
    made.result(video, "video.frames", *frames)
    make_pack(made, tmp_path / "pack", take=("frames",))
    for item in frames:
        code, told = why(made, tmp_path / f"pack/data/media/still.mp4/video.frames/{item.name}")
        assert (code, told.partition(",")[0]) == (0, item.name)


def test_why_lists_every_item_of_which_a_file_elsewhere_may_be_a_copy(made: PackStore, tmp_path: Path) -> None:
    copy = tmp_path / "copy.txt"
    copy.write_bytes(b"")
    code, told = why(made, copy)
    lines = told.splitlines()
    manifests = sorted(
        (one for one in made.store.manifests() if one.ref.processor == "audio.events"), key=lambda one: one.ref
    )
    assert (code, lines[0]) == (
        0,
        f"{copy}: 2 items of the store have the same bytes; they do not say which it is a copy of",
    )
    assert lines[1:] == [
        *(
            line
            for one in manifests
            for line in (
                "events.labels.txt, of audio.events version 1",
                f"  made of  x, SHA-256 {one.ref.source}",
                f"  folder   {made.store.where(one.ref)}",
            )
        ),
        "`marsmedia why SHA-256 PROCESSOR`, with those of one of them, shows its provenance",
    ]
    code, told = why(made, copy, "--json")
    records = [json.loads(line)["result"]["ref"]["source"] for line in told.splitlines()]
    assert (code, records) == (0, [one.ref.source for one in manifests])


def test_why_names_the_source_with_the_bytes_of_an_item_beside_it(made: PackStore, tmp_path: Path) -> None:
    made.source("empty.txt", "audio", "wav", b"")
    copy = tmp_path / "copy.txt"
    copy.write_bytes(b"")
    code, told = why(made, copy)
    assert (code, told.splitlines()[0]) == (
        0,
        f"{copy}: 2 items of the store have the same bytes, and so has the source june/empty.txt; "
        "they do not say which it is a copy of",
    )


def test_why_takes_an_original_in_a_pack_for_no_item_with_its_bytes(made: PackStore, tmp_path: Path) -> None:
    made.source("empty.wav", "audio", "wav", b"")
    make_pack(made, tmp_path / "pack", take=("originals",))
    code, told = why(made, tmp_path / "pack/data/media/empty.wav/original/empty.wav")
    assert (code, told.partition(": ")[0]) == (0, "metadata")


def test_why_in_a_folder_of_a_pack_goes_by_the_pack_and_not_by_the_name(
    made: PackStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take = ("metadata", "originals")
    make_pack(made, tmp_path / "pack", take=take)
    made.source("events.labels.txt", "audio", "wav", b"another file of that name")
    monkeypatch.chdir(tmp_path / "pack/data/media/silent.wav/audio.events")
    code, told = why(made, "events.labels.txt")
    assert (code, made_of(told)) == (0, digests(made)["silent.wav"])


def test_why_says_that_the_store_does_not_have_the_result_of_a_file_in_a_pack(made: PackStore, tmp_path: Path) -> None:
    pack = tmp_path / "pack"
    make_pack(made, pack, take=("metadata",))
    (gone,) = (
        one.ref for one in made.store.manifests(digests(made)["silent.wav"]) if one.ref.processor == "audio.events"
    )
    Catalogue(made.store).remove_results([gone])
    shutil.rmtree(made.store.folder(gone))
    path = pack / "data/media/silent.wav/audio.events/events.labels.txt"
    assert why(made, path) == (
        2,
        f"marsmedia: {path}: of audio.events of silent.wav, as its pack says, and this store does not have that result "
        f"({gone.key[:16]}); see {pack}/data/ro-crate-metadata.json for its provenance\n",
    )


def test_a_moved_pack_has_the_results_of_the_last_that_was_built_with_its_identifier(tmp_path: Path) -> None:
    made = PackStore(tmp_path)
    digest = made.source("calm.wav", "audio", "wav", b"calm")
    old = made.result(digest, "audio.events", NO_EVENTS, key="version 11")
    first = make_pack(made, tmp_path / "a", take=("metadata",))
    record = remember(made.store, first)
    record.write_text(json.dumps(json.loads(record.read_text()) | {"built_utc": "2026-01-01T00:00:00Z"}))
    new = made.result(digest, "audio.events", NO_EVENTS, key="version 12", made_utc="2026-03-05T00:00:00.000+00:00")
    last = make_pack(made, tmp_path / "b", take=("metadata",))
    remember(made.store, last)
    assert first.identity.urn == last.identity.urn
    (tmp_path / "b").rename(tmp_path / "moved")
    assert results_of(made.store, str(tmp_path / "moved")) == [new.ref]
    assert results_of(made.store, str(tmp_path / "a")) == [old.ref]
