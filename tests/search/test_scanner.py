from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aineon.amm import Pool
from aineon.errors import InvalidRoute, InvalidSearch
from aineon.market import Market, MarketUpdate, PoolAppeared, PoolVanished
from aineon.primitives import Block
from aineon.search import (
    CostModel,
    Hop,
    Opportunity,
    Route,
    Scan,
    Scanner,
    Verdict,
    best_input,
    find_opportunities,
    pays_its_way,
)
from aineon.search.lenders import aave_v3
from aineon.search.screening import Candidate
from aineon.search.sizes import Sizes
from tests.benchmarks import universe
from tests.benchmarks.universe import Universe
from tests.search.markets import random_market, token, v2

DAI, WETH, LINK = token(1, "DAI"), token(2, "WETH"), token(3, "LINK")
ETHER = 10**18
COSTS = CostModel(native_token=WETH)
BLOCK = Block(100, base_fee_wei=10**10)

CHEAP = v2(1, WETH, DAI, 1000 * ETHER, 2_000_000 * ETHER)
DEAR = v2(2, WETH, DAI, 1000 * ETHER, 2_100_000 * ETHER)
SMALL = v2(3, WETH, DAI, 10 * ETHER, 20_500 * ETHER)


def pool_keys(found: list[Opportunity]) -> list[list[Pool]]:
    return [[hop.pool for hop in each.route] for each in found]


class TestFindOpportunities:
    def test_best_net_first(self) -> None:
        found = find_opportunities(Market([CHEAP, DEAR, SMALL], BLOCK), [WETH], costs=COSTS)
        assert pool_keys(found) == [[DEAR, CHEAP], [SMALL, CHEAP], [DEAR, SMALL]]
        nets = [each.net_profit for each in found]
        assert nets == sorted(nets, reverse=True)  # type: ignore[type-var]
        for each in found:
            assert each.gas_units is not None
            assert each.gas_cost == each.gas_units * (10**10 + 10**9)
            assert each.net_profit == each.gross_profit - each.gas_cost
            assert each.block == BLOCK

    def test_losers_after_gas_stay_in_sight(self) -> None:
        dear_gas = Block(100, base_fee_wei=10**15)
        found = find_opportunities(Market([CHEAP, DEAR], dear_gas), [WETH], costs=COSTS)
        assert found[0].gross_profit > 0
        assert found[0].net_profit is not None
        assert found[0].net_profit < 0

    @pytest.mark.parametrize("block", [None, Block(100)])
    def test_unknown_gas_price_means_unknown_net(self, block: Block | None) -> None:
        found = find_opportunities(Market([CHEAP, DEAR, SMALL], block), [WETH], costs=COSTS)
        assert [each.net_profit for each in found] == [None] * 3
        gross = [each.gross_profit for each in found]
        assert gross == sorted(gross, reverse=True)

    def test_unknown_nets_come_after_known_ones(self) -> None:
        # LINK has no pool with WETH, so what gas costs in LINK is not known.
        odd = token(4)
        links = [v2(11, LINK, odd, ETHER, ETHER), v2(12, LINK, odd, ETHER, 9 * ETHER)]
        market = Market([*links, CHEAP, DEAR], BLOCK)
        found = find_opportunities(market, [LINK, WETH], costs=COSTS)
        assert [each.base_token for each in found] == [WETH, LINK]
        assert found[1].net_profit is None

    def test_different_base_tokens_are_compared_by_their_worth(self) -> None:
        found = find_opportunities(Market([CHEAP, DEAR], BLOCK), [DAI, WETH], costs=COSTS)
        # The same cycle for each base token: 2000 times more units of DAI are not worth more.
        assert {each.base_token for each in found} == {DAI, WETH}
        market = Market([CHEAP, DEAR], BLOCK)
        worth = [COSTS.native_value(o.net_profit or 0, o.base_token, market) for o in found]
        assert worth == sorted(worth, reverse=True)  # type: ignore[type-var]

    def test_repeated_base_tokens_count_once(self) -> None:
        market = Market([CHEAP, DEAR], BLOCK)
        assert len(find_opportunities(market, [WETH, WETH], costs=COSTS)) == 1

    @pytest.mark.parametrize(("limit", "count"), [(None, 3), (0, 0), (1, 1), (2, 2), (99, 3)])
    def test_limit_keeps_the_best(self, limit: int | None, count: int) -> None:
        market = Market([CHEAP, DEAR, SMALL], BLOCK)
        everything = find_opportunities(market, [WETH], costs=COSTS)
        assert find_opportunities(market, [WETH], 4, limit, COSTS) == everything[:count]

    def test_the_order_of_the_pools_does_not_matter(self) -> None:
        pools = random_market(Random(5), tokens=5, pools=14, noise=0.01)
        base = pools[0].tokens[0]
        expected = find_opportunities(Market(pools), [base])
        assert expected
        Random(6).shuffle(pools)
        assert find_opportunities(Market(pools), [base]) == expected

    def test_no_pools_no_opportunities(self) -> None:
        assert find_opportunities(Market(), [WETH]) == []
        assert find_opportunities(Market([CHEAP, DEAR]), [LINK]) == []

    def test_a_flash_fee_is_taken_off_and_sized_for(self) -> None:
        market = Market([CHEAP, DEAR], BLOCK)
        (free,) = find_opportunities(market, [WETH], costs=COSTS)
        aave = CostModel(lenders=(aave_v3(),), native_token=WETH)
        (paid,) = find_opportunities(market, [WETH], costs=aave)
        assert paid.flash_fee == -(-paid.amount_in * 5 // 10_000)
        assert paid.amount_in < free.amount_in
        assert paid.net_profit is not None
        assert paid.net_profit == paid.gross_profit - paid.flash_fee - (paid.gas_cost or 0)

    def test_a_flash_fee_that_eats_every_profit_does_not_hide_the_cycle(self) -> None:
        market = Market([CHEAP, DEAR], BLOCK)
        usury = CostModel(lenders=(aave_v3(2000),), native_token=WETH)
        (found,) = find_opportunities(market, [WETH], costs=usury)
        assert found.gross_profit > 0
        assert found.net_profit is not None
        assert found.net_profit < 0

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            ({"base_tokens": []}, "base_tokens is empty"),
            ({"base_tokens": WETH}, "single token"),
            ({"base_tokens": ["WETH"]}, "'WETH'"),
            ({"max_hops": 1}, "max_hops is 1"),
            ({"max_hops": 2.0}, "max_hops is 2.0"),
            ({"max_hops": True}, "max_hops is True"),
            ({"limit": -1}, "limit is -1"),
            ({"base_tokens": None}, "base_tokens is None"),
            ({"base_tokens": [[]]}, r"base_tokens holds \[\]"),
            ({"costs": 9}, "costs is 9; allowed is CostModel or NoneType"),
        ],
    )
    def test_senseless_searches_are_refused(self, arguments: dict[str, Any], words: str) -> None:
        with pytest.raises(InvalidSearch, match=words):
            find_opportunities(Market([CHEAP]), **{"base_tokens": [WETH], **arguments})

    @pytest.mark.parametrize("market", [None, [CHEAP, DEAR]])
    def test_only_a_market_is_searched(self, market: Any) -> None:
        with pytest.raises(InvalidSearch, match="allowed is Market"):
            find_opportunities(market, [WETH])


class TestScanner:
    def test_near_misses_say_how_little_was_missing(self) -> None:
        near = v2(4, WETH, DAI, 1000 * ETHER, 2_004_000 * ETHER)
        scan = Scanner([WETH], costs=COSTS).scan(Market([CHEAP, near], BLOCK))
        assert scan.opportunities == ()
        best, worst = scan.near_misses
        assert [hop.pool for hop in best.route] == [near, CHEAP]
        assert best.rate == pytest.approx(0.997**2 * 2004 / 2000)
        assert best.missing_bps == pytest.approx((1 - best.rate) * 10_000)
        assert worst.rate < best.rate < 1
        assert scan.cycles_screened == 2

    def test_near_misses_are_those_above_the_floor_and_no_more_than_asked(self) -> None:
        pools = random_market(Random(3), tokens=6, pools=40, noise=0.0)
        market = Market(pools)
        base = pools[0].tokens[0]
        counted = {
            (floor, count): Scanner([base], near_floor=floor, near_count=count).scan(market)
            for floor, count in ((0.98, 20), (0.98, 5), (1.0, 5), (0.98, 0))
        }
        many, few = counted[0.98, 20].near_misses, counted[0.98, 5].near_misses
        assert len(many) == 20
        # Of equally good ones any may be kept: only the rates are settled.
        assert [miss.rate for miss in few] == pytest.approx([miss.rate for miss in many[:5]])
        assert all(0.98 < miss.rate < 1 for miss in many)
        assert counted[1.0, 5].near_misses == counted[0.98, 0].near_misses == ()

    def test_the_closest_are_of_all_base_tokens_and_each_counts_once(self) -> None:
        random = Random(5)
        market = Market(random_market(random, tokens=4, pools=14, noise=0.002), BLOCK)
        bases = market.tokens[:3]
        every = Scanner(bases, 3, COSTS, near_floor=1e-9, near_count=10_000).scan(market)
        best: dict[frozenset[Hop], float] = {}
        for missed in every.near_misses:
            best.setdefault(frozenset(missed.route), missed.rate)
        # The control: a cycle through two base tokens is there for each of them.
        assert len(best) < len(every.near_misses)
        closest = Scanner(bases, 3, COSTS).scan(market).closest()
        assert len(closest) == 20
        assert len({frozenset(each.route) for each in closest}) == 20
        wanted = sorted(best.values(), reverse=True)[:20]
        assert [each.rate for each in closest] == pytest.approx(wanted, rel=1e-12)

    def test_what_was_not_sized_and_does_not_pay_its_costs_is_missed_too(self) -> None:
        market = Market([CHEAP, v2(4, WETH, DAI, ETHER // 100, 21 * ETHER)], BLOCK)
        scan = Scanner([WETH], costs=COSTS, size_at_most=0).scan(market)
        assert not scan.opportunities
        promising = scan.closest()[0]
        assert promising.rate > 1
        assert promising.verdict is Verdict.BELOW_COSTS

    def test_a_gain_that_rounds_away_is_a_near_miss(self) -> None:
        pools = [v2(5, WETH, DAI, 100, 205), v2(6, WETH, DAI, 100, 200)]
        market = Market(pools, BLOCK)
        scan = Scanner([WETH], costs=COSTS).scan(market)
        assert scan.opportunities == ()
        assert scan.cycles_sized == 1
        assert scan.near_misses[0].rate > 1

    def test_a_second_scan_computes_only_what_changed(self) -> None:
        market = Market([CHEAP, DEAR, SMALL], BLOCK)
        scanner = Scanner([WETH], costs=COSTS)
        first, again = scanner.scan(market), scanner.scan(market)
        assert (first.pools_refreshed, again.pools_refreshed) == (3, 0)
        assert again.opportunities == first.opportunities
        assert again.opportunities[0].route is first.opportunities[0].route

    @pytest.mark.parametrize("argument", ["near_floor", "near_count"])
    def test_impossible_settings_are_refused(self, argument: str) -> None:
        with pytest.raises(InvalidSearch, match=f"{argument} is -1"):
            Scanner([WETH], **{argument: -1})


def without_counts(scan: Scan) -> tuple[Any, ...]:
    return scan.opportunities, scan.near_misses, scan.cycles_sized, scan.block, scan.step


@settings(max_examples=6)
@given(seed=st.integers(0, 10**9))
def test_what_a_scanner_remembers_never_shows(seed: int) -> None:
    random = Random(seed)
    pools = random_market(random, tokens=4, pools=8, noise=0.01)
    spare = random_market(random, tokens=4, pools=12, noise=0.01)[8:]
    bases = pools[0].tokens
    market = Market(pools, Block(1, base_fee_wei=10**9))
    scanner = Scanner(bases, max_hops=3)
    for number in range(2, 8):
        pool = random.choice(list(market.pools.values()))
        quote = pool.quote_exact_input(*random.sample(pool.tokens, 2), 10**17)
        events: list[Any] = [PoolAppeared(quote.pool_after)]
        if number == 4:
            events += [PoolVanished(pool.address), PoolAppeared(spare[0])]
        if number == 6:
            market.rewind(3)
        market.apply(MarketUpdate(Block(number, base_fee_wei=10**9), tuple(events)))
        assert without_counts(scanner.scan(market)) == without_counts(
            Scanner(bases, max_hops=3).scan(market)
        )


class TestBestInput:
    HOPS = (Hop(DEAR, WETH, DAI), Hop(CHEAP, DAI, WETH))

    def test_gross_without_a_block(self) -> None:
        found = best_input(self.HOPS)
        assert found is not None
        (scanned,) = find_opportunities(Market([CHEAP, DEAR]), [WETH])
        assert found.amounts == scanned.amounts
        assert (found.flash_fee, found.gas_units, found.gas_cost, found.block) == (
            0,
            None,
            None,
            None,
        )
        assert found.confidence is not None

    def test_net_with_a_block(self) -> None:
        found = best_input(self.HOPS, BLOCK, COSTS)
        assert found is not None
        assert found.gas_cost == COSTS.gas_units(found.route, found.amounts) * 11 * 10**9
        assert found.net_profit == found.gross_profit - found.gas_cost
        assert found.block == BLOCK

    def test_none_where_gas_eats_the_profit(self) -> None:
        found = best_input(self.HOPS)
        assert found is not None
        units = COSTS.gas_units(found.route, found.amounts)
        break_even = found.gross_profit // units
        free = CostModel(priority_fee_wei=0, native_token=WETH)
        assert best_input(self.HOPS, Block(1, base_fee_wei=break_even - 1), free) is not None
        assert best_input(self.HOPS, Block(1, base_fee_wei=break_even + 1), free) is None

    def test_none_where_the_flash_fee_eats_the_profit(self) -> None:
        assert best_input(self.HOPS, costs=CostModel(lenders=(aave_v3(2000),))) is None
        cheap = best_input(self.HOPS, costs=CostModel(lenders=(aave_v3(5),)))
        assert cheap is not None
        assert cheap.flash_fee == -(-cheap.amount_in * 5 // 10_000)

    def test_unknown_gas_price_leaves_the_net_unknown(self) -> None:
        found = best_input(self.HOPS, Block(1), COSTS)
        assert found is not None
        assert found.net_profit is None
        assert found.gas_units is not None

    def test_none_where_no_size_profits(self) -> None:
        assert best_input([Hop(CHEAP, WETH, DAI), Hop(DEAR, DAI, WETH)]) is None

    def test_any_iterable_of_hops_will_do(self) -> None:
        assert best_input(iter(self.HOPS)) == best_input(Route(self.HOPS))
        assert best_input(tuple(tuple(hop) for hop in self.HOPS)) is not None  # type: ignore[misc]

    @pytest.mark.parametrize(
        "hops",
        [
            [],
            [Hop(DEAR, WETH, DAI)],
            [Hop(DEAR, WETH, DAI), Hop(CHEAP, WETH, DAI)],
            [Hop(DEAR, WETH, DAI), Hop(DEAR, DAI, WETH)],
            [Hop(DEAR, WETH, LINK), Hop(CHEAP, LINK, WETH)],
            [Hop(DEAR, WETH, WETH)],
            [Hop(None, WETH, DAI), Hop(CHEAP, DAI, WETH)],
            [(DEAR, WETH), (CHEAP, DAI)],
            None,
            5,
        ],
    )
    def test_what_is_no_cycle_is_refused(self, hops: Any) -> None:
        with pytest.raises(InvalidRoute):
            best_input(hops)

    @pytest.mark.parametrize("argument", ["block", "costs"])
    def test_impossible_costs_are_refused(self, argument: str) -> None:
        with pytest.raises(InvalidSearch, match=f"{argument} is 7"):
            best_input(self.HOPS, **{argument: 7})  # type: ignore[arg-type]


def test_a_thrifty_scanner_sizes_exactly_what_pays_its_way() -> None:
    """Control: with a base fee at which nothing pays, the sizes are approximate."""
    pools = [CHEAP, DEAR]
    for base_fee_wei, exact in ((10**10, True), (10**16, False)):
        market = Market(pools, block=Block(1, base_fee_wei))
        costs = CostModel(native_token=WETH)
        [thorough] = Scanner([WETH], costs=costs).scan(market).opportunities
        thrifty = Scanner([WETH], costs=costs, size_exactly=pays_its_way)
        [opportunity] = thrifty.scan(market).opportunities
        assert (opportunity.amounts == thorough.amounts) is exact
        gap = thorough.gross_profit - opportunity.gross_profit
        assert 0 <= gap <= thorough.gross_profit // 10**6


def test_a_thrifty_scanner_sizes_anew_when_gas_gets_cheap() -> None:
    costs = CostModel(native_token=WETH)
    scanner = Scanner([WETH], costs=costs, size_exactly=pays_its_way)
    dear_gas = Market([CHEAP, DEAR], block=Block(1, 10**16))
    cheap_gas = Market([CHEAP, DEAR], block=Block(2, 10**10))
    [before] = scanner.scan(dear_gas).opportunities
    [after] = scanner.scan(cheap_gas).opportunities
    assert before.amounts != after.amounts
    assert after.amounts == best_amounts(cheap_gas)


def best_amounts(market: Market) -> tuple[int, ...]:
    [opportunity] = find_opportunities(market, [WETH])
    return opportunity.amounts


def test_a_scan_under_way_sizes_what_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rest is sized when the first ones have been taken, and the whole is the same scan."""
    around = Universe(250, seed=2)
    around.market.apply(around.next_block())
    whole = Scanner([universe.WETH], 3).scan(around.market)
    asked: list[tuple[int, ...]] = []
    size = Sizes.opportunity

    def watched(sizes: Sizes, candidate: Candidate, *state: Any) -> Opportunity | None:
        asked.append(candidate.hops)
        return size(sizes, candidate, *state)

    monkeypatch.setattr(Sizes, "opportunity", watched)
    scanning = Scanner([universe.WETH], 3).begin(around.market)
    found = scanning.opportunities(5)
    first = next(found)
    assert len(asked) == 5
    assert first == whole.opportunities[0]
    others = list(found)
    assert sorted((first, *others), key=lambda each: each.key) == sorted(
        whole.opportunities, key=lambda each: each.key
    )
    finished = scanning.finished()
    assert (finished.opportunities, finished.near_misses) == (
        whole.opportunities,
        whole.near_misses,
    )
    assert len(asked) == len(set(asked)) == finished.cycles_sized
