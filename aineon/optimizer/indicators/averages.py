"""What exponential and Wilder's averages give: trends, strength, and true ranges."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from aineon.optimizer.indicators.bars import Floats
from aineon.optimizer.indicators.ratios import share
from aineon.optimizer.indicators.smoothing import Smoother, exponential, wilder, wilder_sum

# Rows of the three stages. MACD's fast average starts with the mean of the 12 closes up to the
# slow one's first, so it is not the plain one of 12 bars.
_CLOSES: Final = (
    exponential(12),
    exponential(26),
    exponential(50),
    exponential(15),
    exponential(12, begins=15),
)
_CHANGES: Final = (
    wilder(14, begins=2),
    wilder(14, begins=2),
    wilder(14, begins=2),
    wilder_sum(14, begins=2),
    wilder_sum(14, begins=2),
    wilder_sum(14, begins=2),
)
_SECOND: Final = (exponential(9, begins=26), exponential(15, begins=15), wilder(14, begins=15))
_THIRD: Final = (exponential(15, begins=29),)
_UP_AND_DOWN: Final = np.array([[1.0], [-1.0]])
_SEEDED_DIRECTION: Final = _SECOND[2].settled

ROWS: Final = 13
"""How many values `update` writes: those of the catalogue from "ema_12" to "adx"."""


class Averages:
    """Averages of closes, gains, losses, true ranges and directional movements.

    All that is averaged in the same step is one matrix: NumPy's price is by the call, and two
    dozen pairs cost hardly more than one.
    """

    __slots__ = ("_first", "_inputs", "_second", "_second_inputs", "_third")

    def __init__(self, pairs: int) -> None:
        self._first = Smoother((*_CLOSES, *_CHANGES), pairs)
        self._second = Smoother(_SECOND, pairs)
        self._third = Smoother(_THIRD, pairs)
        self._inputs = np.zeros((len(_CLOSES) + len(_CHANGES), pairs))
        self._second_inputs = np.zeros((len(_SECOND), pairs))

    def update(
        self, now: Floats, before: Floats, ages: NDArray[np.int64], youngest: int, out: Floats
    ) -> None:
        """Take high, low and close (rows of `now`) and those of the bar before.

        Percentages are written as shares.
        """
        close = now[2]
        self._gather(now, before)
        state = self._first.update(self._inputs, ages, youngest)
        out[0:3] = state[0:3]
        self._trend(state, ages, youngest, out)
        gains, falls, true_range = state[5], state[6], state[7]
        out[7] = share(gains, gains + falls)
        out[8] = true_range
        np.divide(true_range, close, out=out[9])
        out[10:12] = share(state[9:11], state[8])

    def _gather(self, now: Floats, before: Floats) -> None:
        inputs = self._inputs
        high, low, close = now
        close_before = before[2]
        inputs[0:5] = close
        change = close - close_before
        np.maximum(change, 0.0, out=inputs[5])
        np.subtract(inputs[5], change, out=inputs[6])
        top = np.maximum(high, close_before)
        np.subtract(top, np.minimum(low, close_before), out=inputs[7])
        inputs[8] = inputs[7]
        # Upward and downward movement: the larger of the two counts, where it is positive.
        moves = (now[:2] - before[:2]) * _UP_AND_DOWN
        np.multiply(moves, moves > np.maximum(moves[::-1], 0.0), out=inputs[9:11])

    def _trend(self, state: Floats, ages: NDArray[np.int64], youngest: int, out: Floats) -> None:
        """The second and third stage: averages of what the first one gave."""
        second, inputs = self._second.state, self._second_inputs
        np.subtract(state[4], state[1], out=inputs[0])
        inputs[1] = state[3]
        inputs[2] = self._direction(state[9], state[10], ages)
        triple_before = self._third.state[0].copy()
        second = self._second.update(inputs, ages, youngest)
        triple = self._third.update(second[1], ages, youngest)[0]
        out[3] = inputs[0]
        out[4] = second[0]
        np.subtract(inputs[0], second[0], out=out[5])
        out[6] = share(triple - triple_before, triple_before)
        out[12] = second[2]

    def _direction(self, up: Floats, down: Floats, ages: NDArray[np.int64]) -> Floats:
        """How one-sided the movements are, from 0 to 1.

        Where nothing moved there is no direction: the index stays, and begins at zero.
        """
        moved = up + down
        if np.count_nonzero(moved) == moved.size:
            one_sided: Floats = np.abs(up - down) / moved
            return one_sided
        unmoved = np.where(ages < _SEEDED_DIRECTION, 0.0, self._second.state[2])
        return np.where(moved == 0, unmoved, share(np.abs(up - down), moved))
