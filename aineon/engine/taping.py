"""Taping: runs a sandbox with auctions through market, scanner and features into a tape."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf, nan
from typing import Protocol

import numpy as np

from aineon.engine.others import takings_seen
from aineon.errors import FeedError
from aineon.execution.contests import needed_payment_wei
from aineon.feeds.base import Contest, FeedStep
from aineon.feeds.sandbox import SandboxFeed
from aineon.market import Market
from aineon.optimizer.arms import ARMS
from aineon.optimizer.features.builder import FeatureBuilder
from aineon.optimizer.features.catalogue import NAMES
from aineon.optimizer.features.memory import Floats
from aineon.optimizer.features.seeing import (
    DirectedPools,
    gap_of,
    one_a_gap,
    pair_of,
)
from aineon.optimizer.tape import Tape, TapeRow
from aineon.primitives import Address, Block, market_time
from aineon.primitives.units import ETHER
from aineon.search import CostModel, Opportunity, Scanner, Worths
from aineon.search.lenders import standard_lenders

MOST_HOPS = 3
"""Cycles of so many hops are looked for. Longer ones take twice the time, and in the sandbox,
where every token trades with the native one, none of them was ever the best of its gap."""

_MOST_SIZED = 100


class Oracle(Protocol):
    """Who knows what is hidden, but not the dice: the generator of a market."""

    def chances(
        self, directions: Iterable[tuple[Address, Address]], net_wei: float, shares: Sequence[float]
    ) -> Sequence[float]:
        """The chance to land in the next block, for each share of `net_wei` that is bid."""


def tape_of(
    feed: SandboxFeed, blocks: int, *, warm_up: int = 0, costs: CostModel | None = None
) -> Tape:
    """Record the opportunities of a sandbox, block after block from its start.

    An opportunity is what AINEON's scanner finds at the end of a block and would leave something
    after flash fee and gas; of those that share a swap only the best is kept. What it would have
    taken is told by the next block's auctions, and the chances by the generator itself.

    Args:
        feed: with rivals; its own warm-up does not count.
        blocks: how many are recorded. What the last one shows is left out: nobody knows yet how
            it ends.
        warm_up: how many blocks are only watched before.
        costs: what the engine reckons with; by default the usual lenders.

    Raises:
        FeedError: the feed has no auctions.
    """
    simulation = feed.simulation()
    costs = costs or CostModel(lenders=standard_lenders(), native_token=feed.native_token)
    recorder = Recorder(scanner_of(feed, costs), costs)
    recorder.watch(FeedStep(simulation.genesis()))
    for number in range(1, warm_up + blocks + 1):
        step = simulation.advance()
        if step.contests is None:
            raise FeedError(
                "this sandbox has no rivals, so nobody knows what a first place costs; "
                "give it a mix of them"
            )
        recorder.watch(step)
        if number > warm_up:
            recorder.record(simulation)
    return recorder.tape()


def scanner_of(feed: SandboxFeed, costs: CostModel) -> Scanner:
    """A scanner as the engine's: by approximate sizes, which miss a millionth of the profit."""
    return Scanner(
        feed.base_tokens,
        MOST_HOPS,
        costs,
        near_count=0,
        size_exactly=lambda _: False,
        size_at_most=_MOST_SIZED,
        judge=None,
    )


@dataclass(frozen=True, slots=True)
class _Open:
    """An opportunity that waits for the next block to tell how it ended."""

    swaps: DirectedPools
    net_wei: int
    gas_wei: int
    pair: str
    vector: Floats
    block: Block
    chances: Floats | None


class Recorder:
    """Watches one step of a feed after the other, and makes rows of what stands open.

    Args:
        scanner: finds the opportunities.
        costs: what it reckons with, and what amounts are worth.
        builder: makes the vectors; by default one that has seen nothing yet.
    """

    def __init__(
        self, scanner: Scanner, costs: CostModel, builder: FeatureBuilder | None = None
    ) -> None:
        self._scanner = scanner
        self._costs = costs
        self._market = Market()
        self._builder = builder or FeatureBuilder(costs)
        self._unscanned: set[Address] = set()
        self._waiting: list[_Open] = []
        self._rows: list[TapeRow] = []

    def watch(self, step: FeedStep) -> None:
        """A block has ended: it tells how what stood open before it ended."""
        block, before = step.update.block, self._market.pools
        changed = self._market.apply(step.update)
        self._unscanned |= changed
        seen = takings_seen(step.takings, self._costs, self._market)
        self._builder.observe(block, before, self._market, changed, seen)
        for waiting in self._waiting:
            needed = _needed(waiting, step.contests)
            self._rows.append(_row(waiting, needed, market_time(block)))
            # Whatever was bid, it is known what the dearest bid would have done.
            self._builder.own(waiting.pair, needed <= ARMS[-1])
        self._waiting.clear()

    def record(self, oracle: Oracle | None = None) -> None:
        """Note what stands open at the end of the block that was watched last."""
        market = self._market
        scan = self._scanner.scan(market, changed=self._unscanned)
        self._unscanned.clear()
        worths = Worths(self._costs, market)
        for opportunity in one_a_gap(each for each in scan.opportunities if _pays(each)):
            vector = self._builder.vector(opportunity, market)
            opened = _opened(opportunity, vector, worths, oracle)
            if opened is not None:
                self._waiting.append(opened)

    def tape(self) -> Tape:
        """All rows whose end is known."""
        return Tape.from_rows(NAMES, self._rows)

    def standing(self) -> Tape:
        """What stands open now: `needed` is unknown, and known at no time so far."""
        return Tape.from_rows(NAMES, (_row(each, nan, inf) for each in self._waiting))


def _pays(opportunity: Opportunity) -> bool:
    return opportunity.net_profit is not None and opportunity.net_profit > 0


def _opened(
    opportunity: Opportunity, vector: Floats, worths: Worths, oracle: Oracle | None
) -> _Open | None:
    net_wei = worths.of(opportunity.net_profit or 0, opportunity.base_token)
    gas_wei = worths.of(opportunity.gas_cost or 0, opportunity.base_token)
    block = worths.market.block
    if not net_wei or gas_wei is None or block is None:
        return None
    swaps = gap_of(opportunity.route)
    chances = None if oracle is None else np.array(oracle.chances(swaps, net_wei, ARMS))
    return _Open(swaps, net_wei, gas_wei, pair_of(opportunity.route), vector, block, chances)


def _needed(waiting: _Open, contests: Sequence[Contest] | None) -> float:
    """The least share that would have landed; inf where the builder was not reached."""
    if contests is None:
        return nan
    payment_wei = needed_payment_wei(waiting.swaps, contests)
    # Whoever offers the same does not go first.
    return inf if payment_wei is None else (payment_wei + bool(payment_wei)) / waiting.net_wei


def _row(waiting: _Open, needed: float, known_at: float) -> TapeRow:
    return TapeRow(
        vector=waiting.vector,
        pair=waiting.pair,
        block=waiting.block.number,
        time=market_time(waiting.block),
        net=waiting.net_wei / ETHER,
        gas=waiting.gas_wei / ETHER,
        needed=needed,
        known_at=known_at,
        chances=waiting.chances,
    )
