"""Sizing by quotes alone, for pools whose smooth curve is not known."""

from __future__ import annotations

from collections.abc import Callable

from aineon.search.sizing.chain import Chain

# Amounts quoted on each side of the peak.
REACH = 2000
# So many amounts at least fail before the first of several ties that is taken.
CLEAR = 1001
# How far around an input all others are tried before it is the answer.
NEAR = 1000
_MOST_MOVES = 16
_SHORT = 16


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
    return polish(chain, chain.back(place, first))


def polish(chain: Chain, amount_in: int) -> int:
    """Return an input near `amount_in` that no other within `NEAR` betters, or ties from below.

    A few moves are all it takes; `_MOST_MOVES` is there so that it ends.
    """
    hops = len(chain.outputs)
    for _ in range(_MOST_MOVES):
        out = chain.onward(0, amount_in)
        amount_in = chain.back(hops, out) if out else amount_in
        near = range(max(amount_in - NEAR, 1), min(amount_in + NEAR, chain.most) + 1)
        better = max(near, key=lambda at: (chain.onward(0, at) - chain.cost(at), -at))
        if better == amount_in:
            break
        amount_in = better
    return amount_in


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
    """Return a tie that has `CLEAR` misses or more before it.

    Ties grow denser toward the peak. Short blocks find about where they begin, long ones where
    the first few stand.
    """

    def tie_among(first: int, size: int) -> int | None:
        ties = (at for at in range(first, first + size) if profit(at) >= best)
        return next(ties, None)

    for size in (_SHORT, CLEAR):
        amount = _edge(tie_among, amount, size)
    return amount


def _edge(tie_among: Callable[[int, int], int | None], tie: int, size: int) -> int:
    """Return the first tie behind a block of `size` without one, left of a known `tie`."""
    leap = size
    missed = max(tie - leap, 1)
    while found := tie_among(missed, min(size, tie - missed)):
        if found == 1:
            return found
        tie, leap = found, leap * 2
        missed = max(tie - leap, 1)
    while tie - missed > 2 * size:
        middle = (missed + tie - size) // 2
        if found := tie_among(middle, size):
            tie = found
        else:
            missed = middle
    return tie_among(missed + size, max(tie - missed - size, 0)) or tie
