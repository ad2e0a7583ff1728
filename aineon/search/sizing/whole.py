"""Amounts near a cycle's peak, made whole where a fraction of a unit costs most.

One token of a cycle has the most valuable unit: it is the one of which the fewest move. An input
taken from a formula buys a fraction of that unit that no pool pays out, and a Uniswap V3 pool
that takes it rounds its fee to a whole unit as well. From WETH to USDC and back each of the two
costs half a unit of USDC on average, some 250,000,000 wei, against a few wei for all that is
lost elsewhere. Both are spared by a few exact quotes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import gcd

from aineon.amm import ConcentratedPool
from aineon.primitives.units import BPS, PIPS
from aineon.search.route import Hop, Route

_Output = Callable[[int], int]


def made_whole(
    route: Route, outputs: Sequence[_Output], amounts: Sequence[int], flash_fee_bps: int
) -> tuple[int, ...]:
    """Return amounts that leave no less than `amounts` do.

    Args:
        route: a cycle of pools whose input functions are quick.
        outputs: the output function of each hop.
        amounts: an input that fills every hop, and what each hop pays.
        flash_fee_bps: of the input.
    """
    whole = min(amounts[:-1])
    if not whole:
        return tuple(amounts)
    place = amounts.index(whole)
    plain = tuple(amounts)
    if place:
        # Outputs never fall with the input, so what follows stays as it is.
        needed = _smallest_input(route[:place], whole)
        plain = (*_through(outputs[: place - 1], needed), *amounts[place:])
    pool, token_in, token_out = route[place]
    if not isinstance(pool, ConcentratedPool):
        return plain
    taken = 0
    if whole > pool.first_step(token_in, token_out):
        taken = pool.step_at(token_in, token_out, whole).taken_before
    # The fee takes nothing too much from every so-many-th unit within a step.
    spared = whole - (whole - taken) % (PIPS // gcd(pool.fee_pips, PIPS))
    if spared == whole or spared <= 0:
        return plain
    aligned = tuple(_through(outputs, _smallest_input(route[:place], spared)))
    return max(plain, aligned, key=lambda found: _left(found, flash_fee_bps))


def _smallest_input(hops: Sequence[Hop], amount: int) -> int:
    """Return the smallest input of these hops that gives at least `amount` behind them."""
    for pool, token_in, token_out in reversed(hops):
        amount = pool.input_function(token_in, token_out)(amount)
    return amount


def _through(outputs: Sequence[_Output], amount: int) -> list[int]:
    """Return an input and what each hop pays."""
    found = [amount]
    for output in outputs:
        amount = amount and output(amount)
        found.append(amount)
    return found


def _left(amounts: Sequence[int], flash_fee_bps: int) -> int:
    return amounts[-1] - amounts[0] + (-amounts[0] * flash_fee_bps // BPS)
