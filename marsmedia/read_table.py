"""Reading a table of a result, with the meaning of its columns and the clocks of its times."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from marsmedia.clocks import CLOCKS, Clocks
from marsmedia.optional import needed
from processors.errors import RequestError
from processors.packs.embedded.source_attributes import SourceAttributes

if TYPE_CHECKING:
    import pandas as pd

    from processors.store.manifest import Manifest
    from processors.store.store import Store
    from processors.tables import Table

TIME_COLUMNS = ("time_seconds", "start_seconds", "end_seconds")
"""The first of these that a table has is the time of a row."""


def read_table(
    manifest: Manifest, name: str | None, store: Store, provenance: SourceAttributes, clocks: Clocks
) -> pd.DataFrame:
    """Return a table of a result; raises as `SourceView.table`."""
    needed("pandas")
    import pandas as pd

    processor, names = manifest.ref.processor, [item.name for item in manifest.items]
    tables = [one for one in names if one.endswith((".csv", ".parquet"))]
    if name not in tables and (name is not None or len(tables) != 1):
        has = f"its tables are {', '.join(tables)}" if tables else "it has no table"
        raise RequestError(f"{provenance.name}: {processor} has no table {name or 'of its own'}; {has}")
    name = name or tables[0]
    declared = _declared(processor, name)
    path = store.item_path(manifest.ref, name)
    frame = pd.read_parquet(path) if name.endswith(".parquet") else _read_csv(path, declared)
    time = next((column for column in TIME_COLUMNS if column in frame), None)
    if time:
        frame = pd.concat([frame, clocks.at(frame[time].to_numpy(float))], axis=1)
    frame.attrs.update(provenance.attributes(manifest, declared.title if declared else name))
    shown = declared.descriptions if declared else {}
    if "file" in frame:
        frame["path"] = [str(store.item_path(manifest.ref, file)) for file in frame["file"]]
        shown |= {"path": {"units": "text", "description": "path of the file"}}
    shown |= {column: {"units": unit, "description": meaning} for column, (unit, meaning) in CLOCKS.items() if time}
    frame.attrs["columns"] = {column: shown[column] for column in frame if column in shown}
    return frame


def _declared(processor: str, name: str) -> Table | None:
    """Return the declaration of a table; None of a processor that no longer exists."""
    from flows.run.recipe_changes.load_recipes import processor_class

    try:
        tables: tuple[Table, ...] = getattr(processor_class(processor), "tables", ())
    except RequestError:
        return None
    return next((table for table in tables if table.item == name), None)


def _read_csv(path: Path, declared: Table | None) -> pd.DataFrame:
    """Return a CSV table; a text stays as written, and only an empty cell is missing.

    Without rows, columns with a unit are float64, as pandas cannot tell from the file.
    """
    import pandas as pd

    columns = declared.columns if declared else ()
    texts: dict[Hashable, Any] = {column.name: "str" for column in columns if column.unit == "text"}
    frame = pd.read_csv(path, dtype=texts, keep_default_na=False, na_values=[""])
    if len(frame):
        return frame
    numbers = [one.name for one in columns if one.unit not in ("text", "1") and one.name in frame]
    return frame.astype(dict.fromkeys(numbers, float))
