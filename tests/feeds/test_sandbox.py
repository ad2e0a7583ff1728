"""The sandbox feed: what it delivers, that it repeats itself, and that its events are complete."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest

from aineon.amm import ConcentratedPool, ConstantProductPool
from aineon.chain.fees import next_base_fee_wei
from aineon.errors import ConfigurationError
from aineon.feeds.base import FeedStep
from aineon.feeds.sandbox import SandboxFeed
from aineon.feeds.sandbox.rivals import mix_named
from aineon.feeds.sandbox.universe import STETH, USDC, USDT, WBTC, WETH
from aineon.market import Market
from aineon.market.events import LiquidityChanged, PoolAppeared, PriceMoved, ReservesChanged
from aineon.primitives import Provenance

ROOT = Path(__file__).resolve().parents[2]


def digest(feed: SandboxFeed) -> str:
    """The stream as one hash, pool states of the first step included."""
    content = hashlib.sha256()
    for step in feed.blocks():
        for event in step.update.events:
            state = event.pool.__reduce__()[1] if isinstance(event, PoolAppeared) else event
            content.update(repr(state).encode())
        told = step.update.block, step.takings, step.warm_up, step.contests
        content.update(repr(told).encode())
    return content.hexdigest()


def test_the_feed_says_what_it_is() -> None:
    feed = SandboxFeed()
    assert feed.name == "sandbox"
    assert feed.provenance is Provenance.SIMULATED
    assert feed.complete
    assert feed.native_token == WETH
    assert feed.base_tokens[0] == WETH


def test_the_same_seed_gives_the_same_stream_and_another_seed_another() -> None:
    feed = SandboxFeed(seed=7, warm_up=20, blocks=30)
    assert digest(feed) == digest(feed) == digest(SandboxFeed(seed=7, warm_up=20, blocks=30))
    assert digest(feed) != digest(SandboxFeed(seed=8, warm_up=20, blocks=30))


@pytest.mark.parametrize(
    ("rivals", "newest"),
    [
        (None, "0x95cbdea3df9dbdaa57e223d5e6d8a1b1cdafad8ca7458f1d4556b44f699b7801"),
        ("mixed", "0x4f749880b9d136aaffa9b381f8dc4bae5b0c7fccff55afe1fadf7b6170ec6c32"),
    ],
)
def test_the_stream_is_the_same_on_every_machine(rivals: str | None, newest: str) -> None:
    """A block's hash stands for everything that happened up to it."""
    mix = None if rivals is None else mix_named(rivals)
    seed = 7 if rivals is None else 11
    *_, last = SandboxFeed(seed=seed, warm_up=0, blocks=50, rivals=mix).blocks()
    assert last.update.block.hash == newest


def test_the_stream_does_not_depend_on_the_hash_seed_of_the_process() -> None:
    program = (
        "from tests.feeds.test_sandbox import digest\n"
        "from aineon.feeds.sandbox import SandboxFeed\n"
        "from aineon.feeds.sandbox.rivals import MIXES\n"
        "print(digest(SandboxFeed(seed=7, warm_up=0, blocks=25, pools=40)))\n"
        "print(digest(SandboxFeed(seed=7, warm_up=0, blocks=25, rivals=MIXES['mixed'])))"
    )
    answers = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for hash_seed in ("1", "2")
    }
    assert len(answers) == 1


@pytest.mark.anyio
async def test_steps_are_the_blocks() -> None:
    feed = SandboxFeed(seed=3, warm_up=5, blocks=10)
    assert [step async for step in feed.steps()] == list(feed.blocks())


def test_the_first_step_brings_the_pools_and_the_warm_up_is_counted() -> None:
    steps = list(SandboxFeed(warm_up=3, blocks=2).blocks())
    assert [step.update.block.number for step in steps] == [0, 1, 2, 3, 4, 5]
    assert [step.warm_up for step in steps] == [(0, 3), (1, 3), (2, 3), (3, 3), None, None]
    pools = [event.pool for event in steps[0].update.events if isinstance(event, PoolAppeared)]
    assert len(pools) == len(steps[0].update.events) == 24
    assert not any(
        isinstance(event, PoolAppeared) for step in steps[1:] for event in step.update.events
    )
    assert {pool.venue for pool in pools} == {"uniswap_v2", "sushiswap", "uniswap_v3"}
    pairs = {frozenset(pool.tokens) for pool in pools}
    assert {frozenset(p) for p in ((WETH, USDC), (USDC, USDT), (STETH, WETH), (WBTC, WETH))} < pairs


def test_without_warm_up_no_step_is_marked_and_without_a_number_there_is_no_end() -> None:
    steps = list(islice(SandboxFeed(warm_up=0).blocks(), 4))
    assert len(steps) == 4
    assert all(step.warm_up is None for step in steps)


@pytest.mark.parametrize("pools", [24, 60])
def test_a_market_fed_by_the_events_equals_the_sandbox_after_every_block(pools: int) -> None:
    simulation = SandboxFeed(seed=11, pools=pools).simulation()
    market = Market()
    market.apply(simulation.genesis())
    kinds = set()
    for _ in range(150):
        before = simulation.pools
        step = simulation.advance()
        changed = market.apply(step.update)
        now = simulation.pools
        assert dict(market.pools) == now
        assert changed == {address for address, pool in now.items() if pool != before[address]}
        kinds |= {type(event) for event in step.update.events}
    assert kinds == {ReservesChanged, PriceMoved, LiquidityChanged}


def test_a_lost_event_would_show() -> None:
    """The control of the test above: it can fail."""
    simulation = SandboxFeed(seed=11).simulation()
    market = Market()
    market.apply(simulation.genesis())
    for _ in range(5):
        simulation.advance()
    assert dict(market.pools) != simulation.pools


def test_blocks_form_a_chain_with_the_base_fee_of_the_protocol() -> None:
    blocks = [step.update.block for step in SandboxFeed(warm_up=0, blocks=200).blocks()]
    for before, block in zip(blocks, blocks[1:], strict=False):
        assert block.number == before.number + 1
        assert block.parent_hash == before.hash
        assert before.timestamp is not None
        assert block.timestamp == before.timestamp + 12
        assert before.base_fee_wei is not None
        assert before.gas_used is not None
        assert before.gas_limit is not None
        assert block.base_fee_wei == next_base_fee_wei(
            before.base_fee_wei, before.gas_used, before.gas_limit
        )
        assert 10**9 < block.base_fee_wei < 500 * 10**9
    assert len({block.hash for block in blocks}) == len(blocks)


def test_gas_does_not_depend_on_who_competes() -> None:
    def fees(feed: SandboxFeed) -> list[int | None]:
        return [step.update.block.base_fee_wei for step in feed.blocks()]

    fast = SandboxFeed(warm_up=0, blocks=60, competitor_latency_ms=0)
    alone = SandboxFeed(warm_up=0, blocks=60, competitors=0)
    assert fees(fast) == fees(alone)


def test_takings_are_cycles_that_paid_for_their_gas() -> None:
    steps = list(SandboxFeed(warm_up=0, blocks=150).blocks())
    takings = [taking for step in steps for taking in step.takings]
    assert takings
    assert len({taking.reference for taking in takings}) == len(takings)
    for taking in takings:
        assert 2 <= len(set(taking.pools)) == len(taking.pools) <= 3
        assert taking.profit > 0
        assert taking.gas_cost_wei is not None
        assert taking.builder_payment_wei is not None
        assert taking.builder_payment_wei >= 0
        if taking.profit_token == WETH:
            assert taking.profit > taking.gas_cost_wei + taking.builder_payment_wei


def test_nobody_takes_anything_where_nobody_competes() -> None:
    assert not any(
        step.takings for step in SandboxFeed(warm_up=0, blocks=60, competitors=0).blocks()
    )


@pytest.mark.parametrize("pools", [2, 3, 25, 31, 500])
def test_any_allowed_number_of_pools_makes_a_market(pools: int) -> None:
    steps = list(SandboxFeed(warm_up=0, blocks=3, pools=pools).blocks())
    appeared = [event.pool for event in steps[0].update.events if isinstance(event, PoolAppeared)]
    assert len({pool.address for pool in appeared}) == pools
    assert all(pool.address.startswith("0x5eed5eed") for pool in appeared)
    assert all(isinstance(pool, ConstantProductPool | ConcentratedPool) for pool in appeared)


def test_what_an_endless_run_keeps_is_bounded() -> None:
    simulation = SandboxFeed(pools=6).simulation()
    for _ in range(1500):
        simulation.advance()
    assert len(simulation._agenda) < 100
    assert len(simulation._expected) < 30
    assert len(simulation._prizes._sizes) <= 2000
    assert all(len(held) <= 24 for held in simulation._providers._positions.values())
    for pool in simulation.pools.values():
        if isinstance(pool, ConcentratedPool):
            assert len(pool.ticks) <= 50


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({"seed": "7"}, "seed is '7'"),
        ({"seed": True}, "seed is True"),
        ({"warm_up": -1}, "warm-up blocks is -1"),
        ({"blocks": 1.5}, "blocks is 1.5"),
        ({"pools": 1}, "pools is 1; allowed is an int from 2 to 500"),
        ({"pools": 501}, "pools is 501"),
        ({"competitors": 5}, "competitors is 5; allowed is an int from 0 to 4"),
        ({"competitor_latency_ms": -1}, "competitor latency is -1"),
        ({"competitor_latency_ms": float("nan")}, "competitor latency is nan"),
        ({"competitor_latency_ms": "fast"}, "competitor latency is 'fast'"),
        ({"universe": "wide"}, "universe is 'wide'; allowed is a Universe"),
    ],
)
def test_bad_parameters_are_refused_in_one_sentence(
    parameters: dict[str, object], named: str
) -> None:
    with pytest.raises(ConfigurationError, match="the sandbox's") as refusal:
        SandboxFeed(**parameters)  # type: ignore[arg-type]
    assert named in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_steps_are_not_marked_as_anything_they_are_not() -> None:
    step: FeedStep
    for step in SandboxFeed(warm_up=2, blocks=5).blocks():
        assert step.update.step == 0
        assert not step.droppable
        assert not step.mid_transaction
        assert not step.not_replayable
