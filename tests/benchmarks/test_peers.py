"""AINEON beside other libraries, in one run on one core: the same work, the same stopwatch.

Every answer is compared too: quotes have to be equal, and no peer may find a better size.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from aineon.search.sizing import approximate_input, optimal_input
from tests.benchmarks.peers.block import BlockWork, measured_block
from tests.benchmarks.peers.environments import DEGENBOT_06, PEERS, Peer
from tests.benchmarks.peers.stopwatch import seconds_for, seconds_for_amounts
from tests.benchmarks.peers.work import CycleWork, QuoteWork, as_written, cycles, quotes

pytestmark = pytest.mark.timeout(1200)


def measured_quote(work: QuoteWork) -> list[tuple[str, float]]:
    """A whole quote, which can build the pool behind it; and what peers answer: one amount."""
    pair = work.token_in, work.token_out
    quote = partial(work.pool.quote_exact_input, *pair)
    amount_out = work.pool.output_function(*pair)
    return [
        (work.name, seconds_for_amounts(quote, work.amount_in)),
        (f"{work.name}: the amount alone", seconds_for_amounts(amount_out, work.amount_in)),
    ]


def check_quote(work: QuoteWork, answer: int) -> None:
    ours = work.pool.quote_exact_input(work.token_in, work.token_out, work.amount_in)
    assert ours.amount_out == answer, work.name


def check_cycle(work: CycleWork, answer: int) -> None:
    for ours in (optimal_input(work.route), approximate_input(work.route)):
        assert ours is not None
        assert ours[-1] - ours[0] >= answer, work.name


@pytest.fixture(scope="module")
def own_seconds() -> dict[str, list[tuple[str, float]]]:
    """What AINEON needs for the same work, by the work's name: perhaps in more than one way."""
    own = {work.name: measured_quote(work) for work in quotes()}
    for work in cycles():
        own[work.name] = [
            (f"{work.name}: exact", seconds_for(partial(optimal_input, work.route))),
            (f"{work.name}: to a few units", seconds_for(partial(approximate_input, work.route))),
        ]
    return own


@pytest.fixture(scope="module")
def block() -> BlockWork:
    return measured_block()


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.name)
def test_peer(
    benchmark: BenchmarkFixture,
    peer: Peer,
    own_seconds: dict[str, list[tuple[str, float]]],
    block: BlockWork,
) -> None:
    if not peer.is_there:
        pytest.skip(f"{peer.name} is not set up; python3 dev.py bench does it where it can")
    asked, sized = quotes(), cycles()
    work = as_written(asked, sized)
    own = own_seconds
    if peer is DEGENBOT_06:
        work["block"] = block.as_written()
        own = {**own, block.name: [(f"{block.name}; {peer.name} on all cores", block.seconds)]}
    results: dict[str, Any] = benchmark.pedantic(peer.run, args=(work,), rounds=1, iterations=1)
    for quote in asked:
        if quote.name in results:
            check_quote(quote, int(results[quote.name]["answer"]))
    for cycle in sized:
        if cycle.name in results:
            check_cycle(cycle, int(results[cycle.name]["answer"]))
    benchmark.extra_info["peer"] = peer.name
    benchmark.extra_info["rows"] = [
        {"work": words, "own": seconds, "peer": measured["seconds"]}
        for name, measured in results.items()
        for words, seconds in own[name]
    ]
