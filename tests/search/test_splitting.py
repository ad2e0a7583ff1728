"""Splits: used where they leave more than the best single path, net of their gas."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aineon.amm import Pool
from aineon.errors import InvalidRoute
from aineon.market import Market
from aineon.primitives import Block
from aineon.search import (
    MOST_STEPS,
    CostModel,
    Hop,
    Opportunity,
    Route,
    best_input,
    find_opportunities,
    splitting,
)
from aineon.search.costs import CONSTANT_PRODUCT_GAS
from aineon.search.lenders import aave_v3
from aineon.search.parallel import ParallelPools
from aineon.search.sizing import optimal_input
from aineon.search.splitting import split_input, with_splits
from tests.search.markets import random_market, token, v2, v3
from tests.tooling.locks import ROOT

WETH, DAI = token(1, "WETH"), token(2, "DAI")
ETHER = 10**18
GWEI = 10**9
COSTS = CostModel(priority_fee_wei=0, native_token=WETH)

DEEP = v2(1, WETH, DAI, 5000 * ETHER, 10_000_000 * ETHER)
DEAR = v2(2, WETH, DAI, 500 * ETHER, 1_030_000 * ETHER)
DEAR_TOO = v2(3, WETH, DAI, 400 * ETHER, 822_000 * ETHER)
CHEAP = v2(4, WETH, DAI, 500 * ETHER, 970_000 * ETHER)


def market(*pools: Pool, gas_price: int | None = GWEI) -> Market:
    return Market(pools, Block(1, base_fee_wei=gas_price))


def sized(state: Market, sell_at: Pool, buy_at: Pool) -> Opportunity:
    route = Route([Hop(sell_at, WETH, DAI), Hop(buy_at, DAI, WETH)])
    found = best_input(route, block=state.block, costs=COSTS)
    assert found is not None
    return found


def net_of(opportunity: Opportunity) -> int:
    assert opportunity.net_profit is not None
    return opportunity.net_profit


class TestWithSplits:
    def test_a_second_dear_pool_sells_more_at_the_same_price(self) -> None:
        state = market(DEEP, DEAR, DEAR_TOO)
        single = sized(state, DEAR, DEEP)
        wider = with_splits(single, state, COSTS)
        assert [len(hop.pools) for hop in wider.route] == [2, 1]
        assert net_of(wider) > net_of(single)
        assert wider.amount_in > single.amount_in
        assert wider.gas_units == (single.gas_units or 0) + CONSTANT_PRODUCT_GAS
        assert wider.gas_cost == wider.gas_units * GWEI
        assert wider.confidence is not None
        assert wider.confidence > 0.8
        assert wider.block == single.block

    def test_its_amounts_are_real_quotes_of_every_member(self) -> None:
        state = market(DEEP, DEAR, DEAR_TOO, CHEAP)
        wider = with_splits(sized(state, DEAR, DEEP), state, COSTS)
        amount = wider.amount_in
        for hop, paid in zip(wider.route, wider.amounts[1:], strict=True):
            assert hop.pool.quote_exact_input(hop.token_in, hop.token_out, amount).amount_out == (
                paid
            )
            amount = paid

    def test_both_hops_are_divided_where_both_pay(self) -> None:
        state = market(DEAR, DEAR_TOO, CHEAP, v2(5, WETH, DAI, 400 * ETHER, 777_000 * ETHER))
        wider = with_splits(sized(state, DEAR, CHEAP), state, COSTS)
        assert [len(hop.pools) for hop in wider.route] == [2, 2]

    def test_gas_that_eats_the_gain_keeps_the_single_path(self) -> None:
        single_gain = None
        for gas_price, divided in ((GWEI, True), (3000 * GWEI, False)):
            state = market(DEEP, DEAR, DEAR_TOO, gas_price=gas_price)
            route = Route([Hop(DEAR, WETH, DAI), Hop(DEEP, DAI, WETH)])
            amounts = optimal_input(route)
            assert amounts is not None
            units = COSTS.gas_units(route, amounts)
            single = Opportunity(route, amounts, 0, units, units * gas_price, block=state.block)
            wider = with_splits(single, state, COSTS)
            assert (wider is not single) == divided
            single_gain = single_gain or net_of(wider) - net_of(single)
        # The control: what the split gained at low gas is less than its gas at the high price.
        assert single_gain is not None
        assert single_gain < CONSTANT_PRODUCT_GAS * 2999 * GWEI

    def test_without_a_pool_that_helps_the_opportunity_is_returned_itself(self) -> None:
        # The first has no further pool, in the second one it pays worse than the cycle's own.
        for state in (market(DEEP, DEAR), market(DEEP, DEAR, CHEAP)):
            single = sized(state, DEAR, DEEP)
            assert with_splits(single, state, COSTS) is single

    def test_a_pool_that_would_take_everything_is_another_cycle_and_no_split(self) -> None:
        far_better = v2(6, WETH, DAI, 500_000 * ETHER, 1_200_000_000 * ETHER)
        state = market(DEEP, DEAR, far_better)
        single = sized(state, DEAR, DEEP)
        assert with_splits(single, state, COSTS) is single

    def test_unknown_gas_is_never_zero(self) -> None:
        state = market(DEEP, DEAR, DEAR_TOO, gas_price=None)
        single = sized(state, DEAR, DEEP)
        assert single.gas_cost is None
        assert with_splits(single, state, COSTS) is single

    @settings(max_examples=15)
    @given(seed=st.integers(0, 10**9), gas_price=st.sampled_from([0, GWEI, 30 * GWEI]))
    def test_it_is_never_worse_and_always_true(self, seed: int, gas_price: int) -> None:
        pools = random_market(Random(seed), 3, 9, noise=0.01)
        state = market(*pools, gas_price=gas_price)
        if WETH not in state.tokens:
            return
        for single in find_opportunities(state, [WETH], 3, limit=3, costs=COSTS):
            wider = with_splits(single, state, COSTS)
            assert net_of(wider) >= net_of(single)
            assert len(set(wider.route.pools)) == len(wider.route.pools)
            shares = [
                hop.pool.split(hop.token_in, hop.token_out, amount)
                for hop, amount in zip(wider.route, wider.amounts, strict=False)
                if isinstance(hop.pool, ParallelPools)
            ]
            assert all(all(each) for each in shares)


class TestMostSteps:
    """What one transaction cannot swap through is never made."""

    DEARER = tuple(
        v2(20 + number, WETH, DAI, 100 * ETHER, (206_000 + 10 * number) * ETHER)
        for number in range(14)
    )

    def test_splits_end_where_a_transaction_does(self) -> None:
        state = market(DEEP, *self.DEARER, gas_price=1)
        wider = with_splits(sized(state, self.DEARER[0], DEEP), state, COSTS)
        assert len(wider.route.pools) == MOST_STEPS

    def test_without_the_limit_they_would_go_on(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The control: there are more pools that pay for themselves."""
        monkeypatch.setattr(splitting, "MOST_STEPS", 100)
        state = market(DEEP, *self.DEARER, gas_price=1)
        wider = with_splits(sized(state, self.DEARER[0], DEEP), state, COSTS)
        assert len(wider.route.pools) == len(self.DEARER) + 1 > MOST_STEPS

    @settings(max_examples=15)
    @given(seed=st.integers(0, 10**9), most=st.integers(2, 5))
    def test_no_market_makes_them_longer(self, seed: int, most: int) -> None:
        state = market(*random_market(Random(seed), 3, 14, noise=0.02), gas_price=1)
        if WETH not in state.tokens:
            return
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(splitting, "MOST_STEPS", most)
            for single in find_opportunities(state, [WETH], 3, limit=3, costs=COSTS):
                wider = with_splits(single, state, COSTS)
                assert len(wider.route.pools) <= max(most, len(single.route.pools))

    def test_it_is_the_contracts_own_bound(self) -> None:
        source = (ROOT / "contracts" / "AineonExecutor.vy").read_text()
        assert f"MOST_STEPS: constant(uint256) = {MOST_STEPS}\n" in source


class TestSplitInput:
    def test_a_cycle_without_divisions_is_sized_exactly(self) -> None:
        route = Route([Hop(DEAR, WETH, DAI), Hop(DEEP, DAI, WETH)])
        assert split_input(route, 5) == optimal_input(route, 5)

    @pytest.mark.parametrize("fee_bps", [0, 5])
    def test_no_input_of_a_fine_grid_leaves_a_millionth_more(self, fee_bps: int) -> None:
        curved = v3(7, WETH, DAI, 7680, [(6000, 9000, 10**22), (7620, 7740, 10**23)])
        pools = ParallelPools([DEAR, DEAR_TOO, curved], WETH, DAI)
        route = Route([Hop(pools, WETH, DAI), Hop(DEEP, DAI, WETH)])
        amounts = split_input(route, fee_bps)
        assert amounts is not None

        def left(amount_in: int) -> int:
            middle = pools.quote_exact_input(WETH, DAI, amount_in).amount_out
            amount_out = DEEP.quote_exact_input(DAI, WETH, middle).amount_out
            return amount_out - amount_in - aave_v3(fee_bps).fee(amount_in)

        best = left(amounts[0])
        assert best > 0
        for thousandths in range(-500, 501, 5):
            other = amounts[0] * (1000 + thousandths) // 1000
            assert left(other) <= best * (1 + 1e-6)
        # The control: a few percent aside it does leave less.
        assert left(amounts[0] * 95 // 100) < best * (1 - 1e-4)

    def test_a_start_beyond_what_the_pools_take_is_mended(self) -> None:
        """The curve near the price promises depth that ends soon behind it."""
        ends_soon = v3(7, WETH, DAI, 7680, [(7620, 7680, 10**24)])
        pools = ParallelPools([DEAR, ends_soon], DAI, WETH)
        back = v2(9, WETH, DAI, 5_000_000 * ETHER, 14_000_000_000 * ETHER)
        route = Route([Hop(back, WETH, DAI), Hop(pools, DAI, WETH)])
        amounts = split_input(route)
        assert amounts is not None
        assert amounts[-1] > amounts[0]

    def test_where_no_size_pays_there_is_none(self) -> None:
        even = ParallelPools([DEEP, v2(8, WETH, DAI, ETHER, 2000 * ETHER)], WETH, DAI)
        back = v2(9, WETH, DAI, 5000 * ETHER, 10_000_000 * ETHER)
        assert split_input(Route([Hop(even, WETH, DAI), Hop(back, DAI, WETH)])) is None

    def test_only_cycles_have_a_size(self) -> None:
        pools = ParallelPools([DEEP, DEAR], WETH, DAI)
        with pytest.raises(InvalidRoute, match="does not end"):
            split_input(Route([Hop(pools, WETH, DAI)]))
