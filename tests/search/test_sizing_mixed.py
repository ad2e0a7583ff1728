"""Random cycles through pools of every protocol, judged by an independent climb.

Every run of the tests judges some hundred of them, `python3 dev.py nightly` 2,000.
"""

from __future__ import annotations

import os

import pytest

from aineon.amm import (
    ConstantProductPool,
    EtherWrapper,
    StableSwapPool,
    StakedEtherWrapper,
    WeightedPool,
)
from aineon.primitives import ETHER as NATIVE
from aineon.primitives import Token
from aineon.search.parallel import ParallelPools
from aineon.search.route import Hop, Route
from aineon.search.sizing import approximate_input, optimal_input
from aineon.search.sizing.fitted import WIDE, Curve, NoFit, fitting
from aineon.search.sizing.optimum import smooth_optimum
from aineon.search.sizing.pieces import piece_finder
from tests.search.mixed_cycles import RETH, STETH, WSTETH, Climber, mixed_cycle
from tests.search.sizing_tools import (
    DAI,
    ETHER,
    USDC,
    WBTC,
    WETH,
    Judge,
    cycle,
    next_address,
    v2,
)

CYCLES, CHUNK = int(os.environ.get("AINEON_SIZED_CYCLES") or 600), 50
# Curve counts fees in 1e-10: where they change with the size, profits do in steps of about that
# part of the input, and several such hops beat against each other.
STEPS = 2 * 10**8
# Newton's loop in Curve's crypto pools leaves noise that can pay for dust on paper.
DUST = 10**9


def refused(seed: int) -> str | None:
    """What is wrong with the answer for a cycle; None where nothing is."""
    route = mixed_cycle(seed)
    judge, found = Climber(route), optimal_input(route)
    if found is None:
        profit, at = judge.best_of_grid()
        return f"{profit} at {at} missed" if profit > 0 and at > DUST else None
    own, tolerance = found[-1] - found[0], found[0] // STEPS + 1
    if own <= 0 or own != judge.profit(found[0]):
        return f"{own} is not the profit of {found[0]}"
    window, ties = (1000, 1000) if not seed % 16 else (40, 8)
    if nearer := judge.better_near(found[0], window, ties):
        return f"{found[0]} is beaten by its neighbours {nearer[:3]}"
    gain = judge.gain_afar(found[0])
    if not seed % 8:
        gain = max(gain, judge.best_of_grid()[0] - own)
    return f"{found[0]} misses {gain} of {own}" if gain > tolerance else None


@pytest.mark.parametrize("first", range(0, CYCLES, CHUNK))
def test_no_climb_finds_better(first: int) -> None:
    wrong = {seed: why for seed in range(first, first + CHUNK) if (why := refused(seed))}
    assert wrong == {}


# --- a Balancer and a Curve pool: where one fit in one place was not enough -----------------


UNEVEN = [(1, 200), (3, 200), (10, 200), (1, 5000), (3, 5000), (1, 20)]


def balancer_and_curve(imbalance: int, amplification: int) -> Route:
    """USDC buys more DAI in a weighted pool than a small StableSwap pool asks for it."""
    weighted = WeightedPool(
        next_address(),
        [DAI, USDC],
        [14_000_000 * ETHER, 9_000_000 * 10**6],
        [5 * 10**17, 5 * 10**17],
        10**15,
    )
    balances = [imbalance * 1_000_000 * ETHER, 1_000_000 * 10**6]
    curve = StableSwapPool(next_address(), [DAI, USDC], balances, amplification, 4 * 10**6)
    return Route([Hop(weighted, USDC, DAI), Hop(curve, DAI, USDC)])


@pytest.mark.parametrize(("imbalance", "amplification"), UNEVEN)
def test_a_balancer_and_a_curve_pool(imbalance: int, amplification: int) -> None:
    route = balancer_and_curve(imbalance, amplification)
    judge, found = Climber(route), optimal_input(route)
    assert found
    own = found[-1] - found[0]
    assert own == judge.profit(found[0])
    assert judge.better_near(found[0]) == []
    assert judge.gain_afar(found[0]) <= found[0] // STEPS + 1
    assert judge.best_of_grid(points=200, climbs=3)[0] - own <= found[0] // STEPS + 1


def test_a_fit_where_the_pools_stand_is_not_enough() -> None:
    # The control: what a local fit alone reaches.
    reached = []
    for imbalance, amplification in UNEVEN:
        route = balancer_and_curve(imbalance, amplification)
        start, found = smooth_optimum(route, 1.0), optimal_input(route)
        assert start
        assert found
        reached.append(Climber(route).profit(start) / (found[-1] - found[0]))
    assert min(reached) < 0.96
    assert max(reached) <= 1


# --- fitted pieces --------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(12))
def test_a_fitted_piece_follows_its_pool(seed: int) -> None:
    route = mixed_cycle(seed)
    for pool, token_in, token_out in route:
        output = pool.output_function(token_in, token_out)
        most = pool.max_amount_in(token_in, token_out)
        curve = Curve(output, pool.input_function(token_in, token_out), most)
        amount = min(int(10 ** (token_in.decimals or 0)), most // 2)
        piece = fitting(curve, WIDE + 1, compare=True)(amount)
        for part in (-16, -9, -4, 3, 7, 15):
            at = amount + part * (amount >> 16)
            below = piece.c * (at - piece.origin) + piece.d
            off = output(at) - (piece.a * (at - piece.origin) + piece.b) // below
            assert abs(off) <= 3 * piece.blur + output(at) // 10**10 + 1


def test_nothing_is_fitted_to_a_pool_that_pays_nothing() -> None:
    flat = Curve(lambda _: 1000, lambda _: 1, 10**30)
    dust = Curve(lambda amount: amount // 10**9, lambda amount: amount * 10**9, 10**30)
    for curve in (flat, dust):
        with pytest.raises(NoFit):
            fitting(curve, WIDE)(10**9)


# --- wrapping legs --------------------------------------------------------------------------


def rate_wrapper() -> StakedEtherWrapper:
    return StakedEtherWrapper(9_000_000 * ETHER + 12_345, 7_692_307 * ETHER + 777)


def test_a_wrapping_leg_changes_nothing_but_the_way() -> None:
    cheap, dear = 3_900_000 * 10**6, 4_000_000 * 10**6
    plain = cycle(
        USDC,
        (v2(WETH, USDC, 2000 * ETHER, cheap), WETH),
        (v2(WETH, USDC, 2000 * ETHER, dear), USDC),
    )
    wrapped = cycle(
        USDC,
        (v2(NATIVE, USDC, 2000 * ETHER, cheap), NATIVE),
        (EtherWrapper(WETH), WETH),
        (v2(WETH, USDC, 2000 * ETHER, dear), USDC),
    )
    one, other = optimal_input(plain), optimal_input(wrapped)
    assert one
    assert other
    assert (one[0], one[-1]) == (other[0], other[-1])


@pytest.mark.parametrize("there", [(STETH, WSTETH), (WSTETH, STETH)])
def test_a_leg_of_staked_ether_is_sized_exactly(there: tuple[Token, Token]) -> None:
    held, wanted = there
    worth = {STETH: 1.0, WSTETH: 1.17}
    first = v2(WETH, held, 900 * ETHER, int(900 * ETHER / worth[held]))
    second = v2(WETH, wanted, 940 * ETHER + 7, int(900 * ETHER / worth[wanted]))
    route = cycle(WETH, (first, held), (rate_wrapper(), wanted), (second, WETH))
    assert all(piece_finder(hop) for hop in route)
    found = optimal_input(route)
    assert found
    assert Judge(route).better(found[0]) == []


def test_a_leg_of_staked_ether_equals_brute_force() -> None:
    wrapper = StakedEtherWrapper(9_000, 7_001)
    first, second = v2(WETH, STETH, 9_000, 9_900, 500), v2(WETH, WSTETH, 12_000, 9_100, 500)
    for way in (
        cycle(WETH, (first, STETH), (wrapper, WSTETH), (second, WETH)),
        cycle(WETH, (v2(WETH, WSTETH, 9_000, 9_000), WSTETH), (wrapper, STETH), (first, WETH)),
    ):
        found = optimal_input(way)
        expected = Judge(way).brute_force(20_000)
        assert (found and found[0]) == (expected and expected[0])


# --- pools side by side ---------------------------------------------------------------------


def test_pools_side_by_side_are_sized_by_quotes() -> None:
    cheap = v2(WETH, USDC, 9_000 * ETHER + 17, 18_400_000 * 10**6 + 1117)
    dear = [
        v2(WETH, USDC, 15_000 * ETHER, 30_000_123 * 10**6 + 457),
        v2(WETH, USDC, 9_000 * ETHER, 18_000_123 * 10**6 + 457),
    ]
    found = optimal_input(cycle(WETH, (cheap, USDC), (ParallelPools(dear, WETH, USDC), WETH)))
    alone = optimal_input(cycle(WETH, (cheap, USDC), (dear[0], WETH)))
    assert found
    assert alone
    assert found[-1] - found[0] > alone[-1] - alone[0]
    judge = Climber(cycle(WETH, (cheap, USDC), (ParallelPools(dear, WETH, USDC), WETH)))
    assert judge.better_near(found[0], window=20) == []


# --- the approximate input ------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(40))
def test_the_approximate_input_misses_little(seed: int) -> None:
    route = mixed_cycle(seed)
    exact, near = optimal_input(route), approximate_input(route)
    if exact is None or exact[-1] - exact[0] < DUST:
        return
    assert near
    assert near[-1] - near[0] >= (exact[-1] - exact[0]) * (1 - 1e-4)


def test_a_plateau_that_ends_within_one_probe_is_sized() -> None:
    """Its first hit lies so near the end of its window that the misses before it reach beyond."""
    ether = 10**18
    tokens = (WBTC, DAI, USDC, WETH)
    held = (1_672_497_290, 1_026_448_035_485_304_940_920_832, 1_019_310_134_328, 498 * ether)
    wide = WeightedPool(f"0x{1:040x}", tokens, held, [ether // 4] * 4, ether // 1000)
    reserves = (222_783_954_020_673_175_129_423_872, 111_969_963_452_292_694_802_432)
    plain = ConstantProductPool(f"0x{2:040x}", DAI, RETH, *reserves, 3000)
    held_back = (16_737_149_834, 1_238_542_443_208_441_331_712)
    weights = [8 * ether // 10, 2 * ether // 10]
    back = WeightedPool(f"0x{3:040x}", (WBTC, RETH), held_back, weights, ether // 1000)
    route = Route([Hop(wide, WBTC, DAI), Hop(plain, DAI, RETH), Hop(back, RETH, WBTC)])
    amounts = optimal_input(route)
    assert amounts is not None
    assert amounts[-1] - amounts[0] == 442_219
    assert not Climber(route).better_near(amounts[0])
