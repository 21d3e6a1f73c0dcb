"""Opening of a store, in a folder or in a bucket."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from processors.errors import RequestError
from processors.store.store import STORE_FILE, Store

if TYPE_CHECKING:
    from processors.store.bucket import Place
    from processors.store.bucket_traffic import Traffic

StorePlace = Path | str
"""A folder, or the address of a place in a bucket, as `s3://bucket/folder`."""


def store_place(text: str) -> StorePlace:
    """Return the place that a user's text names: an address if it contains `://`, else a folder."""
    return text if is_address(text) else Path(text)


def is_address(place: StorePlace) -> bool:
    """Return whether a place is in a bucket."""
    return isinstance(place, str) and "://" in place


def is_store(place: StorePlace) -> bool:
    """Return whether a folder holds a store; for an address this is known only once it is opened."""
    return is_address(place) or (Path(place) / STORE_FILE).exists()


def open_place(address: str, traffic: Traffic | None = None) -> Place:
    """Open a place in a bucket; `traffic` counts its requests.

    Raises
    ------
    RequestError : not an address, or the library for buckets is missing.
    """
    try:
        from processors.store.bucket import Place
    except ModuleNotFoundError as error:
        raise RequestError(f"{address}: needs {error.name}: pip install 'marsmedia[s3]'") from error
    return Place(address, traffic)


def open_store(place: StorePlace, *, writes: bool = True) -> Store:
    """Open a store.

    Parameters
    ----------
    writes : create the store if there is none.

    Raises
    ------
    RequestError : not an address, the library for buckets is missing, or there is no store and `writes` is false.
    StoreError : the store cannot be used.
    """
    if not is_address(place):
        if not writes and not is_store(place):
            raise RequestError(f"no store found at {place}; run `marsmedia ingest` or pass --store")
        return Store(Path(place))
    try:
        from processors.store.bucket_store import BucketStore
    except ModuleNotFoundError as error:
        raise RequestError(f"a store in a bucket needs {error.name}: pip install 'marsmedia[s3]'") from error
    return BucketStore(str(place), writes=writes)
