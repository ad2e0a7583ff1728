"""Climbing: inputs made better by plain quotes, until nothing nearby is."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from aineon.search.sizing.chain import UNFILLED, Chain

# How far around an input all others are tried before it is the answer: by default, and where
# quotes are slow.
NEAR = 1000
NEAR_QUOTED = 64
_MOST_MOVES = 32
_TIE_MOVES = 2
_MOST_PASSES = 4


def best_of(chain: Chain, inputs: Iterable[int]) -> int:
    """Return the best, and of equally good ones the smallest; inputs of 0 stand for none."""
    return max(inputs, key=lambda at: (profit_of(chain, at), -at))


def polish(chain: Chain, amount_in: int, near: int = NEAR, moves: int = _MOST_MOVES) -> int:
    """Return an input near `amount_in` that no other within `near` betters, or ties from below.

    A few moves are all it takes; `moves` is there so that it ends.
    """
    hops = len(chain.outputs)
    for _ in range(moves):
        out = chain.onward(0, amount_in)
        amount_in = min(chain.reach(hops, out) or amount_in, amount_in)
        around = range(max(amount_in - near, 1), min(amount_in + near, chain.most) + 1)
        better = best_of(chain, around)
        if better == amount_in:
            break
        amount_in = better
    return amount_in


def settle(chain: Chain, amount_in: int) -> int:
    """Return an input that no other within `NEAR` betters, or ties from below; see `climb`."""
    for _ in range(_MOST_MOVES):
        amount_in = climb(chain, amount_in)
        better = _best_around(chain, amount_in)
        if better == amount_in:
            break
        if profit_of(chain, better) == profit_of(chain, amount_in):
            better = _edge_of_ties(chain, better)
        amount_in = better
    return amount_in


def _edge_of_ties(chain: Chain, tie: int) -> int:
    """Return an equally good input, `tie` or a smaller one, with `NEAR` worse ones before it.

    Leaps that double find a stretch without ties; halving the way back ends at its edge.
    """
    profit = profit_of(chain, tie)

    def tie_among(first: int, size: int) -> int:
        ties = (at for at in range(first, first + size) if profit_of(chain, at) >= profit)
        return next(ties, 0)

    size = leap = NEAR + 1
    missed = max(tie - leap, 1)
    while found := tie_among(missed, min(size, tie - missed)):
        tie, leap = found, 2 * leap
        missed = max(tie - leap, 1)
    while tie - missed > 2 * size:
        middle = (missed + tie - size) // 2
        if found := tie_among(middle, size):
            tie = found
        else:
            missed = middle
    return tie_among(missed + size, max(tie - missed - size, 0)) or tie


def _best_around(chain: Chain, amount_in: int) -> int:
    """Return the best input within `NEAR`.

    Where outputs never fall, a stretch of inputs gives no more than its last one, for no less
    than its first one costs: stretches that cannot reach the best found are not quoted. The
    last digits of some pools are uneven, and there every input is.
    """
    first, last = max(amount_in - NEAR, 1), min(amount_in + NEAR, chain.most)
    if chain.uneven:
        return best_of(chain, range(first, last + 1))
    best, profit = amount_in, profit_of(chain, amount_in)
    stretches = [(first, last)]
    while stretches:
        first, last = stretches.pop()
        reached = profit_of(chain, last)
        if (reached, -last) > (profit, -best):
            best, profit = last, reached
        if first == last:
            continue
        bound = reached + chain.cost(last) - chain.cost(first)
        if bound > profit or (bound == profit and first < best):
            middle = (first + last) // 2
            stretches += [(middle + 1, last - 1)] if middle + 1 < last else []
            stretches.append((first, middle))
    return best


def climb(chain: Chain, amount_in: int) -> int:
    """Return an input that neither leaps by powers of two nor steps up to `NEAR_QUOTED` better.

    Of equally good ones the smaller is taken.
    """

    def profit(amount: int) -> int:
        return profit_of(chain, amount)

    for _ in range(_MOST_MOVES):
        before = amount_in
        amount_in = leapt(profit, amount_in, chain.most, amount_in >> 6, NEAR_QUOTED)
        amount_in = polish(chain, amount_in, NEAR_QUOTED, _TIE_MOVES)
        if amount_in == before:
            break
    return amount_in


def leapt(profit: Callable[[int], int], amount: int, most: int, longest: int, shortest: int) -> int:
    """Return where leaps by powers of two, the longest first, find nothing better.

    Of equal profits the smaller amount is taken.
    """
    best = profit(amount)
    exponents = range(longest.bit_length() - 1, max(shortest, 1).bit_length() - 2, -1)
    leaps = [sign << exponent for exponent in exponents for sign in (-1, 1)]
    for _ in range(_MOST_PASSES):
        before = amount
        for leap in leaps:
            if 1 <= amount + leap <= most:
                reached = profit(amount + leap)
                if reached > best or (reached == best and leap < 0):
                    amount, best = amount + leap, reached
        if amount == before:
            break
    return amount


def profit_of(chain: Chain, amount_in: int) -> int:
    """Return what an input leaves; less than any loss where it is 0 or fills not every hop."""
    return chain.checked_profit(amount_in) if amount_in > 0 else UNFILLED


def profit_at(chain: Chain, place: int, amount: int) -> int:
    """Return what the smallest input that gives an amount at a place leaves."""
    return profit_of(chain, chain.reach(place, amount))
