"""The size at which a cycle pays best, near enough for a searcher of the sandbox."""

from __future__ import annotations

from dataclasses import dataclass

from aineon.feeds.sandbox.cycles import Candidate, Hops
from aineon.feeds.sandbox.states import PoolStates

_GOLDEN = 0.6180339887498949
_WIDTH = 12.0
_CLOSE_ENOUGH = 1e-4


@dataclass(frozen=True, slots=True)
class SizedCycle:
    """A cycle with an input and the profit before gas, in the base token's units."""

    hops: Hops
    amount_in: int
    profit: int


def best_size(candidate: Candidate, states: PoolStates) -> SizedCycle | None:
    """Return the cycle at its best size, or None where no size leaves anything.

    Profit rises and falls once, so a golden-section search finds the top to within 0.01 % of
    the size; less than a millionth of the profit is lost.
    """
    walks = []
    for address, token_in, token_out in candidate.hops:
        pool = states.pools[address]
        walks.append(
            (pool.output_function(token_in, token_out), pool.max_amount_in(token_in, token_out))
        )

    def profit(size: float) -> int:
        amount = amount_in = max(int(size), 1)
        for output, most in walks:
            if not 1 <= amount <= most:
                return -amount_in
            amount = output(amount)
        return amount - amount_in

    low, high = candidate.amount_in / _WIDTH, candidate.amount_in * _WIDTH
    left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
    at_left, at_right = profit(left), profit(right)
    while high - low > _CLOSE_ENOUGH * high and high - low > 1.0:
        if at_left >= at_right:
            high, right, at_right = right, left, at_left
            left = high - _GOLDEN * (high - low)
            at_left = profit(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + _GOLDEN * (high - low)
            at_right = profit(right)
    size, best = (left, at_left) if at_left >= at_right else (right, at_right)
    return SizedCycle(candidate.hops, max(int(size), 1), best) if best > 0 else None
