"""Parameters of flows, with the words that Prefect's page shows beside each field of its form."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

Raw = Annotated[str, Field(description="Folder of releases; never written to.")]
StoreFolder = Annotated[str, Field(description="Folder of the processed store; made where there is none.")]
Strict = Annotated[bool, Field(description="Refused files, and failures of earlier runs, make this run fail too.")]
HashAll = Annotated[bool, Field(description="Hash every file again, also those whose size and date are unchanged.")]
RetryFailed = Annotated[bool, Field(description="Try again what failed in an earlier run.")]
WorkerCount = Annotated[
    int | None, Field(ge=1, le=256, description="Processes that decode; empty: one for each processor core.")
]
MemoryMb = Annotated[
    int | None, Field(ge=300, description="Memory that one file may use, in MB; empty: up to 4000, by the machine's.")
]
Quiet = Annotated[bool, Field(description="No progress bar.")]
Retries = Annotated[
    int, Field(ge=0, le=10, description="How often to try again, a minute apart, when the machine is at fault.")
]
