"""Pools side by side: one input divided so that it pays most."""

from __future__ import annotations

import pickle
from dataclasses import FrozenInstanceError
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aineon.amm import Pool, StableSwapPool
from aineon.errors import (
    InsufficientLiquidity,
    InvalidAmount,
    InvalidPoolState,
    InvalidRoute,
    SameToken,
    UnknownToken,
)
from aineon.primitives import Token
from aineon.search import Hop, Route
from aineon.search.parallel import ParallelPools
from tests.search.markets import address, token, v2, v3

ONE, OTHER, THIRD = token(1), token(2), token(3)
DEEP = v2(1, ONE, OTHER, 10**24, 2 * 10**24)
TWIN = v2(2, ONE, OTHER, 10**24, 2 * 10**24)
THIN = v2(3, ONE, OTHER, 10**22, 21 * 10**21)


def small_pools(random: Random, count: int) -> ParallelPools:
    """Pools so small that every division can be tried."""
    pools: list[Pool] = []
    for number in range(count):
        if random.random() < 0.5:
            reserve = random.randint(200, 3000)
            other = int(reserve * random.uniform(0.9, 1.1) * random.choice([1, 1, 0.05, 20]))
            fee_pips = random.choice([0, 500, 3000])
            pools.append(v2(number, ONE, OTHER, reserve, other, fee_pips))
        else:
            ranges = [(low, high, random.randint(300, 20_000)) for low, high in _RANGES]
            pools.append(v3(number, ONE, OTHER, random.randint(-600, 600), ranges))
    return ParallelPools(pools, ONE, OTHER)


_RANGES = [(-1200, 1200), (-120, 180)]


def paid(pools: ParallelPools, way: tuple[Token, Token], shares: tuple[int, ...]) -> int:
    """What the members pay for these shares, asked one by one."""
    return sum(
        pool.quote_exact_input(*way, share).amount_out
        for pool, share in zip(pools.members, shares, strict=True)
        if share
    )


def lost_to_rounding(seed: int, polished: bool = True) -> int:
    """How much less a division pays than the best of all divisions of two small pools."""
    random = Random(seed)
    pools = small_pools(random, 2)
    way = (ONE, OTHER) if seed % 2 else (OTHER, ONE)
    most = [pool.max_amount_in(*way) for pool in pools.members]
    amount = min(random.randint(1, 300), sum(most))
    best = max(
        paid(pools, way, (share, amount - share))
        for share in range(max(amount - most[1], 0), min(amount, most[0]) + 1)
    )
    division = pools.division(*way)
    found = pools.split(*way, amount) if polished else tuple(division._start(amount))
    assert sum(found) == amount
    return best - paid(pools, way, found)


class TestIdentity:
    def test_it_is_a_pool_named_after_its_members(self) -> None:
        pools = ParallelPools([TWIN, DEEP], OTHER, ONE)
        assert isinstance(pools, Pool)
        assert pools.members == (DEEP, TWIN)
        assert pools.tokens == (ONE, OTHER)
        assert pools.address == f"{DEEP.address}+{TWIN.address}"
        assert pools.venue == "uniswap_v2"
        assert DEEP.address in repr(pools)

    def test_equal_members_make_equal_values_in_any_order(self) -> None:
        pools = ParallelPools([DEEP, THIN], ONE, OTHER)
        same = ParallelPools([THIN, DEEP], OTHER, ONE)
        assert pools == same
        assert hash(pools) == hash(same)
        assert pickle.loads(pickle.dumps(pools)) == pools
        assert pools != ParallelPools([DEEP, TWIN], ONE, OTHER)

    def test_it_is_frozen(self) -> None:
        with pytest.raises(FrozenInstanceError):
            ParallelPools([DEEP, TWIN], ONE, OTHER).members = ()  # type: ignore[misc]

    @pytest.mark.parametrize(
        "members", [[], [DEEP], [DEEP, DEEP], [DEEP, "pool"], [DEEP, v2(4, ONE, THIRD, 1, 1)]]
    )
    def test_members_are_two_or_more_real_pools_of_both_tokens(self, members: list[Pool]) -> None:
        with pytest.raises(InvalidPoolState):
            ParallelPools(members, ONE, OTHER)

    def test_a_division_has_no_divisions_inside(self) -> None:
        with pytest.raises(InvalidPoolState, match="allowed are real pools"):
            ParallelPools([DEEP, ParallelPools([TWIN, THIN], ONE, OTHER)], ONE, OTHER)

    def test_other_tokens_are_refused(self) -> None:
        pools = ParallelPools([DEEP, TWIN], ONE, OTHER)
        with pytest.raises(UnknownToken):
            pools.quote_exact_input(ONE, THIRD, 1)
        with pytest.raises(SameToken):
            pools.split(ONE, ONE, 1)
        with pytest.raises(SameToken):
            ParallelPools([DEEP, TWIN], ONE, ONE)

    def test_a_route_knows_the_real_pools(self) -> None:
        pools = ParallelPools([DEEP, TWIN], ONE, OTHER)
        route = Route([(pools, ONE, OTHER), (THIN, OTHER, ONE)])
        assert route.pools == (DEEP, TWIN, THIN)
        assert route[0].pools == pools.members
        assert route.key == (
            f"{ONE.address}>{DEEP.address}+{TWIN.address}>{OTHER.address}"
            f">{THIN.address}>{ONE.address}"
        )
        assert str(route) == "T1 -[uniswap_v2]-> T2 -[uniswap_v2]-> T1"

    def test_a_member_that_comes_again_is_a_pool_used_twice(self) -> None:
        pools = ParallelPools([DEEP, TWIN], ONE, OTHER)
        with pytest.raises(InvalidRoute, match="used twice"):
            Route([Hop(pools, ONE, OTHER), Hop(TWIN, OTHER, ONE)])


class TestSplit:
    def test_twins_share_alike(self) -> None:
        shares = ParallelPools([DEEP, TWIN], ONE, OTHER).split(ONE, OTHER, 10**21)
        assert shares == pytest.approx((5 * 10**20, 5 * 10**20), rel=1e-9)

    def test_what_pays_worse_gets_nothing_until_the_better_one_has_come_down_to_it(self) -> None:
        pools = ParallelPools([DEEP, THIN], ONE, OTHER)
        assert pools.split(ONE, OTHER, 10**19) == (0, 10**19)
        deep, thin = pools.split(ONE, OTHER, 10**23)
        assert 0 < thin < deep

    def test_the_last_units_pay_the_same_everywhere(self) -> None:
        curved = v3(5, ONE, OTHER, 6932, [(0, 12_000, 10**24), (6900, 6960, 10**25)])
        pools = ParallelPools([DEEP, THIN, curved], ONE, OTHER)
        shares = pools.split(ONE, OTHER, 10**23)
        rates = []
        for pool, share in zip(pools.members, shares, strict=True):
            output, aside = pool.output_function(ONE, OTHER), share // 1000
            rates.append((output(share + aside) - output(share - aside)) / (2 * aside))
        assert max(rates) == pytest.approx(min(rates), rel=1e-5)

    def test_it_comes_within_roundings_of_the_best_division(self) -> None:
        lost = [lost_to_rounding(seed) for seed in range(300)]
        assert min(lost) == 0
        # Each member rounds for its fee and for its payment.
        assert max(lost) <= 4
        assert lost.count(0) > 0.85 * len(lost)

    def test_the_float_start_alone_does_not_come_so_near(self) -> None:
        """The control: without moving amounts by exact quotes much more is lost."""
        lost = [lost_to_rounding(seed, polished=False) for seed in range(300)]
        assert max(lost) > 4
        assert lost.count(0) < 0.85 * len(lost)

    @settings(max_examples=60)
    @given(seed=st.integers(0, 10**9), count=st.integers(2, 4), size=st.floats(1, 24))
    def test_moving_one_unit_pays_no_more(self, seed: int, count: int, size: float) -> None:
        random = Random(seed)
        members: list[Pool] = [
            v2(each, ONE, OTHER, *(int(10 ** random.uniform(20, 24)) for _ in range(2)))
            for each in range(count)
        ]
        pools, amount = ParallelPools(members, ONE, OTHER), int(10**size)
        shares = pools.split(ONE, OTHER, amount)
        assert sum(shares) == amount
        best = paid(pools, (ONE, OTHER), shares)
        for giver in range(count):
            for taker in range(count):
                if shares[giver] and giver != taker:
                    moved = list(shares)
                    moved[giver] -= 1
                    moved[taker] += 1
                    assert paid(pools, (ONE, OTHER), tuple(moved)) <= best

    def test_pools_of_other_kinds_and_more_tokens_take_part(self) -> None:
        stable = StableSwapPool(
            address(9), (ONE, OTHER, THIRD), (10**24, 2 * 10**24, 10**24), A=200, fee=4_000_000
        )
        pools = ParallelPools([stable, v2(8, ONE, OTHER, 10**24, 10**24)], ONE, OTHER)
        shares = pools.split(ONE, OTHER, 10**22)
        assert sum(shares) == 10**22
        alone = max(pool.quote_exact_input(ONE, OTHER, 10**22).amount_out for pool in pools.members)
        assert pools.quote_exact_input(ONE, OTHER, 10**22).amount_out >= alone

    @pytest.mark.parametrize("amount", [0, -1, 1.0, None, 10**40])
    def test_impossible_amounts_are_refused(self, amount: int) -> None:
        with pytest.raises(InvalidAmount, match="amount_in is"):
            ParallelPools([DEEP, TWIN], ONE, OTHER).split(ONE, OTHER, amount)

    def test_a_member_that_cannot_swap_takes_nothing(self) -> None:
        empty = v2(6, ONE, OTHER, 0, 0)
        assert ParallelPools([empty, DEEP], ONE, OTHER).split(ONE, OTHER, 10**20) == (10**20, 0)

    def test_where_no_member_can_swap_it_says_so(self) -> None:
        empty = ParallelPools([v2(6, ONE, OTHER, 0, 0), v2(7, ONE, OTHER, 0, 0)], ONE, OTHER)
        assert empty.local_curve(ONE, OTHER).rate == 0
        assert empty.max_amount_in(ONE, OTHER) == 0
        for refused in (empty.split, empty.quote_exact_input, empty.quote_exact_output):
            with pytest.raises(InsufficientLiquidity, match="no member"):
                refused(ONE, OTHER, 1)
        with pytest.raises(InsufficientLiquidity):
            empty.spot_price(ONE, OTHER)


class TestQuotes:
    def test_a_quote_is_the_sum_of_its_members(self) -> None:
        pools = ParallelPools([DEEP, THIN], ONE, OTHER)
        quote = pools.quote_exact_input(ONE, OTHER, 10**23)
        shares = pools.split(ONE, OTHER, 10**23)
        assert quote.amount_out == paid(pools, (ONE, OTHER), shares)
        assert pools.output_function(ONE, OTHER)(10**23) == quote.amount_out
        assert not quote.partial
        after = quote.pool_after
        assert isinstance(after, ParallelPools)
        assert after.members == tuple(
            pool.quote_exact_input(ONE, OTHER, share).pool_after
            for pool, share in zip(pools.members, shares, strict=True)
        )

    def test_beyond_what_all_can_take_it_fills_partly(self) -> None:
        narrow = [v3(each, ONE, OTHER, 0, [(-60, 60, 10**20)]) for each in (1, 2)]
        pools = ParallelPools(narrow, ONE, OTHER)
        most = pools.max_amount_in(ONE, OTHER)
        assert most == sum(pool.max_amount_in(ONE, OTHER) for pool in narrow)
        assert not pools.quote_exact_input(ONE, OTHER, most).partial
        quote = pools.quote_exact_input(ONE, OTHER, most + 1)
        assert quote.partial
        assert quote.amount_in == most
        wanted = pools.quote_exact_output(ONE, OTHER, 2 * quote.amount_out)
        assert wanted.partial
        assert wanted.amount_in == most

    @pytest.mark.parametrize("amount_out", [1, 12_345, 10**18, 10**22 + 7])
    def test_an_output_is_asked_with_the_input_that_pays_it(self, amount_out: int) -> None:
        pools = ParallelPools([DEEP, THIN], ONE, OTHER)
        quote = pools.quote_exact_output(ONE, OTHER, amount_out)
        assert quote.amount_out >= amount_out
        assert pools.input_function(ONE, OTHER)(amount_out) == quote.amount_in
        output = pools.output_function(ONE, OTHER)
        assert quote.amount_in == 1 or output(quote.amount_in - 1) < amount_out

    @pytest.mark.parametrize("amount_out", [0, -1, 1.0])
    def test_impossible_outputs_are_refused(self, amount_out: int) -> None:
        with pytest.raises(InvalidAmount, match="amount_out is"):
            ParallelPools([DEEP, TWIN], ONE, OTHER).quote_exact_output(ONE, OTHER, amount_out)

    def test_the_deepest_member_tells_the_price(self) -> None:
        pools = ParallelPools([THIN, DEEP], ONE, OTHER)
        assert pools.spot_price(ONE, OTHER) == DEEP.spot_price(ONE, OTHER)

    @settings(max_examples=60)
    @given(seed=st.integers(0, 10**9), amount=st.integers(1, 400))
    def test_no_size_gets_a_better_rate_than_the_curve_says(self, seed: int, amount: int) -> None:
        pools = small_pools(Random(seed), 3)
        amount = min(amount, pools.max_amount_in(ONE, OTHER))
        if not amount:
            return
        quote = pools.quote_exact_input(ONE, OTHER, amount)
        assert quote.amount_out <= pools.local_curve(ONE, OTHER).rate * amount * (1 + 1e-12)
