"""Crowd: all rivals of one sandbox, and the auctions they hold at the top of each block."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from aineon.feeds.base import Contest
from aineon.feeds.sandbox.dice import Dice
from aineon.feeds.sandbox.rivals.changes import Change, ChangeKind
from aineon.feeds.sandbox.rivals.gaps import Direction, Gap, Pair
from aineon.feeds.sandbox.rivals.mixes import RivalMix
from aineon.feeds.sandbox.rivals.rival import Drift, Rival, Terms

_SWEEPER_LATENCY_MS = 40_000.0
_SWEEPER_LEVEL = -0.5
_GREEDY_LATENCY_MS = 300.0
_GREEDY_LEVEL = 3.5
_MOST_PAIRS_THAT_FAIL = 6
# How restless the market is in each regime of the outside prices.
_UNREST = {"quiet": -0.6, "ranging": 0.0, "trending": 0.4, "volatile": 1.5}


@dataclass(frozen=True, slots=True)
class Auction:
    """How the auction of one gap ended.

    Attributes:
        gap: what it was about.
        contest: what others may know of it when it is over.
        winner: the name of the rival that goes first; None where nobody bid.
    """

    gap: Gap
    contest: Contest
    winner: str | None


class Crowd:
    """All rivals, with their hidden state at the end of the newest block.

    That state decides the chances of the next block's auctions; what is left are the dice.
    """

    def __init__(
        self, mix: RivalMix, changes: Iterable[Change], pairs: Sequence[Pair], seed: int
    ) -> None:
        self._mix = mix
        self._changes = sorted(changes, key=lambda change: change.at_block)
        self._pairs = pairs
        self._seed = seed
        self._own_reach = mix.own_reach
        self._tide = Drift(Dice(seed, "rivals:tide"), mix.tide, mix.tide_hours)
        self._rivals = [Rival(mix, number, pairs, seed) for number in range(1, mix.rivals + 1)]
        self._rivals.append(Rival(_sweeper(mix), 0, pairs, seed))
        self._number = 0
        self._bidders: tuple[tuple[Gap, tuple[tuple[Rival, Terms], ...]], ...] = ()
        self._change()

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """What the newest block left open, best net first."""
        return tuple(gap for gap, _ in self._bidders)

    @property
    def size(self) -> int:
        """How many rivals there are, the sweeper among them."""
        return len(self._rivals)

    def end_block(self, number: int, gaps: Iterable[Gap], regime: str) -> None:
        """Block `number` is over and leaves `gaps`: everybody makes up their mind."""
        self._number = number
        self._tide.advance()
        for rival in self._rivals:
            rival.advance()
        self._change()
        unrest, tide = _UNREST[regime], self._tide.value
        self._bidders = tuple(
            (
                gap,
                tuple(
                    (rival, terms)
                    for rival in self._rivals
                    if (terms := rival.terms(gap, unrest, tide)) is not None
                ),
            )
            for gap in gaps
        )

    def auctions(self) -> list[Auction]:
        """Hold the auctions at the top of the next block; each call gives the same."""
        return self._drawn("")

    def redraws(self, count: int) -> Iterator[tuple[Contest, ...]]:
        """The same auctions with other dice, `count` times."""
        for number in range(count):
            drawn = self._drawn(f":redraw:{number}")
            yield tuple(auction.contest for auction in drawn)

    def chances(
        self, directions: Iterable[Direction], net_wei: float, shares: Sequence[float]
    ) -> list[float]:
        """The chance that a bundle lands in the next block, for each share of `net_wei` offered.

        Args:
            directions: (pool, token in) of its route's hops.
            net_wei: what it leaves before the builder is paid.
            shares: from 0 to 1.
        """
        wanted = frozenset(directions)
        # In a block without any gap nobody asks which builder it is.
        reach = self._own_reach if self._bidders else 1.0
        rivalry = [
            (gap.prize.net_wei, terms)
            for gap, bidders in self._bidders
            if not wanted.isdisjoint(gap.directions)
            for _, terms in bidders
        ]
        chances = []
        for share in shares:
            chance = reach
            for gap_net_wei, terms in rivalry:
                chance *= terms.beaten(share * net_wei / gap_net_wei)
            chances.append(chance)
        return chances

    def _drawn(self, redraw: str) -> list[Auction]:
        if not self._bidders:
            return []
        dice = Dice(self._seed, f"auction:{self._number + 1}{redraw}")
        reached = dice.chance(self._own_reach)
        auctions = []
        for gap, bidders in self._bidders:
            best, winner = 0, None
            for rival, terms in bidders:
                share = terms.draw(dice)
                payment = 0 if share is None else int(gap.prize.net_wei * share)
                if payment > best:
                    best, winner = payment, rival.name
            auctions.append(Auction(gap, Contest(gap.directions, best, reached), winner))
        return auctions

    def _change(self) -> None:
        """Carry out what changes with the next block's auctions."""
        while self._changes and self._changes[0].at_block <= self._number + 1:
            kind = self._changes.pop(0).kind
            count = len(self._rivals)
            if kind is ChangeKind.REACH_HALVES:
                self._own_reach /= 2.0
            elif kind is ChangeKind.THREE_TIMES_AS_MANY:
                numbers = range(count, count + 2 * self._mix.rivals)
                self._rivals += [
                    Rival(self._mix, number, self._pairs, self._seed) for number in numbers
                ]
            else:
                pairs = _some(self._pairs, Dice(self._seed, f"rival:{count}:pairs"))
                self._rivals.append(Rival(_greedy(self._mix), count, pairs, self._seed))


def _sweeper(mix: RivalMix) -> RivalMix:
    """Who takes, late and cheaply, what all others leave."""
    return replace(
        mix,
        liked=1.0,
        latency_ms=_SWEEPER_LATENCY_MS,
        least_profit_wei=0,
        level=mix.level + _SWEEPER_LEVEL,
        level_spread=0.0,
    )


def _greedy(mix: RivalMix) -> RivalMix:
    """Who wants its pairs at nearly any price."""
    return replace(
        mix,
        liked=1.0,
        latency_ms=_GREEDY_LATENCY_MS,
        least_profit_wei=0,
        level=_GREEDY_LEVEL,
        level_spread=0.0,
        slope=0.0,
        slope_spread=0.0,
        pair_spread=0.0,
        reach=(mix.reach[1], mix.reach[1]),
    )


def _some(pairs: Sequence[Pair], dice: Dice) -> list[Pair]:
    """Six pairs, or half of them where there are fewer than twelve."""
    left = list(pairs)
    count = min(_MOST_PAIRS_THAT_FAIL, (len(left) + 1) // 2)
    return [left.pop(int(dice.uniform() * len(left))) for _ in range(count)]
