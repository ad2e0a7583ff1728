"""The builder tells what is known of an opportunity, and what it tells comes from what it saw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import isinf, isnan, log, log1p, log10
from pathlib import Path

import numpy as np
import pytest

from aineon.amm import ConstantProductPool
from aineon.errors import OptimizerError
from aineon.market import Market
from aineon.market.events import MarketUpdate, PoolVanished, ReservesChanged
from aineon.optimizer.features.builder import FeatureBuilder
from aineon.optimizer.features.catalogue import CATALOGUE, FEATURE_SET, NAMES, Group, names_of
from aineon.optimizer.features.reference import reference
from aineon.optimizer.features.seeing import (
    TakingSeen,
    gap_of,
    one_a_gap,
    pair_of,
    pair_of_pools,
)
from aineon.primitives import Block, Token
from aineon.search import CostModel, Hop, Opportunity, ParallelPools, Route, Scanner, best_input
from tests.search.mixed_cycles import mixed_cycle

WETH = Token("0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2", symbol="WETH", decimals=18)
USDC = Token("0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48", symbol="USDC", decimals=6)
DAI = Token("0x6B175474E89094C44Da98b954EedeAC495271d0F", symbol="DAI", decimals=18)
ROOT = Path(__file__).parents[2]
COSTS = CostModel()
ETHER = 10**18


def pool(
    number: int, one: Token, reserve1: int, other: Token, reserve2: int
) -> ConstantProductPool:
    (token0, reserve0), (token1, reserve1) = sorted(((one, reserve1), (other, reserve2)))
    return ConstantProductPool(
        address=f"0x{number:040x}",
        token0=token0,
        token1=token1,
        reserve0=reserve0,
        reserve1=reserve1,
        fee_pips=3000,
        venue="uniswap_v2",
    )


CHEAP = pool(1, WETH, 1000 * ETHER, USDC, 3_000_000 * 10**6)
DEAR = pool(2, WETH, 2000 * ETHER, USDC, 6_300_000 * 10**6)
DAIS = pool(3, WETH, 500 * ETHER, DAI, 1_500_000 * ETHER)


class Watcher:
    """A market with a builder that watches it."""

    def __init__(self) -> None:
        self.market = Market([CHEAP, DEAR, DAIS], block(0))
        self.builder = FeatureBuilder(COSTS)
        self.builder.observe(block(0), {}, self.market, self.market.pools.keys())

    def block(self, number: int, *events: object, takings: Sequence[TakingSeen] = ()) -> None:
        before = self.market.pools
        changed = self.market.apply(MarketUpdate(block(number), tuple(events)))
        self.builder.observe(block(number), before, self.market, changed, takings)

    def best(self) -> Opportunity:
        return Scanner([WETH], 2, COSTS).scan(self.market).opportunities[0]

    def told(self) -> dict[str, float]:
        vector = self.builder.vector(self.best(), self.market)
        return dict(zip(NAMES, vector.tolist(), strict=True))


def block(number: int, **changes: int | None) -> Block:
    figures = {
        "base_fee_wei": 10 * 10**9,
        "timestamp": 12 * number,
        "gas_used": 18_000_000,
        "gas_limit": 36_000_000,
        **changes,
    }
    return Block(number=number, **figures)


def taking(payment: int | None = 10**16, net: int | None = 2 * 10**16) -> TakingSeen:
    return TakingSeen((CHEAP.address, DEAR.address), net, payment, "0xother")


def test_there_are_enough_features_and_each_says_what_it_is() -> None:
    assert 50 < len(CATALOGUE) <= 95
    assert len(set(NAMES)) == len(NAMES)
    assert {feature.group for feature in CATALOGUE} == set(Group)
    for feature in CATALOGUE:
        assert all((feature.name, feature.unit, feature.formula, feature.source)), feature
    assert names_of(Group.TIME) == ("day_sin", "day_cos", "block_seconds")
    assert len(FEATURE_SET) == 16


def test_the_page_is_what_the_catalogue_gives() -> None:
    page = (ROOT / "docs" / "features.md").read_text(encoding="utf-8")
    assert page == reference(), (
        "run: python -m aineon.optimizer.features.reference > docs/features.md"
    )


def test_a_vector_has_every_feature_in_the_catalogues_order() -> None:
    watcher = Watcher()
    vector = watcher.builder.vector(watcher.best(), watcher.market)
    assert vector.shape == (len(NAMES),)
    assert vector.dtype == np.float64
    assert not np.isinf(vector).any()


def test_nothing_is_told_before_a_block_was_observed() -> None:
    watcher = Watcher()
    with pytest.raises(OptimizerError, match="before a block was observed"):
        FeatureBuilder(COSTS).vector(watcher.best(), watcher.market)


def test_figures_of_the_opportunity() -> None:
    watcher = Watcher()
    best, told = watcher.best(), watcher.told()
    assert best.net_profit is not None
    assert best.gas_cost is not None
    assert told["net"] == pytest.approx(log10(best.net_profit / ETHER))
    assert told["gross_over_gas"] == pytest.approx(log(best.gross_profit / best.gas_cost))
    assert told["amount"] == pytest.approx(log10(best.amount_in / ETHER))
    assert told["return"] == pytest.approx(1e4 * best.gross_profit / best.amount_in)
    assert told["hops"] == 2.0
    assert told["gas_cost"] == pytest.approx(log10(best.gas_cost / ETHER))
    assert told["edge"] == pytest.approx(1e4 * (log(1.05) + 2 * log(0.997)))
    assert told["fees"] == pytest.approx(-2e4 * log(0.997))
    assert told["dispersion"] == pytest.approx(1e4 * log(1.05))
    assert told["pools_of_pair"] == 2.0


def test_a_gap_grows_old_and_what_it_was_worth_at_first_is_known() -> None:
    watcher = Watcher()
    first = watcher.told()
    assert first["age"] == 0.0
    assert first["growth"] == 0.0
    assert first["stood"] == 0.0
    before = watcher.best().net_profit or 0
    watcher.block(1, ReservesChanged(CHEAP.address, 2_900_000 * 10**6, 1000 * ETHER))
    now = watcher.told()
    assert now["age"] == pytest.approx(log1p(1))
    assert now["growth"] == pytest.approx(log((watcher.best().net_profit or 0) / before))
    assert now["quiet"] == 0.0
    assert now["stood"] == 1.0
    watcher.block(2)
    watcher.block(3)
    assert watcher.told()["age"] == 0.0, "nobody saw it in block 2"
    assert watcher.told()["quiet"] == pytest.approx(log1p(2))


def test_a_smaller_gap_over_one_of_the_swaps_is_an_alternative() -> None:
    watcher = Watcher()
    assert watcher.told()["alternative"] == -9.0
    third = pool(4, WETH, 800 * ETHER, USDC, 2_480_000 * 10**6)
    watcher.market = Market([CHEAP, DEAR, DAIS, third], block(0))
    watcher.builder.observe(block(1), {}, watcher.market, [third.address])
    alone = Scanner([WETH], 2, COSTS).scan(Market([CHEAP, third], block(0))).opportunities[0]
    net = watcher.best().net_profit
    assert net is not None
    assert alone.net_profit is not None
    assert set(watcher.best().route.pools) == {CHEAP, DEAR}
    assert watcher.told()["alternative"] == pytest.approx(log(alone.net_profit / net), abs=0.05)


def test_asked_again_it_answers_the_same() -> None:
    watcher, asked = Watcher(), Watcher()
    for each in (watcher, asked):
        each.told()
        each.block(1, takings=[taking()])
    for _ in range(3):
        asked.told()
    assert np.array_equal(
        list(watcher.told().values()), list(asked.told().values()), equal_nan=True
    )
    watcher.block(2)
    asked.block(2)
    assert np.array_equal(
        list(watcher.told().values()), list(asked.told().values()), equal_nan=True
    )


def test_what_others_paid_is_a_share_of_what_was_seen_in_the_gap() -> None:
    watcher = Watcher()
    watcher.told()
    net = (watcher.best().net_profit or 0) / ETHER
    watcher.block(1, takings=[taking(payment=10**16)])
    told = watcher.told()
    assert told["tip_last"] == pytest.approx(0.01 / net)
    assert told["taken_200"] == 1.0
    assert told["searchers"] == 1.0
    assert told["since_contested"] == 0.0
    assert told["since_gap"] == pytest.approx(log1p(1))


def test_of_a_gap_that_was_not_seen_it_is_a_share_of_what_the_other_was_left_with() -> None:
    watcher = Watcher()
    watcher.block(1, takings=[taking(payment=10**16, net=4 * 10**16)])
    assert watcher.told()["tip_last"] == pytest.approx(0.25)
    for unknown in (taking(payment=None), taking(net=None), taking(net=-5)):
        other = Watcher()
        other.block(1, takings=[unknown])
        told = other.told()
        assert isnan(told["tip_last"])
        assert told["taken_200"] == 1.0


def test_who_paid_nothing_paid_elsewhere_and_how_much_is_not_known() -> None:
    watcher, silent = Watcher(), Watcher()
    for each, payment in ((watcher, 0), (silent, None)):
        each.told()
        each.block(1, takings=[taking(payment=payment)])
    told = watcher.told()
    assert isnan(told["tip_last"])
    assert isnan(told["price_mean"])
    assert told["taken_200"] == 1.0
    assert np.array_equal(list(told.values()), list(silent.told().values()), equal_nan=True)


def test_a_feed_that_tells_of_no_takings_does_not_tell_that_nobody_took_a_gap() -> None:
    watcher = Watcher()
    watcher.told()
    watcher.block(1)
    told = watcher.told()
    assert isnan(told["taken_200"])
    assert isnan(told["price_mean"])
    assert told["since_gap"] == pytest.approx(log1p(1)), "that it stood open is known"


def test_a_gap_that_nobody_took() -> None:
    watcher = Watcher()
    watcher.block(1, takings=[replace(taking(), pools=(DAIS.address,))])
    watcher.told()
    watcher.block(2)
    told = watcher.told()
    assert told["taken_200"] == 0.0
    assert told["price_mean"] == 0.0
    assert isnan(told["tip_last"])


def test_own_outcomes_are_told() -> None:
    watcher = Watcher()
    FeatureBuilder(COSTS).own("USDC/WETH", landed=True)
    watcher.builder.own("USDC/WETH", landed=True)
    watcher.builder.own("DAI/WETH", landed=False)
    assert watcher.told()["own_hits"] == 1.0
    assert watcher.told()["own_hits_all"] == 0.5


def test_prices_move() -> None:
    watcher = Watcher()
    for number in range(1, 12):
        watcher.block(
            number, ReservesChanged(DEAR.address, (6_300_000 + number) * 10**6, 2000 * ETHER)
        )
    told = watcher.told()
    assert told["move_10"] == pytest.approx(1e4 * log(6_300_011 / 6_300_001))
    assert isnan(told["move_50"])
    assert told["changes_10"] == pytest.approx(1.0)
    assert told["path"] > 0
    assert told["depth_ratio"] > 0


def test_what_a_header_does_not_tell_is_not_known() -> None:
    watcher = Watcher()
    bare = Block(number=1)
    watcher.market.apply(MarketUpdate(bare, ()))
    watcher.builder.observe(bare, watcher.market.pools, watcher.market, ())
    told = watcher.told()
    for name in ("base_fee", "base_fee_next", "day_sin", "block_seconds", "net", "gas_cost"):
        assert isnan(told[name]), name


def test_gas_follows_the_headers() -> None:
    watcher = Watcher()
    for number in range(1, 12):
        full = block(number, base_fee_wei=10**10 + number, gas_used=36_000_000)
        watcher.market.apply(MarketUpdate(full, ()))
        watcher.builder.observe(full, watcher.market.pools, watcher.market, ())
    told = watcher.told()
    assert told["base_fee"] == pytest.approx(log(10.000000011))
    assert told["base_fee_next"] == pytest.approx(log(1.125))
    assert told["base_fee_move"] == pytest.approx(log((10**10 + 11) / (10**10 + 1)), rel=1e-5)
    assert told["gas_full"] > 0.8
    assert told["block_seconds"] == 12.0


def test_a_pool_that_vanishes_is_no_longer_of_the_pair() -> None:
    watcher = Watcher()
    third = pool(4, WETH, ETHER, USDC, 3_000 * 10**6)
    watcher.market = Market([CHEAP, DEAR, DAIS, third], block(0))
    watcher.builder.observe(block(1), {}, watcher.market, [third.address])
    assert watcher.told()["pools_of_pair"] == 3.0
    watcher.block(2, PoolVanished(third.address))
    assert watcher.told()["pools_of_pair"] == 2.0


def test_a_reorg_stops_nothing() -> None:
    watcher = Watcher()
    for number in (1, 2, 3, 2, 1, 5):
        watcher.builder.observe(block(number), {}, watcher.market, (), [taking()])
        assert watcher.told()["tip_last"] > 0


def test_names_of_pairs() -> None:
    two = Route([Hop(CHEAP, WETH, USDC), Hop(DEAR, USDC, WETH)])
    middle = pool(5, USDC, 10**12, DAI, 10**24)
    three = Route([Hop(CHEAP, WETH, USDC), Hop(middle, USDC, DAI), Hop(DAIS, DAI, WETH)])
    assert pair_of(two) == pair_of_pools(two.pools) == "USDC/WETH"
    assert pair_of(three) == pair_of_pools(three.pools) == "DAI/USDC/WETH"
    assert gap_of(two) == {(CHEAP.address, WETH.address), (DEAR.address, USDC.address)}


def test_of_what_shares_a_swap_the_first_is_taken() -> None:
    one = Opportunity(Route([Hop(CHEAP, WETH, USDC), Hop(DEAR, USDC, WETH)]), (1, 2, 3))
    same_way = Opportunity(Route([Hop(DEAR, USDC, WETH), Hop(CHEAP, WETH, USDC)]), (1, 2, 3))
    back = Opportunity(Route([Hop(DEAR, WETH, USDC), Hop(CHEAP, USDC, WETH)]), (1, 2, 3))
    assert one_a_gap([one, same_way, back]) == [one, back]


@pytest.mark.parametrize("seed", range(12))
def test_pools_of_every_protocol_can_be_followed(seed: int) -> None:
    route = mixed_cycle(seed)
    found = best_input(route, costs=COSTS)
    opportunity = found or Opportunity(route, (10**6,) * (len(route) + 1))
    market, builder = Market(route.pools, block(1)), FeatureBuilder(COSTS)
    builder.observe(block(1), {}, market, market.pools.keys())
    told = dict(zip(NAMES, builder.vector(opportunity, market).tolist(), strict=True))
    assert told["hops"] == len(route)
    assert not isnan(told["fees"])
    assert not any(map(isinf, told.values()))


def test_divided_hops_count_all_their_pools() -> None:
    twin = pool(4, WETH, 2000 * ETHER, USDC, 6_300_000 * 10**6)
    both = ParallelPools((DEAR, twin), WETH, USDC)
    route = Route([Hop(both, WETH, USDC), Hop(CHEAP, USDC, WETH)])
    assert len(gap_of(route)) == 3
    market, builder = Market(route.pools, block(1)), FeatureBuilder(COSTS)
    builder.observe(block(1), {}, market, market.pools.keys())
    divided = best_input(route, block(1), COSTS)
    assert divided is not None
    told = dict(zip(NAMES, builder.vector(divided, market).tolist(), strict=True))
    assert told["edge"] == pytest.approx(1e4 * (log(1.05) + 2 * log(0.997)))
    assert told["pools_of_pair"] == 3.0
