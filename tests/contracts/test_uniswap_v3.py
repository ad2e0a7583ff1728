"""AINEON's Uniswap V3 against the real pool."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from aineon.amm.concentrated import directions
from tests.contracts.comparing import DONE, REFUSED, Bench, Check, Protocol, compare
from tests.contracts.uniswap_v3 import RARE_TIERS, TIERS, UNISWAP_V3_POOLS, random_world

SWAPS = 5000


@pytest.fixture(scope="module")
def bench(deployed: Callable[[Protocol], Bench]) -> Bench:
    return deployed(UNISWAP_V3_POOLS)


@pytest.mark.parametrize("seed", ["1", "2", "3", "4"])
def test_every_swap_is_the_contracts(bench: Bench, seed: str) -> None:
    tally = compare(UNISWAP_V3_POOLS, bench, seed, SWAPS)
    assert not tally.differences, tally.report()
    assert tally.swaps >= SWAPS


def output_rounded_up(self: Any, start: int, end: int, liquidity: int) -> int:
    return -(-liquidity * (start - end) >> 96)


def price_rounded_down(self: Any, start: int, liquidity: int, amount: int) -> int:
    numerator = liquidity << 96
    return numerator * start // (numerator + amount * start)


FLIPPED = {
    "input rounded down": (directions, "_Q96_LESS_ONE", 0),
    "output rounded up": (directions.Downward, "amount_out", output_rounded_up),
    "price rounded down": (directions.Downward, "price_after_input", price_rounded_down),
    "words of 257 ticks": (directions, "WORD", 257),
}


@pytest.mark.parametrize("mutation", FLIPPED)
def test_control_one_flipped_rounding_is_caught(
    bench: Bench, mutation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(*FLIPPED[mutation])
    tally = compare(UNISWAP_V3_POOLS, bench, "1", 500)
    assert tally.differences
    assert "Uniswap V3, seed 1, world" in tally.report()


def test_random_worlds_hold_what_they_promise() -> None:
    crossed: set[int] = set()
    tiers: set[tuple[int, int]] = set()
    refused = 0
    for number in range(100):
        world = random_world("world", random.Random(number))
        tiers.add(world.setting[:2])
        for check in world.checks:
            if check.swaps and check.expected[0] == DONE:
                crossed.add(ticks_between(check))
            refused += check.expected[0] == REFUSED
    assert tiers == {*TIERS, *RARE_TIERS}
    assert crossed >= set(range(15))
    assert max(crossed) >= 40
    assert refused > 50


def ticks_between(check: Check) -> int:
    """How many initialised ticks lie on the way that a swap takes."""
    *_, tick_after, _ = check.expected
    assert tick_after is not None
    low, high = sorted((check.pool.tick, tick_after))
    return sum(low < tick <= high for tick in check.pool.ticks)
