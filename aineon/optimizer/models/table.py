"""The live table: how often each share landed, by pair and size, with what is old forgotten.

It learns from every label at once, needs no training, and is what decides while there are too
few labels for anything else. A cell of few labels leans on the cells that hold it:

    all -> size -> pair and size
    all -> pair -> pair and size

Instead of "how often did this arm land", each cell counts "where the next dearer arm landed, how
often did this one too" (a reverse-time product-limit estimate: Kaplan and Meier 1958, and with
the lean a beta-Stacy process: Walker and Muliere 1997). A chance is the product from the dearest
arm down. That curve rises by itself, a cell that has seen little still has the shape of what
holds it, and a live win that hides the cheaper arms is used without bias: it counts where it
tells, and nowhere else.

How fast to forget is not asked for: several tables with different half-lives run side by side,
and what each would have said of the newest labels decides how much it counts.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from aineon.errors import ModelRefused
from aineon.optimizer.models.curves import LEAST, Floats, from_log_odds, log_odds
from aineon.optimizer.pair_rows import MOST_PAIRS, PairRows

HALF_LIVES: Final = (2.0, 6.0, 24.0)
"""Hours after which a label counts half."""
SMALLEST: Final = 2e-4
LARGEST: Final = 0.03
SIZES: Final = 6
"""Nets, ETH, of the outermost sizes, and how many sizes there are; between two both count.

Most of the money lies in nets beyond the largest, and few of the labels: they share one size.
"""

_LEAN_ON_ALL: Final = 2.0
_LEAN: Final = 4.0
_JUDGED_OVER: Final = 100.0
_STRICTNESS: Final = 30.0
_FIRST: Final = np.full(16, 0.9)
_FIRST[-1] = 0.5


class LiveTable:
    """Chances by pair and size, from labels alone.

    The same labels in the same order give the same table.

    Args:
        half_lives: hours after which a label counts half, of each of the tables side by side.
        most_pairs: pairs that have cells of their own; see `PairRows`.
    """

    def __init__(
        self, half_lives: tuple[float, ...] = HALF_LIVES, most_pairs: int = MOST_PAIRS
    ) -> None:
        self._hours = np.array(half_lives)
        self._pairs = PairRows(most=most_pairs)
        # half-lives x (all, pair 1, pair 2 ...) x (all, size 1 ...) x arms
        shape = (len(half_lives), 1, SIZES + 1, len(_FIRST))
        self._asked = np.zeros(shape)
        self._landed = np.zeros(shape)
        self._loss = np.zeros(len(half_lives))
        self._time: float | None = None
        self.labels = 0

    def chances(self, pair: str, net: float) -> Floats:
        """Return the chance of each arm for a net of so many ETH."""
        return from_log_odds(self._trust() @ log_odds(self._told(pair, net)))

    def learn(self, pair: str, net: float, landed: Floats, time: float) -> None:
        """Take in one outcome: for each arm 1, 0, or nan where it is unknown.

        A time before the last one counts as the last one: what was forgotten stays so.
        """
        known = ~np.isnan(landed)
        if not known.any():
            return
        self._judge(self._told(pair, net), landed, known)
        self._forget(time)
        # An arm tells something where the next dearer one is known to have landed.
        dearer = np.append(np.nan_to_num(landed[1:]), 1.0)
        asked = np.where(known, dearer, 0.0)
        won = np.where(known, landed, 0.0) * asked
        row = self._row(pair)
        size, share = _place(net)
        for at in (0, row):
            for where, weight in ((0, 1.0), (size, 1.0 - share), (size + 1, share)):
                self._asked[:, at, where] += weight * asked
                self._landed[:, at, where] += weight * won
        self.labels += 1

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """Return all that was learned, as plain arrays; pairs stand in the order of being told."""
        pairs = self._pairs.oldest_first()
        rows = [0, *(row + 1 for row in pairs.values())]
        return {
            "hours": self._hours,
            "pairs": np.array(list(pairs), dtype=np.str_),
            "asked": self._asked[:, rows],
            "landed": self._landed[:, rows],
            "loss": self._loss,
            "time": np.array(np.nan if self._time is None else self._time),
            "labels": np.array(self.labels, dtype=np.int64),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[np.generic]]) -> Self:
        """Return a table that goes on where the one of `arrays` was.

        Raises:
            ModelRefused: they are not those of a table.
        """
        table = cls(tuple(arrays["hours"].astype(np.float64)))
        pairs = [str(pair) for pair in arrays["pairs"]]
        shape = (len(table._hours), len(pairs) + 1, SIZES + 1, len(_FIRST))
        if {arrays["asked"].shape, arrays["landed"].shape} != {shape}:
            raise ModelRefused("the live table of a model has not the cells of one")
        # Those of a time that kept every pair may be more than are kept now.
        rows = [0, *range(1, len(pairs) + 1)[-MOST_PAIRS:]]
        table._pairs = PairRows(pairs[-MOST_PAIRS:])
        table._asked = arrays["asked"].astype(np.float64)[:, rows]
        table._landed = arrays["landed"].astype(np.float64)[:, rows]
        table._loss = arrays["loss"].astype(np.float64)
        time = float(arrays["time"].astype(np.float64))
        table._time = None if math.isnan(time) else time
        table.labels = int(arrays["labels"].astype(np.int64))
        return table

    def _told(self, pair: str, net: float) -> Floats:
        """What the table of each half-life says: (half-lives, arms)."""
        size, share = _place(net)
        weights = np.array([1.0 - share, share])[:, None]
        everywhere = _lean(self._asked[:, 0, 0], self._landed[:, 0, 0], _FIRST, _LEAN_ON_ALL)
        by_size = self._cell(0, size, weights, everywhere)
        found = self._pairs.find(pair)
        if found is None:
            return _product(by_size)
        row = found + 1
        by_pair = _lean(self._asked[:, row, 0], self._landed[:, row, 0], everywhere, _LEAN)
        both = from_log_odds(log_odds(by_size) + log_odds(by_pair) - log_odds(everywhere))
        return _product(self._cell(row, size, weights, both))

    def _cell(self, row: int, size: int, weights: Floats, holder: Floats) -> Floats:
        near = slice(size, size + 2)
        asked = (self._asked[:, row, near] * weights).sum(axis=1)
        landed = (self._landed[:, row, near] * weights).sum(axis=1)
        return _lean(asked, landed, holder, _LEAN)

    def _judge(self, told: Floats, landed: Floats, known: Floats) -> None:
        chances = np.clip(told[:, known], LEAST, 1 - LEAST)
        miss = -np.log(np.where(landed[known] > 0, chances, 1 - chances)).mean(axis=1)
        self._loss += (miss - self._loss) / min(self.labels + 1, _JUDGED_OVER)

    def _trust(self) -> Floats:
        weights = np.exp(-_STRICTNESS * (self._loss - self._loss.min()))
        trust: Floats = weights / weights.sum()
        return trust

    def _forget(self, time: float) -> None:
        last = time if self._time is None else self._time
        self._time = max(time, last)
        keep = np.exp2(-(self._time - last) / 3600.0 / self._hours)[:, None, None, None]
        self._asked *= keep
        self._landed *= keep

    def _row(self, pair: str) -> int:
        """The row of a pair's cells, which are empty where it is a new one."""
        found = self._pairs.told(pair)
        row = found.at + 1
        if row == self._asked.shape[1]:
            room = ((0, 0), (0, 1), (0, 0), (0, 0))
            self._asked = np.pad(self._asked, room)
            self._landed = np.pad(self._landed, room)
        if found.is_new:
            self._asked[:, row] = self._landed[:, row] = 0.0
        return row


def _place(net: float) -> tuple[int, float]:
    """The size below `net`, counted from 1, and how far towards the next one it lies."""
    span = math.log(LARGEST / SMALLEST) / (SIZES - 1)
    place = math.log(max(net, SMALLEST) / SMALLEST) / span
    size = min(int(place), SIZES - 2)
    return size + 1, min(place - size, 1.0)


def _lean(asked: Floats, landed: Floats, holder: Floats, strength: float) -> Floats:
    ratio: Floats = (landed + strength * holder) / (asked + strength)
    return ratio


def _product(steps: Floats) -> Floats:
    return np.asarray(np.cumprod(steps[..., ::-1], axis=-1)[..., ::-1], dtype=np.float64)
