"""FeatureBuilder: watches a market block by block, and tells what is known of an opportunity."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from math import nan

import numpy as np

from aineon.amm import Pool
from aineon.errors import OptimizerError
from aineon.market import Market
from aineon.optimizer.features import alternatives, liquidity, sizes, spread
from aineon.optimizer.features.catalogue import NAMES
from aineon.optimizer.features.competition import Competition
from aineon.optimizer.features.flow import Flow
from aineon.optimizer.features.gas import Gas
from aineon.optimizer.features.memory import Floats
from aineon.optimizer.features.moment import Moment
from aineon.optimizer.features.openings import Openings, paid_share
from aineon.optimizer.features.pairs import Pairs
from aineon.optimizer.features.regimes import Regimes
from aineon.optimizer.features.rivals import Rivals
from aineon.optimizer.features.seeing import TakingSeen, gap_of, pair_of, pair_of_pools
from aineon.optimizer.features.technical import Technical
from aineon.optimizer.regimes.regime import RegimeReading
from aineon.primitives import Address, Block
from aineon.primitives.units import ETHER
from aineon.search import CostModel, Opportunity


class FeatureBuilder:
    """Makes the vectors of features, from nothing but what a block's end has shown.

    A block costs what changed in it, and memory is bounded by the market's pools. What is read
    depends on what was observed and asked, in that order, and on nothing else: no clock, no dice.

    Args:
        costs: what amounts are worth in ether, as the scanner counts it.
    """

    def __init__(self, costs: CostModel) -> None:
        self._costs = costs
        self._pairs = Pairs(costs.native_token)
        self._technical = Technical()
        self._regimes = Regimes(costs.native_token)
        self._gas = Gas()
        self._moment = Moment()
        self._openings = Openings()
        self._competition = Competition()
        self._rivals = Rivals()
        self._flow: Flow | None = None
        self._block: Block | None = None
        # Of a feed that told of no taking so far it is not known that nobody took a gap.
        self._tells_of_others = False

    @property
    def regime(self) -> RegimeReading:
        """What is thought of the market's character after the newest block."""
        return self._regimes.reading

    def observe(
        self,
        block: Block,
        before: Mapping[Address, Pool],
        market: Market,
        changed: Collection[Address],
        takings: Sequence[TakingSeen] = (),
    ) -> None:
        """A block has ended; call it once a block, before anything is decided in it.

        Args:
            block: its header.
            before: the pools as the block found them.
            market: the market as the block leaves it.
            changed: the pools that differ, as `Market.apply` returns them.
            takings: what others took in the block.
        """
        now = block.number
        if self._flow is None:
            self._flow = Flow(now)
        through = {**_of(takings, before), **_of(takings, market.pools)}
        self._rivals.turn(now, takings, through, self._regimes.unrest)
        self._settle(now, through, takings)
        self._block = block
        self._gas.observe(block)
        self._moment.observe(block)
        self._regimes.observe(now, market.pools, changed)
        touched = self._pairs.observe(now, market.pools, changed)
        native = self._costs.native_token
        self._technical.observe(now, [track for track in touched if track.base == native])

    def own(self, pair: str, landed: bool) -> None:
        """An own attempt on `pair` ended.

        On paper, where it is known what every bid would have done, tell after each opportunity
        whether the dearest bid would have landed.
        """
        if self._block is not None:
            self._competition.own(pair, self._block.number, landed)

    def vector(self, opportunity: Opportunity, market: Market) -> Floats:
        """What is known of an opportunity, in the order of `catalogue.NAMES`; nan is unknown.

        It also notes that the gap stands open, so that the next block tells how it ended. Asked
        again in the same block, it answers the same.

        Raises:
            OptimizerError: no block was observed.
        """
        if self._block is None or self._flow is None:
            raise OptimizerError("features were asked for before a block was observed")
        now, route = self._block.number, opportunity.route
        pair = pair_of(route)
        worth = sizes.worth_of(opportunity, market, self._costs)
        shares = sizes.depth_shares(opportunity)
        track = self._pairs.of_route(route, now)
        swaps, grows = gap_of(route), self._gas.grows
        alternative = alternatives.alternative_of(route, self._pairs, market.pools)
        values = {
            **sizes.values(opportunity, worth, shares, market, now),
            **self._openings.note(pair, swaps, worth.net, now),
            **alternatives.values(worth, alternative),
            **spread.values(route, track, now),
            **liquidity.values(shares, worth.amount, track, now),
            **self._flow.values(pair, track, now),
            **self._gas.values(now, worth.gas),
            **self._competition.values(pair, now, worth.net),
            **self._rivals.values(route, swaps, worth, alternative, grows),
            **self._moment.values(),
            **self._technical.values(self._pairs.native_of_route(route, now)),
            **self._regimes.values(),
        }
        vector = np.array([values[name] for name in NAMES], dtype=np.float64)
        vector[~np.isfinite(vector)] = np.nan
        return vector

    def _settle(
        self, now: int, pools: Mapping[Address, Pool], takings: Sequence[TakingSeen]
    ) -> None:
        """Learn how what stood open ended, and of what others took besides."""
        assert self._flow is not None
        self._tells_of_others = self._tells_of_others or bool(takings)
        prices: dict[int, float] = {}
        for ended in self._openings.turn(takings):
            opening = ended.opening
            then = now - 1 if self._block is None else self._block.number
            self._flow.seen(opening.pair, then)
            self._competition.seen(opening.pair, then)
            taken = ended.taking is not None
            if self._tells_of_others:
                self._competition.ended(opening.pair, now, opening.net, ended.price, taken)
            prices[id(ended.taking)] = ended.price
        for taking in takings:
            pair = pair_of_pools([pools[each] for each in taking.pools if each in pools])
            price = prices.get(id(taking), paid_share(taking, nan))
            if id(taking) not in prices:
                net = nan if taking.net_wei is None else taking.net_wei / ETHER
                self._competition.ended(pair, now, net, price, taken=True)
            self._competition.took(pair, now, taking.searcher, price)


def _of(takings: Sequence[TakingSeen], pools: Mapping[Address, Pool]) -> dict[Address, Pool]:
    """The pools that takings went through, as far as they are known."""
    return {
        address: pools[address]
        for taking in takings
        for address in taking.pools
        if address in pools
    }
