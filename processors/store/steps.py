"""Steps of long work over a store, so that whoever asked for it can show how far it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


class Steps(Protocol):
    """Passes things on one by one, and may show how many are done."""

    def __call__(
        self,
        work: str,
        things: Iterable[T],
        total: int | None,
        *,
        noun: str = "file",
        name: Callable[[T], str] | None = None,
    ) -> Iterator[T]:
        """Yield the things as they are asked for; each is done when the next is asked for.

        Parameters
        ----------
        work : what is done with them, in two words: `Hashing results`.
        total : how many there are, as far as it is known.
        noun : what one of them is.
        name : returns the name of one for people; None: none is shown.
        """
        ...


def unseen(work: str, things: Iterable[T], total: int | None, **shown: Any) -> Iterator[T]:
    """Pass things on and show nothing."""
    yield from things
