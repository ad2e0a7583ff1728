"""Entangled pools: a metapool and its base pool, never in one cycle."""

from __future__ import annotations

import pytest

from aineon.amm import Pool, StableSwapPool, UnderlyingPool
from aineon.errors import InvalidPoolState, InvalidRoute
from aineon.market import Market
from aineon.primitives import Block, Token
from aineon.search import (
    CostModel,
    Hop,
    ParallelPools,
    Route,
    best_combination,
    find_opportunities,
)
from aineon.search.entangled import are_entangled, entangled_pair
from tests.search.markets import address, token, v2

WETH, DAI, USDC, FRAX, LUSD = (
    token(n + 1, name) for n, name in enumerate(("WETH", "DAI", "USDC", "FRAX", "LUSD"))
)
LP = token(9, "3CRV")
ONE = 10**18
BASE = StableSwapPool(
    address(1), (DAI, USDC), (10**7 * ONE, 10**7 * ONE), 2000, 10**6,
    lp_token=LP, lp_total_supply=2 * 10**7 * ONE,
)  # fmt: skip


def metapool(number: int, coin: Token, own: int, lp: int) -> StableSwapPool:
    balances = (own * 10**6 * ONE, lp * 10**6 * ONE)
    return StableSwapPool(
        address(number), (coin, LP), balances, 200, 4 * 10**6, A_precision=100, base_pool=BASE
    )


FRAX_META, LUSD_META = metapool(2, FRAX, 30, 10), metapool(3, LUSD, 10, 10)
FRAX_VIEW, LUSD_VIEW = UnderlyingPool(FRAX_META), UnderlyingPool(LUSD_META)
FRAX_DAI = v2(4, FRAX, DAI, 10**7 * ONE, 10**7 * ONE)
LUSD_FRAX = v2(5, LUSD, FRAX, 10**7 * ONE, 11 * 10**6 * ONE)


@pytest.mark.parametrize(
    ("one", "other", "entangled"),
    [
        (BASE, FRAX_META, True),
        (BASE, FRAX_VIEW, True),
        (FRAX_VIEW, LUSD_VIEW, True),
        (FRAX_META, LUSD_VIEW, True),
        (FRAX_META, LUSD_META, False),
        (BASE, FRAX_DAI, False),
        (FRAX_VIEW, FRAX_DAI, False),
    ],
)
def test_whoever_moves_what_another_reads_is_entangled(
    one: Pool, other: Pool, entangled: bool
) -> None:
    assert are_entangled(one, other) is are_entangled(other, one) is entangled
    assert (entangled_pair([FRAX_DAI, one, other]) == (one, other)) is entangled


def test_a_swap_through_the_base_pool_changes_what_the_view_pays() -> None:
    """Why it matters: the figures of such a route would be of a state that it has left."""
    moved = BASE.quote_exact_input(DAI, USDC, 10**6 * ONE).pool_after
    assert isinstance(moved, StableSwapPool)
    later = UnderlyingPool(FRAX_META.with_base_pool(moved))
    swap = (USDC, FRAX, 10**5 * ONE)
    assert (
        later.quote_exact_input(*swap).amount_out != FRAX_VIEW.quote_exact_input(*swap).amount_out
    )


def test_a_route_through_entangled_pools_is_refused() -> None:
    with pytest.raises(InvalidRoute, match="changes what the other pays"):
        Route([Hop(BASE, DAI, USDC), Hop(FRAX_VIEW, USDC, FRAX), Hop(FRAX_DAI, FRAX, DAI)])
    Route([Hop(LUSD_META, LUSD, LP), Hop(FRAX_META, LP, FRAX), Hop(LUSD_FRAX, FRAX, LUSD)])


def test_a_hop_is_not_divided_over_entangled_pools() -> None:
    with pytest.raises(InvalidPoolState, match="changes what the other pays"):
        ParallelPools([BASE, FRAX_VIEW], DAI, USDC)


@pytest.mark.parametrize("hops", [2, 3, 4, 5])
def test_no_scan_reports_a_cycle_through_entangled_pools(hops: int) -> None:
    lp_dai = v2(6, LP, DAI, 10**7 * ONE, 11 * 10**6 * ONE)
    usdc_frax = v2(7, USDC, FRAX, 10**7 * ONE, 10**7 * ONE)
    pools = [BASE, FRAX_META, lp_dai, FRAX_DAI, usdc_frax]
    found = find_opportunities(Market(pools), [DAI, FRAX], hops)
    assert all(entangled_pair(each.route.pools) is None for each in found)
    # The control: over a base pool that is not in the market there is more, from 4 hops on.
    more = find_opportunities(Market([_elsewhere(), *pools[1:]]), [DAI, FRAX], hops)
    assert (len(more) > len(found)) is (hops > 3)
    assert bool(found) is (hops > 2)


def test_metapools_that_only_read_their_base_may_meet() -> None:
    pools = [FRAX_META, LUSD_META, LUSD_FRAX]
    [best, *_] = find_opportunities(Market(pools), [FRAX, LUSD], 3)
    assert {FRAX_META, LUSD_META} < set(best.route.pools)


def test_a_combination_takes_no_pool_that_another_one_left_unknown() -> None:
    costs = CostModel(native_token=WETH, priority_fee_wei=0)
    pools = [
        BASE, FRAX_META, v2(4, DAI, USDC, 10**6 * ONE, 11 * 10**5 * ONE),
        v2(5, FRAX, LP, 10**6 * ONE, 10**6 * ONE),
        v2(6, WETH, DAI, 10**6 * ONE, 10**9 * ONE), v2(7, WETH, LP, 10**6 * ONE, 10**9 * ONE),
    ]  # fmt: skip
    market = Market(pools, Block(1, base_fee_wei=10**9))
    found = find_opportunities(market, [DAI, LP], 2, costs=costs)
    assert {BASE, FRAX_META} < {pool for each in found for pool in each.route.pools}
    taken = best_combination(found, market, costs).opportunities
    used = {pool.address for each in taken for pool in each.route.pools}
    assert len(used & {BASE.address, FRAX_META.address}) == 1
    # The control: the metapool over another base pool is taken as well.
    apart = Market([_elsewhere(), *pools[1:]], Block(1, base_fee_wei=10**9))
    found = find_opportunities(apart, [DAI, LP], 2, costs=costs)
    assert len(best_combination(found, apart, costs).opportunities) > len(taken)


def _elsewhere() -> StableSwapPool:
    """The base pool at another address: one that no metapool stands on."""
    return StableSwapPool(
        address(50), BASE.tokens, BASE.balances, BASE.A, BASE.fee,
        lp_token=LP, lp_total_supply=BASE.lp_total_supply, template=BASE.template,
    )  # fmt: skip
