"""Sizing by quotes, for cycles with a pool whose smooth curve is not known.

From afar to near: a grid over all sizes finds the hills, halving brackets their tops, curves
fitted to the pools name the peak, and around it the most promising amounts are quoted.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

import numpy as np

from aineon.search.sizing.chain import Chain
from aineon.search.sizing.climbing import NEAR, best_of, climb, leapt, profit_at, profit_of, settle
from aineon.search.sizing.fitted import NEAREST, WIDE, Curve, NoFit, fitting
from aineon.search.sizing.lens import Lens
from aineon.search.sizing.model import Model, locate, slopes
from aineon.search.sizing.pieces import PieceFinder
from aineon.search.sizing.search import Effort, Search

# Sizes of the grid, each a fixed multiple of the one before.
_GRID = 48
# So many hills of the grid are climbed, the highest first.
_HILLS = 3
# A bracket is narrow enough for a fit when its width is this part of its middle.
_NARROW = 16
# A hill bracketed so narrowly is at most by this part higher than its bracket's top.
_LOWER = 0.02
_MOST_HALVINGS = 64
# Amounts around the peak, on each side, that are ranked, and how many of them are quoted.
_RANKED = 1 << 15
# Where all quotes are fast, and prices too coarse for the search for known curves, more are.
_QUOTED = 32
_QUOTED_FAST = 4096
# What the search for known curves may do with fitted ones, whose quotes are slow.
_EFFORT = Effort(1 << 13, 1 << 10, 32)
_MOST_FITS = 12
# Fees that change in steps, or are rounded on their own, show: the pools stray from the fit, a
# fit within one step and a wide one differ by more than 2^-20 (from 2^-8 on the wide one alone is
# believed), or points aside of the peak pay more than they should. Then a grid is laid as wide as
# such steps can matter, and some of its points are climbed from. A step is worth a unit of the
# most valuable token, or 1e-10 of the input, in which Curve counts fees.
_APART = 20
_ASTRAY = 8
_FEE_STEP = 1e-10
_ASIDE = (-13, -9, -6, -4, -2, -1, 1, 2, 3, 5, 8, 11)
_SLACK = 4
_STEPPED = 12
_STEPS_CLIMBED = 2
# Leaps to the edge of a step go down to 2^-24 of that grid's distance.
_STEPPED_DIGITS = 24
# Where no curve could be fitted, the grid's points are 2^-14 of the amount apart.
_STEPPED_SHIFT = 14
# From so many units on, rounding to one is finer than those steps: inputs are tried instead.
_FINE = 1 << 44
# Below so many units of the coarsest token all of them nearby are quoted.
_DUST = 4096
_DUST_QUOTED = 64
# Up to this noise, in units of the base token, fitted curves are searched like known ones.
_LITTLE_NOISE = 16.0


class Peak:
    """The top of a hill: a model that holds around it, and what roundings can add or take.

    Attributes:
        finders: of the pieces, fitted where a pool has none of its own.
        model, amount_in: the fitted curve and its best input.
        place: where a unit is worth most.
        worth: what one unit is worth in the base token, at each place.
        noise: by how much a profit can differ from the fitted curve with roundings.
    """

    __slots__ = ("amount_in", "finders", "model", "noise", "place", "worth")

    def __init__(
        self, chain: Chain, finders: Sequence[PieceFinder], model: Model, amount_in: int
    ) -> None:
        self.finders, self.model, self.amount_in = finders, model, amount_in
        worth = [1.0]
        for rate in reversed(slopes(model, chain.amounts(amount_in))):
            worth.append(worth[-1] * rate)
        self.worth = worth[::-1]
        self.place = max(range(len(worth) - 1), key=self.worth.__getitem__)
        pairs = zip(model.pieces, self.worth[1:], strict=True)
        self.noise = sum(piece.blur * unit for piece, unit in pairs)

    def step(self) -> int:
        """Return a part of the amounts around the peak among which a step of a fee can decide."""
        drop = max(self.worth[self.place], self.amount_in * _FEE_STEP)
        wide = self.model.width(drop) * self.worth[0] / self.worth[self.place]
        return int(wide / (2 * _STEPPED)) + 1


def probe(chain: Chain, known: Sequence[PieceFinder | None], start: int) -> int | None:
    """Return the best input that quotes show; None where none of them leaves anything.

    Args:
        chain: the cycle's exact functions.
        known: the finder of each hop's smooth curve, None where it has to be fitted.
        start: about where the optimum is expected.
    """
    chain.shrink()
    tops = [_bracketed(chain, *hill) for hill in _hills(chain, start)]
    highest = max(profit_of(chain, top) for top in tops)
    best, best_profit = 0, 0
    for top in tops:
        if profit_of(chain, top) < highest - abs(highest) * _LOWER:
            continue
        amount_in = climb(chain, _nearly(chain, known, top))
        profit = profit_of(chain, amount_in)
        if profit > best_profit:
            best, best_profit = amount_in, profit
    return settle(chain, best) if best else None


def approximate(chain: Chain, known: Sequence[PieceFinder | None], start: int) -> int:
    """Return an input near the best, from quotes and one curve fitted widely."""
    chain.shrink()
    tops = [_bracketed(chain, *hill) for hill in _hills(chain, start)]
    top = best_of(chain, tops)
    try:
        return best_of(chain, [top, _settled(chain, known, top, WIDE).amount_in])
    except NoFit:
        return top


def _nearly(chain: Chain, known: Sequence[PieceFinder | None], top: int) -> int:
    """Return the best input that fitted curves and the quotes they suggest name."""
    inputs = [top, _best_of_dust(chain, top)]
    try:
        wide = _settled(chain, known, top, WIDE)
        inputs.append(wide.amount_in)
        peak = _settled(chain, known, wide.amount_in, _narrow_shift(wide))
    except NoFit:
        place, best = _coarsest(chain.amounts(top)), best_of(chain, inputs)
        step = max(chain.upto(place, best) >> _STEPPED_SHIFT, 1)
        return best_of(chain, [best, _best_stepped(chain, place, best, step)])
    apart = abs(peak.amount_in - wide.amount_in)
    if apart > wide.amount_in >> _ASTRAY:
        peak = wide
    quoted = _QUOTED if None in known else _QUOTED_FAST
    inputs += [peak.amount_in, searched := _searched(chain, peak)]
    if not searched:
        inputs.append(_best_ranked(chain, peak, quoted))
    uneven = peak.noise > _LITTLE_NOISE or apart > wide.amount_in >> _APART
    if uneven or _is_stepped(chain, peak):
        inputs.append(_best_stepped(chain, peak.place, wide.amount_in, peak.step()))
    return best_of(chain, inputs)


def _coarsest(amounts: Sequence[int]) -> int:
    """Return the place with the fewest units, but for the end: there one is worth most."""
    return min(range(len(amounts) - 1), key=amounts.__getitem__)


def _is_stepped(chain: Chain, peak: Peak) -> bool:
    """Return whether points aside pay more than the fitted curve and roundings let expect."""
    place, slack = peak.place, int(_SLACK * (sum(peak.worth) - max(peak.worth) + peak.noise)) + 1
    middle, step = chain.upto(place, peak.amount_in), peak.step()
    for part in _ASIDE:
        at = chain.reach(place, middle + part * step)
        if at and profit_of(chain, at) > peak.model.profit_bound(at) + slack:
            return True
    return False


def _best_stepped(chain: Chain, place: int, amount_in: int, step: int) -> int:
    """Return the best input around a peak where fees change in steps, and profits with them.

    The steps are small against the hill and sharp: from the best points of a fine grid, leaps
    lead to the edges of theirs.
    """
    middle = chain.upto(place, amount_in)
    if middle > _FINE:
        step, place, middle = max(step * amount_in // middle, 1), 0, amount_in
    most = chain.most_at[place]
    around = [middle + step * k for k in range(-_STEPPED, _STEPPED + 1)]
    inside = [at for at in around if 1 <= at <= most]

    def profit(amount: int) -> int:
        return profit_at(chain, place, amount)

    best = sorted(inside, key=profit)[-_STEPS_CLIMBED:]
    tops = [leapt(profit, at, most, step, step >> _STEPPED_DIGITS) for at in best]
    return best_of(chain, [amount_in, *(chain.reach(place, top) for top in tops)])


def _hills(chain: Chain, start: int) -> list[tuple[int, int, int]]:
    """Return brackets (left, top, right) of the highest hills of a grid over all sizes."""
    # More than the cycle can ever pay is not worth putting in.
    most = min(chain.most, max(chain.most_at[-1], 1))
    start = min(max(start, 1), most)
    ratio = most ** (1 / _GRID)
    grid = sorted({1, start, most, *(round(ratio**step) for step in range(1, _GRID))})
    grid = [at for at in grid if at <= most]
    profits = [profit_of(chain, at) for at in grid]
    walled = [profits[0] - 1, *profits, profits[-1] - 1]
    tops = [
        index
        for index, profit in enumerate(profits)
        if profit > walled[index] and profit >= walled[index + 2]
    ]
    tops.sort(key=lambda index: -profits[index])
    last = len(grid) - 1
    return [
        (grid[max(index - 1, 0)], grid[index], grid[min(index + 1, last)])
        for index in tops[:_HILLS]
    ]


def _bracketed(chain: Chain, low: int, middle: int, high: int) -> int:
    """Narrow a bracket around a top by quotes, until a curve can be fitted there."""
    best = profit_of(chain, middle)
    for _ in range(_MOST_HALVINGS):
        if (high - low) * _NARROW <= middle:
            break
        # The wider side is parted, by the geometric mean where it spans magnitudes.
        left = middle * middle > low * high
        end = low if left else high
        at = int(sqrt(middle) * sqrt(end)) if high > 4 * low else (middle + end) // 2
        if not low < at < high or at == middle:
            break
        profit = profit_of(chain, at)
        if profit > best:
            low, high = (low, middle) if left else (middle, high)
            middle, best = at, profit
        elif left:
            low = at
        else:
            high = at
    return middle


def _settled(chain: Chain, known: Sequence[PieceFinder | None], amount_in: int, shift: int) -> Peak:
    """Return the peak by curves fitted at some distance: go there and fit again until it stays.

    Raises:
        NoFit: the pools pay too little, or do not pay more for more.
    """
    finders = [
        finder or fitting(_curve(chain, index), shift, compare=shift > WIDE)
        for index, finder in enumerate(known)
    ]
    for _ in range(_MOST_FITS):
        before = amount_in
        model, amount_in = locate(chain, finders, before)
        if abs(amount_in - before) <= before >> shift:
            break
    return Peak(chain, finders, model, amount_in)


def _narrow_shift(peak: Peak) -> int:
    """Return the distance of points that spans all amounts which roundings leave in question."""
    wide = peak.model.width(sum(peak.worth) + peak.noise)
    shift = peak.amount_in.bit_length() - int(wide).bit_length() - 1
    return min(max(shift, WIDE + 1), NEAREST)


def _curve(chain: Chain, index: int) -> Curve:
    return Curve(chain.outputs[index], chain.inputs[index], chain.limits[index])


def _searched(chain: Chain, peak: Peak) -> int:
    """Return the best input by the search for known curves; 0 where roundings are too great."""
    if peak.noise > _LITTLE_NOISE:
        return 0
    search = Search(chain, peak.finders, peak.model, peak.amount_in, _EFFORT)
    best = search.run()
    return chain.reach(search.place, best.amount) if best and search.is_complete else 0


def _best_of_dust(chain: Chain, amount_in: int) -> int:
    """Return the best input among those that give few units of some token; else the same."""
    amounts = chain.amounts(amount_in)[:-1]
    fewest = min(amounts)
    if fewest > _DUST:
        return amount_in
    place = amounts.index(fewest)
    last = min(fewest + _DUST_QUOTED, chain.most_at[place])
    inputs = [
        chain.reach(place, amount) for amount in range(max(fewest - _DUST_QUOTED, 1), last + 1)
    ]
    return best_of(chain, inputs) if inputs else amount_in


def _best_ranked(chain: Chain, peak: Peak, quoted: int) -> int:
    """Return the best input among the amounts around a peak that promise most.

    They are amounts of the token whose unit is worth most.
    """
    model, place = peak.model, peak.place
    middle = chain.upto(place, peak.amount_in)
    doubt = 2 * (sum(peak.worth) + peak.noise)
    half = min(int(model.width(doubt) * peak.worth[0] / peak.worth[place]) + NEAR, _RANKED)
    first = max(middle - half, chain.upto(place, model.first), 1)
    last = min(middle + half, chain.upto(place, model.last))
    if not first <= middle <= last:
        return peak.amount_in
    lens = Lens(chain, model, place, middle)
    bounds = lens.profits(np.arange(first - middle, last - middle + 1, dtype=np.float64))
    found: tuple[int, int] | None = None
    for index in np.argsort(-bounds, kind="stable")[:quoted]:
        amount = first + int(index)
        if found and bounds.item(index) + lens.profit + peak.noise < found[0]:
            break
        profit = profit_at(chain, place, amount)
        if found is None or (profit, -amount) > (found[0], -found[1]):
            found = profit, amount
    return chain.reach(place, found[1]) if found else peak.amount_in
