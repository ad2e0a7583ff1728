from __future__ import annotations

from typing import Any

import pytest

from aineon.errors import (
    BlockOutOfOrder,
    DuplicatePool,
    InsufficientLiquidity,
    InvalidPoolState,
    MarketError,
    ReorgTooDeep,
    UnknownPool,
)
from aineon.market import (
    REMEMBERED_BLOCKS,
    LiquidityChanged,
    Market,
    MarketEvent,
    MarketUpdate,
    PoolAppeared,
    PoolVanished,
    PriceMoved,
    ReservesChanged,
)
from aineon.primitives import Address, Block
from tests.market.pools import DAI, OTHER, USDC, V2, V3, WETH, block, v2, v3


@pytest.fixture
def market() -> Market:
    return Market([v2(), v3()], block(100))


def update(number: int, *events: MarketEvent, step: int = 0) -> MarketUpdate:
    return MarketUpdate(block(number), events, step)


class TestReading:
    def test_pools_are_found_by_address_in_any_spelling(self, market: Market) -> None:
        assert market.pool(V2) == v2()
        assert market.pool("0X" + V2[2:].upper()) == v2()
        assert len(market) == 2
        assert list(market.pools) == [V2, V3]
        assert market.tokens == (USDC, WETH, DAI)

    @pytest.mark.parametrize("address", [OTHER, "pool", "0x12"])
    def test_an_unknown_address_is_refused_by_name(self, market: Market, address: str) -> None:
        with pytest.raises(UnknownPool, match=address):
            market.pool(address)
        with pytest.raises(UnknownPool, match=address):
            market.changed_at(address)

    def test_membership_takes_any_spelling_too(self, market: Market) -> None:
        assert V2 in market
        assert "0X" + V2[2:].upper() in market
        assert OTHER not in market
        assert "pool" not in market
        assert None not in market

    @pytest.mark.parametrize(
        "arguments",
        [
            {"pools": None},
            {"pools": [None]},
            {"pools": V2},
            {"block": 100},
            {"block": "latest"},
        ],
    )
    def test_what_is_no_market_is_refused(self, arguments: dict[str, Any]) -> None:
        with pytest.raises(MarketError, match="allowed|no pool"):
            Market(**arguments)

    def test_two_pools_with_one_address_are_refused(self) -> None:
        with pytest.raises(DuplicatePool, match=V2):
            Market([v2(), v2(reserve0=5)])

    def test_pools_cannot_be_written_through_the_mapping(self, market: Market) -> None:
        with pytest.raises(TypeError):
            market.pools[V2] = v2()  # type: ignore[index]

    def test_an_empty_market_knows_no_block(self) -> None:
        market = Market()
        assert (len(market), market.block, market.step, market.tokens) == (0, None, 0, ())


class TestApply:
    def test_sync_sets_reserves(self, market: Market) -> None:
        assert market.apply(update(101, ReservesChanged(V2, 7, 9))) == {V2}
        assert market.pool(V2) == v2().with_reserves(7, 9)
        assert market.block == block(101)

    def test_swap_of_a_concentrated_pool_moves_its_price(self, market: Market) -> None:
        after = v3().quote_exact_input(WETH, DAI, 10**18).pool_after
        event = PriceMoved(V3, after.sqrt_price_x96, after.tick, after.liquidity)  # type: ignore[attr-defined]
        assert market.apply(update(101, event)) == {V3}
        assert market.pool(V3) == after

    def test_mint_and_burn_change_liquidity(self, market: Market) -> None:
        market.apply(update(101, LiquidityChanged(V3, -60, 60, 10**20)))
        assert market.pool(V3) == v3().with_liquidity(-60, 60, 10**20)
        market.apply(update(102, LiquidityChanged(V3, -60, 60, -(10**20))))
        assert market.pool(V3) == v3()

    def test_events_of_one_update_build_on_each_other(self, market: Market) -> None:
        changed = market.apply(
            update(
                101,
                PoolAppeared(v2(OTHER)),
                ReservesChanged(OTHER, 3, 4),
                PoolVanished(V2),
                PoolAppeared(v2(reserve0=5)),
            )
        )
        assert changed == {OTHER, V2}
        assert market.pool(OTHER) == v2(OTHER, 3, 4)
        assert market.pool(V2) == v2(reserve0=5)

    def test_what_ends_as_it_began_did_not_change(self, market: Market) -> None:
        before = market.pool(V2)
        events = (ReservesChanged(V2, 7, 9), ReservesChanged(V2, 10**12, 10**21))
        assert market.apply(update(101, *events)) == frozenset()
        assert market.pool(V2) is before
        assert market.changed_at(V2) == 100

    def test_a_pool_that_comes_and_goes_in_one_update_did_not_change(self, market: Market) -> None:
        assert not market.apply(update(101, PoolAppeared(v2(OTHER)), PoolVanished(OTHER)))
        assert OTHER not in market

    def test_an_event_may_spell_its_address_in_any_way(self, market: Market) -> None:
        spelt = Address("0x" + V2[2:].upper())
        assert market.apply(update(101, ReservesChanged(spelt, 7, 9))) == {V2}

    @pytest.mark.parametrize(
        "wrong",
        [
            None,
            MarketUpdate(101),
            MarketUpdate(block(101), step=-1),
            MarketUpdate(block(101), (), None),
        ],  # type: ignore[arg-type]
    )
    def test_what_is_no_update_is_refused(self, market: Market, wrong: Any) -> None:
        with pytest.raises(MarketError, match="update"):
            market.apply(wrong)

    def test_the_block_of_the_last_change_is_remembered(self, market: Market) -> None:
        market.apply(update(103, ReservesChanged(V2, 7, 9)))
        assert (market.changed_at(V2), market.changed_at(V3)) == (103, 100)
        assert Market([v2()]).changed_at(V2) is None

    @pytest.mark.parametrize(
        ("event", "error"),
        [
            (ReservesChanged(OTHER, 1, 1), UnknownPool),
            (PoolVanished(OTHER), UnknownPool),
            (ReservesChanged(V3, 1, 1), MarketError),
            (PriceMoved(V2, 1 << 96, 0, 1), MarketError),
            (LiquidityChanged(V2, -60, 60, 1), MarketError),
            (ReservesChanged(V2, -1, 1), InvalidPoolState),
            (PriceMoved(V3, 1 << 96, 500, 10**21), InvalidPoolState),
            (LiquidityChanged(V3, -6000, 6000, -(10**22)), InsufficientLiquidity),
            (None, MarketError),
            (PoolAppeared(None), MarketError),  # type: ignore[arg-type]
            (PoolVanished([]), UnknownPool),  # type: ignore[arg-type]
        ],
    )
    def test_an_update_is_applied_as_a_whole_or_not_at_all(
        self, market: Market, event: MarketEvent, error: type[Exception]
    ) -> None:
        before = dict(market.pools), market.graph, market.block, market.step
        good = (PoolVanished(V3), PoolAppeared(v3()), ReservesChanged(V2, 7, 9))
        with pytest.raises(error):
            market.apply(update(101, *good, PoolAppeared(v2("0x" + "77" * 20)), event))
        assert (dict(market.pools), market.graph, market.block, market.step) == before
        assert market.pool(V2) is before[0][V2]
        # The control: without the last event the same update is fine.
        assert market.apply(update(101, *good)) == {V2}

    def test_what_was_read_before_stays_as_it_was(self, market: Market) -> None:
        pools, graph = market.pools, market.graph
        market.apply(update(101, ReservesChanged(V2, 7, 9), PoolVanished(V3)))
        assert pools[V2] == v2()
        assert V3 in pools
        assert len(graph) == 3


class TestOrder:
    def test_older_blocks_are_refused(self, market: Market) -> None:
        with pytest.raises(BlockOutOfOrder, match="99 is older than"):
            market.apply(update(99))

    def test_a_block_goes_on_with_rising_steps_only(self, market: Market) -> None:
        market.apply(update(100, step=1))
        market.apply(update(100, step=5))
        for step in (5, 4, 0):
            with pytest.raises(BlockOutOfOrder, match=f"step {step} of block 100"):
                market.apply(update(100, step=step))
        market.apply(update(101))
        assert market.step == 0

    def test_a_child_of_another_block_is_refused(self, market: Market) -> None:
        with pytest.raises(BlockOutOfOrder, match="rewind first"):
            market.apply(MarketUpdate(block(101, fork="f")))

    def test_another_block_of_the_same_height_is_refused(self, market: Market) -> None:
        with pytest.raises(BlockOutOfOrder, match="rewind first"):
            market.apply(MarketUpdate(block(100, fork="f"), step=1))

    def test_hashes_are_compared_only_where_both_are_known(self, market: Market) -> None:
        market.apply(MarketUpdate(Block(101)))
        market.apply(MarketUpdate(block(102, fork="f")))
        # Blocks were left out in between: the parent is not the block the market knows.
        market.apply(MarketUpdate(block(110)))
        assert market.block == block(110)

    def test_a_market_without_a_block_takes_any(self) -> None:
        market = Market([v2()])
        market.apply(update(7, step=3))
        assert (market.block, market.step) == (block(7), 3)


class TestRewind:
    def test_back_to_the_end_of_a_block_with_several_steps(self, market: Market) -> None:
        market.apply(update(101, ReservesChanged(V2, 1, 1)))
        market.apply(update(101, ReservesChanged(V2, 2, 2), step=3))
        market.apply(update(102, ReservesChanged(V2, 3, 3)))
        market.apply(update(102, PoolVanished(V3), step=1))
        assert market.rewind(101) == {V2, V3}
        assert market.pool(V2) == v2(reserve0=2, reserve1=2)
        assert (market.block, market.step) == (block(101), 3)
        assert (market.changed_at(V2), market.changed_at(V3)) == (101, 100)
        assert market.tokens == (USDC, WETH, DAI)

    def test_the_other_branch_can_follow(self, market: Market) -> None:
        market.apply(update(101, ReservesChanged(V2, 1, 1)))
        market.rewind(100)
        fork = Block(101, 10**9, hash="0xother", parent_hash="0x100")
        market.apply(MarketUpdate(fork, (ReservesChanged(V2, 8, 8),)))
        assert market.pool(V2) == v2(reserve0=8, reserve1=8)

    @pytest.mark.parametrize("to_block", [105, 106])
    def test_nothing_to_undo(self, market: Market, to_block: int) -> None:
        market.apply(update(105, ReservesChanged(V2, 1, 1)))
        assert market.rewind(to_block) == frozenset()
        assert market.block == block(105)

    def test_blocks_that_the_market_did_not_hear_of(self, market: Market) -> None:
        market.apply(update(105, ReservesChanged(V2, 1, 1)))
        assert market.rewind(103) == {V2}
        assert market.block == block(100)

    def test_to_before_the_first_block_of_a_market_that_began_without_one(self) -> None:
        market = Market([v2()])
        market.apply(update(50, ReservesChanged(V2, 1, 1)))
        assert market.rewind(49) == {V2}
        assert market.block is None
        assert market.pool(V2) == v2()

    @pytest.mark.parametrize("to_block", [None, "99", 99.0])
    def test_what_is_no_height_is_refused(self, market: Market, to_block: Any) -> None:
        with pytest.raises(MarketError, match="to_block is"):
            market.rewind(to_block)

    def test_deeper_than_remembered_is_refused_and_changes_nothing(self, market: Market) -> None:
        for number in range(101, 101 + REMEMBERED_BLOCKS + 1):
            market.apply(update(number, ReservesChanged(V2, number, number)))
        last = 101 + REMEMBERED_BLOCKS
        with pytest.raises(ReorgTooDeep, match="rewind to block 100"):
            market.rewind(100)
        assert market.block == block(last)
        assert market.pool(V2) == v2(reserve0=last, reserve1=last)
        # The control: one block less is remembered.
        assert market.rewind(101) == {V2}
        assert market.pool(V2) == v2(reserve0=101, reserve1=101)


class TestWhatIf:
    def test_a_copy_differs_in_the_replaced_pools_only(self, market: Market) -> None:
        copy = market.with_pools([v2(reserve0=5)])
        assert copy.pool(V2) == v2(reserve0=5)
        assert market.pool(V2) == v2()
        assert copy.pool(V3) is market.pool(V3)
        assert copy.graph is market.graph
        assert (copy.block, copy.step) == (market.block, market.step)

    def test_a_replacement_is_not_a_change_that_happened(self, market: Market) -> None:
        market.apply(update(105))
        assert market.with_pools([v2(reserve0=5)]).changed_at(V2) == 100

    def test_original_and_copy_move_on_independently(self, market: Market) -> None:
        copy = market.with_pools([])
        copy.apply(update(101, PoolVanished(V2)))
        market.apply(update(101, ReservesChanged(V2, 7, 9)))
        assert V2 not in copy
        assert market.pool(V2) == v2(reserve0=7, reserve1=9)

    def test_a_copy_has_no_history_of_its_own(self, market: Market) -> None:
        market.apply(update(101))
        with pytest.raises(ReorgTooDeep):
            market.with_pools([]).rewind(100)
        market.rewind(100)

    def test_replacing_a_pool_that_is_not_there_is_refused(self, market: Market) -> None:
        with pytest.raises(UnknownPool, match=OTHER):
            market.with_pools([v2(OTHER)])
