"""Prices of Curve's pools for assets without a peg, in floats: for screens and starting points.

With K0 = n^n * product(x) / D^n and g = gamma + 1 - K0 the invariant is
`ANN * gamma^2 * K0 * (sum(x) / D - 1) / g^2 + K0 - 1 = 0`; a price is the ratio of two of its
derivatives. Source: Egorov, "Automatic market-making with dynamic peg" (2021).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from aineon.amm.cryptoswap.math import UNIT, Amplification

_ASIDE = 10**6


def slope(
    amplification: Amplification, x: Sequence[int], invariant: int, sold: int, bought: int
) -> float:
    """How much of x[bought] one unit of x[sold] is worth before fees; 0.0 where nothing is."""
    n = len(x)
    if not all(x) or not invariant:
        return 0.0
    whole = invariant**n
    filled = n**n * math.prod(x)
    # The differences are taken in ints: in floats they would lose all that matters.
    g = amplification.gamma / UNIT + (whole - filled) / whole
    if g <= 0:
        return 0.0
    k0 = filled / whole
    a = amplification.ann / amplification.multiplier * (amplification.gamma / UNIT) ** 2
    excess = (sum(x) - invariant) / invariant
    common = k0 * (1 + a * excess * (g + 2 * k0) / g**3)
    direct = a * k0 / g**2
    gain = common * (invariant / x[sold]) + direct
    cost = common * (invariant / x[bought]) + direct
    return gain / cost if gain > 0 and cost > 0 else 0.0


def bend(
    amplification: Amplification,
    x: Sequence[int],
    invariant: int,
    sold: int,
    bought: int,
) -> float:
    """How fast `slope` worsens, as the q of 1 / (1 + q*h)^2 for h more of x[sold]; at least 0."""
    here = slope(amplification, x, invariant, sold, bought)
    if not here:
        return 0.0
    aside = max(1, x[sold] // _ASIDE)
    moved = list(x)
    moved[sold] += aside
    moved[bought] = max(1, moved[bought] - round(here * aside))
    there = slope(amplification, moved, invariant, sold, bought)
    return max(0.0, math.sqrt(here / there) - 1) / aside if there else 0.0
