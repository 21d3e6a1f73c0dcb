"""A processed store in a notebook: sources, and results as pandas, xarray and PIL objects. Above deployments.

```python
import marsmedia

store = marsmedia.open("processed")
sound = store.sounds(mission="tianwen-1")[0]
sound.spectrogram()                       # xarray.Dataset, with UTC and local time on Mars where they are known
sound.band_level_dbfs(20, 1000)           # xarray.DataArray over time
store.source("descent.mp4").shots         # pandas.DataFrame; units and meanings in its `attrs`
marsmedia.mars_time("2021-05-15T07:18:00+08:00", mission="tianwen-1").sol
```

Errors are `marsmedia.RequestError` (nothing has that name; the message lists what exists) and `marsmedia.StoreError`
(the store's files). Nothing heavy is imported until a result is requested. pandas and xarray come with
`pip install 'marsmedia[notebook]'`.
"""

from __future__ import annotations

from marsmedia.mars_times import mars_time, utc_of_sol
from marsmedia.result_view import ResultView
from marsmedia.source_view import SourceView
from marsmedia.store_view import StoreView, open  # noqa: A004
from processors.errors import RequestError, StoreError

__all__ = ["RequestError", "ResultView", "SourceView", "StoreError", "StoreView", "mars_time", "open", "utc_of_sol"]


def __getattr__(name: str) -> str:
    """Return `__version__`, the installed version; that of each result, with its commit, is in `attrs["software"]`."""
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib.metadata import version

    return version("marsmedia")
