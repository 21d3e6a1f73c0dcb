"""Imports point down, Prefect stays in `flows`, and help answers without loading anything heavy."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]
MEDIA = ("video", "audio", "photo", "metadata")
FLOOR = {"contract", "errors"}
LOW = FLOOR | {
    "av_frames",
    "imaging",
    "languages",
    "ordered_executor",
    "clip_writer",
    "containers",
    "decoding",
    "formats",
    "identify",
    "sources",
    "mission",
    "planetary",
}


def modules() -> list[Path]:
    return sorted([*(PROJECT / "processors").rglob("*.py"), *(PROJECT / "flows").rglob("*.py")])


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PROJECT)))
def test_imports_point_down(path: Path) -> None:
    place = path.relative_to(PROJECT).with_suffix("").parts
    for name in imported(path):
        parts = tuple(name.split("."))
        if parts[0] == "prefect":
            assert place[0] == "flows", f"{path} imports prefect"
        if place[0] == "processors":
            assert parts[0] not in ("flows", "tests"), f"{path} imports {name}"
            if parts[0] != "processors" or len(parts) < 2:
                continue
            if place[1] in MEDIA:
                assert parts[1] in LOW | {place[1]}, f"{path} imports {name}: a medium knows only itself and the floor"
            if place[1] == "store":
                assert parts[1] in LOW | {"store"}, f"{path} imports {name}: the store knows no medium"
            if len(place) == 2 and place[1] in FLOOR:
                assert parts[1] in FLOOR or name.startswith("processors.sources.source_file"), f"{path} imports {name}"


def test_there_are_no_import_circles() -> None:
    edges = {
        ".".join(path.relative_to(PROJECT).with_suffix("").parts).removesuffix(".__init__"): set(imported(path))
        for path in modules()
    }
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
    heavy = {"prefect", "av", "cv2", "librosa", "numpy", "pyarrow", "deltalake", "moviepy", "PIL", "matplotlib"}
    heavy |= {"pydantic", "duckdb", "rich", "scipy"}
    assert not loaded_by("import flows.cli.main") & heavy
    every = "import flows.cli.main as m; [m.load(name) for part in m.COMMANDS.values() for name in part]"
    assert not loaded_by(every) & heavy


def test_planning_and_working_load_no_prefect() -> None:
    assert "prefect" not in loaded_by(
        "import flows.run.prepare, flows.cli.run_flow, flows.run.run, processors.engine.derive"
    )


def test_no_file_is_longer_than_a_few_screens() -> None:
    lines = {str(path.relative_to(PROJECT)): path.read_text().count("\n") for path in modules()}
    tables = {"processors/formats.py"}
    assert {name: count for name, count in lines.items() if count > 420 and name not in tables} == {}
