"""Check of the runner that a run is to use, before it begins anything."""

from __future__ import annotations

from flows.run.options import Options
from processors.errors import RequestError


def check_runner(options: Options) -> None:
    """Check that the cluster of the options can be used, before a store is begun and releases are hashed.

    Raises
    ------
    RequestError : it cannot, or Dask is not installed.
    """
    if options.runner == "local":
        return
    try:
        from flows.run.dask.dask_cluster import check_cluster
    except ModuleNotFoundError as error:
        raise RequestError(f"--runner dask needs {error.name}; pip install 'marsmedia[dask]'") from error
    check_cluster(options.scheduler)
