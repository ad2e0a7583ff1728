"""One amount through one hop or several: what sizes that only rank are made of.

A function of a pool (`Pool.output_function`) is made for thousands of amounts, and takes longer to
make than to ask. Where few amounts are asked, Uniswap's pools answer without.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from aineon.amm import ConcentratedPool, ConstantProductPool
from aineon.search.route import Hop


def paid(hop: Hop, amount_in: int) -> int:
    """Return what a hop pays for an amount that it takes; exact."""
    pool, token_in, token_out = hop
    if type(pool) is ConstantProductPool or type(pool) is ConcentratedPool:
        return pool.amount_out(token_in, token_out, amount_in)
    return pool.output_function(token_in, token_out)(amount_in)


def needed(hop: Hop, amount_out: int) -> int:
    """Return the smallest amount for which a hop pays so much; exact."""
    pool, token_in, token_out = hop
    if type(pool) is ConstantProductPool or type(pool) is ConcentratedPool:
        return pool.amount_in(token_in, token_out, amount_out)
    return pool.input_function(token_in, token_out)(amount_out)


def smallest_input(hops: Sequence[Hop], amount: int) -> int:
    """Return the smallest input of these hops that gives at least `amount` behind them."""
    for hop in reversed(hops):
        amount = needed(hop, amount)
    return amount


def through(hops: Iterable[Hop], amount: int) -> list[int]:
    """Return an input and what each hop pays."""
    found = [amount]
    for hop in hops:
        amount = amount and paid(hop, amount)
        found.append(amount)
    return found
