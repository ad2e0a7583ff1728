"""Rewinding undoes applying, whatever happened, bit for bit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from aineon.amm import ConcentratedPool, ConstantProductPool, WeightedPool
from aineon.market import (
    BalancesChanged,
    BalancesMoved,
    LiquidityChanged,
    Market,
    MarketEvent,
    MarketUpdate,
    PoolAppeared,
    PoolVanished,
    PriceMoved,
    ReservesChanged,
)
from aineon.primitives import Address
from tests.market.pools import DAI, WETH, block, v2, v3

V2S = [Address(f"0x{n:040x}") for n in range(1, 4)]
V3S = [Address(f"0x{n:040x}") for n in range(11, 13)]
WEIGHTED = Address(f"0x{21:040x}")


@dataclass(frozen=True)
class Snapshot:
    """All that can be seen of a market, in its order."""

    pools: tuple[tuple[Address, Any], ...]
    changed_at: tuple[int | None, ...]
    hops: tuple[Any, ...]
    moment: tuple[Any, ...]

    @classmethod
    def of(cls, market: Market) -> Snapshot:
        return cls(
            tuple((address, state_of(pool)) for address, pool in market.pools.items()),
            tuple(market.changed_at(address) for address in market.pools),
            tuple((token, market.graph.hops_from(token)) for token in market.graph),
            (market.block, market.step, len(market), dict(market.lost)),
        )


def state_of(pool: Any) -> tuple[Any, ...]:
    """Values and answers of a pool, so that derived tables are compared as well."""
    if isinstance(pool, ConstantProductPool):
        return (pool.reserve0, pool.reserve1)
    if isinstance(pool, WeightedPool):
        return pool.balances
    ticks = tuple(sorted(pool.ticks.items()))
    quotes = tuple(pool.quote_exact_input(*pair, 10**19)[:3] for pair in ((DAI, WETH), (WETH, DAI)))
    return (pool.sqrt_price_x96, pool.tick, pool.liquidity, ticks, quotes)


def weighted(address: Address) -> WeightedPool:
    return WeightedPool(address, (DAI, WETH), (10**21, 10**21), (5 * 10**17, 5 * 10**17), 1)


def one_event(data: st.DataObject, market: Market) -> MarketEvent:
    """An event that can happen to the market as it is."""
    known = list(market.pools)
    absent = [a for a in (*V2S, *V3S, WEIGHTED) if a not in market]
    kinds = ["swap", "liquidity", "vanish"] if known else []
    kind = data.draw(st.sampled_from([*kinds, *(["appear"] if absent else [])]))
    if kind == "appear":
        address = data.draw(st.sampled_from(absent))
        makers = {**dict.fromkeys(V2S, v2), **dict.fromkeys(V3S, v3), WEIGHTED: weighted}
        return PoolAppeared(makers[address](address))
    address = data.draw(st.sampled_from(known))
    pool = market.pool(address)
    if kind == "vanish":
        return PoolVanished(address, data.draw(st.sampled_from(["", "unknown"])))
    if isinstance(pool, WeightedPool):
        if kind == "swap":
            return BalancesMoved(address, ((WETH.address, data.draw(st.integers(-9, 9))),))
        return BalancesChanged(address, (data.draw(st.integers(10**3, 10**9)), 10**21))
    if isinstance(pool, ConcentratedPool):
        if kind == "liquidity":
            lower = data.draw(st.integers(-20, 19)) * 60
            upper = data.draw(st.integers(lower // 60 + 1, 20)) * 60
            return LiquidityChanged(address, lower, upper, data.draw(st.integers(1, 10**21)))
        pair = data.draw(st.sampled_from([(DAI, WETH), (WETH, DAI)]))
        after = pool.quote_exact_input(*pair, data.draw(st.integers(1, 10**20))).pool_after
        assert isinstance(after, ConcentratedPool)
        return PriceMoved(address, after.sqrt_price_x96, after.tick, after.liquidity)
    reserves = st.integers(1, 10**24)
    return ReservesChanged(address, data.draw(reserves), data.draw(reserves))


@settings(max_examples=40)
@given(data=st.data())
def test_rewind_undoes_apply(data: st.DataObject) -> None:
    market = Market([v2(V2S[0]), v3(V3S[0]), weighted(WEIGHTED)], block(100))
    at_end_of = {100: Snapshot.of(market)}
    number = 100
    for _ in range(data.draw(st.integers(1, 8))):
        number += data.draw(st.integers(1, 3))
        for step in range(data.draw(st.integers(1, 3))):
            # Events are drawn one by one on a copy, so that each fits the one before.
            preview = market.with_pools([])
            events = []
            for offset in range(data.draw(st.integers(0, 4))):
                event = one_event(data, preview)
                preview.apply(MarketUpdate(block(200 + offset), (event,)))
                events.append(event)
            before = dict(market.pools)
            changed = market.apply(MarketUpdate(block(number), tuple(events), step))
            assert dict(market.pools) == dict(preview.pools)
            assert changed == differing(before, dict(market.pools))
        at_end_of[number] = Snapshot.of(market)

    while len(at_end_of) > 1:
        remaining = sorted(at_end_of)[:-1]
        target = data.draw(st.sampled_from(remaining))
        before = dict(market.pools)
        changed = market.rewind(target)
        assert Snapshot.of(market) == at_end_of[target]
        assert changed == differing(before, dict(market.pools))
        at_end_of = {n: snapshot for n, snapshot in at_end_of.items() if n <= target}


def differing(before: dict[Address, Any], after: dict[Address, Any]) -> set[Address]:
    return {a for a in before.keys() | after.keys() if before.get(a) != after.get(a)}
