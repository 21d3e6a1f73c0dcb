"""Steps of long work over a store, so that the caller can show its progress."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


class Steps(Protocol):
    """Iteration that passes elements on one by one, and may show how many are done."""

    def __call__(
        self,
        work: str,
        things: Iterable[T],
        total: int | None,
        *,
        noun: str = "file",
        name: Callable[[T], str] | None = None,
    ) -> Iterator[T]:
        """Yield the elements on demand; each counts as done when the next is requested.

        Parameters
        ----------
        work : description of the work in two words: `Hashing results`.
        total : number of elements, None if unknown.
        noun : noun for one element.
        name : returns the name to show for an element; None: none is shown.
        """
        ...


def silently(work: str, things: Iterable[T], total: int | None, **shown: Any) -> Iterator[T]:
    """Pass the elements on and show nothing."""
    yield from things
