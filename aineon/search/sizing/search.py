"""The best whole amount near the peak of a cycle's smooth curve.

Every profit lies below the smooth curve. So the amounts that could reach a level are those
where the curve itself reaches it: a window around the peak. Levels are tried from the top
downward until one is reached; then nothing outside its window can be as good.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from aineon.search.sizing.candidates import Batch, Candidates, Stretch, TooMany
from aineon.search.sizing.chain import Chain
from aineon.search.sizing.lens import Lens
from aineon.search.sizing.losses import are_enough, likely_loss, roundings_of, share_of
from aineon.search.sizing.model import Model, slopes
from aineon.search.sizing.pieces import PieceFinder

# So many amounts are looked at in all before what is left counts as too wide.
MOST_CANDIDATES = 1 << 17
# What is looked at on each side of the peak where a window is too wide.
REACH = 1 << 14
# So many amounts at least fail before the one taken on a plateau that is too wide.
CLEAR = 2048
# Below this, quoting every amount costs less than building a lens.
_FEW = 6
_FIRST_STRETCH = 512
_LARGEST_FIRST = 4096
_LEAP = 4
# Enough for any stretch, however its candidates are counted.
_AMPLE = 32
_PARTS = 8
# So many amounts the first window should hold: a lens takes no longer for them than for a few.
_WORTH_A_LENS = 256.0
# How much shorter a step is made that went too far.
_SHORTER = 16
# Real quotes for one batch; a lens is hardly ever wrong, so few are needed.
MOST_CHECKS = CLEAR
# Roundings that cost no more than this in all leave a plateau with hits everywhere.
_PLATEAU_NOISE = 8.0
_WORTH_MUCH = 2000.0
# Amounts of a unit that is worth so much more than prices' roundings are told apart without them.
_BLURS_OF_A_UNIT = 1e6


class Effort(NamedTuple):
    """How much a search may do.

    Attributes:
        candidates: how many amounts it may look at before what is left counts as too wide.
        reach: what is looked at on each side of the peak where a window is too wide.
        checks: real quotes for one batch of candidates.
    """

    candidates: int
    reach: int
    checks: int


class Best(NamedTuple):
    """A profit and the amount, at the place searched, that gives it."""

    profit: int
    amount: int


class Window(NamedTuple):
    """Amounts from `first` to `last`, all within one model."""

    model: Model
    first: int
    last: int


class Search:
    """Looks for the best amount of one token of a cycle, the one whose unit is worth most.

    Attributes:
        place: where that token stands.
        is_blurred: whether rounding prices can cost so much that a lens shows little.
        is_complete: whether all that could be best was looked at; known once `run` is done.
        settled: whether no input nearby can be better; known once `run` is done.
    """

    def __init__(
        self,
        chain: Chain,
        finders: Sequence[PieceFinder],
        model: Model,
        peak: int,
        effort: Effort | None = None,
    ) -> None:
        self._chain = chain
        self._effort = effort or Effort(MOST_CANDIDATES, REACH, MOST_CHECKS)
        self._finders = finders
        self._regions = [model]
        self._is_whole = model.first == 1 and model.last == chain.most
        amounts = chain.amounts(peak)
        worth = [1.0]
        for rate in reversed(slopes(model, amounts)):
            worth.append(worth[-1] * rate)
        worth.reverse()
        own = max(worth[:-1])
        self.place = worth.index(own)
        self._worth = worth
        self._peak_amount = amounts[self.place]
        lost = blur = 0.0
        noise = sum(worth) - own
        for piece, unit_in, unit_out in zip(model.pieces, worth, worth[1:], strict=False):
            if piece.of > 1:
                blur += piece.blur * unit_out
                noise += unit_in
                # What crossing a border can cost: input rounded up twice, output down once.
                lost += 2 * unit_in + unit_out
        self.is_blurred = blur >= max(1.0, own / _BLURS_OF_A_UNIT)
        self._noise = noise + blur
        # Doubled, because a unit is worth more at smaller sizes.
        self._step_down = int(2 * (lost + blur)) + 1
        self._top = self._highest()
        self._spared = 1
        self.settled = self.is_complete = True

    def run(self) -> Best | None:
        """Return the best amount; None where no profit is left after rounding."""
        ceiling, step = self._top, self._first_step()
        candidates = self._candidates(self._effort.candidates)
        is_shortened = False
        while ceiling >= 1:
            level = max(ceiling - step + 1, 1)
            windows = list(self._windows(level))
            try:
                best = self._scan(windows, level, ceiling, candidates)
            except TooMany:
                flat = max(self._noise, (self._top - ceiling) / 4) <= _PLATEAU_NOISE
                if step > 1 and not (is_shortened and not flat):
                    # It may have gone too far: a few shorter steps look at less.
                    step = 1 if flat else max(step // _SHORTER, 1)
                    candidates = self._candidates(self._effort.candidates)
                    is_shortened = True
                    continue
                best = self._scan_plateau(windows, level) if step == 1 else None
                if not (best or flat):
                    # Inputs nearby give the next amount at most where its unit is worth much.
                    self.settled = self._worth[self.place] > _WORTH_MUCH
                    self.is_complete = False
                    return self._scan_centre(windows)
            if best:
                return best
            ceiling, step = level - 1, step * (2 if step > _PARTS else 4)
        return None

    def _first_step(self) -> int:
        """Return how far below the top the best is likely to be."""
        model, own = self._regions[0], self._worth[self.place]
        amounts = max(model.width(1.0) * self._worth[0] / own, 1.0)
        roundings = roundings_of(model, self._worth, self.place, _PLATEAU_NOISE)
        step = likely_loss(roundings, amounts, _WORTH_A_LENS)
        spared = model.pieces[self.place].of
        self._spared = spared if 2 * step * spared < own else 1
        return 1 + int(step)

    def _first_stretch(self, window: Window, level: int) -> int:
        """Return about how far from a window's edge the first that reaches its only level lies.

        No farther than a sieve can be selective; what follows is looked at in further stretches.
        """
        wide, place, worth = window.last - window.first, self.place, self._worth
        rise = 4 * max(window.model.above(level), 0.0) / (wide + 1)
        of = window.model.pieces[place].of
        room = worth[place] / (2 * of)
        if of == 1:
            room = max(worth[place + 1], worth[place - 1] if place else 0.0) / 8
        roundings = roundings_of(self._regions[0], worth, place, 0.0)
        size = _FIRST_STRETCH
        while size < wide and rise * size < room:
            if are_enough(size * share_of(roundings, rise * size)):
                break
            size *= 2
        return size

    # --- windows ---------------------------------------------------------------------------

    def _windows(self, level: int) -> Iterator[Window]:
        """Yield the windows of a level, from the smallest amounts to the largest."""
        self._extend(level)
        for model in self._regions:
            if inputs := model.level_set(level):
                first = max(self._chain.upto(self.place, inputs[0]), 1)
                last = self._chain.upto(self.place, inputs[1])
                if first <= last:
                    yield Window(model, first, last)

    def _highest(self) -> int:
        """Return an integer that no profit exceeds, having met all regions that come near it."""
        top = max(self._regions[0].bound(), 1)
        if self._is_whole:
            return top
        while True:
            met = len(self._regions)
            self._extend(top)
            if len(self._regions) == met:
                return max(region.bound() for region in self._regions)
            top = max(top, *(region.bound() for region in self._regions))

    def _extend(self, level: int) -> None:
        """Add the regions on both sides that may reach `level`.

        Without roundings the curve falls on both sides of its peak. With them, it also steps
        down at every border that is crossed, so a region on the left may stand higher.
        """
        if self._is_whole:
            return
        regions, most = self._regions, self._chain.most
        enough = level - self._step_down
        while regions[0].first > 1 and regions[0].left_edge >= enough:
            regions.insert(0, self._model_at(regions[0].first - 1))
        while regions[-1].last < most and regions[-1].right_edge >= enough:
            regions.append(self._model_at(regions[-1].last + 1))

    def _candidates(self, most: int) -> Candidates:
        return Candidates(self.place, self._worth, most)

    def _model_at(self, amount_in: int) -> Model:
        return Model(self._chain, self._finders, amount_in)

    # --- scans -----------------------------------------------------------------------------

    def _scan(
        self, windows: Sequence[Window], level: int, ceiling: int, candidates: Candidates
    ) -> Best | None:
        """Return the best of all amounts that reach `level`; stop at once at `ceiling`.

        Raises:
            TooMany: there are more candidates than may be looked at.
        """
        best = None
        for window in windows:
            first, wide = window.first, window.last - window.first
            if level < ceiling:
                # All has to be looked through; in parts, as every find raises the level.
                size = max(_LARGEST_FIRST, _FIRST_STRETCH * self._spared, wide // _PARTS + 1)
            else:
                size = self._first_stretch(window, level)
            while first <= window.last:
                last = min(first + size - 1, window.last)
                stretch = Window(window.model, first, last)
                found = self._best_of(stretch, level, ceiling, candidates)
                if found:
                    best, level = found, found.profit + 1
                    if found.profit >= ceiling:
                        return found
                first, size = last + 1, size * 2
        return best

    def _best_of(
        self, window: Window, level: int, ceiling: int, candidates: Candidates
    ) -> Best | None:
        model, first, last = window
        if last - first < _FEW:
            return self._best_quoted(range(first, last + 1), level)
        if candidates.are_all(model, last - first + 1):
            room = model.above(level)
        else:
            chain, place = self._chain, self.place
            room = model.room(level, chain.back(place, first) - 1, chain.back(place, last))
        best = None
        if room < 0:
            return None
        for batch in candidates.batches(Stretch(model, first, last, room)):
            found = self._best_of_batch(model, batch, level)
            if found:
                best, level = found, found.profit + 1
                if level > ceiling:
                    break
        return best

    def _best_of_batch(self, model: Model, batch: Batch, level: int) -> Best | None:
        anchor, distances = batch
        if distances.size <= _FEW:
            amounts = [anchor + int(distance) for distance in distances]
            return self._best_quoted(amounts, level)
        lens = Lens(self._chain, model, self.place, anchor)
        bounds = lens.profits(distances)
        highest = int(bounds.argmax())
        bound = int(bounds.item(highest)) + lens.profit
        if bound < level:
            return None
        amount = anchor + int(distances.item(highest))
        if self._chain.profit(self.place, amount) == bound:
            return Best(bound, amount)
        promising = np.flatnonzero(bounds >= level - lens.profit)
        best: Best | None = None
        # Best bound first, and of equal ones the smaller amount.
        ranked = promising[np.argsort(-bounds[promising], kind="stable")]
        for index in ranked[: self._effort.checks]:
            bound = int(bounds[index]) + lens.profit
            amount = anchor + int(distances[index])
            if best and (bound, -amount) <= (best.profit, -best.amount):
                break
            profit = self._chain.profit(self.place, amount)
            if profit >= level and (
                best is None or (profit, -amount) > (best.profit, -best.amount)
            ):
                best = Best(profit, amount)
        else:
            self.settled = self.settled and promising.size <= self._effort.checks
        return best

    def _best_quoted(self, amounts: Sequence[int], level: int) -> Best | None:
        best = None
        for amount in amounts:
            profit = self._chain.profit(self.place, amount)
            if profit >= level:
                best, level = Best(profit, amount), profit + 1
        return best

    # --- windows too wide to look through -----------------------------------------------------

    def _scan_centre(self, windows: Sequence[Window]) -> Best | None:
        """Return the best of what lies around the peak."""
        reach = self._effort.reach
        low, high = self._peak_amount - reach, self._peak_amount + reach
        near = [Window(model, max(first, low), min(last, high)) for model, first, last in windows]
        near = [window for window in near if window.first <= window.last]
        return self._scan(near, 1, self._top, self._candidates(_AMPLE * reach))

    def _scan_plateau(self, windows: Sequence[Window], level: int) -> Best | None:
        """Return an amount that reaches `level` and has `CLEAR` misses or more before it.

        Hits grow denser from the left edge of a window on. Leaps find a probe with a hit; halving
        the way back to the last probe without one ends where such a probe touches a hit.
        """
        for window in windows:
            at = missed = window.first
            if best := self._probe(window, at, level):
                return best
            leap = CLEAR
            while not best and at < window.last:
                missed, at, leap = at, min(at + leap, window.last), leap * _LEAP
                best = self._probe(window, at, level)
            while best and best.amount - missed > 2 * CLEAR:
                middle = (missed + best.amount - CLEAR) // 2
                if found := self._probe(window, middle, level):
                    best = found
                else:
                    missed = middle
            if best:
                return self._probe(window, missed + CLEAR, level) or best
        return None

    def _probe(self, window: Window, first: int, level: int) -> Best | None:
        """Return the first of `CLEAR` amounts that reaches `level`; None behind the window."""
        if first > window.last:
            return None
        last = min(first + CLEAR - 1, window.last)
        probe = Window(window.model, first, last)
        return self._scan([probe], level, level, self._candidates(_AMPLE * CLEAR))
