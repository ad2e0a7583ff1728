"""The share of a state's best possible profit that is captured; `tests/search/test_capture.py`."""

from __future__ import annotations

from random import Random

from pytest_benchmark.fixture import BenchmarkFixture

from tests.search.test_capture import share_captured
from tests.search.universes import universe

STATES = 10


def test_share_of_the_dual_bound_with_five_anchors_and_splits(benchmark: BenchmarkFixture) -> None:
    shares: list[float] = []
    benchmark.pedantic(
        lambda: shares.append(share_captured(universe(Random(len(shares))))),
        rounds=STATES,
        iterations=1,
    )
    benchmark.extra_info["shares"] = sorted(shares)
