"""The house: floors on which imports only go down, Prefect where it belongs, and help that loads nothing heavy."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from flows.recipes import ON_REQUEST, RECIPES
from flows.run.working.workers import LOADED_FOR_ALL, LOADED_FOR_SOUND, LOADED_LAST
from processors import well_known_names

PROJECT = Path(__file__).resolve().parents[1]

STOREYS = {
    "people and schedules": (
        ("flows.cli", "marsmedia"),
        ("flows.deployments",),
        ("flows.ingest", "flows.reprocess", "flows.pack", "flows.verify"),
        ("flows.serving",),
    ),
    "a run": (("flows.run",), ("flows.recipes",)),
    "what is made of results, and a sample": (
        ("processors.packs", "processors.linking", "processors.comparing", "processors.sample"),
    ),
    "one source, one pass": (("processors.engine",),),
    "media, and the store that knows none of them": (
        ("processors.video", "processors.audio", "processors.photo", "processors.store"),
        ("processors.metadata",),
    ),
    "files: what they are, and how they are opened": (
        ("processors.identify",),
        ("processors.decoding",),
        ("processors.formats", "processors.mission"),
        ("processors.containers", "processors.planetary", "processors.imaging"),
    ),
    "the ground: what a processor is, and what all need": (
        ("processors.tables",),
        ("processors.contract",),
        ("processors.sources",),
        (
            "processors.errors", "processors.json_records", "processors.languages",
            "processors.runs_of_true", "processors.well_known_names",
        ),
    ),
}  # fmt: skip
"""From top to bottom, each storey with its floors, and each floor with its rooms. A room may import what is on a floor
below its own, and nothing of its neighbours on the same floor: one medium does not know another."""

FLOORS = tuple((storey, *rooms) for storey, floors in STOREYS.items() for rooms in floors)

TABLES = {"processors/formats.py"}
MAX_LINES = 420


def modules() -> dict[str, Path]:
    """Every module of the project, by name."""
    paths = sorted(path for top in ("processors", "flows", "marsmedia") for path in (PROJECT / top).rglob("*.py"))
    names = [".".join(path.relative_to(PROJECT).with_suffix("").parts).removesuffix(".__init__") for path in paths]
    return dict(zip(names, paths, strict=True))


MODULES = modules()


@cache
def imported(path: Path) -> tuple[str, ...]:
    """Every name that a file imports: modules, and what is taken from them."""
    names: list[str] = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names += (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names += (node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names))
    return tuple(names)


def room_of(module: str) -> str:
    """The room of a module: a package or module in `flows` or `processors`, or `marsmedia` as a whole."""
    return "marsmedia" if module.split(".")[0] == "marsmedia" else ".".join(module.split(".")[:2])


FLOOR_OF = {room: number for number, (_, *rooms) in enumerate(FLOORS) for room in rooms}


def test_every_room_is_on_a_floor_and_every_floor_has_rooms() -> None:
    rooms = {room_of(module) for module in MODULES if "." in module}
    assert rooms == FLOOR_OF.keys()


def test_the_house_in_contributing_has_these_storeys_and_floors() -> None:
    (drawing,) = re.findall(r"## The house\n.*?```\n(.*?)```", (PROJECT / "CONTRIBUTING.md").read_text("utf-8"), re.S)
    by_name = {room.rpartition(".")[2]: room for room in FLOOR_OF}
    drawn = [re.split(r"─+", part) for part in re.split(r"\n(?=─── )", f"\n{drawing}")[1:]]
    assert [storey[1].strip() for storey in drawn] == list(STOREYS)
    for (_, _, lines), floors in zip(drawn, STOREYS.values(), strict=True):
        names = [name for line in lines.splitlines() for name in names_drawn(line.strip())]
        rooms = [by_name[name] for name in names if name in by_name]
        assert sorted(rooms) == sorted(room for floor in floors for room in floor), "each room is drawn once"
        order = [FLOOR_OF[room] for room in rooms]
        assert order == sorted(order), "a floor is drawn above the next"


def test_the_first_line_of_each_room_says_what_it_stands_on() -> None:
    """`Above ROOM.`, the first room of the floor below; `On the ground, above ROOM.` in the lowest storey."""
    for room, floor in FLOOR_OF.items():
        is_ground = FLOORS[floor][0] == FLOORS[-1][0]
        below = [rooms[0].rpartition(".")[2] for _, *rooms in FLOORS[floor + 1 : floor + 2]]
        said = ", above ".join(["On the ground" if is_ground else "", *below]).removeprefix(", ")
        docstring = ast.get_docstring(ast.parse(MODULES[room].read_text())) or ""
        assert docstring.partition("\n")[0].endswith(f". {said[0].upper()}{said[1:]}."), room


def names_drawn(line: str) -> Iterator[str]:
    """The words at the beginning of each cell of a line; cells are two blanks or more apart."""
    for cell in re.split(r"\s{2,}|│\s*", line):
        first = re.match(r"\(?(\w+(?:, \w+)*)(?:/|$|\s)", cell)
        yield from first[1].split(", ") if first else ()


@pytest.mark.parametrize("module", [module for module in MODULES if "." in module])
def test_imports_point_down(module: str) -> None:
    own = room_of(module)
    for name in imported(MODULES[module]):
        other = room_of(name)
        assert not name.startswith("tests."), f"{module} imports {name}"
        if other not in FLOOR_OF or other == own:
            continue
        ours, theirs = FLOOR_OF[own], FLOOR_OF[other]
        assert theirs > ours, f"{module} ({FLOORS[ours][0]}) imports {name} ({FLOORS[theirs][0]})"


def test_the_file_of_a_processor_is_named_as_the_processor() -> None:
    """`audio.film` is in `audio/.../film.py`. A name that several media have takes the medium with it: `photo.preview`
    is in `photo_preview.py`. The class has the name, too; it may take the medium with it, as `WebVideo` does."""
    recipes = [recipe for book in (RECIPES, ON_REQUEST) for recipe in book.values()]
    kinds = {processor.name: type(processor) for recipe in recipes for processor in recipe}
    names = [name.rpartition(".")[2] for name in kinds]
    assert len({kind.__module__ for kind in kinds.values()}) == len(kinds), "one processor a file"
    for full_name, kind in kinds.items():
        medium, _, name = full_name.rpartition(".")
        room, file = kind.__module__.split(".")[1], kind.__module__.rpartition(".")[2]
        assert room == (medium or "metadata"), full_name
        assert file == (name if names.count(name) == 1 else f"{medium}_{name}"), full_name
        words = {name, f"{medium}{name}", f"{name}{medium}"}
        assert kind.__name__.lower() in {word.replace("_", "") for word in words}, full_name


def test_no_file_but_its_own_has_the_name_of_a_processor_as_a_literal() -> None:
    """A name that changes is found by its imports. Apart from words for people, notebooks, and the table of packs."""
    names = {processor.name for book in (RECIPES, ON_REQUEST) for recipe in book.values() for processor in recipe}
    known = {value for name, value in vars(well_known_names).items() if name.isupper()}
    assert known - names == set(), "no such processor"
    examples = {"flows.run.recipe_changes.recipe_file", "flows.cli.query"}
    apart = {"processors.well_known_names", "processors.packs.presentation", *examples}
    found: set[tuple[str, str]] = set()
    for module, path in MODULES.items():
        if module not in apart and room_of(module) != "marsmedia":
            own, text = own_name(path), path.read_text()
            quoted = set(re.findall(r"""["']((?:video|audio|photo)\.[a-z_]+)["']""", text))
            quoted |= set(re.findall(r"""processor["']?\]? *(?:==|!=|=|<>) *["'](\w+)["']""", text))
            found |= {(module, name) for name in quoted & names if name != own}
    assert found == set(), "take it from processors/well_known_names.py"


def own_name(path: Path) -> str | None:
    """The name of the processor in a file."""
    found = re.search(r'name: ClassVar\[str\] = "([\w.]+)"', path.read_text())
    return found[1] if found else None


ENDS_A_COMMAND = {
    "RequestError",
    "SelectionError",
    "NoSuchSource",
    "StoreError",
    "RecipeError",
    "ResultMissing",
    "ResultCorrupt",
    "UsageError",
}
ADVICE = re.compile(r": (?:run|name|choose|use|write|start|install|remove|restore|pip|give|make|create|check|see) ")


def test_errors_that_end_a_command_say_what_to_do_after_a_semicolon() -> None:
    """`where: what is wrong; what to do`. Reasons of files, which results hold, have a colon (see `errors.py`)."""
    found: list[tuple[str, str]] = []
    for module, path in MODULES.items():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in ENDS_A_COMMAND:
                texts = [n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, str)]
                found += ((module, text) for text in texts if ADVICE.search(text))
    assert found == [("processors.store.catalogue.selection", ": give one condition")]


def test_no_two_public_classes_and_no_two_files_have_one_name() -> None:
    """But for a flow and the command that starts it."""
    classes = [
        node.name
        for path in MODULES.values()
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    ]
    assert sorted(name for name, count in Counter(classes).items() if count > 1) == []
    files = Counter(path.stem for path in MODULES.values() if not path.stem.startswith("__"))
    assert {name for name, count in files.items() if count > 1} == {"ingest", "pack", "reprocess", "verify"}


def test_only_tables_leave_their_shape_to_the_author() -> None:
    """`fmt: skip` ends a table of literals, never a statement."""
    for module, path in MODULES.items():
        lines = path.read_text().splitlines()
        for node in ast.walk(ast.parse("\n".join(lines))):
            if isinstance(node, ast.stmt) and lines[node.end_lineno - 1 if node.end_lineno else 0].endswith(
                "fmt: skip"
            ):
                assert isinstance(node, ast.Assign | ast.AnnAssign), f"{module}, line {node.lineno}"


def test_only_flows_and_serving_import_prefect() -> None:
    for module, path in MODULES.items():
        if any(name.split(".")[0] == "prefect" for name in imported(path)):
            assert path.parent in (PROJECT / "flows", PROJECT / "flows/serving"), f"{module} imports prefect"


def test_only_one_module_knows_the_library_for_buckets() -> None:
    known = {module for module, path in MODULES.items() if any(n.split(".")[0] == "obstore" for n in imported(path))}
    assert known == {"processors.store.bucket.bucket"}


MAKES_A_PATH = {
    "processors.sources.scan": "surveys a folder",
    "flows.run.planning.renamed_files": "`release check` surveys a folder; a file in a bucket is not asked for",
    "processors.packs.gallery.store_gallery": "links of a page on a disk to files on that disk",
    "flows.run.page_server": "asks for files on this disk only",
}


def test_files_of_releases_are_opened_by_the_reader_that_knows_buckets() -> None:
    """A source may be an object: `Path(row.path)` of its address is no file. `raw_bucket` gives one."""
    calls = [
        (module, node.func, node.args[0])
        for module, path in MODULES.items()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and node.args
    ]
    found = {
        module
        for module, called, given in calls
        if isinstance(called, ast.Name) and called.id in ("Path", "open") and ast.unparse(given).endswith(".path")
    }
    assert found == MAKES_A_PATH.keys(), "take it from processors/store/bucket/raw_bucket.py"


def test_there_are_no_import_circles() -> None:
    edges = {name: set(imported(path)) for name, path in MODULES.items()}
    for name, targets in edges.items():  # `from package import module` needs the module, not the package
        edges[name] = {t for t in targets if not any(other.startswith(f"{t}.") for other in targets & edges.keys())}
    done: set[str] = set()

    def visit(name: str, above: tuple[str, ...]) -> None:
        assert name not in above, " -> ".join([*above, name])
        if name in done:
            return
        for following in edges.get(name, ()):
            if following in edges and following != name:
                visit(following, (*above, name))
        done.add(name)

    for name in edges:
        visit(name, ())


def loaded_by(code: str) -> set[str]:
    script = f"import sys\n{code}\nprint('\\n'.join(sys.modules))"
    return set(
        subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    )


def test_help_loads_nothing_heavy() -> None:
    heavy = {
        "prefect",
        "obstore",
        "av",
        "cv2",
        "librosa",
        "numpy",
        "pyarrow",
        "deltalake",
        "moviepy",
        "PIL",
        "matplotlib",
    }
    assert not loaded_by("import flows.cli.main") & heavy


def test_planning_and_working_load_no_prefect() -> None:
    run = [module for module in MODULES if room_of(module) == "flows.run"]
    assert "prefect" not in loaded_by(f"import flows.cli.plan_and_run, processors.engine.derive, {', '.join(run)}")


def test_a_plan_loads_no_library_that_only_some_results_need() -> None:
    loaded = loaded_by("import flows.cli.plan_and_run, flows.recipes, flows.run.run")
    assert not loaded & {"scipy", "librosa", "moviepy", "matplotlib", "pandas", "xarray", "skimage", "numba"}


def test_shots_are_found_without_the_readers_of_pyscenedetect() -> None:
    """They start ffmpeg and ffplay; who imports the package afterwards has all of it."""
    code = """
import numpy as np
from processors.video.shots.shots import Shots, _cuts, _through_black
thumbnails = np.repeat(np.array([40, 200], np.uint8), 20)[:, None, None].repeat(36, axis=1).repeat(64, axis=2)
assert _cuts(Shots(), thumbnails, np.zeros(40, bool)) == [20]
assert _through_black(Shots(), np.array([99.0, 0, 0, 99])) == {2: "fade"}
"""
    loaded = loaded_by(code)
    assert "scenedetect.detectors" in loaded
    assert not loaded & {"scenedetect", "scenedetect.backends", "moviepy"}
    assert "moviepy" in loaded_by(f"{code}\nimport scenedetect\nassert scenedetect.open_video")


def test_what_workers_load_beforehand_can_be_loaded() -> None:
    """A wrong name there would be passed over in silence, and every worker would start slowly."""
    names = [*LOADED_FOR_ALL, *LOADED_FOR_SOUND, LOADED_LAST]
    assert loaded_by(f"import {', '.join(names)}") >= set(names)


def test_a_table_of_measurements_is_written_without_pandas() -> None:
    code = "from pathlib import Path; from processors.tables import ParquetTable; "
    code += "from processors.video.motion.motion_table import MOTION; "
    code += "ParquetTable(Path('/dev/null'), MOTION).add([dict.fromkeys(MOTION.names)])"
    assert not loaded_by(code) & {"pandas", "pyarrow.pandas_compat"}


def test_a_table_of_measurements_is_read_without_pandas(tmp_path: Path) -> None:
    code = f"""
from fractions import Fraction
from pathlib import Path
from processors.tables import ParquetTable
from processors.video.audit.measured_frames import MeasuredFrames
from processors.video.audit.measurement_table import MEASUREMENTS
path = Path({str(tmp_path / "measurements.parquet")!r})
with ParquetTable(path, MEASUREMENTS) as table:
    table.add([dict.fromkeys(MEASUREMENTS.names)])
measured = MeasuredFrames(table=path, time_base=Fraction(1), frame_count=1, width_px=1, height_px=1, lost_seconds=(),
                      unsure_seconds=(), statistics_archive=None)
measured.column("sharpness"), measured.column("is_keyframe"), measured.pts
"""
    assert not loaded_by(code) & {"pandas", "pyarrow.pandas_compat"}


def test_the_edge_of_a_codec_is_found_without_scipy_signal() -> None:
    code = "import numpy as np; from processors.audio.spectrogram.codec_cutoff import find_cutoff; "
    code += "find_cutoff(np.linspace(0, 24000, 1025), np.where(np.arange(1025) < 600, 1e-6, 1e-14))"
    assert "scipy.signal" not in loaded_by(code)


def test_no_file_is_longer_than_a_few_screens() -> None:
    lines = {str(path.relative_to(PROJECT)): path.read_text().count("\n") for path in MODULES.values()}
    assert {name: count for name, count in lines.items() if count > MAX_LINES and name not in TABLES} == {}
