"""Rival: one searcher with everything about it that others cannot see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log as exact_log
from math import sqrt

from aineon.feeds.sandbox.dice import Dice, exp, log
from aineon.feeds.sandbox.rivals.gaps import Gap, Pair
from aineon.feeds.sandbox.rivals.mixes import RivalMix
from aineon.primitives.units import ETHER

SLOT_MS = 12_000.0
BLOCKS_AN_HOUR = 300
_USUAL_GAP_WEI = ETHER // 200
_FACTORIAL_12 = 479_001_600.0
_BINOMIALS = (1.0, -12.0, 66.0, -220.0, 495.0, -792.0)


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms a rival takes part in the auction of a gap.

    Attributes:
        chance: that it notices the gap in time and that its bundle reaches the block's builder.
        centre, noise: middle and deviation of the bid's x; see `RivalMix`.
    """

    chance: float
    centre: float
    noise: float

    def draw(self, dice: Dice) -> float | None:
        """Draw the share that it bids; None where it does not take part."""
        if not dice.chance(self.chance):
            return None
        return 1.0 / (1.0 + exp(-self.centre - self.noise * dice.normal()))

    def beaten(self, share: float) -> float:
        """The chance that the rival stays away or bids less than `share`; for judging only."""
        if share >= 1.0:
            return 1.0
        if share <= 0.0:
            return 1.0 - self.chance
        x = exact_log(share / (1.0 - share))
        return 1.0 - self.chance * (1.0 - _below((x - self.centre) / self.noise))


class Drift:
    """A number that wanders and is pulled back to zero."""

    __slots__ = ("_dice", "_pull", "_step", "value")

    def __init__(self, dice: Dice, deviation: float, hours: float) -> None:
        self._dice = dice
        self._pull = 1.0 / (hours * BLOCKS_AN_HOUR)
        self._step = deviation * sqrt(2.0 * self._pull)
        self.value = deviation * dice.normal()

    def advance(self) -> None:
        """Move on by one block."""
        self.value += self._step * self._dice.normal() - self._pull * self.value


class Rival:
    """One searcher, drawn from a mix; its streams depend on the seed and its number alone.

    It never looks at pairs other than `pairs`.
    """

    def __init__(self, mix: RivalMix, number: int, pairs: Sequence[Pair], seed: int) -> None:
        dice = Dice(seed, f"rival:{number}:character")
        self.name = f"rival-{number}"
        self._latency_ms = dice.log_normal(mix.latency_ms, mix.latency_spread)
        self._least_profit = dice.log_normal(float(mix.least_profit_wei), mix.least_profit_spread)
        self._level = mix.level + mix.level_spread * dice.normal()
        self._slope = mix.slope + mix.slope_spread * dice.normal()
        self._boldness = mix.boldness + mix.boldness_spread * dice.normal()
        self._noise = dice.between(*mix.noise)
        self._reach = dice.between(*mix.reach)
        self._fondness = {pair: mix.pair_spread * dice.normal() for pair in pairs}
        self._likings = Dice(seed, f"rival:{number}:likings")
        self._begins, self._ends = _switching(mix.liked, mix.liking_hours)
        self._likes = {pair: self._likings.chance(mix.liked) for pair in pairs}
        moods = Dice(seed, f"rival:{number}:moods")
        self._drift = Drift(moods, mix.drift, mix.drift_hours)
        self._appetite = Drift(moods, mix.appetite_drift, mix.drift_hours)
        self._slowness = Drift(moods, mix.latency_drift, mix.drift_hours)

    def advance(self) -> None:
        """Move on by one block."""
        chance, begins, ends = self._likings.chance, self._begins, self._ends
        for pair, likes in self._likes.items():
            if chance(ends if likes else begins):
                self._likes[pair] = not likes
        self._drift.advance()
        self._appetite.advance()
        self._slowness.advance()

    def terms(self, gap: Gap, unrest: float, tide: float) -> Terms | None:
        """On what terms it is after a gap; None where it is not."""
        net_wei = gap.prize.net_wei
        if not all(self._likes.get(pair) for pair in gap.pairs):
            return None
        if net_wei < self._least_profit * exp(self._appetite.value):
            return None
        latency_ms = self._latency_ms * exp(self._slowness.value)
        fondness = 0.0
        # Not `sum`, which rounds differently from Python 3.12 on.
        for pair in gap.pairs:
            fondness += self._fondness[pair] / len(gap.pairs)
        return Terms(
            chance=self._reach * _noticed(gap.blocks_open, latency_ms),
            centre=self._level
            + self._slope * log(net_wei / _USUAL_GAP_WEI)
            + fondness
            + self._boldness * unrest
            + self._drift.value
            + tide,
            noise=self._noise,
        )


def _noticed(blocks_open: int, latency_ms: float) -> float:
    """The chance that a gap is noticed before the block ends.

    It is age / (age + latency). When within its block a gap opened is chance that nobody can
    see afterwards, so it is the mean over that block.
    """
    youngest = blocks_open * SLOT_MS + latency_ms
    return 1.0 - latency_ms / SLOT_MS * log((youngest + SLOT_MS) / youngest)


def _switching(share: float, hours: float) -> tuple[float, float]:
    """Chances a block that a liking begins and that it ends."""
    ends = 1.0 / (hours * BLOCKS_AN_HOUR)
    return (ends * share / (1.0 - share), ends) if share < 1.0 else (1.0, 0.0)


def _below(x: float) -> float:
    """The chance that `Dice.normal` draws less than `x`: the sum of twelve even numbers.

    The distribution is that of Irwin and Hall; by its symmetry only the lower half is summed,
    where the terms are small.
    """
    if x > 0.0:
        return 1.0 - _below(-x)
    place = x + 6.0
    total = 0.0
    for steps, binomial in enumerate(_BINOMIALS):
        if place <= steps:
            break
        total += binomial * (place - steps) ** 12
    return total / _FACTORIAL_12
