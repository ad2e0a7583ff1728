"""Combinations: the ordered set of opportunities that leaves most in one block."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aineon.amm import Pool
from aineon.errors import InvalidSearch
from aineon.market import Market
from aineon.primitives import Block
from aineon.search import (
    CostModel,
    Opportunity,
    Route,
    Scanner,
    find_opportunities,
    orders,
    splitting,
)
from aineon.search import combination as combination_module
from aineon.search.combination import Combination, best_alone, best_combination
from aineon.search.lenders import OWN, Lender
from aineon.search.orders import Trials, Valuation
from aineon.search.parallel import ParallelPools
from aineon.search.sizing import optimal_input
from aineon.search.states import market_in, on_state, pools_after
from tests.search.markets import random_market, token, v2, v3
from tests.search.mixed_cycles import USDC, cryptoswap
from tests.search.mixed_cycles import WETH as USD_WETH

WETH, DAI, LINK = token(1, "WETH"), token(2, "DAI"), token(3, "LINK")
ETHER = 10**18
GWEI = 10**9
COSTS = CostModel(lenders=(Lender(OWN),), priority_fee_wei=0, native_token=WETH)

DEEP = v2(1, WETH, DAI, 5000 * ETHER, 10_000_000 * ETHER)
DEAR = v2(2, WETH, DAI, 500 * ETHER, 1_030_000 * ETHER)
DEAR_TOO = v2(3, WETH, DAI, 400 * ETHER, 822_000 * ETHER)


def found_in(market: Market, most: int = 5) -> list[Opportunity]:
    """The best opportunities that pay for their gas."""
    found = find_opportunities(market, [WETH], 4, costs=COSTS)
    return [each for each in found if each.net_profit and each.net_profit > 0][:most]


def brute_force(opportunities: list[Opportunity], market: Market) -> int:
    """The best sum over every order of every subset, each cycle whole, exactly sized, once."""
    prices = Valuation(market, COSTS)

    def best_of(now: Market, left: list[Route]) -> int:
        best = 0
        for way in left:
            route = on_state(way, now.pools.__getitem__)
            amounts = optimal_input(route)
            worth = prices.net_worth(prices.priced(route, amounts)) if amounts else None
            if amounts and worth is not None and worth > 0:
                later = market_in(pools_after(route, amounts), now)
                best = max(best, worth + best_of(later, [each for each in left if each != way]))
        return best

    return best_of(market, [each.route for each in opportunities])


def replayed(combination: Combination, market: Market) -> int:
    """The sum of net profits, from exact quotes on one state after the other."""
    net = 0
    now = market
    for opportunity in combination.opportunities:
        amount = opportunity.amount_in
        for hop, paid in zip(opportunity.route, opportunity.amounts[1:], strict=True):
            assert all(now.pool(pool.address) == pool for pool in hop.pools)
            quote = hop.pool.quote_exact_input(hop.token_in, hop.token_out, amount)
            assert quote.amount_out == paid
            after = quote.pool_after
            now = now.with_pools(after.members if isinstance(after, ParallelPools) else (after,))
            amount = paid
        assert opportunity.gas_cost is not None
        net += amount - opportunity.amount_in - opportunity.gas_cost
    assert now.pools == combination.market_after.pools
    return net


class TestCombination:
    def test_later_ones_are_sized_on_what_earlier_ones_leave(self) -> None:
        market = Market([DEEP, DEAR, DEAR_TOO], Block(1, base_fee_wei=GWEI))
        found = found_in(market)
        best = best_combination(found, market, COSTS)
        assert replayed(best, market) == best.net
        # The control: the figures that were found side by side cannot all be had.
        assert best.net < sum(each.net_profit or 0 for each in found)
        assert all(each.confidence is not None for each in best.opportunities)

    def test_what_shares_no_pool_is_all_taken_the_best_first(self) -> None:
        links = [
            v2(5, WETH, LINK, ETHER * 900, ETHER * 90_000),
            v2(6, WETH, LINK, ETHER * 500, ETHER * 54_000),
        ]
        market = Market([DEEP, DEAR, *links], Block(1, base_fee_wei=GWEI))
        found = found_in(market)
        best = best_combination(found, market, COSTS)
        assert [each.key for each in best.opportunities] == [each.key for each in found]
        nets = [each.net_profit for each in best.opportunities]
        assert nets == sorted(nets, key=lambda net: -(net or 0))
        assert best.net == sum(each.net_profit or 0 for each in found)

    def test_nothing_comes_of_nothing(self) -> None:
        market = Market([DEEP], Block(1, base_fee_wei=GWEI))
        assert best_combination([], market, COSTS) == Combination((), market, 0)

    def test_what_is_not_known_is_left_out(self) -> None:
        market = Market([DEEP, DEAR])
        found = find_opportunities(market, [WETH], 2, costs=COSTS)
        assert found[0].net_profit is None
        assert best_combination(found, market, COSTS).opportunities == ()

    def test_less_than_the_least_is_not_taken(self) -> None:
        market = Market([DEEP, DEAR, DEAR_TOO], Block(1, base_fee_wei=GWEI))
        found = found_in(market)
        best = max(each.net_profit or 0 for each in found)
        assert best_combination(found, market, COSTS, least=best // 2).opportunities
        assert not best_combination(found, market, COSTS, least=best * 4).opportunities

    @pytest.mark.parametrize(("name", "value"), [("least", 0), ("least", 0.5), ("budget", -1)])
    def test_figures_out_of_range_are_refused(self, name: str, value: int) -> None:
        with pytest.raises(InvalidSearch, match=f"{name} is"):
            best_combination([], Market(), COSTS, **{name: value})  # type: ignore[arg-type]

    def test_opportunities_of_another_market_are_refused(self) -> None:
        market = Market([DEEP, DEAR], Block(1, base_fee_wei=GWEI))
        elsewhere = Market([DEEP, DEAR_TOO], Block(1, base_fee_wei=GWEI))
        with pytest.raises(InvalidSearch, match="which the market does not hold"):
            best_combination(found_in(market), elsewhere, COSTS)

    def test_a_pool_whose_next_state_is_unknown_is_taken_once(self) -> None:
        """CryptoSwap's quotes are exact without its oracle, but not what a swap leaves."""
        crypto = cryptoswap(Random(1), USD_WETH, USDC, 1e7, 1.0)
        cheap = [
            v2(number, USD_WETH, USDC, 1000 * ETHER, dollars * 10**6)
            for number, dollars in ((11, 1_800_000), (12, 1_850_000))
        ]
        costs = CostModel(priority_fee_wei=0, native_token=USD_WETH)
        market = Market([crypto, *cheap], Block(1, base_fee_wei=GWEI))
        found = find_opportunities(market, [USD_WETH], 2, costs=costs)
        through = [each for each in found if crypto in each.route.pools]
        assert len(through) == 2
        best = best_combination(through, market, costs)
        assert sum(crypto in each.route.pools for each in best.opportunities) == 1
        assert best.market_after.pool(crypto.address) is crypto
        assert best.net >= max(each.net_profit or 0 for each in through)

    def test_cycles_that_it_opens_itself_are_found_where_it_may_look(self) -> None:
        market = Market(random_market(Random(2), 4, 12, noise=0.02), Block(1, base_fee_wei=GWEI))
        scanner = Scanner([WETH], 3, COSTS, near_count=0)
        found = found_in(market, most=1)
        alone = best_combination(found, market, COSTS)
        looking = best_combination(
            found, market, COSTS, find=lambda state: scanner.scan(state).opportunities
        )
        assert looking.net > alone.net
        assert replayed(looking, market) == looking.net

    def test_equal_input_gives_equal_combinations(self) -> None:
        market = Market(random_market(Random(5), 4, 12, noise=0.02), Block(1, base_fee_wei=GWEI))
        found = found_in(market, most=9)
        first, second = (best_combination(found, market, COSTS) for _ in range(2))
        assert first.opportunities == second.opportunities


def market_of_three_ranged_pools() -> Market:
    ranges = [(-6000, 6000, 10**24)]
    pools = [
        v3(1, WETH, DAI, 0, ranges),
        v3(2, DAI, LINK, 0, ranges),
        v3(3, WETH, LINK, 600, ranges),
    ]
    return Market(pools, Block(1, base_fee_wei=GWEI))


class TestBestAlone:
    def test_a_cycle_of_three_ranged_pools_gets_a_size_even_where_the_quick_one_leaves_nothing(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        market = market_of_three_ranged_pools()
        [found] = found_in(market)
        quick = best_alone(found, market, COSTS)
        assert quick is not None
        monkeypatch.setattr(combination_module, "quick_input", lambda route, fee=0: None)
        exact = best_alone(found, market, COSTS)
        assert exact is not None
        assert exact.gross_profit == found.gross_profit
        assert 0 <= exact.gross_profit - quick.gross_profit <= found.gross_profit // 10**6

    @pytest.mark.parametrize("of_these_states", [True, False])
    def test_a_better_size_that_it_came_with_stays(
        self, monkeypatch: pytest.MonkeyPatch, of_these_states: bool
    ) -> None:
        market = market_of_three_ranged_pools()
        [found] = found_in(market)
        poor = splitting.amounts_from(found.route, found.amount_in // 3)
        monkeypatch.setattr(combination_module, "quick_input", lambda route, fee=0: poor)
        if not of_these_states:
            # The control: amounts that these pools do not pay are no size of this cycle.
            found = replace(found, amounts=(*found.amounts[:-1], found.amount_out + 1))
        alone = best_alone(found, market, COSTS)
        assert alone is not None
        assert (alone.amounts == found.amounts) is of_these_states
        assert (alone.amounts == poor) is not of_these_states

    def test_it_is_what_a_combination_of_one_begins_with(self) -> None:
        market = Market([DEEP, DEAR, DEAR_TOO], Block(1, base_fee_wei=GWEI))
        for found in found_in(market):
            alone = best_alone(found, market, COSTS)
            assert alone is not None
            [first, *_] = best_combination([found], market, COSTS, budget=0).opportunities
            assert alone == first
            assert (alone.net_profit or 0) >= (found.net_profit or 0)

    def test_one_that_needs_no_division_knows_its_confidence_too(self) -> None:
        market = Market([DEEP, DEAR], Block(1, base_fee_wei=GWEI))
        [found] = found_in(market)
        alone = best_alone(found, market, COSTS)
        assert alone is not None
        assert alone.key == found.key
        assert alone.confidence == found.confidence

    def test_where_no_size_leaves_anything_there_is_none(self) -> None:
        market = Market([DEEP, DEAR], Block(1, base_fee_wei=GWEI))
        [found] = found_in(market)
        worse = found.route[0]._replace(pool=DEEP), found.route[1]._replace(pool=DEAR)
        assert best_alone(replace(found, route=Route(worse)), market, COSTS) is None


class TestMostSteps:
    """A way through more pools than one transaction can swap through is not taken."""

    @pytest.fixture
    def market(self) -> Market:
        return Market([DEEP, DEAR, DEAR_TOO], Block(1, base_fee_wei=GWEI))

    @pytest.mark.parametrize("budget", [0, 300])
    def test_nothing_longer_is_made(
        self, market: Market, budget: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for module in (combination_module, orders, splitting):
            monkeypatch.setattr(module, "MOST_STEPS", 2)
        best = best_combination(found_in(market), market, COSTS, budget=budget)
        assert {len(each.route.pools) for each in best.opportunities} == {2}

    def test_what_is_longer_already_is_left_out(
        self, market: Market, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        found = found_in(market)
        for module in (combination_module, orders, splitting):
            monkeypatch.setattr(module, "MOST_STEPS", 1)
        assert best_combination(found, market, COSTS).opportunities == ()
        assert best_alone(found[0], market, COSTS) is None

    def test_within_the_limit_a_hop_is_divided(self, market: Market) -> None:
        """The control: a third pool pays for itself here."""
        best = best_combination(found_in(market), market, COSTS)
        assert max(len(each.route.pools) for each in best.opportunities) == 3


@settings(max_examples=12)
@given(
    seed=st.integers(0, 10**9),
    tokens=st.integers(3, 5),
    pools=st.integers(5, 9),
    gas_price=st.sampled_from([GWEI, 5 * GWEI, 30 * GWEI]),
)
def test_on_small_universes_it_is_as_good_as_brute_force(
    seed: int, tokens: int, pools: int, gas_price: int
) -> None:
    made: list[Pool] = random_market(Random(seed), tokens, pools, noise=0.02)
    market = Market(made, Block(1, base_fee_wei=gas_price))
    if WETH not in market.tokens:
        return
    found = found_in(market, most=4)
    best = best_combination(found, market, COSTS)
    assert replayed(best, market) == best.net
    assert best.net >= brute_force(found, market) * 0.995


def test_brute_force_finds_more_than_what_shares_no_pool() -> None:
    """The control: where opportunities share pools, order and new sizes are worth something."""
    market = Market(random_market(Random(3), 3, 9, noise=0.02), Block(1, base_fee_wei=GWEI))
    found = found_in(market, most=4)
    naive, used = 0, set[str]()
    for each in found:
        addresses = {pool.address for pool in each.route.pools}
        if used.isdisjoint(addresses):
            used |= addresses
            naive += each.net_profit or 0
    assert brute_force(found, market) > naive * 1.01


def test_only_ways_through_changed_pools_are_sized_again() -> None:
    market = Market([DEEP, DEAR, DEAR_TOO], Block(1, base_fee_wei=GWEI))
    found = found_in(market)
    trials = Trials(Valuation(market, COSTS), least=1, budget=100)
    assert trials.add(found)
    assert not trials.add(found)
    for index in range(len(found)):
        assert trials.trial(index, {})
    assert trials.left == 100
    moved = DEAR.with_reserves(DEAR.reserve0 + ETHER, DEAR.reserve1)
    touched = [DEAR.address in {pool.address for pool in each.route.pools} for each in found]
    for _ in range(2):
        for index in range(len(found)):
            trials.trial(index, {DEAR.address: moved})
    assert trials.left == 100 - sum(touched)
    assert 0 < sum(touched) < len(found)


def test_groups_share_no_pool() -> None:
    other = [v2(8, WETH, LINK, 900 * ETHER, 90_000 * ETHER), v2(9, WETH, LINK, ETHER, 130 * ETHER)]
    market = Market([DEEP, DEAR, DEAR_TOO, *other], Block(1, base_fee_wei=GWEI))
    trials = Trials(Valuation(market, COSTS), least=1, budget=100)
    trials.add(find_opportunities(market, [WETH], 2, costs=COSTS))
    groups = trials.groups()
    assert sorted(index for group in groups for index in group) == list(range(len(trials.ways)))
    pools = [
        {pool.address for index in group for pool in trials.ways[index].pools} for group in groups
    ]
    assert len(groups) == 2
    assert pools[0].isdisjoint(pools[1])
