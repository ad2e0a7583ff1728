"""AINEON's Balancer V2 against the real Vault and pools."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from aineon.amm import ComposableStablePool, StablePool
from aineon.amm.balancer import stable_direction, weighted
from aineon.amm.balancer.fixed_point import div_down, mul_down, pow_up_function
from aineon.amm.balancer.stable_math import invariant_rounded_down, invariant_rounded_up
from tests.contracts.balancer_kinds import KINDS
from tests.contracts.balancer_v2 import BALANCER_V2_POOLS, random_world
from tests.contracts.comparing import Bench, Protocol, compare

SWAPS = 5000


@pytest.fixture(scope="module")
def bench(deployed: Callable[[Protocol], Bench]) -> Bench:
    return deployed(BALANCER_V2_POOLS)


@pytest.mark.parametrize("seed", ["1", "2", "3", "4"])
def test_every_swap_is_the_contracts(bench: Bench, seed: str) -> None:
    tally = compare(BALANCER_V2_POOLS, bench, seed, SWAPS)
    assert not tally.differences, tally.report()
    assert tally.swaps >= SWAPS


def without_shortcuts(exponent: int, *, shortcuts: bool) -> Callable[[int], int]:
    return pow_up_function(exponent, shortcuts=False)


FLIPPED: dict[str, tuple[Any, str, Any]] = {
    "newer invariant rounded up": (
        ComposableStablePool,
        "_rounding",
        staticmethod(lambda: invariant_rounded_up),
    ),
    "older invariant rounded down": (
        StablePool,
        "_rounding",
        staticmethod(lambda: invariant_rounded_down),
    ),
    "weighted input rounded down": (weighted, "mul_up", mul_down),
    "weighted fee rounded down": (weighted, "div_up", div_down),
    "powers without shortcuts": (weighted, "pow_up_function", without_shortcuts),
    "stable input rounded down": (stable_direction, "div_up", div_down),
}


@pytest.mark.parametrize("mutation", FLIPPED)
def test_control_one_flipped_rounding_is_caught(
    bench: Bench, mutation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(*FLIPPED[mutation])
    tally = compare(BALANCER_V2_POOLS, bench, "1", 2500)
    assert tally.differences
    assert "Balancer V2, seed 1, world" in tally.report()


def test_every_kind_of_pool_is_compared() -> None:
    names = [f"world {number}" for number in range(100)]
    kinds = {random_world(name, random.Random(name)).setting.kind for name in names}
    assert kinds == {kind.name for kind in KINDS}
