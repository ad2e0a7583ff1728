"""Bars: what a stretch of time did to the price of every pair."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from aineon.errors import OptimizerError

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Bars:
    """One bar of every pair, in the pairs' order.

    Prices may be in any unit, as long as a pair keeps its own. What is not a positive price is
    unknown: see `known`.

    Attributes:
        high, low, close: highest, lowest and last price.
        volume: what was traded, in any unit; nan where nobody knows.

    Raises:
        OptimizerError: the columns are not equally long rows of numbers.
    """

    high: Floats
    low: Floats
    close: Floats
    volume: Floats

    def __post_init__(self) -> None:
        for name in ("high", "low", "close", "volume"):
            object.__setattr__(self, name, _row(name, getattr(self, name)))
        for name in ("high", "low", "volume"):
            column = getattr(self, name)
            if column.shape != self.close.shape:
                raise OptimizerError(
                    f"{name} has {column.size} entries and close {self.close.size}; "
                    "allowed is one for each pair"
                )

    @classmethod
    def over(cls, prices: ArrayLike, volumes: ArrayLike) -> Bars:
        """Return the bar that consecutive prices make.

        Args:
            prices: one row a block, one column a pair. A block without a price (nan) leaves the
                whole bar of its pair unknown.
            volumes: one for each pair, over the whole bar.

        Raises:
            OptimizerError: there is no block, or the shapes do not fit.
        """
        rows = _numbers("prices", prices)
        if rows.ndim != 2 or not len(rows):
            raise OptimizerError(
                f"prices have the shape {rows.shape}; allowed is one row a block, at least one"
            )
        return cls(rows.max(axis=0), rows.min(axis=0), rows[-1], _numbers("volumes", volumes))

    def known(self) -> NDArray[np.bool_]:
        """Which pairs have a bar: finite positive prices, and the close from low to high.

        A nan fails every comparison, so it needs no look of its own.
        """
        ordered = (self.low <= self.close) & (self.close <= self.high)
        known: NDArray[np.bool_] = ordered & (self.low > 0) & (self.high < np.inf)
        return known


def _row(name: str, values: Any) -> Floats:
    if type(values) is np.ndarray and values.dtype == np.float64 and values.ndim == 1:
        return values
    row = _numbers(name, values)
    if row.ndim != 1:
        raise OptimizerError(
            f"{name} has the shape {row.shape}; allowed is one number for each pair"
        )
    return row


def _numbers(name: str, values: Any) -> Floats:
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise OptimizerError(f"{name} is {values!r}; allowed are numbers") from error
