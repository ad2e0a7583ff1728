from __future__ import annotations

from fractions import Fraction

import pytest

from aineon.amm import StableSwapPool, WeightedPool
from aineon.errors import ConfigurationError
from aineon.market import Market
from aineon.primitives import Block
from aineon.search import CostModel, Hop, Route
from aineon.search.costs import (
    BALANCER_SWAP_GAS,
    CONCENTRATED_GAS,
    CONSTANT_PRODUCT_GAS,
    CROSSED_TICK_GAS,
    EXECUTOR_GAS,
    OTHER_POOL_GAS,
    STABLE_SWAP_GAS,
    TRANSACTION_GAS,
    WRAPPED_ETHER,
    swap_gas,
)
from aineon.search.lenders import BALANCER_FLASH_GAS, BALANCER_V2, OWN, Lender, aave_v3
from aineon.search.parallel import ParallelPools
from tests.search.markets import address, token, v2, v3

DAI, WETH, LINK = token(1, "DAI"), token(2, "WETH"), token(3, "LINK")
ETHER = 10**18
BLOCK = Block(7, base_fee_wei=9 * 10**9)
MODEL = CostModel(priority_fee_wei=10**9, native_token=WETH)


def pair(pool: object, back: object) -> Route:
    return Route([Hop(pool, WETH, DAI), Hop(back, DAI, WETH)])  # type: ignore[arg-type]


DEEP = v2(1, WETH, DAI, 1000 * ETHER, 2_000_000 * ETHER)
THIN = v2(2, WETH, DAI, 10 * ETHER, 30_000 * ETHER)
ROUTE = pair(DEEP, THIN)
UNITS = TRANSACTION_GAS + EXECUTOR_GAS + BALANCER_FLASH_GAS + 2 * CONSTANT_PRODUCT_GAS


class TestFigures:
    @pytest.mark.parametrize("value", [-1, 0.5, None, True])
    def test_impossible_priority_fees_are_refused(self, value: object) -> None:
        with pytest.raises(ConfigurationError, match=f"priority_fee_wei is {value!r}"):
            CostModel(priority_fee_wei=value)  # type: ignore[arg-type]

    @pytest.mark.parametrize("native_token", ["WETH", 5, WETH.address])
    def test_a_native_token_that_is_none_is_refused(self, native_token: object) -> None:
        with pytest.raises(ConfigurationError, match="native_token is"):
            CostModel(native_token=native_token)  # type: ignore[arg-type]

    @pytest.mark.parametrize("lenders", [(), [aave_v3()], ("aave_v3",), None])
    def test_without_lenders_there_is_no_model(self, lenders: object) -> None:
        with pytest.raises(ConfigurationError, match="lenders is"):
            CostModel(lenders=lenders)  # type: ignore[arg-type]

    def test_a_lender_is_named_once(self) -> None:
        with pytest.raises(ConfigurationError, match="allowed is each one once"):
            CostModel(lenders=(aave_v3(5), aave_v3(9)))

    def test_the_bounds_are_those_of_the_cheapest(self) -> None:
        model = CostModel(lenders=(aave_v3(9), Lender(BALANCER_V2, Fraction(7, 2), 41_000)))
        assert (model.least_fee_bps, model.least_loan_gas) == (3, 41_000)


class TestGas:
    def test_units_add_up(self) -> None:
        assert MODEL.gas_units(ROUTE) == UNITS
        own_money = CostModel(lenders=(Lender(OWN),))
        assert own_money.gas_units(ROUTE) == UNITS - BALANCER_FLASH_GAS
        assert CostModel(lenders=(aave_v3(),)).gas_units(ROUTE) > UNITS
        assert MODEL.gas_units(ROUTE, lender=Lender(OWN)) == UNITS - BALANCER_FLASH_GAS

    @pytest.mark.parametrize(
        ("amount_in", "crossed"), [(9_000 * ETHER, 0), (10_000 * ETHER, 1), (13_000 * ETHER, 2)]
    )
    def test_every_crossed_tick_costs(self, amount_in: int, crossed: int) -> None:
        pool = v3(3, DAI, WETH, 0, [(-6000, high, 10**23) for high in (600, 900, 6000)])
        units = MODEL.gas_units(pair(pool, THIN), [amount_in, 1])
        others = UNITS - CONSTANT_PRODUCT_GAS + CONCENTRATED_GAS
        # The ticks are those that the swap's own state after it says were passed.
        after = pool.quote_exact_input(WETH, DAI, amount_in).pool_after
        assert sum(0 < tick <= after.tick for tick in pool.ticks) == crossed  # type: ignore[attr-defined]
        assert units == others + crossed * CROSSED_TICK_GAS

    def test_without_sizes_one_crossed_tick_a_pool_is_assumed(self) -> None:
        pool = v3(3, DAI, WETH, 0, [(-6000, 6000, 10**22)])
        units = MODEL.gas_units(pair(pool, THIN))
        assert units == UNITS - CONSTANT_PRODUCT_GAS + CONCENTRATED_GAS + CROSSED_TICK_GAS

    def test_every_pool_that_takes_a_share_of_a_divided_hop_costs(self) -> None:
        twin = v2(4, WETH, DAI, 1000 * ETHER, 2_000_000 * ETHER)
        divided = pair(ParallelPools([DEEP, twin], WETH, DAI), THIN)
        assert MODEL.gas_units(divided) == UNITS + CONSTANT_PRODUCT_GAS
        assert MODEL.gas_units(divided, [ETHER, 1]) == UNITS + CONSTANT_PRODUCT_GAS
        # At this size only the pool with the better price takes part.
        unequal = pair(ParallelPools([DEEP, v2(4, WETH, DAI, ETHER, ETHER)], WETH, DAI), THIN)
        assert MODEL.gas_units(unequal, [ETHER, 1]) == UNITS

    def test_other_kinds_of_pools_have_figures_of_their_own(self) -> None:
        curve = StableSwapPool(address(5), (DAI, LINK), (ETHER, ETHER), A=100, fee=0)
        balancer = WeightedPool(
            address(6), (DAI, LINK), (ETHER, ETHER), (ETHER // 2, ETHER // 2), 10**15
        )
        assert swap_gas(curve, DAI, LINK) == STABLE_SWAP_GAS
        assert swap_gas(balancer, DAI, LINK) == BALANCER_SWAP_GAS
        # What is not known is on the dear side of all that is, but for two swaps in one.
        known = {CONSTANT_PRODUCT_GAS, CONCENTRATED_GAS, STABLE_SWAP_GAS, BALANCER_SWAP_GAS}
        assert max(known) <= OTHER_POOL_GAS

    def test_price_is_base_fee_and_priority_fee(self) -> None:
        assert MODEL.gas_price_wei(BLOCK) == 10 * 10**9

    @pytest.mark.parametrize("block", [None, Block(7)])
    def test_without_base_fee_the_cost_is_unknown(self, block: Block | None) -> None:
        assert MODEL.gas_price_wei(block) is None
        assert MODEL.gas_cost(ROUTE, block) is None


class TestWorth:
    def test_the_native_token_itself_is_exact(self) -> None:
        assert MODEL.gas_cost(ROUTE, BLOCK) == UNITS * 10 * 10**9
        assert MODEL.native_value(123, WETH, None) == 123

    def test_the_deepest_pool_of_the_market_tells(self) -> None:
        from_dai = Route([Hop(THIN, DAI, WETH), Hop(DEEP, WETH, DAI)])
        for pools in ([DEEP, THIN], [THIN, DEEP]):
            market = Market(pools)
            value = MODEL.native_value(4000 * ETHER, DAI, market)
            assert value == pytest.approx(2 * ETHER, rel=1e-15)
            cost = MODEL.gas_cost(from_dai, BLOCK, market)
            assert cost == UNITS * 10 * 10**9 * 2000

    def test_values_round_down_and_costs_up(self) -> None:
        odd = v2(5, WETH, DAI, 3 * ETHER, 7 * ETHER)
        market = Market([odd])
        assert MODEL.native_value(8, DAI, market) == 3  # 24 / 7
        assert MODEL.native_value(-8, DAI, market) == -4
        model = CostModel(lenders=(Lender(OWN),), priority_fee_wei=0, native_token=WETH)
        from_dai = Route([Hop(odd, DAI, WETH), Hop(THIN, WETH, DAI)])
        units = model.gas_units(from_dai)
        cost = model.gas_cost(from_dai, Block(7, base_fee_wei=1), market)
        assert cost is not None
        assert 0 < 3 * cost - 7 * units <= 3

    def test_a_hop_of_the_route_tells_where_the_market_cannot(self) -> None:
        from_dai = Route([Hop(DEEP, DAI, WETH), Hop(THIN, WETH, DAI)])
        assert MODEL.gas_cost(from_dai, BLOCK) == UNITS * 10 * 10**9 * 2000
        assert MODEL.native_value(2000, DAI, Market(), from_dai) == 1

    def test_it_is_unknown_without_any_pool_of_the_two(self) -> None:
        links = [v2(6, LINK, DAI, ETHER, ETHER), v2(7, LINK, DAI, ETHER, ETHER)]
        route = Route([Hop(links[0], LINK, DAI), Hop(links[1], DAI, LINK)])
        market = Market([*links, DEEP])
        assert MODEL.gas_cost(route, BLOCK, market) is None
        assert MODEL.native_value(ETHER, LINK, market, route) is None
        # The control: the base token DAI has a pool with the native token.
        assert MODEL.native_value(ETHER, DAI, market, route) is not None

    def test_an_empty_pool_tells_nothing(self) -> None:
        empty = v2(8, WETH, DAI, 0, 0)
        assert MODEL.native_value(ETHER, DAI, Market([empty])) is None
        assert MODEL.native_value(2000, DAI, Market([empty, DEEP])) == 1

    def test_a_pool_that_trades_one_way_only_tells_nothing(self) -> None:
        # All its liquidity lies behind the price, which therefore may stand anywhere.
        stranded = v3(9, DAI, WETH, 600_000, [(-6000, 6000, 10**12)])
        assert stranded.local_curve(DAI, WETH).rate > 0
        assert stranded.local_curve(WETH, DAI).rate == 0
        assert MODEL.native_value(2000, DAI, Market([stranded])) is None
        assert MODEL.native_value(2000, DAI, Market([stranded, DEEP])) == 1

    def test_without_a_native_token_nothing_is_known(self) -> None:
        model = CostModel(native_token=None)
        assert model.gas_cost(ROUTE, BLOCK) is None
        assert model.native_value(1, WETH, Market([DEEP])) is None

    def test_by_default_gas_is_paid_in_ether(self) -> None:
        assert CostModel().native_value(5, WRAPPED_ETHER, None) == 5
