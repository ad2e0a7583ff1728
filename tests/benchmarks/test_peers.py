"""AINEON beside other libraries, in one run on one core: the same work, the same stopwatch.

Every answer is compared too: quotes have to be equal, and no peer may find a better size.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from aineon.search import best_input
from tests.benchmarks.peers.environments import PEERS, Peer
from tests.benchmarks.peers.stopwatch import seconds_for, seconds_for_amounts
from tests.benchmarks.peers.work import CycleWork, QuoteWork, as_written, cycles, quotes

pytestmark = pytest.mark.timeout(1200)


def measured_quote(work: QuoteWork) -> float:
    return seconds_for_amounts(
        partial(work.pool.quote_exact_input, work.token_in, work.token_out), work.amount_in
    )


def check_quote(work: QuoteWork, answer: int) -> None:
    ours = work.pool.quote_exact_input(work.token_in, work.token_out, work.amount_in)
    assert ours.amount_out == answer, work.name


def check_cycle(work: CycleWork, answer: int) -> None:
    ours = best_input(work.route)
    assert ours is not None
    assert ours.gross_profit >= answer, work.name


@pytest.fixture(scope="module")
def own_seconds() -> dict[str, float]:
    """What AINEON needs for the same work."""
    return {work.name: measured_quote(work) for work in quotes()} | {
        work.name: seconds_for(partial(best_input, work.route)) for work in cycles()
    }


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.name)
def test_peer(benchmark: BenchmarkFixture, peer: Peer, own_seconds: dict[str, float]) -> None:
    if not peer.is_there:
        pytest.skip(f"{peer.name} is not set up; python3 dev.py bench does it where it can")
    asked, sized = quotes(), cycles()
    results: dict[str, Any] = benchmark.pedantic(
        peer.run, args=(as_written(asked, sized),), rounds=1, iterations=1
    )
    for work in asked:
        if work.name in results:
            check_quote(work, int(results[work.name]["answer"]))
    for cycle in sized:
        if cycle.name in results:
            check_cycle(cycle, int(results[cycle.name]["answer"]))
    benchmark.extra_info["peer"] = peer.name
    benchmark.extra_info["rows"] = [
        {"work": name, "own": own_seconds[name], "peer": measured["seconds"]}
        for name, measured in results.items()
    ]
