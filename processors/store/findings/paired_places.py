"""Pairs of places of the same bytes: from each place that they left to the one to which they came, as paths tell."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType

NO_FOLDERS: Mapping[str, str] = MappingProxyType({})
_Key = Callable[[str], object]
_Group = tuple[list[str], list[str]]


def paired_places(left: Iterable[str], came: Iterable[str], folders: Mapping[str, str] = NO_FOLDERS) -> dict[str, str]:
    """Return the new path of each old one; empty without new paths.

    Paths that agree in most of their ends belong together, as where a folder above them was renamed; then those whose
    folder was renamed so; then those that agree in most of their beginnings; the rest in order. No new path is given
    twice before every one was given once.

    Parameters
    ----------
    left, came : paths with slashes.
    folders : new path of folders that were renamed, as other files tell.
    """
    new, pairs = sorted(set(came)), dict[str, str]()
    rest = sorted(set(left))
    while rest and new:
        pairs |= _paired(rest, new, folders)
        rest = [one for one in rest if one not in pairs]
    return pairs


def _paired(left: list[str], came: list[str], folders: Mapping[str, str]) -> dict[str, str]:
    depths = range(max(one.count("/") for one in (*left, *came)) + 1, 0, -1)
    ties: list[tuple[_Key, _Key]] = [(lambda old: folders.get(_folder(old)), _folder)]
    ties += [(_head(depth), _head(depth)) for depth in depths]
    ties.append((_all, _all))
    pairs: dict[str, str] = {}
    for key in (*map(_tail, depths), _all):
        for olds, news in _groups(*_without(left, came, pairs), key, key):
            found: dict[str, str] = {}
            for old_key, new_key in ties if len(olds) + len(news) > 2 else [(_all, _all)]:
                for group in _groups(*_without(olds, news, found), old_key, new_key):
                    found.update(zip(*group, strict=False))
            pairs |= found
    return pairs


def _without(olds: Sequence[str], news: Sequence[str], pairs: Mapping[str, str]) -> _Group:
    """Return what is not paired yet."""
    given = set(pairs.values())
    return [one for one in olds if one not in pairs], [one for one in news if one not in given]


def _groups(olds: Sequence[str], news: Sequence[str], old_key: _Key, new_key: _Key) -> list[_Group]:
    """Return the old and new paths that have the same key; those whose key is None are in no group."""
    groups: dict[object, _Group] = {}
    for one in olds:
        if (key := old_key(one)) is not None:
            groups.setdefault(key, ([], []))[0].append(one)
    for one in news:
        if found := groups.get(new_key(one)):
            found[1].append(one)
    return [group for group in groups.values() if group[1]]


def _tail(depth: int) -> _Key:
    return lambda path: tuple(path.split("/")[-depth:]) if path.count("/") + 1 >= depth else None


def _head(depth: int) -> _Key:
    return lambda path: tuple(path.split("/")[:depth]) if path.count("/") + 1 >= depth else None


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def _all(path: str) -> str:
    return ""
