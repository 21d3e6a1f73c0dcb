"""Damage of a photo: its extent, in numbers and in one sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from processors.planetary.samples import Samples

Condition = Literal["complete", "damaged", "truncated"]


@dataclass(frozen=True, kw_only=True)
class Damage:
    """Damage to the bytes of a photo that can still be shown."""

    condition: Literal["damaged", "truncated"]
    fault: str
    """Message of the decoder or checksum, without a full stop."""
    share: float | None
    """Fraction of the picture that may be wrong, above 0 to 1: an upper bound, because a decoder that has lost sync
    cannot know what is right after it. None: the pixels are not affected; something else in the file is damaged."""
    first_row: int | None = None
    """Rows above this one, as stored, are undamaged; None if unknown."""
    noticed_at_row: int | None = None
    """Row at which the decoder noticed; the damage begins here or above."""
    rows: int | None = None
    """Number of rows of the picture, as stored."""
    in_words: str | None = None
    """Complete sentence that replaces the default one."""

    @property
    def sentence(self) -> str:
        """Return the damage in one sentence, without a full stop."""
        if self.in_words is not None:
            return self.in_words
        if self.share is None:
            return f"the file is {self.condition}, its pixels are not: {self.fault}"
        percent = max(0.1, round(100 * self.share, 1))
        reach = f"up to {percent:g} % of the picture may be wrong"
        if self.first_row and self.rows:
            reach += f", from row {self.first_row} of {self.rows} on"
        elif self.noticed_at_row and self.rows:
            reach += f", at the latest from row {self.noticed_at_row} of {self.rows} on"
        return f"the picture is {self.condition}: {reach} ({self.fault})"


def damage_of(samples: Samples, *, is_as_stored: bool) -> Damage | None:
    """Return the damage of a planetary image by the bands that are shown.

    Parameters
    ----------
    is_as_stored : whether its rows are those of the file; otherwise the picture was turned.
    """
    if samples.damage is None:
        return None
    if samples.absent is None:
        return Damage(condition="damaged", fault=samples.damage, share=1.0, in_words=samples.damage)
    absent: np.ndarray = samples.absent if samples.absent.ndim == 2 else np.any(samples.absent, axis=2)
    share = float(absent.mean())
    return Damage(
        condition="truncated",
        fault=samples.damage,
        share=share or None,
        first_row=int(absent.any(axis=1).argmax()) if share and is_as_stored else None,
        rows=absent.shape[0] if share and is_as_stored else None,
    )
