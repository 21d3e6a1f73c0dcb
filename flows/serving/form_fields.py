"""Parameters of flows, with the words that Prefect's page shows beside each field of its form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field, GetJsonSchemaHandler


@dataclass(frozen=True)
class Description:
    """A description that stays: Prefect drops those of pydantic's `Field`, for it looks for them in docstrings."""

    words: str

    def __get_pydantic_json_schema__(self, core_schema: Any, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {**handler(core_schema), "description": self.words}


Raw = Annotated[str, Description("Folder of releases; never written to.")]
StoreFolder = Annotated[str, Description("Folder of the processed store; made where there is none.")]
Strict = Annotated[bool, Description("Refused files, and failures of earlier runs, make this run fail too.")]
HashAll = Annotated[bool, Description("Hash every file again, also those whose size and date are unchanged.")]
RetryFailed = Annotated[bool, Description("Try again what failed in an earlier run.")]
WorkerCount = Annotated[
    int | None, Field(ge=1, le=256), Description("Processes that decode; empty: one for each processor core.")
]
MemoryMb = Annotated[
    int | None, Field(ge=300), Description("Memory that one file may use, in MB; empty: up to 4000, by the machine's.")
]
TimeLimitFactor = Annotated[
    float, Field(ge=0.1, le=1000), Description("Multiplies the time that one file may take, by its size and duration.")
]
Releases = Annotated[list[str] | None, Description("Only these releases; empty: all in the folder.")]
Quiet = Annotated[bool, Description("No progress bar.")]
Retries = Annotated[
    int, Field(ge=0, le=10), Description("How often to try again, a minute apart, when the machine is at fault.")
]
PackRecipe = Annotated[str, Description("The pack's recipe, a TOML file; `marsmedia pack init` writes one.")]
PackOutput = Annotated[str, Description("Where the pack goes: a folder, or a file that ends in .zip.")]
