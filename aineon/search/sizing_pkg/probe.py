"""Sizing by quotes alone, for pools whose smooth curve is not known."""

from __future__ import annotations

from collections.abc import Callable

from aineon.search.sizing_chain import Chain

# Amounts quoted on each side of the peak.
REACH = 2000
# How far to the left a tie is looked for before the one found counts as the first.
CLEAR = 1000
_MOST_MOVES = 4000


def probe(chain: Chain, start: int) -> int | None:
    """Return the best input that quotes around the peak of a cycle show; None without profit.

    A search by halving steps finds the peak of the token whose unit is worth most; all its
    amounts within `REACH` are then quoted.
    """
    place = _coarsest(chain, min(max(start, 1), chain.most))
    most = chain.most_at[place]
    if not most:
        return None

    def profit(amount: int) -> int:
        return chain.profit(place, amount)

    start_amount = chain.upto(place, min(max(start, 1), chain.most))
    peak = _climb(profit, min(max(start_amount, 1), most), most)
    amounts = range(max(peak - REACH, 1), min(peak + REACH, most) + 1)
    profits = [profit(amount) for amount in amounts]
    best = max(profits)
    if best < 1:
        return None
    first = _first_tie(profit, amounts[profits.index(best)], best)
    return chain.back(place, first)


def _coarsest(chain: Chain, amount_in: int) -> int:
    """Return the place where one unit is worth most: where the fewest units stand."""
    amounts = chain.amounts(amount_in)[:-1]
    return min(range(len(amounts)), key=amounts.__getitem__)


def _climb(profit: Callable[[int], int], amount: int, most: int) -> int:
    """Return where steps of any size, doubled uphill and halved at a top, find no more."""
    best = profit(amount)
    step = max(amount >> 5, 1)
    while step:
        moved = False
        for towards in (amount - step, amount + step):
            if 1 <= towards <= most and (reached := profit(towards)) > best:
                amount, best, moved = towards, reached, True
                break
        step = step * 2 if moved else step // 2
    return amount


def _first_tie(profit: Callable[[int], int], amount: int, best: int) -> int:
    """Return the tie that has no other within `CLEAR` before it, as far as moves allow."""
    misses = 0
    at = amount
    for _ in range(_MOST_MOVES):
        at -= 1
        if at < 1 or misses >= CLEAR:
            break
        misses += 1
        if profit(at) >= best:
            amount, misses = at, 0
    return amount
