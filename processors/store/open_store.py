"""Opening of a store, in a folder or in a bucket."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from processors.errors import NoStore, RequestError, StoreError, closest
from processors.store.bucket.s3_errors import NO_ADDRESS
from processors.store.new_store import NewStore, check_new_store
from processors.store.store import STORE_FILE, Store, has_lost_mark

if TYPE_CHECKING:
    from processors.store.bucket.bucket import Bucket
    from processors.store.bucket.bucket_traffic import Traffic

Location = Path | str
"""A folder, or the address of a folder in a bucket, as `s3://bucket/folder`."""


MISTYPED = re.compile(r"([a-z][a-z0-9]+:/|(s3|gs|az):)(?!/)", re.IGNORECASE)
"""Beginning of an address with too few slashes; as a path it would be a folder named `s3:`."""


def location_of(text: str) -> Location:
    """Return the location that a user's text names: an address if it contains `://`, else a folder.

    Raises
    ------
    RequestError : an address with too few slashes.
    """
    if is_address(text):
        return text
    if MISTYPED.match(text):
        raise RequestError(f"{text}: {NO_ADDRESS}")
    return Path(text)


def is_address(location: Location) -> bool:
    return isinstance(location, str) and "://" in location


def is_store(location: Location) -> bool:
    """Return whether a folder holds a store; for an address this is known only once it is opened."""
    return is_address(location) or (Path(location) / STORE_FILE).exists()


def store_like(folder: Path) -> str | None:
    """Return the store in the same folder whose name is most like that of a missing one; None if none is."""
    try:
        stores = {str(beside.parent): beside.parent.name for beside in folder.parent.glob(f"*/{STORE_FILE}")}
    except OSError:  # not a folder, or one that may not be listed
        return None
    name = closest(folder.name, stores.values())
    return name and str(folder.with_name(name))


def has_lost_catalogue(store: Store) -> bool:
    """Return whether a folder has results and no catalogue, as after a restore of the plain files."""
    has_tables = any((store.catalogue_folder / table).is_dir() for table in ("sources", "results"))
    return not has_tables and any(store.results_folder.glob("*/*/*"))


def open_bucket(address: str, traffic: Traffic | None = None) -> Bucket:
    """Open an address in a bucket; `traffic` counts its requests.

    Raises
    ------
    RequestError : not an address, or the library for buckets is missing.
    """
    try:
        from processors.store.bucket.bucket import Bucket
    except ModuleNotFoundError as error:
        raise RequestError(f"{address}: needs {error.name}; pip install 'marsmedia[s3]'") from error
    return Bucket(address, traffic)


def open_store(
    location: Location, *, writes: bool = True, needs_catalogue: bool = True, new: NewStore = "auto"
) -> Store:
    """Open a store.

    Parameters
    ----------
    writes : create the store if there is none, and `new` allows it.
    needs_catalogue : with `writes` false, refuse a folder that has lost its catalogue, as it would look empty.

    Raises
    ------
    NoStore : there is none and `writes` is false.
    RequestError : not an address, or the library for buckets is missing.
    StoreAway : there is none, and a new one may not be begun there.
    StoreError : the store cannot be used, or has lost what marks it as one and `writes` is false.
    """
    if not is_address(location):
        if _is_absent(Path(location)):
            if has_lost_mark(Path(location)):
                if not writes:
                    how = f"restore {STORE_FILE} from a copy, or run `marsmedia ingest`, which writes it again"
                    raise StoreError(f"{location}: has results, but no {STORE_FILE}; {how}")
            elif not writes:
                raise NoStore(location, store_like(Path(location)))
            else:
                check_new_store(Path(location), new)
        store = Store(Path(location))
        if not writes and needs_catalogue and has_lost_catalogue(store):
            raise StoreError(f"{location}: has results, but no catalogue; run `marsmedia rebuild` first")
        return store
    try:
        from processors.store.bucket.bucket_store import BucketStore
    except ModuleNotFoundError as error:
        raise RequestError(f"a store in a bucket needs {error.name}; pip install 'marsmedia[s3]'") from error
    return BucketStore(str(location), writes=writes, new=new)


def _is_absent(folder: Path) -> bool:
    """Return whether there is no store; False for a folder that may not be entered, which opening it reports."""
    try:
        return not is_store(folder)
    except PermissionError:
        return False
