"""What the events of Balancer and Curve pools do to a market."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aineon.amm import (
    CryptoSwapPool,
    Pool,
    StablePool,
    StableSwapPool,
    WeightedPool,
)
from aineon.amm.stableswap.liquidity import mint
from aineon.errors import InvalidPoolState, MarketError, UnknownPool
from aineon.market import (
    BalancesChanged,
    BalancesMoved,
    CoinsExchanged,
    CoinsMoved,
    Market,
    MarketEvent,
    MarketUpdate,
    PoolAppeared,
    PoolVanished,
)
from aineon.primitives import Address, Block, Token
from tests.market.pools import DAI, OTHER, USDC, V2, WETH, v2

BALANCER = Address("0x" + "05" * 20)
CURVE = Address("0x" + "06" * 20)
META = Address("0x" + "07" * 20)
CRYPTO = Address("0x" + "08" * 20)
USDT = Token("0x" + "d4" * 20, "USDT", 6)
LP = Token("0x" + "e5" * 20, "3Crv", 18)
HALF = 5 * 10**17


def weighted() -> WeightedPool:
    return WeightedPool(BALANCER, (USDC, WETH), (10**12, 10**21), (HALF, HALF), 10**15)


def curve(**fields: Any) -> StableSwapPool:
    return StableSwapPool(
        CURVE,
        (DAI, USDC, USDT),
        (10**25, 2 * 10**13, 10**13),
        2000,
        4 * 10**6,
        admin_fee=5 * 10**9,
        lp_total_supply=4 * 10**25,
        **fields,
    )


def meta(base: StableSwapPool | None = None, **fields: Any) -> StableSwapPool:
    other = Token("0x" + "f6" * 20, "MIM", 18)
    return StableSwapPool(
        META,
        (other, LP),
        (10**24, 10**24),
        200,
        4 * 10**6,
        A_precision=100,
        admin_fee=5 * 10**9,
        base_pool=base or curve(),
        **fields,
    )


def crypto() -> CryptoSwapPool:
    # A small pool in balance: 1000 of each at prices 1, with D of all three together.
    tokens = (USDT, Token("0x" + "a7" * 20, "A", 18), Token("0x" + "b8" * 20, "B", 18))
    return CryptoSwapPool(
        CRYPTO,
        tokens,
        (10**9, 10**21, 10**21),
        2000,
        10**14,
        3 * 10**21,
        (10**18, 10**18),
        10**7,
        4 * 10**7,
        10**15,
    )


def market(*pools: Pool) -> Market:
    return Market(pools or (weighted(), curve(), v2()), Block(1, timestamp=1000))


def update(*events: MarketEvent, number: int = 2, timestamp: int | None = 1012) -> MarketUpdate:
    return MarketUpdate(Block(number, timestamp=timestamp), events)


class TestBalances:
    def test_absolute_balances(self) -> None:
        moved = market()
        assert moved.apply(update(BalancesChanged(BALANCER, (5, 6)))) == {BALANCER}
        assert moved.pool(BALANCER) == weighted().with_balances((5, 6))

    def test_relative_balances_by_token(self) -> None:
        moved = market()
        event = BalancesMoved(BALANCER, ((WETH.address, -7), (USDC.address, 3)))
        assert moved.apply(update(event, event)) == {BALANCER}
        assert moved.pool(BALANCER) == weighted().with_balances((10**12 + 6, 10**21 - 14))

    @pytest.mark.parametrize(
        ("event", "error", "said"),
        [
            (BalancesMoved(BALANCER, ((DAI.address, 1),)), MarketError, DAI.address),
            (BalancesMoved(BALANCER, ((USDC.address, -(10**13)),)), InvalidPoolState, "balances"),
            (BalancesChanged(BALANCER, (5,)), InvalidPoolState, "balances"),
            (BalancesMoved(V2, ((USDC.address, 1),)), MarketError, "ConstantProductPool"),
            (BalancesChanged(V2, (1, 2)), MarketError, "ConstantProductPool"),
            (CoinsExchanged(V2, 0, 5, 1, 5), MarketError, "ConstantProductPool"),
            (CoinsExchanged(CURVE, 0, 5, 7, 5), MarketError, "coins 0 and 7"),
            (CoinsExchanged(CURVE, -1, 5, 0, 5), MarketError, "coins -1 and 0"),
            (CoinsMoved(CURVE, (1, 2), (0, 0)), MarketError, "2 amounts"),
            (CoinsMoved(CURVE, (-(10**30), 0, 0), (0, 0, 0)), InvalidPoolState, "balance"),
            (BalancesChanged(OTHER, (1, 2)), UnknownPool, OTHER),
        ],
    )
    def test_what_cannot_be_is_refused_as_a_whole(
        self, event: MarketEvent, error: type[Exception], said: str
    ) -> None:
        moved = market()
        before = dict(moved.pools)
        good = BalancesChanged(BALANCER, (5, 6))
        with pytest.raises(error, match=said):
            moved.apply(update(good, event))
        assert dict(moved.pools) == before
        assert moved.apply(update(good)) == {BALANCER}

    def test_a_rewind_brings_balances_back(self) -> None:
        moved = market()
        moved.apply(update(BalancesChanged(BALANCER, (5, 6))))
        moved.apply(update(PoolVanished(CURVE, "because"), number=3))
        assert moved.lost == {CURVE: "because"}
        assert moved.rewind(1) == {BALANCER, CURVE}
        assert moved.pool(BALANCER) == weighted()
        assert moved.pool(CURVE) == curve()
        assert moved.lost == {}


class TestCurveSwaps:
    @settings(max_examples=20)
    @given(st.permutations(range(3)), st.integers(10**3, 10**12))
    def test_a_swap_is_made_again(self, places: list[int], amount: int) -> None:
        sold, bought, _ = places
        tokens = curve().tokens
        amount *= 10 ** ((tokens[sold].decimals or 0) - 6)
        quote = curve().quote_exact_input(tokens[sold], tokens[bought], amount)
        moved = market()
        moved.apply(update(CoinsExchanged(CURVE, sold, amount, bought, quote.amount_out)))
        assert moved.pool(CURVE) == quote.pool_after

    def test_a_swap_that_pays_otherwise_makes_the_state_unknown(self) -> None:
        paid = curve().quote_exact_input(DAI, USDC, 10**20).amount_out
        moved = market()
        events = (
            CoinsExchanged(CURVE, 0, 10**20, 1, paid + 1),
            # What happens afterwards does not make it known again.
            CoinsExchanged(CURVE, 0, 10**20, 1, 5),
            CoinsMoved(CURVE, (1, 1, 1), (0, 0, 0)),
        )
        assert moved.apply(update(*events)) == {CURVE}
        assert CURVE not in moved
        assert (
            f"paid {paid + 1} for {10**20}, where its known state pays {paid}" in moved.lost[CURVE]
        )
        assert DAI not in moved.graph
        # It is known again when it is read afresh.
        assert moved.apply(update(PoolAppeared(curve()), number=3)) == {CURVE}
        assert (moved.pool(CURVE), moved.lost) == (curve(), {})

    def test_lost_and_read_afresh_in_one_update(self) -> None:
        moved = market()
        assert not moved.apply(update(CoinsExchanged(CURVE, 0, 5, 1, 10**6), PoolAppeared(curve())))
        assert moved.pool(CURVE) == curve()

    def test_a_swap_that_the_pool_would_refuse_makes_it_unknown(self) -> None:
        moved = market(curve(is_killed=True))
        moved.apply(update(CoinsExchanged(CURVE, 0, 10**20, 1, 10**8)))
        assert "killed" in moved.lost[CURVE]

    def test_a_crypto_pool_without_its_oracle_cannot_be_followed(self) -> None:
        pool = crypto()
        paid = pool.quote_exact_input(*pool.tokens[:2], 10**6).amount_out
        moved = market(pool)
        moved.apply(update(CoinsExchanged(CRYPTO, 0, 10**6, 1, paid)))
        assert CRYPTO in moved.lost
        assert CRYPTO not in moved


class TestCurveLiquidity:
    @settings(max_examples=25)
    @given(st.tuples(*[st.integers(0, 10**12)] * 3).filter(any))
    def test_a_deposit_leaves_what_the_contract_books(self, units: tuple[int, ...]) -> None:
        pool = curve()
        amounts = tuple(
            unit * 10 ** ((token.decimals or 0) - 6)
            for unit, token in zip(units, pool.tokens, strict=True)
        )
        booked = mint(pool._ready(), 4 * 10**25, amounts)
        moved = market()
        supply = 4 * 10**25 + booked.amount
        moved.apply(update(CoinsMoved(CURVE, amounts, logged_fees(pool, amounts), supply)))
        expected = pool.with_balances(booked.balances).with_lp_total_supply(supply)
        assert moved.pool(CURVE) == expected

    def test_a_balanced_withdrawal(self) -> None:
        moved = market()
        moved.apply(update(CoinsMoved(CURVE, (-5, -6, -7), (0, 0, 0), 9)))
        balances = (10**25 - 5, 2 * 10**13 - 6, 10**13 - 7)
        assert moved.pool(CURVE) == curve().with_balances(balances).with_lp_total_supply(9)

    def test_liquidity_of_other_kinds_cannot_be_followed(self) -> None:
        moved = market(crypto())
        moved.apply(update(CoinsMoved(CRYPTO, (1, 1, 1), (0, 0, 0))))
        assert "liquidity" in moved.lost[CRYPTO]


def logged_fees(pool: StableSwapPool, amounts: tuple[int, ...]) -> tuple[int, ...]:
    """The fees that `add_liquidity` logs, by the contract's formula of its own."""
    new = [balance + amount for balance, amount in zip(pool.balances, amounts, strict=True)]
    after = pool.with_balances(new).D
    fee = pool.fee * 3 // (4 * 2)
    return tuple(
        fee * abs(after * old // pool.D - now) // 10**10
        for old, now in zip(pool.balances, new, strict=True)
    )


class TestMetapools:
    def test_it_follows_its_base_pool_within_a_block(self) -> None:
        moved = market(curve(), meta())
        swap = curve().quote_exact_input(DAI, USDC, 10**22)
        over = meta(swap.pool_after)  # type: ignore[arg-type]
        trade = over.quote_exact_input(*over.tokens, 10**21)
        changed = moved.apply(
            update(
                CoinsExchanged(CURVE, 0, 10**22, 1, swap.amount_out),
                CoinsExchanged(META, 0, 10**21, 1, trade.amount_out),
            )
        )
        assert changed == {CURVE, META}
        assert moved.pool(META) == trade.pool_after

    def test_the_control_over_a_stale_base_pool_the_swap_does_not_fit(self) -> None:
        swap = curve().quote_exact_input(DAI, USDC, 10**24)
        over = meta(swap.pool_after)  # type: ignore[arg-type]
        trade = over.quote_exact_input(*over.tokens, 10**23)
        moved = market(meta())
        moved.apply(update(CoinsExchanged(META, 0, 10**23, 1, trade.amount_out)))
        assert META in moved.lost

    def test_a_base_pool_that_only_metapools_hold_is_watched_too(self) -> None:
        moved = market(meta())
        assert CURVE in moved.watched
        assert CURVE not in moved
        assert OTHER not in moved.watched
        swap = curve().quote_exact_input(DAI, USDC, 10**22)
        moved.apply(update(CoinsExchanged(CURVE, 0, 10**22, 1, swap.amount_out)))
        assert moved.pool(META) == meta(swap.pool_after)  # type: ignore[arg-type]
        assert CURVE not in moved

    @pytest.mark.parametrize("held", [True, False])
    def test_it_is_lost_with_its_base_pool(self, held: bool) -> None:
        moved = market(*((curve(), meta()) if held else (meta(),)))
        assert moved.apply(update(PoolVanished(CURVE, "unread"))) >= {META}
        assert "base pool" in moved.lost[META]
        assert CURVE not in moved.watched

    def test_one_that_comes_is_followed_and_one_that_goes_is_not(self) -> None:
        moved = market(curve())
        swap = curve().quote_exact_input(DAI, USDC, 10**22)
        event = CoinsExchanged(CURVE, 0, 10**22, 1, swap.amount_out)
        moved.apply(update(PoolAppeared(meta()), event))
        assert moved.pool(META) == meta(swap.pool_after)  # type: ignore[arg-type]
        moved.apply(update(PoolVanished(META), number=3))
        assert META not in moved.watched
        assert moved.rewind(2) == {META}
        assert META in moved.watched

    def test_its_underlying_coins_follow_as_well(self) -> None:
        moved = market(meta().underlying)
        swap = curve().quote_exact_input(DAI, USDC, 10**22)
        moved.apply(update(CoinsExchanged(CURVE, 0, 10**22, 1, swap.amount_out)))
        assert moved.pool(META) == meta(swap.pool_after).underlying  # type: ignore[arg-type]

    def test_its_own_swaps_are_known_where_the_underlying_coins_are_held(self) -> None:
        moved = market(meta().underlying)
        trade = meta().quote_exact_input(*meta().tokens, 10**21)
        moved.apply(update(CoinsExchanged(META, 0, 10**21, 1, trade.amount_out)))
        after = trade.pool_after
        assert isinstance(after, StableSwapPool)
        assert moved.pool(META) == after.underlying
        moved.apply(update(CoinsExchanged(META, 0, 10**21, 1, 5), number=3))
        assert META in moved.lost

    def test_a_cached_price_counts_until_it_expires(self) -> None:
        price = curve().get_virtual_price() - 10**15
        cached = meta(base_virtual_price=price, base_cache_updated=1000, block_timestamp=1000)
        moved = market(cached)
        assert not moved.apply(update(number=2, timestamp=1600))
        assert moved.pool(META) is cached
        assert moved.apply(update(number=3, timestamp=1601)) == {META}
        expired = moved.pool(META)
        assert isinstance(expired, StableSwapPool)
        assert expired.rates[-1] == curve().get_virtual_price()
        # A swap renews it, at the time of its block.
        trade = cached.with_timestamp(1700).quote_exact_input(*cached.tokens, 10**21)
        moved.apply(
            update(CoinsExchanged(META, 0, 10**21, 1, trade.amount_out), number=4, timestamp=1700)
        )
        renewed = moved.pool(META)
        assert isinstance(renewed, StableSwapPool)
        assert renewed.base_cache_updated == 1700
        assert not moved.apply(update(number=5, timestamp=2300))


def test_a_stable_pool_of_balancer_moves_by_tokens() -> None:
    pool = StablePool(BALANCER, (DAI, USDC), (10**24, 10**12), 200_000, 10**14)
    swap = pool.quote_exact_input(DAI, USDC, 10**20)
    moved = market(pool)
    deltas = ((DAI.address, 10**20), (USDC.address, -swap.amount_out))
    moved.apply(update(BalancesMoved(BALANCER, deltas)))
    assert moved.pool(BALANCER) == swap.pool_after


def test_events_are_frozen_and_differ_by_kind() -> None:
    assert BalancesChanged(CURVE, (1, 2)) != BalancesMoved(CURVE, ((USDC.address, 1),))
    assert replace(PoolVanished(CURVE), reason="x") == PoolVanished(CURVE, "x")
    with pytest.raises(AttributeError):
        CoinsMoved(CURVE, (), ()).supply = 5  # type: ignore[misc]


@pytest.mark.parametrize(
    "event",
    [
        BalancesMoved(CURVE, 5),  # type: ignore[arg-type]
        BalancesMoved(CURVE, ((USDC.address,),)),  # type: ignore[arg-type]
        BalancesMoved(CURVE, (([], 1),)),  # type: ignore[arg-type]
        BalancesMoved(CURVE, ((USDC.address, "1"),)),  # type: ignore[arg-type]
        CoinsExchanged(CURVE, [], 1, 1, 1),  # type: ignore[arg-type]
        CoinsExchanged(CURVE, True, 1, 2, 1),
        CoinsMoved(CURVE, None, (0, 0, 0)),  # type: ignore[arg-type]
        CoinsMoved(CURVE, (1, 1, "1"), (0, 0, 0)),  # type: ignore[arg-type]
        CoinsMoved(CURVE, (1, 1, 1), (0, 0, 0.5)),  # type: ignore[arg-type]
    ],
)
def test_malformed_events_are_refused_by_name_and_change_nothing(event: MarketEvent) -> None:
    held = market(curve(), v2())
    with pytest.raises(MarketError, match=type(event).__name__):
        held.apply(update(PoolVanished(V2), event, number=2))
    assert held.pool(CURVE) == curve()
    assert V2 in held
