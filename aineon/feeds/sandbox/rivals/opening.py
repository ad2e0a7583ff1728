"""Opening: what happens at the top of each block, before anybody else trades."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from aineon.feeds.base import Contest, Taking
from aineon.feeds.sandbox.cycles import CycleFinder
from aineon.feeds.sandbox.prizes import Prizes
from aineon.feeds.sandbox.rivals.changes import Change
from aineon.feeds.sandbox.rivals.crowd import Auction, Crowd
from aineon.feeds.sandbox.rivals.gaps import Gaps, Pair, pair_of
from aineon.feeds.sandbox.rivals.mixes import RivalMix
from aineon.feeds.sandbox.universe import PoolPlan


class Opened(NamedTuple):
    """What rivals took at the top of a block, and what it took to be first."""

    takings: list[Taking]
    contests: tuple[Contest, ...]


class Opening:
    """Lets rivals bid for what a block left open, and the winners take it in the next."""

    def __init__(
        self,
        plans: Iterable[PoolPlan],
        finder: CycleFinder,
        prizes: Prizes,
        mix: RivalMix,
        changes: Iterable[Change],
        seed: int,
    ) -> None:
        self._finder = finder
        self._prizes = prizes
        self._gaps = Gaps()
        self.crowd = Crowd(mix, changes, _pairs(plans), seed)

    def hold(self, number: int) -> Opened:
        """Hold the auctions of block `number`; the winners trade at once, the best gap first.

        No gap spoils another: two of them never trade in one pool in one direction.
        """
        takings: list[Taking] = []
        auctions = self.crowd.auctions()
        for auction in auctions:
            if auction.winner is not None:
                takings.append(self._take(auction, f"sandbox:{number}:{len(takings) + 1}"))
        return Opened(takings, tuple(auction.contest for auction in auctions))

    def end_block(self, number: int, coming_gas_price_wei: int, regime: str) -> None:
        """Block `number` is over: see what it leaves open at the next block's price of gas."""
        candidates = self._finder.among(self._finder.loops)
        prizes = self._prizes.paying(candidates, coming_gas_price_wei)
        gaps = self._gaps.at_end(prizes)
        self.crowd.end_block(number, gaps, regime)

    def _take(self, auction: Auction, reference: str) -> Taking:
        prize = auction.gap.prize
        return Taking(
            reference=reference,
            searcher=f"sandbox:{auction.winner}",
            pools=tuple(pool for pool, _ in auction.gap.directions),
            profit_token=prize.cycle.hops[0][1],
            profit=self._prizes.take(prize.cycle),
            gas_cost_wei=prize.gas_wei,
            builder_payment_wei=auction.contest.best_payment_wei,
        )


def _pairs(plans: Iterable[PoolPlan]) -> list[Pair]:
    """The pairs that trade, in the order of their first pools."""
    return list(dict.fromkeys(pair_of(p.token0.address, p.token1.address) for p in plans))
