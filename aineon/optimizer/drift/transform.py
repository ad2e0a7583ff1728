"""The needed bid's probability transform: where it fell in the distribution that was predicted.

A curve of chances is the distribution of the bid that is needed: P(lands | f) = P(needed <= f).
The share of that distribution below the bid that was really needed is uniform from 0 to 1 while
the predictions are right, whatever pair, size and hour (Dawid 1984; Diebold, Gunther and Tay
1998), so all outcomes can be watched as one stream. Above 1/2 on average: bids are dearer than
predicted; below: cheaper.
"""

from __future__ import annotations

import math
from bisect import bisect_left

import numpy as np
from numpy.typing import NDArray

from aineon.optimizer.arms import ARMS


def transform(chances: NDArray[np.float64], needed: float) -> float:
    """Return the transform of a needed share, 0 to 1; nan where it is unknown.

    Between two arms the distribution is taken to be straight. Where every arm or none would have
    landed, the outcome tells only on which side it fell: the middle of what lies there counts.
    """
    if math.isnan(needed):
        return math.nan
    above = bisect_left(ARMS, needed)
    if above == 0:
        return 0.5 * float(chances[0])
    if above == len(ARMS):
        return 0.5 * (1.0 + float(chances[-1]))
    low, high = float(chances[above - 1]), float(chances[above])
    place = (needed - ARMS[above - 1]) / (ARMS[above] - ARMS[above - 1])
    return low + place * (high - low)
