"""How fast pools answer. Figures to look at, never asserted: `dev.py bench` runs them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from aineon.amm import ConcentratedPool, ConstantProductPool
from aineon.amm.concentrated.tick_math import sqrt_ratio_at_tick
from aineon.primitives import Token

TOKEN0 = Token("0x" + "11" * 20, "WBTC", 8)
TOKEN1 = Token("0x" + "22" * 20, "WETH", 18)
ADDRESS = "0x" + "ab" * 20
DIRECTIONS = {"down": (TOKEN0, TOKEN1), "up": (TOKEN1, TOKEN0)}
Benchmark = Callable[..., Any]


@pytest.fixture(scope="module")
def v2() -> ConstantProductPool:
    """A pool of a thousand ether and its worth in USDC."""
    return ConstantProductPool(ADDRESS, TOKEN0, TOKEN1, 2_500_000 * 10**6, 1000 * 10**18 + 7)


@pytest.fixture(scope="module")
def v3() -> ConcentratedPool:
    """A pool with an initialised tick at every spacing around its price, and a full range."""
    spacing = 60
    pool = ConcentratedPool(
        address=ADDRESS,
        token0=TOKEN0,
        token1=TOKEN1,
        fee_pips=3000,
        tick_spacing=spacing,
        sqrt_price_x96=sqrt_ratio_at_tick(30),
        tick=30,
        liquidity=0,
        ticks={},
    ).with_liquidity(-887220, 887220, 10**19 + 3)
    for width in range(1, 80):
        pool = pool.with_liquidity(-spacing * width, spacing * width, 10**18 * width + 11)
    return pool


def crossing(pool: ConcentratedPool, pair: tuple[Token, Token], ticks: int) -> int:
    """Return an input that crosses so many initialised ticks, to the middle of a range."""
    sign = -1 if pair == DIRECTIONS["down"] else 1
    limit = sqrt_ratio_at_tick(30 + sign * (60 * ticks + 15))
    return pool.quote_to_price(*pair, limit).amount_in


@pytest.mark.parametrize("way", DIRECTIONS)
def test_v2_quote(benchmark: Benchmark, v2: ConstantProductPool, way: str) -> None:
    token_in, token_out = DIRECTIONS[way]
    ask = v2.quote_exact_input
    quote = benchmark(lambda: ask(token_in=token_in, token_out=token_out, amount_in=10**9))
    assert quote.amount_out > 0


@pytest.mark.parametrize("way", DIRECTIONS)
@pytest.mark.parametrize("ticks", [0, 1, 5, 20, 40])
def test_v3_quote(benchmark: Benchmark, v3: ConcentratedPool, way: str, ticks: int) -> None:
    token_in, token_out = DIRECTIONS[way]
    amount_in = crossing(v3, DIRECTIONS[way], ticks)
    ask = v3.quote_exact_input
    quote = benchmark(lambda: ask(token_in=token_in, token_out=token_out, amount_in=amount_in))
    assert not quote.partial


@pytest.mark.parametrize("way", DIRECTIONS)
@pytest.mark.parametrize("ticks", [0, 40])
def test_v3_exact_output(benchmark: Benchmark, v3: ConcentratedPool, way: str, ticks: int) -> None:
    pair = DIRECTIONS[way]
    amount_out = v3.quote_exact_input(*pair, crossing(v3, pair, ticks)).amount_out
    quote = benchmark(v3.quote_exact_output, *pair, amount_out)
    assert quote.amount_out == amount_out


@pytest.mark.parametrize("way", DIRECTIONS)
def test_v2_output_function(benchmark: Benchmark, v2: ConstantProductPool, way: str) -> None:
    assert benchmark(v2.output_function(*DIRECTIONS[way]), 10**9) > 0


@pytest.mark.parametrize("way", DIRECTIONS)
@pytest.mark.parametrize("ticks", [0, 40])
def test_v3_output_function(
    benchmark: Benchmark, v3: ConcentratedPool, way: str, ticks: int
) -> None:
    amount_in = crossing(v3, DIRECTIONS[way], ticks)
    assert benchmark(v3.output_function(*DIRECTIONS[way]), amount_in) > 0


def test_v3_pool_after(benchmark: Benchmark, v3: ConcentratedPool) -> None:
    quote = v3.quote_exact_input(TOKEN0, TOKEN1, crossing(v3, DIRECTIONS["down"], 5))
    assert benchmark(lambda: quote.pool_after) != v3


def test_v3_swap_event_and_first_quote(benchmark: Benchmark, v3: ConcentratedPool) -> None:
    state = (v3.sqrt_price_x96, v3.tick, v3.liquidity)
    benchmark(lambda: v3.with_state(*state).quote_exact_input(TOKEN0, TOKEN1, 10**9))


def test_v3_mint(benchmark: Benchmark, v3: ConcentratedPool) -> None:
    benchmark(v3.with_liquidity, -600, 600, 10**15)
