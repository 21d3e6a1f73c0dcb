"""What people see of a store: aligned lists with sizes, short paths, and what they made on request."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image

from flows.cli import query
from flows.cli.main import main
from flows.cli.printing.print_table import aligned, length, size, sound
from flows.run.options import Options
from flows.run.planning.select import ReprocessRequest, prepare_chosen
from flows.run.run import in_threads, run
from processors.engine.wanted_results import Recipes
from processors.metadata import Metadata
from processors.metadata.properties import Properties, properties
from processors.photo.photo_preview import PhotoPreview
from tests.helpers.runs import ingest


def command(*words: object) -> str:
    answer = CliRunner().invoke(main, [str(word) for word in words], catch_exceptions=False)
    assert answer.exit_code == 0, answer.output
    return answer.output


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two photos of one name, in a release and in a folder of it."""
    folder = tmp_path_factory.mktemp("looking")
    (folder / "raw/june/cameras").mkdir(parents=True)
    Image.new("RGB", (640, 480), (90, 40, 20)).save(folder / "raw/june/photo.jpg")
    Image.new("RGB", (320, 200), (20, 40, 90)).save(folder / "raw/june/cameras/photo.jpg")
    recipes: Recipes = {"photo": (Metadata(), PhotoPreview()), "video": (), "audio": ()}
    assert ingest(folder / "raw", folder / "store", recipes).results.made == 4
    return folder / "store"


def test_by_name_keeps_the_folders_of_a_release(store: Path) -> None:
    links = {str(link.relative_to(store / "by-name")) for link in (store / "by-name").rglob("*") if link.is_symlink()}
    photos = ("june/photo.jpg", "june/cameras/photo.jpg")
    assert links == {f"{photo}/{name}" for photo in photos for name in ("metadata", "photo.preview")}


def test_show_prints_pixels_format_and_the_place_of_results(store: Path) -> None:
    lines = command("show", "cameras/photo.jpg", "--store", store).splitlines()
    assert lines[:2] == ["photo.jpg: photo", "  picture  320 x 200 px, JPEG, RGB"]
    at = lines.index(f"results in {store}/by-name/june/cameras/photo.jpg:")
    assert lines[at + 1].split()[:3] == ["metadata", "1", "item"]
    shown = json.loads(command("show", "cameras/photo.jpg", "--store", store, "--json"))
    assert shown["properties"]["width_px"] == 320


def test_items_are_aligned_with_their_sizes_below_the_folder_that_shows_them(store: Path) -> None:
    lines = command("items", "june/photo.jpg", "processor=metadata", "--store", store).splitlines()
    place = store / "by-name/june/photo.jpg"
    made = {item.name: item.stat().st_size for item in place.glob("metadata/*") if item.name != "manifest.json"}
    assert lines[0] == f"{place}: {len(made)} item{'s'[: len(made) - 1]}, {size(sum(made.values()))}"
    assert [line.split() for line in lines[1:]] == [
        [f"metadata/{name}", *size(taken).split()] for name, taken in sorted(made.items())
    ]
    all_of_it = command("items", "june/photo.jpg", "--store", store).splitlines()[1:]
    assert len({len(line) for line in all_of_it}) == 1
    paths = command("items", "june/photo.jpg", "--paths", "--store", store).splitlines()
    assert len(paths) == len(all_of_it)
    assert all(Path(path).is_file() for path in paths)


def test_an_item_that_the_view_does_not_show_is_named_by_processor_and_key(store: Path) -> None:
    link = store / "by-name/june/cameras/photo.jpg/metadata"
    target = link.readlink()
    link.unlink()
    (line,) = command("items", "cameras/photo.jpg", "processor=metadata", "--store", store).splitlines()[1:]
    assert line.split()[0] == f"metadata~{target.name[:8]}/metadata.json"
    link.symlink_to(target)


def test_status_prints_the_space_of_releases_and_processors(store: Path) -> None:
    told = json.loads(command("status", "--store", store, "--json"))
    assert (
        told["releases"]["june"]["size_bytes"] == told["size_bytes"] == sum(told["size_bytes_of_processors"].values())
    )
    assert told["releases"]["june"]["files"] == 2


def test_query_prints_csv(store: Path) -> None:
    told = command("query", "SELECT release, name FROM known", "--csv", "--store", store)
    assert list(csv.reader(io.StringIO(told))) == [["release", "name"], ["june", "photo.jpg"], ["june", "photo.jpg"]]
    assert query.query.name == "query"


def test_what_is_made_on_request_is_shown_by_name_and_kept_when_asked(store: Path) -> None:
    from processors.store.store import Store

    opened = Store(store)
    settings = {"longest_sides_px": "160"}
    request = ReprocessRequest(words=("june/photo.jpg",), processors=("photo.preview",), settings=settings)

    def look(store: Store, progress: object) -> object:
        return prepare_chosen(request, store, retry_failed=False)

    run(look, store, Options(), in_threads, name="on-request", asked=str(request))  # type: ignore[arg-type]
    link = store / "by-name/june/photo.jpg/photo.preview~longest_sides_px=160"
    assert [one.name for one in link.glob("*.jpg")] == ["preview_160.jpg"]
    command("rebuild", "--store", store)
    assert link.is_symlink()
    assert str(link.parent.name) in command("prune", "--dry-run", "--store", store)
    command("keep", "june/photo.jpg", "processor=photo.preview", "--store", store)
    assert command("prune", "--dry-run", "--store", store).splitlines() == [
        "0 results, 0.0 MB, that no recipe requests and no pack holds",
        "1 more stay because they are kept; see `marsmedia keep`",
        "recipe that counted: full; --recipe NAME for another",
    ]
    assert command("keep", "--store", store).splitlines()[-1] == "2 results kept"
    command("keep", "--release", "june/photo.jpg", "processor=photo.preview", "--store", store)
    assert command("keep", "--store", store) == "no results kept\n"
    assert len(command("prune", "--dry-run", "--store", store).splitlines()) == 3
    assert opened.kept_folder.is_dir()


@pytest.mark.parametrize(
    ("size_bytes", "words"), [(0, "0 B"), (999, "999 B"), (1000, "1 kB"), (1_312_820, "1.31 MB"), (2.5e12, "2.5 TB")]
)
def test_sizes_are_in_decimal_units(size_bytes: float, words: str) -> None:
    assert size(size_bytes) == words


def test_lengths_are_in_seconds_minutes_or_hours() -> None:
    assert [length(seconds) for seconds in (0.5, 24.712, 61, 3661)] == ["0.5 s", "24.71 s", "1:01 min", "1:01:01 h"]


def test_columns_are_straight_with_chinese_names() -> None:
    rows = [("着陆过程.mp4", "12"), ("a.mp4", "3")]
    assert aligned(rows, right=(1,)) == ["着陆过程.mp4  12", "a.mp4          3"]


def test_properties_are_those_of_the_first_streams() -> None:
    video = {"kind": "video", "width_px": 640, "height_px": 360, "average_rate_hz": "30000/1001", "codec": "h264"}
    audio = {"kind": "audio", "codec": "aac", "rate_hz": 44100, "channel_count": 1}
    streams = [video, audio, audio | {"index": 2, "codec": "mp3"}]
    known = properties({"streams": streams, "container_duration_seconds": 2.0})
    assert known.other_streams == ("2 audio mp3",)
    assert known.frame_rate_hz == pytest.approx(29.97, abs=0.001)
    assert sound(known) == "aac, 44.1 kHz, 1 channel"
    assert properties({}) == Properties()


def test_streams_that_nothing_is_taken_from_are_named() -> None:
    small = {
        "index": 0,
        "kind": "video",
        "codec": "h264",
        "width_px": 320,
        "height_px": 180,
        "dispositions": ["default"],
    }
    large = small | {"index": 3, "width_px": 480, "height_px": 270}
    titles = {"index": 2, "kind": "subtitle", "codec": "mov_text", "language": "eng", "dispositions": ["default"]}
    pictures = {"index": 4, "kind": "subtitle", "codec": "dvdsub", "language": "eng", "dispositions": []}
    clock = {"index": 5, "kind": "data", "codec": None}
    known = properties({"streams": [small, titles, large, pictures, clock]})
    assert (known.width_px, known.height_px) == (320, 180)
    assert known.other_streams == ("3 video h264 480 x 270, larger", "4 subtitle dvdsub eng")
    marked = properties({"streams": [small | {"dispositions": []}, large]})
    assert (marked.width_px, marked.other_streams) == (480, ("0 video h264 320 x 180",))
