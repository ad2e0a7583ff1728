from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aineon.amm import ConcentratedPool, Pool
from aineon.market import Market, MarketUpdate, ReservesChanged
from aineon.primitives import Block
from aineon.search import Hop, Opportunity, Route, best_input, confidence_factors
from aineon.search.confidence import age_factor, confidence, pool_ages
from tests.search.markets import random_market, token, v2, v3

USDC, WETH = token(1, "USDC", 6), token(2, "WETH")
ETHER = 10**18


def majors(gap_bps: int, depth_ether: int = 10_000) -> list[Pool]:
    """Two deep pools of one pair, the second one quoting `gap_bps` more."""
    return [
        v2(1, WETH, USDC, depth_ether * ETHER, depth_ether * 2000 * 10**6),
        v2(2, WETH, USDC, depth_ether * ETHER, depth_ether * (20_000_000 - gap_bps * 2000) * 100),
    ]


def cycle(pools: list[Pool]) -> Route:
    return Route([Hop(pools[0], WETH, USDC), Hop(pools[1], USDC, WETH)])


def sized(pools: list[Pool]) -> Opportunity:
    found = best_input(cycle(pools))
    assert found is not None
    return found


def test_deep_majors_with_a_normal_fresh_spread_are_trusted() -> None:
    pools = majors(gap_bps=90)
    market = Market(pools, Block(50))
    assert confidence(sized(pools), market) >= 0.9


def test_eating_a_third_of_a_pool_is_not_trusted() -> None:
    deep, thin = v2(1, WETH, USDC, 10**22, 2 * 10**13), v2(2, WETH, USDC, 10**19, 10**10)
    found = sized([deep, thin])
    assert found.amounts[1] > 0.3 * thin.reserve0
    factors = confidence_factors(found, Market([deep, thin], Block(1)))
    assert factors.depth < 0.7
    assert confidence(found, Market([deep, thin], Block(1))) < 0.7


def test_a_share_of_30_percent_alone_is_below_the_usual_threshold() -> None:
    pools = majors(gap_bps=90)
    route = cycle(pools)
    found = Opportunity(route, (3 * 10**21, 1, 1))
    assert confidence_factors(found).depth == pytest.approx(1 / 1.6, rel=0.01)


def test_more_than_a_pool_can_take_is_not_trusted_at_all() -> None:
    pool = v3(3, USDC, WETH, 0, [(-60, 60, 10**18)])
    most = pool.max_amount_in(WETH, USDC)
    route = Route([Hop(pool, WETH, USDC), Hop(majors(0)[0], USDC, WETH)])
    assert confidence_factors(Opportunity(route, (most + 1, 1, 1))).depth == 0
    assert confidence_factors(Opportunity(route, (most, 1, 1))).depth > 0.1


def test_fat_spreads_are_trusted_less() -> None:
    spreads = [confidence_factors(sized(majors(gap))).spread for gap in (90, 300, 1000, 5000)]
    assert spreads[0] == 1
    assert spreads == sorted(spreads, reverse=True)
    assert spreads[-1] < 0.4


class TestAge:
    def test_the_market_tells_when_pools_last_changed(self) -> None:
        pools = majors(90)
        market = Market(pools, Block(100))
        moved = ReservesChanged(pools[0].address, 2001, 10**6)
        market.apply(MarketUpdate(Block(130), (moved,)))
        market.apply(MarketUpdate(Block(140)))
        assert pool_ages(cycle(pools), market) == (10, 40)
        assert confidence_factors(sized(pools), market).age == age_factor((10, 40))

    def test_the_older_the_less(self) -> None:
        assert age_factor((0, 0)) == 1
        assert age_factor((0, 50)) > 0.98
        assert age_factor((50, 50)) == pytest.approx(0.5, rel=0.02)
        assert age_factor((0, 5000)) == 0.5

    def test_ages_can_be_given(self) -> None:
        found = sized(majors(90))
        assert confidence_factors(found, ages=(3, 9)).age == age_factor((3, 9))

    @pytest.mark.parametrize("market", [None, Market(majors(90)), Market(majors(90)[:1], Block(5))])
    def test_unknown_ages_are_neither_fresh_nor_stale(self, market: Market | None) -> None:
        factors = confidence_factors(sized(majors(90)), market)
        assert factors.age == 0.95


class TestAgreement:
    def test_true_figures_agree(self) -> None:
        assert confidence_factors(sized(majors(90))).agreement > 0.97

    def test_figures_that_quotes_do_not_give_are_not_trusted_at_all(self) -> None:
        found = sized(majors(90))
        wrong = (*found.amounts[:-1], found.amounts[-1] + 1)
        assert confidence_factors(Opportunity(found.route, wrong)).agreement == 0

    def test_what_cannot_be_quoted_is_not_trusted_at_all(self) -> None:
        pool = v3(3, USDC, WETH, 0, [(-60, 60, 10**18)])
        route = Route([Hop(pool, WETH, USDC), Hop(majors(0)[0], USDC, WETH)])
        beyond = pool.max_amount_in(WETH, USDC) + 1
        assert confidence_factors(Opportunity(route, (beyond, 5, beyond + 1))).agreement == 0

    def test_a_size_on_a_cliff_agrees_less(self) -> None:
        # Behind the upper range's end the pool takes a hundred times less.
        cliff = v3(4, USDC, WETH, 0, [(-60, 60, 10**22), (-6000, 6000, 10**20)])
        smooth = v3(4, USDC, WETH, 0, [(-6000, 6000, 10**22)])
        exit_ = v2(5, USDC, WETH, 10**27, 10**27 * 102 // 100)

        def agreement(pool: ConcentratedPool) -> float:
            found = best_input(Route([Hop(pool, WETH, USDC), Hop(exit_, USDC, WETH)]))
            assert found is not None
            return confidence_factors(found).agreement

        assert agreement(cliff) < agreement(smooth)


def test_the_factors_explain_the_product() -> None:
    pools = majors(5000)
    found = sized(pools)
    factors = confidence_factors(found)
    product = factors.depth * factors.spread * factors.age * factors.agreement
    assert factors.confidence == found.confidence == pytest.approx(product)
    assert factors.weakest == "spread"


@settings(max_examples=40)
@given(
    pools=st.builds(
        random_market,
        st.integers(0, 10**9).map(Random),
        tokens=st.just(2),
        pools=st.just(2),
        noise=st.sampled_from([0.01, 0.1, 1.0]),
    ),
    ages=st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)),
)
def test_every_factor_lies_between_0_and_1(pools: list[Pool], ages: tuple[int, int]) -> None:
    one, other = pools[0].tokens
    for first, second in (pools, pools[::-1]):
        found = best_input([Hop(first, one, other), Hop(second, other, one)])
        if found is not None:
            factors = confidence_factors(found, ages=ages)
            for name in ("depth", "spread", "age", "agreement", "confidence"):
                assert 0 <= getattr(factors, name) <= 1
