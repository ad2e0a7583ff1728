"""Pools that swap through, or read, another pool: a market keeps them apart, or in step."""

from __future__ import annotations

import pytest

from aineon.amm import StableSwapPool
from aineon.errors import MarketError, SharedBasePool
from aineon.market import Market, MarketUpdate, PoolAppeared, PoolVanished
from aineon.primitives import Address, Block, Token
from tests.market.pools import DAI, USDC, V2, v2

BASE = Address("0x" + "06" * 20)
META = Address("0x" + "07" * 20)
OTHER_META = Address("0x" + "08" * 20)
USDT = Token("0x" + "d4" * 20, "USDT", 6)
LP = Token("0x" + "e5" * 20, "3Crv", 18)


def base() -> StableSwapPool:
    return StableSwapPool(
        BASE,
        (DAI, USDC, USDT),
        (10**25, 2 * 10**13, 10**13),
        2000,
        4 * 10**6,
        lp_token=LP,
        lp_total_supply=4 * 10**25,
    )


def meta(address: Address = META, over: StableSwapPool | None = None) -> StableSwapPool:
    own = Token(f"0x{int(address, 16) + 1:040x}", "OWN", 18)
    return StableSwapPool(
        address, (own, LP), (10**24, 10**24), 200, 4 * 10**6, A_precision=100,
        base_pool=over or base(),
    )  # fmt: skip


def moved_base() -> StableSwapPool:
    after = base().quote_exact_input(DAI, USDC, 10**24).pool_after
    assert isinstance(after, StableSwapPool)
    return after


def appears(*pools: object) -> MarketUpdate:
    return MarketUpdate(Block(number=2), tuple(PoolAppeared(pool) for pool in pools))  # type: ignore[arg-type]


class TestApart:
    """Two hops over one state would each be quoted as if the other did not happen."""

    def test_the_underlying_coins_need_the_base_pool_for_themselves(self) -> None:
        assert len(Market([meta().underlying, v2()])) == 2
        assert len(Market([meta(), meta(OTHER_META), base()])) == 3
        for beside in (base(), meta(OTHER_META), meta(OTHER_META).underlying):
            for pools in ([meta().underlying, beside], [beside, meta().underlying]):
                with pytest.raises(SharedBasePool, match=BASE) as caught:
                    Market(pools)
                assert isinstance(caught.value, MarketError)
                assert META in str(caught.value)
                assert beside.address in str(caught.value)

    def test_what_appears_is_held_against_what_is_there_and_nothing_half_done(self) -> None:
        market = Market([meta().underlying, v2()], Block(number=1))
        before = dict(market.pools)
        for newcomer in (base(), meta(OTHER_META)):
            with pytest.raises(SharedBasePool):
                market.apply(appears(v2(reserve0=7), newcomer))
            assert dict(market.pools) == before
            assert market.block == Block(number=1)
        # The metapool itself may be beside them, and takes its own address.
        assert market.apply(appears(meta(), base())) == {META, BASE}

    def test_the_place_is_free_once_the_other_pool_is_gone(self) -> None:
        market = Market([base(), v2()], Block(number=1))
        update = MarketUpdate(
            Block(number=2), (PoolVanished(BASE), PoolAppeared(meta().underlying))
        )
        assert market.apply(update) == {BASE, META}

    def test_what_if_copies_are_held_to_it(self) -> None:
        market = Market([meta(), base()])
        with pytest.raises(SharedBasePool):
            market.with_pools([meta().underlying])
        assert Market([meta()]).with_pools([meta().underlying]).pool(META) == meta().underlying


class TestInStep:
    """In a what-if copy a metapool swaps by its base pool as it is in that copy."""

    def test_a_metapool_follows_its_replaced_base_pool(self) -> None:
        market = Market([meta(), base(), v2()])
        copy = market.with_pools([moved_base()])
        followed = copy.pool(META)
        assert followed == meta(over=moved_base()) != market.pool(META)
        assert copy.pool(V2) is market.pool(V2)
        own = followed.tokens[0]
        before = market.pool(META).quote_exact_input(own, LP, 10**22).amount_out
        assert followed.quote_exact_input(own, LP, 10**22).amount_out < before

    def test_a_replaced_metapool_is_put_over_the_base_pool_that_is_there(self) -> None:
        market = Market([meta(), moved_base()])
        swapped = meta().quote_exact_input(*meta().tokens, 10**22).pool_after
        assert isinstance(swapped, StableSwapPool)
        found = market.with_pools([swapped]).pool(META)
        assert found == swapped.with_base_pool(moved_base())

    def test_without_its_base_pool_in_the_market_it_stays_as_it_was_given(self) -> None:
        over_moved = meta(over=moved_base())
        copy = Market([meta()]).with_pools([over_moved])
        assert copy.pool(META) is over_moved
        assert BASE in copy.watched
