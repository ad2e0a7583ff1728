"""The peak in floats is the peak in whole numbers, to what a size that only ranks can tell."""

from __future__ import annotations

import random

import pytest

from aineon.amm import ConcentratedPool
from aineon.search.route import Route
from aineon.search.sizing import optimum
from aineon.search.sizing.chain import Chain
from aineon.search.sizing.model import locate
from aineon.search.sizing.pieces import piece_finder
from aineon.search.sizing.smooth import smooth_amounts
from tests.benchmarks.universe import WETH, Universe
from tests.search.sizing_tools import DAI, ETHER, USDC, cycle, deep_v3, v2

FEES = (0, 5)


@pytest.fixture(scope="module")
def routes() -> list[Route]:
    """Cycles of a market as large as life, most of them across borders of Uniswap V3 pools."""
    from aineon.search import Scanner

    universe = Universe(400, seed=3)
    scanner, found = Scanner([WETH], 3, judge=None), []
    for _ in range(4):
        universe.market.apply(universe.next_block())
        found += [each.route for each in scanner.scan(universe.market).opportunities]
    return [r for r in found if any(isinstance(hop.pool, ConcentratedPool) for hop in r)]


def whole_peak(route: Route, fee_bps: int, start: int) -> tuple[int, ...]:
    chain = Chain(route, fee_bps)
    finders = [finder for hop in route if (finder := piece_finder(hop))]
    return chain.amounts(locate(chain, finders, start)[1])


@pytest.mark.parametrize("fee_bps", FEES)
def test_it_is_the_peak_in_whole_numbers(routes: list[Route], fee_bps: int) -> None:
    compared = 0
    for route in routes:
        start = optimum._checked_start(route, fee_bps)
        near = None if start is None else smooth_amounts(route, start, 1 + fee_bps / 10_000)
        if near is None or start is None:
            continue
        compared += 1
        expected = whole_peak(route, fee_bps, start)
        assert near[0] == pytest.approx(expected[0], rel=1e-9)
        assert list(Chain(route, fee_bps).amounts(near[0])) == near
    assert compared > 30


def test_the_control_one_wrong_step_is_seen(
    routes: list[Route], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Were what a step before has paid left out, the comparison above would fail."""
    from aineon.search.sizing import smooth

    honest = smooth._concentrated
    monkeypatch.setattr(
        smooth,
        "_concentrated",
        lambda pool, step, falls: honest(pool, step._replace(paid_before=0), falls),
    )
    wrong = 0
    for route in routes:
        start = optimum._checked_start(route, 0)
        near = None if start is None else smooth_amounts(route, start, 1.0)
        if near is not None and start is not None:
            expected = whole_peak(route, 0, start)[0]
            wrong += near[0] != pytest.approx(expected, rel=1e-9)
    assert wrong


def test_a_start_far_off_leads_to_the_same_peak() -> None:
    route = cycle(
        WETH,
        (deep_v3(WETH, USDC, 2026e-12, 20_000 * ETHER), USDC),
        (v2(USDC, DAI, 9_000_000 * 10**6, 9_200_000 * ETHER + 7), DAI),
        (v2(WETH, DAI, 19_000 * ETHER + 17, 38_000_000 * ETHER + 11_177_777), WETH),
    )
    starts = [random.Random(5).randrange(1, 10**power) for power in range(3, 24, 4)]
    found = {near[0] for s in starts if (near := smooth_amounts(route, s, 1.0))}
    assert len(found) == 1


def test_what_no_pool_can_take_is_left_to_whole_numbers() -> None:
    full = v2(WETH, USDC, (1 << 112) - 1, 30_000_123 * 10**6)
    route = cycle(WETH, (full, USDC), (v2(WETH, USDC, ETHER, 2000 * 10**6), WETH))
    assert smooth_amounts(route, ETHER, 1.0) is None
