"""Speed of scoring and of training on one core: `python dev.py bench`."""

from __future__ import annotations

import json
import os
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
