"""Speed of scoring and of training on one core: `python dev.py bench`."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from aineon.optimizer.models.curves import log_odds
from aineon.optimizer.models.ensemble import Ensemble, bid_rows
from aineon.optimizer.models.inputs import Inputs
from aineon.optimizer.models.live import Live
from aineon.optimizer.training import fit
from aineon.optimizer.training.material import History, outcomes, told_along
from aineon.optimizer.training.members import boost
from tests.benchmarks.training_process import wide_tape

PAIR = "USDC/WETH"
ROOT = Path(__file__).parents[2]
SLOWEST = 1e-3
"""Seconds that scoring one opportunity over all arms may take, at the 99th percentile."""

LONGEST = 60.0
"""Seconds that training on 80,000 rows, which are 5,000 opportunities of 16 bids, may take."""
MOST_MEMORY = 300 * 2**20
LATEST = 5e-3
"""Seconds by which a training may make a scanner's tick later, at the 99th percentile."""
TICK = 0.01
TICKS = 100
WINDOWS = 12


@cache
def trained(rows: int = 1200) -> tuple[Ensemble, Live]:
    tape = wide_tape(rows)
    model = fit(tape, float(tape.known_at[-1]))
    return model, model.live


def percentile(act: Callable[[], object], rounds: int, share: float) -> float:
    """Processor seconds that `act` stays below in `share` of `rounds` rounds."""
    taken = []
    for _ in range(rounds):
        began = time.process_time()
        act()
        taken.append(time.process_time() - began)
    return float(np.quantile(taken, share))


def test_scoring_one_opportunity_over_all_arms(benchmark: BenchmarkFixture) -> None:
    """Table, inputs, all members, stack; beside it scikit-learn's boosting alone on the bids."""
    if benchmark.disabled:
        pytest.skip("trains a model of full size first")
    tape = wide_tape(1200)
    model, live = trained()

    def score() -> np.ndarray:
        told = live.chances(PAIR, 0.01)
        return model.chances(tape.features[7], PAIR, 0.01, 0.002, told)

    assert benchmark(score).shape == (16,)
    told, _ = told_along(tape)
    history = History(tape, log_odds(told), outcomes(tape, told))
    inputs = Inputs.of(tape)
    peer = boost(history.material(inputs))
    bids = bid_rows(inputs.rows(tape)[:1], history.told[:1])
    ours = percentile(score, 1000, 0.99)
    theirs = percentile(lambda: peer.predict_proba(bids), 50, 0.99)
    benchmark.extra_info["p99"] = ours
    benchmark.extra_info["share of the limit"] = round(ours / SLOWEST, 2)
    benchmark.extra_info["times faster than scikit-learn"] = round(theirs / ours, 1)
    assert ours < SLOWEST
    assert ours < theirs


@pytest.mark.skipif(sys.platform == "win32", reason="resource is not there")
def test_training_on_80000_rows(benchmark: BenchmarkFixture) -> None:
    """In a process of its own, which has trained before, so that no other memory is counted."""
    if benchmark.disabled:
        pytest.skip("takes most of a minute")

    def train() -> dict[str, float]:
        ran = subprocess.run(
            [sys.executable, "-m", "tests.benchmarks.training_process"],
            cwd=ROOT,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            stdout=subprocess.PIPE,
            check=True,
        )
        return dict(json.loads(ran.stdout))

    found = benchmark.pedantic(train, rounds=1, iterations=1)
    benchmark.extra_info["processor seconds"] = round(found["seconds"], 1)
    benchmark.extra_info["bytes"] = found["bytes"]
    benchmark.extra_info["counted"] = "most that its own process ever held"
    assert found["seconds"] < LONGEST
    assert found["bytes"] < MOST_MEMORY


async def ticks() -> list[float]:
    """Seconds by which each tick of an event loop came late, as a scanner waits for its next."""
    late = []
    for _ in range(TICKS):
        due = time.monotonic() + TICK
        await asyncio.sleep(TICK)
        late.append(time.monotonic() - due)
    return late


TRAINS_FOR_EVER = """
from aineon.optimizer.training import LEAST_ROWS, fit
from aineon.runtime.trainer import forgo_priority
from tests.benchmarks.training_process import OPPORTUNITIES, wide_tape

tape = wide_tape(OPPORTUNITIES)
fit(tape.rows(slice(0, 3 * LEAST_ROWS)), float(tape.known_at[-1]))
forgo_priority()
print("warm", flush=True)
while True:
    fit(tape, float(tape.known_at[-1]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="it has no such priorities")
def test_lateness_of_a_scanners_ticks_beside_a_training(benchmark: BenchmarkFixture) -> None:
    """On 80,000 rows, at the lowest priority and with one thread, as the training process works.

    The training pauses every other second, so that what else the machine does counts on both sides.
    """
    if benchmark.disabled:
        pytest.skip("takes most of a minute")
    command = [sys.executable, "-c", TRAINS_FOR_EVER]
    env = {**os.environ, "OMP_NUM_THREADS": "1"}
    late: dict[int, list[float]] = {signal.SIGCONT: [], signal.SIGSTOP: []}
    # In a session of its own, as the supervisor starts it.
    with subprocess.Popen(
        command, cwd=ROOT, env=env, stdout=subprocess.PIPE, start_new_session=True
    ) as training:

        def alternate() -> None:
            for _ in range(WINDOWS):
                for state in late:
                    training.send_signal(state)
                    late[state] += asyncio.run(ticks())

        assert training.stdout is not None
        assert training.stdout.readline() == b"warm\n"
        benchmark.pedantic(alternate, rounds=1, iterations=1)
        assert training.poll() is None, "it trains all the time"
        training.kill()
    beside, alone = (float(np.quantile(each, 0.99)) for each in late.values())
    # Its round is the watching, and the figure is how late the ticks came meanwhile.
    benchmark.extra_info["min"] = min(late[signal.SIGCONT])
    benchmark.extra_info["median"] = float(np.median(late[signal.SIGCONT]))
    benchmark.extra_info["p99"] = beside
    benchmark.extra_info["p99 without a training"] = alone
    benchmark.extra_info["share of the limit"] = round(max(beside - alone, 0.0) / LATEST, 2)
    assert beside - alone < LATEST
