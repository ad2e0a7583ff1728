"""PairRows: which row of an array belongs to which pair, for the pairs that were told of last.

A chain brings new pairs for ever. Whoever keeps figures for each pair asks here for its row, and
begins anew in a row that belonged to a pair which was forgotten.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

MOST_PAIRS: Final = 256
"""Pairs of which figures are kept. Of one that was told of less recently than these, only what it
added to the figures of all pairs stays."""


class Row(NamedTuple):
    """A pair's place.

    Attributes:
        at: from 0 to one below the most pairs.
        is_new: whether the pair was not known before, so that what stands there is not its own.
    """

    at: int
    is_new: bool


class PairRows:
    """Rows of pairs; where there are too many, the one that was told of least recently goes.

    Args:
        pairs: those that are known from the start, the least recent one first; they have the
            rows from 0 on.
        most: how many are kept; 1 or more.
    """

    __slots__ = ("_most", "_rows")

    def __init__(self, pairs: Iterable[str] = (), most: int = MOST_PAIRS) -> None:
        self._most = most
        self._rows = {pair: row for row, pair in enumerate(pairs)}

    def find(self, pair: str) -> int | None:
        """Return a pair's row; None where it is not known. Asking is not telling."""
        return self._rows.get(pair)

    def told(self, pair: str) -> Row:
        """Return the row of a pair that something is told of, which makes it the newest."""
        row = self._rows.pop(pair, None)
        is_new = row is None
        if row is None:
            full = len(self._rows) >= self._most
            row = self._rows.pop(next(iter(self._rows))) if full else len(self._rows)
        self._rows[pair] = row
        return Row(row, is_new)

    def oldest_first(self) -> dict[str, int]:
        """Return the rows of all pairs, those that were told of least recently first."""
        return dict(self._rows)

    def __len__(self) -> int:
        return len(self._rows)
