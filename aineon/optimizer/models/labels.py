"""Labels: what the outcome of one opportunity tells about each arm.

A paper outcome tells all sixteen: the share that was needed is known. A live attempt tells
less. Where it won at a share, every dearer one would have won too, and the cheaper ones stay
unknown, because a win hides the second bid; where it lost, every cheaper one would have lost.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from aineon.optimizer.models.curves import SHARES, Floats
from aineon.optimizer.tape import Tape

_ROUNDING: Final = 1e-9


class Label(NamedTuple):
    """One opportunity with its outcome.

    Attributes:
        time: seconds of the market's time at which the outcome was known.
        pair, net, gas, vector: as for `Chances.chances`.
        landed: for each arm 1 where it would have landed, 0 where not, nan where nobody knows.
    """

    time: float
    pair: str
    net: float
    gas: float
    vector: Floats
    landed: Floats


def landed(needed: Floats, censored: NDArray[np.bool_], offered: Floats) -> Floats:
    """Return for each row and arm 1 (would have landed), 0 (would not) or nan (unknown).

    Args:
        needed: the least share that would have landed, or a bound of it; nan is unknown.
        censored: where `needed` is a bound: an upper one where it is at most `offered` (that
            attempt won), else a lower one.
        offered: the share that was offered, nan where nothing was.
    """
    bound = np.asarray(needed, dtype=np.float64)[:, None]
    told = (bound <= SHARES + _ROUNDING).astype(np.float64)
    hidden = np.asarray(censored)[:, None]
    won = bound <= np.asarray(offered, dtype=np.float64)[:, None] + _ROUNDING
    unknown = np.isnan(bound) | (hidden & np.where(won, told == 0, told == 1))
    return np.where(unknown, np.nan, told)


def labels(tape: Tape) -> Iterator[Label]:
    """Yield the labels of a tape in the order in which they became known."""
    told = landed(tape.needed, tape.censored, tape.offered)
    for row in np.argsort(tape.known_at, kind="stable"):
        yield Label(
            time=float(tape.known_at[row]),
            pair=tape.pair_names[tape.pairs[row]],
            net=float(tape.net[row]),
            gas=float(tape.gas[row]),
            vector=tape.features[row],
            landed=told[row],
        )
