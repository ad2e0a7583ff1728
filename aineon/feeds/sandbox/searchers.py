"""Competing searchers: whoever sees a cycle that pays takes it, sooner or later.

A searcher reacts to a trade some time after it, and then takes every cycle through that pool
that it knows of, that pays for its gas, and that leaves its least profit. Reaction times scatter
widely: most are a fraction of a second, some are long because a bundle lost its auction or a
validator built the block alone. What nobody has taken when the block ends is what others see.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import is_

from aineon.feeds.base import Taking
from aineon.feeds.sandbox.cycles import Candidate, CycleFinder, Hops
from aineon.feeds.sandbox.dice import Dice
from aineon.feeds.sandbox.prices import OutsidePrices
from aineon.feeds.sandbox.sizing import SizedCycle, best_size
from aineon.feeds.sandbox.states import AnyPool, PoolStates
from aineon.feeds.sandbox.universe import UNISWAP_V3, WETH, PoolPlan
from aineon.primitives import Address
from aineon.primitives.units import BPS, ETHER
from aineon.search.costs import CONCENTRATED_GAS, CONSTANT_PRODUCT_GAS, TRANSACTION_GAS

_EXECUTOR_GAS = 12_000
_MOST_IN_A_ROW = 12
# Where liquidity changes at the next tick, a curve's beginning misleads; what looks too small
# by less than this factor gets an exact look all the same.
_DOUBT = 3.0
_MOST_SIZES = 2000


@dataclass(frozen=True, slots=True)
class Character:
    """What kind of searcher somebody is.

    Attributes:
        slowness: reaction time as a multiple of the market's typical latency.
        lapses: chance that a reaction comes later than that by `LAPSE_FACTOR`.
        least_profit_wei: what must remain after gas.
        least_pool_dollars: pools smaller than this are not known to it.
        most_hops: the longest cycle that it looks for.
        builder_bps: share of the profit after gas that it pays for a place in the block.
    """

    name: str
    slowness: float
    lapses: float
    least_profit_wei: int
    least_pool_dollars: float
    most_hops: int
    builder_bps: int


LAPSE_FACTOR = 20.0
"""How much later than usual a searcher reacts when its bundle lost the auction, or the like."""

OVERLOOKED_SHARE = 0.35
OVERLOOKED_FACTOR = 60.0
"""Some changes go unnoticed for so many times the latency, or until the pool changes again."""

_SCATTER = 0.9
_OVERLOOKED_SCATTER = 0.8

CHARACTERS = (
    Character("searcher-1", 0.5, 0.05, ETHER // 250, 5e6, 2, 9200),
    Character("searcher-2", 1.0, 0.10, ETHER // 500, 1e6, 3, 8500),
    Character("searcher-3", 1.6, 0.15, ETHER // 1000, 0.0, 2, 7500),
    # Takes whatever pays for its gas, anywhere; the last resort.
    Character("searcher-4", 2.5, 0.15, 0, 0.0, 3, 6000),
)


@dataclass(frozen=True, slots=True)
class Prize:
    """A cycle that pays: what it leaves after gas, and that gas, in wei."""

    net_wei: int
    gas_wei: int
    cycle: SizedCycle


class Searchers:
    """All competing searchers of one sandbox."""

    def __init__(
        self,
        plans: Iterable[PoolPlan],
        states: PoolStates,
        finder: CycleFinder,
        prices: OutsidePrices,
        latency_ms: float,
        competitors: int,
        seed: int,
    ) -> None:
        self._plans = {plan.address: plan for plan in plans}
        self._states = states
        self._finder = finder
        self._prices = prices
        self._latency_ms = latency_ms
        self._dice = Dice(seed, "searchers")
        # However few there are, the last resort is among them.
        self.characters = CHARACTERS[len(CHARACTERS) - competitors :]
        self._gas_price_wei = 0
        self._sizes: dict[Hops, tuple[tuple[AnyPool, ...], SizedCycle | None]] = {}

    def begin_block(self, gas_price_wei: int) -> None:
        """Note what gas costs from now on."""
        self._gas_price_wei = gas_price_wei

    def paying(self, candidates: Iterable[Candidate]) -> Iterator[Prize]:
        """Those candidates that leave something after gas, at their best size."""
        for candidate in candidates:
            gas_units, doubt = self._gas_and_doubt(candidate.hops)
            base = candidate.hops[0][1]
            worth = 1.0 if base == WETH else self._prices.rate(base, WETH)
            gas_wei = gas_units * self._gas_price_wei
            if candidate.estimate * worth * doubt < gas_wei:
                continue
            sized = self._sized(candidate)
            if sized is not None:
                profit_wei = sized.profit if base == WETH else int(sized.profit * worth)
                if profit_wei > gas_wei:
                    yield Prize(profit_wei - gas_wei, gas_wei, sized)

    def interested(self, prizes: Sequence[Prize]) -> Iterator[Character]:
        """Whoever would take at least one of these."""
        for character in self.characters:
            if any(self._wants(character, prize) for prize in prizes):
                yield character

    def time_overlooked(self) -> float:
        """Draw for how many milliseconds nobody notices that a pool changed."""
        if not self._dice.chance(OVERLOOKED_SHARE):
            return 0.0
        return self._dice.log_normal(self._latency_ms * OVERLOOKED_FACTOR, _OVERLOOKED_SCATTER)

    def reaction_time(self, character: Character) -> float:
        """Draw how many milliseconds a searcher takes to react."""
        delay = self._dice.log_normal(self._latency_ms * character.slowness, _SCATTER)
        return delay * LAPSE_FACTOR if self._dice.chance(character.lapses) else delay

    def react(self, character: Character, pool: Address, label: str) -> list[Taking]:
        """Let a searcher take what it finds through a pool; return what it took."""
        takings: list[Taking] = []
        while len(takings) < _MOST_IN_A_ROW:
            prizes = self.paying(self._finder.through(pool))
            wanted = [prize for prize in prizes if self._wants(character, prize)]
            if not wanted:
                break
            best = max(wanted, key=lambda prize: prize.net_wei)
            self._carry_out(best.cycle)
            takings.append(
                Taking(
                    reference=f"sandbox:{label}:{len(takings) + 1}",
                    searcher=f"sandbox:{character.name}",
                    pools=tuple(hop[0] for hop in best.cycle.hops),
                    profit_token=best.cycle.hops[0][1],
                    profit=best.cycle.profit,
                    gas_cost_wei=best.gas_wei,
                    builder_payment_wei=best.net_wei * character.builder_bps // BPS,
                )
            )
        return takings

    def _wants(self, character: Character, prize: Prize) -> bool:
        hops = prize.cycle.hops
        return (
            prize.net_wei > character.least_profit_wei
            and len(hops) <= character.most_hops
            and all(self._plans[hop[0]].dollars >= character.least_pool_dollars for hop in hops)
        )

    def _sized(self, candidate: Candidate) -> SizedCycle | None:
        """The best size, computed once for as long as the pools stand as they do."""
        pools = self._states.pools
        now = tuple([pools[hop[0]] for hop in candidate.hops])
        known = self._sizes.get(candidate.hops)
        if known is not None and all(map(is_, known[0], now)):
            return known[1]
        if len(self._sizes) >= _MOST_SIZES:
            self._sizes.clear()
        sized = best_size(candidate, self._states)
        self._sizes[candidate.hops] = now, sized
        return sized

    def _carry_out(self, sized: SizedCycle) -> None:
        amount = sized.amount_in
        for address, token_in, token_out in sized.hops:
            amount = self._states.swap(address, token_in, token_out, amount).amount_out
            self._finder.refresh(address)

    def _gas_and_doubt(self, hops: Hops) -> tuple[int, float]:
        units, doubt = TRANSACTION_GAS + _EXECUTOR_GAS, 1.0
        for address, _, _ in hops:
            if self._plans[address].venue == UNISWAP_V3:
                units += CONCENTRATED_GAS
                doubt = _DOUBT
            else:
                units += CONSTANT_PRODUCT_GAS
        return units, doubt
