"""Bidders: what each of the others is likely to bid, followed auction by auction.

Of everybody who was seen to take something, these are guessed, because nobody tells them:

* on which pairs it is, and that it takes one up or drops it now and then;
* the least profit that it gets up for;
* how long it takes to notice a gap, and of how many blocks it reaches the builder;
* what it bids: ln(share / (1 - share)) is bell-shaped around `level + mood + slope * ln(net / 0.005
  ETH) + boldness * the market's unrest + liking of the pairs`. The mood passes within hours.

An auction tells something of everybody. The winner was there and bid so much. Each of the others
was not there, was late, or bid less; where nobody took the gap, all were not there or late. That is
taken in by Bayes' rule, one bidder and one guess at a time (assumed density filtering: Opper 1998,
Minka 2001): the numbers behind a bid are normal together and keep the mean and covariance of what
they should have become, so that a bid on one pair tells of another one what it should. A few
auctions tell who is on a pair, where counting how often a share landed would need hundreds.

As time goes by everything moves back towards what is thought of somebody unknown, its uncertainty
too: whoever changes is followed.

A bid lands where everybody is absent, late or below it, which is a product over the bidders.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from aineon.optimizer.pair_rows import PairRows

Floats = NDArray[np.float64]

MOST_BIDDERS: Final = 48
MOST_PAIRS: Final = 128
"""Of how many bidders and pairs figures are kept; whoever was seen least recently is forgotten."""

USUAL_NET: Final = 0.005
BLOCKS_AN_HOUR: Final = 300.0
SLOT_SECONDS: Final = 12.0

# What is thought of a bidder of whom nothing else is known: level, mood, slope, boldness, and the
# liking of each pair; with their deviations, and the hours within which they become others.
_COMMON: Final = 4
_USUAL = (0.5, 0.0, 0.15, 0.1, 0.0)
_DEVIATION = (0.6, 0.34, 0.1, 0.25, 0.4)
_LASTS = (100.0, 5.0, 300.0, 300.0, 100.0)
_SCATTER: Final = 1.08
_ON_A_PAIR: Final = 0.85
_MIND_HOURS: Final = 1.65


def _grid(least: float, most: float, count: int) -> Floats:
    return np.exp(np.linspace(math.log(least), math.log(most), count))


def _bell(grid: Floats, middle: float, deviation: float) -> Floats:
    """How likely each place of a grid is; some chance is left for the strange."""
    likely = np.exp(-0.5 * (np.log(grid / middle) / deviation) ** 2) + 0.02
    chances: Floats = likely / likely.sum()
    return chances


_LEAST_PROFITS: Final = _grid(5e-6, 2e-2, 36)
_LEAST_PROFIT: Final = _bell(_LEAST_PROFITS, 1.2e-3, 0.8)
_DELAYS: Final = _grid(0.05, 120.0, 24)
"""Seconds after which half of somebody's chances to notice a gap have passed."""
_REACHES: Final = np.array([0.8, 0.85, 0.9, 0.95])
"""Shares of the blocks whose builder somebody reaches."""
_DELAY: Final = np.tile(_bell(_DELAYS, 1.2, 0.8), (len(_REACHES), 1)) / len(_REACHES)
_PROFIT_DRIFT, _DELAY_DRIFT = 0.35**2 / 5.0, 0.3**2 / 5.0
"""How much the variance of their logarithms grows an hour."""
_TRAITS_LAST: Final = 48.0

_LEAST_ON, _MOST_ON = 0.003, 0.999
_SCATTER_WORTH, _MOST_WORTH = 20.0, 400.0
_LEAST_SCATTER, _MOST_SCATTER = 0.5, 2.5
_FARTHEST: Final = 8.0
_CLOSE: Final = 1e-4
_OLDEST: Final = 40
_STRANGE: Final = 0.002
"""The chance that somebody comes for less than it usually gets up for."""


class Auctioned(NamedTuple):
    """What is auctioned.

    Attributes:
        pairs: those of its swaps, each once.
        net: ETH that it leaves to the others, before the builder is paid.
        age: blocks that have ended with it open before this one; None where nobody looked.
    """

    pairs: tuple[str, ...]
    net: float
    age: int | None


class _Guess(NamedTuple):
    """What is thought of everybody about one auction: one number a bidder.

    Attributes:
        numbers, shape: which of the numbers behind a bid count, and how much.
        mean, variance: of what it would bid.
        on: (bidders, pairs): that it is on each of the pairs.
        awake: that the profit is large enough for it.
        in_time: that it comes before the block ends, and to its builder.
    """

    numbers: list[int]
    shape: Floats
    mean: Floats
    variance: Floats
    on: Floats
    awake: Floats
    in_time: Floats

    @property
    def after_it(self) -> Floats:
        """That it is on all pairs, and awake."""
        after: Floats = self.on.prod(axis=1) * self.awake
        return after


class Bidders:
    """Follows everybody who bids.

    What it thinks depends on the auctions that it was told of, in that order, and on nothing else.
    """

    def __init__(self) -> None:
        self._rows = PairRows(most=MOST_BIDDERS)
        self._pairs = PairRows(most=MOST_PAIRS)
        self._now: int | None = None
        self._unrest = 0.0
        # The numbers behind a bid, as in `_USUAL`, with a liking for each pair.
        self._mean = np.zeros((0, _COMMON))
        self._covariance = np.zeros((0, _COMMON, _COMMON))
        self._on = np.zeros((0, 0))
        self._least = np.zeros((0, *_LEAST_PROFIT.shape))
        self._late = np.zeros((0, *_DELAY.shape))
        self._scatter = np.zeros(0)
        self._worth = np.zeros(0)

    def __len__(self) -> int:
        return len(self._rows)

    def advance(self, now: int, unrest: float = 0.0) -> None:
        """Block `now` has ended: everybody may have changed since the last one.

        Args:
            now: its number.
            unrest: how restless the market is; 0 as usual.
        """
        hours = max(now - (now if self._now is None else self._now), 0) / BLOCKS_AN_HOUR
        self._now, self._unrest = now, unrest
        if not hours or not len(self):
            return
        keep = np.exp(-hours / self._each(_LASTS))
        self._mean += (1 - keep) * (self._each(_USUAL) - self._mean)
        self._covariance *= keep[:, None] * keep
        diagonal = np.arange(len(keep))
        grown = (1 - keep**2) * self._each(_DEVIATION) ** 2
        self._covariance[:, diagonal, diagonal] += grown
        self._on += -math.expm1(-hours / _MIND_HOURS) * (_ON_A_PAIR - self._on)
        _drift(self._least, _PROFIT_DRIFT * hours, _LEAST_PROFITS)
        _drift(self._late, _DELAY_DRIFT * hours, _DELAYS)
        forgotten = -math.expm1(-hours / _TRAITS_LAST)
        self._least += forgotten * (_LEAST_PROFIT - self._least)
        self._late += forgotten * (_DELAY - self._late)

    def beaten(self, auctioned: Auctioned, shares: Floats) -> Floats:
        """Return for each share of the net the chance that nobody bids as much."""
        guess = self._guess(auctioned)
        bids = _bids_of(shares)[:, None]
        below = normal_below((bids - guess.mean) / np.sqrt(guess.variance))
        beaten: Floats = (1 - guess.after_it * guess.in_time * (1 - below)).prod(axis=1)
        return beaten

    def learn(self, auctioned: Auctioned, winner: str | None, share: float) -> None:
        """Take in how an auction ended.

        Args:
            auctioned: what it was about.
            winner: who took it; None where nobody did.
            share: of the net that the winner paid.
        """
        if winner is not None:
            self._meet(winner)
        if not len(self):
            return
        for pair in auctioned.pairs:
            self._know(pair)
        guess = self._guess(auctioned)
        row = None if winner is None else self._rows.find(winner)
        bid = -math.inf if row is None else float(_bids_of(np.array([share]))[0])
        deviation = np.sqrt(guess.variance)
        place = np.clip((bid - guess.mean) / deviation, -_FARTHEST, _FARTHEST)
        below = np.zeros(len(place)) if row is None else normal_below(place)
        self._learn_presence(auctioned, guess, below, row)
        if row is not None:
            self._learn_bids(guess, place, below, row)

    # --- what is thought -------------------------------------------------------------------

    def _guess(self, auctioned: Auctioned) -> _Guess:
        columns = [self._pairs.find(pair) for pair in auctioned.pairs]
        known = [column for column in columns if column is not None]
        unknown = len(columns) - len(known)
        numbers = [*range(_COMMON), *(_COMMON + column for column in known)]
        common = [1.0, 1.0, _size(auctioned.net), self._unrest]
        shape = np.array(common + [1 / len(columns)] * len(known))
        liking = unknown * (_DEVIATION[-1] / len(columns)) ** 2 if unknown else 0.0
        on = self._on[:, known]
        if unknown:
            on = np.pad(on, ((0, 0), (0, unknown)), constant_values=_ON_A_PAIR)
        counting = self._covariance[:, numbers][:, :, numbers]
        return _Guess(
            numbers,
            shape,
            self._mean[:, numbers] @ shape,
            self._scatter**2 + counting @ shape @ shape + liking,
            on,
            self._least @ _awake(auctioned.net),
            (self._late * _in_time(auctioned.age)).sum(axis=(1, 2)),
        )

    def _each(self, numbers: tuple[float, ...]) -> Floats:
        """A figure of each number behind a bid: the last of them is that of every liking."""
        likings = self._mean.shape[1] - _COMMON
        return np.array(numbers[:_COMMON] + numbers[_COMMON:] * likings)

    # --- what is learned -------------------------------------------------------------------

    def _learn_presence(
        self, auctioned: Auctioned, guess: _Guess, below: Floats, winner: int | None
    ) -> None:
        """Who was on the pairs, awake and in time."""
        on_all, after = guess.on.prod(axis=1), guess.after_it
        silent = guess.in_time * (1 - below)
        """The chance that whoever is after it would have won."""
        on = np.stack([_still(each, after / each * silent) for each in guess.on.T], axis=1)
        awake, in_time = _awake(auctioned.net), _in_time(auctioned.age)
        least = 1 - np.outer(on_all * silent, awake)
        late = 1 - (after * (1 - below))[:, None, None] * in_time
        if winner is not None:
            on[winner], least[winner], late[winner] = 1.0, awake + _STRANGE, in_time
        self._least *= least
        self._least /= self._least.sum(axis=1, keepdims=True)
        if auctioned.age is not None:
            self._late *= late
            self._late /= self._late.sum(axis=(1, 2), keepdims=True)
        columns = [self._pairs.told(pair).at for pair in auctioned.pairs]
        self._on[:, columns] = np.clip(on, _LEAST_ON, _MOST_ON)

    def _learn_bids(self, guess: _Guess, place: Floats, below: Floats, winner: int) -> None:
        """What they bid: the winner so much, everybody else less if anything."""
        there = np.clip(guess.after_it * guess.in_time, 1e-6, 0.999)
        density = np.exp(-0.5 * place**2) / math.sqrt(2 * math.pi)
        hazard = there * density / (1 - there + there * below)
        deviation = np.sqrt(guess.variance)
        slope = -hazard / deviation
        bend = (-hazard * place - hazard**2) / guess.variance
        wider = -hazard * place
        slope[winner] = place[winner] / deviation[winner]
        bend[winner] = -1 / guess.variance[winner]
        wider[winner] = place[winner] ** 2 - 1
        moved = self._covariance[:, :, guess.numbers] @ guess.shape
        self._mean += moved * slope[:, None]
        self._covariance += (bend[:, None] * moved)[:, :, None] * moved[:, None, :]
        self._worth = np.minimum(self._worth + 0.5 * there, _MOST_WORTH)
        step = wider * self._scatter**2 / guess.variance / self._worth
        scatter = self._scatter * np.exp(np.clip(step, -0.1, 0.1))
        self._scatter = np.clip(scatter, _LEAST_SCATTER, _MOST_SCATTER)

    # --- who and what is known -------------------------------------------------------------

    def _meet(self, name: str) -> None:
        """Make room for a bidder; nothing is known of a new one."""
        row = self._rows.told(name)
        if row.at == len(self._scatter):
            for each in ("_mean", "_covariance", "_on", "_least", "_late", "_scatter", "_worth"):
                grown = getattr(self, each)
                setattr(self, each, np.concatenate([grown, np.zeros((1, *grown.shape[1:]))]))
        elif not row.is_new:
            return
        at = row.at
        self._mean[at] = self._each(_USUAL)
        self._covariance[at] = np.diag(self._each(_DEVIATION) ** 2)
        self._on[at] = _ON_A_PAIR
        self._least[at], self._late[at] = _LEAST_PROFIT, _DELAY
        self._scatter[at], self._worth[at] = _SCATTER, _SCATTER_WORTH

    def _know(self, pair: str) -> None:
        """Make room for a pair; of a new one nobody's mind is known."""
        row = self._pairs.told(pair)
        number = _COMMON + row.at
        if row.at == self._on.shape[1]:
            self._on = np.pad(self._on, ((0, 0), (0, 1)))
            self._mean = np.pad(self._mean, ((0, 0), (0, 1)))
            self._covariance = np.pad(self._covariance, ((0, 0), (0, 1), (0, 1)))
        elif not row.is_new:
            return
        self._on[:, row.at] = _ON_A_PAIR
        self._mean[:, number] = _USUAL[-1]
        self._covariance[:, number, :] = self._covariance[:, :, number] = 0.0
        self._covariance[:, number, number] = _DEVIATION[-1] ** 2


def normal_below(values: Floats) -> Floats:
    """Return the chance that a standard normal number is below each value, to 1e-7.

    By the approximation 26.2.17 of Abramowitz and Stegun (1964).
    """
    t = 1 / (1 + 0.2316419 * np.abs(values))
    series = t * (
        0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429)))
    )
    tail = np.exp(-0.5 * values**2) / math.sqrt(2 * math.pi) * series
    below: Floats = np.where(values < 0, tail, 1 - tail)
    return below


def _still(before: Floats, silent: Floats) -> Floats:
    """The chance of what was thought, when it would have shown itself with such a chance."""
    quiet = before * (1 - silent)
    still: Floats = quiet / (quiet + 1 - before)
    return still


def _bids_of(shares: Floats) -> Floats:
    kept = np.clip(shares, _CLOSE, 1 - _CLOSE)
    bids: Floats = np.log(kept / (1 - kept))
    return bids


def _size(net: float) -> float:
    return min(max(math.log(max(net, 1e-12) / USUAL_NET), -8.0), 8.0)


def _step(grid: Floats) -> float:
    return math.log(grid[1] / grid[0])


def _awake(net: float) -> Floats:
    """For each least profit whether such a net is enough; partly where it lies close."""
    above = np.log(max(net, 1e-12) / _LEAST_PROFITS) / _step(_LEAST_PROFITS)
    enough: Floats = np.clip(above + 0.5, 0.0, 1.0)
    return enough


def _in_time(age: int | None) -> Floats:
    """For each reach and delay the chance to notice a gap before the block ends, and to reach it.

    So long after it opened, age / (age + delay) have noticed it; when within its block a gap
    opened nobody can see, so it is the mean over that block.
    """
    youngest = min(age or 0, _OLDEST) * SLOT_SECONDS + _DELAYS
    noticed = 1 - _DELAYS / SLOT_SECONDS * np.log((youngest + SLOT_SECONDS) / youngest)
    return np.outer(_REACHES, noticed)


def _drift(chances: Floats, variance: float, grid: Floats) -> None:
    """Let what was thought wander over a grid, and not beyond its ends."""
    moved = min(variance / _step(grid) ** 2, 0.25)
    ends = [(0, 0)] * (chances.ndim - 1) + [(1, 1)]
    near = np.pad(chances, ends, mode="edge")
    chances += moved * (near[..., :-2] + near[..., 2:] - 2 * chances)
