"""Damage as transfers, disks and careless programs make it; the same for the same seed."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

HEADER_BYTES = 512


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """A damaged copy."""

    name: str
    """Variety of the format, number and kind of damage: `jpg_007_cut`."""
    data: bytes


def _one_flip(data: bytearray, chance: random.Random) -> bytearray:
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return data


def _eight_flips(data: bytearray, chance: random.Random) -> bytearray:
    for _ in range(8):
        _one_flip(data, chance)
    return data


def _hole(data: bytearray, chance: random.Random) -> bytearray:
    """Zeros, as a block that was never written."""
    length = min(chance.choice((16, 256, 4096)), len(data) // 4)
    start = chance.randrange(len(data) - length)
    data[start : start + length] = bytes(length)
    return data


def _noise(data: bytearray, chance: random.Random) -> bytearray:
    length = min(chance.choice((16, 256)), len(data) // 4)
    start = chance.randrange(len(data) - length)
    data[start : start + length] = chance.randbytes(length)
    return data


def _cut(data: bytearray, chance: random.Random) -> bytearray:
    return data[: chance.randrange(len(data) // 10, len(data))]


def _taken_out(data: bytearray, chance: random.Random) -> bytearray:
    length = chance.randrange(1, len(data) // 8)
    start = chance.randrange(len(data) - length)
    del data[start : start + length]
    return data


def _header(data: bytearray, chance: random.Random) -> bytearray:
    """A number in the header that is another: 0, the largest, or any."""
    place = chance.randrange(min(HEADER_BYTES, len(data) - 4))
    length = chance.choice((1, 2, 4))
    data[place : place + length] = chance.choice((bytes(length), b"\xff" * length, chance.randbytes(length)))
    return data


KINDS: dict[str, Callable[[bytearray, random.Random], bytearray]] = {
    "flip": _one_flip, "cut": _cut, "hole": _hole, "flips": _eight_flips, "header": _header, "taken_out": _taken_out,
    "noise": _noise, "flip_again": _one_flip,
}  # fmt: skip


def mutants(variety: str, whole: bytes, count: int, seed: int = 11) -> Iterator[Mutant]:
    """So many damaged copies of a whole file, of every kind of damage in turn."""
    kinds = list(KINDS.items())
    for number in range(count):
        kind, damage = kinds[number % len(kinds)]
        chance = random.Random(f"{seed} {variety} {number}")
        yield Mutant(name=f"{variety}_{number:03}_{kind}", data=bytes(damage(bytearray(whole), chance)))
