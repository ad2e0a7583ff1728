"""What pays: cycles at their best size, and what they leave after gas."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from operator import is_

from aineon.feeds.sandbox.cycles import Candidate, CycleFinder, Hops
from aineon.feeds.sandbox.prices import OutsidePrices
from aineon.feeds.sandbox.sizing import SizedCycle, best_size
from aineon.feeds.sandbox.states import AnyPool, PoolStates
from aineon.feeds.sandbox.universe import UNISWAP_V3, WETH, PoolPlan
from aineon.search.costs import CONCENTRATED_GAS, CONSTANT_PRODUCT_GAS, TRANSACTION_GAS

_EXECUTOR_GAS = 12_000
# Where liquidity changes at the next tick, a curve's beginning misleads; what looks too small
# by less than this factor gets an exact look all the same.
_DOUBT = 3.0
_MOST_SIZES = 2000


@dataclass(frozen=True, slots=True)
class Prize:
    """A cycle that pays: what it leaves after gas, and that gas, in wei."""

    net_wei: int
    gas_wei: int
    cycle: SizedCycle


class Prizes:
    """Finds what pays at the present states, and takes it."""

    def __init__(
        self,
        plans: Iterable[PoolPlan],
        states: PoolStates,
        finder: CycleFinder,
        prices: OutsidePrices,
    ) -> None:
        self._venues = {plan.address: plan.venue for plan in plans}
        self._states = states
        self._finder = finder
        self._prices = prices
        self._sizes: dict[Hops, tuple[tuple[AnyPool, ...], SizedCycle | None]] = {}

    def paying(self, candidates: Iterable[Candidate], gas_price_wei: int) -> Iterator[Prize]:
        """Those candidates that leave something after gas, at their best size."""
        for candidate in candidates:
            gas_units, doubt = self._gas_and_doubt(candidate.hops)
            base = candidate.hops[0][1]
            worth = 1.0 if base == WETH else self._prices.rate(base, WETH)
            gas_wei = gas_units * gas_price_wei
            if candidate.estimate * worth * doubt < gas_wei:
                continue
            sized = self._sized(candidate)
            if sized is not None:
                profit_wei = sized.profit if base == WETH else int(sized.profit * worth)
                if profit_wei > gas_wei:
                    yield Prize(profit_wei - gas_wei, gas_wei, sized)

    def take(self, sized: SizedCycle) -> int:
        """Carry the swaps of a cycle out; return its profit before gas, in the base's units."""
        amount = sized.amount_in
        for address, token_in, token_out in sized.hops:
            amount = self._states.swap(address, token_in, token_out, amount).amount_out
            self._finder.refresh(address)
        return amount - sized.amount_in

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

    def _gas_and_doubt(self, hops: Hops) -> tuple[int, float]:
        units, doubt = TRANSACTION_GAS + _EXECUTOR_GAS, 1.0
        for address, _, _ in hops:
            if self._venues[address] == UNISWAP_V3:
                units += CONCENTRATED_GAS
                doubt = _DOUBT
            else:
                units += CONSTANT_PRODUCT_GAS
        return units, doubt
