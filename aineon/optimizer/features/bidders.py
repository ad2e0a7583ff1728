"""Bidders: what each of the others is likely to bid, followed auction by auction.

Of everybody who was seen to take something, four things are guessed that nobody tells:

* on which pairs it is, and that it takes one up or drops it now and then;
* the least profit that it gets up for;
* how often it is in time, by how long a gap has stood open;
* what it bids: ln(share / (1 - share)) is bell-shaped around
  `level + slope * ln(net / 0.005 ETH) + liking of the pairs`, and the level wanders.

An auction tells something of everybody. The winner was there and bid so much. Each of the others
was not there, was late, or bid less; where nobody took the gap, all were not there or late. That is
taken in by Bayes' rule, one bidder and one guess at a time (assumed density filtering: Opper 1998,
Minka 2001): normal distributions keep the mean and variance of what they should have become. So a
few auctions tell who is on a pair, where counting how often a share landed would need hundreds.

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

# What is thought of a bidder of whom nothing else is known. In trials half or twice of any of
# these changed what was earned by less than half a point.
_LEVEL, _LEVEL_DEVIATION = 0.5, 0.7
_SLOPE, _SLOPE_DEVIATION = 0.12, 0.12
_LIKING_DEVIATION: Final = 0.4
_SCATTER: Final = 1.05
_ON_A_PAIR: Final = 0.85
_IN_TIME: Final = np.array([(3.0, 1.5), (3.6, 1.05), (3.9, 0.9), (4.05, 0.75)])
"""By age: how often it was in time, and was late, as if that had been counted."""
_OLD: Final = 5
_LEAST_PROFITS: Final = 1e-4 * 2.0 ** (np.arange(14) / 1.5)
_LEAST_PROFIT, _LEAST_PROFIT_DEVIATION = 1e-3, 1.0

# How fast it may change, an hour.
_LEVEL_WANDERS: Final = 0.06
_MIND_HOURS: Final = 10.0
_PUNCTUALITY_HOURS: Final = 24.0
_APPETITE_WANDERS: Final = 0.03

_STEP: Final = math.log(2.0) / 1.5
_LEAST_ON, _MOST_ON = 0.003, 0.995
_LEAST_VARIANCE: Final = 1e-4
_SCATTER_WORTH: Final = 20.0
_LEAST_SCATTER, _MOST_SCATTER = 0.5, 2.5
_FARTHEST: Final = 8.0
_CLOSE: Final = 1e-4


class Auctioned(NamedTuple):
    """What is auctioned.

    Attributes:
        pairs: those of its swaps, each once.
        net: ETH that it leaves to the others, before the builder is paid.
        age: blocks that have ended with it open before this one.
    """

    pairs: tuple[str, ...]
    net: float
    age: int


class _Guess(NamedTuple):
    """What is thought of everybody about one auction: one number a bidder.

    Attributes:
        shape: (numbers,): how much level, slope and each liking count.
        mean, variance: of what it would bid.
        on: (bidders, pairs): that it is on each of the pairs.
        awake: that the profit is large enough for it.
        in_time: that it comes before the block ends.
    """

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
        # Level, slope, then the liking of each pair.
        self._mean = np.zeros((0, 2))
        self._variance = np.zeros((0, 2))
        self._on = np.zeros((0, 0))
        self._least = np.zeros((0, len(_LEAST_PROFITS)))
        self._times = np.zeros((0, *_IN_TIME.shape))
        self._scatter = np.zeros(0)
        self._worth = np.zeros(0)

    def __len__(self) -> int:
        return len(self._rows)

    def advance(self, now: int) -> None:
        """Block `now` has ended: everybody may have changed since the last one."""
        hours = max(now - (now if self._now is None else self._now), 0) / BLOCKS_AN_HOUR
        self._now = now
        if not hours or not len(self):
            return
        level = self._variance[:, 0]
        np.minimum(level + _LEVEL_WANDERS * hours, _LEVEL_DEVIATION**2, out=level)
        self._on += -math.expm1(-hours / _MIND_HOURS) * (_ON_A_PAIR - self._on)
        self._times += -math.expm1(-hours / _PUNCTUALITY_HOURS) * (_IN_TIME - self._times)
        moved = min(_APPETITE_WANDERS * hours / _STEP**2, 0.25)
        spread = np.pad(self._least, ((0, 0), (1, 1)), mode="edge")
        self._least += moved * (spread[:, :-2] + spread[:, 2:] - 2 * self._least)

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
        shape = np.zeros(self._mean.shape[1])
        shape[0], shape[1] = 1.0, _size(auctioned.net)
        shape[[2 + column for column in known]] = 1 / len(columns)
        liking = unknown * (_LIKING_DEVIATION / len(columns)) ** 2 if unknown else 0.0
        on = self._on[:, known]
        if unknown:
            on = np.pad(on, ((0, 0), (0, unknown)), constant_values=_ON_A_PAIR)
        times = self._times[:, _age(auctioned.age)]
        return _Guess(
            shape,
            self._mean @ shape,
            self._scatter**2 + self._variance @ shape**2 + liking,
            on,
            self._least @ _awake(auctioned.net),
            times[:, 0] / times.sum(axis=1),
        )

    # --- what is learned -------------------------------------------------------------------

    def _learn_presence(
        self, auctioned: Auctioned, guess: _Guess, below: Floats, winner: int | None
    ) -> None:
        """Who was on the pairs, awake and in time."""
        after = guess.after_it
        silent = guess.in_time * (1 - below)
        """The chance that whoever is after it would have won."""
        on = np.stack([_still(each, after / each * silent) for each in guess.on.T], axis=1)
        was_after = _still(after, silent)
        bid_less = after * guess.in_time * below / (1 - after * silent)
        awake = _awake(auctioned.net)
        likelier = 1 - np.outer(guess.on.prod(axis=1) * silent, awake)
        if winner is not None:
            on[winner], was_after[winner], bid_less[winner] = 1.0, 1.0, 1.0
            likelier[winner] = np.maximum(awake, 0.05 * (awake.max() == 0))
            likelier[winner] += 0.002
        self._least *= likelier
        self._least /= self._least.sum(axis=1, keepdims=True)
        columns = [self._pairs.told(pair).at for pair in auctioned.pairs]
        self._on[:, columns] = np.clip(on, _LEAST_ON, _MOST_ON)
        times = self._times[:, _age(auctioned.age)]
        times[:, 0] += bid_less
        times[:, 1] += np.maximum(was_after - bid_less, 0.0)

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
        moved = self._variance * guess.shape
        self._mean += moved * slope[:, None]
        self._variance += moved**2 * bend[:, None]
        np.maximum(self._variance, _LEAST_VARIANCE, out=self._variance)
        self._worth += 0.5 * there
        step = wider * self._scatter**2 / guess.variance / self._worth
        scatter = self._scatter * np.exp(np.clip(step, -0.1, 0.1))
        self._scatter = np.clip(scatter, _LEAST_SCATTER, _MOST_SCATTER)

    # --- who and what is known -------------------------------------------------------------

    def _meet(self, name: str) -> None:
        """Make room for a bidder; nothing is known of a new one."""
        row = self._rows.told(name)
        if row.at == len(self._scatter):
            for each in ("_mean", "_variance", "_on", "_least", "_times", "_scatter", "_worth"):
                grown = getattr(self, each)
                setattr(self, each, np.concatenate([grown, np.zeros((1, *grown.shape[1:]))]))
        elif not row.is_new:
            return
        at = row.at
        self._mean[at] = 0.0
        self._mean[at, :2] = _LEVEL, _SLOPE
        self._variance[at] = _LIKING_DEVIATION**2
        self._variance[at, :2] = _LEVEL_DEVIATION**2, _SLOPE_DEVIATION**2
        self._on[at] = _ON_A_PAIR
        apart = np.log(_LEAST_PROFITS / _LEAST_PROFIT) / _LEAST_PROFIT_DEVIATION
        likely = np.exp(-0.5 * apart**2)
        self._least[at] = likely / likely.sum()
        self._times[at] = _IN_TIME
        self._scatter[at], self._worth[at] = _SCATTER, _SCATTER_WORTH

    def _know(self, pair: str) -> None:
        """Make room for a pair; of a new one nobody's mind is known."""
        row = self._pairs.told(pair)
        column = 2 + row.at
        if row.at == self._on.shape[1]:
            self._on = np.pad(self._on, ((0, 0), (0, 1)))
            self._mean = np.pad(self._mean, ((0, 0), (0, 1)))
            self._variance = np.pad(self._variance, ((0, 0), (0, 1)))
        elif not row.is_new:
            return
        self._on[:, row.at] = _ON_A_PAIR
        self._mean[:, column] = 0.0
        self._variance[:, column] = _LIKING_DEVIATION**2


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
    return min(max(math.log(max(net, 1e-9) / USUAL_NET), -3.0), 5.0)


def _age(blocks: int) -> int:
    return 3 if blocks >= _OLD else min(blocks, 2)


def _awake(net: float) -> Floats:
    """For each least profit whether such a net is enough; partly where it lies close."""
    enough: Floats = np.clip(np.log(max(net, 1e-9) / _LEAST_PROFITS) / _STEP, 0.0, 1.0)
    return enough
