"""Amounts near a cycle's peak, made whole where a fraction of a unit costs most.

One token of a cycle has the most valuable unit: it is the one of which the fewest move. An input
taken from a formula buys a fraction of that unit that no pool pays out, and a Uniswap V3 pool
that takes it rounds its fee to a whole unit as well. From WETH to USDC and back each of the two
costs half a unit of USDC on average, some 250,000,000 wei, against a few wei for all that is
lost elsewhere. Both are spared by a few exact quotes, and most of what the token with the second
most valuable unit costs (`second`) by one more.
"""

from __future__ import annotations

from collections.abc import Sequence

from aineon.primitives.units import BPS, PIPS
from aineon.search.route import Route
from aineon.search.sizing.second import Grid, grid_of, least_lost
from aineon.search.sizing.single import needed, paid, smallest_input, through


def made_whole(route: Route, amounts: Sequence[int], flash_fee_bps: int) -> tuple[int, ...]:
    """Return amounts that leave no less than `amounts` do.

    Args:
        route: a cycle of pools whose input functions are quick.
        amounts: an input that fills every hop, and what each hop pays.
        flash_fee_bps: of the input.
    """
    whole = min(amounts[:-1])
    if not whole:
        return tuple(amounts)
    place, left = amounts.index(whole), _left(amounts, flash_fee_bps)
    if left > 0:
        aim, grid = whole, grid_of(route[place], whole)
        if grid.fee_pips:
            aim = _fee_spared(whole, grid, left, amounts[0] / whole)
        aim = least_lost(route, amounts, place, aim, grid, left)
        if aim != whole:
            found = _leading_to(route, amounts, place, aim)
            if _left(found, flash_fee_bps) > left:
                return found
    if not place:
        return tuple(amounts)
    # Outputs never fall with the input, so what follows stays as it is.
    amount = smallest_input(route[:place], whole)
    return (*through(route[: place - 1], amount), *amounts[place:])


def _fee_spared(amount: int, grid: Grid, left: int, worth: float) -> int:
    """Return the amount, this one or one nearby, that loses least to the fee's rounding.

    Args:
        amount: in the token whose unit is worth most, near the peak.
        grid: of the pool that takes it.
        left: what the cycle leaves; at a distance of a share `s` it is less by the share `s * s`.
        worth: of a unit.
    """
    stride, fee, taken = grid
    within = amount - taken
    near = [(within + stride // 2) // stride * stride]
    if PIPS % fee:
        # Some other amounts are hardly more than what makes the fee a whole number.
        fees = within * fee // PIPS
        near += [fees * PIPS // fee, (fees + 1) * PIPS // fee]
    steepness, unit = left / (amount * amount), worth / PIPS
    best, least = within, (-within * fee % PIPS) * unit
    for other in near:
        lost = steepness * (other - within) ** 2 + (-other * fee % PIPS) * unit
        if lost < least and other > 0:
            best, least = other, lost
    return taken + best


def _leading_to(route: Route, amounts: Sequence[int], place: int, amount: int) -> tuple[int, ...]:
    """Return the amounts of the smallest input that gives `amount` at a place.

    Where a pool ends before that, `amounts`.
    """
    if amount <= amounts[place]:
        return tuple(through(route, smallest_input(route[:place], amount)))
    ends = [pool.max_amount_in(token_in, token_out) for pool, token_in, token_out in route]
    for hop, end in zip(route[:place][::-1], ends[:place][::-1], strict=True):
        if paid(hop, end) < amount:
            return tuple(amounts)
        amount = needed(hop, amount)
    found = [amount]
    for hop, end in zip(route, ends, strict=True):
        if amount > end:
            return tuple(amounts)
        amount = paid(hop, amount)
        found.append(amount)
    return tuple(found)


def _left(amounts: Sequence[int], flash_fee_bps: int) -> int:
    return amounts[-1] - amounts[0] + (-amounts[0] * flash_fee_bps // BPS)
