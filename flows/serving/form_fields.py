"""Flow parameters besides the options of a run, with their descriptions in Prefect's form."""

from __future__ import annotations

from typing import Annotated

from flows.run.options import Described

Raw = Annotated[str, Described("Folder of releases; never written to.")]
StoreFolder = Annotated[str, Described("Folder of the processed store; created if missing.")]
Retries = Annotated[
    int, Described("Number of retries, a minute apart, when the machine is at fault.", minimum=0, maximum=10)
]
